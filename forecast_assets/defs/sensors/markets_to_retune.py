"""Rule for the markets that are retuned after an alarm. No Dagster, no store, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.domain.calendar import add_months

# A recipe tuned for m competes in the cycle of m+1, whose first forecast is measured with the cycle of m+2.
MONTHS_UNTIL_MEASURED = 2


@dataclass(frozen=True)
class AlarmedMarket:
    """A market with open alarms on its figures.

    Attributes:
        code: Code of the market.
        alarms: Its open incidents, the worst first; at least one.
        tuned_in: The month of its latest tuning, manual or automatic; None without one.
    """

    code: str
    alarms: tuple[Incident, ...]
    tuned_in: pd.Timestamp | None

    @property
    def in_words(self) -> str:
        """Headlines of the alarms."""
        return "; ".join(alarm.headline for alarm in self.alarms)


def markets_to_retune(alarmed: Sequence[AlarmedMarket], month: pd.Timestamp, budget: int) -> list[AlarmedMarket]:
    """Return as many markets as the budget allows, the worst first.

    A market is tuned at most once a month, manually or automatically. A market whose latest tuning cannot have been
    measured yet comes after all others. Otherwise the largest market in trouble would take the budget of every month.

    Args:
        alarmed: Markets with open alarms.
        month: The month whose budget it is.
        budget: Runs left of it.
    """
    wanted = [market for market in alarmed if market.tuned_in is None or market.tuned_in < month]
    unmeasured_from = add_months(month, -MONTHS_UNTIL_MEASURED)

    def order(market: AlarmedMarket) -> tuple[object, ...]:
        is_unmeasured = market.tuned_in is not None and market.tuned_in > unmeasured_from
        return is_unmeasured, market.alarms[0].sort_key

    return sorted(wanted, key=order)[: max(0, budget)]
