"""`study table`: what people chose, how sure that is, and which metrics choose as they do.

The unit of chance is the participant: intervals are over people, for the videos that were shown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from a2bench import plugins
from a2bench.bradley_terry import strengths
from a2bench.compare import numbers
from a2bench.dataset import Dataset
from a2bench.score import lookup
from a2bench.statistics import LEVEL, SEED, Estimate, estimate
from a2bench.store import RunFolder
from a2bench.study_answers import Read, wrong_checks
from a2bench.study_records import QUESTIONS, Answers, Question, StudyKey
from a2bench.validity import tau_b

RESAMPLES = 999
"""Of participants, for intervals of Kendall's tau."""

LEAST_METHODS = 3
"""Two methods have one order or the other: no correlation."""

Floats = npt.NDArray[np.float64]

Numbers = dict[str, dict[str, dict[str, float]]]
"""Metric -> method -> case id -> number."""


@dataclass(frozen=True)
class Choice:
    """One answer to one question, the sides undone."""

    participant: str
    trial: str
    question: Question
    case_id: str
    chosen: str
    other: str


@dataclass(frozen=True)
class MethodLine:
    """One method under one question.

    Attributes:
        shown: comparisons it was in.
        chosen: share of them in which it was chosen, with its interval over participants.
        strength: Bradley-Terry log-odds, mean 0 over the methods.
        low, high: ends of its 95 % interval; None: one participant.
    """

    method: str
    shown: int
    chosen: Estimate
    strength: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class QuestionTable:
    """What people said to one question, the most chosen method first.

    Attributes:
        steadied: no maximum of the likelihood: see `bradley_terry`.
        people: how often an answer is that of most others on the same comparison; None: nobody
            shared one.
    """

    question: Question
    lines: tuple[MethodLine, ...]
    steadied: bool
    people: Estimate | None


@dataclass(frozen=True)
class AgreementLine:
    """Does a metric choose as people do, in one question?

    Attributes:
        accuracy: share of answers that the metric's numbers of that case and these two methods
            predict; equal numbers count half.
        tau: Kendall's tau-b of the methods' means and how often people chose them; None: fewer than
            `LEAST_METHODS`, or no order.
        low, high: ends of its 95 % interval over participants; None likewise.
    """

    metric: str
    question: Question
    accuracy: Estimate
    tau: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class StudyTable:
    """Everything that a study says.

    Attributes:
        participants: those who count.
        excluded: (participant, wrong answers to checks) of those who failed the attention checks.
        unfinished: participants who count and did not answer their whole sheet.
        repeated: files that said nothing new.
        seconds: median time of a comparison.
        lacking: metric -> why its agreement is not known; "" -> why none is.
    """

    study: str
    dataset: str
    protocol: str
    split: str
    methods: tuple[str, ...]
    cases: int
    participants: int
    excluded: tuple[tuple[str, int], ...]
    wrong_allowed: int
    unfinished: int
    repeated: int
    seconds: float
    questions: tuple[QuestionTable, ...]
    agreement: tuple[AgreementLine, ...]
    lacking: dict[str, str]


