"""Readiness of a market for live forecasts: each rule returns pass, warn or fail, its observation and a next step.

The limits are here with their reasons. Not here: reading deliveries and stores.
"""

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, MONTHS_BACK
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, month_range, months_between
from forecast_assets.domain.demand.demand_panel import DemandPanel, active_skus
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.evaluation.paired_comparison import MIN_SKUS, WORSE, compare_paired
from forecast_assets.domain.months import consecutive_months
from forecast_assets.domain.number_format import format_percent, format_signed_percent
from forecast_assets.domain.selection.backtest import with_actuals
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets.domain.statistical.seasonal_smoothing import forecast_statistical

PASS, WARN, FAIL = "pass", "warn", "fail"
# Two years show a season twice; with less, season and trend cannot be separated.
LEAST_MONTHS = 24
# The earliest origin of the backtest, up to 20 months back, has two years behind it.
ENOUGH_MONTHS = LEAST_MONTHS + EARLIEST_ANCHOR_MONTHS
# Planners act on a bias of the first size. Beyond the second, forecasts mislead, however good they are in comparison.
NOTABLE_BIAS, GREATEST_BIAS = 0.05, 0.20
LEAST_SELL_OUT_SHARE = 0.80
ENOUGH_SHADOW_CYCLES = 3
SHOWN_MONTHS = 6


@dataclasses.dataclass(frozen=True)
class ReadinessFinding:
    """Result of one rule for a market; ``next_step`` is empty if there is nothing to do."""

    check: str
    result: str
    observed: str
    next_step: str = ""


def is_ready(findings: Sequence[ReadinessFinding]) -> bool:
    """Return True if nothing fails; people judge the warnings."""
    return all(finding.result != FAIL for finding in findings)


def history_depth(delivered: Sequence[pd.Timestamp]) -> ReadinessFinding:
    """Count the months of sell-in from the first delivered to the last."""
    if not delivered:
        return ReadinessFinding("history", FAIL, "no sell-in delivered", "deliver sell_in of the market")
    count = months_between(min(delivered), max(delivered)) + 1
    observed = f"{count} months, {min(delivered):%Y-%m} to {max(delivered):%Y-%m}"
    if count < LEAST_MONTHS:
        return ReadinessFinding(
            "history", FAIL, observed, f"deliver at least {LEAST_MONTHS} months; wait, or add earlier ones"
        )
    if count < ENOUGH_MONTHS:
        return ReadinessFinding(
            "history", WARN, observed, f"with {ENOUGH_MONTHS} months every origin of the backtest is scored"
        )
    return ReadinessFinding("history", PASS, observed)


def gaps(delivered: Collection[pd.Timestamp], since: pd.Timestamp) -> ReadinessFinding:
    """List the months without a delivery between the market's first month and its last delivery."""
    if not delivered:
        return ReadinessFinding("gaps", FAIL, "no month delivered", "deliver sell_in of the market")
    absent = [month for month in month_range(since, max(since, *delivered)) if month not in set(delivered)]
    if not absent:
        return ReadinessFinding("gaps", PASS, f"none since {since:%Y-%m}")
    if absent == list(month_range(since, absent[-1])) and absent[-1] < min(delivered):
        step = f"set since to {min(delivered):%Y-%m} in markets.yaml, or deliver them"
        return ReadinessFinding("gaps", FAIL, f"nothing before {min(delivered):%Y-%m}, since is {since:%Y-%m}", step)
    return ReadinessFinding("gaps", FAIL, f"{len(absent)} months: {_named(absent)}", "deliver sell_in of these months")


def timeliness(delivered: Collection[pd.Timestamp], last_closed: pd.Timestamp) -> ReadinessFinding:
    """Count the months from the last delivery to the last closed month."""
    if not delivered:
        return ReadinessFinding("last month", FAIL, "no month delivered", "deliver sell_in of the market")
    behind = months_between(max(delivered), last_closed)
    observed = f"{max(delivered):%Y-%m}, last closed month {last_closed:%Y-%m}"
    if behind > 0:
        return ReadinessFinding(
            "last month", WARN, f"{observed}: {behind} behind", "deliver the months that have closed since"
        )
    return ReadinessFinding("last month", PASS, observed)


