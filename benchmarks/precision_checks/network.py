"""The network metrics: networks beside their references, distances beside their definitions.

Networks get the same seeded random weights on both sides, batch-norm statistics included. No number
of a metric comes out of that: only how far apart two implementations are.
"""

import itertools
import warnings
from collections.abc import Callable
from functools import cache

import mpmath
import numpy as np
import torch
import torchvision

from a2bench import mmd, plugins, weights
from a2bench.frechet import frechet_distance
from a2bench.networks import clip, frames, inception, lpips, video
from a2bench.networks.i3d import key_shapes as i3d_keys
from a2bench.networks.resnet3d import key_shapes as resnet3d_keys
from benchmarks import reference_networks as reference
from benchmarks.precision_checks import Check
from benchmarks.reference_networks import Tensors, random_tensors, worst


def pictures(count: int, height: int, width: int) -> np.ndarray:
    """Noise, uint8."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@cache
def inception_tensors() -> Tensors:
    """Random weights under the keys of the published file."""
    with torch.device("meta"):
        shapes = {key: tuple(one.shape) for key, one in inception.network().state_dict().items()}
    return random_tensors(shapes)


@cache
def inception_beside_pytorch_fid() -> float:
    """Its own class, resize and range included; ours folded, channels last, in a batch."""
    import pytorch_fid.inception

    load = pytorch_fid.inception.load_state_dict_from_url
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: inception_tensors()
    try:
        theirs = pytorch_fid.inception.InceptionV3([3]).eval()
    finally:
        pytorch_fid.inception.load_state_dict_from_url = load
    images = frames.to_tensor(pictures(2, 120, 80))
    with torch.inference_mode():
        expected = theirs(images / 255)[0].flatten(1)
        return worst(inception.features(inception.prepared(inception_tensors()), images), expected)


def lpips_tensors(backbone: lpips.Backbone) -> tuple[Tensors, Tensors]:
    """A random backbone under torchvision's keys, and the published heads."""
    make = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}[backbone]
    with torch.device("meta"):
        shapes = {key: tuple(one.shape) for key, one in make(weights=None).state_dict().items()}
    used = {key: shape for key, shape in shapes.items() if key.startswith("features")}
    unused = {key: torch.zeros(1).expand(shape) for key, shape in shapes.items() if key not in used}
    return random_tensors(used) | unused, weights.tensors(f"lpips_{backbone}_head")


