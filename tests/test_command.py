"""Upstream repositories: real environments, real checkouts, stand-ins for their programs."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import click.testing
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from a2bench import command, environment, plugins
from a2bench.checkout import changed_files, fetch_source, source_folder, tree_digest
from a2bench.command import plan as plan_command
from a2bench.command import shell_lines, work_root
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.paths import is_alive, only_one
from a2bench.records import MethodCard, Result
from a2bench.run import plan, planned_lines, run
from a2bench.score import score
from a2bench.store import RunFolder
from a2bench.video import read_video, write_png
from a2bench.watch import LOG_HEAD_BYTES, LOG_TAIL_BYTES
from a2bench.worker import make_worker

STANDINS = Path(__file__).parent / "standins"
GENERATED = np.array([200, 40, 40])
"""Colour of the panel that is the answer; the other panels are green and blue."""

Cli = Callable[..., CompletedProcess[str]]
MakeCard = Callable[..., MethodCard]


def git_repository(source: Path, target: Path) -> str:
    """Make a repository of a stand-in's files and return its commit."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_file():
            (target / path.name).write_bytes(path.read_bytes())
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *words], cwd=target, check=True)
    said = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=target, check=True, capture_output=True, text=True
    )
    return said.stdout.strip()


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Stand-in -> (repository, commit)."""
    root = tmp_path_factory.mktemp("upstream")
    names = ("mimicmotion", "animate_x", "musepose", "unianimate_dit", "faulty")
    return {name: (root / name, git_repository(STANDINS / name, root / name)) for name in names}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one wheel, as another index would have it: `standin_media` 1.0."""
    folder = tmp_path_factory.mktemp("wheels")
    info = "standin_media-1.0.dist-info"
    files = {
        "standin_media.py": (STANDINS / "standin_media.py").read_text(),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: standin-media\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "standin_media-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return folder


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A cache, weights and work folder that nobody else uses; uv asks no index."""
    monkeypatch.setenv("A2BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("work")))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture
def make_card(plugin_folder: Path, repositories: dict[str, tuple[Path, str]]) -> MakeCard:
    """Write a card of a stand-in and return it as it is read."""

    def make(name: str, standin: str, command: dict[str, Any], **fields: Any) -> MethodCard:
        folder, commit = repositories[standin]
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        block = {
            "source": {"url": f"file://{folder}", "commit": commit},
            "environment": {"python": python},
        } | command
        card = {
            "name": name,
            "title": name,
            "summary": "a stand-in",
            "kind": "command",
            "inputs_seen": ["driving_rgb", "pose"],
            "native": {"size": {"width": 96, "height": 160}},
            "timeout_seconds": 60,
            "command": block,
        } | fields
        path = plugin_folder / "baselines" / f"{name}.yaml"
        path.write_text(yaml.safe_dump(card, sort_keys=False))
        plugins.card.cache_clear()
        return plugins.card(name)

    return make


def verb(*words: str) -> click.testing.Result:
    """Run a verb that is no Hydra verb, in this process."""
    from a2bench.cli.main import app

    return CliRunner().invoke(app, words)


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


PAINT = """
import sys
from standin_media import write_avi
write_avi(sys.argv[1], ((200, 40, 40),), 96, 160, int(sys.argv[2]), 8)
"""


def one_case(card: MethodCard, dataset: Dataset, home: Path) -> tuple[Result, Path]:
    """Run a card's first case of `self` in this process."""
    store = RunFolder.of(home, "one")
    jobs, _ = plan(store, dataset, [card], ["self"], "smoke", seeds=[1])
    return make_worker("cpu")(jobs[0]), Path(jobs[0].request.output)


def shows_only_the_generated_panel(prediction: Path) -> bool:
    """Whether all but the moving bar (4 of 96 columns, blurred by resizing) has its colour."""
    frames = read_video(prediction).frames
    close = (np.abs(frames.astype(int) - GENERATED) < 16).all(axis=-1)
    assert frames.shape == (32, 192, 128, 3)
    return bool(0.85 < close.mean() < 1)


MIMICMOTION = {
    "weights": [{"name": "standin_motion", "link": "models/MimicMotion_1-1.pth"}],
    "terms": [{"name": "motion", "title": "Motion licence", "text": "Research only."}],
    "steps": [
        {
            "name": "inference",
            "argv": [
                "{python}",
                "inference.py",
                "--inference_config",
                "{work}/job.yaml",
                "--output_dir",
                "{work}/out",
            ],
            "files": {
                "job.yaml": "base_model_path: none\n"
                "ckpt_path: models/MimicMotion_1-1.pth\n"
                "test_case:\n"
                '  - ref_video_path: "{driving_video}"\n'
                '    ref_image_path: "{reference_image}"\n'
                "    num_frames: {frames}\n    resolution: 96\n    fps: 15\n    seed: {seed}\n"
            },
        }
    ],
    "result": {"find": "out/*.mp4"},
}


@pytest.fixture
def motion_weights(plugin_folder: Path, tmp_path: Path) -> Path:
    """A row of the weight table, and a folder that has its file."""
    content = b"not a real checkpoint"
    row = {
        "name": "standin_motion",
        "file": "standin_motion.pth",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "research only",
        "source": "https://example.invalid/motion",
        "format": "other",
    }
    (plugin_folder / "weights").mkdir()
    (plugin_folder / "weights" / "standin.yaml").write_text(yaml.safe_dump([row]))
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / row["file"]).write_bytes(content)
    return carried


