"""What mkdocs adds to the files of docs/: navigation, pages made from the code, links that hold.

The documents are plain Markdown with links that work in the repository. Pages of the site alone
(README and CONTRIBUTING, commands, cards of metrics and methods, Python) are made at every build,
so that none can go stale; nothing of them is committed.
"""

import ast
import inspect
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent

ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "results/README.md": "results.md",
    "results/published/README.md": "published.md",
    "docs/design": "design/index.md",
}
"""Documents outside docs/, and folders, that are pages of the site -> the page."""

SECTIONS = {
    "Start": ["index.md", "tutorial.md"],
    "How to": [
        "own_videos.md",
        "add_a_method.md",
        "add_a_metric.md",
        "training.md",
        "training.md",
        "ablation.md",
        "clusters.md",
        "generative.md",
        "runner.md",
        "study.md",
        "report.md",
        "contributing.md",
    ],
    "Understand": [
        "evaluation_bugs.md",
        "validity.md",
        "precision.md",
        "results.md",
        "published.md",
        "animate_x.md",
        "glossary.md",
        "measurements.md",
    ],
    "Reference": ["commands.md", "python.md"],
}
"""Order of the pages that are named; any other file of docs/ comes after the last section's."""

PUBLIC = {
    "a2bench": ["evaluate"],
    "a2bench.method": ["Inputs", "Method", "BatchMethod"],
    "a2bench.metric": [
        *("Metric", "ClipPair", "Outcome", "Agreement", "Poses"),
        *("SetPart", "Extractor", "ClipFeatures", "SetOutcome"),
    ],
    "a2bench.distances": ["frechet", "frechet_at_infinity", "kernel_by_character"],
    "a2bench.runner": ["Runner", "SizedRunner", "Configurable", "Preparing", "Job", "Worker"],
    "a2bench.plugins": ["names", "metric", "card", "runner"],
    "a2bench.dataset": ["Dataset"],
    "a2bench.full_truth": ["full_truth"],
    "a2bench.pose.keypoints": ["PoseClip"],
    "a2bench.pose.dwpose": ["DWPose"],
    "a2bench.baselines.animate_x": ["AnimateXPipeline", "AnimateX"],
    "a2bench.errors": ["A2BenchError"],
}
"""Module -> the names in it that are for users; `a2bench.__all__` is the first row."""

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that have no file in docs/, then set the navigation."""
    made = dict(_made())
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    pages = {file.src_uri for file in files.documentation_pages()}
    config.nav = _navigation(pages)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages of the site, and leave marks of the tests out."""
    del config, files
    text = re.sub(r"<!-- test: .*? -->\n", "\n", markdown)
    source = _source(page.file.src_uri)
    return _LINK.sub(lambda link: _linked(link, source, page.file.src_uri), _images(text))


def _images(text: str) -> str:
    """Return README's pictures as the site has them."""
    return text.replace("](docs/images/", "](images/")


def _source(uri: str) -> str:
    """Return the path in the repository of a page."""
    named = {page: path for path, page in ELSEWHERE.items() if path.endswith(".md")}
    return named.get(uri, f"docs/{uri}")


