"""Perceptual distance over the region, with AlexNet (LPIPS v0.1).

    LPIPS = sum over 5 layers of w_l . (f_l(p) - f_l(t))^2, f of unit length over channels

Averages over: the map of the whole frame (each layer enlarged bilinearly to the frame, as
`spatial=True` does) is averaged over all scored pixels and frames of the clip. Pixels near the
region's edge see what lies beyond it.

Special inputs: identical clips give 0 with status `identical`. A side under 31 px is `undefined`:
nothing is left in the last layer. One frame is a clip like any other.

The network is fed RGB in [-1, 1], as it was trained. The field's script feeds [0, 1]:
`lpips_vgg_unit_range`.
"""

import math

from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def lpips_alex(pair: ClipPair) -> Outcome:
    """LPIPS (AlexNet) of one clip over its region."""
    from a2bench.networks import lpips

    if small := lpips.too_small("alex", pair.target):
        return Outcome(None, "undefined", small)
    maps = lpips.frame_maps(lpips.loaded("alex"), pair.prediction, pair.target)
    return Outcome(lpips.mean_over(maps, pair.scored_pixels))


METRIC = Metric(
    version=1,
    title="LPIPS (AlexNet)",
    summary="perceptual distance over the region where the character moves",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=lpips_alex,
    weights=("alexnet_imagenet", "lpips_alex_head"),
    digits=3,
    formula="sum over 5 layers of weighted squared differences of unit-length AlexNet features, "
    "averaged over scored pixels and frames",
    minimum="1 frame, sides of 31 px",
    pitfalls="Two backbones are two metrics: alex and vgg values never compare. Mild on shifts of "
    "a few pixels, hard on missing texture.",
    paper="Zhang, Isola, Efros, Shechtman and Wang, The Unreasonable Effectiveness of Deep "
    "Features as a Perceptual Metric, CVPR 2018",
    code="lpips 0.1.4 (richzhang/PerceptualSimilarity), spatial=True",
    licences="code BSD-2-Clause; backbone BSD-3-Clause (torchvision); heads BSD-2-Clause",
    choices={
        "network": "AlexNet (torchvision), LPIPS v0.1 heads",
        "range": "[-1, 1]",
        "resize": "none",
        "frames": "all after the input frame",
        "region": "map averaged over scored pixels",
        "layers": "enlarged bilinearly, then added",
    },
    agreement=(Agreement("lpips 0.1.4 alex, map", 1e-05),),
)
