"""`submit-check`: may a folder become a leaderboard in `results/`?

What others send is looked at before any reader opens it: every name and kind of file, every size,
every text, every digest, and every number against every other. Nothing is followed, unpickled,
run or read without a bound. The tables in the folder must be, byte for byte, what this a2bench
makes of its values: so no text of the sender's reaches a page or a spreadsheet but escaped.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.from_files import gathered
from a2bench.leaderboard import (
    CASES,
    PROVENANCE,
    REASONS,
    SETS,
    TABLES,
    Committed,
    folder_name,
    read_leaderboard,
    read_provenance,
)
from a2bench.records import PROTOCOLS, MethodCard
from a2bench.results import card_digest
from a2bench.store import RunFolder
from a2bench.tables import CONTACT_SHEET, headline_of, to_html, to_latex, to_markdown
from a2bench.verify_results import Report, verify_results
from a2bench.video import read_image

MAX_BYTES = 1_500_000
"""Of one file; the repository takes no larger ones."""

MAX_FILES = 20
MAX_TEXT = 2000
"""Letters of one text; of a title 80."""

_KNOWN = frozenset(
    {PROVENANCE, *TABLES, CASES, SETS, REASONS, CONTACT_SHEET}
    | {f"values/{name}.csv" for name in PROTOCOLS}
)
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".npy", ".npz", ".joblib")
_COMMAND = "card.command"
"""Below it stand command lines and patches: programs' texts, which no table shows."""


def submit_check(
    folder: Path,
    *,
    results: Path | None = None,
    cases: int = 2,
    seed: int = 0,
    store: RunFolder | None = None,
) -> tuple[Report, str]:
    """Check a contribution; return what was found and where it belongs below `results/`.

    Args:
        folder: what is to be contributed.
        results: leaderboards that it is to stand beside; None: none.
        cases: predictions that are made or scored again.
        seed: which ones.
        store: the run whose stored predictions may be scored.

    Raises:
        A2BenchError: there is no such folder.
    """
    if not folder.is_dir():
        raise A2BenchError(f"{folder}: no such folder.\nhint: `a2bench table --out FOLDER`")
    report = Report(str(folder), folder)
    report.steps.append("layout")
    report.problems += layout_problems(folder)
    if report.problems:  # nothing is opened where a name, a kind or a size is wrong
        return report, ""
    (checked,) = verify_results(folder, cases=cases, seed=seed, store=store)
    checked.steps.insert(0, "layout")
    if checked.problems or checked.versions:
        return checked, ""
    found = read_leaderboard(folder)
    checked.steps += ["texts", "methods", "pages"]
    checked.problems += text_problems(found)
    checked.problems += method_problems(found)
    checked.problems += page_problems(found, folder)
    if found.provenance.git is not None and found.provenance.git.dirty:
        checked.notes.append("made from a checkout with changes that were not committed")
    try:
        place = folder_name(found.provenance)
    except A2BenchError as error:
        checked.problems.append(str(error).splitlines()[0])
        return checked, ""
    if results is not None and (results / place).is_dir():
        checked.steps.append("beside ours")
        checked.problems += _beside(results / place, folder)
    elif results is not None:
        checked.notes.append(f"{results / place} is not there: nothing to stand beside")
    new = contributed(found)
    return checked, f"{place}+{'+'.join(new)}" if new else place


# --- layout --------------------------------------------------------------------------------------


def layout_problems(folder: Path) -> Iterator[str]:
    """Yield names, kinds, numbers and sizes that a leaderboard's folder does not have."""
    seen: set[str] = set()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        for entry in sorted(os.scandir(folder / below), key=lambda one: one.name):
            name = f"{below}{entry.name}"
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(info.st_mode):
                yield f"{name!r} is a link; only files are taken"
            elif stat.S_ISDIR(info.st_mode):
                if name == "values":
                    waiting.append("values/")
                else:
                    yield f"{name!r} is a folder that a leaderboard does not have"
            elif not stat.S_ISREG(info.st_mode):
                yield f"{name!r} is neither a file nor a folder"
            elif info.st_nlink > 1:
                yield f"{name!r} is a hard link to a file elsewhere; copy it"
            elif info.st_size > MAX_BYTES:
                yield f"{name!r} has {info.st_size} bytes, at most {MAX_BYTES} are taken"
            elif name not in _KNOWN:
                yield _why_not(name)
            else:
                seen.add(name)
                if not name.endswith(".png") and _starts_as_pickle(folder / name):
                    yield f"{name!r} is a pickle or an archive under another name: not text"
            if len(seen) > MAX_FILES:
                yield f"over {MAX_FILES} files"
                return
    for name in sorted({PROVENANCE, *TABLES, CASES, SETS, REASONS} - seen):
        yield f"{name} is missing"


