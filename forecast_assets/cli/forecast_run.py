"""Work of ``forecast-assets forecast-run``: print the prediction of a month's cycle, and what became of it."""

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.console import console, month_argument, percentage, print_table, settings_or_exit, signed
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.config.settings import Settings
from forecast_assets.defs.schedules import queue_priorities
from forecast_assets.domain.monitoring.run_queue import core_hours
from forecast_assets.operations.cycle.forecast_run import (
    CyclePrediction,
    MarketPrediction,
    NoPastRun,
    predict,
    runs_at_a_time,
)
from forecast_assets.operations.cycle.past_cycles import longest_steps

LONGEST_STEPS = 3


def run(text: str, at_a_time: int | None) -> None:
    """Print the prediction, and the comparison once a market has ended; exit with 1 if a market will be late."""
    settings = settings_or_exit()
    require_folders(settings, Folder.INSTANCE)
    month = month_argument(text)
    priorities = queue_priorities(settings, month)
    if not priorities:
        raise typer.BadParameter(f"no market of {settings.markets.file} has a cycle of {month:%Y-%m}")
    prepare_instance()
    with dg.DagsterInstance.get() as instance:
        places = at_a_time or runs_at_a_time(instance) or len(priorities)
        try:
            prediction = predict(settings, instance, month, priorities, pd.Timestamp.now("UTC"), places)
        except NoPastRun as reason:
            console.print(str(reason), style="yellow", markup=False, soft_wrap=True)
            return
        last = prediction.latest.get(prediction.path[-1])
        steps = longest_steps(instance, last, LONGEST_STEPS) if last else []
    _print_prediction(settings, prediction)
    _print_summary(settings, prediction, steps)
    _print_comparison(settings, prediction)
    for each in prediction.late:
        deadline = _moment(prediction.deadline)
        line = f"{each.country} will be ready at {_moment(each.outlook)}, after its deadline {deadline}"
        console.print(line, style="red", markup=False)
    if prediction.late:
        raise typer.Exit(1)


def _print_prediction(settings: Settings, prediction: CyclePrediction) -> None:
    rows = []
    for each in prediction.markets:
        why = "" if each.has_past else "no past cycle: median of the others"
        if each.delay_seconds:
            why = f"delivery usually {each.delay_seconds / 3600:.1f} h late"
        cost = _cost(settings, each.seconds)
        rows.append([each.country, _seconds(each.seconds), _moment(each.start), _moment(each.ready), cost, why])
    title = f"{prediction.month:%Y-%m}: predicted cycle, {prediction.at_a_time} runs at a time"
    print_table(title, ["market", "takes", "starts", "ready", "cost", "why"], rows)


def _print_summary(settings: Settings, prediction: CyclePrediction, steps: list[tuple[str, float]]) -> None:
    by_code = {each.country: each for each in prediction.markets}
    path = ", then ".join(f"{code} until {_moment(by_code[code].ready)}" for code in prediction.path)
    slowest = ", ".join(f"{step} {_seconds(seconds)}" for step, seconds in steps)
    console.print(f"Critical path: {path}." + f" Longest steps of the last: {slowest}." * bool(slowest), markup=False)
    cores = settings.training.threads
    total = sum(each.seconds for each in prediction.markets) + sum(prediction.over_all_markets.values())
    console.print(
        f"All markets and their sums by {_moment(prediction.ready)}; deadline {_moment(prediction.deadline)}. "
        f"In all {prediction.core_hours(cores):.2f} core hours at {cores} a run, cost {_cost(settings, total)}.",
        markup=False,
    )


def _print_comparison(settings: Settings, prediction: CyclePrediction) -> None:
    """Print predicted and actual figures of the markets with ended runs."""
    ended = [each for each in prediction.markets if each.took_seconds]
    if not ended:
        return
    rows = [[*_compared(each), _cost(settings, each.took_seconds)] for each in ended]
    columns = ["market", "predicted", "took", "difference", "predicted ready", "actually ready", "cost"]
    print_table(f"{prediction.month:%Y-%m}: what happened", columns, rows)
    took, predicted = sum(each.took_seconds for each in ended), sum(each.seconds for each in ended)
    console.print(
        f"Markets with ended runs: {len(ended)}. They took {_seconds(took)}, predicted {_seconds(predicted)} "
        f"({signed(took / predicted - 1)}). Mean absolute difference {percentage(_mean_difference(ended))}.",
        markup=False,
    )


def _compared(each: MarketPrediction) -> list[str]:
    """Return the predicted and the actual figures of a market."""
    difference = signed(each.took_seconds / each.seconds - 1)
    ready = _moment(each.outlook) if each.is_ready else "not yet"
    return [
        each.country, _seconds(each.seconds), _seconds(each.took_seconds), difference, _moment(each.ready), ready,
    ]  # fmt: skip


def _mean_difference(markets: list[MarketPrediction]) -> float:
    return sum(abs(each.took_seconds / each.seconds - 1) for each in markets) / len(markets)


def _cost(settings: Settings, seconds: float) -> str:
    """Return the cost of runs of so many seconds, or their core hours where no rate is set."""
    hours, rate = core_hours(seconds, settings.training.threads), settings.automation.core_hour_eur
    return f"{hours * rate:.4f} EUR" if rate else f"{hours:.3f} core hours"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _moment(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
