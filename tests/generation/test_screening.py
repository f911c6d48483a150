"""Made candidates, good and spoiled: the screening keeps and rejects by name, and says why."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from a2bench import plugins
from a2bench.builders.estimated_poses import Networks
from a2bench.cli.hydra_verbs import CONF
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.generation.assemble import ordered
from a2bench.generation.build import Outcome, build
from a2bench.generation.candidates import Candidate, with_accurate
from a2bench.generation.plan import prepare
from a2bench.generation.prompts import GRAMMAR, committed_prompts
from a2bench.generation.review import read_review
from a2bench.generation.screening import Measures, Verdict, judge, measure
from a2bench.generation.settings import (
    AccurateRule,
    PipelineSettings,
    Thresholds,
    VideoSettings,
)
from a2bench.metric import Video
from a2bench.pose.dwpose.wholebody import WholeBodyClip
from a2bench.records import Size
from a2bench.run import run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.verify import verify_dataset
from a2bench.video import write_png, write_truth
from tests.generation.conftest import FRAMES, on_stage, rows_of

Cli = Callable[..., subprocess.CompletedProcess[str]]

LIMITS = Thresholds(
    pose_share=0.9, pose_confidence=0.5, pose_jitter=0.05, one_subject=0.9, identity_colour=0.5,
    identity_clip=0.75, motion_least=0.03, motion_most=2.0, cut=0.15,
)  # fmt: skip
"""The defaults."""

ACCURATE = AccurateRule(most=100, pose_share=1.0, pose_confidence=0.7, pose_jitter=0.026)
DEFAULTS = yaml.safe_load((CONF / "build/dataset/generative.yaml").read_text())
NO_PIPELINE = PipelineSettings(_target_="diffusers.None_", size=Size(width=64, height=64), call={})
NO_VIDEO = VideoSettings(
    _target_="diffusers.None_", size=Size(width=64, height=64), call={}, frames=17, fps=8
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, figures: tuple[Video, Video]) -> Path:
    """Candidates of three prompts, as somebody brings them."""
    folder = tmp_path_factory.mktemp("made")
    first, second = figures
    cut = on_stage(first)
    cut[FRAMES // 2 :] = np.maximum(cut[FRAMES // 2 :], 100)  # another, grey place
    clips = {
        "p0001-c0": on_stage(first),
        "p0001-c1": on_stage(first, second),
        "p0001-c2": cut,
        "p0001-c3": on_stage(np.repeat(first[:1], FRAMES, axis=0)),
        "p0002-c0": on_stage(first) // 3,
        "p0002-c1": on_stage(first),
        "p0002-c2": on_stage(second),
        "p0003-c0": on_stage(np.repeat(second[:1], FRAMES, axis=0)),
    }
    for name, frames in clips.items():
        write_truth(folder / f"{name}.mp4", frames, 8, storage="lossless")
    write_png(folder / "p0001-c0.png", on_stage(first)[0])
    write_png(folder / "p0002-c1.png", on_stage(second)[0])  # of which it is no video
    write_png(folder / "p0002-c2.png", on_stage(second)[0])
    return folder


REJECTED = {
    "p0001-c1": "one_subject",
    "p0001-c2": "cut",
    "p0001-c3": "motion",
    "p0002-c0": "pose_share",
    "p0002-c1": "identity_colour",
    "p0003-c0": "motion",
}
KEPT = {"p0001-c0", "p0002-c2"}


def built(home: Path, made: Path, halves: Networks, answers: object, **plan: object) -> Outcome:
    given = {
        "name": "made", "version": "1.0.0", "prompts": committed_prompts(),
        "prompt_source": GRAMMAR, "per_prompt": 4, "seed": 0,
        "motion_prompt": DEFAULTS["motion_prompt"],
        "text_to_image": NO_PIPELINE, "image_to_video": NO_VIDEO, "folders": {}, "made": made,
        "fps": 8.0, "frames": FRAMES, "networks": halves, "device": "cpu", "identity": "colour",
        "limits": LIMITS, "accurate": ACCURATE,
    }  # fmt: skip
    plan_ = prepare(**(given | plan))  # type: ignore[arg-type]
    return build(home, plan_, answers=answers, workers=1)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, made: Path, halves: Networks, cli: Cli) -> Path:
    """Built through the command line, by the screening's word."""
    folder = tmp_path_factory.mktemp("home")
    words = [
        "build", "dataset=generative", "name=made", f"made={made}", "identity=colour",
        "device=cpu", f"detector={halves.detector}", f"estimator={halves.estimator}",
        f"frames={FRAMES}", "accurate.pose_jitter=0.026", "review=none", f"home={folder}",
        "workers=1",
    ]  # fmt: skip
    done = cli(*words)
    assert done.returncode == 0, done.stderr
    assert "screening: 2 of 8 candidates passed, 0 could not be made" in done.stdout
    assert "2 samples (0 chosen by a person), 1 prompts without one, 1 of accurate" in done.stdout
    return folder


