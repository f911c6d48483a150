"""Perceptual distance as the field's script computes it: VGG-16 fed [0, 1].

    LPIPS = sum over 5 layers of the mean of w_l . (f_l(p) - f_l(t))^2

Averages over: each layer's map over its own pixels, the layers added, then the mean over all
frames, the input frame too.

Special inputs: identical clips give 0 with status `identical`; identical frames give 0. A side
under 16 px is `undefined`. One frame is a clip like any other.

The network was trained on [-1, 1]; the script (DisCo c4fa48a) gives it `ToTensor()` without
`normalize=True` (.292 for .339 in DisCo issue 41). Where sizes differ the script stops; here the
normaliser has brought the prediction to the truth's size.
"""

import math

from a2bench.metric import Agreement, ClipPair, Metric, Outcome


def lpips_vgg_unit_range(pair: ClipPair) -> Outcome:
    """Mean over frames of LPIPS (VGG-16) of whole frames fed in [0, 1]."""
    from a2bench.networks import lpips

    if small := lpips.too_small("vgg", pair.target):
        return Outcome(None, "undefined", small)
    means = lpips.frame_means(lpips.loaded("vgg"), pair.prediction, pair.target, "unit")
    return Outcome(math.fsum(means) / len(means))


METRIC = Metric(
    version=1,
    title="LPIPS (VGG, [0, 1])",
    summary="perceptual distance of whole frames, fed the range of the field's script",
    direction="lower",
    unit="1",
    value_range=(0.0, math.inf),
    perfect=0.0,
    clip=lpips_vgg_unit_range,
    weights=("vgg16_imagenet", "lpips_vgg_head"),
    digits=3,
    region="frame",
    view="field",
    suites=("disco",),
    formula="sum over 5 layers of the mean weighted squared difference of unit-length VGG-16 "
    "features of pictures in [0, 1], mean over frames",
    minimum="1 frame, sides of 16 px",
    pitfalls="The range is not the one the network was trained on. Counts the input frame and the "
    "background. Not comparable with `lpips_vgg`.",
    paper="Zhang, Isola, Efros, Shechtman and Wang, The Unreasonable Effectiveness of Deep "
    "Features as a Perceptual Metric, CVPR 2018",
    code="Wangt-CN/DisCo @ c4fa48a tool/metrics; lpips 0.1.4 net='vgg'",
    licences="code Apache-2.0 and BSD-2-Clause; backbone BSD-3-Clause (torchvision); heads "
    "BSD-2-Clause",
    choices={
        "frames": "every frame of the clip, the input frame too",
        "region": "whole frame",
        "size": "that of the truth",
        "network": "VGG-16 (torchvision), LPIPS v0.1 heads",
        "range": "[0, 1]",
    },
    agreement=(Agreement("lpips 0.1.4 vgg, mean", 1e-05),),
)
