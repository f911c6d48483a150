"""Running an upstream repository for one case: plan, execute, collect.

`plan` is pure: the same request gives the same files, arguments and expected outputs on any
machine, and nothing is read or written. `execute` carries a plan out in a fresh folder, in the
method's own environment, and `collect` finds the one file that is the answer.
"""

import ast
import contextlib
import errno
import filecmp
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from a2bench import weights
from a2bench.answers import case_inputs, is_flat, native_grid, store_prediction
from a2bench.checkout import source_folder
from a2bench.command_card import JobLiteral, Step, filled
from a2bench.dataset import Dataset
from a2bench.environment import block_of, describe, problems, python_of
from a2bench.errors import A2BenchError
from a2bench.normalise import BadPrediction
from a2bench.ondemand import driving_clip
from a2bench.paths import inside, is_alive, sha256_file
from a2bench.pose.drawing import draw_pose
from a2bench.processes import (
    MARK,
    end_marked,
    is_disk_full_text,
    is_out_of_memory,
    new_mark,
    oom_kills,
)
from a2bench.record import Record
from a2bench.records import FailureKind, MethodCard, Request, Result
from a2bench.video import Clip, read_any, write_png, write_truth
from a2bench.watch import Watch, end_of_log

_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|CUDA_\w+|NVIDIA_\w+|NCCL_\w+|OMP_NUM_THREADS"
    r"|SSL_CERT_FILE|HF_HOME|TORCH_HOME"
)
"""What a method's process sees of our environment."""

_QUOTED_SUFFIXES = (".yaml", ".yml", ".json", ".py", ".toml")
"""Files whose placeholders stand in double quotes: values are escaped for them."""

OFFLINE = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "DIFFUSERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_OFFLINE": "1",
    "MPLBACKEND": "Agg",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
    "WANDB_MODE": "offline",
}
"""Nothing is downloaded while a case is timed, and what can be made repeatable is."""

_ALWAYS = OFFLINE | {
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUNBUFFERED": "1",
}


_COPIED_BYTES = 2**20
"""Files of a checkout up to this size are copied for a job, larger ones linked."""


class PlannedStep(Record):
    """One program that will be started."""

    name: str
    argv: tuple[str, ...]
    folder: str
    files: dict[str, str] = {}
    """Path below the work folder -> text, written first."""
    environment: dict[str, str] = {}
    expect: tuple[str, ...] = ()


class PlannedLiteral(Record):
    """One assignment that will be replaced, in the job's own copy of a script."""

    file: str
    name: str
    value: str


class Plan(Record):
    """All that will be done for one case, before anything is done."""

    job: str
    work: str
    inputs: dict[str, str]
    """Placeholder -> file or folder that will be written for the method."""
    links: dict[str, str]
    """Path in the checkout -> row of the weight table that is linked there."""
    literals: tuple[PlannedLiteral, ...]
    steps: tuple[PlannedStep, ...]
    result: str
    """Pattern of the file that is the answer, below the work folder."""
    result_frames: int
    timeout_seconds: float


_INPUT_FILES = {
    "reference_image": "in/ref.png",
    "driving_video": "in/drv.mp4",
    "pose_video": "in/pose.mp4",
    "pose_images": "in/pose",
    "pose_npz": "in/pose.npz",
    "reference_pose_image": "in/ref_pose.png",
    "reference_pose_npz": "in/ref_pose.npz",
}
"""Safe names without further dots: upstream scripts take names apart at any of them."""


