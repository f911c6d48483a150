"""Plans of every `command` card: golden, and checked against what the pinned upstream code takes.

`python -m tests.test_plans` writes the golden plans anew: look at the difference before keeping it.
`tests/upstream_facts.py` says how the facts of the upstream code were read.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from a2bench import plugins, weights
from a2bench.command import Plan, PlannedStep, plan, shell_lines
from a2bench.command_card import UvEnvironment
from a2bench.environment import lock_path
from a2bench.records import Case, MethodCard, Request, Size
from tests.upstream_facts import RELIANCE, TABLE, keys_of

PLANS = Path(__file__).parent / "data" / "plans"
FACTS: dict[str, dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
METHODS = sorted(name for name in plugins.names("baselines") if plugins.card(name).command)


def request(method: str, size: Size, frames: int, seed: int, prompt: str) -> Request:
    """A request as the runner makes it; no data set has to be there for a plan."""
    case = Case(
        case_id="0001__0002",
        protocol="cross",
        reference_id="0001",
        driver_id="0002",
        size=size,
        fps=8,
        frames=frames,
    )
    return Request(
        method=method,
        dataset="/data/set",
        case=case,
        seed=seed,
        prompt=prompt,
        output="/runs/main/0001__0002.mp4",
        fingerprint="sha256:" + "0" * 64,
    )


def requests(method: str) -> dict[str, Request]:
    """A case of the released set, a short clip, and a landscape with what needs escaping."""
    portrait, landscape = Size(width=512, height=768), Size(width=768, height=512)
    return {
        "normal": request(method, portrait, 32, 0, "a character dancing"),
        "short": request(method, portrait, 16, 1, "a character dancing"),
        "landscape": request(method, landscape, 32, 2, 'a "quoted" fox: C:\\new, 50 % é'),
    }


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A2BENCH_WEIGHTS", "/weights")


def planned(card: MethodCard, asked: Request) -> Plan:
    return plan(card, asked, work=Path("/job"), python=Path("/env/bin/python"))


def golden_text(method: str) -> str:
    card = plugins.card(method)
    parts = []
    for name, asked in requests(method).items():
        parts += [f"## {name}", *shell_lines(planned(card, asked)), ""]
    return "\n".join(parts)


@pytest.mark.parametrize("method", METHODS)
def test_a_plan_is_the_one_that_was_looked_at(method: str) -> None:
    assert golden_text(method) == (PLANS / f"{method}.txt").read_text(encoding="utf-8")


def test_every_command_card_says_what_it_relies_on() -> None:
    assert sorted(RELIANCE) == METHODS == sorted(FACTS)
    for method in METHODS:
        command = plugins.card(method).command
        assert command is not None
        assert FACTS[method]["commit"] == command.source.commit
        assert FACTS[method]["url"] == command.source.url


def arguments(step: PlannedStep, scripts: list[str]) -> list[str]:
    """Return what a step's script is given: what follows its name, or the first flag after it."""
    words = list(step.argv[1:])
    names = {name for one in scripts for name in (one, one.removesuffix(".py").replace("/", "."))}
    at = [index for index, word in enumerate(words) if any(map(word.endswith, names))]
    words = words[at[-1] + 1 :] if at else words
    while words and not words[0].startswith("-"):
        words = words[1:]
    return words


@pytest.mark.parametrize("method", METHODS)
def test_every_flag_is_one_the_script_has(method: str) -> None:
    """And has a value where it takes one, of its choices; none that is required is left out."""
    found = planned(plugins.card(method), requests(method)["normal"])
    steps = {step.name: step for step in found.steps}
    for name, scripts in RELIANCE[method].scripts.items():
        known = {}
        for script in scripts:
            known |= FACTS[method]["flags"][script]
        words = arguments(steps[name], scripts)
        given = set()
        while words:
            flag, *words = words
            assert flag in known, f"step {name}: {scripts} know no {flag}"
            given.add(flag)
            if known[flag]["value"]:
                assert words, f"{flag} needs a value"
                value, *words = words
                assert not value.startswith("--"), f"{flag} needs a value, {value} came"
                assert value in known[flag].get("choices", [value])
        required = {flag for flag, facts in known.items() if facts.get("required")}
        assert required <= given


@pytest.mark.parametrize("method", METHODS)
def test_every_key_of_a_written_configuration_is_one_upstream_has(method: str) -> None:
    found = planned(plugins.card(method), requests(method)["landscape"])
    files = {path: text for step in found.steps for path, text in step.files.items()}
    for path, original in RELIANCE[method].configs.items():
        written = yaml.safe_load(files[path])
        if base := written.pop("_BASE_RUN", None):
            assert base == original
        cases = {"test_cases"}  # its keys are files
        keys = {key for key in keys_of(written) if key.split(".")[0] not in cases}
        known = set(FACTS[method]["keys"][original]) | set(RELIANCE[method].other_keys)
        assert keys <= known | cases


@pytest.mark.parametrize("method", METHODS)
def test_patches_and_literals_are_for_the_pinned_file(method: str) -> None:
    command = plugins.card(method).command
    assert command is not None
    for patch in command.patches:
        assert FACTS[method]["sha256"][patch.file] == patch.sha256
        assert patch.find in RELIANCE[method].says[patch.file]
    digests = FACTS[method]["sha256"] | FACTS[method]["patched"]
    for literal in command.literals:
        assert literal.name in RELIANCE[method].literals[literal.file]
        assert literal.sha256 == digests[literal.file]


@pytest.mark.parametrize("method", METHODS)
def test_written_yaml_json_and_python_can_be_read(method: str) -> None:
    for asked in requests(method).values():
        for step in planned(plugins.card(method), asked).steps:
            for path, text in step.files.items():
                if path.endswith(".yaml"):
                    yaml.safe_load(text)
                elif path.endswith(".json"):
                    json.loads(text)
                elif path.endswith(".py"):
                    compile(text, path, "exec")


@pytest.mark.parametrize("method", METHODS)
def test_every_linked_file_is_a_row_that_says_how_it_is_had(method: str) -> None:
    command = plugins.card(method).command
    assert command is not None
    for linked in command.weights:
        row = weights.row(linked.name)
        assert row.opened_by == "method" or row.sha256  # ours too: known before it is opened
        assert row.source.startswith("https://")


def environment_of(method: str) -> UvEnvironment:
    command = plugins.card(method).command
    assert command is not None
    return command.environment


@pytest.mark.parametrize("method", METHODS)
def test_what_imports_pkg_resources_is_given_it(method: str) -> None:
    """It was part of setuptools, up to 69 as torch 2.1 takes it; with later ones upstream's program
    ends in a ModuleNotFoundError, though its environment could be made.
    """
    packages = environment_of(method).packages
    needs = ("torch==2.1.", "imageio-ffmpeg==0.4.", "imageio-ffmpeg==0.5.", "mmengine==")
    if any(one.startswith(needs) for one in packages):
        assert "setuptools==69.5.1" in packages


@pytest.mark.parametrize("method", METHODS)
def test_a_lock_lies_beside_its_card_and_has_what_the_card_lists(method: str) -> None:
    lock = lock_path(plugins.card(method))
    block = environment_of(method)
    assert lock.is_file() == (block.lock == "card")
    if block.lock == "card":
        pinned = set(re.findall(r"^(\S+==\S+) \\$", lock.read_text(encoding="utf-8"), re.M))
        assert {one.lower() for one in block.packages} <= pinned


if __name__ == "__main__":
    os.environ["A2BENCH_WEIGHTS"] = "/weights"
    for one in METHODS:
        (PLANS / f"{one}.txt").write_text(golden_text(one), encoding="utf-8")
