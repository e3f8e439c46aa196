"""Months that a cycle needs of a market: pure arithmetic on months, no Dagster and no store."""

import dataclasses
from collections.abc import Collection

import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.features.market_at_origin import FEATURE_WINDOW_MONTHS, LEAST_HISTORY_MONTHS
from forecast_assets.domain.months import MonthRange, consecutive_months
from forecast_assets.domain.statistical.baseline import BASELINE_WINDOW_MONTHS

BASELINE_REACH_MONTHS = BASELINE_WINDOW_MONTHS - 1 + EARLIEST_ANCHOR_MONTHS


@dataclasses.dataclass(frozen=True)
class CycleRequest:
    """Requested full cycles: ``origins`` origins, ``step`` months apart, the last one ``month``.

    With ``month_before`` the month before the last one is an origin too, as the review compares the two.
    """

    month: pd.Timestamp
    history: int
    origins: int = 1
    step: int = 1
    month_before: bool = False

    @property
    def origin_months(self) -> list[pd.Timestamp]:
        """The origins of the full cycles, ascending."""
        apart = [add_months(self.month, -self.step * back) for back in range(self.origins)]
        return sorted({*apart, *([add_months(self.month, -1)] if self.month_before else [])})


def source_months(request: CycleRequest, market: Market) -> MonthRange | None:
    """Return the months before the last origin that windows read from sources; None if the market starts later."""
    first_origin = request.origin_months[0]
    reach = max(request.history + FEATURE_WINDOW_MONTHS - 1, BASELINE_REACH_MONTHS)
    first = max(add_months(first_origin, -reach), market.since)
    return _range(first, add_months(request.month, -1))


def training_months(request: CycleRequest, market: Market) -> MonthRange | None:
    """Return the earlier origins whose features are training rows; None before the market has a year of data."""
    old_enough = add_months(market.since, LEAST_HISTORY_MONTHS - 1)
    first = max(add_months(request.origin_months[0], -request.history), old_enough)
    return _range(first, add_months(request.month, -1))


def missing(wanted: MonthRange | None, present: Collection[pd.Timestamp]) -> MonthRange | None:
    """Return the smallest range that holds every wanted month that is not present; None if all are."""
    absent = [month for month in wanted.months if month not in present] if wanted else []
    return MonthRange(absent[0], absent[-1]) if absent else None


def missing_ranges(
    wanted: MonthRange | None, present: Collection[pd.Timestamp], closed: Collection[pd.Timestamp]
) -> list[MonthRange]:
    """Return ranges that hold every wanted month that is not present; of ``closed``, none holds a present month."""
    whole = missing(wanted, present)
    if whole is None:
        return []
    kept = set(present) & set(closed)
    free = consecutive_months(month for month in whole.months if month not in kept)
    return [months for months in (missing(each, present) for each in free) if months]


def _range(first: pd.Timestamp, last: pd.Timestamp) -> MonthRange | None:
    return MonthRange(first, last) if first <= last else None
