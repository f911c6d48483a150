"""Running methods: every case gets a result, done work stays, settings never mix."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.records import MethodCard
from a2bench.run import plan, run
from a2bench.store import RunFolder
from a2bench.video import read_video

MakeMethod = Callable[..., MethodCard]


@pytest.fixture
def method(plugin_folder: Path) -> MakeMethod:
    """Write a scratch method from the body of its `__call__` and return its card."""

    def make(name: str, body: str, *, card: str = "", init: str = "pass") -> MethodCard:
        folder = plugin_folder / "baselines"
        head = f"name: {name}\ntitle: {name}\nsummary: s\nkind: in_process\nentry: It\n"
        fields = card if "inputs_seen" in card else card + "inputs_seen: []\n"
        (folder / f"{name}.yaml").write_text(head + fields)
        (folder / f"{name}.py").write_text(
            "import os, signal, time\nimport numpy as np\nclass It:\n"
            f"    def __init__(self, device):\n        {init}\n"
            f"    def __call__(self, inputs):\n        {body}\n"
        )
        plugins.card.cache_clear()
        return plugins.card(name)

    return make


@pytest.fixture
def store(tmp_path: Path) -> RunFolder:
    return RunFolder.of(tmp_path / "home", "test")


def test_every_case_has_a_result_and_a_prediction_on_the_truths_grid(
    tiny: Dataset, store: RunFolder
) -> None:
    """Four cases, four lossless videos of 32 frames."""
    summary = run(store, tiny, [plugins.card("still")], ["self"], "smoke", workers=1)

    assert (summary.finished, summary.failed) == (4, [])
    for case in tiny.cases("self", "smoke"):
        path = store.prediction(tiny, "self", "still", 0, case.case_id)
        assert read_video(path).frames.shape == (32, 192, 128, 3)


def test_running_again_does_only_what_is_missing(tiny: Dataset, store: RunFolder) -> None:
    """A deleted result is made again; the other files are not touched."""
    card = plugins.card("still")
    run(store, tiny, [card], ["self"], "smoke", workers=1)
    paths = [
        store.prediction(tiny, "self", "still", 0, case.case_id)
        for case in tiny.cases("self", "smoke")
    ]
    paths[0].with_suffix(".json").unlink()
    kept = [path.stat().st_mtime_ns for path in paths[1:]]

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert (summary.finished, summary.done_before) == (1, 3)
    assert [path.stat().st_mtime_ns for path in paths[1:]] == kept


def test_results_of_two_settings_are_never_mixed(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """A changed adapter refuses to go on in the same run folder."""
    card = method("mine", "return np.repeat(inputs.reference_image[None], inputs.frames, 0)")
    run(store, tiny, [card], ["self"], "smoke", workers=1)
    card = method("mine", "return np.repeat(255 - inputs.reference_image[None], inputs.frames, 0)")

    with pytest.raises(A2BenchError, match=r"never mixed.\n  - file mine.py\nhint: choose another"):
        run(store, tiny, [card], ["self"], "smoke", workers=1)


FAULTS = {
    "raises": ("raise ValueError('no way')", "crash", "ValueError: no way"),
    "dies": ("os.kill(os.getpid(), signal.SIGSEGV)", "crash", "SIGSEGV"),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", "crash", "SIGKILL"),
    "exits": ("os._exit(0)", "crash", "exit code 0"),
    "memory": ("raise MemoryError('big')", "oom", "out of memory"),
    "cuda_memory": ("raise RuntimeError('CUDA out of memory')", "oom", "CUDA out of memory"),
    "nothing": ("return None", "bad_output", "NoneType"),
    "floats": ("return np.zeros((32, 192, 128, 3))", "bad_output", "float64"),
    "empty": ("return np.zeros((0, 192, 128, 3), np.uint8)", "missing_output", "no frame"),
    "constant": (
        "return np.full((32, 192, 128, 3), (255, 0, 7), np.uint8)",
        "bad_output",
        "one constant",
    ),
    "long": ("return inputs.reference_image[None].repeat(40, 0)", "bad_output", "40 frames"),
    "wide": (
        "return np.eye(32 * 192, 300, dtype=np.uint8).reshape(32, 192, 300, 1).repeat(3, 3)",
        "bad_output",
        "300x192 px, expected 128x192",
    ),
    "short": (
        "return inputs.reference_image[None].repeat(9, 0)",
        "too_short",
        "9 frames, expected 32",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_one_case_and_is_named(
    fault: str, tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """The first case goes wrong, the other three are done, the kind is recorded."""
    body, kind, reason = FAULTS[fault]
    first = tiny.cases("self", "smoke")[0].case_id
    marker = store.folder / "first_seen"
    marker.parent.mkdir(parents=True)
    # whichever case this worker sees first goes wrong
    guarded = (
        f"first = not os.path.exists({str(marker)!r}); open({str(marker)!r}, 'w').close()\n"
        f"        if first:\n            {body}\n"
        "        return np.repeat(inputs.reference_image[None], inputs.frames, 0)"
    )
    card = method(fault, guarded)

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    (failed,) = summary.failed
    assert (failed.case_id, failed.failure) == (first, kind)
    assert reason in failed.reason
    assert summary.finished == 4
    again = run(store, tiny, [card], ["self"], "smoke", workers=1)
    assert (again.finished, again.done_before) == (0, 4)
    retried = run(store, tiny, [card], ["self"], "smoke", workers=1, retry_failed=True)
    assert (retried.finished, retried.failed) == (1, [])


def test_a_method_that_hangs_fails_its_cases_and_nothing_else(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """Each of its four cases is ended after its second; the other method is done."""
    cards = [method("hangs", "time.sleep(600)", card="timeout_seconds: 1\n"), plugins.card("still")]

    summary = run(store, tiny, cards, ["self"], "smoke", workers=1)

    assert [failed.failure for failed in summary.failed] == ["timeout"] * 4
    assert {failed.reason for failed in summary.failed} == {"no answer within 1 s"}
    assert summary.made == 4


def test_a_method_cannot_look_at_what_its_card_does_not_name(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """`inputs seen` in the table is true."""
    card = method("peeks", "return inputs.truth")

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert len(summary.failed) == 4
    assert "looked at 'truth', which its card does not declare" in summary.failed[0].reason


def test_a_method_is_given_the_grid_its_card_asks_for(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """16 fps at 96x160: the driver is rendered so, the answer is sampled back to 8 Hz, 128x192.

    Scoring ends at 3.875 s: 3.875 * 16 = 62, so frames 0 to 62 are needed.
    """
    card = method(
        "native",
        "assert inputs.driving_video.shape == (63, 160, 96, 3), inputs.driving_video.shape\n"
        "        assert inputs.driving_pose.xy.shape == (63, 18, 2)\n"
        "        assert inputs.reference_pose.width == 96\n"
        "        return inputs.driving_video",
        card="inputs_seen: [driving_rgb, pose]\nnative:\n  fps: 16\n  size:\n    width: 96\n"
        "    height: 160\n",
    )

    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)

    assert [failed.reason for failed in summary.failed] == []
    case = tiny.cases("self", "smoke")[0]
    path = store.prediction(tiny, "self", "native", 0, case.case_id)
    result = json.loads(path.with_suffix(".json").read_text())
    assert read_video(path).frames.shape == (32, 192, 128, 3)
    assert result["time_error_seconds"] == pytest.approx(0, abs=1e-9)


def test_a_stochastic_method_runs_three_fixed_seeds(
    tiny: Dataset, store: RunFolder, method: MakeMethod
) -> None:
    """And the seed reaches it."""
    body = (
        "rng = np.random.default_rng(inputs.seed)\n"
        "        return rng.integers(0, 256, (32, 192, 128, 3), dtype=np.uint8)"
    )
    card = method("noise", body, card="stochastic: true\n")

    run(store, tiny, [card], ["self"], "smoke", workers=1)

    case = tiny.cases("self", "smoke")[0].case_id
    digests = {
        store.prediction(tiny, "self", "noise", seed, case).read_bytes() for seed in (0, 1, 2)
    }
    assert len(digests) == 3


def test_a_plan_writes_nothing(tiny: Dataset, store: RunFolder) -> None:
    """`dry_run` is free of side effects."""
    jobs, _ = plan(store, tiny, [plugins.card("still")], ["self", "cross"], "smoke")

    assert len(jobs) == 8
    assert not store.folder.exists()


def test_what_has_no_meaning_is_not_applicable_and_not_failed(
    tiny: Dataset, store: RunFolder
) -> None:
    """`copy_driving` equals the truth in `self`."""
    summary = run(store, tiny, [plugins.card("copy_driving")], ["self"], "smoke", workers=1)

    assert summary.failed == []
    assert [(method, protocol) for method, protocol, _ in summary.not_applicable] == [
        ("copy_driving", "self")
    ]


def test_predictions_do_not_depend_on_the_number_of_workers(tiny: Dataset, tmp_path: Path) -> None:
    """One worker and two give the same bytes."""
    cards = [plugins.card(name) for name in ("puppet_warp", "similarity_warp", "copy_driving")]
    found = []
    for workers in (1, 2):
        store = RunFolder.of(tmp_path, f"workers{workers}")
        run(store, tiny, cards, ["cross"], "smoke", workers=workers)
        files = sorted((store.folder / "predictions").rglob("*.mp4"))
        found.append([(path.name, path.read_bytes()) for path in files])

    assert len(found[0]) == 12
    assert found[0] == found[1]
