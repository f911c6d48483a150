"""The documentation site: it builds without a network, and nothing that users type is left out."""

import fcntl
import importlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import a2bench
from a2bench import plugins

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: CI's own, or built once for all test processes."""
    if value := os.environ.get("A2BENCH_SITE"):
        return Path(value)
    shared = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    root = shared or tmp_path_factory.mktemp("site")
    with (root / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "site" / "index.html").exists():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
            done = subprocess.run(
                [*command, "--site-dir", str(root / "site")],
                capture_output=True, text=True, check=False, cwd=ROOT,
                env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
    return root / "site"


@pytest.fixture(scope="session")
def hook() -> ModuleType:
    """docs/site_hook.py, which makes the pages that are made."""
    spec = importlib.util.spec_from_file_location("site_hook", ROOT / "docs" / "site_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Page(HTMLParser):
    """What a browser would load by itself, the text people see, and the places one can link to."""

    LOADING = ("script", "img", "iframe", "source", "video", "audio", "embed", "object", "link")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.headings: list[str] = []
        self.text = ""
        self._in: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in self.LOADING and not (tag == "link" and known.get("rel") in ("next", "prev")):
            self.loads += [known.get(key) or "" for key in ("src", "href", "data") if key in known]
        if known.get("id"):
            self.anchors.add(str(known["id"]))
        if tag in ("script", "style", "h2", "h3", "pre"):
            self._in.append(tag)
            if tag in ("h2", "h3"):
                self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._in:
            self._in.remove(tag)

    def handle_data(self, data: str) -> None:
        if "script" in self._in or "style" in self._in:
            return
        self.text += data
        if {"h2", "h3"} & set(self._in):
            self.headings[-1] += data


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """No font, script, style or picture of another host: the site works without a network."""
    pages = sorted(site.rglob("*.html"))
    loaded = {link for page in pages for link in _Page(page).loads}

    assert len(pages) > 90  # a page a metric, a method, a decision
    assert any(link.endswith(".css") for link in loaded)
    assert [link for link in sorted(loaded) if re.match(r"(\w+:)?//", link)] == []
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(url\(['\"]?|@import\s+['\"]?)(https?:)?//", text), style


def test_tables_and_lists_became_tables_and_lists(site: Path) -> None:
    """Python-Markdown wants an empty line before them where GitHub does not."""
    for page in site.rglob("*.html"):
        text = re.sub(r"<(pre|code)[ >].*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\|\s*:?---", text), page
        assert not re.search(r"<p>[^<]*\n[-*] ", text), page


def test_every_command_and_argument_is_documented(site: Path, hook: ModuleType) -> None:
    """Each with a sentence of its own, on the page of commands."""
    page = _Page(site / "commands.html")
    found = dict(hook.commands())

    assert {"demo", "build", "run", "score", "table", "env build", "verify results"} <= set(found)
    for name, command in found.items():
        assert any(heading.startswith(f"a2bench {name}") for heading in page.headings), name
        assert hook.takes_keys(command) or command.help, name
        for parameter in command.params:
            assert parameter.help or parameter.name == "help", f"a2bench {name}: {parameter.name}"
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert all(flag in page.text for flag in parameter.opts), parameter.opts


def _configured() -> Iterator[tuple[str, str, Path]]:
    """Yield (verb, key, file) of every key of every verb whose arguments are keys."""
    for path in sorted((ROOT / "a2bench" / "conf").rglob("*.yaml")):
        if path.parent.name in ("experiment", "text_to_image", "image_to_video"):
            continue  # recipes and presets: values of keys that the verb's help has
        verb = path.relative_to(ROOT / "a2bench" / "conf").parts[0]
        for key in yaml.safe_load(path.read_text(encoding="utf-8")):
            if verb != "common" and key not in ("defaults", "hydra", "builder", "runner_options"):
                yield verb, key, path


def test_every_key_is_documented(site: Path, hook: ModuleType) -> None:
    """In the help of its verb, with a comment in its file that says what it is."""
    page = _Page(site / "commands.html")
    verbs = {name for name, command in hook.commands() if hook.takes_keys(command)}
    found = list(_configured())

    assert {verb for verb, _, _ in found} == verbs
    for verb, key, path in found:
        assert re.search(rf"^{key}:.*  # \S", path.read_text("utf-8"), flags=re.MULTILINE), key
        assert re.search(rf"^  {key}\s", hook.key_help(verb), flags=re.MULTILINE), f"{verb} {key}"
        assert f"  {key}" in page.text, f"{verb} {key}"


def test_every_public_name_is_documented(site: Path, hook: ModuleType) -> None:
    """`a2bench.__all__`, what plug-ins are made of, and whatever a document imports."""
    page = _Page(site / "python.html")

    assert hook.PUBLIC["a2bench"] == a2bench.__all__
    for module, names in hook.PUBLIC.items():
        for name in names:
            assert getattr(importlib.import_module(module), name).__doc__, name
            assert any(
                heading.strip().startswith(f"{module}.{name}") for heading in page.headings
            ), name
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            for module, names in re.findall(r"from (a2bench[.\w]*) import ([\w, ]+)", block):
                shown = hook.PUBLIC.get(module, [])
                assert {name.strip() for name in names.split(",")} <= set(shown), (document, module)


def test_every_metric_and_method_has_a_card(site: Path) -> None:
    """Made from the code: what `a2bench info` says, and the head of a metric's file."""
    for name in plugins.names("metrics"):
        text = _Page(site / "metrics" / f"{name}.html").text
        assert plugins.metric(name).summary in " ".join(text.split()), name
        assert "Averages over" in text, name
    for name in plugins.names("baselines"):
        card = plugins.card(name)
        text = " ".join(_Page(site / "methods" / f"{name}.html").text.split())
        assert " ".join(card.title.split()) in text, name
        for problem in card.known_problems:
            assert " ".join(problem.problem.split())[:40] in text, name


def test_every_variant_of_an_ablation_is_documented() -> None:
    """Rows of the paper's tables by the names that `a2bench train variant=` knows."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([\w ]+)`", text))))
    known = set(plugins.trainer_class(plugins.card("animate_x")).variants())

    assert {name for name in known if not name.startswith("lambda")} <= named


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_hold_in_the_repository_too(document: Path) -> None:
    """The documents are read as files as well: each relative link leads to one."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)", text):
        if not re.match(r"\w+:", target):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
