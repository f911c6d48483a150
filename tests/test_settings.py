"""What decides a prediction: cards may be described better in mid-run, never changed unseen."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from a2bench import paths, plugins
from a2bench.dataset import Dataset
from a2bench.errors import A2BenchError
from a2bench.records import MethodCard, Result
from a2bench.run import plan, run
from a2bench.score import lookup
from a2bench.settings import (
    DECIDES,
    DECIDES_NOTHING,
    DEFAULTS,
    Settings,
    deciding,
    files_of,
    folder_digest,
)
from a2bench.store import RunFolder

MakeCard = Callable[..., MethodCard]
CODE = """
import numpy as np
class It:
    def __init__(self, device, weights_folder=None):
        self.level = len((weights_folder / "w.bin").read_bytes()) if weights_folder else 0
    def __call__(self, inputs):
        return np.repeat(inputs.reference_image[None] // 2 + self.level, inputs.frames, axis=0)
"""
COMMAND: dict[str, Any] = {
    "source": {"url": "https://example.invalid/x", "commit": "0" * 40},
    "environment": {"python": "3.11"},
    "weights": [{"name": "own_row", "link": "w.bin"}],
    "steps": [{"name": "go", "argv": ["{python}", "x.py"], "expect": ["out/a.mp4"]}],
    "result": {"find": "out/*.mp4"},
}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A2BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("A2BENCH_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture
def make(plugin_folder: Path) -> MakeCard:
    """Write the card `mine` anew and return it as it is read."""

    def write(**fields: Any) -> MethodCard:
        card = {"name": "mine", "title": "Mine", "summary": "s", "inputs_seen": []} | fields
        if "command" not in fields:
            card |= {"kind": "in_process", "entry": "It"}
            (plugin_folder / "baselines" / "mine.py").write_text(CODE)
        path = plugin_folder / "baselines" / "mine.yaml"
        path.write_text(yaml.safe_dump(card))
        plugins.card.cache_clear()
        return plugins.card("mine")

    return write


@pytest.fixture
def store(tmp_path: Path) -> RunFolder:
    return RunFolder.of(tmp_path / "home", "test")


def fields(record: type[BaseModel], path: str = "") -> Iterator[str]:
    """Yield the dotted names of a record's fields; of those that decide as a whole only their own.

    A field that is a record, or a tuple or dictionary of records, is followed.
    """
    for name, field in record.model_fields.items():
        full = f"{path}.{name}".lstrip(".")
        inside = list(_records(field.annotation))
        if full in DECIDES | DECIDES_NOTHING or not inside:
            yield full
        for one in inside if full not in DECIDES | DECIDES_NOTHING else ():
            yield from fields(one, full)


def _records(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _records(argument)


def test_every_field_of_a_card_either_decides_or_does_not() -> None:
    """A new field belongs into one of the two lists."""
    assert set(fields(MethodCard)) == DECIDES | DECIDES_NOTHING
    assert not DECIDES & DECIDES_NOTHING


def test_changed_defaults_need_a_new_number() -> None:
    """A card that leaves a field out means its default: another one, and `DEFAULTS` rises."""
    command = {
        key: COMMAND[key] for key in ("source", "environment", "steps", "result")
    }  # everything else at its default
    card = MethodCard.model_validate(
        {
            "name": "mine",
            "title": "Mine",
            "summary": "s",
            "kind": "command",
            "inputs_seen": [],
            "command": command,
        }
    )
    whole = card.model_dump(mode="json")
    known = {
        "entry": None,
        "device": "cpu",
        "autocast": None,
        "compile": None,
        "offload": None,
        "native": {"size": None, "fps": None, "frames": None, "fit": "stretch"},
        "output": {"spatial": None, "temporal": None},
        "weights": [],
    }
    of_environment = {"packages": [], "lock": "card", "index_urls": [], "find_links": []}
    of_step = {"folder": "", "files": {}, "environment": {}}

    assert DEFAULTS == 1, "new number? then write down here what the defaults are now"
    assert {name: whole[name] for name in known} == known
    environment, (step,) = whole["command"]["environment"], whole["command"]["steps"]
    assert {name: environment[name] for name in of_environment} == of_environment
    assert {name: step[name] for name in of_step} == of_step
    result = whole["command"]["result"]
    assert (result["leave_out"], result["frames"]) == ([], None)


def test_a_better_description_keeps_results_and_a_changed_field_is_named(
    tiny: Dataset, store: RunFolder, make: MakeCard
) -> None:
    """Title, licence, tracks and limits change nothing; `native` does, and the error says so."""
    run(store, tiny, [make()], ["self"], "smoke", workers=1)

    described = make(
        title="Better",
        summary="other",
        code="here",
        paper="there",
        licence_code="MIT",
        licence_weights="none",
        tracks=["as_shipped"],
        reference_row=True,
        not_applicable={"cross": "no"},
        batch_size=4,
        timeout_seconds=9,
    )
    again, summary = plan(store, tiny, [described], ["self"], "smoke")
    assert (again, summary.done_before) == ([], 4)

    with pytest.raises(A2BenchError) as raised:
        plan(store, tiny, [make(native={"fps": 16})], ["self"], "smoke")
    assert 'never mixed.\n  - card: native (was not set, is {"fps": 16.0})' in str(raised.value)
    folder = store.predictions(tiny, "self", "mine")
    assert str(raised.value).endswith(f"or delete {folder}")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"source": {"url": "https://mirror.invalid/x", "commit": "0" * 40}}, True),
        ({"source": {"url": "https://example.invalid/x", "commit": "1" * 40}}, False),
        ({"failures": {"no person": "no_pose_reference"}}, True),
        ({"terms": [{"name": "t", "title": "T", "text": "t"}]}, True),
        ({"environment": {"python": "3.11", "imports": ["torch"], "container": "x"}}, True),
        ({"environment": {"python": "3.12"}}, False),
        ({"weights": [{"name": "own_row", "link": "w.bin", "gated": True}]}, True),
        ({"weights": [{"name": "own_row", "link": "v.bin"}]}, False),
        ({"steps": [{"name": "run", "argv": ["{python}", "x.py"]}]}, True),
        ({"steps": [{"name": "go", "argv": ["{python}", "x.py", "--fast"]}]}, False),
        ({"result": {"find": "out/*.mp4", "frames": 33}}, False),
    ],
)
def test_of_a_command_block_only_what_is_run_decides(
    change: dict[str, Any], same: bool, make: MakeCard
) -> None:
    """Where code comes from, what a failure is called and what is checked are no settings."""
    before = deciding(make(kind="command", command=COMMAND))
    after = deciding(make(kind="command", command=COMMAND | change))

    assert (before == after) is same


def test_weights_of_programs_and_unpublished_ones_decide(
    make: MakeCard, plugin_folder: Path, tmp_path: Path
) -> None:
    """A published digest counts without the file; else that of the file that is there."""
    card = make(kind="command", command=COMMAND)
    (plugin_folder / "weights").mkdir()
    table = plugin_folder / "weights" / "own.yaml"
    row = {"name": "own_row", "file": "w.bin", "licence": "none", "source": "here"}
    table.write_text(yaml.safe_dump([row | {"sha256": "a" * 64}]))
    published = files_of(card)
    table.write_text(yaml.safe_dump([row | {"keys": "a2bench.paths:cache", "note": "changed"}]))
    absent = files_of(card)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(b"observed")
    observed = files_of(card)

    assert published["weights own_row"] == "a" * 64
    assert absent["weights own_row"] == ""
    assert observed["weights own_row"] == hashlib.sha256(b"observed").hexdigest()


def test_retrained_weights_in_the_same_folder_are_noticed(
    tiny: Dataset, store: RunFolder, make: MakeCard, tmp_path: Path
) -> None:
    """One byte more in the folder; and a machine without the folder can still score."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "w.bin").write_bytes(b"1")
    card = make(weights_folder=str(own))
    summary = run(store, tiny, [card], ["self"], "smoke", workers=1)
    assert (summary.made, summary.failed) == (4, [])

    (own / "w.bin").write_bytes(b"12")
    with pytest.raises(A2BenchError, match=r"never mixed\.\n  - file weights_folder\n"):
        plan(store, tiny, [card], ["self"], "smoke")
    with pytest.raises(A2BenchError, match=r"  - file weights_folder\n"):
        lookup(store, tiny, [card], ["self"], "smoke", ["psnr"])
    (own / "w.bin").unlink()
    own.rmdir()
    found = lookup(store, tiny, [card], ["self"], "smoke", ["psnr"])
    assert (found.absent, len(found.tasks)) == ([], 4)


def test_a_folder_of_weights_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gigabytes are not hashed again at each resume; a changed file is, a hidden one never."""
    own = tmp_path / "own"
    (own / "unet").mkdir(parents=True)
    (own / "unet" / "w.bin").write_bytes(b"unet")
    (own / "vae.bin").write_bytes(b"vae")
    read: list[str] = []

    def counted(path: Path) -> str:
        read.append(path.name)
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"

    monkeypatch.setattr(paths, "sha256_file", counted)
    first = folder_digest(own)
    (own / ".cache").mkdir()
    (own / ".cache" / "note").write_text("hidden")
    assert (folder_digest(own), read) == (first, ["w.bin", "vae.bin"])
    (own / "vae.bin").write_bytes(b"VAE")
    assert folder_digest(own) != first
    assert read == ["w.bin", "vae.bin", "vae.bin"]
    assert folder_digest(tmp_path / "nowhere") == ""


def test_a_case_that_was_only_skipped_binds_no_settings(
    tiny: Dataset, store: RunFolder, make: MakeCard
) -> None:
    """Nothing was made with the earlier card, so the corrected one may go on."""
    card = make()
    jobs, _ = plan(store, tiny, [card], ["self"], "smoke")
    for job in jobs:
        skipped = Result.skipped(job.request, "weights are absent", "missing_weights")
        store.save_result(Path(job.request.output), skipped)

    jobs, summary = plan(store, tiny, [make(native={"fps": 16})], ["self"], "smoke")

    assert (len(jobs), summary.done_before) == (4, 0)


def test_the_note_says_what_is_missing_of_two_records(make: MakeCard, tmp_path: Path) -> None:
    """Every smallest difference, by name, in words."""
    card = make(kind="command", command=COMMAND | {"weights": []})
    Settings.of(card).note(tmp_path)
    other = COMMAND | {"weights": [], "source": {"url": "/x", "commit": "1" * 40}}
    steps = [{"name": "go", "argv": ["{python}", "x.py", "-v"]}]
    changed = make(kind="command", command=other | {"steps": steps})

    assert Settings.of(card).changes(tmp_path) == []
    assert Settings.of(changed).changes(tmp_path) == [
        f"card: command.source.commit (was {'0' * 40}, is {'1' * 40})",
        'card: command.steps[0].argv (was ["{python}", "x.py"], is ["{python}", "x.py", "-v"])',
    ]