def product_coverage(sell_in: pd.DataFrame, listed: Collection[str], greatest_unknown_share: float) -> ReadinessFinding:
    """Check the SKUs sold in the last year for a product row, by number and by units.

    Args:
        sell_in: ``sku, sell_in_units`` of the last year.
        listed: SKUs with a product row.
        greatest_unknown_share: Share of units without one above which the monthly check stops the market.
    """
    sold = sell_in.groupby("sku")["sell_in_units"].sum().abs()
    known = sold.index.isin(list(listed))
    if not len(sold) or not sold.sum():
        return ReadinessFinding("products", FAIL, "nothing was sold in the last year", "deliver sell_in of the market")
    share = float(sold[known].sum() / sold.sum())
    observed = f"{known.sum()} of {len(sold)} SKUs have a product row, {share:.1%} of the units"
    if 1 - share > greatest_unknown_share:
        return ReadinessFinding(
            "products", FAIL, observed, "deliver products with the others: " + _some(sold.index[~known])
        )
    if not known.all():
        return ReadinessFinding(
            "products", WARN, observed, "deliver products with the others: " + _some(sold.index[~known])
        )
    return ReadinessFinding("products", PASS, observed)


def sell_out_coverage(sell_in: pd.DataFrame, with_sell_out: Collection[str]) -> ReadinessFinding:
    """Compute the share of the last year's sell-in units of SKUs with sell-out rows in that year."""
    sold = sell_in.groupby("sku")["sell_in_units"].sum().abs()
    share = float(sold[sold.index.isin(list(with_sell_out))].sum() / sold.sum()) if sold.sum() else 0.0
    if not len(with_sell_out):
        return ReadinessFinding(
            "sell-out", WARN, "none delivered", "forecast without it; deliver sell_out if there is any"
        )
    observed = f"SKUs with {share:.1%} of the units"
    if share < LEAST_SELL_OUT_SHARE:
        return ReadinessFinding("sell-out", WARN, observed, "deliver sell_out of the other SKUs if there is any")
    return ReadinessFinding("sell-out", PASS, observed)


def size(panel: DemandPanel, origin: pd.Timestamp) -> ReadinessFinding:
    """Count the SKUs to forecast; with few, a difference between two methods may be chance."""
    count = int(active_skus(panel, origin).sum())
    if not count:
        return ReadinessFinding("SKUs", FAIL, "none is active", "deliver sell_in of the last year")
    if count < MIN_SKUS:
        return ReadinessFinding(
            "SKUs", WARN, f"{count} active", f"below {MIN_SKUS}, accuracy is a matter of chance: judge it by eye"
        )
    return ReadinessFinding("SKUs", PASS, f"{count} active")


def statistical_backtest(panel: DemandPanel, origin: pd.Timestamp) -> pd.DataFrame:
    """Forecast from sell-in alone 18, 12 and 6 months ago, without features and learning, in seconds.

    Args:
        panel: Sell-in of the market up to the origin or later.
        origin: The month at whose end the market is judged; its sell-in is the last actual.

    Returns:
        Cells as in ``backtest``, without interval and segments. ``model_units`` is the mean of three smoothing methods,
        the statistical members of the blend. No rows if history is too short.
    """
    tables = []
    for months_back in MONTHS_BACK:
        earlier = add_months(origin, -months_back)
        if earlier not in panel.months or months_between(panel.months[0], earlier) < 12:
            continue
        known = panel.until(earlier)
        active = active_skus(known, earlier)
        if not active.any():
            continue
        cells = baseline_forecasts(panel, earlier, known.skus[active])
        units = forecast_statistical(known.units[active], known.months.month.to_numpy(), HORIZON_MONTHS).mean
        tables.append(cells.assign(model_units=units.ravel()))
    if not tables:
        return pd.DataFrame(columns=["sku", "origin_month", "actual_units", *BACKTEST_METHODS.values()])
    return with_actuals(pd.concat(tables, ignore_index=True), panel, origin)