def test_spoiled_candidates_are_rejected_by_name_and_the_others_kept(home: Path) -> None:
    rows = rows_of(home / "datasets" / "made" / "1.0.0" / "candidates.csv")
    assert set(rows) == set(REJECTED) | KEPT
    for name, row in rows.items():
        assert row["verdict"] == ("passed" if name in KEPT else "rejected"), row["reasons"]
        assert row["kept"] == ("yes" if name in KEPT else "no")
    for name, reason in REJECTED.items():
        said = {one.split()[0] for one in rows[name]["reasons"].split("; ")}
        assert reason in said, rows[name]["reasons"]
    # of a spoiled candidate every measure is there too
    assert float(rows["p0001-c1"]["one_subject"]) == 0
    assert float(rows["p0001-c3"]["motion"]) == 0


def test_what_was_kept_is_a_data_set_as_all_are(home: Path) -> None:
    found = Dataset.find(home, "made")
    assert found.info.builder == "generative"
    assert set(found.info.order) == {"p0001-camel", "p0002-pine-cone"}
    # poses of p0001 jump by 0.029 a frame, of p0002 by 0.024: accurate up to 0.026
    assert found.ids("pose_accurate") == found.ids("quant") == ("p0002-pine-cone",)
    sample = found.sample("p0001-camel")
    assert (sample.frames, sample.pose_source, sample.category) == (FRAMES, "estimated", "animals")
    assert sample.prompt == committed_prompts()[0].text
    assert not verify_dataset(found.folder, workers=1).problems
    store = RunFolder.of(home, "main")
    cards = [plugins.card("still"), plugins.card("puppet_warp")]
    summary = run(store, found, cards, ["self"], "full", workers=1)
    assert (summary.made, len(summary.failed), summary.not_applicable) == (4, 0, [])
    values = score(store, found, cards, ["self"], "full", ["psnr", "l1"], workers=1)
    assert {value.status for value in values} == {"ok"}
    assert {value.region for value in values} == {"frame"}  # there are no masks


def test_a_persons_answers_override_and_are_kept(
    home: Path, made: Path, halves: Networks, tmp_path: Path
) -> None:
    """Another version of the same candidates: the second of p0001, none of p0002."""
    work = tmp_path / "generation" / "made"
    shutil.copytree(home / "generation" / "made" / "1.0.0", work / "1.1.0")
    waiting = built(tmp_path, made, halves, "wait", version="1.1.0")
    assert waiting.dataset is None
    page = waiting.page.read_text(encoding="utf-8")
    about = json.loads(page.partition("const about = ")[2].partition(", rows = ")[0])
    answers = [
        {"prompt": "p0001", "keep": 1, "pose_accurate": True, "note": "both dance well"},
        {"prompt": "p0002", "keep": None},
    ]
    saved = tmp_path / "review.json"
    saved.write_text(json.dumps(about | {"answers": answers}))
    done = built(tmp_path, made, halves, saved, version="1.1.0")
    assert done.dataset is not None
    assert done.dataset.info.order == ("p0001-camel",)
    assert done.dataset.ids("pose_accurate") == ("p0001-camel",)
    rows = rows_of(done.dataset.folder / "candidates.csv")
    assert (rows["p0001-c1"]["kept"], rows["p0001-c1"]["kept_by"]) == ("yes", "person")
    assert rows["p0001-c1"]["note"] == "both dance well"
    assert rows["p0003-c0"]["kept_by"] == "screening"
    assert not verify_dataset(done.dataset.folder, workers=1).problems
    with pytest.raises(A2BenchError, match="decided otherwise; a version is never changed"):
        built(tmp_path, made, halves, "none", version="1.1.0")


