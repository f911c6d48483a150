"""`report dataset`: one page from the disk; nothing from elsewhere, nothing obeyed."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess

import cv2
import numpy as np
import pytest

from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.gallery import encoded_outlines, encoded_pose, write_gallery
from a2bench.masks import MaskClip
from a2bench.pose.keypoints import PoseClip
from a2bench.video import read_video

Cli = Callable[..., CompletedProcess[str]]

EVIL = "</script><script>document.title='obeyed'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def gallery(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery of the four smoke characters."""
    return write_gallery(tiny, tmp_path_factory.mktemp("gallery"), workers=1).page


@pytest.fixture
def browser(tmp_path: Path) -> Callable[..., str]:
    """Open a page in headless Chromium; return its document, after its script ran."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and os.environ.get("A2BENCH_REQUIRE_EXTERNAL") == "1":
        pytest.fail("no chromium here, and A2BENCH_REQUIRE_EXTERNAL=1 wants it")
    if chromium is None:
        pytest.skip("no chromium here")

    def opened(page: Path, address: str = "", script: str = "") -> str:
        """Run `script` in the page at `address`; it may leave its finding in the title."""
        probe = page.with_name("probe.html")
        text = page.read_text()
        watch = (
            "<script>window.errors=[];addEventListener('error',(e)=>errors.push(String("
            "e.target.src||e.message)),true);addEventListener('securitypolicyviolation',"
            "(e)=>errors.push(e.blockedURI));</script>"
        )
        text = text.replace("<title>", watch + "<title>", 1)
        probe.write_text(text.replace("</body>", f"<script>{script}</script></body>"))

        def dumped(profile: Path) -> str:
            command = [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                *("--disable-dev-shm-usage", "--virtual-time-budget=20000"),
                *("--autoplay-policy=no-user-gesture-required", "--window-size=1200,1000"),
                *(f"--user-data-dir={profile}", f"{probe.as_uri()}#{address}"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
            return done.stdout

        try:
            return dumped(tmp_path / "chromium")
        except subprocess.TimeoutExpired:  # a start that hangs, seen on busy machines
            return dumped(tmp_path / "chromium-again")

    return opened


class _Links(HTMLParser):
    """Collects whatever a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_the_page_requests_nothing_from_elsewhere(gallery: Path) -> None:
    """No address in its markup, none in its styles or program, and a policy that forbids them."""
    text = gallery.read_text()
    links = _Links()
    links.feed(text)

    assert links.found == []
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text


def test_each_character_has_preview_still_and_overlay(gallery: Path, tiny: Dataset) -> None:
    """The preview has every frame at the truth's rate; a clip of 128x192 is not enlarged."""
    media = gallery.parent / "media"

    assert len(list(media.iterdir())) == 4 * 3
    for sample_id in tiny.samples:
        (preview,) = media.glob(f"{sample_id}-*.mp4")
        clip = read_video(preview)
        assert (clip.frames.shape, clip.fps) == ((32, 192, 128, 3), 8.0)


def test_poses_are_given_to_an_eighth_of_a_cell(tiny: Dataset) -> None:
    """A cell is 1/240 of the longer side: 192 px / 240 = 0.8 px, so at most 0.05 px off."""
    sample_id = next(iter(tiny.samples))
    pose = PoseClip.load(tiny.sample_file(sample_id, "pose.npz"))

    values = np.frombuffer(base64.b64decode(encoded_pose(pose)), "<i2").reshape(32, 18, 3)

    np.testing.assert_array_equal(values[..., 2], pose.visibility)
    there = pose.present
    np.testing.assert_allclose(values[..., :2][there] / 8 * 0.8, pose.xy[there], atol=0.05 + 1e-9)


def test_outlines_cover_what_the_mask_covers(tiny: Dataset) -> None:
    """Filled by the even-odd rule, as the page does; holes and second parts too."""
    sample_id = next(iter(tiny.samples))
    masks = MaskClip.load(tiny.sample_file(sample_id, "mask.npz")).foreground[:4]
    ring = np.zeros((1, 192, 128), bool)
    ring[0, 40:120, 30:100] = True
    ring[0, 60:100, 50:80] = False
    ring[0, 150:170, 10:30] = True

    for clip in (masks, ring):
        data = base64.b64decode(encoded_outlines(clip))
        at = 0
        for mask in clip:
            lines = []
            count, at = data[at], at + 1
            for _ in range(count):
                points = int.from_bytes(data[at : at + 2], "little")
                line = np.frombuffer(data[at + 2 : at + 2 + 2 * points], np.uint8)
                lines.append(line.reshape(-1, 2).astype(np.int32))
                at += 2 + 2 * points
            drawn = np.zeros((240, 160), np.uint8)
            cv2.fillPoly(drawn, lines, 255)
            shown = cv2.resize(mask.astype(np.uint8), (160, 240), interpolation=cv2.INTER_AREA)
            both = (drawn > 0) & (shown > 0)
            assert both.sum() / ((drawn > 0) | (shown > 0)).sum() > 0.93
        assert at == len(data)