def accuracy(cells: pd.DataFrame, method: str, *, is_model: bool) -> list[ReadinessFinding]:
    """Judge WAPE and bias of a backtest against Holt-Winters and the seasonal naive.

    Args:
        cells: ``sku, origin_month, actual_units, model_units, baseline_units, naive_units``; may be empty.
        method: Name of the method behind ``model_units``, for display.
        is_model: True if it is the market's own model; a forecast from sell-in alone can warn, but not fail.
    """
    scored = cells.dropna(subset=["actual_units"])
    if scored.empty or not scored["actual_units"].any():
        step = "deliver more history, then run a cycle of the market"
        return [ReadinessFinding("WAPE", WARN, "no month could be scored", step)]
    row = accuracy_table(scored.assign(all="all"), ["all"], forecasts=BACKTEST_METHODS).iloc[0]
    return [_wape(scored, row, method, is_model), _bias(row, method, is_model)]


def _wape(scored: pd.DataFrame, row: pd.Series, method: str, is_model: bool) -> ReadinessFinding:
    test = compare_paired(scored)
    observed = (
        f"{method} {format_percent(row['wape_model'])}, Holt-Winters {format_percent(row['wape_baseline'])}, "
        f"naive {format_percent(row['wape_naive'])}; "
        f"against Holt-Winters {test.in_words}"
    )
    run = "" if is_model else "run a cycle of the market: then its model is judged"
    if row["wape_model"] > row["wape_naive"]:
        step = run or "worse than naive: the baseline would be published; look at the report before it goes live"
        return ReadinessFinding("WAPE", FAIL if is_model else WARN, observed, step)
    if test.verdict == WORSE:
        step = run or "worse than the planners' Holt-Winters: look at the report before it goes live"
        return ReadinessFinding("WAPE", FAIL if is_model else WARN, observed, step)
    if row["wape_model"] > row["wape_baseline"]:
        return ReadinessFinding(
            "WAPE", WARN, observed, run or "not better than Holt-Winters yet: keep it in shadow for some cycles"
        )
    return ReadinessFinding("WAPE", PASS if is_model else WARN, observed, run)


def _bias(row: pd.Series, method: str, is_model: bool) -> ReadinessFinding:
    bias, baseline = float(row["bias_model"]), float(row["bias_baseline"])
    observed = (
        f"{method} {format_signed_percent(bias)}, Holt-Winters {format_signed_percent(baseline)}, "
        f"naive {format_signed_percent(row['bias_naive'])}"
    )
    worse = abs(bias) > abs(baseline) or not np.isfinite(baseline)
    if is_model and abs(bias) > GREATEST_BIAS and worse:
        step = f"beyond {GREATEST_BIAS:.0%} and worse than Holt-Winters: find out why before it goes live"
        return ReadinessFinding("bias", FAIL, observed, step)
    if abs(bias) > NOTABLE_BIAS:
        return ReadinessFinding(
            "bias", WARN, observed, f"beyond {NOTABLE_BIAS:.0%}: look at the months and categories it comes from"
        )
    return ReadinessFinding("bias", PASS, observed)


def shadow_cycles(published: Collection[pd.Timestamp]) -> ReadinessFinding:
    """Count the months for which the market was forecast so far."""
    count = len(published)
    step = f"run forecast-assets cycle with --country until there are {ENOUGH_SHADOW_CYCLES}"
    if count < ENOUGH_SHADOW_CYCLES:
        return ReadinessFinding("cycles", WARN, f"forecast for {count} months", step)
    return ReadinessFinding("cycles", PASS, f"forecast for {count} months, the last {max(published):%Y-%m}")


def _named(months: Sequence[pd.Timestamp]) -> str:
    parts = list(map(str, consecutive_months(months)))
    more = f" and {len(parts) - SHOWN_MONTHS} more" if len(parts) > SHOWN_MONTHS else ""
    return ", ".join(parts[:SHOWN_MONTHS]) + more


def _some(skus: pd.Index) -> str:
    shown = ", ".join(map(str, list(skus)[:5]))
    return shown + (f" and {len(skus) - 5} more" if len(skus) > 5 else "")
