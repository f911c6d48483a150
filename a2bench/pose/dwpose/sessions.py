"""ONNX files as callables; a file may be hostile, a device may lack."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from a2bench.errors import A2BenchError

Array = npt.NDArray[Any]

_MOST_BYTES = 2**31 - 1
"""Of an ONNX file: protobuf's own limit."""


class Session:
    """A network of one picture: float32 (1, 3, h, w) in, arrays out.

    Attributes:
        size: (w, h) of the picture.
    """

    def __init__(
        self, path: Path, device: str, *, size: tuple[int, int], outputs: Sequence[tuple[int, ...]]
    ) -> None:
        """Load a file.

        The bytes are read here and handed over, so a file that names further files with weights
        cannot make the runtime open them.

        Args:
            path: ONNX file.
            device: "cpu", "cuda" or "cuda:N".
            size: (w, h) the picture must have.
            outputs: shape of each output for one picture.

        Raises:
            A2BenchError: onnxruntime or the device lacks, or it is not such a network.
        """
        runtime = _onnxruntime()
        if not path.is_file():
            raise A2BenchError(f"{path}: no such file\nhint: a2bench fetch dwpose")
        if (bytes_ := path.stat().st_size) > _MOST_BYTES:
            raise A2BenchError(f"{path}: {bytes_} bytes, an ONNX file has at most {_MOST_BYTES}")
        options = runtime.SessionOptions()
        options.log_severity_level = 3  # errors are raised; its warnings are for its developers
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
        providers = _providers(runtime, device)
        try:
            self._session = runtime.InferenceSession(
                path.read_bytes(), sess_options=options, providers=providers
            )
        except Exception as error:  # onnxruntime's errors have no base class of their own
            first = str(error).strip().split("\n", 1)[0][:300]
            raise A2BenchError(f"{path}: not an ONNX network: {first}") from error
        if device != "cpu" and "CUDAExecutionProvider" not in self._session.get_providers():
            raise A2BenchError(f"{path}: onnxruntime could not use {device}; {_CUDA_HINT}")
        self.size = size
        self._path = path
        self._expected = [tuple(shape) for shape in outputs]
        inputs = self._session.get_inputs()
        wanted = (3, size[1], size[0])
        came = [(each.type, tuple(each.shape)) for each in inputs]
        if len(inputs) != 1 or came[0][0] != "tensor(float)" or came[0][1][1:] != wanted:
            raise A2BenchError(f"{path}: takes {came}, expected float32 pictures {wanted}")
        self._input = inputs[0].name

    def __call__(self, picture: Array) -> list[npt.NDArray[np.float32]]:
        """Run one picture (3, h, w).

        Raises:
            A2BenchError: outputs of other shapes, or not finite.
        """
        try:
            found: list[Any] = self._session.run(
                None, {self._input: np.ascontiguousarray(picture[None], np.float32)}
            )
        except Exception as error:  # see above
            first = str(error).strip().split("\n", 1)[0][:300]
            raise A2BenchError(f"{self._path}: failed: {first}") from error
        shapes = [tuple(np.shape(each)) for each in found]
        if shapes != self._expected:
            raise A2BenchError(f"{self._path}: answered {shapes}, expected {self._expected}")
        if not all(np.isfinite(each).all() for each in found):
            raise A2BenchError(f"{self._path}: answered numbers that are not finite")
        return [np.asarray(each, np.float32) for each in found]


_CUDA_HINT = "this onnxruntime has no CUDA\nhint: pip install onnxruntime-gpu, or device='cpu'"


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise A2BenchError(
            f"DWPose needs onnxruntime: {error}\nhint: pip install 'a2bench[dwpose]'"
        ) from error
    return onnxruntime


def _providers(runtime: Any, device: str) -> list[Any]:
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ["CPUExecutionProvider"]
    if kind != "cuda" or not (index or "0").isdigit():
        raise A2BenchError(f"device {device!r}: expected cpu, cuda or cuda:N")
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        raise A2BenchError(f"DWPose on {device}: {_CUDA_HINT}")
    cuda = ("CUDAExecutionProvider", {"device_id": int(index or 0)})
    return [cuda, "CPUExecutionProvider"]
