"""Tables show what is there now: current predictions, current values, each method where it ran."""

import multiprocessing
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from a2bench import plugins
from a2bench.boards import board, rows_of
from a2bench.cli.main import app
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.results import read_values
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics

SUITE = suite_metrics("a2bench")


@pytest.fixture
def store(tiny: Dataset, tmp_path: Path) -> RunFolder:
    """A run of still, scored in cross."""
    found = RunFolder.of(tmp_path, "test")
    run(found, tiny, [plugins.card("still")], ["cross"], "smoke", workers=1)
    score(found, tiny, [plugins.card("still")], ["cross"], "smoke", SUITE, workers=1)
    return found


def _write_method(folder: Path, body: str) -> None:
    (folder / "baselines" / "mine.yaml").write_text(
        "name: mine\ntitle: Mine\nsummary: s\nkind: in_process\nentry: It\ninputs_seen: []\n"
    )
    (folder / "baselines" / "mine.py").write_text(
        "import numpy as np\nclass It:\n    def __init__(self, device): pass\n"
        f"    def __call__(self, inputs): return {body}\n"
    )
    plugins.card.cache_clear()


def test_a_method_has_a_row_only_in_the_protocols_it_was_run_on(
    tiny: Dataset, store: RunFolder
) -> None:
    """What was run in cross only does not break the table of self."""
    run(store, tiny, [plugins.card("oracle")], ["self"], "smoke", workers=1)

    rows = rows_of(store, tiny, None, None)

    shown = {protocol: [card.name for card in cards] for protocol, cards in rows.items()}
    assert shown == {"self": ["oracle"], "cross": ["still"]}


def test_asked_for_by_name_a_protocol_without_results_is_an_error(
    tiny: Dataset, store: RunFolder
) -> None:
    """Then nothing is left out."""
    with pytest.raises(A2BenchError, match="a2bench run method=still"):
        board(store, tiny, ["still"], ["self", "cross"], "smoke", "a2bench")


def test_a_table_never_shows_a_method_under_another_codes_digest(
    tiny: Dataset, store: RunFolder, plugin_folder: Path
) -> None:
    """The adapter was edited after its predictions were made: score and table refuse."""
    _write_method(plugin_folder, "np.repeat(inputs.reference_image[None], inputs.frames, 0)")
    card = plugins.card("mine")
    run(store, tiny, [card], ["cross"], "smoke", workers=1)
    score(store, tiny, [card], ["cross"], "smoke", SUITE, workers=1)
    _write_method(plugin_folder, "np.repeat(inputs.reference_image[None] // 2, inputs.frames, 0)")

    with pytest.raises(A2BenchError, match="made of other card, code"):
        board(store, tiny, ["mine"], ["cross"], "smoke", "a2bench")
    with pytest.raises(A2BenchError, match="made of other card, code"):
        score(store, tiny, [card], ["cross"], "smoke", SUITE, workers=1)


def test_values_of_a_prediction_that_was_made_anew_are_not_shown(
    tiny: Dataset, store: RunFolder
) -> None:
    """A result with another prediction: the old value is no longer current."""
    case = tiny.cases("cross", "smoke")[0]
    result = store.result(tiny, case, "still", 0, fingerprint=None)
    assert result is not None
    path = store.prediction(tiny, "cross", "still", 0, case.case_id)
    changed = result.model_copy(update={"prediction_sha256": "sha256:" + "0" * 64})
    store.save_result(path, changed)

    with pytest.raises(A2BenchError, match=f"1 of 4 cases, such as {case.case_id}"):
        board(store, tiny, ["still"], ["cross"], "smoke", "a2bench")