def _why_not(name: str) -> str:
    if name.lower().endswith(_PICKLES):
        return f"{name!r}: pickles and weights are never taken, they may run code when opened"
    if not name.isascii() or any(not one.isprintable() for one in name):
        return f"{name!r} is no file of a leaderboard (and has letters that look like others)"
    return f"{name!r} is no file of a leaderboard"


def _starts_as_pickle(path: Path) -> bool:
    with path.open("rb") as handle:
        start = handle.read(4)
    return start[:1] == b"\x80" or start in (b"PK\x03\x04", b"\x7fELF") or start[:2] == b"\x1f\x8b"


# --- texts ---------------------------------------------------------------------------------------

_MARKUP = re.compile(
    r"<[a-zA-Z/!?]|\]\s*\(|\b(javascript|vbscript)\s*:|\bdata:[a-z]+/|&#?\w+;", re.I
)
_TEX = re.compile(r"\\(input|include|write|def|catcode|csname|openin|immediate|usepackage)", re.I)
_FORMULA = ("=", "+", "-", "@")


def hostile(text: str, *, program: bool = False) -> str:
    """Return what a text has that no text of a leaderboard needs; "" where nothing.

    Args:
        text: from a card, a reason, an attribute.
        program: a command line or a patch: markup and line ends are its own.
    """
    allowed = "\n\t" if program else ""
    for letter in text:
        if letter not in allowed and unicodedata.category(letter).startswith("C"):
            name = unicodedata.name(letter, f"U+{ord(letter):04X}")
            return f"a control or invisible character ({name})"
    if program:
        return ""
    if len(text) > MAX_TEXT:
        return f"{len(text)} letters, at most {MAX_TEXT}"
    if _MARKUP.search(text):
        return "HTML or Markdown markup"
    if _TEX.search(text):
        return "a TeX command"
    if text.startswith(_FORMULA):
        return "a start that a spreadsheet runs as a formula"
    return ""


def text_problems(found: Committed) -> Iterator[str]:
    """Yield every text of a leaderboard that is hostile, and where it stands."""
    record = found.provenance.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place, text in _texts(record, ""):
        if why := hostile(text, program=_COMMAND in place):
            yield f"{PROVENANCE}, {place[:120]}: {why}: {text[:60]!r}"
    for reason in sorted({value.reason for value in found.values}):
        if why := hostile(reason):
            yield f"{REASONS}: {why}: {reason[:60]!r}"
    for case in found.cases:
        for key, text in case.facts.items():
            if why := hostile(key) or hostile(text):
                yield f"{CASES}, {case.case_id}: {why}: {text[:60]!r}"


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield f"{place}, a key", str(key)
            yield from _texts(one, f"{place}.{key}".lstrip("."))
    elif isinstance(value, Iterable):
        for one in value:
            yield from _texts(one, place)


# --- methods -------------------------------------------------------------------------------------

_LOOKS_LIKE = {
    "a": "аα", "b": "в", "c": "с", "d": "ԁ", "e": "еε", "h": "нһ", "j": "ј", "k": "кκ",
    "l": "iіι1|", "m": "м", "n": "η", "o": "оο0", "p": "рρ", "q": "ԛ", "s": "ѕ5", "t": "тτ",
    "u": "υ", "v": "ν", "w": "ԝω", "x": "хχ", "y": "уγ",
}  # fmt: skip
"""Latin letter -> Cyrillic and Greek letters, and digits, that are taken for it."""

_ALIKE = str.maketrans({one: latin for latin, ones in _LOOKS_LIKE.items() for one in ones})
_SCRIPTS = ("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL")


