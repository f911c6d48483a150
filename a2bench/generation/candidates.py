"""The audit table: a row a candidate with every measure, verdict, reason, and what was decided."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from a2bench.generation.prompts import Prompt
from a2bench.generation.screening import Measures, Verdict, is_accurate, judge, surest
from a2bench.generation.settings import AccurateRule, Thresholds
from a2bench.paths import sha256_text

_NOT_JUDGED = Verdict(False, ())


@dataclass(frozen=True)
class Candidate:
    """One candidate of a prompt.

    Attributes:
        number: 0 to k - 1.
        seed: of its picture and of its video.
        video_sha256: of its file; "" where it could not be made.
        measures: None where it could not be made.
        verdict: of the screening.
        kept: whether it becomes a sample; None: not decided yet.
        kept_by: `screening` or `person`.
        accurate: whether its poses count as accurate; None: not decided yet.
        accurate_by: likewise.
        note: of the person.
    """

    prompt: Prompt
    number: int
    seed: int
    video_sha256: str = ""
    measures: Measures | None = None
    verdict: Verdict = _NOT_JUDGED
    kept: bool | None = None
    kept_by: str = ""
    accurate: bool | None = None
    accurate_by: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        """`p0001-c0`."""
        return candidate_id(self.prompt, self.number)


def candidate_id(prompt: Prompt, number: int) -> str:
    """Return the name of a candidate's files."""
    return f"{prompt.id}-c{number}"


def judged(
    made: Sequence[Candidate], limits: Thresholds, failures: Mapping[str, str]
) -> list[Candidate]:
    """Return the candidates with their verdicts.

    Args:
        made: with measures where they could be made.
        limits: of the screening.
        failures: candidate id -> why it could not be made.
    """
    return [
        replace(
            one,
            verdict=Verdict(False, (f"not made: {failures.get(one.id, 'nobody knows why')}",))
            if one.measures is None
            else judge(one.measures, limits),
        )
        for one in made
    ]


def videos_digest(made: Sequence[Candidate]) -> str:
    """SHA-256 over the candidates' videos: what a person's answers are about."""
    return sha256_text("\n".join(f"{one.id} {one.video_sha256}" for one in made))


def by_prompt(made: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """Return prompt id -> its candidates, in order."""
    found: dict[str, list[Candidate]] = {}
    for one in made:
        found.setdefault(one.prompt.id, []).append(one)
    return found


def screened_choice(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate of a prompt that the screening keeps, or None.

    Of those that pass, the one of the surest poses; of equal ones the first.
    """
    passed = [one for one in candidates if one.verdict.passed and one.measures is not None]
    return max(passed, key=_surest, default=None)


def _surest(one: Candidate) -> tuple[float, float]:
    assert one.measures is not None
    return surest(one.measures)


def with_accurate(decided: Sequence[Candidate], rule: AccurateRule) -> list[Candidate]:
    """Return the candidates with `accurate` decided: the paper's 100 of 500.

    There a person kept the 100 videos with accurate poses. Here a person's word counts where there
    is one (`accurate` is then set already); else the rule does, and of all that would count the
    `most` are kept: those a person named first, then the surest.
    """
    found = {
        one.id: one
        if one.accurate is not None
        else replace(
            one,
            accurate=one.measures is not None and is_accurate(one.measures, rule),
            accurate_by="screening",
        )
        for one in decided
        if one.kept
    }
    wanted = sorted(
        (one for one in found.values() if one.accurate),
        key=lambda one: (one.accurate_by == "person", _surest(one)),
        reverse=True,
    )
    over = {one.id for one in wanted[rule.most :]}
    return [
        replace(found[one.id], accurate=False, accurate_by=f"over {rule.most}")
        if one.id in over
        else found.get(one.id, one)
        for one in decided
    ]


_MEASURES = tuple(Measures.model_fields)
COLUMNS = (
    *("candidate", "prompt_id", "category", "object", "season", "province", "location", "prompt"),
    *("seed", "video_sha256", *_MEASURES, "verdict", "reasons"),
    *("kept", "kept_by", "pose_accurate", "pose_accurate_by", "note"),
)


def as_csv(rows: Sequence[Candidate]) -> str:
    """Return the table; numbers with six digits, empty where nothing was measured or decided."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in rows:
        prompt = one.prompt
        measured = [
            "" if one.measures is None else _number(getattr(one.measures, name))
            for name in _MEASURES
        ]
        verdict = "passed" if one.verdict.passed else "rejected" if one.measures else "failed"
        writer.writerow(
            [
                *(one.id, prompt.id, prompt.category, prompt.object, prompt.season),
                *(prompt.province, prompt.location, _cell(prompt.text)),
                *(one.seed, one.video_sha256, *measured),
                *(verdict, _cell("; ".join(one.verdict.reasons))),
                *(_yes(one.kept), one.kept_by, _yes(one.accurate), one.accurate_by),
                _cell(one.note),
            ]
        )
    return stream.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def why_rejected(rows: Sequence[Candidate]) -> list[str]:
    """Return `reason: count` lines, the most frequent first."""
    counts = Counter(reason.split()[0] for one in rows for reason in one.verdict.reasons)
    return [f"{name}: {count}" for name, count in counts.most_common()]
