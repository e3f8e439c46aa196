"""Checks of the totals over markets: completeness of the markets in them."""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

MARKETS_COMPLETE = CheckDeclaration(
    "markets_complete",
    "Every market that is forecast has delivered the month; those missing are named.",
    blocking=False,
)
TOTALS = (MARKETS_COMPLETE,)


def totals_checks(delivered: dict[pd.Timestamp, set[str]], expected: Sequence[str]) -> list[TableCheck]:
    """Return the checks of ``demand_totals``.

    Args:
        delivered: Codes of the markets with sell-in, by month.
        expected: Codes of the markets that are forecast.
    """

    def markets_complete(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        missing = sorted(set(expected) - delivered.get(month, set()))
        if not missing:
            return Finding(figures={"markets": len(expected)})
        message = f"without {', '.join(missing)}: rebuild the month once they have delivered, to include them"
        return Finding(len(missing), pd.DataFrame({"market": missing}), message, is_warning=True)

    return [schema_check("demand_totals"), MARKETS_COMPLETE.rule(markets_complete)]
