"""Metrics of a whole set: one value a seed, the same for any order, workers and sharding."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from a2bench import mmd, plugins
from a2bench.boards import board
from a2bench.dataset import Dataset
from a2bench.distances import frechet, kernel_by_character
from a2bench.errors import A2BenchError
from a2bench.features import KeptClips, features_key, read_features, shown_to_sets, write_features
from a2bench.metric import Extractor
from a2bench.records import Case, MethodCard, Protocol, Size, Value, set_id
from a2bench.run import run
from a2bench.score import score
from a2bench.sets import identity
from a2bench.store import RunFolder
from a2bench.suites import suite_metrics
from a2bench.tables import headline_of, hidden_text
from a2bench.video import read_video

Cli = Callable[..., subprocess.CompletedProcess[str]]
BOTH: tuple[Protocol, ...] = ("self", "cross")

COLOURS = '''"""Fréchet distance of mean colours: what a set metric needs, in one file.

Averages over: all frames after the first. Equal sets give 0.
"""
import math
from pathlib import Path
import numpy as np
from a2bench.distances import {distance}
from a2bench.metric import Extractor, Metric, SetPart

def colours(frames):
    with Path({log!r}).open("a") as log:
        log.write("x")
    return frames.mean(axis=(1, 2)).astype(np.float32)

METRIC = Metric(
    version={version}, title="Colours", summary="s", direction="lower", unit="1",
    value_range=(0, math.inf), perfect=0.0, suites=("mine",), region="frame",
    of_set=SetPart(Extractor("colours", 1, (), 3, "frame", colours), {call}),
)
'''


@pytest.fixture(scope="module")
def made(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of three methods on both protocols."""
    store = RunFolder.of(tmp_path_factory.mktemp("sets"), "test")
    run(store, tiny, _cards("still", "puppet_warp", "oracle"), BOTH, "smoke", workers=1)
    return store


@pytest.fixture
def store(made: RunFolder, tmp_path: Path) -> RunFolder:
    folder = tmp_path / "runs" / "test"
    shutil.copytree(made.folder, folder)
    return RunFolder(folder)


@pytest.fixture
def add_metric(plugin_folder: Path, tmp_path: Path, tiny: Dataset) -> Callable[..., Path]:
    """Write a set metric of mean colours; return the file that logs each extraction."""
    log = tmp_path / "extractions"
    for kept in ("features", "sets"):  # the data set is shared by tests
        shutil.rmtree(tiny.cache / kept, ignore_errors=True)

    def add(name: str = "colours", *, version: int = 1, kernel: bool = False) -> Path:
        distance = "kernel_by_character" if kernel else "frechet"
        call = distance if kernel else "frechet(ddof=1)"
        text = COLOURS.format(distance=distance, call=call, log=str(log), version=version)
        (plugin_folder / "metrics" / f"{name}.py").write_text(text)
        plugins.metric.cache_clear()
        return log

    return add


def _cards(*names: str) -> list[MethodCard]:
    return [plugins.card(name) for name in names]


def _score(store: RunFolder, tiny: Dataset, *metrics: str, workers: int = 1) -> list[Value]:
    cards = _cards("still", "puppet_warp", "oracle")
    return score(store, tiny, cards, BOTH, "smoke", metrics, workers=workers)