def study_table(
    key: StudyKey,
    read: Read,
    values: Numbers | None = None,
    lacking: Mapping[str, str] | None = None,
) -> StudyTable:
    """Compute the table.

    Args:
        key: of the study.
        read: what people answered.
        values: of metrics, where they are known.
        lacking: metric -> why it has no values.
    """
    wrong = {one.participant: wrong_checks(key, one) for one in read.answers}
    excluded = tuple((name, count) for name, count in wrong.items() if count > key.wrong_allowed)
    counted = [one for one in read.answers if wrong[one.participant] <= key.wrong_allowed]
    choices = [choice for one in counted for choice in choices_of(key, one)]
    people = [one.participant for one in counted]
    tables, lines = [], []
    for question in QUESTIONS if choices else ():
        asked = [choice for choice in choices if choice.question == question]
        tables.append(_question_table(key, question, asked, people))
        for metric, numbers_of in (values or {}).items():
            if found := _agreement(key, question, metric, numbers_of, asked, people):
                lines.append(found)
    spent = sorted(answer.seconds for one in counted for answer in one.answers)
    return StudyTable(
        study=key.study,
        dataset=f"{key.dataset} {key.version}",
        protocol=key.protocol,
        split=key.split,
        methods=key.methods,
        cases=len({trial.case_id for trial in key.trials}),
        participants=len(counted),
        excluded=excluded,
        wrong_allowed=key.wrong_allowed,
        unfinished=sum(len(one.answers) < len(key.sheets[one.sheet - 1]) for one in counted),
        repeated=read.repeated,
        seconds=spent[len(spent) // 2] if spent else 0.0,
        questions=tuple(tables),
        agreement=tuple(lines),
        lacking=dict(lacking or {}),
    )


def choices_of(key: StudyKey, answers: Answers) -> list[Choice]:
    """Return a participant's choices as methods; attention checks are not among them."""
    by_id = {trial.trial: trial for trial in key.trials}
    swapped = {shown.trial: shown.swapped for shown in key.sheets[answers.sheet - 1]}
    found = []
    for answer in answers.answers:
        trial = by_id[answer.trial]
        if trial.check:
            continue
        for question in QUESTIONS:
            left_chosen = getattr(answer, question) == "left"
            first_chosen = left_chosen != swapped[answer.trial]
            pair = (trial.first, trial.second) if first_chosen else (trial.second, trial.first)
            found.append(Choice(answers.participant, answer.trial, question, trial.case_id, *pair))
    return found


def _wins(key: StudyKey, choices: Sequence[Choice], people: Sequence[str]) -> Floats:
    """Return (participants, m, m): how often each chose one method over another."""
    place = {name: index for index, name in enumerate(key.methods)}
    person = {name: index for index, name in enumerate(people)}
    wins = np.zeros((len(people), len(place), len(place)))
    for choice in choices:
        wins[person[choice.participant], place[choice.chosen], place[choice.other]] += 1
    return wins


def _question_table(
    key: StudyKey, question: Question, choices: Sequence[Choice], people: Sequence[str]
) -> QuestionTable:
    fitted = strengths(_wins(key, choices, people))
    lines = []
    for index, method in enumerate(key.methods):
        mine = [choice for choice in choices if method in (choice.chosen, choice.other)]
        reach = None if fitted.reach is None else float(fitted.reach[index])
        value = float(fitted.values[index])
        lines.append(
            MethodLine(
                method=method,
                shown=len(mine),
                chosen=share({_id(one): (one.participant, one.chosen == method) for one in mine}),
                strength=value,
                low=None if reach is None else value - reach,
                high=None if reach is None else value + reach,
            )
        )
    lines.sort(key=lambda line: (-line.strength, line.method))
    return QuestionTable(question, tuple(lines), fitted.steadied, _among_people(choices))


def _id(choice: Choice) -> str:
    return f"{choice.participant} {choice.trial}"


def share(outcomes: Mapping[str, tuple[str, float]]) -> Estimate:
    """Return a share with its 95 % interval, clustered by participant and within [0, 1].

    Where all outcomes are 0 or all are 1 nothing varies; the interval is then that of as many
    answers as there are participants (Clopper and Pearson 1934): (alpha / 2)^(1 / n).

    Args:
        outcomes: id -> (participant, outcome in [0, 1]).
    """
    found = estimate(
        {name: float(outcome) for name, (_, outcome) in outcomes.items()},
        {name: (participant,) for name, (participant, _) in outcomes.items()},
    )
    if found.low is None or found.high is None:
        return found
    if found.value in (0.0, 1.0):
        end = ((1 - LEVEL) / 2) ** (1 / found.clusters)
        low, high = (end, 1.0) if found.value == 1.0 else (0.0, 1.0 - end)
        return replace(found, low=low, high=high)
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def _among_people(choices: Sequence[Choice]) -> Estimate | None:
    """How often an answer is that of most others; those others being split counts half."""
    by_trial: dict[str, list[Choice]] = {}
    for choice in choices:
        by_trial.setdefault(choice.trial, []).append(choice)
    outcomes: dict[str, tuple[str, float]] = {}
    for same in by_trial.values():
        for choice in same:
            others = [one.chosen == choice.chosen for one in same if one is not choice]
            if others:
                ahead = 2 * sum(others) - len(others)
                outcomes[_id(choice)] = (choice.participant, 0.5 * (1 + np.sign(ahead)))
    return share(outcomes) if outcomes else None


def _agreement(
    key: StudyKey,
    question: Question,
    metric: str,
    numbers_of: Mapping[str, Mapping[str, float]],
    choices: Sequence[Choice],
    people: Sequence[str],
) -> AgreementLine | None:
    sign = 1.0 if plugins.metric(metric).direction == "higher" else -1.0
    outcomes: dict[str, tuple[str, float]] = {}
    for choice in choices:
        chosen, other = (
            numbers_of.get(name, {}).get(choice.case_id) for name in (choice.chosen, choice.other)
        )
        if chosen is not None and other is not None:
            right = 0.5 * (1 + np.sign(sign * (chosen - other)))
            outcomes[_id(choice)] = (choice.participant, float(right))
    if not outcomes:
        return None
    tau, low, high = _tau(key, sign, numbers_of, choices, people)
    return AgreementLine(metric, question, share(outcomes), tau, low, high)


def _tau(
    key: StudyKey,
    sign: float,
    numbers_of: Mapping[str, Mapping[str, float]],
    choices: Sequence[Choice],
    people: Sequence[str],
) -> tuple[float | None, float | None, float | None]:
    """Kendall's tau-b of methods by the metric and by people, with a bootstrap over people."""
    cases = sorted({choice.case_id for choice in choices})
    common = [
        case for case in cases if all(case in numbers_of.get(name, {}) for name in key.methods)
    ]
    if len(key.methods) < LEAST_METHODS or not common:
        return None, None, None
    means = np.array(
        [sign * math.fsum(numbers_of[name][case] for case in common) for name in key.methods]
    )
    wins = _wins(key, choices, people)
    generator = np.random.Generator(np.random.PCG64(SEED))
    found = []
    for _ in range(RESAMPLES if len(people) > 1 else 0):
        drawn = generator.multinomial(len(people), np.full(len(people), 1 / len(people)))
        rates = _rates(np.tensordot(drawn.astype(np.float64), wins, axes=1))
        if rates is not None and (tau := tau_b(means, rates)) is not None:
            found.append(tau)
    rates = _rates(wins.sum(axis=0))
    whole = None if rates is None else tau_b(means, rates)
    if whole is None or len(found) < RESAMPLES / 2:
        return whole, None, None
    ends = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return whole, float(ends[0]), float(ends[1])


def _rates(wins: Floats) -> Floats | None:
    """How often each method was chosen; None where one was never shown."""
    shown = (wins + wins.T).sum(axis=1)
    return None if (shown == 0).any() else wins.sum(axis=1) / shown


def values_of(
    store: RunFolder, dataset: Dataset, key: StudyKey, metrics: Sequence[str]
) -> tuple[Numbers, dict[str, str]]:
    """Return the numbers of the videos that were shown, and why a metric has none.

    Metrics of whole sets have no number of a case: they are left out.

    Raises:
        A2BenchError: see `score.lookup`.
    """
    cards = [store.card(name) for name in key.methods]
    cases = {case.case_id: case for case in dataset.cases(key.protocol, key.split)}
    for card in cards:
        seed = key.video_seeds[card.name]
        for case_id, digest in key.predictions[card.name].items():
            if case_id not in cases:
                return {}, {"": f"{dataset.label} has no case {case_id} in split {key.split}"}
            now = store.result(dataset, cases[case_id], card.name, seed, fingerprint=None)
            if now is None or now.prediction_sha256 != digest:
                return {}, {"": f"{card.name}, {case_id}: the run has another video than was shown"}
    wanted = {case for shown in key.predictions.values() for case in shown}
    found: Numbers = {}
    lacking: dict[str, str] = {}
    for metric in metrics:
        if plugins.metric(metric).of_set is not None:
            lacking[metric] = "one value a set: nothing to say of a comparison"
            continue
        for card in cards:
            seeds = [key.video_seeds[card.name]]
            known = lookup(
                store, dataset, [card], [key.protocol], key.split, [metric], seeds=seeds
            ).values.values()
            mine = [value for value in known if value.case_id in wanted]
            got = numbers(mine, plugins.metric(metric), seeds)
            if not got:
                reasons = [value.reason for value in mine if value.reason]
                lacking[metric] = reasons[0] if reasons else f"{card.name} is not scored"
                found.pop(metric, None)
                break
            found.setdefault(metric, {})[card.name] = got
    return found, lacking


def to_markdown(table: StudyTable) -> str:
    """Return the table as Markdown."""
    failed = f", {len(table.excluded)} excluded (attention checks)" if table.excluded else ""
    lines = [
        f"Study {table.study}: {table.dataset}, {table.protocol}, split {table.split}, "
        f"{table.cases} cases, {table.participants} participants{failed}. "
        f"95 % intervals over participants; {table.seconds:.0f} s a comparison (median).",
        "",
    ]
    for one in table.questions:
        title = QUESTIONS[one.question][0]
        lines += [
            f"| {title} | comparisons | chosen | 95 % | strength | 95 % |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for line in one.lines:
            between = _between(line.low, line.high, "{:+.2f}")
            lines.append(
                f"| {line.method} | {line.shown} | {100 * line.chosen.value:.1f} % | "
                f"{_percent(line.chosen)} | {line.strength:+.2f} | {between} |"
            )
        notes = []
        if one.steadied:
            notes.append(
                "A method always won or always lost: strengths are those with half a win more on "
                "both sides of every pair."
            )
        if one.people is not None:
            notes.append(
                f"People agree with most others in {100 * one.people.value:.1f} % "
                f"[{_percent(one.people)}] of their answers."
            )
        lines += ["", *notes, ""] if notes else [""]
    if table.agreement:
        lines += [
            "| metric | question | chooses as people | 95 % | Kendall's tau | 95 % |",
            "|---|---|---:|---:|---:|---:|",
        ]
        for found in table.agreement:
            tau = "–" if found.tau is None else f"{found.tau:+.2f}"
            lines.append(
                f"| `{found.metric}` | {QUESTIONS[found.question][0].lower()} | "
                f"{100 * found.accuracy.value:.1f} % | {_percent(found.accuracy)} | {tau} | "
                f"{_between(found.low, found.high, '{:+.2f}')} |"
            )
        lines.append("")
    for metric, reason in table.lacking.items():
        lines.append(f"No agreement{f' of `{metric}`' if metric else ''}: {reason}.")
    return "\n".join(lines).rstrip() + "\n"


def _percent(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return "–"
    return f"{100 * found.low:.0f} to {100 * found.high:.0f} %"


def _between(low: float | None, high: float | None, form: str) -> str:
    return "–" if low is None or high is None else f"{form.format(low)} to {form.format(high)}"
