"""Checks of forecasts by level: sums that agree with the SKUs, and the markets that are in a sum over markets."""

from collections.abc import Mapping, Sequence

import pandas as pd

from forecast_assets.domain.demand.hierarchy import MARKET
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

SUMS_AGREE = CheckDeclaration(
    "sums_agree", "Forecasts of the categories and of the market add up to the published forecasts of the SKUs."
)
MARKETS_PUBLISHED = CheckDeclaration(
    "markets_published", "Every market that is forecast is in the sums; those missing are named.", blocking=False
)
# Sums of floating-point numbers in another order differ by so much, as a share of the sum.
ROUNDING = 1e-6


def market_checks(published: pd.DataFrame) -> list[TableCheck]:
    """Return the checks of ``forecast_levels``; ``published`` is what was summed."""
    wanted = published.groupby("target_month")["forecast_units"].sum()

    def sums_agree(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
        sums = table.assign(is_market=table["level"] == MARKET).groupby(["target_month", "is_market"])
        compared = sums["forecast_units"].sum().unstack().reindex(index=wanted.index, columns=[False, True])
        off = compared.sub(wanted, axis=0).abs().gt(ROUNDING * wanted.clip(lower=1.0), axis=0) | compared.isna()
        named = compared.rename(columns={False: "categories_units", True: "market_units"})
        wrong = named[off.any(axis=1)].reset_index()
        return violating(wrong, f"{len(wrong)} months whose categories or market differ from the sum of the SKUs")

    return [schema_check("forecast_levels"), SUMS_AGREE.rule(sums_agree)]


def totals_checks(published: Mapping[pd.Timestamp, set[str]], expected: Sequence[str]) -> list[TableCheck]:
    """Return the checks of ``forecast_totals``.

    Args:
        published: Codes of the markets in the sums, by month.
        expected: Codes of the markets that are forecast.
    """

    def markets_published(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        missing = sorted(set(expected) - published.get(month, set()))
        if not missing:
            return Finding(figures={"markets": len(expected)})
        message = f"without {', '.join(missing)}: rebuild the month once they are published, to include them"
        return Finding(len(missing), pd.DataFrame({"market": missing}), message, is_warning=True)

    return [schema_check("forecast_totals"), MARKETS_PUBLISHED.rule(markets_published)]