def test_a_set_has_one_value_a_protocol_method_and_seed(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    """The number is that of the definition, recomputed from the decoded videos."""
    add_metric()

    values = _score(store, tiny, "colours")

    assert len(values) == 2 * 3
    assert {value.case_id for value in values} == {set_id("smoke")}
    for value in values:
        if value.method == "oracle":
            assert value.value == pytest.approx(0, abs=1e-9)
    (puppet,) = (one for one in values if (one.protocol, one.method) == ("self", "puppet_warp"))
    sides = []
    for pick in ("puppet_warp", "oracle"):
        clips = [
            read_video(store.prediction(tiny, "self", pick, 0, case.case_id)).frames[1:]
            for case in tiny.cases("self", "smoke")
        ]
        sides.append(np.concatenate([clip.mean(axis=(1, 2)) for clip in clips]))
    own, true = sides
    first, second = np.cov(own.T), np.cov(true.T)
    root = np.sqrt(np.linalg.eigvals(first @ second).real.clip(0)).sum()
    expected = np.square(own.mean(0) - true.mean(0)).sum() + np.trace(first + second) - 2 * root
    assert puppet.value == pytest.approx(expected, rel=1e-4)  # the vectors are float32
    assert puppet.samples == 4 * 31
    assert puppet.rank == 3
    assert not puppet.ranked  # fewer clips than split full has


def test_truth_features_are_computed_once_for_all_methods(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    """4 cases x (2 protocols x (truth, puppet_warp) + still); the oracle's are the truth's.

    The truths of `self` and `cross` are different videos, those of `still` the same. A second
    metric on the same extractor adds nothing.
    """
    log = add_metric()

    _score(store, tiny, "colours")
    once = len(log.read_text())
    add_metric("kernel", kernel=True)
    _score(store, tiny, "colours", "kernel")

    assert once == 4 * (2 * 2 + 1)
    assert len(log.read_text()) == once


def test_neither_workers_nor_order_change_a_digit(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    """Vectors are made clip by clip and merged in the order of case ids."""
    add_metric()
    add_metric("kernel", kernel=True)
    first = _score(store, tiny, "colours", "kernel")
    shutil.rmtree(store.values_folder(tiny))
    shutil.rmtree(tiny.cache / "features")
    shutil.rmtree(tiny.cache / "sets")

    second = score(
        store,
        tiny,
        _cards("oracle", "puppet_warp", "still"),
        BOTH[::-1],
        "smoke",
        ["kernel", "colours"],
        workers=2,
    )

    assert first == second


def test_a_second_scoring_computes_nothing_and_a_new_version_does(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path], monkeypatch
) -> None:
    add_metric()
    first = _score(store, tiny, "colours")
    with monkeypatch.context() as nothing:
        nothing.setattr("a2bench.score.score_case", None)
        nothing.setattr("a2bench.score.set_value", None)
        assert _score(store, tiny, "colours") == first
    _forget("colours")
    log = add_metric(version=2)
    before = len(log.read_text())

    second = _score(store, tiny, "colours")

    assert {value.version for value in second} == {2}
    assert {value.key for value in first}.isdisjoint({value.key for value in second})
    assert len(log.read_text()) == before  # the vectors are the extractor's, not the metric's


def _forget(name: str) -> None:
    import sys

    sys.modules.pop(f"a2bench_plugins.metrics.{name}", None)


def test_a_failed_case_is_stood_for_by_still(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    """Rule 6: the set keeps its size, and the value says so. All failed: still's own value."""
    add_metric()
    for case in tiny.cases("self", "smoke"):
        path = store.prediction(tiny, "self", "puppet_warp", 0, case.case_id).with_suffix(".json")
        record = json.loads(path.read_text()) | {
            "status": "failed",
            "failure": "crash",
            "reason": "made to fail",
            "prediction_sha256": None,
        }
        path.write_text(json.dumps(record))

    values = {(one.protocol, one.method): one for one in _score(store, tiny, "colours")}

    failed, still = values["self", "puppet_warp"], values["self", "still"]
    assert failed.value == still.value
    assert failed.samples == still.samples == 4 * 31
    assert "4 of 4 clips are `still`'s (failed cases)" in failed.reason
    shown = board(store, tiny, None, ["self"], "smoke", "mine").leaderboard
    cells = {row.card.name: row.cells[0] for row in shown.rows}
    assert (cells["puppet_warp"].scored, cells["puppet_warp"].failed) == (0, 4)
    assert (cells["still"].scored, cells["still"].failed) == (4, 0)


def test_a_case_that_was_never_run_leaves_the_set_without_a_value(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    """With allow_partial: nothing failed, so `still` stands for nothing. Run: there is a value."""
    add_metric()
    gone = tiny.cases("self", "smoke")[1]
    path = store.prediction(tiny, "self", "puppet_warp", 0, gone.case_id)
    path.with_suffix(".json").unlink()
    path.unlink()
    cards = _cards("puppet_warp")

    def only() -> Value:
        return score(store, tiny, cards, ["self"], "smoke", ["colours"], allow_partial=True)[0]

    missing = only()
    partial = board(store, tiny, ["puppet_warp"], ["self"], "smoke", "mine", allow_partial=True)
    run(store, tiny, cards, ["self"], "smoke", workers=1)

    assert (missing.value, missing.status) == (None, "missing")
    assert missing.reason == f"{gone.case_id} was not run"
    assert partial.leaderboard.rows[0].cells[0].status == "missing"
    assert only().status == "ok"


def test_the_table_shows_n_and_rank_and_does_not_rank_what_is_too_small(
    tiny: Dataset, store: RunFolder, add_metric: Callable[..., Path]
) -> None:
    add_metric()
    add_metric("kernel", kernel=True)
    _score(store, tiny, "colours", "kernel")

    made = board(store, tiny, None, ["self"], "smoke", "mine")

    cells = {row.card.name: row.cells for row in made.leaderboard.rows}
    assert [column.name for column in made.leaderboard.columns] == ["colours", "kernel"]
    colours, kernel = cells["puppet_warp"]
    assert colours.note == "N = 124, rank 3, not ranked: too few for this distance"
    assert colours.rank is None
    assert kernel.rank == 1
    assert cells["still"][1].rank == 2


def test_metrics_without_weights_are_unavailable_with_the_command(
    tiny: Dataset, store: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In values and in the table; nothing is computed."""
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path))

    values = _score(store, tiny, *suite_metrics("a2bench"))
    made = board(store, tiny, None, ["self"], "smoke", "a2bench")

    (reason,) = {value.reason for value in values if value.metric == "fid"}
    assert reason.endswith("`a2bench fetch inception_fid`")
    position = [column.name for column in made.leaderboard.columns].index("fid")
    for row in made.leaderboard.rows:
        assert row.cells[position].status == "unavailable"


def test_a_method_that_is_not_applicable_has_no_set(
    tiny: Dataset, tmp_path: Path, add_metric: Callable[..., Path]
) -> None:
    add_metric()
    store = RunFolder.of(tmp_path, "other")
    run(store, tiny, _cards("still", "copy_driving"), ["self"], "smoke", workers=1)

    values = score(store, tiny, _cards("copy_driving"), ["self"], "smoke", ["colours"], workers=1)

    assert [value.status for value in values] == ["not_applicable"]


def test_features_of_a_damaged_file_are_refused(tmp_path: Path) -> None:
    """Never unpickled, never of another shape."""
    extractor = plugins.metric("fid").of_set.extractor  # type: ignore[union-attr]
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    save_file({"vectors": np.zeros((3, 7), np.float32)}, tmp_path / "b.safetensors")
    save_file({"vectors": np.zeros((3, 2048), np.float64)}, tmp_path / "c.safetensors")
    save_file({"others": np.zeros((3, 2048), np.float32)}, tmp_path / "d.safetensors")

    for name in ("a.npy", "b.safetensors", "c.safetensors", "d.safetensors", "absent.safetensors"):
        with pytest.raises(A2BenchError, match="hint: delete it and score again"):
            read_features(tmp_path / name, extractor)


def _kept(folder: Path, clips: list[np.ndarray], memory: Path | None = None) -> KeptClips:
    extractor = Extractor("e", 1, (), clips[0].shape[1], "frame", lambda _: clips[0])
    cases = [
        Case(
            case_id=f"c{i}",
            protocol="self",
            reference_id=f"c{i}",
            driver_id=f"c{i}",
            size=Size(width=64, height=64),
            frames=32,
            fps=8,
        )
        for i in range(len(clips))
    ]
    paths = [folder / f"{i}.safetensors" for i in range(len(clips))]
    for path, vectors in zip(paths, clips, strict=True):
        write_features(path, vectors, "a machine")
    return KeptClips(cases, paths, extractor, memory)


@pytest.mark.parametrize("frames", [1, 3])
def test_clips_on_disk_give_the_number_of_clips_in_memory(tmp_path: Path, frames: int) -> None:
    """Fréchet (with 3 frames by moments, with 1 by vectors) and kernel; the truths' part is kept.

    What was kept is used: damaged, it is computed again.
    """
    generator = np.random.default_rng(0)
    own, true = generator.normal(size=(2, 45, frames, 60)).astype(np.float32)
    sides = [
        _kept(tmp_path / "own", list(own)),
        _kept(tmp_path / "true", list(true), tmp_path / "cache"),
    ]

    for distance in (frechet(ddof=1), kernel_by_character):
        in_memory = distance(*([*side] for side in sides))
        first, second = distance(*sides), distance(*sides)
        for path in (tmp_path / "cache" / "sets").glob("*"):
            path.write_bytes(b"damaged")

        assert first == second == distance(*sides) == in_memory
    assert len(list((tmp_path / "cache" / "sets").iterdir())) == 1 + (frames == 3)
    assert sides[0].computed_in == {"a machine"}


def test_a_second_method_computes_nothing_of_the_truths_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernel sums of 45 clips: own and cross for each method, the truths' once."""
    generator = np.random.default_rng(0)
    clips = list(generator.normal(size=(45, 2, 6)).astype(np.float32))
    sides = [_kept(tmp_path / name, clips, tmp_path / "cache") for name in ("own", "true")]
    asked = []
    whole = mmd.block_sums

    def counting(first: mmd.Clips, second: mmd.Clips | None = None) -> mmd.Sums:
        asked.append("own" if second is None else "cross")
        return whole(first, second)

    monkeypatch.setattr(mmd, "block_sums", counting)
    kernel_by_character(*sides)
    kernel_by_character(*sides)

    assert sorted(asked) == ["cross", "cross", "own", "own", "own"]


def test_another_extractor_or_other_frames_make_another_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metric = plugins.metric("fid")
    part = metric.of_set
    assert part is not None
    later = replace(part, extractor=replace(part.extractor, version=2))
    now = {identity(metric, "fid"), identity(replace(metric, of_set=later), "fid")}
    monkeypatch.setattr("a2bench.sets.FEATURES_SCHEMA", "a2bench.features/2")

    assert len(now | {identity(metric, "fid")}) == 3


def test_sets_are_shown_the_input_frame_in_the_fields_view_only() -> None:
    frames = np.arange(32, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)

    assert shown_to_sets(frames, "field")[:, 0, 0, 0].tolist() == list(range(32))
    assert shown_to_sets(frames, "scored")[:, 0, 0, 0].tolist() == list(range(1, 32))


def test_the_key_of_features_holds_all_that_decides_them() -> None:
    extractor = plugins.metric("fid").of_set.extractor  # type: ignore[union-attr]
    keys = {
        features_key(extractor, "scored", "sha256:1"),
        features_key(extractor, "field", "sha256:1"),
        features_key(extractor, "scored", "sha256:2"),
        features_key(replace(extractor, version=2), "scored", "sha256:1"),
        features_key(replace(extractor, weights=("vgg16_imagenet",)), "scored", "sha256:1"),
    }

    assert len(keys) == 5


def test_the_line_under_a_table_names_what_it_does_not_show(
    tiny: Dataset, store: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every hidden metric with its state, and one command for all the weights."""
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path))
    _score(store, tiny, *suite_metrics("a2bench"))
    whole = board(store, tiny, None, ["self"], "smoke", "a2bench").leaderboard

    text = hidden_text(whole, headline_of(whole))

    hidden = [one.name for one in whole.columns if one not in headline_of(whole).columns]
    assert hidden
    for name in hidden:
        assert name in text
    assert "`a2bench fetch " in text
    assert hidden_text(whole, whole) == ""
