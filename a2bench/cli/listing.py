"""What `ls` and `info` say. Listing imports neither torch nor numpy nor pandas."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from a2bench import plugins, weights
from a2bench.paths import data_home

Rows = list[dict[str, str]]


def _methods(_: Path | None) -> Rows:
    rows = []
    for name in plugins.names("baselines"):
        card = yaml.safe_load(plugins.card_path(name).read_text(encoding="utf-8"))
        rows.append(
            {
                "name": name,
                "kind": str(card.get("kind", "")),
                "device": str(card.get("device", "cpu")),
                "inputs seen": " ".join(card.get("inputs_seen", [])) or "reference only",
                "weights": _weights(card.get("weights", [])),
                "summary": str(card.get("summary", "")),
            }
        )
    return rows


def _weights(names: list[str]) -> str:
    """Whether a method's weights are here, else what to type."""
    if not names:
        return "none"
    lacking = [found.row for found in map(weights.status, names) if not found.usable]
    if not lacking:
        return "here"
    shared = sorted(set.intersection(*(set(row.groups) for row in lacking)))
    return f"needs a2bench fetch {shared[0] if shared else ' '.join(row.name for row in lacking)}"


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
        "agreement": [
            f"within {agreement.within:g}{'' if metric.unit == '1' else ' ' + metric.unit} of "
            f"{agreement.reference}"
            for agreement in metric.agreement
        ],
        "on this machine": metric.missing() or "available",
    }


def _method_info(name: str, _: Path | None) -> Facts:
    card = plugins.card(name).model_dump(mode="json")
    facts: Facts = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in card.items()
    }
    return facts | {"card": str(plugins.card_path(name))}


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
