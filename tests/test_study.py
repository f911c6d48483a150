"""A user study: blind, balanced, read with distrust, and counted as it should be."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.study import Study, make_study, plan
from a2bench.study_answers import Read, read_answers, wrong_checks
from a2bench.study_records import QUESTIONS, Answers, StudyKey
from a2bench.study_table import share, study_table, to_markdown, values_of

Cli = Callable[..., CompletedProcess[str]]

METHODS = ("copy_driving", "similarity_warp", "still")
SEALED = "sha256:" + "0" * 64


def key_of(
    methods: Sequence[str], cases: int, sheets: int, comparisons: int, **more: Any
) -> StudyKey:
    """Return a study that has no videos."""
    names = [f"case-{number:02d}" for number in range(cases)]
    about = {
        "dataset": "toy", "version": "1.0.0", "protocol": "cross", "split": "quant", "run": "main",
        "video_seeds": dict.fromkeys(methods, 0),
        "predictions": {method: dict.fromkeys(names, SEALED) for method in methods},
    }  # fmt: skip
    return plan(
        methods=methods, case_ids=names, sheets=sheets, comparisons=comparisons,
        checks=more.get("checks", 3), seed=more.get("seed", 0), about=about,
    )  # fmt: skip


def answered(
    key: StudyKey, sheet: int, participant: int, choose: Callable[[str, str, str], str]
) -> Answers:
    """Return a participant's file: `choose(case, first, second)` says which; checks are right."""
    by_id = {trial.trial: trial for trial in key.trials}
    answers = []
    for shown in key.sheets[sheet - 1]:
        trial = by_id[shown.trial]
        wanted = trial.first if trial.check else choose(trial.case_id, trial.first, trial.second)
        left = trial.second if shown.swapped else trial.first
        side = "left" if wanted == left else "right"
        answers.append({"trial": trial.trial, **dict.fromkeys(QUESTIONS, side), "seconds": 4.0})
    return Answers.model_validate(
        {
            "study": key.study,
            "sheet": sheet,
            "participant": f"{participant:016x}",
            "answers": answers,
        }
    )


def test_every_comparison_is_shown_as_often_and_on_both_sides() -> None:
    """4 methods, 6 cases: 6 pairs x 6 cases = 36 comparisons; 12 sheets of 15 show each 5 times."""
    key = key_of(["a", "b", "c", "d"], 6, 12, 15)
    by_id = {trial.trial: trial for trial in key.trials}
    shown = [(one.trial, one.swapped) for sheet in key.sheets for one in sheet]
    times = Counter(trial for trial, _ in shown if not by_id[trial].check)
    swapped = Counter(trial for trial, side in shown if side and not by_id[trial].check)

    assert len(times) == 36
    assert set(times.values()) == {5}
    assert set(swapped.values()) <= {2, 3}
    for sheet in key.sheets:
        trials = [by_id[one.trial] for one in sheet]
        assert len({trial.trial for trial in trials}) == 15 + 3  # none twice on a sheet
        assert not trials[0].check
        pairs = Counter((one.first, one.second) for one in trials if not one.check)
        assert set(pairs.values()) <= {2, 3}  # 15 comparisons of 6 pairs
        checks = [one.swapped for one in sheet if by_id[one.trial].check]
        assert len(checks) == 3
        assert len(set(checks)) == 2  # the right answer is not always on one side


def test_a_seed_is_a_study_and_another_seed_another() -> None:
    """Order, sides, names of files and the number of the study."""
    first, again, other = (key_of(["a", "b", "c"], 4, 3, 9, seed=seed) for seed in (0, 0, 1))

    assert first == again
    assert first.study != other.study
    assert first.sheets != other.sheets
    assert first.sheets[0] != first.sheets[1]


def test_numbers_that_make_no_study_are_refused() -> None:
    with pytest.raises(A2BenchError, match="--sheets 0"):
        key_of(["a", "b"], 2, 0, 5)
    with pytest.raises(A2BenchError, match="--checks"):
        key_of(["a", "b"], 2, 1, 5, checks=1000)


