"""The set-up paragraph says what the provenance says, and its BibTeX parses."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from a2bench import plugins
from a2bench.methods_text import ANIMATE_X, bibtex

Cli = Callable[..., subprocess.CompletedProcess[str]]

PAPERS = sorted({plugins.metric(name).paper for name in plugins.names("metrics")} - {""})


@pytest.mark.parametrize("paper", [ANIMATE_X, *PAPERS])
def test_every_metrics_paper_becomes_an_entry_with_author_title_and_year(paper: str) -> None:
    key, entry = bibtex(paper)
    assert re.fullmatch(r"[a-z]+(19|20)\d\d[a-z0-9]+", key), key
    for field in ("author", "title", "howpublished", "year"):
        assert f"{field} = " in entry
    assert entry.count("{") == entry.count("}")


def test_names_titles_with_commas_and_et_al_are_told_apart() -> None:
    key, entry = bibtex(
        "Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to "
        "structural similarity, IEEE Transactions on Image Processing 13(4), 2004"
    )
    assert key == "wang2004image"
    assert "author = {Wang and Bovik and Sheikh and Simoncelli}" in entry
    assert "howpublished = {IEEE Transactions on Image Processing 13(4), 2004}" in entry
    key, entry = bibtex("Huang et al., VBench: Suite, CVPR 2024 (arXiv 2311.17982), one part")
    assert key == "huang2024vbench"
    assert "author = {Huang and others}" in entry
    assert "title = {{VBench: Suite}}" in entry


def test_the_paragraph_has_digest_cases_metrics_and_compiles_to_cited_keys(
    cli: Cli, demo_folder: Path
) -> None:
    where = ("--home", str(demo_folder / "data"), "--run", "demo", "--split", "demo")
    done = cli("table", "--methods-paragraph", *where)
    assert done.returncode == 0, done.stderr
    text, _, references = done.stdout.partition("\n\n")
    made = json.loads((demo_folder / "provenance.json").read_text())
    assert made["dataset_digest"].removeprefix("sha256:")[:12] in text
    assert "8 cases a protocol" in text
    assert "PSNR" in text
    cited = set(re.findall(r"\\cite\{(\w+)\}", text))
    assert cited == set(re.findall(r"@misc\{(\w+),", references))
