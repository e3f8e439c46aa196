"""Outcome of every killed run and of every month of a market: the table of the drill. Pure."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

RETRIED, TOLD, ENDED, LOST, IDLE = "retried", "told", "had ended", "lost", "idle"


@dataclasses.dataclass(frozen=True)
class Run:
    """A run of a market, with times in seconds since 1970.

    Attributes:
        worker: Name of the worker that took it last; empty if none did.
        retry_of: The run that this one repeats.
        message: Reason of a failure.
    """

    run_id: str
    job: str
    market: str
    month: str
    status: str
    worker: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    retry_of: str | None = None
    message: str = ""


@dataclasses.dataclass(frozen=True)
class Kill:
    """A worker that was killed, and the run that it had in hand; None if it had none."""

    at: float
    worker: str
    run_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Line:
    """A row of the table: what was injected, how often, what came of it, how much was lost and told."""

    injected: str
    times: int
    observed: str
    lost: int
    told: int


def outcome_of(kill: Kill, runs: Mapping[str, Run], told: Collection[str]) -> str:
    """Return what became of the run that a killed worker had in hand.

    Args:
        kill: The kill.
        runs: All runs by id.
        told: Failed runs whose market had an open incident.
    """
    if kill.run_id is None:
        return IDLE
    run = runs[kill.run_id]
    if run.status == "SUCCESS":
        return ENDED
    if any(other.retry_of == run.run_id for other in runs.values()):
        return RETRIED
    return TOLD if run.run_id in told else LOST


def table(
    kills: Sequence[Kill],
    runs: Mapping[str, Run],
    told: Collection[str],
    wanted: Collection[tuple[str, str]],
    published: Mapping[tuple[str, str], int],
) -> list[Line]:
    """Return the table of the drill.

    Args:
        kills: All kills.
        runs: All runs by id.
        told: Failed runs whose market had an open incident.
        wanted: Market and month of every forecast that was asked for.
        published: Number of published forecasts by market and month.
    """
    outcomes = Counter(outcome_of(kill, runs, told) for kill in kills)
    at_work = sum(outcomes.values()) - outcomes[IDLE]
    observed = f"{outcomes[RETRIED]} started again by Dagster, {outcomes[TOLD]} reported and started by a person"
    observed += f", {outcomes[ENDED]} had just ended"
    whole = sum(published.get(each, 0) == 1 for each in wanted)
    return [
        Line("`kill -9` of a worker with a run", at_work, observed, outcomes[LOST], outcomes[TOLD]),
        Line("`kill -9` of an idle worker", outcomes[IDLE], "no run was touched", 0, 0),
        Line("months of a market asked for", len(wanted), f"{whole} have exactly one forecast", len(wanted) - whole, 0),
    ]


def recovery_seconds(kills: Sequence[Kill], runs: Mapping[str, Run]) -> list[float]:
    """Return the seconds from each kill to the start of the run that Dagster started instead, in order of size."""
    started = {run.retry_of: run.started_at for run in runs.values() if run.retry_of and run.started_at}
    return sorted(started[kill.run_id] - kill.at for kill in kills if kill.run_id in started)


def as_markdown(lines: Sequence[Line]) -> str:
    """Return the table as Markdown."""
    rows = [f"| {each.injected} | {each.times} | {each.observed} | {each.lost} | {each.told} |" for each in lines]
    return "\n".join(["| injected | times | observed | lost | told |", "|---|---|---|---|---|", *rows])
