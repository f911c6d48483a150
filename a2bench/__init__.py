"""A²Bench: the benchmark for character image animation.

Data set -> run -> score -> table; see the README. Plug-ins (metrics, methods, runners) are
reached by name through `a2bench.plugins`. In a training loop:

    values = a2bench.evaluate(predict, dataset="a2bench-proc", split="mini", protocol="self")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a2bench.evaluation import evaluate

__all__ = ["evaluate"]


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    if name == "evaluate":
        from a2bench.evaluation import evaluate

        return evaluate
    raise AttributeError(f"module 'a2bench' has no attribute {name!r}")
