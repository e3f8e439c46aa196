"""Months that a source should hold and does not: what was found of them instead."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from forecast_assets.sources.contract.problems import LandingProblem, known_later_problem
from forecast_assets.sources.landing.delivered_file import LandingFile
from forecast_assets.sources.landing.listing import READ

FILES_NAMED, UNREAD_NAMED = 3, 5


class DeliveredMonths(NamedTuple):
    """Months with a row of a market that is known at their end, ascending.

    Attributes:
        months: The months.
        problems: Problems of files that may hold more of them.
        known_later: Other months with rows, each with the first day from which one of them is known.
    """

    months: list[pd.Timestamp]
    problems: list[LandingProblem]
    known_later: dict[pd.Timestamp, pd.Timestamp]


def missing_month_problems(
    source: str,
    market: str,
    absent: Sequence[pd.Timestamp],
    delivered: DeliveredMonths,
    files: Sequence[LandingFile],
    unread: Sequence[str],
) -> list[LandingProblem]:
    """Return one problem per absent month.

    Args:
        source: Name of the source.
        market: Code of the market.
        absent: Months without a row of the market that is known at their end.
        delivered: Months with one.
        files: The files of the source.
        unread: Names of the files in its folder that are not read.
    """
    have = delivered.months
    held = f"{min(have):%Y-%m} to {max(have):%Y-%m}" if have else "no month"
    count = f"{len(files)} file{'s' if len(files) != 1 else ''}"
    able = [file.relative for file in files if file.can_hold(market)]
    such_as = f", such as {', '.join(able[-FILES_NAMED:])}" if able else ""
    found = f"no rows ({count} checked, with {held} of {market}{such_as})"
    if unread:
        found += f"; not read (only {READ} are): {', '.join(unread[:UNREAD_NAMED])}"
    step = f"deliver {source} of {market} for the month, then run the partition again"
    return [
        known_later_problem(f"{source}/", market, month, delivered.known_later[month])
        if month in delivered.known_later
        else LandingProblem(f"{source}/", f"rows of {market} in month {month:%Y-%m}", found, step)
        for month in absent
    ]
