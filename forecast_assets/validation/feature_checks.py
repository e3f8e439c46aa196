"""Checks of features (complete history, finite numbers) and of history marks (few, and inside the history)."""

import numpy as np
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.domain.calendar import holiday_calendar
from forecast_assets.domain.cleaning.history_marks import MARKS_WINDOW_MONTHS
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.mark_reasons import COVID, OLD_LEVEL
from forecast_assets.domain.features.market_at_origin import FEATURE_WINDOW_MONTHS
from forecast_assets.validation.schema_check import schema_check
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, violating

HISTORY_CONTIGUOUS = CheckDeclaration(
    "history_contiguous", "Every month of the window since the market's start has sell-in; a gap would shift every lag."
)
SKUS_PRESENT = CheckDeclaration("skus_present", "At least one SKU is active at the origin.")
NUMBERS_FINITE = CheckDeclaration("numbers_finite", "No feature is infinite.")
HOLIDAYS_KNOWN = CheckDeclaration(
    "holidays_known", "The public holidays of the market's country are known.", blocking=False
)
MARKS_IN_HISTORY = CheckDeclaration(
    "marks_in_history", "Every marked cell is a known month up to the origin and carries the sell-in as delivered."
)
FEW_MARKED = CheckDeclaration(
    "few_marked", "At most one known cell in twenty is marked as an accident; more are no accidents.", blocking=False
)
LARGEST_MARKED_SHARE = 0.05
MARKS = (MARKS_IN_HISTORY, FEW_MARKED)
FEATURES = (HISTORY_CONTIGUOUS, SKUS_PRESENT, NUMBERS_FINITE, HOLIDAYS_KNOWN)


def features_checks(sell_in_months: set[pd.Timestamp], market: Market) -> list[TableCheck]:
    """Return the checks of ``features``.

    Args:
        sell_in_months: Months with sell-in that the run has loaded.
        market: The market of the features.
    """

    def history_contiguous(_: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        first = max(origin - pd.DateOffset(months=FEATURE_WINDOW_MONTHS - 1), market.since)
        missing = [month for month in pd.date_range(first, origin, freq="MS") if month not in sell_in_months]
        named = ", ".join(f"{month:%Y-%m}" for month in missing[:6])
        message = f"no sell-in of {market.code} for {len(missing)} months ({named}); materialize sell_in for them first"
        return violating(pd.DataFrame({"missing_month": missing}), message)

    def skus_present(table: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        if len(table):
            return Finding(figures={"skus": len(table)})
        return Finding(1, None, f"no SKU of {market.code} has sell-in in the 12 months up to {origin:%Y-%m}")

    def holidays_known(_: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        message = f"no public holidays are known of iso2 {market.iso2!r} of {market.code}: correct it in markets.yaml"
        return Finding(int(not holiday_calendar(market.iso2, origin.year, origin.year).is_known), None, message)

    return [
        schema_check("features"),
        HISTORY_CONTIGUOUS.rule(history_contiguous),
        SKUS_PRESENT.rule(skus_present),
        NUMBERS_FINITE.rule(_numbers_finite),
        HOLIDAYS_KNOWN.rule(holidays_known),
    ]


def marks_checks(sell_in: DemandPanel) -> list[TableCheck]:
    """Return the checks of ``history_marks``; ``sell_in`` is the market's panel, with all months of the run."""

    def marks_in_history(table: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        known = sell_in.until(origin)
        row = pd.Index(known.skus).get_indexer(pd.Index(table["sku"]))
        column = known.months.get_indexer(pd.DatetimeIndex(table["marked_month"]))
        delivered = np.where((row >= 0) & (column >= 0), known.units[row, column], np.nan)
        wrong = table[delivered != table["units"].to_numpy(float)]
        return violating(wrong, f"{len(wrong)} marks differ from the units known at {origin:%Y-%m}")

    def few_marked(table: pd.DataFrame, origin: pd.Timestamp) -> Finding:
        cells = int(np.isfinite(sell_in.until(origin, MARKS_WINDOW_MONTHS).units).sum())
        # Restrictions last for months and hit most SKUs, and an old level is all months before a change: their cells
        # are no accidents and may be many.
        share = int((~table["reason"].isin([COVID, OLD_LEVEL])).sum()) / max(cells, 1)
        message = f"{share:.1%} of the known cells are marked as accidents, expected at most {LARGEST_MARKED_SHARE:.0%}"
        figures = {"marks": len(table), "accident_share": round(share, 5)}
        return Finding(int(share > LARGEST_MARKED_SHARE), None, message, is_warning=True, figures=figures)

    return [schema_check("history_marks"), MARKS_IN_HISTORY.rule(marks_in_history), FEW_MARKED.rule(few_marked)]


def _numbers_finite(table: pd.DataFrame, _: pd.Timestamp) -> Finding:
    numbers = table.select_dtypes("number")
    infinite = np.isinf(numbers.to_numpy(float))
    if not infinite.any():
        return Finding()
    columns = numbers.columns[infinite.any(axis=0)].tolist()
    rows = table.loc[infinite.any(axis=1), ["sku", *columns[:4]]]
    return violating(rows, f"infinite values in {', '.join(columns[:6])}; report it with these rows")