def test_an_upstream_repository_goes_from_card_to_scores(
    make_card: MakeCard, motion_weights: Path, tiny_home: Path, cli: Cli
) -> None:
    """Every refusal on the way says what to type, and typing it helps."""
    card = make_card(
        "mimicmotion_like", "mimicmotion", MIMICMOTION, native={
            "size": {"width": 96, "height": 160}, "fps": 15, "frames": 60
        }, stochastic=True,
    )  # fmt: skip
    where = (f"home={tiny_home}", "dataset=a2bench-proc-tiny", "split=smoke", "protocol=self")
    command = ("run", "method=mimicmotion_like", *where, "run=motion", "seeds=1", "workers=2")

    refused = cli(*command)
    unaccepted = verb("env", "build", "mimicmotion_like")
    python = ("--interpreter", sys.executable)
    built = verb("env", "build", "mimicmotion_like", "--accept-terms", *python)
    checked = verb("env", "check", "mimicmotion_like")
    fetched = verb("fetch", "standin_motion", "--from", str(motion_weights))
    ready = verb("env", "check", "mimicmotion_like")
    listed = json.loads(verb("env", "list", "--json").stdout)
    ran = cli(*command)
    store, dataset = RunFolder.of(tiny_home, "motion"), Dataset.find(tiny_home, "a2bench-proc-tiny")
    values = score(store, dataset, [card], ["self"], "smoke", ["psnr"], seeds=[0], workers=1)
    removed = verb("env", "remove", "mimicmotion_like")

    assert refused.returncode == 2
    assert "terms not accepted: Motion licence" in refused.stderr
    assert "a2bench env build mimicmotion_like" in refused.stderr
    assert isinstance(unaccepted.exception, A2BenchError)
    assert "Research only." in unaccepted.stderr
    assert built.exit_code == 0, built.output
    assert checked.exit_code == 1
    assert "fix: a2bench fetch standin_motion" in checked.stdout
    assert fetched.exit_code == 0, fetched.output
    assert ready.exit_code == 0, ready.stdout
    states = {row["method"]: row["state"] for row in listed}
    assert states["mimicmotion_like"] == "ready"
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "4 predictions made" in ran.stdout
    assert [value.status for value in values] == ["ok"] * 4
    assert "removed: " in removed.stdout
    predictions = sorted((tiny_home / "runs/motion/predictions").rglob("*.mp4"))
    assert len(predictions) == 4
    assert all(shows_only_the_generated_panel(path) for path in predictions)
    result = Result.model_validate_json(predictions[0].with_suffix(".json").read_bytes())
    assert result.provenance["source"].startswith("file:///")
    assert result.provenance["environment"].startswith(sys.executable)
    assert result.provenance["weights standin_motion"].startswith("sha256:")
    assert set(result.seconds) == {"prepare", "step_inference", "infer", "store"}
    assert result.peak_host_mib is not None
    assert predictions[0].with_suffix(".log").read_text().startswith("[a2bench: step inference")


