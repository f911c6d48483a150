"""The set-up of an experiment as a paragraph for a paper, with its references as BibTeX."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from a2bench import plugins
from a2bench.results import Leaderboard, Provenance
from a2bench.tables import escape_latex

ANIMATE_X = (
    "Tan, Gong, Wang, Zhang, Zheng, Zheng, Zheng, Chen and Yang, Animate-X: Universal Character "
    "Image Animation with Enhanced Motion Representation, ICLR 2025 (arXiv 2410.10306)"
)
"""Where the benchmark's task and name come from."""

_REFERENCE = re.compile(
    r"(?P<authors>[^,]+ et al\.|.+? and [^,]+), (?P<title>.+), "
    r"(?P<venue>[^,]+?(?:, \d+)?(?:, | )(?P<year>(?:19|20)\d\d)(?: \([^)]*\))?)(?:,.*| \([^)]*\))?"
)

_PROTOCOL = {
    "self": "each character's first frame is driven by its own poses and compared with its own "
    "video (self)",
    "rescaled": "poses are re-shaped to a human body before they drive the character, and the "
    "result is compared with the character's own video (rescaled)",
    "cross": "each character is driven by another character's dance and compared with a render of "
    "it dancing that dance (cross)",
}


def bibtex(paper: str) -> tuple[str, str]:
    """Return the key and the BibTeX entry of a reference as metric cards write it.

    The form is `Authors, Title, Venue Year`: last names with commas and `and`, or `Name et al.`.
    What does not have it is kept whole as a note.
    """
    found = _REFERENCE.fullmatch(paper)
    if found is None:
        key = _key(paper.split()[0], "", paper)
        return key, f"@misc{{{key},\n  note = {{{escape_latex(paper)}}}\n}}"
    authors = found["authors"].removesuffix(" et al.")
    names = [name for part in authors.split(", ") for name in part.split(" and ")]
    written = " and ".join(names) + (" and others" if found["authors"] != authors else "")
    key = _key(names[0], found["year"], found["title"])
    return key, (
        f"@misc{{{key},\n  author = {{{escape_latex(written)}}},\n"
        f"  title = {{{{{escape_latex(found['title'])}}}}},\n"
        f"  howpublished = {{{escape_latex(found['venue'])}}},\n  year = {{{found['year']}}}\n}}"
    )


def _key(name: str, year: str, title: str) -> str:
    """Return a key such as `wang2004image`: ASCII letters and digits only."""
    words = [word for word in re.findall(r"\w+", title) if word.lower() not in ("a", "an", "the")]
    plain = unicodedata.normalize("NFKD", f"{name}{year}{words[0] if words else ''}")
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def methods_paragraph(leaderboard: Leaderboard, provenance: Provenance) -> str:
    """Return LaTeX text of the set-up and the BibTeX entries it cites, apart by an empty line.

    Every number in it comes from the leaderboard and its provenance.
    """
    caption = leaderboard.caption
    keys: dict[str, str] = {}
    entries: dict[str, str] = {}
    for paper in [ANIMATE_X, *_papers(leaderboard)]:
        key, entry = bibtex(paper)
        keys[paper], entries[key] = key, entry
    metrics = _joined(
        [
            f"{escape_latex(column.title)}"
            + (f"~\\cite{{{keys[paper]}}}" if (paper := plugins.metric(column.name).paper) else "")
            for column in leaderboard.columns
            if any(_has_number(leaderboard, column.name))
        ]
    )
    protocols = "; ".join(_PROTOCOL[name] for name in leaderboard.protocols)
    counts = sorted(set(leaderboard.cases.values()))
    size = " or ".join(str(count) for count in counts)
    seeds = ", ".join(str(seed) for seed in provenance.seeds) or "none"
    libraries = _libraries(provenance.libraries)
    regions = {column.region for column in leaderboard.columns if column.region is not None}
    region = ""
    if regions == {"motion"}:
        region = (
            "Frame-wise metrics are computed where the character moves: the union over time of its "
            "mask, dilated by 16 px at a height of 768. "
        )
    partial = "Cases that were not attempted count as failed. " if leaderboard.partial else ""
    text = (
        f"We evaluate on A$^2$Bench~\\cite{{{keys[ANIMATE_X]}}} with the data set "
        f"\\texttt{{{escape_latex(caption.dataset)}}} {escape_latex(caption.version)} "
        f"(digest \\texttt{{{caption.short_digest}}}), split {escape_latex(caption.split)} "
        f"({size} cases a protocol): {protocols}. "
        f"We report {metrics}. The input frame is "
        f"{'scored, as the field does' if caption.suite == 'disco' else 'not scored'}. "
        f"{region}A failed case enters with the worse of the still picture's value and the "
        f"method's own median. {partial}Poses: {escape_latex(caption.track.replace('_', ' '))}; "
        f"seeds of stochastic methods: {seeds}; suite {escape_latex(caption.suite)}, metric "
        f"versions {_versions(provenance.metric_versions)}; {libraries}."
    )
    return text + "\n\n" + "\n\n".join(entries[key] for key in sorted(entries)) + "\n"


def _has_number(leaderboard: Leaderboard, metric: str) -> list[bool]:
    return [
        cell.value is not None
        for row in leaderboard.rows
        for cell in row.cells
        if cell.metric == metric
    ]


def _papers(leaderboard: Leaderboard) -> list[str]:
    papers = [
        plugins.metric(column.name).paper
        for column in leaderboard.columns
        if any(_has_number(leaderboard, column.name))
    ]
    return [paper for paper in dict.fromkeys(papers) if paper]


def _joined(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + f" and {words[-1]}"


def _versions(versions: Mapping[str, int]) -> str:
    numbers = sorted(set(versions.values()))
    if len(numbers) == 1:
        return str(numbers[0])
    return ", ".join(f"{escape_latex(name)} {number}" for name, number in sorted(versions.items()))


def _libraries(libraries: Mapping[str, str]) -> str:
    return ", ".join(
        f"{'networks in' if name == 'networks' else escape_latex(name)} {escape_latex(number)}"
        for name, number in sorted(libraries.items())
        if number != "not installed"
    )