@cache
def lpips_beside_the_package(backbone: lpips.Backbone) -> tuple[float, float]:
    """Map (`spatial=True`, fed [-1, 1]) and mean (the worse of [0, 1] and [-1, 1]), from frames."""
    import lpips as package

    trunk, heads = lpips_tensors(backbone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision the old way
        with torch.device("meta"):
            theirs = package.LPIPS(net=backbone, pnet_rand=True, verbose=False, pretrained=False)
    keys = {key: trunk[f"features.{key.split('.', 2)[2]}"] for key in _trunk_keys(theirs)}
    scaling = {
        f"scaling_layer.{name}": torch.tensor(values).view(1, 3, 1, 1)
        for name, values in (("shift", (-0.03, -0.088, -0.188)), ("scale", (0.458, 0.448, 0.45)))
    }
    again = {f"lins.{key[3:]}": value for key, value in heads.items()}
    theirs.load_state_dict(keys | scaling | heads | again, assign=True)
    theirs.eval()
    ours = lpips.prepared(backbone, trunk, heads)
    shown = pictures(2, 70, 53)
    unit = torch.from_numpy(shown).movedim(-1, 1).float() / 255
    means: dict[lpips.Range, float] = {}
    fed_of: dict[lpips.Range, torch.Tensor] = {"unit": unit, "signed": 2 * unit - 1}
    for given, fed in fed_of.items():
        with torch.inference_mode():
            expected = theirs(fed[:1], fed[1:]).flatten()
        found = lpips.frame_means(ours, shown[:1], shown[1:], given)
        means[given] = worst(torch.tensor(found), expected)
        other = lpips.frame_means(ours, shown[:1], shown[1:], _OTHER[given])
        assert worst(torch.tensor(other), expected) > 1e-3  # a wrong range would be seen
    with torch.inference_mode():
        theirs.spatial = True
        expected = theirs(2 * unit[:1] - 1, 2 * unit[1:] - 1)[0, 0].double()
    (map_,) = lpips.frame_maps(ours, shown[:1], shown[1:])
    return worst(torch.from_numpy(map_), expected), max(means.values())


_OTHER: dict[lpips.Range, lpips.Range] = {"unit": "signed", "signed": "unit"}


def _trunk_keys(network: torch.nn.Module) -> list[str]:
    return [key for key in network.state_dict() if key.startswith("net.")]


@cache
def i3d_beside_a_second_writing() -> float:
    """DisCo's and VideoGPT's settings on 17 frames, where epsilon and pool both matter."""
    tensors = random_tensors(i3d_keys())
    clips = torch.rand((1, 3, 17, 224, 224), generator=torch.Generator().manual_seed(1)) * 2 - 1
    answers, differences = [], []
    with torch.inference_mode():
        for eps, pool in ((1e-3, 1), (1e-5, 2)):
            answers.append(video.prepared_i3d(tensors, eps=eps, pool_frames=pool)(clips))
            expected = reference.i3d(tensors, clips, eps=eps, pool_frames=pool)
            differences.append(worst(answers[-1], expected))
    assert worst(answers[0], answers[1]) > 1e-3  # a wrong setting would be seen
    return max(differences)


@cache
def resnet3d_beside_a_second_writing() -> float:
    """16 frames of 112 px."""
    tensors = random_tensors(resnet3d_keys())
    clips = torch.randn((1, 3, 16, 112, 112), generator=torch.Generator().manual_seed(1)) * 60
    with torch.inference_mode():
        expected = reference.resnet3d50(tensors, clips)
        return worst(video.prepared_resnet3d(tensors)(clips), expected)


@cache
def clip_beside_transformers() -> float:
    """A whole CLIP's tensors in, embeddings of unit length out."""
    from transformers import CLIPConfig, CLIPModel

    sizes = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12}
    vision = sizes | {"num_attention_heads": 12, "patch_size": 32, "image_size": 224}
    text = {"num_hidden_layers": 1, "hidden_size": 32, "num_attention_heads": 2, "vocab_size": 50}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = CLIPConfig(vision_config=vision, text_config=text, projection_dim=512)
        theirs = CLIPModel(config).eval()
    tensors = random_tensors({key: tuple(one.shape) for key, one in theirs.state_dict().items()})
    theirs.load_state_dict(tensors)
    old = {"vision_model.embeddings.position_ids": torch.arange(50)[None]}
    shown = pictures(2, 120, 80)
    with torch.inference_mode():
        found = theirs.get_image_features(pixel_values=clip.preprocess(shown))
        found = found if torch.is_tensor(found) else found.pooler_output
        expected = (found / found.norm(dim=1, keepdim=True)).double()
    return worst(torch.from_numpy(clip.embed(clip.prepared(tensors | old), shown)), expected)


@cache
def frechet_beside_fifty_digits() -> float:
    """12 dimensions; both sets deficient, one, none; eigenvalues of S1 S2 by mpmath."""
    differences = []
    for n, m in ((5, 7), (12, 40), (40, 60)):
        generator = np.random.default_rng(n)
        x = generator.normal(size=(n, 12))
        y = generator.normal(size=(m, 12)) @ generator.normal(size=(12, 12))
        with mpmath.workdps(50):
            expected = float(_frechet_in_mpmath(x, y))
        differences.append(abs(frechet_distance(x, y) - expected) / expected)
    return max(differences)