def uv_environment(wheels: Path) -> dict[str, Any]:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "python": python,
        "packages": ["standin-media==1.0"],
        "lock": "first_build",
        "find_links": [str(wheels)],
        "imports": ["standin_media"],
    }


def test_two_steps_and_the_column_that_is_the_answer(
    make_card: MakeCard, wheels: Path, tiny: Dataset, tmp_path: Path
) -> None:
    """Animate-X's programs in an environment that uv made from a lock with hashes."""
    config = (
        '{"max_frames": 32, "resolution": [96, 160], "log_dir": "{work}/out", "test_list_path": '
        '[[2, "{reference_image}", "{work}/saved_pose/drv", "{work}/saved_frames/drv", '
        '"{work}/saved_pkl/drv.pkl", {seed}]]}'
    )
    card = make_card(
        "animate_x_like",
        "animate_x",
        {
            "environment": uv_environment(wheels),
            "steps": [
                {
                    "name": "poses",
                    "argv": [
                        *("{python}", "process_data.py", "--source_video_paths", "{driving_video}"),
                        *("--saved_pose_dir", "{work}/saved_pkl"),
                        *("--saved_pose", "{work}/saved_pose"),
                        *("--saved_frame_dir", "{work}/saved_frames"),
                    ],
                    "expect": ["saved_pkl/drv.pkl", "saved_pose/drv/*.jpg"],
                },
                {
                    "name": "inference",
                    "argv": ["{python}", "inference.py", "--cfg", "configs/job.yaml"],
                    "files": {"source/configs/job.yaml": config},
                },
            ],
            "result": {"find": "out/job/*_results_1col.mp4"},
        },
    )
    fetch_source(environment.block_of(card))
    folder = environment.build(card)

    result, prediction = one_case(card, tiny, tmp_path)

    assert result.status == "ok", result.reason
    assert shows_only_the_generated_panel(prediction)
    assert "--hash=sha256:" in (folder / "lock.txt").read_text()
    assert result.provenance["environment"].startswith(f"uv {folder.name}: Python 3.")
    assert [problem.text for problem in environment.problems(card, thorough=True)] == []
    other = uv_environment(wheels) | {"imports": [], "packages": ["standin-media"]}
    block = environment.block_of(card).model_copy(
        update={"environment": type(environment.block_of(card).environment)(**other)}
    )
    changed = card.model_copy(update={"command": block})
    assert environment.environment_folder(changed) != folder