def plan(card: MethodCard, request: Request, *, work: Path, python: Path) -> Plan:
    """Return what a request will do; reads and writes nothing.

    Args:
        card: of a `command` method.
        request: one case and seed.
        work: the job's folder, not there yet.
        python: interpreter of the method's environment.
    """
    block = block_of(card)
    grid = native_grid(card, request)
    used = block.used()
    inputs = {name: str(work / file) for name, file in _INPUT_FILES.items() if name in used}
    job = re.sub(r"\W", "_", f"{request.method}__{request.case.case_id}__s{request.seed}")
    values = inputs | {
        "python": str(python),
        "source": str(work / "source"),
        "work": str(work),
        "prompt": request.prompt,
        "seed": str(request.seed),
        "width": str(grid.size.width),
        "height": str(grid.size.height),
        "frames": str(grid.frames),
        "fps": f"{grid.fps:g}",
        "job": job,
        "weights": str(weights.folder()),
    }
    dropped = card.output.temporal.dropped_first if card.output.temporal else 0
    return Plan(
        job=job,
        work=str(work),
        inputs=inputs,
        links={linked.link: linked.name for linked in block.weights},
        literals=tuple(
            PlannedLiteral(file=one.file, name=one.name, value=filled(one.value, _quoted(values)))
            for one in block.literals
        ),
        steps=tuple(_planned(step, values, work) for step in block.steps),
        result=block.result.find,
        result_frames=block.result.frames or grid.frames + dropped,
        timeout_seconds=card.timeout_seconds,
    )


def _planned(step: Step, values: Mapping[str, str], work: Path) -> PlannedStep:
    return PlannedStep(
        name=step.name,
        argv=tuple(filled(word, values) for word in step.argv),
        folder=str(work / "source" / step.folder),
        files={
            path: filled(text, _quoted(values) if path.endswith(_QUOTED_SUFFIXES) else values)
            for path, text in step.files.items()
        },
        environment={name: filled(text, values) for name, text in step.environment.items()},
        expect=step.expect,
    )


def _quoted(values: Mapping[str, str]) -> dict[str, str]:
    """Return values as they stand between double quotes in YAML, JSON, TOML and Python."""
    return {name: json.dumps(value)[1:-1] for name, value in values.items()}


class _StepFailed(Exception):
    """A step did not do what it should: the kind of failure and what it said."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind: FailureKind = kind


def work_root() -> Path:
    """Return where this user's job folders lie; made by the first job.

    Its path has no dots unless $TMPDIR has: upstream scripts take names apart at any of them.
    """
    # $TMPDIR itself, where it is full too: then the case is skipped, not done elsewhere
    return Path(os.environ.get("TMPDIR") or tempfile.gettempdir()) / f"a2bench_{os.getuid()}"


def _made_work_root() -> Path:
    root = work_root()
    root.mkdir(mode=0o700, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.getuid():
        raise A2BenchError(
            f"{root} belongs to somebody else.\nhint: set TMPDIR to a folder of yours"
        )
    return root


def _work_name() -> str:
    """Return a name for a job's folder that nobody else has, on any machine that shares it."""
    return f"{_host()}_{os.getpid()}_{uuid.uuid4().hex[:12]}"


def _host() -> str:
    return re.sub(r"\W", "_", socket.gethostname())


def _kept_for_looking() -> bool:
    return os.environ.get("A2BENCH_KEEP_WORK") == "1"


def sweep_work() -> None:
    """Remove job folders of this machine's processes that are gone; $TMPDIR may be shared."""
    if not (root := work_root()).is_dir() or _kept_for_looking():
        return
    for path in root.iterdir():
        host, _, rest = path.name.rpartition("_")[0].rpartition("_")
        if host == _host() and rest.isdigit() and not is_alive(int(rest)):
            shutil.rmtree(path, ignore_errors=True)


def execute(card: MethodCard, request: Request, *, device: str, log: Path) -> Result:
    """Have an upstream repository make one clip; never raises for what it does.

    Args:
        card: of a `command` method.
        request: one case and seed.
        device: "cpu", or "cuda:0" with CUDA_VISIBLE_DEVICES set to one device.
        log: what its programs print is appended to it.
    """
    if lacking := problems(card):
        first = lacking[0]
        return Result.skipped(request, f"{first.text}\nhint: {first.hint}", first.kind)
    work = _made_work_root() / _work_name()
    try:
        return _execute(card, request, work, device, log)
    except BadPrediction as error:
        return Result.failed(request, error.failure, str(error))
    except _StepFailed as error:
        return Result.failed(request, error.kind, str(error))
    finally:
        if not _kept_for_looking():
            shutil.rmtree(work, ignore_errors=True)


