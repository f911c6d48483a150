"""`report results`: pages from the disk, numbers of the table, players in step, nothing obeyed."""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from a2bench import plugins, previews
from a2bench.cli.main import app
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.from_files import gathered, narrowed
from a2bench.leaderboard import Committed, write_leaderboard
from a2bench.metric import ClipPair
from a2bench.ondemand import Truth
from a2bench.report import Report, Source, read_run, read_suites, write_report
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suites_metrics
from a2bench.tables import cell_text
from tests.chromium import Page, chromium

Cli = Callable[..., CompletedProcess[str]]

EVIL = "</script><script>document.title='obeyed'</script><img src=x onerror=alert(1)>"
METHODS = ("still", "puppet_warp")


@pytest.fixture(scope="module")
def store(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two methods on the four smoke characters, scored by two suites."""
    found = RunFolder.of(tmp_path_factory.mktemp("home"), "main")
    cards = [plugins.card(name) for name in METHODS]
    run(found, tiny, cards, ["cross"], "smoke", workers=1)
    score(found, tiny, cards, ["cross"], "smoke", suites_metrics(["a2bench", "disco"]), workers=1)
    return found


@pytest.fixture(scope="module")
def read(store: RunFolder, tiny: Dataset) -> list[Committed]:
    """What the run holds, suite by suite."""
    return read_run(store, tiny, None, None, "smoke")[0]


@pytest.fixture(scope="module")
def report(
    read: list[Committed], store: RunFolder, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Report:
    """Their report."""
    out = tmp_path_factory.mktemp("report")
    return write_report(read, out, Source(store, tiny), workers=1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        found.window(1200, 1000)
        yield found


def _clip(path: Path) -> dict[str, Any]:
    """Return what a clip's file says."""
    text = path.read_text()
    name, _, facts = text.removeprefix("clip(").removesuffix(");\n").partition(",")
    assert json.loads(name) == path.stem
    found: dict[str, Any] = json.loads(facts)
    return found


def _data(out: Path) -> dict[str, Any]:
    """Return what the pages know of protocol cross."""
    text = (out / "data" / "cross.js").read_text()
    found: dict[str, Any] = json.loads(text.removeprefix("protocol(").removesuffix(");\n"))
    return found


# --- what is written ----------------------------------------------------------------------------


def test_each_case_has_small_previews_of_all_that_is_seen(report: Report) -> None:
    """Reference, driver, truth; of each method a clip with curves, and truth beside it."""
    assert (report.cases, report.methods, report.absent, report.made) == (4, 2, 0, 4)
    assert report.suites == ("a2bench", "disco")
    folders = list((report.page.parent / "media" / "cross").iterdir())
    assert len(folders) == 4
    for folder in folders:
        roles = sorted(re.sub(r"-[0-9a-f]{12}\.", ".", path.name) for path in folder.iterdir())
        assert roles == [
            *("by-puppet_warp.js", "by-puppet_warp.webp", "by-still.js", "by-still.webp"),
            *("driver.js", "reference.webp", "truth.js"),
        ]
        for path in folder.iterdir():
            assert path.stat().st_size <= previews.MOST_BYTES
        facts = _clip(next(folder.glob("by-still-*.js")))
        assert facts["width"] <= 256
        assert facts["height"] <= 384
        assert len(facts["samples"]) == len(facts["psnr"]) == 32
        assert facts["psnr"][0] is None  # the input frame is not scored


def test_noise_is_made_small_enough_and_long_clips_are_thinned(tmp_path: Path) -> None:
    """300 frames: every fourth, so that at most 96 are shown (0, 4, ..., 296 are 75)."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 48, 32, 3), dtype=np.uint8)

    previews._write_clip(tmp_path / "noise.js", noise, 30.0, {})

    assert (tmp_path / "noise.js").stat().st_size <= 80_000
    facts = _clip(tmp_path / "noise.js")
    assert facts["frames"] == list(range(0, 300, 4))
    assert len(facts["samples"]) == 75


def test_curves_are_the_metrics_frame_by_frame() -> None:
    """Their mean is the clip's l1; of PSNR the mean of the errors: MSE = 255^2 / 10^(dB / 10)."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 256, (4, 48, 32, 3), dtype=np.uint8)
    frames = np.clip(truth.astype(int) + rng.integers(-9, 10, truth.shape), 0, 255).astype(np.uint8)

    found = previews.curves(frames, Truth(truth, None), "self")

    pair = ClipPair(frames[1:], truth[1:])
    assert found["l1"][0] is found["psnr"][0] is None
    known = {name: [one for one in line if one is not None] for name, line in found.items()}
    assert np.mean(known["l1"]) == pytest.approx(plugins.metric("l1").outcome(pair).value, rel=1e-4)
    pooled = np.mean([255**2 / 10 ** (one / 10) for one in known["psnr"]])
    expected = plugins.metric("psnr").outcome(pair).value
    assert 10 * math.log10(255**2 / pooled) == pytest.approx(expected, abs=1e-3)


def test_made_again_only_what_is_missing_is_made(
    read: list[Committed], report: Report, store: RunFolder, tiny: Dataset, tmp_path: Path
) -> None:
    """What shows another prediction now is replaced; other people's files stay."""
    out = tmp_path / "out"
    shutil.copytree(report.page.parent, out)
    folder = next((out / "media" / "cross").iterdir())
    next(folder.glob("by-still-*.webp")).unlink()
    (folder / "by-still-0123456789ab.js").write_text("")
    (folder / "by-other-0123456789ab.js").write_text("")

    again = write_report(read, out, Source(store, tiny), workers=1)

    assert (again.made, again.absent) == (1, 0)
    assert not (folder / "by-still-0123456789ab.js").exists()
    assert (folder / "by-other-0123456789ab.js").exists()
    assert write_report(read, out, Source(store, tiny), workers=1).made == 0


def test_previews_outlive_the_run(
    read: list[Committed], report: Report, tiny: Dataset, tmp_path: Path
) -> None:
    """Made again from a leaderboard's files: kept previews are found; one that is lost is told."""
    out = tmp_path / "out"
    shutil.copytree(report.page.parent, out)
    next(next((out / "media" / "cross").iterdir()).glob("by-still-*.js")).unlink()
    for one in read:
        write_leaderboard(one, tmp_path / "results" / one.provenance.suite)

    found, absent = read_suites(
        lambda suite: gathered([tmp_path / "results"], {"suite": suite}, {}), hint="..."
    )
    again = write_report(found, out, Source(RunFolder(tmp_path / "gone"), tiny), workers=1)

    assert list(absent) == ["extended"]
    assert again.absent == 1
    assert "not in" in again.why_absent
    assert sum(not one for one in _data(out)["previews"]["still"]) == 1
    assert all(_data(out)["previews"]["puppet_warp"])


def test_the_command_line_says_what_to_open_or_what_to_type(
    cli: Cli, store: RunFolder, tiny: Dataset, tmp_path: Path
) -> None:
    """Made in this process; no such run: exit code 2 of the real command, with a way out."""
    home = ["--home", str(store.folder.parents[1]), "--dataset", str(tiny.folder)]
    words = ["report", "results", *home, "--split", "smoke", "--workers", "1", "--out"]

    done = CliRunner().invoke(app, [*words, str(tmp_path / "page")])
    inside = CliRunner().invoke(app, [*words, str(store.folder / "page")])
    unknown = cli(*words, str(tmp_path / "other"), "--run", "typo")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[-1] == f"open: {tmp_path / 'page' / 'index.html'}"
    assert any(line.startswith("not shown: suite extended: not scored") for line in lines)
    assert isinstance(inside.exception, A2BenchError)
    assert "choose a folder elsewhere" in str(inside.exception)
    assert unknown.returncode == 2
    assert "a2bench ls runs" in unknown.stderr


def test_nothing_scored_is_an_error_with_the_command(tiny: Dataset, tmp_path: Path) -> None:
    """Predictions alone make no report."""
    found = RunFolder.of(tmp_path, "main")
    run(found, tiny, [plugins.card("still")], ["self"], "smoke", workers=1)

    with pytest.raises(A2BenchError, match=r"nothing is scored yet.*\n.*a2bench score"):
        read_run(found, tiny, None, None, "smoke")


# --- what is seen -------------------------------------------------------------------------------


def _front(page: Page, report: Report, address: str = "") -> None:
    page.problems.clear()
    page.requests.clear()
    page.open(f"{report.page.as_uri()}#{address}")
    page.wait("document.querySelectorAll('.card').length")


def test_the_front_page_has_the_tables_numbers_and_requests_nothing(
    page: Page, report: Report, read: list[Committed]
) -> None:
    """Cell for cell what `a2bench table` prints, in its order; every address is in the folder."""
    _front(page, report)

    shown = page.run(
        "[...document.querySelectorAll('#board tbody tr')].map((row) => [row.dataset.method,"
        " ...[...row.querySelectorAll('td button')].map((one) => one.childNodes[0].textContent)])"
    )
    board = read[0].leaderboard()
    expected = [
        [
            row.card.name,
            *(
                cell_text(cell, column)
                for cell, column in zip(row.cells, board.columns, strict=True)
                if column.name in ("psnr", "ssim", "l1", "flow_error_dis")
            ),
        ]
        for row in board.rows
    ]
    assert shown == expected
    assert page.problems == []
    folder = report.page.parent.as_uri()
    assert all(one.startswith((folder, "about:", "data:")) for one in page.requests)
    assert len([one for one in page.requests if one.endswith(".webp")]) == 4


def test_tables_sort_and_suites_change(page: Page, report: Report) -> None:
    """A click sorts by the better end first, a second one turns it round."""
    _front(page, report)
    rows = "[...document.querySelectorAll('#board tbody tr')].map((row) => row.dataset.method)"

    def click(key: str) -> list[str]:
        page.run(f"document.querySelector('[data-sort={key}]').click()")
        found: list[str] = page.run(rows)
        return found

    assert click("psnr") == ["puppet_warp", "still"]
    assert click("psnr") == ["still", "puppet_warp"]
    assert click("seconds") == ["still", "puppet_warp"]
    page.run("[...find('suites').children].at(-1).click()")
    assert "PSNR" in page.run("find('board').querySelector('thead').textContent")
    assert page.run("find('suites').lastChild.textContent") == "disco"
    assert page.problems == []


def test_worst_cases_come_first_and_are_two_clicks_away(
    page: Page, report: Report, read: list[Committed]
) -> None:
    """A click on a number, then on the first case: it opens at the method's worst frame."""
    board = read[0].leaderboard()
    row = next(row for row in board.rows if row.card.name == "still")
    numbers = next(cell for cell in row.cells if cell.metric == "l1").numbers
    _front(page, report)

    page.run("document.querySelector('[data-cell=\"still l1\"]').click()")
    cases = page.run("[...document.querySelectorAll('.card')].map((one) => one.dataset.case)")
    page.run("document.querySelector('.card').click()")
    page.wait("document.body.className === 'case' && players.every((one) => one.frames)")

    assert cases == sorted(numbers, key=lambda case_id: -numbers[case_id])
    assert page.run("state.m") == "still"
    folder = report.page.parent / "media" / "cross" / cases[0]
    worst = _clip(next(folder.glob("by-still-*.js")))["worst"]
    page.wait(f"view.frame === {worst}")  # a clip is there a moment before its curves are
    page.run("find('after').click()")
    page.wait(f"state.c === {json.dumps(cases[1])} && players.every((one) => one.frames)")
    assert page.problems == []


def test_filters_narrow_and_subset_means_are_the_tables(
    page: Page, report: Report, read: list[Committed], tiny: Dataset
) -> None:
    """The mean of an attribute is what `a2bench table --subset` prints."""
    _front(page, report)
    attribute = "style"
    values = sorted({case.facts[attribute] for case in read[0].cases})

    page.run(f"find('attribute').value = '{attribute}'")
    page.run("find('attribute').dispatchEvent(new Event('change'))")

    for value in values:
        only = narrowed(read[0], None, None, [f"{attribute}={value}"]).leaderboard()
        for row in only.rows:
            cell, column = row.cells[0], only.columns[0]
            place = f"{attribute}={value} {row.card.name}"
            shown = page.run(f"document.querySelector('[data-subset=\"{place}\"]').textContent")
            assert shown == cell_text(cell, column)
        page.run(f"filter('{attribute}={value}')")
        assert page.run("document.querySelectorAll('.card').length") == only.cases["cross"]
        page.run("clear()")
    page.run("find('search').value = 'nothing at all'")
    page.run("find('search').dispatchEvent(new Event('input'))")
    assert page.run("document.querySelectorAll('.card').length") == 0
    assert page.problems == []


def _numbered(path: Path) -> None:
    """Replace a clip by one whose frames say their number: five stripes, bright is 1."""
    frames = np.zeros((32, 96, 160, 3), np.uint8)
    for number in range(32):
        for bit in range(5):
            frames[number, :, 32 * bit : 32 * bit + 32] = 230 if number >> bit & 1 else 20
    facts = {key: one for key, one in _clip(path).items() if isinstance(one, list)}
    del facts["samples"], facts["frames"]
    previews._write_clip(path, frames, 8.0, {**facts, "worst": 5})


READ = """
(() => players.map((one) => {
  const pixels = one.context.getImageData(0, 48, 160, 1).data;
  const bright = (bit) => pixels[4 * (32 * bit + 16)] > 128;
  return [0, 1, 2, 3, 4].reduce((sum, bit) => sum + (bright(bit) ? 2 ** bit : 0), 0);
}))()
"""
"""The frame number that each player shows."""

WATCH = f"""
new Promise((done) => {{
  const seen = [];
  const look = () => {{
    seen.push([view.frame, ...{READ.strip()}]);
    if (seen.length < 60) requestAnimationFrame(look); else {{ togglePlay(); done(seen); }}
  }};
  view.speed = 2;
  play();
  requestAnimationFrame(look);
}})
"""

TOOLS = """
window.pixels = (key) => {
  const { context, canvas } = players.find((one) => one.key === key);
  return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
};
window.same = (one, other) => one.every((value, at) => value === other[at]);
window.key = (name, what = "keydown") => document.body.dispatchEvent(
  new KeyboardEvent(what, { key: name, bubbles: true, cancelable: true }));
window.choose = (id, value) => {
  find(id).value = value;
  find(id).dispatchEvent(new Event("change"));
};
"""


@pytest.mark.parametrize("decoder", ["codec", "seeking"])
def test_players_show_the_same_frame_at_the_same_moment(
    page: Page, report: Report, tmp_path: Path, decoder: str
) -> None:
    """Read from the pixels: stepping, scrubbing and playing, with and without WebCodecs."""
    out = tmp_path / "out"
    shutil.copytree(report.page.parent, out)
    folder = sorted((out / "media" / "cross").iterdir())[0]
    for path in folder.glob("*.js"):
        _numbered(path)
    page.problems.clear()
    page.open(f"{(out / 'case.html').as_uri()}?{decoder}#p=cross&c={folder.name}")
    if decoder == "seeking":
        page.run("window.VideoDecoder = undefined")
    page.wait("players.length === 4 && players.every((one) => one.frames)")

    assert page.run(READ) == [5, 5, 5, 5]  # where the method is worst
    page.run("find('step-on').click()")
    assert page.run(READ) == [6, 6, 6, 6]
    for frame in (0, 31, 17):
        page.run(f"find('scrub').value = {frame}; find('scrub').dispatchEvent(new Event('input'))")
        assert page.run(READ) == [frame] * 4
    seen = page.run(WATCH)
    assert all(len(set(one)) == 1 for one in seen)
    assert len({one[0] for one in seen}) > 5  # it did play
    assert page.problems == []


def test_wipe_difference_keys_and_curves(page: Page, report: Report) -> None:
    """Left of the edge is the truth; a clip against itself differs nowhere."""
    folder = sorted((report.page.parent / "media" / "cross").iterdir())[0]
    page.problems.clear()
    page.open(f"{(report.page.parent / 'case.html').as_uri()}#p=cross&c={folder.name}&m=still&t=12")
    page.wait("players.length === 4 && players.every((one) => one.frames)")
    page.run(TOOLS)

    assert page.run("view.frame") == 12
    page.run("window.plain = pixels('still'); window.real = pixels('truth'); key('2')")
    assert page.run("view.mode") == "wipe"
    page.run("window.wiped = pixels('still')")
    width = page.run("truth.canvas.width")
    half = width // 2
    for where, name in ((half - 20, "real"), (half + 20, "plain")):
        at = 4 * (60 * width + where)
        assert page.run(f"wiped.slice({at}, {at} + 4)") == page.run(f"{name}.slice({at}, {at} + 4)")
    page.run("key('3')")
    assert page.run("Math.max(...pixels('still').filter((_, at) => at % 4 === 0)) > 100")
    page.run("find('against').value = 'still'; find('against').dispatchEvent(new Event('change'))")
    assert page.run(
        "JSON.stringify(pixels('still')) === JSON.stringify(plain)"
    )  # itself: shown as it is
    page.run("key('1'); key('t')")
    page.run("choose('against', 'truth')")
    assert page.run("same(pixels('still'), real)")  # while t is held: the truth
    page.run("key('t', 'keyup'); key('ArrowRight')")
    assert page.run("view.frame") == 13
    assert page.run("document.querySelectorAll('#curves svg').length") == 3
    cursors = page.run(
        "curvesShown.map(({cursor, x}) => Math.abs(cursor.getAttribute('x1') - x(13)))"
    )
    assert max(cursors) < 1e-6
    page.run("key('?')")
    assert page.run("find('help').open")
    assert page.problems == []


def test_a_phone_sees_no_sideways_scrolling(page: Page, report: Report) -> None:
    """Both pages at 360 CSS px."""
    folder = sorted((report.page.parent / "media" / "cross").iterdir())[0]
    try:
        page.window(360, 740, phone=True)
        _front(page, report)
        assert page.run("document.documentElement.scrollWidth") <= 360
        page.open(f"{(report.page.parent / 'case.html').as_uri()}#p=cross&c={folder.name}")
        page.wait("players.length === 4")
        assert page.run("document.documentElement.scrollWidth") <= 360
    finally:
        page.window(1200, 1000)


def test_texts_of_cards_cases_and_reasons_are_shown_not_obeyed(
    page: Page, read: list[Committed], tmp_path: Path
) -> None:
    """Titles, attributes and a failure that hold markup; the failed case shows its reason."""
    made = read[0].provenance
    cards = {
        name: one.model_copy(
            update={
                "card": one.card.model_copy(
                    update={
                        "title": EVIL,
                        "summary": EVIL,
                        "trained_on": EVIL,
                        "paper": "javascript:alert(1)",
                    }
                )
            }
        )
        for name, one in made.methods.items()
    }
    failed = read[0].cases[0].case_id
    values = [
        value.model_copy(update={"value": None, "status": "failed", "reason": f"crash: {EVIL}"})
        if (value.method, value.case_id) == ("puppet_warp", failed)
        else value
        for value in read[0].values
    ]
    hostile = replace(
        read[0],
        provenance=made.model_copy(update={"methods": cards, "settings": {EVIL: EVIL}}),
        cases=tuple(
            replace(one, facts={**one.facts, EVIL: f"{EVIL} {one.case_id[4:8]}"})
            for one in read[0].cases
        ),
        values=tuple(values),
    )
    found = write_report([hostile], tmp_path / "out", None, absent_suites={"disco": EVIL})

    for address in (
        found.page.as_uri(),
        f"{(tmp_path / 'out/case.html').as_uri()}#c={failed}&m=puppet_warp",
    ):
        page.problems.clear()
        page.open(address)
        page.wait("data && document.body.textContent.includes('onerror=alert(1)>')")
        assert page.run("document.title") != "obeyed"
        assert page.run("document.querySelectorAll('img[src=x], a[href^=javascript]').length") == 0
        assert page.problems == []
    assert "crash: </script>" in page.run("find('players').textContent")
    assert EVIL not in found.page.read_text()