def _linked(link: re.Match[str], source: str, uri: str) -> str:
    text, target, anchor = link[1], link[2], link[3] or ""
    if re.match(r"\w+:", target):
        return link[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in ELSEWHERE:
        found = ELSEWHERE[path]
    elif path.startswith("docs/"):
        found = path.removeprefix("docs/")
    elif (ROOT / path).exists():
        return f"{text} (`{path}`)" if path not in text else text  # in the repository, not here
    else:
        return link[0]  # mkdocs says that it leads nowhere
    return f"[{text}]({posixpath.relpath(found, posixpath.dirname(uri) or '.')}{anchor})"


def _navigation(pages: set[str]) -> list[dict[str, Any]]:
    left = set(pages)
    sections: list[dict[str, Any]] = []
    for title, names in SECTIONS.items():
        there = [name for name in names if name in pages]
        left -= set(there)
        sections.append({title: there})
    cards = {
        "Metrics": sorted(name for name in left if name.startswith("metrics/")),
        "Methods": ["methods.md", *sorted(name for name in left if name.startswith("methods/"))],
        "Decisions": sorted(name for name in left if name.startswith("design/")),
    }
    for names in cards.values():
        names.sort(key=lambda name: not name.endswith("index.md"))
        left -= set(names)
    sections[-1]["Reference"] += sorted(left)
    return [*sections, *({title: names} for title, names in cards.items())]


def _made() -> Iterator[tuple[str, str]]:
    """Yield every page that is made: its place in the site, its Markdown."""
    for path, page in ELSEWHERE.items():
        if path.endswith(".md"):
            yield page, (ROOT / path).read_text(encoding="utf-8")
    yield "design/index.md", _decisions()
    yield "commands.md", commands_page()
    yield "python.md", python_page()
    yield from metric_cards()
    yield from method_cards()


def _decisions() -> str:
    lines = ["# Decisions", "", "What was chosen, what was not, and why.", ""]
    for path in sorted((ROOT / "docs" / "design").glob("*.md")):
        title = path.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines)


# Commands


def commands() -> Iterator[tuple[str, Any]]:
    """Yield each command of the command line: its words, and what click knows of it."""
    import typer

    from a2bench.cli.main import app

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "commands"):
            yield " ".join(words), command
            return
        for name, inner in command.commands.items():
            yield from below(inner, (*words, name))

    yield from below(typer.main.get_command(app), ())


def takes_keys(command: Any) -> bool:
    """Whether a command's arguments are keys of a configuration (KEY=VALUE)."""
    return bool(command.context_settings.get("allow_extra_args"))


def key_help(name: str) -> str:
    """Return what `a2bench NAME --help` prints of a verb whose arguments are keys."""
    from typer.testing import CliRunner

    from a2bench.cli.main import app

    done = CliRunner().invoke(app, [name, "--help"])
    if done.exit_code or not done.output:
        raise RuntimeError(f"a2bench {name} --help: {done.output or done.exception}")
    return str(done.output)


def commands_page() -> str:
    """Return the reference of all commands."""
    found = sorted(commands(), key=lambda one: _VERBS.index(one[0]) if one[0] in _VERBS else 99)
    lines = [
        "# Commands",
        "",
        "Made from the code. Exit codes of all: 0 done, or yes; 1 failed, or no; 2 wrong input or "
        "set-up, with the line to type; 3 the data do not decide. Results go to stdout, progress "
        "and notes to stderr.",
        "",
    ]
    for name, command in found:
        lines += [f"## a2bench {name}", ""]
        if takes_keys(command):
            lines += ["```text", key_help(name).rstrip(), "```", ""]
            continue
        text = inspect.cleandoc(command.help or "").replace("<", "&lt;")
        lines += [text, "", *_parameters(command), ""]
    return "\n".join(lines)


_VERBS = ("demo", "build", "inputs", "run", "score", "table", "compare", "gate", "train")


def _parameters(command: Any) -> Iterator[str]:
    shown = [one for one in command.params if not one.hidden and one.name != "help"]
    if not shown:
        return
    yield "| argument | default | what |"
    yield "|---|---|---|"
    for one in shown:
        words = one.opts if one.param_type_name == "option" else [one.metavar or one.name.upper()]
        value = one.default
        default = "" if value in (None, False, (), []) or callable(value) else f"`{value}`"
        if one.required:
            default = "needed"
        yield f"| {' '.join(f'`{word}`' for word in words)} | {default} | {_cell(one.help or '')} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").strip()


# Python


def python_page() -> str:
    """Return the reference of public names; mkdocstrings fills it from the docstrings."""
    lines = [
        "# Python",
        "",
        "Made from the docstrings. What is not here may change in any version.",
        "",
    ]
    for module, names in PUBLIC.items():
        mapped = module.startswith("a2bench.baselines")
        lines += [f"## {module}", ""]
        for name in names:
            # the plug-in folders are mapped into a2bench by the installation, not on the disk
            lines.append(f"::: {module.removeprefix('a2bench.') if mapped else module}.{name}")
            lines += ["    options:", f"      heading: {module}.{name}"] if mapped else []
            lines.append("")
    return "\n".join(lines)