def test_a_card_with_a_lock_of_its_own_is_built_by_the_command_line(
    make_card: MakeCard, wheels: Path, tiny_home: Path, cli: Cli, tmp_path: Path
) -> None:
    """`lock: card`: the lock is written once, kept, and names the environment; nothing else fits.

    A folder stands in for PyPI (uv asks no index here); the lock has hashes, no address.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    block = {
        "environment": {"python": python, "packages": ["standin-media"]},
        "steps": [
            {"name": "go", "argv": ["{python}", "-c", PAINT, "{work}/out/a.avi", "{frames}"]}
        ],
        "result": {"find": "out/a.avi"},
    }
    card = make_card("locked", "faulty", block, inputs_seen=[], output={"temporal": {"fps": 8}})
    lock = environment.lock_path(card)
    index = {"UV_FIND_LINKS": str(wheels)}

    unlocked = cli("env", "build", "locked", **index)
    written = cli("env", "build", "locked", "--lock", **index)
    built = cli("env", "build", "locked", **index)
    folder = environment.environment_folder(card)
    again = cli("env", "build", "locked")  # what is there needs no index
    checked = cli("env", "check", "locked")
    where = (f"home={tiny_home}", "dataset=a2bench-proc-tiny", "split=smoke", "protocol=self")
    ran = cli("run", "method=locked", *where, "run=locked", "workers=1")
    text = lock.read_text()
    digest_here = re.search(r"sha256:[0-9a-f]{64}", text)
    assert digest_here is not None
    lock.write_text(text.replace(digest_here[0], "sha256:" + "0" * 64))
    tampered = cli("env", "build", "locked", **index)
    refused = cli("run", "method=locked", *where, "run=locked", "workers=1")

    assert unlocked.returncode == 2
    assert "a2bench env build locked --lock writes it" in unlocked.stderr
    assert written.stdout.strip() == str(lock)
    assert text.startswith("standin-media==1.0 \\\n    --hash=sha256:")
    assert built.returncode == 0, built.stderr
    assert f"environment: {folder}" in built.stdout
    assert (folder / "lock.txt").read_text() == text
    assert again.returncode == checked.returncode == 0, again.stderr + checked.stdout
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert tampered.returncode == 2
    assert "uv pip sync failed" in tampered.stderr
    assert environment.environment_folder(card) != folder
    assert "  - file locked.lock" in refused.stderr


def test_an_environment_is_not_removed_while_it_is_built(
    make_card: MakeCard, cli: Cli, tmp_path: Path
) -> None:
    """Removing waits for the lock, and says for whom."""
    card = make_card("busy", "faulty", {**MIMICMOTION, "weights": []})
    folder = environment.environment_folder(card)
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        with only_one(folder.with_suffix(".lock"), "testing"):
            removing = pool.submit(cli, "env", "remove", "busy")
            with pytest.raises(TimeoutError):
                removing.result(4)
            assert folder.exists()
        done = removing.result(60)

    assert f"waiting: process {os.getpid()} on" in done.stderr
    assert done.stdout == f"removed: {folder}\n"


def test_a_program_that_writes_where_it_stands_does_not_touch_the_checkout(
    make_card: MakeCard, tiny: Dataset, tmp_path: Path
) -> None:
    """MusePose's dated folders below the current one; the grid beside the answer is left out."""
    card = make_card(
        "musepose_like",
        "musepose",
        {
            "steps": [
                {
                    "name": "align",
                    "argv": [
                        *("{python}", "pose_align.py", "--imgfn_refer", "{reference_image}"),
                        *("--vidfn", "{driving_video}", "--outfn", "{work}/demo.mp4"),
                        *("--outfn_align_pose_video", "{work}/aligned.mp4"),
                    ],
                    "expect": ["aligned.mp4"],
                },
                {
                    "name": "animate",
                    "argv": [
                        *("{python}", "test_stage_2.py", "--config", "{work}/job.yaml"),
                        *("-W", "{width}", "-H", "{height}", "-L", "{frames}", "-S", "48"),
                        *("-O", "4", "--seed", "{seed}", "--steps", "20", "--cfg", "3.5"),
                        *("--skip", "0", "--fps", "{fps}"),
                    ],
                    "files": {
                        "job.yaml": 'test_cases:\n  "{reference_image}":\n'
                        '    - "{work}/aligned.mp4"\n'
                    },
                },
            ],
            "result": {"find": "source/output/*/*/*.mp4", "leave_out": ["*_20_0_*.mp4"]},
        },
    )
    checkout = fetch_source(environment.block_of(card))
    before = tree_digest(checkout)
    environment.use_interpreter(card, Path(sys.executable))

    result, prediction = one_case(card, tiny, tmp_path)

    assert result.status == "ok", result.reason
    assert shows_only_the_generated_panel(prediction)
    assert tree_digest(checkout) == before


