"""Checks of the totals over markets: completeness of the markets in them."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

MARKETS_COMPLETE = CheckDeclaration(
    "markets_complete",
    "Every market that is forecast has delivered the month; those missing are named.",
    blocking=False,
)
MARKETS_LISTED = CheckDeclaration(
    "markets_listed",
    "No market with stored sell-in of the month has left the markets file: totals would shrink.",
)
TOTALS = (MARKETS_COMPLETE, MARKETS_LISTED)


def totals_checks(
    delivered: dict[pd.Timestamp, set[str]], expected: Sequence[str], unlisted: Mapping[str, set[pd.Timestamp]]
) -> list[TableCheck]:
    """Return the checks of ``demand_totals``.

    Args:
        delivered: Codes of the markets with sell-in, by month.
        expected: Codes of the markets that are forecast.
        unlisted: Months with stored sell-in of each market that is not in the markets file.
    """

    def markets_complete(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        missing = sorted(set(expected) - delivered.get(month, set()))
        if not missing:
            return Finding(figures={"markets": len(expected)})
        message = f"without {', '.join(missing)}: rebuild the month once they have delivered, to include them"
        return Finding(len(missing), pd.DataFrame({"market": missing}), message, is_warning=True)

    def markets_listed(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        dropped = [code for code, months in unlisted.items() if month in months]
        if dropped:
            return Finding(len(dropped), pd.DataFrame({"market": dropped}), _not_listed(dropped))
        if unlisted:
            return Finding(len(unlisted), pd.DataFrame({"market": list(unlisted)}), _not_listed(unlisted), True)
        return Finding()

    return [
        schema_check("demand_totals"),
        MARKETS_COMPLETE.rule(markets_complete),
        MARKETS_LISTED.rule(markets_listed),
    ]


def _not_listed(codes: Iterable[str]) -> str:
    return (
        f"{', '.join(codes)}: stored, but no longer in the markets file, so totals lack it. Put the entry back with "
        f"stage: retired; a new code for the same market: forecast-assets market rename"
    )
