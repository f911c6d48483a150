"""The contact sheet: every frame where its role and instant say, no frame made up."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from a2bench.contact_sheet import (
    MAX_BYTES,
    Picture,
    SheetRow,
    contact_sheet,
    spread_frames,
    write_contact_sheet,
)
from a2bench.errors import A2BenchError
from a2bench.metric import Video

RED, GREEN, BLUE, GOLD = (200, 20, 20), (20, 160, 40), (20, 40, 200), (220, 180, 0)


Colour = tuple[int, int, int]


def _clip(colour: Colour, *frames: int, size: tuple[int, int] = (96, 64)) -> Video:
    """Frames of one colour; the blue channel rises by the frame's number. Default: frame 8."""
    numbers = np.array(frames or (8,), np.uint8)
    clip = np.zeros((len(numbers), *size, 3), np.uint8)
    clip[:] = colour
    clip[..., 2] += numbers[:, None, None]
    return clip


def _row(*frames: int, **predictions: Video | str) -> SheetRow:
    return SheetRow(
        "case a", _clip(RED, 0)[0], _clip(GREEN, *frames), _clip(BLUE, *frames), predictions
    )


def _has(sheet: Picture, colour: Colour, frame: int) -> bool:
    """Whether a tile is of that colour; smooth corners have a few pixels of any shade."""
    wanted = np.array([colour[0], colour[1], colour[2] + frame])
    return bool((sheet == wanted).all(axis=-1).sum() > 1000)


def test_instants_are_spread_and_leave_out_the_input_frame() -> None:
    assert spread_frames(32, count=3) == (10, 21, 31)
    assert spread_frames(3, count=5) == (1, 2)


def test_each_role_shows_its_frame_of_that_instant() -> None:
    sheet = contact_sheet(
        [_row(8, 20, Method=_clip(GOLD, 8, 20))], instants_seconds=(1.0, 2.5), width=800
    )

    assert _has(sheet, RED, 0)  # the reference is frame 0
    for colour in (GREEN, BLUE, GOLD):
        assert _has(sheet, colour, 8)  # 1.0 s x 8 Hz
        assert _has(sheet, colour, 20)  # 2.5 s x 8 Hz
        assert not _has(sheet, colour, 9)


def test_a_failed_case_shows_no_frame_of_its_method() -> None:
    rows = [_row(Good=_clip(GOLD), Bad="oom: 24 GiB"), _row(Good=_clip(GOLD))]
    sheet = contact_sheet(rows, instants_seconds=(1.0,), width=800)
    grey = (sheet == np.array([235, 237, 241])).all(axis=-1)

    assert grey.sum() > 2000  # two tiles: failed, and not run
    assert _has(sheet, GOLD, 8)


def test_columns_come_from_the_methods_of_all_rows() -> None:
    one = contact_sheet([_row(A=_clip(GOLD))], instants_seconds=(1.0,), width=600)
    rows = [_row(A=_clip(GOLD)), _row(B=_clip(GOLD))]
    two = contact_sheet(rows, instants_seconds=(1.0,), width=600)

    # tiles of five columns are smaller, so two blocks are less than twice as tall
    assert one.shape[0] < two.shape[0] < 2 * one.shape[0]


def test_a_method_may_be_called_like_a_role() -> None:
    sheet = contact_sheet([_row(Driver=_clip(GOLD))], instants_seconds=(1.0,), width=600)

    assert _has(sheet, GREEN, 8)
    assert _has(sheet, GOLD, 8)


def test_a_sheet_without_drivers_has_no_driver_column() -> None:
    row = SheetRow("a", _clip(RED, 0)[0], None, _clip(BLUE), {"Method": _clip(GOLD)})
    sheet = contact_sheet([row], instants_seconds=(1.0,), width=600)

    assert sheet.shape[1] < 600  # three columns do not fill it
    assert not _has(sheet, GREEN, 8)


def test_clips_of_another_shape_keep_their_proportions() -> None:
    row = SheetRow("a", _clip(RED, 0)[0], None, _clip(BLUE), {"Wide": _clip(GOLD, size=(32, 64))})
    sheet = contact_sheet([row], instants_seconds=(1.0,), width=800)
    rows, columns = np.nonzero((sheet == np.array([220, 180, 8])).all(axis=-1))

    shown = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert shown == pytest.approx(64 / 32, rel=0.03)


def test_the_sheet_is_the_same_twice(tmp_path: Path) -> None:
    for name in ("first.png", "again.png"):
        write_contact_sheet(tmp_path / name, [_row(A=_clip(GOLD))], instants_seconds=(1.0,))

    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "first.png") as written:
        assert written.mode == "RGB"
        assert written.width <= 2000


def test_a_large_sheet_is_made_narrower_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 96, 64, 3), np.uint8)
    row = SheetRow("a", noise[0], noise, noise, {"A": noise})
    write_contact_sheet(tmp_path / "whole.png", [row], instants_seconds=(0.125,), width=1000)
    whole = (tmp_path / "whole.png").stat().st_size
    monkeypatch.setattr("a2bench.contact_sheet.MAX_BYTES", whole - 1)
    write_contact_sheet(tmp_path / "less.png", [row], instants_seconds=(0.125,), width=1000)

    assert whole < MAX_BYTES
    with Image.open(tmp_path / "whole.png") as first, Image.open(tmp_path / "less.png") as less:
        assert less.width < first.width
    monkeypatch.setattr("a2bench.contact_sheet.MAX_BYTES", 100)
    with pytest.raises(A2BenchError, match="fewer cases or instants"):
        write_contact_sheet(tmp_path / "none.png", [row], instants_seconds=(0.125,), width=1000)
    assert not (tmp_path / "none.png").exists()


def test_a_clip_without_one_frame_an_instant_is_refused() -> None:
    with pytest.raises(A2BenchError, match="case a, A: 4 frames for 1 instants"):
        contact_sheet([_row(A=_clip(GOLD, 1, 2, 3, 4))], instants_seconds=(2.0,))


def test_what_is_no_clip_is_refused() -> None:
    with pytest.raises(A2BenchError, match="expected RGB uint8"):
        contact_sheet([_row(A=_clip(GOLD)[..., :2])], instants_seconds=(1.0,))


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(A2BenchError, match="at least one case"):
        contact_sheet([], instants_seconds=(1.0,))


def test_too_many_columns_for_the_width_are_refused() -> None:
    row = _row(**{f"m{number}": _clip(GOLD) for number in range(30)})

    with pytest.raises(A2BenchError, match="fewer methods, or give a larger width"):
        contact_sheet([row], instants_seconds=(1.0,), width=800)


@pytest.mark.parametrize("text", ["", "x" * 300, "two\nlines\x00", "Übung 人形 🎭"])
def test_any_text_can_be_drawn(text: str) -> None:
    row = SheetRow(text, _clip(RED)[0], None, _clip(BLUE), {text: text})

    assert contact_sheet([row], instants_seconds=(1.0,), width=500).shape[2] == 3
