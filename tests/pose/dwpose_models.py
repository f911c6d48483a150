"""Small ONNX networks with the inputs and outputs of DWPose's two, made here.

`constant` ones answer what they are told, whatever they see. The `bright` ones see: the detector a
person all over any picture that has a bright pixel, the estimator each key point at the brightest
column and row within its own window, so that where a picture's spot is decides where a joint is.
"""

import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELLS, COLUMNS, POINTS, WIDTH, HEIGHT = 8400, 85, 133, 288, 384


def drawn(name, shape, *, normal=True):
    """Numbers from a name, the same everywhere."""
    stream = np.random.RandomState(zlib.crc32(name.encode()))
    return stream.standard_normal(shape) if normal else stream.random_sample(shape)


def _save(path, nodes, inputs, outputs, **constants):
    def told(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        path.stem,
        [told(*each) for each in inputs],
        [told(*each) for each in outputs],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def constant_detector(path, predictions, side=640):
    """Answer (8400, 85) predictions, whatever comes."""
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["predictions", "nothing"], ["output"]),
    ]
    return _save(
        path,
        nodes,
        [("picture", (1, 3, side, side))],
        [("output", (1, *predictions.shape))],
        zero=np.float32(0),
        predictions=predictions[None].astype(np.float32),
    )


def constant_estimator(path, x, y):
    """Answer (133, 576) and (133, 768) bins, whatever comes."""
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["x", "nothing"], ["simcc_x"]),
        helper.make_node("Add", ["y", "nothing"], ["simcc_y"]),
    ]
    return _save(
        path,
        nodes,
        [("picture", ("batch", 3, HEIGHT, WIDTH))],
        [("simcc_x", (1, *x.shape)), ("simcc_y", (1, *y.shape))],
        zero=np.float32(0),
        x=x[None].astype(np.float32),
        y=y[None].astype(np.float32),
    )


def one_person(cell=8000 + 20 * 10 + 10, score=0.6, size=640.0):
    """Predictions that see one person: in the middle cell of stride 32, as large as the square."""
    predictions = np.zeros((CELLS, COLUMNS), np.float32)
    predictions[cell, 2:4] = np.log(size / 32)
    predictions[cell, 4:6] = 1, score
    return predictions


def bright_detector(path):
    """One person over the whole square, as sure as 0.6 times the brightest of all pixels.

    The grey bars are 114: a black picture comes to 0.6 * 114 / 255 = 0.27, under 0.3: nobody.
    """
    shape = np.zeros((1, 1, COLUMNS), np.float32)
    shape[..., 4] = 1
    base = one_person()
    base[:, 4] = 0
    mask = np.zeros((1, CELLS, 1), np.float32)
    mask[0, 8000 + 20 * 10 + 10] = 1 / 255
    nodes = [
        helper.make_node("ReduceMax", ["picture"], ["most"], keepdims=0),
        helper.make_node("Mul", ["mask", "shape"], ["place"]),
        helper.make_node("Mul", ["place", "most"], ["seen"]),
        helper.make_node("Add", ["base", "seen"], ["output"]),
    ]
    return _save(
        path,
        nodes,
        [("picture", (1, 3, 640, 640))],
        [("output", (1, CELLS, COLUMNS))],
        base=base[None],
        shape=shape,
        mask=mask,
    )


def windows(points=POINTS):
    """Centre (n, 2) of each key point's window, as a share of the crop."""
    return 0.2 + 0.6 * drawn("windows", (points, 2), normal=False)


def bright_estimator(path, spread=0.5):
    """Each point at the brightest column and row, weighted by a window around its own place.

    A profile is the mean over channels and the other axis, less the darkest; of a spot 7 px wide in
    a frame 128 px high some 0.2, so it is taken ten times.
    """
    centres = windows()
    weights = {}
    for axis, length in ((0, 2 * WIDTH), (1, 2 * HEIGHT)):
        share = (np.arange(length) + 0.5) / length
        window = np.exp(-(((share - centres[:, axis, None]) / spread) ** 2))
        weights["xy"[axis]] = 10 * window[None].astype(np.float32)
    nodes = []
    for one, axes in (("x", [1, 2]), ("y", [1, 3])):
        nodes += [
            helper.make_node("ReduceMean", ["picture"], [f"p{one}"], axes=axes, keepdims=0),
            helper.make_node("ReduceMin", [f"p{one}"], [f"low{one}"], axes=[1], keepdims=1),
            helper.make_node("Sub", [f"p{one}", f"low{one}"], [f"up{one}"]),
            helper.make_node("Unsqueeze", [f"up{one}", "last"], [f"u{one}"]),
            helper.make_node("Tile", [f"u{one}", "twice"], [f"t{one}"]),
            helper.make_node("Reshape", [f"t{one}", f"flat{one}"], [f"r{one}"]),
            helper.make_node("Mul", [f"r{one}", f"w{one}"], [f"simcc_{one}"]),
        ]
    return _save(
        path,
        nodes,
        [("picture", (1, 3, HEIGHT, WIDTH))],
        [("simcc_x", (1, POINTS, 2 * WIDTH)), ("simcc_y", (1, POINTS, 2 * HEIGHT))],
        last=np.array([2]),
        twice=np.array([1, 1, 2]),
        flatx=np.array([1, 1, 2 * WIDTH]),
        flaty=np.array([1, 1, 2 * HEIGHT]),
        wx=weights["x"],
        wy=weights["y"],
    )


def halves_detector(path):
    """A person in the left half of the square, and one in the right, each where it is bright.

    As sure as 0.6 times the half's brightest: a black half, or the grey bars, are nobody.
    """
    base = np.zeros((CELLS, COLUMNS), np.float32)
    cells = {"left": 8000 + 20 * 6 + 5, "right": 8000 + 20 * 6 + 15}
    masks = {}
    for name, cell in cells.items():
        base[cell, 2:4] = np.log(np.array([320, 427]) / 32)
        base[cell, 5] = 0.6
        masks[name] = np.zeros((1, CELLS, COLUMNS), np.float32)
        masks[name][0, cell, 4] = 1 / 255
    nodes = []
    for name in cells:
        nodes += [
            helper.make_node("Slice", ["picture", f"from_{name}", f"to_{name}", "axis"], [name]),
            helper.make_node("ReduceMax", [name], [f"most_{name}"], keepdims=0),
            helper.make_node("Mul", [f"mask_{name}", f"most_{name}"], [f"seen_{name}"]),
        ]
    nodes += [
        helper.make_node("Add", ["base", "seen_left"], ["one"]),
        helper.make_node("Add", ["one", "seen_right"], ["output"]),
    ]
    return _save(
        path,
        nodes,
        [("picture", (1, 3, 640, 640))],
        [("output", (1, CELLS, COLUMNS))],
        base=base[None],
        axis=np.array([3]),
        from_left=np.array([0]),
        to_left=np.array([320]),
        from_right=np.array([320]),
        to_right=np.array([640]),
        mask_left=masks["left"],
        mask_right=masks["right"],
    )