@pytest.fixture(scope="module")
def home(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a scored run of three methods on four tiny characters."""
    root = tmp_path_factory.mktemp("study_home")
    (root / "datasets").symlink_to(tiny_home / "datasets")
    dataset = Dataset.find(root, "a2bench-proc-tiny")
    store = RunFolder.of(root, "main")
    cards = [plugins.card(name) for name in METHODS]
    run(store, dataset, cards, ["cross"], "smoke", workers=1)
    score(store, dataset, cards, ["cross"], "smoke", ["psnr", "l1"], workers=1)
    return root


@pytest.fixture(scope="module")
def study(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Four cases, three methods, two sheets of four comparisons and two checks."""
    return make_study(
        RunFolder.of(home, "main"), Dataset.find(home, "a2bench-proc-tiny"), METHODS, "cross",
        "smoke", tmp_path_factory.mktemp("study"), sheets=2, comparisons=4, checks=2, workers=1,
    )  # fmt: skip


def test_nothing_that_a_participant_gets_names_a_method(study: Study) -> None:
    """Names and titles of all methods, ids of cases, the run: in no file, and in no file name."""
    page = study.folder / "page"
    cards = [plugins.card(name) for name in plugins.names("baselines")]
    secrets = {word.lower() for card in cards for word in (card.name, card.title) if len(word) > 4}
    secrets |= {
        "oracle",
        "still.",
        "warp",
        *(case.lower() for case in study.cases),
        "truth",
        "wreck",
    }
    secrets |= {study.key.secret.removeprefix("sha256:")}
    files = [path for path in page.rglob("*") if path.is_file()]

    assert len(files) == 1 + 4 + 3 * 4 + 4  # page, pictures, videos, of two checks truth and wreck
    for path in files:
        found = path.read_bytes().lower()
        assert not [word for word in secrets if word.encode() in found], path
        assert path.name == "index.html" or re.fullmatch(r"[0-9a-f]{16}\.(mp4|webp)", path.name)
    assert study.bytes == sum(path.stat().st_size for path in files)


def test_the_page_asks_nobody_else(study: Study) -> None:
    """No address in it, and a policy that forbids any."""
    text = (study.folder / "page" / "index.html").read_text(encoding="utf-8")

    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text


def test_made_again_it_is_the_same_and_another_study_is_refused(study: Study, home: Path) -> None:
    """People may have answered what lies there."""
    before = {path: path.stat().st_mtime_ns for path in (study.folder / "page" / "media").iterdir()}
    where = (RunFolder.of(home, "main"), Dataset.find(home, "a2bench-proc-tiny"))

    again = make_study(
        *where,
        METHODS,
        "cross",
        "smoke",
        study.folder,
        sheets=2,
        comparisons=4,
        checks=2,
        workers=1,
    )

    assert again.key == study.key
    assert before == {path: path.stat().st_mtime_ns for path in before}
    with pytest.raises(A2BenchError, match="holds another study"):
        make_study(*where, METHODS, "cross", "smoke", study.folder, seed=1, workers=1)
    with pytest.raises(A2BenchError, match="at least two methods"):
        make_study(*where, ["still", "still"], "cross", "smoke", study.folder, workers=1)
    with pytest.raises(A2BenchError, match="puppet_warp: not run"):
        make_study(*where, ["still", "puppet_warp"], "cross", "smoke", study.folder, workers=1)


GOOD = answered(key_of(["a", "b"], 3, 2, 3), 1, 1, lambda _case, first, _second: first)


def _damaged(**change: Any) -> str:
    return json.dumps(GOOD.model_dump(mode="json") | change)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not answers that the page saved"),
        ("[" * 100_000, "not answers that the page saved"),
        ('{"schema": "a2bench.study_answers/1"}', "study: Field required"),
        (_damaged(study="0123456789ab"), "of study 0123456789ab, the key is of"),
        (_damaged(sheet=3), "sheet 3 of 2"),
        (_damaged(sheet=10**9), "sheet"),
        (_damaged(participant="../../etc"), "participant"),
        (_damaged(method="a"), "Extra inputs are not permitted"),
        (_damaged(answers=[GOOD.answers[0].model_dump() | {"identity": "both"}]), "identity"),
        (_damaged(answers=[GOOD.answers[0].model_dump() | {"seconds": 1e300}]), "seconds"),
        (_damaged(answers=[GOOD.answers[0].model_dump() | {"trial": "t99999"}]), "not on sheet 1"),
        (_damaged(answers=[GOOD.answers[0].model_dump()] * 2), "answered twice"),
        (" " * (2 * 2**20 + 1), "bytes; answers have at most"),
    ],
)
def test_a_file_that_the_page_did_not_save_is_named_and_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    """None is counted, and none is left out in silence."""
    (tmp_path / "bad.json").write_text(text)
    (tmp_path / "good.json").write_text(GOOD.model_dump_json(by_alias=True))

    with pytest.raises(A2BenchError, match=re.escape(said)) as error:
        read_answers([tmp_path], key_of(["a", "b"], 3, 2, 3))
    assert "bad.json" in str(error.value)
    assert "good.json" not in str(error.value)


