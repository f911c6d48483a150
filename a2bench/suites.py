"""Suites: which metrics a table shows, in which order, and what of a clip they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from a2bench import plugins
from a2bench.errors import unknown_name
from a2bench.metric import View


@dataclass(frozen=True)
class Suite:
    """A set of metrics that share one table.

    Attributes:
        summary: whose rules it follows, one line.
        view: the frames and pixels that its metrics see; set metrics too.
        order: of columns; metrics of plug-ins that say the suite follow, by name.
        headline: the columns that a table prints unless all are asked for, six at most; empty:
            all of them.
    """

    name: str
    summary: str
    view: View
    order: tuple[str, ...]
    headline: tuple[str, ...] = ()

    def prints(self, metric: str) -> bool:
        """Whether a table shows a metric unasked: headline ones, and those of plug-ins."""
        return not self.headline or metric in self.headline or metric not in self.order

    @property
    def counts_input_frame(self) -> bool:
        """Whether frame 0, which the method was given, is scored."""
        return self.view == "field"


SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "a2bench",
            "the headline: frames 1 on, the region where the character moves",
            "scored",
            (
                "psnr",
                "ssim",
                "l1",
                "lpips_alex",
                "lpips_vgg",
                "flow_error_dis",
                "kid",
                "kvd",
                "fid",
                "fid_vid",
                "fvd",
            ),
            # appearance, motion, distribution
            headline=("psnr", "ssim", "l1", "lpips_alex", "flow_error_dis", "kid"),
        ),
        Suite(
            "extended",
            "variants of the headline: full frame, background, flicker, given poses",
            "scored",
            (
                "psnr_full",
                "ssim_full",
                "l1_full",
                "flow_error_dis_full",
                "psnr_background",
                "ssim_background",
                "flow_temporal_dis",
                "flicker",
                "pose_error",
                "pck",
                "clip_reference_similarity",
                "kid_standard",
                "fid_infinity",
                "fvd_infinity",
                "fvd_videogpt",
                "fvd_cdfvd",
            ),
        ),
        Suite(
            "disco",
            "the field's script (DisCo, 2024): every frame whole, bit-compatible",
            "field",
            (
                "psnr_star",
                "psnr_uint8",
                "ssim_gray7",
                "l1_over_area",
                "lpips_vgg_unit_range",
                "fid_all_frames",
                "fid_vid_segments",
                "fid_vid_windows",
                "fvd_logits400",
            ),
        ),
    )
}
"""The suites of the project; any other name is a suite of plug-ins, with the view `scored`."""


def suite_metrics(suite: str) -> list[str]:
    """Return the metrics of a suite, in column order.

    Raises:
        A2BenchError: no such suite.
    """
    members = plugins.metric_names(suite)
    if not members:
        known = {
            name for metric in plugins.names("metrics") for name in plugins.metric(metric).suites
        }
        raise unknown_name("suite", suite, known)
    order = SUITES[suite].order if suite in SUITES else ()
    first = [name for name in order if name in members]
    return first + [name for name in members if name not in first]


def suites_metrics(suites: Iterable[str]) -> list[str]:
    """Return the metrics of several suites, each once: what one decode has to serve.

    Raises:
        A2BenchError: no such suite.
    """
    return list(dict.fromkeys(name for suite in suites for name in suite_metrics(suite)))