def skeleton(name: str) -> str:
    """Return what a name looks like: two names with one skeleton are taken for each other."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(one for one in plain if unicodedata.category(one)[0] in "LN")
    return letters.translate(_ALIKE).replace("rn", "m")


def contributed(found: Committed) -> list[str]:
    """Return the rows that are not methods of this a2bench."""
    rows = {name for names in found.provenance.rows.values() for name in names}
    return sorted(name for name in rows if not _is_built_in(name))


def _is_built_in(name: str) -> bool:
    try:
        path = plugins.card_path(name)
    except A2BenchError:
        return False
    return path.parent == plugins.card_path("still").parent


def method_problems(found: Committed) -> Iterator[str]:
    """Yield what is wrong with the rows' names, cards and licences."""
    made = found.provenance
    if made.partial:
        yield "partial: cases were never attempted (--allow-partial); a leaderboard has every case"
    rows = sorted({name for names in made.rows.values() for name in names})
    known = {name: plugins.card(name) for name in plugins.names("baselines") if _is_built_in(name)}
    for name in rows:
        card = found.card(name)
        if name in known:
            if made.cards.get(name) != card_digest(name):
                yield f"{name}: not the card and code of our method {name}; give yours another name"
            continue
        others = known | {one: found.card(one) for one in rows if one != name}
        yield from _card_problems(card, others)
    if not [name for name in rows if not _is_built_in(name)]:
        yield "no row of a method that is not ours already"


def _card_problems(card: MethodCard, others: Mapping[str, MethodCard]) -> Iterator[str]:
    name = card.name
    for what in ("title", "summary", "licence_code", "licence_weights", "trained_on"):
        text = getattr(card, what)
        if not text.strip() or text.strip().lower() in ("unknown", "?", "todo"):
            yield f"{name}: its card says nothing for `{what}` (`none` is an answer)"
    links = [link for link in (card.code, card.paper) if link]
    if not links:
        yield f"{name}: its card has neither `code` nor `paper`: nobody could look it up"
    for link in links:
        if "://" in link and not re.fullmatch(r"https?://[\w.-]+(/[\w./~%?=&#:+-]*)?", link, re.A):
            yield f"{name}: {link[:60]!r} is no plain web address"
    if not card.ranked or plugins.CEILING in name:
        yield f"{name}: reference rows and blocks are ours only"
    if len(card.title) > 80:
        yield f"{name}: a title of {len(card.title)} letters, at most 80"
    if unicodedata.normalize("NFKC", card.title) != card.title:
        yield f"{name}: the title has letters that look like others ({card.title!a})"
    for letter in card.title:
        if letter.isalpha() and not unicodedata.name(letter, "").startswith(_SCRIPTS):
            yield f"{name}: the title has {unicodedata.name(letter, '?')}, which looks like another"
            break
    for other, theirs in others.items():
        ours = {skeleton(name), skeleton(card.title)}
        if ours & {skeleton(other), skeleton(theirs.title)}:
            yield f"{name} ({card.title!r}) looks like {other} ({theirs.title!r})"


# --- pages, and beside ours ----------------------------------------------------------------------


def page_problems(found: Committed, folder: Path) -> Iterator[str]:
    """Yield the pages that are not what the values make here."""
    whole = found.leaderboard()
    sheet = CONTACT_SHEET if (folder / CONTACT_SHEET).is_file() else None
    if sheet:
        try:
            read_image(folder / sheet)
        except A2BenchError as error:
            yield f"{sheet}: no picture ({str(error).splitlines()[0][-200:]})"
    shown = (headline_of(whole), whole)  # as `table` writes it, and with --all-columns
    pages = {
        "leaderboard.md": {to_markdown(one) for one in shown},
        "leaderboard.tex": {to_latex(one) for one in shown},
        "leaderboard.html": {to_html(one, contact_sheet=sheet) for one in shown},
    }
    for name, texts in pages.items():
        if (folder / name).read_bytes() not in {text.encode() for text in texts}:
            yield (
                f"{name} is not what the values make here; write it anew: "
                f"a2bench table --from {folder} --out {folder}"
            )


def _beside(ours: Path, theirs: Path) -> list[str]:
    try:
        there = {name for names in read_provenance(ours).rows.values() for name in names}
        if twice := sorted(set(contributed(read_leaderboard(theirs))) & there):
            return [f"{twice[0]}: {ours} has a row of that name already"]
        gathered([ours, theirs], {}, {}).leaderboard()
    except A2BenchError as error:
        return [str(error).split("\nhint:", 1)[0]]
    return []
