"""Data set -> runner -> predictions. Running again does only what is missing."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from a2bench import plugins
from a2bench.command import plan as plan_command
from a2bench.command import shell_lines, sweep_work, work_root
from a2bench.dataset import Dataset
from a2bench.environment import problems, python_of
from a2bench.errors import A2BenchError, problems_error
from a2bench.execute import RunSummary, carry_out
from a2bench.parallel import worker_count
from a2bench.paths import alone_in, canonical_json
from a2bench.records import Case, MethodCard, Protocol, Request
from a2bench.runner import Job, with_options
from a2bench.settings import PROMPT as PROMPT
from a2bench.settings import Settings
from a2bench.store import RunFolder
from a2bench.worker import lacking_weights

SEEDS = (0, 1, 2)
"""Fixed seeds of stochastic methods; deterministic ones run once, with the first."""


def reason_not_applicable(card: MethodCard, dataset: Dataset, case: Case) -> str:
    """Return why a method has no meaning for a case, or "" where it has."""
    if case.protocol in card.not_applicable:
        return card.not_applicable[case.protocol]
    if "pose" in card.inputs_seen and not (
        dataset.sample(case.reference_id).has_pose and dataset.sample(case.driver_id).has_pose
    ):
        return "needs poses, which are not known there"
    return ""


def seeds_of(card: MethodCard, seeds: Sequence[int] | None) -> tuple[int, ...]:
    """Return the seeds to run: those asked for, else three, or one where nothing is random."""
    if not card.stochastic:
        return SEEDS[:1]
    return tuple(seeds) if seeds is not None else SEEDS


def refuse_unready(card: MethodCard) -> None:
    """Look at everything a command method needs before anything starts.

    Raises:
        A2BenchError: something is missing; each with what to type.
    """
    if found := problems(card):
        lines = [f"{problem.text}\n    {problem.hint}" for problem in found]
        raise problems_error(f"method {card.name!r} cannot be run here yet", lines)


def plan(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    *,
    seeds: Sequence[int] | None = None,
    retry_failed: bool = False,
) -> tuple[list[Job], RunSummary]:
    """Return the jobs that are missing, and what is done or has no meaning; no side effects.

    Raises:
        A2BenchError: a method that cannot be run from here, or results of another setting.
    """
    summary = RunSummary()
    jobs: list[Job] = []
    for card in cards:
        if card.kind == "precomputed":
            raise A2BenchError(
                f"method {card.name!r} is {card.kind}: it runs elsewhere, its videos are scored.\n"
                f"hint: a2bench inputs --dataset {dataset.info.name} --protocol {protocols[0]} "
                f"--split {split} --out inputs, then a2bench score --predictions FOLDER "
                f"method={card.name}"
            )
        settings_here = Settings.of(card)
        for protocol in protocols:
            folder = store.predictions(dataset, protocol, card.name)
            settings = settings_here.completed(folder)
            for case in dataset.cases(protocol, split):
                if reason := reason_not_applicable(card, dataset, case):
                    if (card.name, protocol, reason) not in summary.not_applicable:
                        summary.not_applicable.append((card.name, protocol, reason))
                    continue
                for seed in seeds_of(card, seeds):
                    request = Request(
                        method=card.name,
                        dataset=str(dataset.folder.absolute()),
                        case=case,
                        seed=seed,
                        prompt=PROMPT,
                        # absolute: a worker may stand in another folder, on another machine
                        output=str(
                            store.prediction(
                                dataset, protocol, card.name, seed, case.case_id
                            ).absolute()
                        ),
                        fingerprint=settings.fingerprint(dataset, case, seed),
                    )
                    done = store.result(
                        dataset,
                        case,
                        card.name,
                        seed,
                        fingerprint=request.fingerprint,
                        settings=settings,
                    )
                    again = ("skipped", "failed") if retry_failed else ("skipped",)
                    if done is None or done.status in again:
                        jobs.append(Job(card, request))
                    else:
                        summary.done_before += 1
                        if done.status == "failed":
                            summary.failed.append(done)
    return jobs, summary


def note_settings(store: RunFolder, dataset: Dataset, jobs: Sequence[Job]) -> None:
    """Note beside the predictions to come what decides them, so that a change can be named."""
    cards = {job.card.name: job.card for job in jobs}
    settings = {name: Settings.of(card) for name, card in cards.items()}
    for name, protocol in sorted({(job.card.name, job.request.case.protocol) for job in jobs}):
        folder = store.predictions(dataset, protocol, name)
        settings[name].completed(folder).note(folder)


def run(
    store: RunFolder,
    dataset: Dataset,
    cards: Sequence[MethodCard],
    protocols: Sequence[Protocol],
    split: str,
    *,
    runner: str = "local",
    runner_options: Mapping[str, object] | None = None,
    seeds: Sequence[int] | None = None,
    workers: int | None = None,
    retry_failed: bool = False,
    only: Collection[str] | None = None,
) -> RunSummary:
    """Make every prediction that is missing.

    Args:
        store: where predictions and results go.
        dataset: what is animated.
        cards: of the methods.
        protocols: which cases.
        split: how many of them.
        runner: a name of `a2bench ls runners`.
        runner_options: what is set of it; `a2bench run --help` has the keys.
        seeds: of stochastic methods; None: three fixed ones.
        workers: CPU worker processes; None: one a core.
        retry_failed: whether cases are run again that failed.
        only: fingerprints of the requests to do now; None: all of them.

    Raises:
        A2BenchError: see `plan`; or unknown runner.
    """
    back_end = with_options(plugins.runner(runner), runner, runner_options or {})
    worker_count(workers, 1)  # says what is wrong before anything starts
    with alone_in(store.folder / "run.lock", "this run"):
        jobs, summary = plan(
            store, dataset, cards, protocols, split, seeds=seeds, retry_failed=retry_failed
        )
        if only is not None:
            jobs = [job for job in jobs if job.request.fingerprint in only]
        unready = {}
        for card in {job.card.name: job.card for job in jobs}.values():
            if card.kind == "in_process":
                plugins.check_method_class(card)
            if runner != "local":
                continue  # other machines look for themselves
            if card.kind == "command":
                refuse_unready(card)
            elif lacking := lacking_weights(card):
                unready[card.name] = lacking
        sweep_work()
        if jobs:
            about = {
                "dataset": dataset.label,
                "split": split,
                "protocols": list(protocols),
                "methods": [card.name for card in cards],
                "runner": runner,
            }
            note_settings(store, dataset, jobs)
            carry_out(store, jobs, summary, back_end, workers=workers, about=about, unready=unready)
    return summary


def planned_lines(jobs: Sequence[Job], *, as_json: bool) -> Iterator[str]:
    """Yield what jobs would do: for people, or one JSON object a job."""
    for number, job in enumerate(jobs):
        request, case = job.request, job.request.case
        planned = None
        if job.card.kind == "command":
            work = work_root() / f"job_{number}"
            planned = plan_command(job.card, request, work=work, python=python_of(job.card))
        if as_json:
            record = {
                "schema": "a2bench.planned/1",
                "request": request.model_dump(mode="json"),
                "plan": planned.model_dump(mode="json") if planned else None,
            }
            yield canonical_json(record)
        elif planned:
            yield from shell_lines(planned)
        else:
            yield (
                f"{request.method} {case.protocol} {case.case_id} seed {request.seed} "
                f"-> {request.output}"
            )