def _execute(card: MethodCard, request: Request, work: Path, device: str, log: Path) -> Result:
    started = time.perf_counter()
    planned = plan(card, request, work=work, python=python_of(card))
    digests = _prepare(card, request, planned)
    seconds = {"prepare": time.perf_counter() - started}
    watches = []
    deadline = time.monotonic() + planned.timeout_seconds
    for step in planned.steps:
        begun = time.perf_counter()
        watches.append(_run_step(card, step, planned, deadline, device, log))
        seconds[f"step_{step.name}"] = time.perf_counter() - begun
    seconds["infer"] = sum(value for name, value in seconds.items() if name.startswith("step_"))
    answer = collect(card, planned, log)
    clip = _decoded(card, request, planned, answer)
    collected = store_prediction(clip, card, request, seconds)
    gpu = [watch.peak_gpu_mib for watch in watches if watch.peak_gpu_mib is not None]
    host = [watch.peak_host_mib for watch in watches if watch.peak_host_mib is not None]
    block = block_of(card)
    return collected.model_copy(
        update={
            "peak_gpu_mib": max(gpu, default=None),
            "peak_host_mib": max(host, default=None),
            "provenance": {
                "source": f"{block.source.url}@{block.source.commit}",
                "patches": " ".join(patch.name for patch in block.patches),
                "environment": describe(card),
                "answer": f"{answer.name} ({_digest(answer)})",
                **{f"weights {name}": f"sha256:{digest}" for name, digest in digests.items()},
            },
        }
    )


def _digest(answer: Path) -> str:
    return sha256_file(answer) if answer.is_file() else "folder"


def _prepare(card: MethodCard, request: Request, planned: Plan) -> dict[str, str]:
    """Fill the work folder; return the digests of linked weights."""
    block = block_of(card)
    work = Path(planned.work)
    for name in ("in", "out", "tmp"):
        (work / name).mkdir(parents=True)
    source = work / "source"
    _overlay(source_folder(block), source)
    digests = {}
    for link, name in planned.links.items():
        status = weights.require(name)
        assert status.path is not None  # usable
        target = source / link
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(status.path.resolve())
        digests[name] = status.sha256
    edited: set[Path] = set()
    for one, literal in zip(block.literals, planned.literals, strict=True):
        path = source / one.file
        _replace_literal(path, one, literal.value, first=path not in edited)
        edited.add(path)
    _write_inputs(card, request, planned.inputs)
    return digests


def _overlay(source: Path, target: Path) -> None:
    """Copy a checkout, so that what a job writes stays in the job.

    Large files are linked and made read-only; links of the checkout, which stay inside it, are kept
    as they are and so point into the copy.
    """
    for folder, folders, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True)
        for name in (*folders, *files):
            path = Path(folder) / name
            if path.is_symlink():
                (here / name).symlink_to(path.readlink())
            elif path.is_dir():
                continue  # made when its turn comes
            elif (about := path.stat()).st_size <= _COPIED_BYTES:
                shutil.copy(path, here / name)
            else:
                if about.st_mode & 0o222:
                    path.chmod(stat.S_IMODE(about.st_mode) & ~0o222)
                (here / name).symlink_to(path)


def _replace_literal(path: Path, literal: JobLiteral, value: str, *, first: bool) -> None:
    """Replace the value of one module-level assignment in the job's own copy of a script.

    At the `first` edit of a file it must be the version the card was written for.

    Raises:
        _StepFailed: another version of the file, no such assignment or two, or not a literal.
    """
    what = f"literal {literal.name} of {literal.file}"
    if not path.is_file():
        raise _StepFailed("crash", f"{what}: the checkout has no such file")
    if first and (came := sha256_file(path)) != literal.sha256:
        raise _StepFailed("crash", f"{what}: the file has {came}, expected {literal.sha256}")
    text = path.read_text(encoding="utf-8")
    try:
        new = repr(ast.literal_eval(value))
    except (ValueError, SyntaxError) as error:
        raise _StepFailed("crash", f"{what}: {value!r} is not a Python literal") from error
    found = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and [target.id for target in node.targets if isinstance(target, ast.Name)] == [literal.name]
    ]
    if len(found) != 1:
        raise _StepFailed("crash", f"{what}: {len(found)} such assignments, expected one")
    (node,) = found
    lines = text.splitlines(keepends=True)
    top, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[top].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    lines[top : last + 1] = [before + new + after]
    path.unlink()
    path.write_text("".join(lines), encoding="utf-8")


