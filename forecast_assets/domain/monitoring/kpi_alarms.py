"""Alarm rules over the realised performance of one market at the end of a month.

Each rule uses forecasts as published, of lags up to ``AlarmLimits.max_lag_months``, and returns a verdict with figure
and limit. docs/monitoring.md describes the rules and their rates of false alarms. Not here: alarms on sources and
inputs (``source_drift.py``, ``drift.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.evaluation.accuracy import bias, wape
from forecast_assets.domain.evaluation.paired_comparison import compare_paired, resampled_sums
from forecast_assets.domain.evaluation.realised_accuracy import published_in_time
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict, percent, signed_percent, undecided
from forecast_assets.domain.monitoring.control_limit import FALSE_ALARM_RATE, MIN_MONTHS, TRAILING_MONTHS, upper_limit

PUBLISHED, BASELINE = "published_units", "baseline_units"
WAPE, BIAS, WORSE_THAN_BASELINE, BIAS_SAME_SIGN = "wape", "bias", "worse_than_baseline", "bias_same_sign"
# Subjects within a kind: the month against its limit, or against its own past.
SUBJECT, LEVEL = "published", "level"
TOP_SKUS = 5
# Differences too small to act on, whatever the statistics say: 10 % of the level and 2 points of WAPE.
LEAST_RISE, LEAST_RISE_POINTS = 0.10, 0.02
# Lower bound of a WAPE before its logarithm is taken.
LEAST_WAPE = 0.001
MIN_ORIGINS, MIN_SKUS = 3, 5
# Largest share of the resampled markets that may contradict the alarm.
MOST_DOUBT = 0.005
# The two latest months are not part of the reference; two months in a row above a closer limit are an alarm as well.
GAP_MONTHS, RATE_OF_EACH_OF_TWO = 2, 0.03


@dataclasses.dataclass(frozen=True)
class AlarmLimits:
    """Alarm limits of a market; shares are fractions.

    Attributes:
        max_wape: Largest WAPE of a month.
        max_bias: Largest absolute bias of a month.
        max_lag_months: Largest lag of the forecasts used. Every month has these lags, even in a market that has
            published for fewer than 18 months.
        baseline_months: Months of the comparison with Holt-Winters.
        baseline_tolerance: Tolerated relative excess over the absolute error of Holt-Winters.
        bias_months: Months in a row with a bias of one sign.
        min_bias: Least bias over these months for an alarm; half of it in each single month.
    """

    max_wape: float
    max_bias: float
    max_lag_months: int = 3
    baseline_months: int = 3
    baseline_tolerance: float = 0.05
    bias_months: int = 4
    min_bias: float = 0.05


# The month itself and the months before it that the rules read.
HISTORY_MONTHS = 1 + GAP_MONTHS + TRAILING_MONTHS


def kpi_verdicts(cells: pd.DataFrame, month: pd.Timestamp, limits: AlarmLimits) -> list[AlarmVerdict]:
    """Return the verdict of each rule for a market at the end of a month.

    Args:
        cells: ``performance`` of the market for the 15 months up to the month, or fewer; later months are not read:
            ``month, sku, origin_month, lag_months, actual_units, published_units, baseline_units, status``.
        month: The closed month.
        limits: Alarm limits of the market.
    """
    current = published_in_time(cells).dropna(subset=["actual_units"])
    current = current[(current["lag_months"] <= limits.max_lag_months) & (current["month"] <= month)]
    return [
        _wape_over_limit(current, month, limits),
        _bias_over_limit(current, month, limits),
        wape_above_its_level(current, month),
        worse_than_baseline(current, month, limits),
        bias_of_one_sign(current, month, limits),
    ]


def _wape_over_limit(cells: pd.DataFrame, month: pd.Timestamp, limits: AlarmLimits) -> AlarmVerdict:
    of_month = cells[cells["month"] == month]
    figure = wape(*_units(of_month, PUBLISHED))
    if np.isnan(figure):
        return undecided(WAPE, SUBJECT, f"no WAPE in {month:%Y-%m}: nothing scored or nothing sold")
    return AlarmVerdict(
        WAPE,
        SUBJECT,
        figure > limits.max_wape,
        f"WAPE {percent(figure)} in {month:%Y-%m}, limit {percent(limits.max_wape)}",
        (
            ("WAPE", percent(figure)),
            ("limit", percent(limits.max_wape)),
            *_against_baseline(of_month),
        ),
        weight=_excess_units(of_month, figure, limits.max_wape),
        trend=_trend(_wape_by_month(cells, set(of_month["lag_months"])), month),
        trend_name="WAPE by month",
        top_skus=top_skus(of_month),
    )


def _bias_over_limit(cells: pd.DataFrame, month: pd.Timestamp, limits: AlarmLimits) -> AlarmVerdict:
    of_month = cells[cells["month"] == month]
    figure = bias(*_units(of_month, PUBLISHED))
    if np.isnan(figure):
        return undecided(BIAS, SUBJECT, f"no bias in {month:%Y-%m}: nothing scored or nothing sold")
    return AlarmVerdict(
        BIAS,
        SUBJECT,
        abs(figure) > limits.max_bias,
        f"Bias {signed_percent(figure)} in {month:%Y-%m}, limit {percent(limits.max_bias)} either way",
        (("bias", signed_percent(figure)), ("limit", percent(limits.max_bias))),
        weight=_excess_units(of_month, abs(figure), limits.max_bias),
        top_skus=top_skus(of_month),
    )


def wape_above_its_level(cells: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if the month's WAPE is above its usual level, by more than noise and by enough to matter.

    The reference is log(WAPE) of the 12 months that end two months before the month, so that a deterioration is not at
    once part of its own reference. Only months with the same lags count. Both conditions must hold:

    - WAPE is above the prediction limit for a chance of 0.5 % (``control_limit.upper_limit``), or WAPE of this month
      and of the one before are both above the limit for 3 %;
    - WAPE is above 1.1 times the reference's median, above that median plus 2 points, and above 1.1 times the same
      month of the year before, so that a month that is hard every year (December) raises no alarm.
    """
    lags = set(cells.loc[cells["month"] == month, "lag_months"])
    by_month = _wape_by_month(cells, lags)
    figure, before, year_before = (by_month.get(add_months(month, -back), np.nan) for back in (0, 1, 12))
    if np.isnan(figure):
        return undecided(WAPE, LEVEL, f"no WAPE in {month:%Y-%m}: nothing scored or nothing sold")
    reference = by_month[by_month.index.isin(_reference_months(month))].dropna()
    logs = np.log(reference.to_numpy(float).clip(min=LEAST_WAPE))
    if len(logs) < MIN_MONTHS:
        reason = f"{len(logs)} months with lags {_listed(lags)} to compare with, needs {MIN_MONTHS}"
        return undecided(WAPE, LEVEL, reason)
    at_once, twice = (float(np.exp(upper_limit(logs, rate))) for rate in (FALSE_ALARM_RATE, RATE_OF_EACH_OF_TWO))
    statistical = twice if before > twice else at_once
    level = float(reference.median())
    least = [level * (1 + LEAST_RISE), level + LEAST_RISE_POINTS, year_before * (1 + LEAST_RISE)]
    limit = float(np.nanmax([statistical, *least]))
    of_month = cells[cells["month"] == month]
    return AlarmVerdict(
        WAPE,
        LEVEL,
        bool(figure > limit),
        f"WAPE {percent(figure)} in {month:%Y-%m}, usually {percent(level)} (limit {percent(limit)})",
        (
            ("WAPE", percent(figure)),
            (f"median of {len(logs)} months", percent(level)),
            ("limit", percent(limit)),
        ),
        weight=_excess_units(of_month, figure, limit),
        trend=_trend(by_month, month),
        trend_name="WAPE by month",
        top_skus=top_skus(of_month),
    )


