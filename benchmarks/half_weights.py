"""Store an Animate-X pipeline's UNet in float16 (norms in float32), half as large.

python benchmarks/half_weights.py a2bench-data/trained/models/mini_epi/weights OUT
"""

import argparse
from pathlib import Path

import torch

from a2bench.baselines.animate_x import AnimateXPipeline


def main() -> None:
    """Read one folder, write the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("weights", type=Path, help="folder of `save_pretrained`")
    parser.add_argument("out", type=Path, help="folder that is written")
    options = parser.parse_args()
    pipeline = AnimateXPipeline.from_pretrained(options.weights, dtype=torch.float16)
    pipeline.save_pretrained(options.out)


if __name__ == "__main__":
    main()
