"""The metrics through their own door, with random weights in a scratch folder and a scratch table.

The table is exchanged inside this process only: no command line and no other process ever sees
such weights under a real name.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from a2bench import plugins, weights
from a2bench.dataset import Dataset
from a2bench.features import extracted
from a2bench.metric import ClipPair
from a2bench.networks.i3d import key_shapes as i3d_keys
from a2bench.networks.resnet3d import key_shapes as resnet3d_keys
from a2bench.pair import pair_outcomes
from benchmarks.precision_checks.network import inception_tensors, lpips_tensors, pictures
from benchmarks.reference_networks import random_tensors

SETS = [name for name in plugins.names("metrics") if plugins.metric(name).of_set is not None]


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every file of the metrics' networks but CLIP's, random, with rows that know their hashes."""
    folder = tmp_path_factory.mktemp("weights")
    rows = dict(weights.table())
    i3d = random_tensors(i3d_keys())
    resnet = random_tensors(resnet3d_keys())
    contents = {
        "inception_fid": inception_tensors(),
        "alexnet_imagenet": lpips_tensors("alex")[0],
        "vgg16_imagenet": lpips_tensors("vgg")[0],
        "i3d_pretrained_400": i3d,
        "i3d_torchscript": i3d,
        "resnet3d50_kinetics": {
            "state_dict": {f"module.{key}": value for key, value in resnet.items()}
        },
    }
    for name, tensors in contents.items():
        path = folder / f"{name}.pth"
        torch.save(tensors, path)
        known = hashlib.sha256(path.read_bytes()).hexdigest() if rows[name].sha256 else None
        rows[name] = rows[name].model_copy(
            update={
                "file": path.name,
                "size_bytes": None,
                "sha256": known,
                "format": "torch",
                "converter": None,
            }
        )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(weights, "table", lambda: rows)
        patched.setenv("A2BENCH_WEIGHTS", str(folder))
        yield folder


def _clips(frames: int = 17) -> tuple[np.ndarray, np.ndarray]:
    target = pictures(frames, 64, 48)
    prediction = target.copy()
    prediction[:, 10:30, 5:25] = 255 - prediction[:, 10:30, 5:25]
    return prediction, target


@pytest.mark.usefixtures("random_weights")
@pytest.mark.parametrize("name", ["lpips_alex", "lpips_vgg", "lpips_vgg_unit_range"])
def test_lpips_averages_over_the_region_and_over_frames_in_any_order(name: str) -> None:
    metric = plugins.metric(name)
    prediction, target = _clips(3)
    prediction[1] = target[1]
    scored = np.zeros(target.shape[:3], dtype=np.bool_)
    scored[:, 8:32, 3:27] = True

    whole = metric.outcome(ClipPair(prediction, target)).value
    inside = metric.outcome(ClipPair(prediction, target, scored)).value
    turned = metric.outcome(ClipPair(prediction[::-1], target[::-1], scored)).value

    assert whole is not None
    assert inside is not None
    assert whole > 0
    assert turned == inside
    if metric.view == "scored":
        assert inside > 1.5 * whole  # the difference lies inside
    assert metric.outcome(ClipPair(target, target)).status == "identical"
    small = ClipPair(prediction[:, :12, :12], target[:, :12, :12])
    assert metric.outcome(small).status == "undefined"


@pytest.mark.usefixtures("random_weights")
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            ("fid", "kid", "fvd_logits400", "fid_vid", "fid_vid_segments", "fid_vid_windows"),
            id="some",
        ),
        pytest.param(tuple(SETS), id="all", marks=pytest.mark.full),
    ],
)
def test_every_set_metric_gives_a_number_or_a_reason_for_two_clips(names: tuple[str, ...]) -> None:
    """`--pair`: sets of one clip; kernel metrics need a second character and say so."""
    prediction, target = _clips()

    found = pair_outcomes(prediction, target, None, names)

    for name, outcome in found.items():
        if name in ("kid", "kvd") or name.endswith("_infinity") or name == "fid_vid_segments":
            assert outcome["status"] == "undefined", name
            assert outcome["reason"], name
        else:
            assert outcome["status"] == "ok", (name, outcome)
            # unbiased estimates may be negative: two clips of noise are alike
            assert name == "kid_standard" or float(str(outcome["value"])) > 0, name
    assert "set of one clip: N = 17, rank 16" in str(found["fid"]["reason"])
    assert "N = 2, rank 1" in str(found["fvd_logits400"]["reason"])
    assert "N = 2, rank 1" in str(found["fid_vid_windows"]["reason"])
    assert "unverified weights" in str(found["fid_vid"]["reason"])  # its hash is published nowhere
    assert "unverified" not in str(found["fid"]["reason"])


@pytest.mark.usefixtures("random_weights")
def test_vectors_do_not_depend_on_what_else_is_scored() -> None:
    """The same clip alone and after another: equal bits. Fewer frames: the frames' own vectors."""
    part = plugins.metric("fid").of_set
    assert part is not None
    first, second = _clips(9)

    alone = extracted(part.extractor, second)
    extracted(part.extractor, first)

    np.testing.assert_array_equal(extracted(part.extractor, second), alone)
    one = extracted(part.extractor, second[8:])
    assert np.abs(one[0] - alone[8]).max() <= 1e-6 * np.abs(alone).max()
    video = plugins.metric("fvd").of_set
    assert video is not None
    assert extracted(video.extractor, second).shape == (0, 400)  # too short


@pytest.mark.full
@pytest.mark.usefixtures("random_weights")
def test_fid_of_a_run_from_videos_to_the_table(tiny: Dataset, tmp_path: Path) -> None:
    """The truth gets 0, `still` more, and kernel distances rank."""
    from a2bench.run import run
    from a2bench.score import score
    from a2bench.store import RunFolder

    store = RunFolder.of(tmp_path, "networks")
    cards = [plugins.card(name) for name in ("still", "oracle")]
    run(store, tiny, cards, ["self"], "smoke", workers=1)

    values = score(store, tiny, cards, ["self"], "smoke", ["fid", "kid"], workers=1)

    by_name = {(value.method, value.metric): value for value in values}
    assert by_name["oracle", "kid"].value == 0
    assert by_name["oracle", "fid"].value == pytest.approx(0, abs=1e-6)
    still = by_name["still", "fid"]
    assert still.value is not None
    assert still.value > 1e-3
    assert (still.samples, still.ranked) == (4 * 31, False)
    kernel = by_name["still", "kid"]
    assert kernel.value is not None
    assert kernel.ranked