def worse_than_baseline(cells: pd.DataFrame, month: pd.Timestamp, limits: AlarmLimits) -> AlarmVerdict:
    """Raise an alarm if the published forecasts had more error than the planners' Holt-Winters over the last months.

    The ratio of the two WAPEs over ``baseline_months`` must be above 1 + tolerance. It must also be above 1 in at least
    99.5 % of the markets resampled by SKU (``compare_paired``). Undecided with fewer than 3 origins or 5 SKUs.
    """
    first = add_months(month, 1 - limits.baseline_months)
    window = cells[cells["month"].between(first, month)]
    if not (window["month"] == month).any():
        return undecided(WORSE_THAN_BASELINE, SUBJECT, f"nothing scored in {month:%Y-%m}")
    test = compare_paired(window, PUBLISHED, BASELINE)
    if test.origins < MIN_ORIGINS or test.skus < MIN_SKUS:
        return undecided(
            WORSE_THAN_BASELINE, SUBJECT, f"{test.origins} origins, {test.skus} SKUs; needs {MIN_ORIGINS}, {MIN_SKUS}"
        )
    tolerated = 1 + limits.baseline_tolerance
    extra = (_absolute_error(window, PUBLISHED) - _absolute_error(window, BASELINE)).sum()
    return AlarmVerdict(
        WORSE_THAN_BASELINE,
        SUBJECT,
        bool(test.ratio > tolerated and test.probability_better <= MOST_DOUBT),
        f"{test.ratio:.2f} times the error of Holt-Winters over {limits.baseline_months} months to {month:%Y-%m}, "
        f"limit {tolerated:.2f}",
        (
            ("WAPE ratio", f"{test.ratio:.3f}"),
            ("90 % interval", f"{test.low:.3f} to {test.high:.3f}"),
            *_against_baseline(window),
        ),
        weight=max(0.0, float(extra)),
        top_skus=top_skus(window),
    )


