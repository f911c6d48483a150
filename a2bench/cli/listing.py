"""What `ls` and `info` say. Listing imports neither torch nor numpy nor pandas."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from a2bench import plugins, weights
from a2bench.agreement import measured_lines
from a2bench.errors import A2BenchError
from a2bench.paths import data_home

if TYPE_CHECKING:
    from a2bench.command_card import CommandBlock
    from a2bench.records import MethodCard

Rows = list[dict[str, str]]


def _methods(_: Path | None) -> Rows:
    rows = []
    for name in plugins.names("baselines"):
        try:
            card = plugins.card(name)
        except A2BenchError as error:  # one bad card hides no other
            rows.append(dict.fromkeys(_METHOD_FACTS, "-") | {"name": name, "status": "broken card"})
            rows[-1]["next"] = str(error).splitlines()[-1].removeprefix("hint: ")
            continue
        native, (status, following) = card.native, _what_next(card)
        size = str(native.size) if native.size else "own size"
        rate = "own rate" if native.fps is None else f"{native.fps:g} Hz"
        length = "any length" if native.frames is None else f"{native.frames} frames"
        rows.append(
            {
                "name": name,
                "status": status,
                "inputs seen": " ".join(card.inputs_seen) or "reference only",
                "native": f"{size}, {rate}, {length}",
                "code": _short(card.licence_code),
                "weights": _short(card.licence_weights),
                "next": following.split(" (", 1)[0],
            }
        )
    return rows


_METHOD_FACTS = ("name", "status", "inputs seen", "native", "code", "weights", "next")


def _short(licence: str) -> str:
    """Return the first licence of a list, without what is said about it; `info` has it all."""
    first = re.split(r"[;(,]", licence, maxsplit=1)[0].strip() or "not stated"
    return first if first == licence.strip() else f"{first} ..."


def _what_next(card: "MethodCard") -> tuple[str, str]:
    """Return where a method stands on this machine, and what to type next."""
    name = card.name
    if card.kind == "precomputed":
        return "precomputed only", f"a2bench score --predictions FOLDER method={name}"
    wanted = _lacks(card)
    if card.status == "experimental":
        return "experimental", wanted[1] if wanted else f"a2bench run method={name}"
    if wanted is not None:
        return wanted
    return "ready", f"a2bench run method={name}"


def _lacks(card: "MethodCard") -> tuple[str, str] | None:
    """Return what a method needs first that this machine lacks, and how it is had."""
    if card.command is not None:
        from a2bench.environment import problems

        for problem in problems(card):
            of_weights = problem.kind in ("missing_weights", "gated")
            return ("needs weights" if of_weights else "needs its environment"), problem.hint
    elif lacking := [found.row for found in map(weights.status, card.weights) if not found.usable]:
        shared = sorted(set.intersection(*(set(row.groups) for row in lacking)))
        rows = shared[0] if shared else " ".join(row.name for row in lacking)
        return "needs weights", f"a2bench fetch {rows}"
    elif (own := plugins.weights_folder(card)) is not None and not own.is_dir():
        if card.weights_repository:
            return "needs weights", f"hf download {card.weights_repository} --local-dir {own}"
        return "needs weights", f"a2bench info method {card.name}"
    if card.device == "cuda" and not has_gpu():
        return "needs a GPU", f"a2bench run method={card.name} runner=slurm"
    return None


def has_gpu() -> bool:
    """Whether the driver of an NVIDIA GPU is at work here; imports nothing to find out."""
    return any(Path("/proc/driver/nvidia/gpus").glob("*"))


def _first_line(path: Path) -> str:
    """Return the first line of a module's docstring without importing it."""
    import ast

    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except SyntaxError as error:
        return f"(broken: line {error.lineno}: {error.msg})"
    return text.split("\n", 1)[0]


def _modules(kind: plugins.Kind) -> Rows:
    return [
        {"name": name, "summary": _first_line(path) if path else "(installed package)"}
        for name, path in plugins.files(kind).items()
    ]


def _runners(_: Path | None) -> Rows:
    from a2bench.runner import Configurable

    rows = []
    for name in plugins.names("runners"):
        found = plugins.runner(name)
        needs = found.missing() if isinstance(found, Configurable) else ""
        rows.append({"name": name, "here": needs or "ready", "summary": found.summary})
    return rows


def _datasets(home: Path | None) -> Rows:
    rows = []
    for path in sorted((data_home(home) / "datasets").glob("*/*/dataset.json")):
        row = {"name": f"{path.parent.parent.name}@{path.parent.name}", "folder": str(path.parent)}
        try:
            rows.append(row | _described(path))
        except (OSError, ValueError, KeyError, TypeError) as error:  # somebody else's file
            rows.append(row | dict.fromkeys(_FACTS, "-") | {"builder": f"broken ({error})"[:60]})
    return [{key: row[key] for key in ("name", *_FACTS, "folder")} for row in rows]


_FACTS = ("builder", "profile", "protocols", "samples", "largest split")


def _described(path: Path) -> dict[str, str]:
    """Return what `dataset.json` and the length of the manifest say; no pydantic: it is slow."""
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"over {_MAX_BYTES} bytes")
    info = json.loads(path.read_text(encoding="utf-8"))
    manifest = path.with_name("manifest.jsonl")
    built = 0
    if manifest.exists() and manifest.stat().st_size <= _MAX_BYTES:
        built = manifest.read_bytes().count(b"\n")
    splits = sorted((int(count), str(name)) for name, count in info["splits"].items())
    whole = [name for count, name in splits if count <= built]
    return {
        "builder": str(info["builder"]),
        "profile": str(info["profile"]),
        "protocols": " ".join(map(str, info["protocols"])),
        "samples": f"{built} of {len(info['order'])}",
        "largest split": whole[-1] if whole else "none",
    }