def test_a_failed_case_needs_stills_value_there_even_if_still_has_others(
    tiny: Dataset, store: RunFolder, plugin_folder: Path
) -> None:
    """Rule 6, case by case: no failed case is left out because `still` was not run on it."""
    _write_method(plugin_folder, "1 / 0")
    card = plugins.card("mine")
    run(store, tiny, [card], ["cross"], "smoke", workers=1)
    score(store, tiny, [card], ["cross"], "smoke", SUITE, workers=1)
    whole = board(store, tiny, ["mine"], ["cross"], "smoke", "a2bench").leaderboard.rows[0]
    case = tiny.cases("cross", "smoke")[1].case_id
    store.prediction(tiny, "cross", "still", 0, case).with_suffix(".json").unlink()

    assert whole.scored == 0
    computed = [cell for cell in whole.cells if cell.value is not None]
    assert {"psnr", "ssim", "l1"} <= {cell.metric for cell in computed}
    assert all(cell.failed == 4 and cell.left_out == 0 for cell in computed)
    with pytest.raises(A2BenchError, match=rf"{case}: a failed .* `still` was not scored"):
        board(store, tiny, ["mine"], ["cross"], "smoke", "a2bench")


def test_a_video_that_was_deleted_is_run_again(tiny: Dataset, store: RunFolder) -> None:
    """A record without its video is not done."""
    case = tiny.cases("cross", "smoke")[0]
    store.prediction(tiny, "cross", "still", 0, case.case_id).unlink()

    summary = run(store, tiny, [plugins.card("still")], ["cross"], "smoke", workers=1)

    assert (summary.finished, summary.done_before) == (1, 3)


def test_two_scorings_of_one_run_lose_nothing(
    tiny: Dataset, store: RunFolder, tmp_path: Path
) -> None:
    """Started together, one waits for the other; the file holds the values of both."""
    run(store, tiny, [plugins.card("oracle")], ["cross"], "smoke", workers=1)
    run(store, tiny, [plugins.card("copy_driving")], ["cross"], "smoke", workers=1)
    home = tiny.folder.parents[2]
    (home / "runs").mkdir(exist_ok=True)
    link = home / "runs" / f"linked-{tmp_path.name}"
    link.symlink_to(store.folder)
    words = [f"home={home}", f"run={link.name}", "split=smoke", "protocol=cross", "workers=1"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "a2bench", "score", "dataset=a2bench-proc-tiny", *words, name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("method=oracle", "method=copy_driving")
    ]
    for process in started:
        assert process.wait() == 0, process.communicate()[1]
        process.communicate()

    values = read_values(store.values_folder(tiny) / "values.parquet")

    assert {value.method for value in values} == {"still", "oracle", "copy_driving"}
    of_sets = [name for name in SUITE if plugins.metric(name).of_set is not None]
    assert len(values) == 3 * (4 * (len(SUITE) - len(of_sets)) + len(of_sets))


def _die(number: int) -> int:
    import os
    import signal

    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_dead_worker_process_is_an_error_with_what_to_type() -> None:
    """Not a hang, not a traceback."""
    from a2bench.parallel import in_processes

    with pytest.raises(A2BenchError, match=r"a worker process died.*\n.*workers=1"):
        list(in_processes(_die, [(number,) for number in range(4)], workers=2))
    assert multiprocessing.active_children() == []


def test_less_than_one_worker_is_refused(
    tiny_home: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """It would do nothing and succeed."""
    for value in ("-1", "0", "abc"):
        done = cli(
            *("run", "method=still", "split=smoke", "protocol=self", "run=none"),
            *("dataset=a2bench-proc-tiny", f"home={tiny_home}", f"workers={value}"),
        )

        assert done.returncode == 2
        assert f"workers={value}: expected a whole number" in done.stderr


def test_a_table_that_is_written_can_bring_its_contact_sheet(
    tiny_home: Path, tiny: Dataset, tmp_path: Path
) -> None:
    """Made while the predictions are there; the page shows it, the provenance has its digest."""
    home = tmp_path / "home"
    shutil.copytree(tiny_home, home)
    copy, store = Dataset.find(home, tiny.info.name), RunFolder.of(home, "main")
    cards = [plugins.card("still")]
    run(store, copy, cards, ["self"], "smoke", workers=1)
    score(store, copy, cards, ["self"], "smoke", SUITE, workers=1)
    words = ["--dataset", tiny.info.name, "--split", "smoke", "--home", str(home), "--sheet", "1"]
    done = CliRunner().invoke(app, ["table", *words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "contact_sheet.png").stat().st_size > 10_000
    assert "contact_sheet.png" in (tmp_path / "out" / "leaderboard.html").read_text()
    assert "contact_sheet.png" in (tmp_path / "out" / "provenance.json").read_text()