def bias_of_one_sign(cells: pd.DataFrame, month: pd.Timestamp, limits: AlarmLimits) -> AlarmVerdict:
    """Raise an alarm if the market was forecast too high, or too low, several months in a row.

    All conditions must hold:

    - the bias of each of the last ``bias_months`` has the same sign and at least half of ``min_bias``;
    - the bias over all of them is at least ``min_bias``;
    - it has that sign in at least 99.5 % of the markets resampled by SKU.
    """
    months = pd.date_range(add_months(month, 1 - limits.bias_months), month, freq="MS")
    window = cells[cells["month"].isin(months)]
    monthly = [bias(*_units(rows, PUBLISHED)) for rows in (window[window["month"] == at] for at in months)]
    if np.isnan(monthly).any():
        return undecided(BIAS_SAME_SIGN, SUBJECT, f"{np.isfinite(monthly).sum()} of {len(months)} months have a bias")
    overall = bias(*_units(window, PUBLISHED))
    one_sign = min(np.sign(overall) * np.array(monthly)) >= limits.min_bias / 2
    lasting = one_sign and abs(overall) >= limits.min_bias and _doubt_of_sign(window) <= MOST_DOUBT
    direction = "too high" if overall > 0 else "too low"
    return AlarmVerdict(
        BIAS_SAME_SIGN,
        SUBJECT,
        bool(lasting),
        f"Forecast {direction} {len(months)} months in a row: bias {signed_percent(overall)} to {month:%Y-%m}, "
        f"limit {percent(limits.min_bias)}"
        if lasting
        else f"Bias {signed_percent(overall)} over {len(months)} months to {month:%Y-%m}",
        tuple((f"bias {at:%Y-%m}", signed_percent(value)) for at, value in zip(months, monthly, strict=True)),
        weight=abs(float((window[PUBLISHED] - window["actual_units"]).sum())),
        trend=tuple(monthly),
        trend_name="bias by month",
        top_skus=top_skus(window),
    )


def _doubt_of_sign(cells: pd.DataFrame) -> float:
    """Return the share of the markets resampled by SKU whose sum of errors has another sign than the market's."""
    errors = (cells[PUBLISHED] - cells["actual_units"]).groupby(cells["sku"]).sum().to_numpy(float)
    drawn = resampled_sums(errors[:, None])[:, 0]
    return float((np.sign(drawn) != np.sign(errors.sum())).mean())


def _reference_months(month: pd.Timestamp) -> pd.DatetimeIndex:
    last = add_months(month, -GAP_MONTHS - 1)
    return pd.date_range(add_months(last, 1 - TRAILING_MONTHS), last, freq="MS")


def top_skus(cells: pd.DataFrame, count: int = TOP_SKUS) -> tuple[tuple[str, float], ...]:
    """Return the SKUs with the largest absolute error of the published forecasts, and their share of the market's."""
    by_sku = _absolute_error(cells, PUBLISHED).groupby(cells["sku"]).sum()
    worst = by_sku[by_sku > 0].sort_values(ascending=False, kind="stable").head(count)
    return tuple((str(sku), float(error / by_sku.sum())) for sku, error in worst.items())


def _trend(by_month: pd.Series, month: pd.Timestamp) -> tuple[float | None, ...]:
    """Return the figures of the month and the 11 before; None for months without one."""
    months = pd.date_range(add_months(month, 1 - TRAILING_MONTHS), month, freq="MS")
    return tuple(None if np.isnan(value) else float(value) for value in by_month.reindex(months))


def _wape_by_month(cells: pd.DataFrame, lags: set[int]) -> pd.Series:
    """Return the WAPE of the months that have exactly these lags."""
    has_lags = cells.groupby("month")["lag_months"].agg(set).map(lambda month_lags: month_lags == lags)
    comparable = cells[cells["month"].isin(has_lags.index[has_lags.to_numpy(dtype=bool)])]
    sums = (
        pd.DataFrame({"error": _absolute_error(comparable, PUBLISHED), "actual": comparable["actual_units"].abs()})
        .groupby(comparable["month"])
        .sum()
    )
    return sums["error"] / sums["actual"].where(sums["actual"] > 0)


def _absolute_error(cells: pd.DataFrame, method: str) -> pd.Series:
    return (cells[method] - cells["actual_units"]).abs()


def _units(cells: pd.DataFrame, method: str) -> tuple[Floats, Floats]:
    """Return actual units and those of a method."""
    return cells["actual_units"].to_numpy(dtype=float), cells[method].to_numpy(dtype=float)


def _excess_units(cells: pd.DataFrame, figure: float, limit: float) -> float:
    return float(max(0.0, figure - limit) * cells["actual_units"].abs().sum())


def _against_baseline(cells: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    figure = wape(*_units(cells, BASELINE))
    return () if np.isnan(figure) else (("WAPE Holt-Winters", percent(figure)),)


def _listed(lags: set[int]) -> str:
    return ", ".join(str(lag) for lag in sorted(lags))
