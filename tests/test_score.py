"""Scoring: one value or reason for every case, the same for any order and worker count."""

from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.records import MethodCard, Protocol, Value
from a2bench.run import run
from a2bench.score import score, value_key
from a2bench.store import RunFolder
from a2bench.suites import SUITES, suites_metrics

METRICS = [
    name
    for name in suites_metrics(["a2bench", "extended", "disco"])
    if plugins.metric(name).of_set is None
    and not plugins.metric(name).all_weights
    and not plugins.metric(name).needs_pose
]
"""Of pixels: those of sets are in test_sets.py, networks have no weights here."""
BOTH: tuple[Protocol, ...] = ("self", "cross")


def _cards(*names: str) -> list[MethodCard]:
    return [plugins.card(name) for name in names]


@pytest.fixture(scope="module")
def scored_store(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of still and oracle on both protocols."""
    store = RunFolder.of(tmp_path_factory.mktemp("scored"), "test")
    run(store, tiny, _cards("still", "oracle"), BOTH, "smoke", workers=1)
    return store


@pytest.fixture
def store(scored_store: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy that a test may change; nothing scored yet."""
    import shutil

    folder = tmp_path / "runs" / "test"
    shutil.copytree(scored_store.folder, folder)
    return RunFolder(folder)


def _score(store: RunFolder, tiny: Dataset, **options: object) -> list[Value]:
    return score(  # type: ignore[arg-type]
        store, tiny, _cards("still", "oracle"), BOTH, "smoke", METRICS, workers=1, **options
    )


def test_the_truth_is_perfect_in_every_metric_and_protocol(tiny: Dataset, store: RunFolder) -> None:
    """The suite's own gold run: a perfect answer gets the perfect value, everywhere."""
    values = [value for value in _score(store, tiny) if value.method == "oracle"]

    assert len(values) == 2 * 4 * len(METRICS)
    for value in values:
        assert value.status == "identical"
        assert value.value == plugins.metric(value.metric).perfect


def test_values_do_not_depend_on_workers_or_order(tiny: Dataset, store: RunFolder) -> None:
    """Two processes, methods and metrics in the other order: the same values, bit for bit."""
    first = _score(store, tiny)
    (store.values_folder(tiny) / "values.parquet").unlink()

    second = score(
        store, tiny, _cards("oracle", "still"), BOTH[::-1], "smoke", METRICS[::-1], workers=2
    )

    assert first == second


def test_scoring_again_computes_nothing(
    tiny: Dataset, store: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value is known by its key; no process is started."""
    first = _score(store, tiny)
    monkeypatch.setattr("a2bench.score.score_case", None)

    assert _score(store, tiny) == first


def test_a_case_that_was_never_run_is_not_left_out_in_silence(
    tiny: Dataset, store: RunFolder
) -> None:
    """It is an error that names it; with allow_partial it has the status missing."""
    case = tiny.cases("cross", "smoke")[2]
    store.prediction(tiny, "cross", "still", 0, case.case_id).with_suffix(".json").unlink()

    with pytest.raises(A2BenchError, match=rf"still cross seed 0 {case.case_id}"):
        _score(store, tiny)
    values = _score(store, tiny, allow_partial=True)

    missing = [value for value in values if value.status == "missing"]
    assert {value.case_id for value in missing} == {case.case_id}
    assert len(missing) == len(METRICS)
    assert len(values) == 2 * 2 * 4 * len(METRICS)  # the denominator stays


def test_a_prediction_that_was_exchanged_is_refused(tiny: Dataset, store: RunFolder) -> None:
    """The file's digest is checked before it is decoded."""
    first, second = tiny.cases("self", "smoke")[:2]
    path = store.prediction(tiny, "self", "still", 0, first.case_id)
    path.write_bytes(store.prediction(tiny, "self", "still", 0, second.case_id).read_bytes())

    with pytest.raises(A2BenchError, match="not the file that was stored"):
        _score(store, tiny)


def test_what_was_scored_before_a_kill_is_kept(tiny: Dataset, store: RunFolder) -> None:
    """The journal's whole lines count, a torn last line is cut, the result is the same."""
    whole = _score(store, tiny)
    folder = store.values_folder(tiny)
    (folder / "values.parquet").unlink()
    lines = [value.model_dump_json() + "\n" for value in whole[:11]]
    (folder / "values.jsonl").write_text("".join(lines) + whole[11].model_dump_json()[:40])

    assert _score(store, tiny) == whole
    assert not (folder / "values.jsonl").exists()


def test_a_metric_whose_weights_are_absent_is_unavailable_with_the_command(
    tiny: Dataset, store: RunFolder, plugin_folder: Path
) -> None:
    """Never a number from something else, never a crash."""
    (plugin_folder / "metrics" / "heavy.py").write_text(
        "from a2bench.metric import Metric\n"
        "METRIC = Metric(version=1, title='Heavy', summary='s', direction='lower', unit='1',\n"
        "    value_range=(0, 1), perfect=0.0, clip=lambda pair: 1 / 0, suites=('mine',),\n"
        "    missing=lambda: 'weights absent: a2bench fetch heavy')\n"
    )

    values = score(store, tiny, _cards("still"), ["self"], "smoke", ["heavy"], workers=1)

    assert {(value.status, value.reason) for value in values} == {
        ("unavailable", "weights absent: a2bench fetch heavy")
    }


def test_a_new_version_of_a_metric_is_scored_anew(
    tiny: Dataset, store: RunFolder, plugin_folder: Path
) -> None:
    """Old values are not taken for new ones."""
    path = plugin_folder / "metrics" / "mine.py"
    text = (
        "from a2bench.metric import Metric, Outcome\n"
        "METRIC = Metric(version={0}, title='M', summary='s', direction='lower', unit='1',\n"
        "    value_range=(0, 9), perfect=0.0, clip=lambda pair: Outcome({0}.0), suites=('x',))\n"
    )
    found = []
    for version in (1, 2):
        path.write_text(text.format(version))
        plugins.metric.cache_clear()
        import sys

        sys.modules.pop("a2bench_plugins.metrics.mine", None)
        values = score(store, tiny, _cards("still"), ["self"], "smoke", ["mine"], workers=1)
        found.append({value.value for value in values})

    assert found == [{1.0}, {2.0}]


def test_still_is_worse_than_the_truth_where_something_moves(
    tiny: Dataset, store: RunFolder
) -> None:
    """Each metric's direction, on real cases."""
    values = {value_key(value): value for value in _score(store, tiny)}
    for case in tiny.cases("cross", "smoke"):
        for name in METRICS:
            if plugins.metric(name).region == "background":
                continue  # on a static wall the still picture is right
            still = values["cross", "still", 0, case.case_id, name].value
            assert still is not None
            assert plugins.metric(name).better(plugins.metric(name).perfect, still)


def test_disco_counts_the_input_frame_and_the_whole_picture(
    tiny: Dataset, store: RunFolder
) -> None:
    """`still` repeats frame 0: that frame is 100 dB in `disco`, and is not seen by `a2bench`.

    By hand from the stored files: the mean over 32 frames of each frame's decibels.
    """
    import math

    import numpy as np

    from a2bench.ondemand import load_truth
    from a2bench.video import read_video

    values = {value_key(value): value for value in _score(store, tiny)}
    for case in tiny.cases("self", "smoke"):
        truth = load_truth(tiny, case).frames.astype(np.float64)
        path = store.prediction(tiny, "self", "still", 0, case.case_id)
        errors = ((read_video(path).frames - truth) ** 2).mean(axis=(1, 2, 3))
        decibels = [20 * math.log10(255 / math.sqrt(e)) if e else 100.0 for e in errors]

        found = values["self", "still", 0, case.case_id, "psnr_star"]

        assert decibels[0] == 100.0
        assert found.value == pytest.approx(np.mean(decibels), abs=1e-9)
        assert found.region == "frame"


def test_metrics_of_a_suite_are_shown_what_the_suite_says() -> None:
    for suite in SUITES.values():
        for name in suites_metrics([suite.name]):
            metric = plugins.metric(name)

            assert metric.view == suite.view or len(metric.suites) > 1, name
