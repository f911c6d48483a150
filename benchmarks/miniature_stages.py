"""The steps of `mini_epi`'s recipe that are no training. docs/miniature.md has all commands.

    python benchmarks/miniature_stages.py rescale RUN OUT   # after the first stage
    python benchmarks/miniature_stages.py average RUN OUT   # after the second
    python benchmarks/miniature_stages.py half WEIGHTS OUT  # what is committed

`average` writes the averaged weights of the newest checkpoint of a stopped run. `rescale` also puts
its latents on another scale. Latents of a patch codec are principal components times their standard
deviation to the power -0.5; with -0.75 fine directions count more in the loss. Where the network
reads and writes latents its weights are divided and multiplied by the ratio, so the answer is the
same before training goes on (for a model of one step from pure noise: its noisy latents do not
depend on the scale).

`half` stores the UNet in float16 (norms in float32), as `AnimateXPipeline` does.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from a2bench.baselines.animate_x import AnimateXPipeline
from a2bench.baselines.animate_x.training import AnimateXTrainer
from a2bench.training import checkpoint
from a2bench.training.launch import clips_of


def averaged(run: Path) -> AnimateXPipeline:
    """Return the pipeline of a run's newest checkpoint."""
    settings = json.loads((run / "training.json").read_text(encoding="utf-8"))
    data = {key: value for key, value in settings["data"].items() if key != "cast"}
    seed = settings["loop"]["seed"]
    trainer = AnimateXTrainer(settings["options"], clips_of(data, run), seed=seed)
    newest = checkpoint.folders(run)[-1]
    learned = checkpoint.learned(trainer.module)
    averages = load_file(newest / "average.safetensors")
    assert averages.keys() == learned.keys()
    with torch.no_grad():
        for name, value in averages.items():
            learned[name].copy_(value)
    print(f"{newest}: {len(averages)} tensors")
    return trainer.pipeline()


def rescale(run: Path, out: Path, power: float = 0.75) -> None:
    """Write the pipeline of a run with latents on a scale of standard deviations to -power."""
    pipeline = averaged(run)
    codec, unet = pipeline.vae, pipeline.unet
    rescaled = codec.scale ** (2 * power)  # the scale is the standard deviation to -1/2
    ratio = rescaled / codec.scale
    with torch.no_grad():
        codec.scale.copy_(rescaled)
        unet.out[2].weight.mul_(ratio[:, None, None, None])
        unet.out[2].bias.mul_(ratio)
        unet.randomref_embedding2[0].weight.div_(ratio[:, None, None])
    pipeline.save_pretrained(out)


def average(run: Path, out: Path) -> None:
    """Write the pipeline of a run."""
    averaged(run).save_pretrained(out)


def half(weights: Path, out: Path) -> None:
    """Write a pipeline with its UNet in float16."""
    AnimateXPipeline.from_pretrained(weights, dtype=torch.float16).save_pretrained(out)


def main() -> None:
    """Do one of the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("rescale", "average", "half"))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    steps = {"rescale": rescale, "average": average, "half": half}
    steps[options.what](options.source, options.out)


if __name__ == "__main__":
    main()
