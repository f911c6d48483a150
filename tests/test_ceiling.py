"""Ceiling and skill (scoring rule 7): what a method's own frame, rate and fit cost it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from a2bench import plugins
from a2bench.boards import board, ceilings_of
from a2bench.dataset import Dataset
from a2bench.normalise import BadPrediction, fit_image
from a2bench.ondemand import Grid, load_truth, true_frames
from a2bench.records import MethodCard, Size, Value
from a2bench.results import Caption, Leaderboard, aggregate
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.tables import caption_parts, notes, skill_text, to_csv

DIGEST = "sha256:" + "0" * 64
CASES = ("a", "b", "c")

HALF_AT_10_HZ = """
name: small
title: Small
summary: A method that works at half the size and at 10 Hz.
kind: in_process
entry: Small
inputs_seen: []
native: {size: {width: 64, height: 96}, fps: 10, fit: stretch}
"""
SMALL = """
import numpy as np
class Small:
    def __init__(self, device): pass
    def __call__(self, inputs):
        return np.repeat(inputs.reference_image[None], inputs.frames, axis=0)
"""


@pytest.fixture
def small(plugin_folder: Path) -> MethodCard:
    """A method whose map loses something."""
    (plugin_folder / "baselines" / "small.yaml").write_text(HALF_AT_10_HZ)
    (plugin_folder / "baselines" / "small.py").write_text(SMALL)
    plugins.card.cache_clear()
    return plugins.card("small")


def _values(method: str, numbers: tuple[float, ...]) -> list[Value]:
    return [
        Value(
            protocol="self",
            method=method,
            seed=0,
            case_id=case_id,
            metric="l1",
            version=1,
            value=number,
            status="ok",
            region="motion",
            unit="1",
            key=DIGEST,
        )
        for case_id, number in zip(CASES, numbers, strict=True)
    ]


def _card(name: str, *, reference_row: bool = False) -> MethodCard:
    facts = {"name": name, "title": name, "summary": "s", "kind": "precomputed"}
    return MethodCard.model_validate(facts | {"inputs_seen": (), "reference_row": reference_row})


def _board(ceilings: dict[str, str | None], best: tuple[float, ...]) -> Leaderboard:
    values = _values("still", (0.10, 0.11, 0.12)) + _values("mine", (0.06, 0.06, 0.06))
    values += _values("top", best)
    return aggregate(
        values,
        {"self": CASES},
        [_card("still"), _card("mine"), _card("top", reference_row=True)],
        ["l1"],
        caption=Caption("toy", "1.0.0", DIGEST, "smoke", "a2bench", "given_pose"),
        ceilings=ceilings,
    )


def _skill(found: Leaderboard, name: str) -> float | None:
    return next(row for row in found.rows if row.card.name == name).cells[0].skill


def test_skill_is_0_for_still_and_1_for_the_ceiling() -> None:
    # still: mean of .10 .11 .12 = .11; mine: .06
    # no map: ceiling 0, skill (.06 - .11) / (0 - .11) = .4545...
    found = _board({"still": None, "mine": None}, (0.01, 0.01, 0.01))
    assert _skill(found, "mine") == pytest.approx(5 / 11, abs=1e-12)
    assert _skill(found, "still") == 0
    assert _skill(found, "top") is None  # a reference row has no skill
    # its own map costs .01: ceiling .01, skill (.06 - .11) / (.01 - .11) = .5
    found = _board({"still": None, "mine": "top"}, (0.01, 0.01, 0.01))
    assert _skill(found, "mine") == pytest.approx(0.5, abs=1e-12)


def test_a_ceiling_within_the_interval_of_still_gives_no_skill() -> None:
    # still's interval of three characters: .11 -+ 4.3027 x .01 / sqrt(3) = .11 -+ .0248
    inside = _board({"mine": "top"}, (0.09, 0.09, 0.09))
    outside = _board({"mine": "top"}, (0.08, 0.08, 0.08))
    assert _skill(inside, "mine") is None
    assert _skill(outside, "mine") == pytest.approx(0.05 / 0.03, abs=1e-9)


def test_a_ceiling_that_was_not_run_is_told() -> None:
    found = _board({"mine": "ceiling_map_of_mine"}, (0.0, 0.0, 0.0))
    assert _skill(found, "mine") is None
    assert "`a2bench run method=ceiling_map_of_mine`" in notes(found).texts[0]


def test_csv_has_ceiling_and_skill_in_full_precision() -> None:
    text = to_csv(_board({"mine": "top"}, (0.01, 0.01, 0.01)))
    names, *rows = (line.split(",") for line in text.splitlines())
    mine = dict(zip(names, next(row for row in rows if "mine" in row), strict=True))
    assert float(mine["l1_ceiling"]) == pytest.approx(0.01)
    assert float(mine["l1_skill"]) == pytest.approx(0.5)


def test_skill_is_printed_in_whole_percent() -> None:
    row = next(row for row in _board({"mine": None}, (0.0,) * 3).rows if row.card.name == "mine")
    assert skill_text(row.cells[0]) == "45 %"
    assert skill_text(replace(row.cells[0], skill=-1.0)) == "-100 %"
    assert skill_text(replace(row.cells[0], skill=-237.3)) == "< -100 %"


def test_on_its_own_grid_the_truth_is_itself(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    own = Grid(case.size, case.fps, case.frames, "stretch")
    np.testing.assert_array_equal(true_frames(tiny, case, own), load_truth(tiny, case).frames)


def test_at_twice_the_rate_every_scored_moment_is_a_frame_of_the_truth(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    found = true_frames(tiny, case, Grid(case.size, 16, 63, "stretch"))
    np.testing.assert_array_equal(found[::2], load_truth(tiny, case).frames)


def test_between_the_moments_the_truth_is_drawn_anew(tiny: Dataset) -> None:
    """At 10 Hz, 1/8 s is nearest to 0.1 s: another picture, and no blend of two."""
    case = tiny.cases("cross", "smoke")[0]
    found = true_frames(tiny, case, Grid(case.size, 10, 40, "stretch"))
    truth = load_truth(tiny, case).frames
    np.testing.assert_array_equal(found[0], truth[0])
    np.testing.assert_array_equal(found[5], truth[4])  # both at 0.5 s
    moving = next(index for index in (1, 2, 3) if (truth[index] != truth[index - 1]).any())
    assert (found[moving] != truth[moving]).any()


def test_a_smaller_frame_is_the_truth_fitted_into_it(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    size = Size(width=64, height=64)
    found = true_frames(tiny, case, Grid(size, case.fps, case.frames, "letterbox"))
    wanted = fit_image(load_truth(tiny, case).frames[3], size, "letterbox")
    np.testing.assert_array_equal(found[3], wanted)


def test_a_grid_that_ends_early_has_no_ceiling(tiny: Dataset) -> None:
    case = tiny.cases("self", "smoke")[0]
    with pytest.raises(BadPrediction, match="too short") as caught:
        true_frames(tiny, case, Grid(case.size, 8, 16, "stretch"))
    assert caught.value.failure == "too_short"


def test_a_map_that_loses_nothing_needs_no_row_of_its_own(tiny: Dataset, small: MethodCard) -> None:
    own = plugins.card("still")
    size = tiny.sample(tiny.info.order[0]).size
    double = own.model_copy(
        update={"name": "double", "native": own.native.model_copy(update={"size": size, "fps": 16})}
    )
    assert ceilings_of(tiny, [own, double, small]) == {
        "still": None,
        "double": None,
        "small": "ceiling_map_of_small",
    }


def test_a_ceiling_is_run_and_scored_like_a_method(
    tiny: Dataset, small: MethodCard, tmp_path: Path
) -> None:
    cards = [plugins.card("still"), small, plugins.card("ceiling_map_of_small")]
    store = RunFolder.of(tmp_path, "test")
    metrics = ["psnr", "l1"]
    run(store, tiny, cards, ["cross"], "smoke", workers=1)
    score(store, tiny, cards, ["cross"], "smoke", metrics, workers=1)
    found = board(store, tiny, None, None, "smoke", "a2bench", metrics=metrics)
    rows = {row.card.name: row for row in found.leaderboard.rows}
    ceiling = rows["ceiling_map_of_small"]
    assert ceiling.card.reference_row
    assert ceiling.cells[0].rank is None
    assert ceiling.card.title == "Ceiling of Small"
    assert ceiling.cells[0].value is not None
    assert ceiling.cells[0].value < 58.92
    for at in (0, 1):
        cell = rows["small"].cells[at]
        assert cell.ceiling == ceiling.cells[at].value
        assert rows["still"].cells[at].ceiling == pytest.approx((58.92, 0.0)[at], abs=0.01)
    assert found.provenance.ceilings == {"small": "ceiling_map_of_small", "still": None}


def test_a_subset_is_a_table_of_its_cases_and_says_so(tiny: Dataset, tmp_path: Path) -> None:
    cards = [plugins.card("still")]
    store = RunFolder.of(tmp_path, "test")
    run(store, tiny, cards, ["self"], "smoke", workers=1)
    score(store, tiny, cards, ["self"], "smoke", ["l1", "kid"], workers=1)
    family = tiny.sample(tiny.info.order[0]).category
    of_it = [key for key in tiny.info.order[:4] if tiny.sample(key).category == family]
    found = board(
        store, tiny, None, None, "smoke", "a2bench", metrics=["l1", "kid"],
        subset=[f"family={family}"],
    )  # fmt: skip
    (row,) = found.leaderboard.rows
    assert row.of == row.scored == len(of_it)
    assert ("subset", f"family={family}") in caption_parts(found.leaderboard)
    assert (
        row.cells[1].reason == "a distance of sets is computed for whole splits, not for a subset"
    )
    assert found.provenance.subset == f"family={family}"
