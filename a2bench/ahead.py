"""Inputs of the clips that come next, read while a method is at others."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from a2bench.answers import case_inputs, native_grid
from a2bench.dataset import Dataset
from a2bench.method import Inputs
from a2bench.records import MethodCard, Request


def read_inputs(card: MethodCard, request: Request) -> Inputs:
    """Return what a method may look at for one clip, all of it read."""
    dataset = Dataset.open(Path(request.dataset))
    inputs = case_inputs(dataset, card, request, native_grid(card, request))
    inputs.read_all()
    return inputs


class Ahead:
    """Reads in one thread of its own what it is told to expect.

    Driving clips are drawn at the rate and size a card asks for and decoded, on a core: a GPU
    would have to wait for that between two clips.
    """

    def __init__(self) -> None:
        """Start nothing: the thread comes with the first clip that is expected."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._now: dict[str, Future[Inputs]] = {}
        self._next: dict[str, Future[Inputs]] = {}

    def expect(self, card: MethodCard, requests: Sequence[Request]) -> None:
        """Begin to read; what was expected two calls ago, and never came, is forgotten."""
        for forgotten in self._now.values():
            forgotten.cancel()
        self._now = self._next
        self._next = {
            request.output: self._thread.submit(read_inputs, card, request) for request in requests
        }

    def inputs(self, card: MethodCard, request: Request) -> Inputs:
        """Return the inputs of a clip: those that were read, or read now."""
        held = self._now.pop(request.output, None) or self._next.pop(request.output, None)
        if held is not None and held.exception() is None:
            return held.result()
        return read_inputs(card, request)  # and where that raises, it is in its own clip's time