def _frechet_in_mpmath(x: np.ndarray, y: np.ndarray) -> mpmath.mpf:
    means, covariances = [], []
    dimension = x.shape[1]
    for side in (x, y):
        exact = mpmath.matrix(side.tolist())
        rows, columns = range(exact.rows), range(dimension)
        mean = [mpmath.fsum(exact[i, j] for i in rows) / exact.rows for j in columns]
        centred = mpmath.matrix([[exact[i, j] - mean[j] for j in columns] for i in rows])
        means.append(mean)
        covariances.append(centred.T * centred / (exact.rows - 1))
    values = mpmath.eig(covariances[0] * covariances[1], left=False, right=False)
    roots = mpmath.fsum(mpmath.sqrt(max(mpmath.mpf(0), mpmath.re(value))) for value in values)
    traces = sum(covariances[0][i, i] + covariances[1][i, i] for i in range(dimension))
    apart = mpmath.fsum((a - b) ** 2 for a, b in zip(*means, strict=True))
    return apart + traces - 2 * roots


@cache
def kernel_beside_the_definition() -> float:
    """Every pair of vectors of clips without a common character, written out."""
    generator = np.random.default_rng(0)
    labels = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("a", "e")]
    own = [generator.normal(size=(2 + i % 3, 6)).astype(np.float32) for i in range(5)]
    true = [1 + generator.normal(size=(2 + i % 3, 6)).astype(np.float32) for i in range(5)]

    def mean(first: list[np.ndarray], second: list[np.ndarray]) -> float:
        return float(
            np.mean(
                [
                    (float(x.astype(float) @ y.astype(float)) / 6 + 1) ** 3
                    for i, j in itertools.permutations(range(5), 2)
                    if all(a != b for a, b in zip(labels[i], labels[j], strict=True))
                    for x in first[i]
                    for y in second[j]
                ]
            )
        )

    expected = mean(own, own) + mean(true, true) - 2 * mean(own, true)
    return abs(mmd.by_character(own, true, labels).value - expected) / abs(expected)


@cache
def kid_beside_torch_fidelity() -> float:
    """The same subsets from the same seed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric
    x, y = np.random.default_rng(0).normal(size=(2, 60, 16))
    theirs = kid_features_to_metric(
        *(torch.from_numpy(side) for side in (x, y + 0.3)),
        kid_subsets=100,
        kid_subset_size=40,
        verbose=False,
    )[KEY_METRIC_KID_MEAN]
    return abs(mmd.of_subsets(x, y + 0.3, size=40) - theirs) / abs(theirs)


_REFERENCES: dict[str, Callable[[], float]] = {
    "pytorch-fid 0.3.0, features": inception_beside_pytorch_fid,
    "I3D written a second time, features": i3d_beside_a_second_writing,
    "3-D ResNet-50 written a second time, features": resnet3d_beside_a_second_writing,
    "lpips 0.1.4 alex, map": lambda: lpips_beside_the_package("alex")[0],
    "lpips 0.1.4 vgg, map": lambda: lpips_beside_the_package("vgg")[0],
    "lpips 0.1.4 vgg, mean": lambda: lpips_beside_the_package("vgg")[1],
    "transformers 5 CLIPModel, embeddings": clip_beside_transformers,
    "mpmath, 50 digits, distance": frechet_beside_fifty_digits,
    "the definition pair by pair, distance": kernel_beside_the_definition,
    "torch-fidelity 0.4.0, distance": kid_beside_torch_fidelity,
}


def _check(name: str, reference_name: str, bound: float) -> Check:
    return Check(
        name,
        reference_name,
        bound,
        "relative",
        lambda source: _REFERENCES[reference_name]() if source == "made" else None,
    )


CHECKS = [
    _check(name, agreement.reference, agreement.within)
    for name in plugins.names("metrics")
    for agreement in plugins.metric(name).agreement
    if agreement.reference in _REFERENCES
]