def test_literals_are_replaced_patches_fit_and_the_last_column_is_kept(
    make_card: MakeCard, wheels: Path, tiny: Dataset, tmp_path: Path
) -> None:
    """UniAnimate-DiT's script has no arguments, and a bug after the last frame."""
    script = STANDINS / "unianimate_dit" / "inference_480p.py"
    patched = script.read_text().replace("_{}_{}.mp4", "_{}.mp4")
    patched_digest = f"sha256:{hashlib.sha256(patched.encode()).hexdigest()}"
    patch = {
        "name": "one_name",
        "why": "two places, one name: IndexError after sampling",
        "file": "inference_480p.py",
        "sha256": digest(script),
        "find": "_{}_{}.mp4",
        "replace": "_{}.mp4",
    }
    literals = [
        {"name": "test_list_path", "value": '[[1, "{reference_image}", "{pose_images}"]]'},
        {"name": "seed", "value": "{seed}"},
    ]
    about = {"file": "inference_480p.py", "sha256": patched_digest}
    block = {
        "environment": uv_environment(wheels),
        "patches": [patch],
        "literals": [about | literal for literal in literals],
        "steps": [{"name": "animate", "argv": ["{python}", "inference_480p.py"]}],
        "result": {"find": "source/outputs/*.mp4"},
    }
    fields = {
        "stochastic": True,
        "output": {
            "spatial": {"fit": "stretch", "panel": 2, "panels": 3},
            "temporal": {"fps": 8},
        },
    }
    card = make_card("unianimate_like", "unianimate_dit", block, **fields)
    fetch_source(environment.block_of(card))
    environment.build(card)

    result, prediction = one_case(card, tiny, tmp_path)

    assert result.status == "ok", result.reason
    assert shows_only_the_generated_panel(prediction)
    assert result.provenance["patches"] == "one_name"
    for wrong, message in (
        ({"sha256": "sha256:" + "0" * 64}, "the patch is for"),
        ({"find": "seed"}, "times in inference_480p.py, expected once"),
    ):
        bad = make_card("bad", "unianimate_dit", block | {"patches": [patch | wrong]}, **fields)
        with pytest.raises(A2BenchError, match=message):
            fetch_source(environment.block_of(bad))
        assert not source_folder(environment.block_of(bad)).exists()


FAULTS = {
    "timeout": ("timeout", "not done within 2 s"),
    "oom": ("oom", "CUDA out of memory"),
    "crash": ("crash", "ended by SIGSEGV"),
    "no_person": ("no_pose_reference", "expected non-empty vector"),
    "nothing": ("missing_output", "made no out/*.mp4"),
    "says_wrong": ("missing_output", "wrong"),
    "truncated": ("bad_output", "answer.mp4"),
    "short": ("too_short", "29 frames, expected 32"),
    "long": ("bad_output", "35 frames, expected 32"),
    "constant": ("bad_output", "one constant colour"),
    "two": ("bad_output", "made 2 files"),
    "link": ("bad_output", "a link that leaves its folder: 'answer.mp4'"),
}
HARMLESS = ("flood", "child", "hostile_name", "environment")


@pytest.fixture
def faulty(make_card: MakeCard, tmp_path: Path) -> Iterator[Callable[[str], MethodCard]]:
    def make(fault: str) -> MethodCard:
        card = make_card(
            f"does_{fault}",
            "faulty",
            {
                "steps": [
                    {
                        "name": "go",
                        "argv": [
                            *("{python}", "faulty.py", fault, "{work}/out", "{frames}"),
                            *("{width}", "{height}"),
                        ],
                        "environment": {"CHILD_FILE": str(tmp_path / "child")},
                    }
                ],
                "result": {"find": "out/*.mp4"},
                "failures": {"expected non-empty vector": "no_pose_reference"},
            },
            timeout_seconds=2 if fault == "timeout" else 60,
            inputs_seen=[],
        )
        fetch_source(environment.block_of(card))
        environment.use_interpreter(card, Path(sys.executable))
        (tmp_path / "secret.mp4").write_bytes(b"secret")
        return card

    yield make
    deadline = time.monotonic() + 30
    while left := _left_behind(tmp_path / "child"):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def _left_behind(child: Path) -> list[str]:
    """Return job folders that stayed, and the child a method started where it still runs."""
    folders = [str(path) for path in work_root().glob("*")]
    pid = child.read_text() if child.exists() else ""
    return [*folders, f"process {pid}"] if pid and is_alive(int(pid)) else folders