GOOD = {"schema": "a2bench.review/1", "dataset": "made", "version": "1.0.0"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "a2bench.review/2"}, "not the page's answers"),
        ({"dataset": "other"}, "answers about other 1.0.0, not made 1.0.0"),
        ({"videos_sha256": "sha256:" + "0" * 64}, "about other videos than there are"),
        ({"answers": [{"prompt": "../../etc", "keep": 0}]}, "not the page's answers"),
        ({"answers": [{"prompt": "p0009", "keep": 0}]}, "p0009 is none of its prompts"),
        ({"answers": [{"prompt": "p0001", "keep": 0}] * 2}, "p0001 is there twice"),
        ({"answers": [{"prompt": "p0001", "keep": 7}]}, "p0001 has no candidate 7"),
        ({"answers": [{"prompt": "p0001", "keep": -1}]}, "greater than or equal to 0"),
        ({"answers": [{"prompt": "p0001", "keep": 1e9}]}, "less than 64"),
        ({"answers": [{"prompt": "p0001", "keep": 0, "note": "x" * 501}]}, "at most 500"),
        ({"answers": [{"prompt": "p0001", "keep": 0, "note": "\x1b[2J"}]}, "no plain text"),
        ({"answers": [{"prompt": "p0001", "keep": 0, "run": "rm"}]}, "Extra inputs"),
        ({"more": 1}, "Extra inputs"),
    ],
)
def test_answers_of_a_stranger_are_held_against_the_candidates(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    from a2bench.generation.candidates import videos_digest

    prompts = committed_prompts()
    candidates = [Candidate(prompts[0], n, 0, "sha256:x", MEASURED) for n in range(2)]
    whole = GOOD | {"videos_sha256": videos_digest(candidates), "answers": []} | change
    path = tmp_path / "review.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(A2BenchError, match=said):
        read_review(path, candidates, name="made", version="1.0.0")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff", "null"])
def test_a_file_that_is_no_answer_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "review.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(A2BenchError, match="not the page's answers"):
        read_review(path, [], name="made", version="1.0.0")
    with path.open("wb") as stream:
        stream.truncate(9 * 2**20)
    with pytest.raises(A2BenchError, match="answers have at most"):
        read_review(path, [], name="made", version="1.0.0")


MEASURED = Measures(
    frames=32, pose_share=1.0, pose_confidence=0.8, pose_jitter=0.01, one_subject=1.0,
    identity_colour=0.9, identity_clip=0.9, motion=0.2, cut=0.05,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("pose_share", 0.5, "pose_share 0.5 < 0.9: a pose is found in too few frames"),
        ("pose_jitter", None, "pose_jitter unknown"),
        ("pose_jitter", 0.2, "pose_jitter 0.2 > 0.05: key points jump"),
        ("identity_clip", 0.5, "identity_clip 0.5 < 0.75: the character looks unlike"),
        ("motion", 3.0, "motion 3 > 2: it moves too wildly"),
        ("cut", 0.5, "cut 0.5 > 0.15: two frames have little in common"),
    ],
)
def test_every_reason_says_measure_and_threshold(name: str, value: object, said: str) -> None:
    assert LIMITS.model_dump() == DEFAULTS["screening"]
    assert judge(MEASURED, LIMITS).passed
    verdict = judge(MEASURED.model_copy(update={name: value}), LIMITS)
    assert not verdict.passed
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].startswith(said)


def test_a_measure_nobody_took_rejects_nobody() -> None:
    assert judge(MEASURED.model_copy(update={"identity_clip": None}), LIMITS).passed


