"""Terminal functions that the commands share: months as arguments, readable errors of settings, progress, tables."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from forecast_assets.config.markets import MarketsError, forecast_markets, month_of
from forecast_assets.config.settings import Settings, SettingsError, load_settings
from forecast_assets.domain.cycle_calendar import closed_month
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.number_format import format_percent, format_signed_percent
from forecast_assets.storage.folders import document_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecast_assets.operations.cycle.launch import RunResult
    from forecast_assets.operations.cycle.running_steps import RunningStep

console = Console(width=None if os.isatty(1) else 140, highlight=False)


def month_argument(text: str) -> pd.Timestamp:
    """Read a month given as 2024-06 or 2024-06-01."""
    try:
        return month_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def closed_month_argument(text: str, time_zone: str) -> pd.Timestamp:
    """Read a month that has ended; of a later one there is nothing to ingest."""
    month, last = month_argument(text), closed_month(pd.Timestamp.now("UTC"), time_zone)
    if month > last:
        raise typer.BadParameter(f"{month:%Y-%m} has not closed; the last closed month is {last:%Y-%m}")
    return month


def settings_or_exit(*, with_markets: bool = True) -> Settings:
    """Load the settings of the environment; print their problems and exit with 2 if there are any."""
    try:
        settings = load_settings(with_markets=with_markets)
        if with_markets:
            _ = settings.market_table
    except (SettingsError, MarketsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    return settings


def countries_or_exit(settings: Settings, given: list[str]) -> list[str]:
    """Return the given markets, by default all that are forecast."""
    unknown = [code for code in given if code not in settings.market_table]
    if unknown:
        known = ", ".join(settings.market_table)
        raise typer.BadParameter(f"no market {', '.join(unknown)} in {settings.markets.file}; known: {known}")
    return list(dict.fromkeys(given)) or forecast_markets(settings.market_table)


class RunLog:
    """Log of runs: a line when a run starts and when it ends, with the seconds since the command began.

    Args:
        expected: Seconds per month by job, as past runs took; True for runs over a range. A run that starts shows the
            time it is likely to take.
    """

    def __init__(self, expected: Mapping[tuple[str, bool], float] | None = None) -> None:
        self._began = time.monotonic()
        self._expected = expected or {}
        self._started: dict[tuple[str | None, str, MonthRange], float] = {}

    def __call__(self, country: str | None, job: str, months: MonthRange, result: RunResult | None) -> None:
        """Print a run that starts (no result) or has ended."""
        state = "started" if result is None else "done" if result.succeeded else "FAILED"
        style = {"started": "dim", "done": "green", "FAILED": "red"}[state]
        seconds = time.monotonic() - self._began
        likely = self._likely_seconds(job, months) if result is None else None
        left = "" if likely is None else f", about {_duration(likely)}"
        if result is None:
            self._started[country, job, months] = seconds
        line = f"{seconds:6.1f} s  {country or 'all markets':12} {job:16} {_span(months):20} {state}{left}"
        console.print(line, style=style, markup=False)
        for failure in result.failures if result else ():
            console.print(failure, style="red", markup=False)

    def under_way(
        self,
        steps: Mapping[tuple[str | None, str, MonthRange], RunningStep],
        runs: Sequence[tuple[str | None, str, MonthRange]],
    ) -> None:
        """Print a line per run that has been quiet for a while: its step, and the time left as past runs took."""
        seconds = time.monotonic() - self._began
        for run in runs:
            country, job, months = run
            step = steps.get(run)
            likely = self._likely_seconds(job, months)
            words = [f"step {step.number}: {step.name}" if step else "starting"]
            if likely is not None:
                left = likely - (seconds - self._started.get(run, seconds))
                words.append(f"about {_duration(left)} left" if left > 0 else "longer than usual")
            line = f"{seconds:6.1f} s  {country or 'all markets':12} {job:16} {_span(months):20} {', '.join(words)}"
            console.print(line, style="dim", markup=False)

    def _likely_seconds(self, job: str, months: MonthRange) -> float | None:
        """Return the seconds that a run is likely to take, as past ones did; None without any."""
        each = self._expected.get((job, months.first != months.last))
        if each is None:
            return None
        return each * ((months.last.year - months.first.year) * 12 + months.last.month - months.first.month + 1)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _span(months: MonthRange) -> str:
    return f"{months.first:%Y-%m}" + ("" if months.first == months.last else f" .. {months.last:%Y-%m}")


def percentage(value: float | None) -> str:
    """Format a fraction as the report does, 21.3%; a missing value is a dash."""
    return format_percent(value)


def signed(value: float | None) -> str:
    """Format a fraction as the report does, with its sign, +2.0%; a missing value is a dash."""
    return format_signed_percent(value)


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; text is aligned left, figures right."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in TEXT_COLUMNS else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


TEXT_COLUMNS = {
    "market", "level", "name", "published", "why", "group", "severity", "kind", "headline", "message", "state", "asset",
    "months rebuilt", "months that failed", "first reason", "check", "result", "found", "what to do", "where",
    "source", "finding", "effect", "step", "SKU",
}  # fmt: skip


def report_page(settings: Settings, country: str, origin: pd.Timestamp) -> str:
    """Return the address of the report of a market and month."""
    path = ("market_report", f"country={country}", f"month={origin:%Y-%m-%d}", "market_report.html")
    return document_address(settings.store.address, *path)