_MAX_BYTES = 64 * 2**20


def _runs(home: Path | None) -> Rows:
    rows = []
    for folder in sorted((data_home(home) / "runs").glob("*/")):
        datasets = sorted({f"{p.parent.name}@{p.name}" for p in folder.glob("predictions/*/*")})
        methods = sorted({p.name for p in folder.glob("predictions/*/*/*/*")})
        rows.append(
            {"name": folder.name, "data sets": " ".join(datasets), "methods": " ".join(methods)}
        )
    return rows


KINDS: dict[str, Callable[[Path | None], Rows]] = {
    "methods": _methods,
    "metrics": lambda _: _modules("metrics"),
    "runners": _runners,
    "datasets": _datasets,
    "runs": _runs,
}


def as_lines(rows: Rows) -> Iterator[str]:
    """Return rows as aligned columns under their headings."""
    if not rows:
        yield "none yet"
        return
    heads = list(rows[0])
    widths = [max(len(head), *(len(row[head]) for row in rows)) for head in heads]
    for cells in [heads, *([row[head] for head in heads] for row in rows)]:
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        yield "  ".join(padded).rstrip()


Facts = dict[str, str | list[str] | dict[str, str]]


def _metric_info(name: str, _: Path | None) -> Facts:
    metric = plugins.metric(name)
    low, high = metric.value_range
    return {
        "name": name,
        "title": metric.title,
        "summary": metric.summary,
        "formula": metric.formula,
        "direction": f"{metric.direction} is better",
        "unit": metric.unit,
        "range": f"{low:g} to {high:g}, perfect {metric.perfect:g}",
        "in means": f"capped at {metric.cap:g}" if metric.cap is not None else "as it is",
        "minimum": metric.minimum,
        "scores": {
            "motion": "the region where the character moves; the whole frame without masks",
            "frame": "the whole frame",
            "background": "what lies outside the region where the character moves",
        }[metric.region],
        "input frame": "counts" if metric.view == "field" else "is not scored",
        "choices": dict(metric.choices),
        "pitfalls": metric.pitfalls,
        "suites": ", ".join(metric.suites),
        "version": str(metric.version),
        "paper": metric.paper,
        "code": metric.code,
        "licences": metric.licences,
        "agreement": measured_lines(name)
        or [
            f"not measured; bound {agreement.within:g}: {agreement.reference}"
            for agreement in metric.agreement
        ],
        "on this machine": metric.missing() or "available",
    }


def _method_info(name: str, _: Path | None) -> Facts:
    card = plugins.card(name)
    status, following = _what_next(card)
    facts: Facts = {"name": name, "title": card.title, "summary": card.summary}
    facts |= {"status": status, "next": following}
    if card.status_reason:
        facts["why"] = card.status_reason
    if card.kind == "precomputed":
        facts["inputs for it"] = (
            f"a2bench inputs --protocol cross --split quant --size "
            f"{card.native.size or 'WIDTHxHEIGHT'} --out inputs"
        )
    shown = card.model_dump(mode="json", by_alias=False)
    for key, value in shown.items():
        if key in (*facts, "schema_", "status_reason", "known_problems", "command"):
            continue
        if value in (None, "", [], {}):
            continue
        facts[key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if card.command is not None:
        facts |= _command_facts(card.command)
    problems = [
        line
        for one in card.known_problems
        for line in (f"- {one.problem} [{one.source}]", f"  ours: {one.ours}")
    ]
    facts["known problems"] = problems or ["none that we know of"]
    return {key: value for key, value in facts.items() if value} | {
        "card": str(plugins.card_path(name))
    }


def _command_facts(block: "CommandBlock") -> Facts:
    """Return an upstream repository, its environment, files, terms and steps as facts."""
    files = [
        f"{one.link}: {row.source} ({row.licence}), SHA-256 {row.sha256 or 'unpublished'}"
        for one in block.weights
        for row in (weights.row(one.name),)
    ]
    files += [f"{one.name}/: {one.repository} ({one.licence})" for one in block.weights_folders]
    environment = block.environment
    return {
        "source": f"{block.source.url} @ {block.source.commit} ({block.source.licence})",
        "patches": [f"{one.name} ({one.file}): {one.why}" for one in block.patches],
        "literals": [f"{one.file}: {one.name} = {one.value}" for one in block.literals],
        "environment": [f"Python {environment.python}", *environment.packages],
        "files": files,
        "terms": [f"{one.title}: {one.text} {one.url}" for one in block.terms],
        "steps": [f"{one.name}: {shlex.join(one.argv)}" for one in block.steps],
        "result": f"{block.result.find}",
        "failures": dict(block.failures.items()),
    }


def fact_lines(facts: Facts) -> Iterator[str]:
    """Return facts as lines: the name, then the text; lists and named choices below each other."""
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        lines = [value] if isinstance(value, str) else list(value) or [""]
        if isinstance(value, dict):
            inner = max((len(name) for name in value), default=0)
            lines = [f"{name:<{inner}}  {text}" for name, text in value.items()] or [""]
        for number, line in enumerate(lines):
            yield f"{'' if number else key:<{width}}  {line}".rstrip()


INFO: dict[str, Callable[[str, Path | None], Facts]] = {
    "metric": _metric_info,
    "method": _method_info,
}
