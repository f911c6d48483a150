"""How the report behaves with 500 cases x 10 methods, from files that repeat.

    python benchmarks/report_scale.py [--cases 500] [--methods 10] [--out FOLDER]

The committed leaderboard of split `full` (its cases and attributes) is given ten methods; one
preview is written under every name (in --out what is there is kept). Prints megabytes,
and CPU time: of making the pages, and of the page's main thread in a headless Chromium that opens,
filters, sorts, opens a case and plays it. Needs Chromium.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a script: tests.chromium

from a2bench import previews
from a2bench.leaderboard import Clip, Committed, read_leaderboard
from a2bench.paths import sha256_text
from a2bench.report import write_report
from a2bench.report_data import previews_of
from tests.chromium import Page, chromium

BOARD = Path("results/a2bench-proc-1.0.0/full-given_pose-a2bench")
SIZE = (384, 256)


def enlarged(found: Committed, cases: int, methods: int) -> Committed:
    """Return a leaderboard of so many methods: one that is there, with noise, under other names."""
    rng = np.random.default_rng(0)
    kept = found.cases[:cases]
    ids = {case.case_id for case in kept}
    made = found.provenance
    values = [one for one in found.values if one.case_id in ids and one.method == "still"]
    clips = {key: clip for key, clip in found.clips.items() if key[1] == "still" and key[3] in ids}
    source = [one for one in found.values if one.case_id in ids and one.method == "puppet_warp"]
    cards = {"still": made.methods["still"]}
    for number in range(methods - 1):
        name = f"method_{number:02d}"
        old = made.methods["puppet_warp"]
        title = f"Method {number:02d} of a long name"
        cards[name] = old.model_copy(
            update={"card": old.card.model_copy(update={"name": name, "title": title})}
        )
        for one in source:
            value = one.value and one.value * (1 + 0.02 * number + rng.normal(0, 0.05))
            values.append(one.model_copy(update={"method": name, "value": value}))
        for case in kept:
            sha256 = sha256_text(f"{name} {case.case_id}")
            clips["cross", name, 0, case.case_id] = Clip(float(2**number), sha256)
    provenance = made.model_copy(
        update={
            "methods": cards,
            "rows": {"cross": tuple(sorted(cards))},
            "columns": tuple(one for one in made.columns if one in {v.metric for v in values}),
            "ceilings": {},
        }
    )
    return replace(found, provenance=provenance, cases=kept, clips=clips, values=tuple(values))


def moving() -> np.ndarray:
    """Return 32 frames that cost a codec as much as a character on a busy background."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (SIZE[0] // 8, SIZE[1] // 8, 3), dtype=np.uint8)
    picture = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    frames = np.repeat(picture[None], 32, axis=0)
    for number in range(32):
        at = 40 + 4 * number
        frames[number, at : at + 120, 60:180] = np.roll(picture, 3 * number, axis=1)[:120, :120]
    return frames


def write_previews(found: Committed, out: Path) -> None:
    """Write one clip and one picture under the names of all."""
    clip = out / "clip.js"
    line = [None, *np.linspace(12, 24, 31).round(3).tolist()]
    facts = {"psnr": line, "l1": line, "flow_error_dis": line, "worst": 1}
    previews._write_clip(clip, moving(), 8.0, facts)
    text = clip.read_text()
    clip.unlink()
    previews._write_webp(out / "still.webp", moving()[0][:192], (256, 192), 74)
    still = (out / "still.webp").read_bytes()
    rows = list(found.provenance.rows["cross"])
    for one in previews_of(found, "cross", rows, out / "media"):
        one.folder.mkdir(parents=True, exist_ok=True)
        for name in (name for name, is_there in one.files().items() if not is_there):
            path = one.folder / name
            if name.endswith(".js"):
                path.write_text(text.replace('"clip"', json.dumps(path.stem), 1))
            else:
                path.write_bytes(still)
    (out / "still.webp").unlink()


class Clock:
    """CPU time of a page's main thread: it says the same on a loaded machine."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.call("Performance.enable", timeDomain="threadTicks")
        self._before = self._now()

    def _now(self) -> float:
        found = self._page.call("Performance.getMetrics")["metrics"]
        return 1000 * next(one["value"] for one in found if one["name"] == "TaskDuration")

    def lap(self) -> float:
        """Return milliseconds since the last lap."""
        now = self._now()
        took, self._before = now - self._before, now
        return took if took >= 0 else now  # a new page may have a process of its own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--methods", type=int, default=10)
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = asked.out or Path(scratch) / "report"
        found = enlarged(read_leaderboard(BOARD), asked.cases, asked.methods)
        out.mkdir(parents=True, exist_ok=True)
        write_previews(found, out)
        began = time.process_time()
        done = write_report([found], out, None)
        seconds = time.process_time() - began
        data = (out / "data" / "cross.js").stat().st_size
        clip = next((out / "media").rglob("by-*.js")).stat().st_size
        print(f"{done.cases} cases x {done.methods} methods, {done.bytes / 1e6:.0f} MB")
        print(f"tables and pages around kept previews: {seconds:.1f} s of CPU", flush=True)
        print(f"a clip {clip / 1e3:.0f} kB; data of the front page {data / 1e6:.2f} MB")
        with chromium(Path(scratch) / "profile") as page:
            page.window(1400, 1000)
            look(page, out, found.cases[0].case_id, asked.methods)


def look(page: Page, out: Path, case_id: str, methods: int) -> None:
    """Print what a page costs: CPU ms of its main thread, drawing by other threads left out."""
    clock = Clock(page)
    page.open((out / "index.html").as_uri())
    page.wait("document.querySelectorAll('.card').length")
    print(f"front page: {clock.lap():.0f} ms", flush=True)
    for what, script in (
        ("filter", "filter('family=animals')"),
        (
            "search",
            "find('search').value = 'fox'; find('search').dispatchEvent(new Event('input'))",
        ),
        ("other metric: all charts, means, cases", "clear(); select({k: 'l1'})"),
        ("sort the table", "find('board').querySelector('[data-sort=psnr]').click()"),
    ):
        clock.lap()
        page.run(f"{script}; document.body.offsetHeight")
        print(f"{what}: {clock.lap():.0f} ms", flush=True)
    clock.lap()
    page.open(f"{(out / 'case.html').as_uri()}#p=cross&c={case_id}")
    page.wait("players.length && players.every((one) => one.facts)")
    page.wait("players.every((one) => one.frames || !one.isSeen)")
    shown = page.run("players.filter((one) => one.frames).length")
    print(f"a case: {clock.lap():.0f} ms, frames of {shown} players of {methods + 2}")
    for mode in ("side", "wipe", "difference"):
        page.run(f"setMode('{mode}'); [redrawAll(), 0][1]")
        clock.lap()
        page.run("for (let i = 0; i < 10; i++) redrawAll(); 0")
        print(f"a frame of all these, {mode}: {clock.lap() / 10:.1f} ms", flush=True)
    assert page.problems == [], page.problems


if __name__ == "__main__":
    main()