# Cards


def metric_cards() -> Iterator[tuple[str, str]]:
    """Yield a page a metric, and one that lists them by suite."""
    from a2bench import plugins
    from a2bench.cli.listing import INFO

    rows = []
    for name, path in plugins.files("metrics").items():
        facts = dict(INFO["metric"](name, None))
        facts.pop("on this machine")  # of the reader's machine, not of this one
        metric = plugins.metric(name)
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        arrow = {"higher": "↑", "lower": "↓"}[metric.direction]
        rows.append(
            f"| [`{name}`]({name}.md) | {metric.title} {arrow} | {_cell(metric.summary)} | "
            f"{metric.unit} | {', '.join(metric.suites)} |"
        )
        yield f"metrics/{name}.md", "\n".join([f"# {name}", "", _prose(said), "", *_facts(facts)])
    head = [
        "# Metrics",
        "",
        "Made from the code, as `a2bench info metric NAME` says it. [What each one sees]"
        "(../validity.md), [how near each comes to its reference](../precision.md).",
        "",
        "| name | title | what it says | unit | suites |",
        "|---|---|---|---|---|",
    ]
    yield "metrics/index.md", "\n".join([*head, *rows])


def method_cards() -> Iterator[tuple[str, str]]:
    """Yield a page a method; docs/methods.md is about all of them."""
    from a2bench import plugins
    from a2bench.cli.listing import INFO

    rows = []
    for name in plugins.files("baselines"):
        card = plugins.card(name)
        facts = dict(INFO["method"](name, None))
        for of_this_machine in ("status", "next", "card", "title", "summary", "name"):
            facts.pop(of_this_machine, None)
        facts = {"status of the card": card.status, **facts}
        command = f"a2bench run method={name}"
        if card.kind == "precomputed":
            command = f"a2bench score --predictions FOLDER method={name}"
        text = [f"# {name}", "", f"**{card.title}.** {_cell(card.summary)}", ""]
        text += ["```", command, f"a2bench info method {name}   # with what this machine lacks"]
        yield f"methods/{name}.md", "\n".join([*text, "```", "", *_facts(facts)])
        rows.append(
            f"| [`{name}`]({name}.md) | {_cell(card.title)} | {card.kind} | "
            f"{', '.join(card.inputs_seen) or 'reference only'} | {', '.join(card.tracks)} | "
            f"{_cell(card.licence_code or '')} |"
        )
    head = [
        "# Cards of all methods",
        "",
        "Made from the cards, `baselines/NAME.yaml`. [About methods](../methods.md).",
        "",
        "| name | title | kind | inputs seen | tracks | licence of the code |",
        "|---|---|---|---|---|---|",
    ]
    yield "methods/index.md", "\n".join([*head, *rows])


def _prose(docstring: str) -> str:
    """Return a docstring as Markdown; its indented formulas are code there too."""
    lines = [
        line if line.startswith("    ") else line.replace("<", "&lt;").replace("*", "\\*")
        for line in docstring.split("\n")
    ]
    return "\n".join(lines)


def _facts(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield facts as a table; lists below each other."""
    yield "| | |"
    yield "|---|---|"
    for key, value in facts.items():
        if isinstance(value, Mapping):
            parts = [f"{_code(name)}: {_code(text)}" for name, text in value.items()]
        else:
            parts = [_code(part) for part in ([value] if isinstance(value, str) else value)]
        yield f"| {_cell(key.replace('_', ' '))} | {'<br>'.join(filter(None, parts))} |"


def _code(text: str) -> str:
    """Return a fact for a cell, its own marks of Markdown shown as they are."""
    return re.sub(r"([*_\[\]{}])", r"\\\1", _cell(text).replace("&lt;", "<")).replace("<", "&lt;")
