"""The verbs whose arguments are Hydra overrides, behind the one command line.

The verb is stripped, `--flag value` becomes `key=value`, unknown keys are named with the nearest
one, and the real `@hydra.main` does the rest (groups, `-m` sweeps, `--cfg job`).
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from a2bench.errors import A2BenchError, unknown_name

CONF = Path(__file__).parent.parent / "conf"

_HYDRA_FLAGS = {"-m": 0, "--multirun": 0, "--cfg": 1, "-c": 1, "--resolve": 0, "--info": 1}
"""Hydra's own flags that pass through, with the number of their arguments."""


@dataclass(frozen=True)
class Verb:
    """One Hydra verb."""

    name: str
    summary: str
    examples: tuple[str, ...]
    task: Callable[[Any], int]
    """Composed configuration -> exit code."""
    two_values: tuple[str, ...] = ()
    """Flags that take two values (`--pair PREDICTION TRUTH`)."""


def _keys(verb: str, choice: str | None) -> dict[str, tuple[Any, str]]:
    """Return key -> (default, comment) of a verb, from its configuration files."""
    files = [CONF / verb / f"{verb}.yaml"]
    if _groups(verb):
        files.insert(0, CONF / verb / "dataset" / f"{choice or 'procedural'}.yaml")
    elif choice in _experiments(verb):
        files.append(CONF / verb / _EXPERIMENT / f"{choice}.yaml")
    found: dict[str, tuple[Any, str]] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        comments = _comments(text)
        for key, default in yaml.safe_load(text).items():
            if key in ("defaults", "builder", "hydra", "runner_options"):
                continue
            if isinstance(default, dict) and verb == "build":
                found[key] = ("", comments.get(key, ""))
                below = {f"{key}.{name}": value for name, value in default.items()}
                found |= {name: (value, comments.get(name, "")) for name, value in below.items()}
            else:
                found[key] = (default, comments.get(key) or found.get(key, ("", ""))[1])
    return found


_EXPERIMENT = "experiment"
"""Configuration group of `train`: whole recipes, which any key may change."""

_TABLES = ("data", "options")
"""Keys of `train` that hold tables; who reads them checks the names."""


def _experiments(verb: str) -> list[str]:
    """Return the choices of the verb's configuration group `experiment`; only `train` has one."""
    return sorted(path.stem for path in (CONF / verb / _EXPERIMENT).glob("*.yaml"))


def _comments(text: str) -> dict[str, str]:
    """Return key -> the comment of its line; of a key within another `outer.inner`."""
    found, outer = {}, ""
    for line in text.split("\n"):
        match = re.match(r"( *)([\w.]+):(?:.*?\s\s# (.*))?", line)
        if match is None:
            continue
        outer = outer if match[1] else match[2]
        name = f"{outer}.{match[2]}" if match[1] else match[2]
        if match[3]:
            found[name] = match[3]
    return found


def _presets(verb: str, choice: str | None) -> dict[str, tuple[str, list[str]]]:
    """Return group -> (its default, its choices), of the groups that a data set's file names."""
    path = CONF / verb / "dataset" / f"{choice or 'procedural'}.yaml"
    if not path.is_file():
        return {}
    listed = yaml.safe_load(path.read_text(encoding="utf-8")).get("defaults", [])
    found = {}
    for entry in listed:
        for group, default in entry.items():
            names = sorted(one.stem for one in (CONF / verb / group.strip("/")).glob("*.yaml"))
            found[group.strip("/")] = (default, names)
    return found


def _preset_keys(verb: str, choice: str | None) -> tuple[set[str], set[str]]:
    """Return the keys of groups (`group`, `group.key`), and those below which any key may stand."""
    keys: set[str] = set()
    maps: set[str] = set()
    for group, (_, names) in _presets(verb, choice).items():
        keys.add(group)
        for name in names:
            path = CONF / verb / group / f"{name}.yaml"
            for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
                keys.add(f"{group}.{key}")
                if isinstance(value, dict):
                    maps.add(f"{group}.{key}.")
    return keys, maps