def _write_inputs(card: MethodCard, request: Request, wanted: Mapping[str, str]) -> None:
    dataset = Dataset.open(Path(request.dataset))
    grid = native_grid(card, request)
    inputs = case_inputs(dataset, card, request, grid)
    files = {name: Path(path) for name, path in wanted.items()}
    if path := files.get("reference_image"):
        write_png(path, inputs.reference_image)
    if path := files.get("driving_video"):
        shutil.copyfile(driving_clip(dataset, request.case, grid)[0], path)
    if path := files.get("pose_npz"):
        inputs.driving_pose.save(path)
    if path := files.get("reference_pose_npz"):
        inputs.reference_pose.save(path)
    if path := files.get("reference_pose_image"):
        write_png(path, draw_pose(inputs.reference_pose)[0])
    if {"pose_video", "pose_images"} & files.keys():
        drawn = draw_pose(inputs.driving_pose)
        if path := files.get("pose_video"):
            write_truth(path, drawn, grid.fps, storage="lossless")
        if path := files.get("pose_images"):
            path.mkdir()
            for index, image in enumerate(drawn):
                write_png(path / f"{index:06d}.png", image)


def _run_step(
    card: MethodCard, step: PlannedStep, planned: Plan, deadline: float, device: str, log: Path
) -> Watch:
    work = Path(planned.work)
    for relative, text in step.files.items():
        path = inside(work, relative, what=f"file of step {step.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # never through a link into the checkout
        path.write_text(text, encoding="utf-8")
    folder = inside(work, os.path.relpath(step.folder, work), what=f"folder of step {step.name}")
    mark = "/".join(filter(None, (os.environ.get(MARK), new_mark())))
    kills_before = oom_kills()
    # the folder's name is in it, so it is another line for each attempt
    head = f"[a2bench: step {step.name} in {work.name}: {step.argv}]\n".encode()
    with log.open("ab") as output:
        output.write(head)
        output.flush()
        try:
            process = subprocess.Popen(
                step.argv,
                cwd=folder,
                env=_environment(step, work, card, device) | {MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise _StepFailed("crash", f"step {step.name} cannot be started: {error}") from error
    timed_out = False
    try:
        with Watch(process_id=process.pid, device=device, log=log) as watch:
            process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        with contextlib.suppress(ProcessLookupError):  # it left nobody in its group
            os.killpg(process.pid, signal.SIGKILL)
        end_marked(mark)
        process.wait()
    said = end_of_log(log, 16384, after=head)
    _judge(card, step, planned, process.returncode, timed_out, oom_kills() > kills_before, said)
    return watch


def _environment(step: PlannedStep, work: Path, card: MethodCard, device: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    kept |= _ALWAYS
    kept["TMPDIR"] = str(work / "tmp")
    kept["PATH"] = f"{python_of(card).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    kept.setdefault("CUDA_VISIBLE_DEVICES", "0" if device.startswith("cuda") else "")
    return kept | step.environment


def _judge(
    card: MethodCard,
    step: PlannedStep,
    planned: Plan,
    code: int,
    timed_out: bool,
    system_killed: bool,
    said: str,
) -> None:
    """Raise unless a step ended well: exit code 0 alone is not success.

    Args:
        card: of the method.
        step: that ended.
        planned: of which it is part.
        code: its exit code; below 0: the signal that ended it.
        timed_out: whether it was ended for want of time.
        system_killed: whether the system killed something for want of memory meanwhile.
        said: the end of what this step printed, and nothing that was printed before.

    Raises:
        _StepFailed: with the failure kind that exit code, log and files tell.
        OSError: a disk was full.
    """
    last = "\n".join(said.strip().splitlines()[-8:])
    if timed_out:
        text = f"step {step.name}: not done within {planned.timeout_seconds:g} s\n{last}"
        raise _StepFailed("timeout", text)
    missing = [pattern for pattern in step.expect if not any(Path(planned.work).glob(pattern))]
    if code == 0 and not missing:
        return
    if code:
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        text = f"step {step.name} ended {how}\n{last}"
    else:
        text = f"step {step.name} ended with exit code 0, but made no {missing[0]}\n{last}"
    for sign, kind in block_of(card).failures.items():
        if sign in said:
            raise _StepFailed(kind, text)
    if is_disk_full_text(said):
        raise OSError(errno.ENOSPC, text)
    if is_out_of_memory(said) or (code == -signal.SIGKILL and system_killed):
        raise _StepFailed("oom", text)
    raise _StepFailed("crash" if code else "missing_output", text)


def collect(card: MethodCard, planned: Plan, log: Path) -> Path:
    """Return the one file or folder of frames that is the answer; no image work.

    Raises:
        BadPrediction: none, several, or one that is a link out of the job's folder.
    """
    block = block_of(card)
    work = Path(planned.work)
    source = source_folder(block).resolve()
    found = []
    for path in sorted(work.glob(planned.result)):
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in block.result.leave_out):
            continue
        target = path.resolve()
        if target.is_relative_to(source) or _is_of_checkout(target, work / "source", source):
            continue  # a file of the checkout that looks like an output
        if not target.is_relative_to(work.resolve()):
            raise BadPrediction(
                "bad_output", f"{card.name} wrote a link that leaves its folder: {path.name!a}"
            )
        if path.is_file() or path.is_dir():
            found.append(path)
    if not found:
        last = "\n".join(end_of_log(log).strip().splitlines()[-8:])
        raise BadPrediction("missing_output", f"{card.name} made no {planned.result}\n{last}")
    if len(found) > 1:
        names = ", ".join(ascii(path.name[:80]) for path in found[:5])
        raise BadPrediction(
            "bad_output",
            f"{card.name} made {len(found)} files that match {planned.result}: {names}; the card's "
            "`result` must single one out (`leave_out`)",
        )
    return found[0]


def _is_of_checkout(path: Path, copy: Path, source: Path) -> bool:
    """Whether a file of the job is an unchanged copy of the checkout's."""
    if not path.is_file() or not path.is_relative_to(copy.resolve()):
        return False
    original = source / path.relative_to(copy.resolve())
    return original.is_file() and filecmp.cmp(original, path, shallow=False)


def _decoded(card: MethodCard, request: Request, planned: Plan, answer: Path) -> Clip:
    what = f"{card.name} answered with {answer.name[:80]!a}"
    try:
        clip = read_any(answer, within=Path(planned.work))
    except A2BenchError as error:
        raise BadPrediction("bad_output", f"{what}: {error}") from error
    count = len(clip.frames)
    if count != planned.result_frames:
        raise BadPrediction(
            "too_short" if count < planned.result_frames else "bad_output",
            f"{what}: {count} frames, expected {planned.result_frames} (`result: {{frames: ...}}` "
            "in the card where the method has a rhythm of its own)",
        )
    if is_flat(clip.frames):
        raise BadPrediction("bad_output", f"{what}: one constant colour in every frame")
    grid = native_grid(card, request)
    if clip.fps is None:
        return Clip(clip.frames, np.arange(count) / grid.fps, grid.fps)
    return clip


def shell_lines(planned: Plan) -> list[str]:
    """Return a plan as lines for people: files and quoted commands."""
    lines = [f"# {planned.job}"]
    lines += [f"# input {name}: {path}" for name, path in planned.inputs.items()]
    lines += [f"# weights {name} at source/{link}" for link, name in planned.links.items()]
    lines += [f"# {one.file}: {one.name} = {one.value}" for one in planned.literals]
    for step in planned.steps:
        for path, text in step.files.items():
            lines += [f"# file {path}:", *(f"#   {line}" for line in text.splitlines())]
        words = [f"{name}={shlex.quote(value)}" for name, value in step.environment.items()]
        command = " ".join([*words, shlex.join(step.argv)])
        lines.append(f"cd {shlex.quote(step.folder)} && {command}")
    return [*lines, f"# -> {planned.result}, {planned.result_frames} frames"]
