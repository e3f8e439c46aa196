"""SKU series of several markets as a tree: world, region, market, category of a market, SKU.

Here belong reading, cutting at an origin and summing. How forecasts of the levels are made to agree is in
``reconcile_methods.py``.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.protocol import KnownSeries
from forecast_assets.config.markets import load_markets

LEVELS = ("world", "region", "market", "category", "sku")
MIN_TRAINING_MONTHS = 36
ONE_REGION = "ALL"


@dataclasses.dataclass(frozen=True)
class SkuSeries:
    """n SKU series on one calendar.

    Attributes:
        keys: ``region, market, category, sku`` of each series as text.
        months: (T,) contiguous.
        units: (n, T), NaN where unknown.
    """

    keys: pd.DataFrame
    months: pd.DatetimeIndex
    units: np.ndarray


@dataclasses.dataclass(frozen=True)
class TreeCase:
    """One origin: what is known of each SKU, what came, and how SKUs add up.

    Attributes:
        origin: Last known month, "2016-06".
        known: The SKU series up to the origin.
        calendar_months: 1 .. 12 of the columns of ``known.units``.
        actual: (n, horizon), known in every month.
        summing: (all series, n) zeros and ones, levels from the top, the SKUs last.
        level_rows: Rows of ``summing`` by level; a level that only repeats the one above it is absent.
        left_out: SKUs of the file that are not scored at this origin.
    """

    origin: str
    known: KnownSeries
    calendar_months: np.ndarray
    actual: np.ndarray
    summing: np.ndarray
    level_rows: dict[str, np.ndarray]
    left_out: int

    def summed_history(self) -> np.ndarray:
        """(all series, T): a sum counts unknown months of a SKU as zero; NaN before the first known month of any."""
        units = self.known.units
        total = self.summing @ np.nan_to_num(units)
        return np.where(self.summing @ np.isfinite(units) > 0, total, np.nan)


def read_series(path: Path, markets_file: Path | None = None) -> SkuSeries:
    """Read a tidy file or a landing folder.

    A tidy file (Parquet or CSV) has ``market, category, sku, month, y`` and optionally ``region``. A landing folder has
    ``sell_in`` (``country, sku, month, units``) and ``products`` (``sku, category``, optionally ``country``; the last
    row of a SKU counts) as Parquet; ``markets_file`` gives regions, and whether a month without a row between the
    first and the last of a SKU means zero or unknown.

    Raises:
        ValueError: If a column is missing, a SKU has two rows in a month, or a market is not in the markets file.
    """
    if path.is_dir():
        rows, zero_markets = _landing_rows(path, markets_file)
    elif path.suffix == ".csv":
        rows, zero_markets = pd.read_csv(path, dtype={"market": str, "category": str, "sku": str}), []
    else:
        rows, zero_markets = pd.read_parquet(path), []
    absent = {"market", "category", "sku", "month", "y"} - set(rows)
    if absent:
        raise ValueError(f"{path}: columns {sorted(absent)} are missing, found {list(rows)}")
    keys = list(LEVELS[1:])
    rows = rows if "region" in rows else rows.assign(region=ONE_REGION)
    rows = rows.assign(month=pd.to_datetime(rows["month"]), **{key: rows[key].astype(str) for key in keys})
    twice = rows.duplicated(["market", "sku", "month"])
    if twice.any():
        first = rows.loc[twice, ["market", "sku", "month"]].iloc[0].tolist()
        raise ValueError(f"{path}: {twice.sum()} SKUs and months have two rows, first {first}; expected one row each")
    wide = rows.pivot(index=keys, columns="month", values="y")
    wide = wide.reindex(columns=pd.date_range(wide.columns.min(), wide.columns.max(), freq="MS"))
    units = wide.to_numpy(dtype=float)
    table = wide.index.to_frame(index=False)
    return SkuSeries(table, pd.DatetimeIndex(wide.columns), _with_zeros(units, table["market"].isin(zero_markets)))


def _landing_rows(folder: Path, markets_file: Path | None) -> tuple[pd.DataFrame, list[str]]:
    """Tidy rows of a landing folder, and the markets where an absent month is a zero."""
    sell_in, products = (
        pd.concat([pd.read_parquet(file) for file in sorted((folder / source).glob("*.parquet"))], ignore_index=True)
        for source in ("sell_in", "products")
    )
    on = ["country", "sku"] if "country" in products else ["sku"]
    latest = products.drop_duplicates(on, keep="last")[[*on, "category"]]
    rows = sell_in.groupby(["country", "sku", "month"], as_index=False)["units"].sum()
    rows = rows.merge(latest, on=on, how="left", validate="m:1").fillna({"category": "UNKNOWN"})
    rows = rows.rename(columns={"country": "market", "units": "y"})
    if markets_file is None:
        return rows, []
    markets = load_markets(markets_file)
    unknown = sorted(set(rows["market"]) - set(markets))
    if unknown:
        raise ValueError(f"{folder}: markets {unknown} are not in {markets_file}")
    regions = rows["market"].map({code: market.region for code, market in markets.items()})
    return rows.assign(region=regions), [code for code, market in markets.items() if market.missing_month == "zero"]


def _with_zeros(units: np.ndarray, is_zero: pd.Series) -> np.ndarray:
    """Zero where a month is absent between the first and the last row of a SKU, in the markets where that is meant."""
    known = np.isfinite(units)
    since_first = np.maximum.accumulate(known, axis=1)
    until_last = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return np.where(~known & since_first & until_last & is_zero.to_numpy()[:, None], 0.0, units)


def tree_case(series: SkuSeries, horizon_months: int, back_months: int) -> TreeCase:
    """The case whose horizon ends ``back_months`` before the last month of the series.

    SKUs with fewer than 36 known months up to the origin, none in its last 12, or an unknown month in the horizon are
    left out at every level, so that all levels are sums of the same SKUs.

    Raises:
        ValueError: If no SKU is left.
    """
    cut = len(series.months) - horizon_months - back_months
    past, future = series.units[:, : max(cut, 0)], series.units[:, max(cut, 0) :][:, :horizon_months]
    known = np.isfinite(past)
    kept = (known.sum(axis=1) >= MIN_TRAINING_MONTHS) & known[:, -12:].any(axis=1) & np.isfinite(future).all(axis=1)
    if not kept.any():
        raise ValueError(f"{back_months} months back no SKU has {MIN_TRAINING_MONTHS} known months: take fewer origins")
    keys = series.keys[kept].reset_index(drop=True)
    origin = series.months[cut - 1]
    last_month = np.full(len(keys), np.datetime64(origin, "M"))
    summing, level_rows = summing_matrix(keys)
    return TreeCase(
        origin=f"{origin:%Y-%m}",
        known=KnownSeries(keys[["market", "sku", "category"]], past[kept], last_month),
        calendar_months=series.months[:cut].month.to_numpy(),
        actual=future[kept],
        summing=summing,
        level_rows=level_rows,
        left_out=int((~kept).sum()),
    )


def summing_matrix(keys: pd.DataFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the SKUs that each series of the tree sums, and the rows of each level.

    A level with as many members as the one above it or the SKUs below is the same series again and is left out.
    """
    parts, level_rows, begin, above = [], {}, 0, 0
    for level in LEVELS:
        path = list(LEVELS[1 : LEVELS.index(level) + 1])
        member = keys.groupby(path, sort=False).ngroup().to_numpy() if path else np.zeros(len(keys), dtype=int)
        count = member.max() + 1
        if count == above or (count == len(keys) and level != "sku"):
            continue
        parts.append((member == np.arange(count)[:, None]).astype(float))
        level_rows[level] = np.arange(begin, begin + count)
        begin, above = begin + count, count
    return np.vstack(parts), level_rows