def test_a_file_that_comes_twice_counts_once_and_the_fuller_one(tmp_path: Path) -> None:
    """Saved half-way, saved at the end, sent twice; but never two files that contradict."""
    key = key_of(["a", "b"], 3, 2, 3)
    half = GOOD.model_copy(update={"answers": GOOD.answers[:2]})
    for name, one in {"half": half, "whole": GOOD, "copy": GOOD}.items():
        (tmp_path / f"{name}.json").write_text(one.model_dump_json(by_alias=True))

    read = read_answers([tmp_path], key)

    assert read == Read((GOOD,), 2)
    turned = GOOD.answers[0].model_copy(
        update={"visual": "left" if GOOD.answers[0].visual == "right" else "right"}
    )
    other = GOOD.model_copy(update={"answers": (turned, *GOOD.answers[1:])})
    (tmp_path / "other.json").write_text(other.model_dump_json(by_alias=True))
    with pytest.raises(A2BenchError, match="contradict each other"):
        read_answers([tmp_path], key)


def test_who_fails_the_attention_checks_is_left_out_and_counted() -> None:
    """Three checks of three questions, one wrong answer allowed; passing a check over is wrong."""
    key = key_of(["a", "b"], 5, 4, 5)
    checks = {trial.trial for trial in key.trials if trial.check}
    careful = answered(key, 1, 1, lambda _case, first, _second: first)
    flipped = {"left": "right", "right": "left"}
    careless = careful.model_copy(
        update={
            "participant": f"{2:016x}",
            "answers": tuple(
                one.model_copy(update={name: flipped[getattr(one, name)] for name in QUESTIONS})
                for one in careful.answers
            ),
        }
    )
    skipping = careful.model_copy(
        update={
            "participant": f"{3:016x}",
            "answers": tuple(one for one in careful.answers if one.trial not in checks),
        }
    )
    assert wrong_checks(key, careful) == 0
    assert wrong_checks(key, careless) == 9
    assert wrong_checks(key, skipping) in (6, 9)  # a check at the very end was not reached

    table = study_table(key, Read((careful, careless, skipping), 0))

    assert table.participants == 1
    assert dict(table.excluded) == {
        careless.participant: 9,
        skipping.participant: wrong_checks(key, skipping),
    }
    assert "1 participants, 2 excluded (attention checks)" in to_markdown(table)
    assert table.questions[0].lines[0].chosen.value == 1.0