def test_made_again_only_what_is_missing_is_made(copied: Dataset, tmp_path: Path) -> None:
    """Of a sample that is another now the old preview goes; files of others stay."""
    out = tmp_path / "out"
    first = write_gallery(copied, out, workers=1)
    (out / "media" / "mine.txt").write_text("mine")
    gone = next((out / "media").glob("*.js"))
    gone.unlink()
    old = out / "media" / f"{copied.ids('smoke')[0]}-0123456789ab.mp4"
    old.write_text("")

    again = write_gallery(copied, out, workers=1)

    assert (first.made, again.made) == (4, 1)
    assert gone.exists()
    assert not old.exists()
    assert (out / "media" / "mine.txt").exists()


def test_the_command_line_writes_it_and_refuses_the_data_set_itself(
    cli: Cli, tiny: Dataset, tmp_path: Path
) -> None:
    """Another file in a version would be no part of it."""
    out = tmp_path / "page"
    done = cli("report", "dataset", str(tiny.folder), "--out", str(out), "--json")

    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["page"]) == out / "index.html"
    with pytest.raises(A2BenchError, match="lies in the data set"):
        write_gallery(tiny, tiny.folder / "gallery")


def test_texts_of_a_data_set_are_shown_not_obeyed(
    copied: Dataset, tmp_path: Path, browser: Callable[..., str]
) -> None:
    """A prompt and an attribute that hold markup."""
    rows = {
        key: row.model_copy(
            update={"prompt": EVIL, "attributes": row.attributes | {"species": EVIL, EVIL: "x"}}
        )
        for key, row in copied.samples.items()
    }
    copied.__dict__["samples"] = rows
    page = write_gallery(copied, tmp_path / "out", workers=1).page

    assert EVIL not in page.read_text()
    seen = browser(page, f"id={copied.ids('smoke')[0]}")
    assert "<title>obeyed" not in seen
    assert "onerror=alert(1)&gt;" in seen


def test_the_page_works_without_an_error(
    gallery: Path, tiny: Dataset, browser: Callable[..., str]
) -> None:
    """Every character is there; pictures, videos and overlays load, nothing is refused."""
    script = """
const began = performance.now(), count = (what) => document.querySelectorAll(what).length;
const watch = setInterval(() => {
  const said = [errors, count(".card"), count("canvas"), overlays.size, count("video")];
  if (said.slice(1).some((one) => one !== 4) && performance.now() - began < 15000) return;
  clearInterval(watch);
  document.title = JSON.stringify(said);
}, 100);
"""
    seen = browser(gallery, "skeleton=1&mask=1", script)

    title = re.search(r"<title>(.*?)</title>", seen)
    assert title is not None
    assert json.loads(title[1]) == [[], 4, 4, 4, 4]
    assert all(f'title="{sample_id}"' in seen for sample_id in tiny.samples)


@pytest.mark.parametrize(
    ("address", "cards"),
    [("species=fox", 1), ("species=fox&species=ghost", 2), ("species=fox&style=vinyl", 0)],
)
def test_filters_are_in_the_address(
    gallery: Path, browser: Callable[..., str], address: str, cards: int
) -> None:
    """Values of one attribute are alternatives, attributes narrow each other."""
    assert browser(gallery, address).count('class="card"') == cards


def test_search_and_keys(gallery: Path, tiny: Dataset, browser: Callable[..., str]) -> None:
    """/ s m, arrows and Enter between cards, and in the view arrows, comma, full stop, Escape."""
    first, second = tiny.ids("smoke")[:2]
    script = """
const said = [], key = (name, at) => (at || document.activeElement || document.body)
  .dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
key("/"); said.push(document.activeElement.id);
find("search").value = "ghost"; find("search").dispatchEvent(new Event("input"));
said.push(shown.map((one) => one.species || one.title).join());
document.activeElement.blur(); key("c"); said.push(shown.length);
key("s"); key("m"); said.push(state.skeleton && state.mask);
gridPlace.firstChild.focus(); key("ArrowRight"); said.push(document.activeElement.title);
document.activeElement.click(); said.push(state.open);
key("ArrowLeft", dialog); said.push(state.open);
key(".", dialog); key(".", dialog); key(",", dialog); said.push(view.frame);
dialog.addEventListener("close", () => setTimeout(() => {
  said.push(state.open, errors.length);
  document.title = JSON.stringify(said);
}, 0), {once: true});
dialog.close();
"""
    title = re.search(r"<title>(.*?)</title>", browser(gallery, "still=1", script))

    assert title is not None
    assert json.loads(title[1]) == ["search", "ghost", 4, True, second, second, first, 1, "", 0]
