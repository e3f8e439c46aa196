"""Series to forecast and their scores: tidy files cut into known months and test months, and the measures over them.

Here belong reading, cutting and scoring, the same for every method. Not here: methods, processes, tables for readers.
error = forecast - actual; forecasts are clipped at 0; sums first, ratios last.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from forecast_assets.domain.demand.demand_panel import known_mean
from forecast_assets.domain.evaluation.accuracy import (
    bias,
    central_coverage,
    coverage,
    pinball,
    wape,
    weighted_quantile_loss,
)

MIN_TRAINING_MONTHS = 12
ONE_MARKET = "ALL"
KEYS = ["market", "sku"]
RESERVED = [*KEYS, "month", "y", "split"]
SPLIT_LABEL = "split"
ALL_ORIGINS = "all"
# Levels of the weighted quantile loss, as in the zero-shot benchmark of Chronos.
QUANTILE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclasses.dataclass(frozen=True)
class KnownSeries:
    """History that a method may see: n series, each ending at its own last known month.

    Attributes:
        keys: ``market, sku`` and the attributes of each series as text, one row per series.
        units: (n, T), the last column is each series' own last known month; NaN before its first month and in gaps.
        last_month: (n,) datetime64[M], the month of the last column.
    """

    keys: pd.DataFrame
    units: np.ndarray
    last_month: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def names(self) -> np.ndarray:
        """One name per series, (n,): the same sku in two markets is two series."""
        return (self.keys["market"] + "|" + self.keys["sku"]).to_numpy(dtype=object)


@dataclasses.dataclass(frozen=True)
class Case:
    """One origin of a file: the known months and ``actual`` (n, horizon), NaN where there is no test month."""

    origin: str
    known: KnownSeries
    actual: np.ndarray


@dataclasses.dataclass(frozen=True)
class Forecasts:
    """Units (n, horizon): the point forecast, and the ends of the 80 % interval where a method has one.

    ``quantiles`` (n, horizon, levels) are those of ``QUANTILE_LEVELS``, where a method has them.
    """

    point: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    quantiles: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Scores:
    """Cells (n, horizon) and measures per series (n,) of one or more origins; ratios are made from these, last."""

    actual: np.ndarray
    point: np.ndarray
    low: np.ndarray
    high: np.ndarray
    quantiles: np.ndarray
    smape: np.ndarray
    mase: np.ndarray


def read_tidy(path: Path) -> pd.DataFrame:
    """Read a Parquet or CSV file: ``market, sku, month, y``, optional ``split``, further columns are attributes.

    Keys are text, months first-of-month; without ``market`` all series are of one.

    Raises:
        ValueError: If a column is missing, ``split`` holds other words than train and test, or a series has two rows
            in a month.
    """
    if path.suffix == ".csv":
        table = pd.read_csv(
            path, dtype=dict.fromkeys([*KEYS, "split"], str), keep_default_na=False, na_values={"y": [""]}
        )
    else:
        table = pd.read_parquet(path)
    absent = {"sku", "month", "y"} - set(table.columns)
    if absent:
        raise ValueError(f"{path}: columns {sorted(absent)} are missing, found {list(table.columns)}")
    market = table["market"].astype(str) if "market" in table else ONE_MARKET
    month = pd.to_datetime(table["month"]).dt.to_period("M").dt.to_timestamp()
    table = table.assign(market=market, sku=table["sku"].astype(str), month=month, y=table["y"].astype(float))
    twice = table.duplicated([*KEYS, "month"])
    if twice.any():
        first = table.loc[twice, [*KEYS, "month"]].iloc[0].tolist()
        raise ValueError(f"{path}: {twice.sum()} series and months have two rows, first {first}; expected one row each")
    if "split" in table and not table["split"].isin(["train", "test"]).all():
        raise ValueError(f"{path}: split must be train or test, found {sorted(set(table['split'].astype(str)))}")
    return table


def cases(table: pd.DataFrame, horizon_months: int, origins: int, step_months: int) -> list[Case]:
    """Cut a file at its origins, the latest first.

    With ``split`` there is one origin: each series ends with its last ``train`` month and its ``test`` months are
    scored. Else the k-th cut is the file's last month minus the horizon minus k steps. Series with fewer than 12 known
    training months or without a known test month are left out; test months beyond the horizon are not scored.

    Raises:
        ValueError: If an origin leaves no series.
    """
    number = _month_number(table["month"])
    if "split" in table:
        train = table["split"] == "train"
        last_train = number[train].groupby([table["market"], table["sku"]]).max().rename("cut")
        cut = table.join(last_train, on=KEYS)["cut"]
        return [_case(table, SPLIT_LABEL, number - cut, train, cut, horizon_months)]
    cut_cases = []
    for back in range(origins):
        cut = number.max() - horizon_months - back * step_months
        label = f"{(cut - 1) // 12}-{(cut - 1) % 12 + 1:02d}"
        cuts = pd.Series(float(cut), index=table.index)
        cut_cases.append(_case(table, label, number - cut, number <= cut, cuts, horizon_months))
    return cut_cases


def _month_number(month: pd.Series) -> pd.Series:
    """Months since year 0, so that differences are months."""
    return month.dt.year * 12 + month.dt.month


def _case(
    table: pd.DataFrame, origin: str, ahead: pd.Series, train: pd.Series, cut: pd.Series, horizon_months: int
) -> Case:
    """The case of one origin.

    Args:
        ahead: Months of each row after its series' cut, <= 0 in the known months; NaN where a series has none.
        train: Whether a row is a known month.
        cut: Month number of the cut of each row's series.
    """
    test = ~train & ahead.between(1, horizon_months)
    has_value = table["y"].notna()
    by_series = [table["market"], table["sku"]]
    training_months = (train & has_value).groupby(by_series).transform("sum")
    test_months = (test & has_value).groupby(by_series).transform("sum")
    kept = (train | test) & (training_months >= MIN_TRAINING_MONTHS) & (test_months > 0)
    if not kept.any():
        raise ValueError(
            f"origin {origin}: no series with {MIN_TRAINING_MONTHS} training months and a test month; "
            "give a longer file, a shorter horizon or fewer origins"
        )
    rows = table[kept].assign(ahead=ahead[kept].astype(int), cut=cut[kept].astype(int))
    wide = rows.pivot(index=KEYS, columns="ahead", values="y")
    wide = wide.reindex(columns=range(int(rows["ahead"].min()), horizon_months + 1))
    units = wide.to_numpy(dtype=float)
    known = rows[rows["ahead"] <= 0].sort_values("ahead").groupby(KEYS).tail(1).set_index(KEYS).reindex(wide.index)
    last_month = (known["cut"].to_numpy() - 1 - 1970 * 12).astype("datetime64[M]")
    keys = known.drop(columns=["month", "y", "split", "ahead", "cut"], errors="ignore").reset_index()
    return Case(origin, KnownSeries(keys, units[:, :-horizon_months], last_month), units[:, -horizon_months:])


def score(case: Case, forecasts: Forecasts) -> Scores:
    """Cells and measures per series of one origin; forecasts clipped at 0.

    Raises:
        ValueError: If forecasts have another shape than the actuals, or one to be scored is missing or infinite.
    """
    point = forecasts.point
    if point.shape != case.actual.shape:
        raise ValueError(f"forecasts have shape {point.shape}, expected {case.actual.shape}: series x horizon")
    absent = ~np.isfinite(point) & np.isfinite(case.actual)
    if absent.any():
        first = case.known.names[absent.any(axis=1)][:3].tolist()
        raise ValueError(f"{absent.sum()} forecasts are missing or infinite, first series: {first}")
    point = point.clip(0)
    unknown = np.full(point.shape, np.nan)
    low, high = (unknown if ends is None else ends.clip(0) for ends in (forecasts.low, forecasts.high))
    without = np.full((*point.shape, len(QUANTILE_LEVELS)), np.nan)
    quantiles = without if forecasts.quantiles is None else forecasts.quantiles.clip(0)
    errors_in_sample = mase(case.actual, point, case.known.units)
    return Scores(case.actual, point, low, high, quantiles, smape_of_series(case.actual, point), errors_in_sample)


def smape_of_series(actual: np.ndarray, point: np.ndarray) -> np.ndarray:
    """``mean(200 |f - a| / (|f| + |a|))`` over the known months of each series, (n,) on the scale 0..200.

    A cell where both are 0 counts as 0.
    """
    size = np.abs(point) + np.abs(actual)
    share = np.divide(200 * np.abs(point - actual), size, out=np.zeros_like(size), where=size > 0)
    return np.nanmean(np.where(np.isfinite(actual), share, np.nan), axis=1)


def mase(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray, season_months: int = 12) -> np.ndarray:
    """Mean absolute error / mean absolute error of the seasonal naive in sample, per series, (n,).

    ``mean|forecast - actual| / mean|history[t] - history[t - season]|`` (Hyndman and Koehler 2006). The scale uses lag
    1 if no pair a season apart is known. NaN if the scale is 0 or unknown, or no cell is scored.

    Args:
        actual: (n, horizon).
        forecast: (n, horizon).
        history: (n, T), the months up to the origin; NaN if unknown.
        season_months: Lag of the seasonal naive.
    """
    actual, forecast, history = (
        np.atleast_2d(np.asarray(values, dtype=float)) for values in (actual, forecast, history)
    )
    seasonal, one_month = (_naive_error(history, lag) for lag in (season_months, 1))
    scale = np.where(np.isnan(seasonal), one_month, seasonal)
    error = known_mean(np.abs(forecast - actual))
    return np.divide(error, scale, out=np.full(len(actual), np.nan), where=scale > 0)


def _naive_error(history: np.ndarray, lag: int) -> np.ndarray:
    return known_mean(np.abs(history[:, lag:] - history[:, :-lag]))


def pool(scores: list[Scores]) -> Scores:
    """The cells and series of several origins as one set."""
    fields = [field.name for field in dataclasses.fields(Scores)]
    return Scores(*(np.concatenate([getattr(one, field) for one in scores]) for field in fields))


def measures(scores: Scores) -> dict[str, float | int | None]:
    """The figures of a set of cells; None where undefined.

    ``wape``, ``bias``, ``pinball`` (units, mean over p10 and p90) and ``coverage_80`` over all cells, ``smape`` and
    ``mase`` as means over the series that have one, ``series`` the number of series (of series and origins in a pool).
    """
    actual = scores.actual
    figures = {
        "wape": wape(actual, scores.point),
        "bias": bias(actual, scores.point),
        "smape": _mean(scores.smape),
        "mase": _mean(scores.mase),
        "pinball": (pinball(actual, scores.low, 0.1) + pinball(actual, scores.high, 0.9)) / 2,
        "coverage_80": coverage_80(scores),
    }
    return {"series": len(actual)} | {name: _finite(value) for name, value in figures.items()}


def coverage_80(scores: Scores) -> float:
    """The share of the actuals in the 80 % interval; with quantiles, an actual that equals several counts in part."""
    if np.isnan(scores.quantiles).all():
        return coverage(scores.actual, scores.low, scores.high)
    return central_coverage(scores.actual, scores.quantiles, QUANTILE_LEVELS)


def wql(scores: Scores) -> float | None:
    """The weighted quantile loss over ``QUANTILE_LEVELS``: all series and months, sums first; None where undefined.

    An unknown quantile repeats the point forecast.
    """
    quantiles = np.where(np.isfinite(scores.quantiles), scores.quantiles, scores.point[..., None])
    return _finite(weighted_quantile_loss(scores.actual, quantiles, QUANTILE_LEVELS))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