def test_the_table_finds_what_people_prefer_and_which_metric_sees_it() -> None:
    """People who choose by `psnr` agree with it in every answer, and with its opposite in none.

    Three methods, 6 cases; case by case the better one is chosen, in means a > b > c: tau 1.
    """
    key = key_of(["a", "b", "c"], 6, 8, 18)
    cases = sorted({trial.case_id for trial in key.trials})
    by_psnr = {"a": 20.0, "b": 15.0, "c": 10.0}
    psnr = {
        method: {case: value + 4 * ((at * 7 + ord(method)) % 3) for at, case in enumerate(cases)}
        for method, value in by_psnr.items()
    }

    def choose(case: str, first: str, second: str) -> str:
        return max((first, second), key=lambda name: psnr[name][case])

    people = tuple(answered(key, sheet, sheet, choose) for sheet in range(1, 9))
    values = {"psnr": psnr, "l1": psnr}  # of l1 less is better: the same numbers say the opposite

    table = study_table(key, Read(people, 0), values)

    for question in table.questions:
        assert [line.method for line in question.lines] == ["a", "b", "c"]
        assert sum(line.chosen.value * line.shown for line in question.lines) == 8 * 18
        assert question.people is not None
        assert question.people.value == 1.0
    right, wrong = table.agreement[:2]
    assert (right.metric, right.accuracy.value, right.tau) == ("psnr", 1.0, 1.0)
    assert (wrong.metric, wrong.accuracy.value, wrong.tau) == ("l1", 0.0, -1.0)
    assert (right.low, right.high) == (1.0, 1.0)
    assert "| `psnr` | identity | 100.0 % | 63 to 100 % | +1.00 | +1.00 to +1.00 |" in to_markdown(
        table
    )


def test_people_who_choose_at_random_show_no_difference() -> None:
    """Shares near a half whose intervals hold it, strengths whose intervals hold 0."""
    rng = np.random.default_rng(3)
    key = key_of(["a", "b", "c"], 10, 20, 30)
    people = tuple(
        answered(key, sheet, sheet, lambda _case, *pair: pair[rng.integers(2)])
        for sheet in range(1, 21)
    )

    table = study_table(key, Read(people, 0))

    for line in table.questions[0].lines:
        assert line.chosen.low is not None
        assert line.chosen.high is not None
        assert line.chosen.low < 0.5 < line.chosen.high
        assert line.low is not None
        assert line.high is not None
        assert line.low < 0 < line.high


def test_a_share_without_spread_has_the_interval_of_as_many_answers_as_people() -> None:
    """Five people, all of one mind: 0.025^(1/5) = 0.478."""
    outcomes = {
        f"{person} {trial}": (str(person), 1.0) for person in range(5) for trial in range(9)
    }

    found = share(outcomes)

    assert found.low == pytest.approx(0.025 ** (1 / 5))
    assert found.high == 1.0


def test_values_are_those_of_the_videos_that_were_shown(study: Study, home: Path) -> None:
    """Another video in the run since then: no agreement, and the reason."""
    dataset, store = Dataset.find(home, "a2bench-proc-tiny"), RunFolder.of(home, "main")
    values, lacking = values_of(store, dataset, study.key, ["psnr", "l1", "ssim", "fvd"])

    assert set(values) == {"psnr", "l1"}
    assert set(values["psnr"]["still"]) == set(study.cases)
    assert lacking == {
        "ssim": "copy_driving is not scored",
        "fvd": "one value a set: nothing to say of a comparison",
    }
    other = study.key.model_copy(
        update={"predictions": {**study.key.predictions, "still": {study.cases[0]: SEALED}}}
    )
    values, lacking = values_of(store, dataset, other, ["psnr"])
    assert values == {}
    assert "another video than was shown" in lacking[""]


def _clicked(study: Study, tmp_path: Path) -> Answers:
    """Answer sheet 1 in a browser, with a break, and return what it would save."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
        pytest.fail("no chromium here, and A2BENCH_REQUIRE_EXTERNAL=1 wants it")
    if chromium is None:
        pytest.skip("no chromium here")
    wanted = answered(study.key, 1, 1, lambda _case, first, second: max(first, second))
    sides = {one.trial: one.identity for one in wanted.answers}
    script = f"""
