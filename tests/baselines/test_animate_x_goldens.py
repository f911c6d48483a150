"""Animate-X against golden files of the released code: every file, every mode, every block.

`pytest tests/baselines/test_animate_x_goldens.py --goldens DIR` runs all files found in DIR;
without it, $A2BENCH_GOLDENS (where set) and the small files committed here. A folder without
goldens, or with a file that is none, is an error.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import a2bench.baselines.animate_x.sampler as sampler
from a2bench.baselines.animate_x import PerceiverConfig, PoseEncoderConfig
from a2bench.baselines.animate_x.pose_indicator import KeypointEncoder, Perceiver
from tests.baselines import animate_x_goldens as goldens
from tests.conftest import external
from tests.pose.dwpose_golden import check_pose_golden

TOLERANCE = 1e-4

pytestmark = pytest.mark.filterwarnings("ignore:.*nested tensors.*:UserWarning")


def found(option):
    """Return the golden files: those of --goldens alone, else the committed and the shared."""
    folders = [option] if option else [goldens.OWN, os.environ.get("A2BENCH_GOLDENS")]
    try:
        return [path for folder in folders if folder for path in goldens.files(Path(folder))]
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc):
    if "golden_file" not in metafunc.fixturenames:
        return
    kind = metafunc.function.__name__.split("_")[2]  # test_a_KIND_...
    cases = [
        pytest.param(path, part, id=f"{path.stem}-{part}")
        for path in found(metafunc.config.getoption("goldens"))
        if goldens.kind(golden := goldens.read(path)) == kind
        for part in goldens.parts(golden)
        if "blocks" not in metafunc.function.__name__ or f"taps_{part}" in golden
    ]
    metafunc.parametrize(("golden_file", "part"), cases)


def test_the_shared_goldens_have_every_kind(pytestconfig):
    """Where A2BENCH_REQUIRE_EXTERNAL says that they must be there, their absence is a failure."""
    if not pytestconfig.getoption("goldens"):
        shared = goldens.files(external("A2BENCH_GOLDENS"))
        kinds = {goldens.kind(goldens.read(path)) for path in shared}
        assert kinds == {"unet", "ipi", "ddim", "pose"}


def test_the_committed_goldens_have_every_kind_of_the_model():
    kinds = {goldens.kind(goldens.read(path)) for path in goldens.files(goldens.OWN)}
    assert kinds == {"unet", "ipi", "ddim"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (None, "no golden file in it"),
        ("torn.pt", "cannot be read"),
        ("other.pt", "of a known kind"),
        ("readme.txt", "of a known kind"),
    ],
)
def test_a_folder_without_goldens_or_with_a_strange_file_is_an_error(tmp_path, name, said):
    if name == "other.pt":
        torch.save({"something": torch.ones(2)}, tmp_path / name)
    elif name:
        (tmp_path / name).write_text("nothing", encoding="utf-8")
    with pytest.raises(pytest.UsageError, match=said):
        found(str(tmp_path))


@pytest.mark.full  # a pytest inside pytest
def test_the_command_fails_on_an_empty_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", __file__, "--goldens", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"{tmp_path}: no golden file in it" in done.stderr + done.stdout


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_golden_or_an_answer_that_is_not_finite_never_passes(bad):
    good = torch.zeros(3)
    wrong = torch.tensor([0.0, bad, 0.0])
    for pair in ((wrong, good), (good, wrong), (wrong, wrong)):
        assert not goldens.differs(*pair) <= TOLERANCE
        assert goldens.differs(*pair) > TOLERANCE


@pytest.fixture(scope="module")
def loaded():
    """One network a file at a time: the released size takes 7 GB."""
    kept = {}

    def load(path):
        if path not in kept:
            kept.clear()
            golden = goldens.read(path)
            kept[path] = golden, goldens.load(golden)
        return kept[path]

    return load


@torch.inference_mode()
def test_a_unet_answers_as_the_released_code(golden_file, part, loaded):
    golden, unet = loaded(golden_file)
    conditions = goldens.conditions(unet, golden, part)
    out = unet(goldens.tensor(golden["inputs"]["x"]), golden["inputs"]["t"], conditions)
    assert out.shape == golden["outputs"][part].shape
    assert goldens.differs(out, golden["outputs"][part]) <= TOLERANCE


@torch.inference_mode()
def test_a_unet_has_blocks_that_answer_as_the_released_ones(golden_file, part, loaded):
    golden, unet = loaded(golden_file)
    expected, inputs, seen = golden[f"taps_{part}"], golden["inputs"], {}
    hooks = []
    for group in ("input_blocks", "middle_block", "output_blocks"):
        for index, block in enumerate(getattr(unet, group)):
            last = block[-1] if isinstance(block, torch.nn.ModuleList) else block
            hooks.append(
                last.register_forward_hook(
                    lambda _module, _args, out, name=f"{group}.{index}": seen.update({name: out})
                )
            )
    conditions = goldens.conditions(unet, golden, part)
    x, t = goldens.tensor(inputs["x"]), inputs["t"]
    unet(x, t, conditions)
    for hook in hooks:
        hook.remove()
    seen["stem_in"] = unet.network_input(x, conditions)
    seen["time_emb"] = unet.time_embedding(t)
    seen["image_tokens"] = unet.image_tokens(goldens.tensor(inputs["image"])).flatten(1)[:, None]
    seen["ipi"] = conditions.motion.flatten(0, 1)
    keypoints = goldens.tensor(inputs["pose_embeddings"][0])
    seen["pose_tokens"] = unet.pose_embedding_before(keypoints).flatten(0, 1)
    assert expected
    assert not expected.keys() - seen.keys()
    wrong = {
        name: difference
        for name, stored in expected.items()
        if not (difference := goldens.differs(seen[name].reshape(stored.shape), stored))
        <= TOLERANCE
    }
    assert not wrong


@torch.inference_mode()
def test_an_ipi_answers_as_the_released_one(golden_file, part):
    golden = goldens.read(golden_file)[part]
    indicator = torch.nn.ModuleDict(
        {
            "pose_embedding_before": KeypointEncoder(PoseEncoderConfig(**golden["pose_encoder"])),
            "pose_embedding_after": Perceiver(PerceiverConfig(**golden["resampler"])),
        }
    )
    if "state_dict" in golden:
        weights = {name: value.float() for name, value in golden["state_dict"].items()}
        weights.pop("pose_embedding_before.pos_embed.pos_table", None)
        indicator.load_state_dict(weights)
        indicator.eval()
    else:
        goldens.fill(indicator, **golden.get("fill", {}))
    tokens = indicator["pose_embedding_before"](goldens.tensor(golden["keypoints"])).flatten(0, 1)
    assert goldens.differs(tokens, golden["pose_tokens"]) <= TOLERANCE
    motion = indicator["pose_embedding_after"](goldens.tensor(golden["clip"]), tokens)
    assert goldens.differs(motion, golden["ipi"]) <= TOLERANCE


def test_a_ddim_golden_is_met_by_tables_and_loops(golden_file, part):
    golden = goldens.read(golden_file)
    if part == "tables":
        for ours, name in (
            (sampler.betas(), "betas"),
            (sampler.alphas_cumprod(), "alphas_cumprod"),
        ):
            torch.testing.assert_close(ours, golden[name], rtol=0, atol=1e-12)
        for steps, expected in golden["steps"].items():
            assert sampler.times(int(steps)) == list(expected)
        return
    steps, stored = int(part.rsplit("_", 1)[1]), golden[part]
    if part.startswith("stub"):
        noise, seen = goldens.tensor(golden["noise"]), []
        cond = goldens.tensor(golden["cond"])

        def predict(x, time):
            return sampler.guided(goldens.stub(x, time, cond), goldens.stub(x, time, 0), 2.5)

        final = sampler.sample(predict, noise, steps, on_step=lambda _, x: seen.append(x))
        assert goldens.differs(torch.stack(seen), stored["trajectory"]) <= TOLERANCE
    else:
        final = loop(*goldens.beside(golden_file), steps)
    assert goldens.differs(final, stored["final"]) <= TOLERANCE


def test_a_pose_golden_is_met_by_the_front_end(golden_file, part):
    check_pose_golden(goldens.read(golden_file))


@torch.inference_mode()
def loop(golden, unet, steps):
    """Guided sampling of a UNet's golden in the mode of the released yaml, scale 2.5."""
    branches = [goldens.conditions(unet, golden, mode) for mode in ("cond_yaml", "uncond")]

    def predict(x, time):
        return sampler.guided(*(unet(x, torch.tensor([time]), branch) for branch in branches), 2.5)

    return sampler.sample(predict, goldens.tensor(golden["inputs"]["x"]), steps)


def test_the_committed_golden_is_met_by_the_guided_loop():
    golden = goldens.read(goldens.OWN / "animate_x_unet.safetensors")
    final = loop(golden, goldens.load(golden), golden["loop"]["steps"])
    assert goldens.differs(final, golden["loop"]["final"]) <= TOLERANCE


def test_every_step_count_ends_finite():
    """500 steps visit time 999, where the released code divides 0 by 0."""
    assert sampler.times(500)[0] == 999
    noise = torch.randn(1, 4, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    for steps in (1, 2, 3, 30, 333, 500, 1000):
        final = sampler.sample(lambda x, time: goldens.stub(x, time, 0), noise, steps)
        assert final.isfinite().all()
