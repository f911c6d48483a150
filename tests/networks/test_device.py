"""Where networks run and in which arithmetic: what a GPU changes, and what must never change."""

from pathlib import Path

import numpy as np
import pytest
import torch

from a2bench import plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.networks import inception, loading, lpips
from a2bench.records import Case, Size
from a2bench.score import CaseTask, Entry, _stages
from benchmarks.precision_checks.network import inception_tensors, lpips_tensors, pictures

needs_cuda = [
    pytest.mark.needs_cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def _maps() -> np.ndarray:
    network = lpips.prepared("alex", *lpips_tensors("alex"))
    first, second = pictures(6, 64, 48), pictures(6, 64, 48)[:, ::-1]
    return np.stack(list(lpips.frame_maps(network, first, second)))


def test_switches_of_the_process_around_do_not_reach_a_network() -> None:
    """Autocast to bfloat16 and "medium" products would move LPIPS by 1e-3; it stays to the bit."""
    plain = _maps()
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            around = _maps()
    finally:
        torch.set_float32_matmul_precision(before)

    np.testing.assert_array_equal(around, plain)


def test_inside_tf32_and_the_search_for_fast_algorithms_are_off_and_afterwards_as_they_were() -> (
    None
):
    """These switches exist without a GPU too."""
    before = [getattr(owner, name) for owner, name, _ in loading._switches()]
    torch.backends.cudnn.benchmark = True
    try:
        with loading.exact():
            assert all(getattr(owner, name) == to for owner, name, to in loading._switches())
            assert not torch.is_grad_enabled()
        assert torch.backends.cudnn.benchmark
    finally:
        torch.backends.cudnn.benchmark = False
    assert [getattr(owner, name) for owner, name, _ in loading._switches()] == before


def test_a_caller_between_two_frames_has_its_own_switches() -> None:
    network = lpips.prepared("alex", *lpips_tensors("alex"))
    frames = pictures(2, 40, 40)

    next(lpips.frame_maps(network, frames, frames[::-1]))

    assert torch.is_grad_enabled()


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for named, text in (("cuda", "sees no CUDA device"), ("toaster", "no device")):
        monkeypatch.setenv("A2BENCH_DEVICE", named)
        loading.device.cache_clear()
        with pytest.raises(A2BenchError, match=text):
            loading.device()
    loading.device.cache_clear()


def test_what_a_network_ran_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    version = torch.__version__
    monkeypatch.setattr(loading, "device", lambda: torch.device("cpu"))
    assert loading.computed_in() == f"torch {version}, cpu, float32, autocast off"

    monkeypatch.setattr(loading, "device", lambda: torch.device("cuda", 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100")
    said = f"torch {version}, NVIDIA H100, float32, TF32 off, autocast off"
    assert loading.computed_in() == said
    assert loading.by_device(cpu=1, cuda=4) == 4


def _tasks(*names: str) -> list[CaseTask]:
    case = Case(
        case_id="a",
        protocol="self",
        reference_id="a",
        driver_id="a",
        size=Size(width=64, height=64),
        frames=32,
        fps=8,
    )
    entries = tuple(
        (Entry(method, 0, Path("x.mp4"), "sha256:" + "0" * 64), names) for method in ("m", "n")
    )
    return [CaseTask(Path("data"), case, entries, Path("values"))]


@pytest.mark.parametrize("gpu", [False, True])
def test_on_a_gpu_networks_have_one_process_of_their_own(
    gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor one stage does all; metrics without a network never wait for the other."""
    monkeypatch.setattr("a2bench.score._networks_on_gpu", lambda: gpu)

    mixed = _stages(_tasks("psnr", "lpips_alex", "fid", "ssim"), 8)
    pixels = _stages(_tasks("psnr"), 8)
    networks = _stages(_tasks("fid"), 8)

    def shown(stages: list[tuple[list[CaseTask], int | None]]) -> list[tuple[object, int | None]]:
        return [([names for _, names in stage[0].entries], count) for stage, count in stages]

    both = ("psnr", "lpips_alex", "fid", "ssim")
    assert shown(pixels) == [([("psnr",)] * 2, 8)]
    if gpu:
        assert shown(mixed) == [([("psnr", "ssim")] * 2, 8), ([("lpips_alex", "fid")] * 2, 1)]
        assert shown(networks) == [([("fid",)] * 2, 1)]
    else:
        assert shown(mixed) == [([both] * 2, 8)]
        assert shown(networks) == [([("fid",)] * 2, 8)]


@pytest.mark.parametrize("pairs", [1, 4])
def test_pairs_at_a_time_change_a_map_by_rounding_at_most(
    pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU takes four: the same code, and 1e-6 because convolutions add in another order."""
    one_by_one = _maps()
    monkeypatch.setattr(lpips, "PAIRS", pairs)

    np.testing.assert_allclose(_maps(), one_by_one, rtol=0, atol=1e-6 * one_by_one.max())


@pytest.mark.parametrize("_", [pytest.param(None, marks=needs_cuda)])
def test_a_gpu_gives_the_processors_numbers(_: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 1e-5 with TF32 off; TF32 moves features by 1e-3."""
    found = {}
    for named in ("cpu", "cuda"):
        monkeypatch.setenv("A2BENCH_DEVICE", named)
        loading.device.cache_clear()
        network = inception.prepared(inception_tensors())
        with loading.exact():
            images = inception.to_tensor(pictures(9, 120, 80))
            features = inception.features(network, images).cpu().numpy()
        found[named] = (_maps(), features)
    loading.device.cache_clear()

    for cpu, gpu in zip(found["cpu"], found["cuda"], strict=True):
        assert np.abs(gpu - cpu).max() <= 1e-5 * np.abs(cpu).max()


@pytest.mark.full
@pytest.mark.parametrize("_", [pytest.param(None, marks=needs_cuda)])
def test_scoring_on_a_gpu_records_it(_: None, tiny: Dataset, tmp_path: Path) -> None:
    """With real weights only: LPIPS of two methods, from videos to provenance."""
    if lacking := plugins.metric("lpips_alex").missing():
        pytest.skip(lacking)
    from a2bench.boards import board
    from a2bench.run import run
    from a2bench.score import score
    from a2bench.store import RunFolder

    store = RunFolder.of(tmp_path, "gpu")
    cards = [plugins.card(name) for name in ("still", "puppet_warp")]
    run(store, tiny, cards, ["self"], "smoke", workers=1)
    values = score(store, tiny, cards, ["self"], "smoke", ["lpips_alex"], workers=2)

    said = {value.computed_in for value in values}
    assert len(said) == 1
    assert torch.cuda.get_device_name(0) in said.pop()
    made = board(store, tiny, ["puppet_warp"], ["self"], "smoke", "a2bench")
    assert torch.cuda.get_device_name(0) in made.provenance.libraries["networks"]
