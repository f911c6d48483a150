"""Suites: which metrics a table shows, in which order."""

from a2bench import plugins
from a2bench.errors import unknown_name

ORDER: dict[str, tuple[str, ...]] = {
    "a2bench": ("psnr", "ssim", "l1", "flow_error_dis"),
    "extended": ("psnr_full", "ssim_full", "l1_full", "flow_error_dis_full"),
}
"""The order of columns; metrics of plug-ins that say a suite follow, by name."""


def suite_metrics(suite: str) -> list[str]:
    """Return the metrics of a suite, in column order.

    Raises:
        A2BenchError: no such suite.
    """
    members = plugins.metric_names(suite)
    if not members:
        suites = {
            name for metric in plugins.names("metrics") for name in plugins.metric(metric).suites
        }
        raise unknown_name("suite", suite, suites)
    first = [name for name in ORDER.get(suite, ()) if name in members]
    return first + [name for name in members if name not in first]
