"""Processes of a cycle that run nothing and record what was submitted."""

from concurrent.futures import Future

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import RunResult


class ProcessesInThisOne:
    """Processes that run and record each submitted step at once. ``outcomes`` holds failures by job and market."""

    def __init__(self, count: int, outcomes: dict[tuple[str, str], object]) -> None:
        self.count, self.outcomes = count, outcomes
        self.submitted: list[tuple[str, str | None, MonthRange]] = []

    def launch(self, job: str, country: str | None, months: MonthRange, tags=None, assets=()) -> Future:
        self.submitted.append((job, country, months))
        future: Future[RunResult] = Future()
        outcome = self.outcomes.get((job, country))
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(RunResult(job, country, "run", outcome or ()))
        return future

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        pass