def test_measures_have_a_closed_form() -> None:
    """Eighteen points that stand still, but for one that goes 0, 3, 0, 3 px in a frame of 100 px.

    Its second differences are 6 px, the others' 0: mean 6 / 18 / 100. Frame 3 is white, the others
    black: the largest step is 1. Confidence: 17 points at 0.9 and one at 0.6.
    """
    xy = np.zeros((4, 134, 2))
    xy[:, :18] = np.linspace(20, 80, 18)[None, :, None]
    xy[:, 0, 0] = (20, 23, 20, 23)
    scores = np.zeros((4, 134))
    scores[:, :18] = 0.9
    scores[:, 0] = 0.6
    frames = np.zeros((4, 100, 100, 3), np.uint8)
    frames[3] = 255
    seen = WholeBodyClip(xy, scores, np.array([1, 1, 2, 0]), 100, 100, 8.0)
    found = measure(frames, 8, frames[0], seen)
    assert found.pose_share == 1
    assert found.pose_jitter == pytest.approx(6 / 18 / 100)
    assert found.pose_confidence == pytest.approx((17 * 0.9 + 0.6) / 18)
    assert found.one_subject == 0.5
    assert found.cut == 1
    # colours of frames 0 to 2 are the picture's, of frame 3 none is: 10th percentile of 0, 1, 1, 1
    assert found.identity_colour == pytest.approx(0.3)


def test_the_papers_rule_takes_the_hundred_surest_of_five_hundred() -> None:
    """500 candidates, every second of accurate poses: 250, of which the 100 surest."""
    prompts = committed_prompts()
    kept = [
        Candidate(
            prompt, 0, 0, "", MEASURED.model_copy(
                update={
                    "pose_jitter": 0.01 if index % 2 else 0.5,
                    "pose_confidence": 0.8 + index / 10_000,
                }
            ), Verdict(True, ()), kept=True, kept_by="screening",
        )
        for index, prompt in enumerate(prompts)
    ]  # fmt: skip
    order, splits = ordered(with_accurate(kept, ACCURATE))
    assert splits == {
        "smoke": 4, "demo": 8, "mini": 20, "lite": 50, "pose_accurate": 100, "quant": 100,
        "full": 500,
    }  # fmt: skip
    # the surest are the last of odd index: 499, 497, ..., 301
    assert {int(one.prompt.id[1:]) - 1 for one in order[:100]} == set(range(301, 500, 2))
    # a person's word goes before the rule
    told = [replace(kept[0], accurate=True, accurate_by="person"), *kept[1:]]
    order, _ = ordered(with_accurate(told, ACCURATE))
    assert "p0001" in {one.prompt.id for one in order[:100]}
    assert {int(one.prompt.id[1:]) for one in order[:100]} >= set(range(304, 501, 2))


def test_files_that_are_no_candidates_are_refused_by_name(
    tmp_path: Path, made: Path, halves: Networks
) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(made, folder)
    (folder / "p0001-c5.mp4").write_text("not a video")
    (folder / "p0001-c6.mp4").write_bytes(b"")
    (folder / "p0001-c7.mp4").symlink_to(made / "p0001-c0.mp4")
    (folder / "p9999-c0.mp4").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    (folder / "p0004-c0.png").write_bytes((made / "p0001-c0.png").read_bytes())
    with pytest.raises(A2BenchError) as caught:
        built(tmp_path, folder, halves, "none")
    text = str(caught.value)
    for name in ("p0001-c5", "p0001-c6", "p0001-c7", "p9999-c0", "notes.txt", "p0004-c0"):
        assert name in text, name
    assert "p0001-c0.mp4:" not in text
    assert not (tmp_path / "generation").exists()


def test_when_nothing_passes_the_reasons_are_counted(
    tmp_path: Path, made: Path, halves: Networks
) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copyfile(made / "p0003-c0.mp4", folder / "p0003-c0.mp4")
    with pytest.raises(A2BenchError, match=r"no candidate was kept, of 1; (.|\n)*motion: 1"):
        built(tmp_path, folder, halves, "none")
    assert not (tmp_path / "datasets").exists()