const sides = {json.dumps(sides)}, said = [];
const key = (name) => dispatchEvent(new KeyboardEvent("keydown", {{key: name}}));
find("sheet").value = 99; find("begin").click(); said.push(find("said").textContent);
find("sheet").value = 1; find("begin").click();
const step = () => {{
  const name = trials[state.at][0], side = sides[name];
  said.push(find("next").disabled);
  if (state.at === 1) for (const one of side === "left" ? "qwe" : "asd") key(one);
  else for (const one of document.querySelectorAll(`[data-side=${{side}}]`)) one.click();
  said.push(find("next").disabled);
  find("next").click();
}};
step(); step();
const before = JSON.stringify(state);
state = null; begin(1);  // the page was closed, and is opened again
said.push(JSON.stringify(state) === before);
find("back").click(); find("next").click();
while (state.at < trials.length) step();
said.push(find("end").hidden);
const began = performance.now();
const wait = setInterval(() => {{
  const loaded = find("left").readyState >= 2 && find("right").readyState >= 2;
  if (!loaded && performance.now() - began < 15000) return;
  clearInterval(wait);
  said.push(loaded, errors);
  for (const [id, text] of [["out", find("text").value], ["said", JSON.stringify(said)]]) {{
    const box = document.createElement("pre");
    box.id = "probe-" + id; box.textContent = text; document.body.append(box);
  }}
}}, 100);
"""
    page = study.folder / "page" / "index.html"
    probe = page.with_name("probe.html")
    watch = (
        "<script>window.errors=[];addEventListener('error',(e)=>errors.push(String("
        "e.target.src||e.message)),true);addEventListener('securitypolicyviolation',"
        "(e)=>errors.push(e.blockedURI));</script><title>"
    )
    text = page.read_text(encoding="utf-8").replace("<title>", watch, 1)
    probe.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    try:
        done = subprocess.run(
            [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                *("--disable-dev-shm-usage", "--virtual-time-budget=20000"),
                *("--autoplay-policy=no-user-gesture-required", "--window-size=1000,900"),
                *(f"--user-data-dir={tmp_path / 'chromium'}", probe.as_uri()),
            ],
            capture_output=True, text=True, check=True, timeout=240,
        )  # fmt: skip
    finally:
        probe.unlink()
    found = dict(re.findall(r'<pre id="probe-(\w+)">(.*?)</pre>', done.stdout, flags=re.DOTALL))
    trials = len(study.key.sheets[0])
    assert json.loads(found["said"]) == [
        "The number is on your invitation: 1 to 2.",
        *[True, False] * 2, True, *[True, False] * (trials - 2), False, True, [],
    ]  # fmt: skip
    answers = Answers.model_validate_json(found["out"])
    assert [one.identity for one in answers.answers] == list(sides.values())
    return answers


def test_a_study_is_clicked_through_and_counted(
    study: Study, home: Path, cli: Cli, tmp_path: Path
) -> None:
    """In the browser, with a wrong number, keys, a break; then the saved file through the table."""
    answers = _clicked(study, tmp_path)
    (tmp_path / "answers.json").write_text(answers.model_dump_json(by_alias=True))

    words = ("study", "table", str(tmp_path / "answers.json"), "--home", str(home))
    done = cli(*words, "--key", str(study.folder / "key.json"), "--json")

    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert table["participants"] == 1
    assert table["excluded"] == []
    shown = sum(line["shown"] for line in table["questions"][0]["lines"])
    assert shown == 2 * 4
    assert {line["metric"] for line in table["agreement"]} == {"psnr", "l1"}


def test_the_command_line_makes_a_study(cli: Cli, home: Path, tmp_path: Path) -> None:
    """And says what to give away and what to keep."""
    done = cli(
        *("study", "make", "--method", "still,copy_driving", "--dataset", "a2bench-proc-tiny"),
        *("--split", "smoke", "--home", str(home), "--out", str(tmp_path / "s"), "--cases", "1"),
        *("--sheets", "1", "--comparisons", "1", "--checks", "0", "--title", "<b>Which?</b>"),
    )

    assert done.returncode == 0, done.stderr
    assert f"keep:      {tmp_path / 's' / 'key.json'}" in done.stdout
    page = (tmp_path / "s" / "page" / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Which?&lt;/b&gt;" in page
    assert "<b>Which?" not in page