def _runner_keys(arguments: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Return runner.KEY -> (default, description) of the back ends named, else of `local`."""
    from a2bench import plugins
    from a2bench.runner import Configurable

    words = [word.removeprefix("--").partition("=") for word in arguments]
    named = [
        value or following
        for (key, _, value), following in zip(words, [*arguments[1:], ""], strict=True)
        if key == "runner"
    ]
    found: dict[str, tuple[Any, str]] = {}
    for name in (named[-1] if named else "local").split(","):
        if isinstance(back_end := plugins.runner(name), Configurable):
            for key, about in type(back_end.options).model_fields.items():
                found[f"runner.{key}"] = (about.get_default(), about.description or "")
    return found


def _groups(verb: str) -> list[str]:
    """Return the choices of the verb's configuration group `dataset`; only `build` has one."""
    return sorted(path.stem for path in (CONF / verb / "dataset").glob("*.yaml"))


def help_text(verb: Verb) -> str:
    """Return what `a2bench VERB --help` prints."""
    lines = [verb.summary, "", f"usage: a2bench {verb.name} KEY=VALUE ...", "", "examples:"]
    lines += [f"  {example}" for example in verb.examples]
    if recipes := _experiments(verb.name):
        lines += ["", f"recipes, experiment=NAME: {', '.join(recipes)}"]
    choices: list[str | None] = [*_groups(verb.name)] or [None]
    for choice in choices:
        head = f"keys with dataset={choice}:" if choice else "keys:"
        keys = _keys(verb.name, choice)
        lines += ["", head, *_key_lines(keys, max(14, *(len(key) + 1 for key in keys)))]
        for group, (default, names) in _presets(verb.name, choice).items():
            own = sorted(_preset_keys(verb.name, choice)[0])
            of_group = [key.partition(".")[2] for key in own if key.startswith(f"{group}.")]
            lines += [
                f"  {group}={default}, or another of {', '.join(names)}",
                f"  {group}.KEY=... with KEY one of {', '.join(of_group)}, call.ARGUMENT",
            ]
    if verb.name == "run":
        lines += _runner_help()
    lines += [
        "",
        "Every key is a flag too: --split demo is split=demo, --dry-run is dry_run=true.",
        "-m KEY=A,B sweeps; --cfg job prints the configuration and does nothing.",
    ]
    return "\n".join(lines)


def _key_lines(keys: Mapping[str, tuple[Any, str]], width: int) -> Iterator[str]:
    width = max([width, *(len(key) + 2 for key in keys)])
    for key, (default, comment) in keys.items():
        shown = yaml.safe_dump(default, default_flow_style=True, width=1000)
        shown = shown.strip().removesuffix("...").strip()
        shown = {"???": "(needed)", "": ""}.get(default if isinstance(default, str) else "-", shown)
        yield f"  {key:<{width}}{shown:<21} {comment}"


def _runner_help() -> Iterator[str]:
    from a2bench import plugins
    from a2bench.runner import Configurable

    for name in plugins.names("runners"):
        back_end = plugins.runner(name)
        if isinstance(back_end, Configurable):
            needs = back_end.missing()
            yield from ("", f"keys with runner={name}" + (f" (first: {needs}):" if needs else ":"))
            yield from _key_lines(_runner_keys([f"runner={name}"]), 25)


def _quoted(value: str) -> str:
    """Quote a value for Hydra's grammar, unless it is a plain list or word already."""
    if re.fullmatch(r"[\w.@/+-]+|\[[\w.,/@ -]*\]", value) and value != "":
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def to_overrides(verb: Verb, arguments: Sequence[str]) -> list[str]:
    """Translate flags to overrides and check every key.

    Raises:
        A2BenchError: unknown flag or key (with the nearest), or a value is missing.
    """
    choice = next((word[8:] for word in arguments if word.startswith("dataset=")), None)
    groups = _groups(verb.name)
    if groups and choice is not None and choice not in groups:
        raise unknown_name("builder", choice, groups)
    recipes = _experiments(verb.name)
    recipe = next((word[11:] for word in arguments if word.startswith("experiment=")), None)
    if recipes and recipe is not None and recipe not in recipes:
        raise unknown_name("experiment", recipe, recipes)
    keys = _keys(verb.name, recipe if recipes else choice)
    if "runner" in keys and any(re.match(r"(--|\+)?runner\.", word) for word in arguments):
        keys |= _runner_keys(arguments)
    words = list(arguments)
    overrides: list[str] = []
    preset_keys, maps = _preset_keys(verb.name, choice)
    known = [
        *keys,
        *(["dataset"] if groups else []),
        *([_EXPERIMENT] if recipes else []),
        *sorted(preset_keys),
    ]
    while words:
        word = words.pop(0)
        if word in _HYDRA_FLAGS:
            overrides.append(word)
            overrides += [words.pop(0) for _ in range(min(_HYDRA_FLAGS[word], len(words)))]
        elif word.startswith("-"):
            flag, has_value, value = word.lstrip("-").partition("=")
            key = flag.replace("-", "_")
            if key not in known:
                raise unknown_name(f"flag of `a2bench {verb.name}`", word, _flags(known))
            if isinstance(keys.get(key, (None,))[0], bool) and not has_value:
                overrides.append(f"{key}=true")
                continue
            count = 2 if key in verb.two_values else 1
            values = [value] if has_value else words[:count]
            words = words if has_value else words[count:]
            if len(values) < count:
                raise A2BenchError(f"--{flag} needs {count} value{'s' if count > 1 else ''}.")
            quoted = [_quoted(one) for one in values]
            overrides.append(f"{key}=" + (f"[{','.join(quoted)}]" if count > 1 else quoted[0]))
        else:
            key = word.partition("=")[0].lstrip("+~")
            table, dot, _ = key.partition(".")
            if recipes and dot and table in _TABLES and "=" in word:
                overrides.append("++" + word.lstrip("+"))
                continue
            if "=" not in word:
                raise A2BenchError(
                    f"{word!r}: arguments of `a2bench {verb.name}` are KEY=VALUE or --KEY VALUE.\n"
                    f"hint: a2bench {verb.name} --help"
                )
            if any(key.startswith(one) for one in maps):
                overrides.append(f"++{word.lstrip('+')}")  # an argument: there or not
                continue
            if not key.startswith("hydra") and key not in known:
                raise unknown_name(
                    f"key of `a2bench {verb.name}`", key, known, hint=f"a2bench {verb.name} --help"
                )
            overrides.append(word)
    # `runner` is a name; what is set of it lies beside it
    overrides = [re.sub(r"^\+?runner\.", "+runner_options.", word) for word in overrides]
    given = {word.partition("=")[0].lstrip("+~") for word in overrides}
    needed = [key for key, (default, _) in keys.items() if default == "???" and key not in given]
    if needed and not {"--cfg", "-c", "--info"} & set(overrides):
        raise A2BenchError(
            f"`a2bench {verb.name}` needs {needed[0]}=...: {keys[needed[0]][1]}\n"
            f"hint: {verb.examples[0 if verb.name != 'build' else 1]}"
        )
    return overrides


def _flags(keys: Sequence[str]) -> list[str]:
    return [f"--{key.replace('_', '-')}" for key in keys]


def call(verb: Verb, arguments: Sequence[str]) -> int:
    """Run a verb through Hydra and return the exit code (of a sweep: the worst).

    Raises:
        A2BenchError: arguments that cannot be read; errors of the task itself in a single run.
    """
    if any(word in ("--help", "-h") for word in arguments):
        print(help_text(verb))
        return 0
    overrides = to_overrides(verb, arguments)
    import hydra
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        plain = [word for word in overrides if "=" in word and not word.startswith("-")]
        OverridesParser.create().parse_overrides(plain)
    except HydraException as error:
        text = str(error).splitlines()[0]
        raise A2BenchError(
            f"{text}\nhint: quote values with spaces or commas: 'key=\"a b\"'"
        ) from error
    worst = 0
    sweeping = "-m" in overrides or "--multirun" in overrides

    def task(cfg: Any) -> None:
        nonlocal worst
        try:
            worst = max(worst, verb.task(cfg))
        except A2BenchError as error:
            if not sweeping:
                print(f"error: {error}", file=sys.stderr)
                raise SystemExit(2) from error
            print(f"error: {error}", file=sys.stderr)
            worst = 2

    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug of ours keeps its traceback
    before = sys.argv
    # Hydra writes a multirun.yaml; what a sweep did is in our result records
    with TemporaryDirectory() as notes:
        sweep_folder = [f"hydra.sweep.dir={_quoted(notes)}"] if sweeping else []
        sys.argv = [f"a2bench {verb.name}", *overrides, *sweep_folder]
        hydra.main(
            version_base="1.3", config_path=f"pkg://a2bench.conf.{verb.name}", config_name=verb.name
        )(task)()
    sys.argv = before
    return worst