@pytest.mark.parametrize("fault", [*FAULTS, *HARMLESS])
def test_a_fault_is_named_and_nothing_stays(
    fault: str, faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """Exit 0 is not success; no process and no work folder is left behind."""
    result, prediction = one_case(faulty(fault), tiny, tmp_path)

    log = prediction.with_suffix(".log").read_text(errors="replace")
    if fault in HARMLESS:
        assert result.status == "ok", result.reason
        assert len(log) < LOG_HEAD_BYTES + LOG_TAIL_BYTES + 300
    else:
        kind, reason = FAULTS[fault]
        assert result.failure == kind
        assert reason in result.reason
        assert not prediction.exists()
    if fault == "environment":
        lines = set(log.splitlines())
        assert {"HF_HUB_OFFLINE=1", "CUDA_VISIBLE_DEVICES=", "PYTHONHASHSEED=0"} <= lines
        unwanted = ("PYTHONPATH=", "PYTHONPYCACHEPREFIX=", "A2BENCH_CACHE=")
        assert not [line for line in lines if line.startswith(unwanted)]


def two_steps(faulty: Callable[[str], MethodCard], *faults: str) -> MethodCard:
    """Return a card whose steps do these things, one after the other."""
    card = faulty(faults[-1])
    block = environment.block_of(card)
    (step,) = block.steps
    steps = tuple(
        step.model_copy(
            update={"name": f"step_{place}", "argv": (*step.argv[:2], fault, *step.argv[3:])}
        )
        for place, fault in enumerate(faults)
    )
    return card.model_copy(update={"command": block.model_copy(update={"steps": steps})})


def test_what_an_earlier_program_printed_decides_no_failure(
    faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """The first step handles a lack of memory; the second one's fault is another one."""
    result, prediction = one_case(two_steps(faulty, "handled", "crash"), tiny, tmp_path)

    assert (result.failure, "step_1 ended by SIGSEGV" in result.reason) == ("crash", True)
    assert "out of memory" not in result.reason
    assert "CUDA out of memory" in prediction.with_suffix(".log").read_text()


def test_memory_that_is_too_small_for_a_program_is_found_once(
    faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """The same program would meet the same memory: four cases, four attempts."""
    store = RunFolder.of(tmp_path, "r")

    summary = run(store, tiny, [faulty("oom")], ["self"], "smoke", workers=1)

    assert [(one.failure, one.attempts) for one in summary.failed] == [("oom", 1)] * 4


def test_a_program_that_finds_the_disk_full_is_skipped(
    faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """No fault of the method: the next run does it."""
    result, _ = one_case(faulty("disk_full"), tiny, tmp_path)

    assert (result.status, result.failure) == ("skipped", None)
    assert "disk full" in result.reason


def test_a_full_temporary_folder_skips_and_loses_nothing(
    faulty: Callable[[str], MethodCard],
    tiny: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under 32 MiB free no program is started; nor where not even the folder fits."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        card = faulty("child")
        with monkeypatch.context() as patched:
            patched.setenv("TMPDIR", str(small))
            little, _ = one_case(card, tiny, tmp_path)
            patched.setattr("a2bench.worker._LEAST_FREE_BYTES", 0)
            (small / "filler").write_bytes(bytes(20 * 2**20))
            none, _ = one_case(card, tiny, tmp_path)
            assert not list(work_root().rglob("*"))
    finally:
        subprocess.run(["umount", str(small)], check=True)
    again, _ = one_case(card, tiny, tmp_path)

    assert [one.status for one in (little, none, again)] == ["skipped", "skipped", "ok"]
    assert little.reason.startswith("disk full: 20 MiB free")
    assert "No space left on device" in none.reason


def test_a_link_among_frames_shows_nothing_from_outside(
    faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """A picture of somebody else's never becomes part of a prediction."""
    card = faulty("linked_frame")
    write_png(tmp_path / "secret.png", np.zeros((160, 96, 3), np.uint8))
    block = environment.block_of(card)
    result = block.result.model_copy(update={"find": "out"})
    card = card.model_copy(update={"command": block.model_copy(update={"result": result})})

    made, prediction = one_case(card, tiny, tmp_path)

    assert made.failure == "bad_output"
    assert "0007.png: a link that leaves" in made.reason
    assert not prediction.exists()


def test_job_folders_of_other_machines_and_living_processes_stay() -> None:
    """$TMPDIR may be shared: only what this machine's dead processes left is swept."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine = command._work_name()
    host = mine.rpartition("_")[0].rpartition("_")[0]
    swept = f"{host}_{dead.pid}_0123456789ab"
    kept = [mine, f"other_{host}_{dead.pid}_0123456789ab", "somebody_s", f"{dead.pid}_0"]
    for name in (swept, *kept):
        (work_root() / name).mkdir(parents=True)

    command.sweep_work()

    assert sorted(path.name for path in work_root().iterdir()) == sorted(kept)
    assert command._work_name() != command._work_name()


def test_a_job_that_rewrites_a_file_of_the_checkout_rewrites_its_own(tmp_path: Path) -> None:
    """Small files are copies, a large one is a read-only link, links inside stay relative."""
    source, job = tmp_path / "source", tmp_path / "job"
    (source / "code").mkdir(parents=True)
    (source / "code" / "small.py").write_text("ours")
    (source / "large.bin").write_bytes(bytes(2**20 + 1))
    (source / "alias.py").symlink_to("code/small.py")
    (source / "folder").symlink_to("code")

    command._overlay(source, job)
    (job / "alias.py").write_text("the job's")

    assert (job / "folder" / "small.py").read_text() == "the job's"
    assert (source / "code" / "small.py").read_text() == "ours"
    assert (job / "large.bin").readlink() == source / "large.bin"
    assert (source / "large.bin").stat().st_mode & 0o222 == 0


def test_what_is_not_ready_is_skipped_where_nobody_looked_before(
    make_card: MakeCard, motion_weights: Path, tiny: Dataset, tmp_path: Path
) -> None:
    """On another machine than the run's: the kind tells what is missing; it is no failure."""
    gated = MIMICMOTION | {"weights": [MIMICMOTION["weights"][0] | {"gated": True}]}
    kinds = []
    for name, block in (("a", MIMICMOTION), ("b", MIMICMOTION), ("c", gated)):
        card = make_card(f"unready_{name}", "mimicmotion", block)
        if name != "a":
            environment.accept(environment.open_terms(card), card.name)
            fetch_source(environment.block_of(card))
            environment.use_interpreter(card, Path(sys.executable))
        result, _ = one_case(card, tiny, tmp_path)
        assert result.status == "skipped"
        kinds.append(result.failure)

    assert kinds == ["licence_not_accepted", "missing_weights", "gated"]


def test_a_plan_is_pure_and_the_same_everywhere(
    make_card: MakeCard, motion_weights: Path, tiny: Dataset, tmp_path: Path
) -> None:
    """Golden lines; nothing is read or written: no checkout, no environment, no folder."""
    card = make_card("planned", "mimicmotion", MIMICMOTION)
    jobs, _ = plan(RunFolder.of(tmp_path, "r"), tiny, [card], ["self"], "smoke")
    request = jobs[0].request.model_copy(
        update={"case": jobs[0].request.case.model_copy(update={"case_id": "case-1"})}
    )

    planned = plan_command(card, request, work=Path("/jobs/1"), python=Path("/env/bin/python"))

    assert shell_lines(planned) == [
        "# planned__case_1__s0",
        "# input reference_image: /jobs/1/in/ref.png",
        "# input driving_video: /jobs/1/in/drv.mp4",
        "# weights standin_motion at source/models/MimicMotion_1-1.pth",
        "# file job.yaml:",
        "#   base_model_path: none",
        "#   ckpt_path: models/MimicMotion_1-1.pth",
        "#   test_case:",
        '#     - ref_video_path: "/jobs/1/in/drv.mp4"',
        '#       ref_image_path: "/jobs/1/in/ref.png"',
        "#       num_frames: 32",
        "#       resolution: 96",
        "#       fps: 15",
        "#       seed: 0",
        "cd /jobs/1/source && /env/bin/python inference.py --inference_config /jobs/1/job.yaml"
        " --output_dir /jobs/1/out",
        "# -> out/*.mp4, 32 frames",
    ]
    assert list(planned_lines(jobs, as_json=False))
    assert not (tmp_path / "cache").exists()
    assert not work_root().exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"result": {"find": "../*.mp4"}}, "expected a path inside the folder"),
        ({"source": {"url": "ext::sh", "commit": "0" * 40}}, "expected https://, file://"),
        ({"source": {"url": "https://x.invalid/y", "commit": "main"}}, "should match pattern"),
        (
            {"steps": [{"name": "s", "argv": ["{python}", "{truth}"]}]},
            "unknown placeholder {truth}",
        ),
        (
            {"steps": [{"name": "s", "argv": ["{python}", "{prompt}"]}]},
            "{prompt} shows the method 'prompt'",
        ),
        ({"environment": {"python": "3.11", "packages": ["-r x"]}}, "never options"),
    ],
)
def test_a_card_that_could_do_harm_or_cheat_is_refused(
    change: dict[str, Any], message: str, make_card: MakeCard
) -> None:
    """Paths outside, odd transports, moving branches, inputs that are not declared."""
    with pytest.raises(A2BenchError) as raised:
        make_card("wrong", "mimicmotion", MIMICMOTION | change)
    assert message in str(raised.value)


def test_a_changed_checkout_is_found(make_card: MakeCard) -> None:
    """`env check` reads every file."""
    card = make_card("touched", "mimicmotion", MIMICMOTION)
    folder = fetch_source(environment.block_of(card))

    assert changed_files(environment.block_of(card)) == ""
    (folder / "inference.py").write_text("print('else')")
    assert "files were changed" in changed_files(environment.block_of(card))


def test_a_commit_that_is_not_there_is_named(make_card: MakeCard) -> None:
    """Nothing stays of the attempt."""
    url = make_card("gone", "mimicmotion", MIMICMOTION).command.source.url  # type: ignore[union-attr]
    source = {"url": url, "commit": "0" * 40}
    card = make_card("gone", "mimicmotion", MIMICMOTION | {"source": source})

    with pytest.raises(A2BenchError, match="has no commit 0000"):
        fetch_source(environment.block_of(card))
    assert [path.suffix for path in source_folder(environment.block_of(card)).parent.iterdir()] == [
        ".lock"
    ]


def test_a_container_is_printed_and_not_run(make_card: MakeCard, cli: Cli) -> None:
    """A script that stands in for the interpreter."""
    python = {"python": "3.11", "container": "registry.invalid/mimicmotion:1"}
    make_card("boxed", "mimicmotion", MIMICMOTION | {"environment": python})

    done = cli("env", "build", "boxed", "--container")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("#!/bin/sh\n")
    assert "registry.invalid/mimicmotion:1 python" in done.stdout
    assert "not run by a2bench" in done.stderr


def test_a_command_method_is_scored_through_the_run(
    faulty: Callable[[str], MethodCard], tiny: Dataset, tmp_path: Path
) -> None:
    """Four cases by two workers; again: nothing is left to do."""
    card = faulty("child")
    store = RunFolder.of(tmp_path, "r")

    first = run(store, tiny, [card], ["self"], "smoke", workers=2)
    again = run(store, tiny, [card], ["self"], "smoke", workers=2)

    assert (first.made, first.failed, again.done_before) == (4, [], 4)
