"""Simulated markets of three sizes and kinds, and the faults that are planted in their last month.

Steady SKUs vary by 10 % around their level, seasonal ones swing by a factor of 2 over the year and vary by 20 %,
intermittent ones sell in a third of the months. Nothing here is taken from the sample company.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

LAST = pd.Timestamp("2024-12-01")
SIZES = (3, 30, 150)
KINDS = ("steady", "seasonal", "intermittent")
LONG, SHORT = 60, 14
SHARE_SOLD = 1 / 3
Change = Callable[[pd.DataFrame, pd.Series], pd.DataFrame]


def simulated_rows(kind: str, skus: int, months: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return monthly rows (``sku, month, units, net_sales``) of a market and its products, three categories or one."""
    generator = np.random.default_rng([seed, KINDS.index(kind), skus, months])
    calendar = pd.date_range(end=LAST, periods=months, freq="MS")
    codes = np.array([f"S{number:03d}" for number in range(skus)], dtype=object)
    level = generator.lognormal(6.0, 1.2, skus)
    noise = np.exp(generator.normal(0.0, 0.1 if kind == "steady" else 0.2, (skus, months)))
    units = level[:, None] * noise * np.exp(0.002 * np.arange(months))
    if kind == "seasonal":
        units *= np.exp(np.log(2.0) / 2 * np.sin(2 * np.pi * (calendar.month.to_numpy() + 3.0) / 12))
    if kind == "intermittent":
        is_sold = generator.random((skus, months)) < SHARE_SOLD
        units = np.where(is_sold, units * generator.lognormal(0.0, 0.5, (skus, months)), 0.0)
    units = np.round(units)
    price = generator.lognormal(1.0, 0.4, skus)[:, None] * np.exp(generator.normal(0, 0.02, (skus, months)))
    rows = pd.DataFrame(
        {
            "sku": np.repeat(codes, months),
            "month": np.tile(calendar.to_numpy(), skus),
            "units": units.ravel(),
            "net_sales": (units * price).ravel().round(2),
        }
    )
    categories = np.array([f"C{number % (3 if skus > 3 else 1)}" for number in range(skus)], dtype=object)
    products = pd.DataFrame({"sku": codes, "category": categories, "end_month": pd.NaT})
    return rows[rows["units"] > 0].reset_index(drop=True), products


def market_kinds(seeds: tuple[int, ...]) -> Iterator[tuple[str, int, str, int]]:
    """Generate kind, number of SKUs, length of the history in words, and seed."""
    for kind in KINDS:
        for skus in SIZES:
            for length in ("long", "short"):
                for seed in seeds:
                    yield kind, skus, length, seed


def _times(factor: float, picked: Callable[[pd.DataFrame, pd.Series], pd.Series]) -> Change:
    def change(rows: pd.DataFrame, categories: pd.Series) -> pd.DataFrame:
        is_picked = picked(rows, categories)
        factors = np.where(is_picked, factor, 1.0)
        return rows.assign(units=rows["units"] * factors)

    return change


def _all(rows: pd.DataFrame, _: pd.Series) -> pd.Series:
    return pd.Series(data=True, index=rows.index)


def _one_category(rows: pd.DataFrame, categories: pd.Series) -> pd.Series:
    of_rows = rows["sku"].map(categories)
    return of_rows == of_rows.iloc[0]


def _ranked(rank: float) -> Callable[[pd.DataFrame, pd.Series], pd.Series]:
    """Pick the SKU at a rank of the month's units, from 0 (the largest) to 1."""

    def pick(rows: pd.DataFrame, _: pd.Series) -> pd.Series:
        order = rows["units"].sort_values(ascending=False, kind="stable").index
        return pd.Series(rows.index == order[int(rank * (len(order) - 1))], index=rows.index)

    return pick


def _third_missing(rows: pd.DataFrame, _: pd.Series) -> pd.DataFrame:
    return rows.iloc[int(np.ceil(len(rows) / 3)) :]


LARGEST, MIDDLE, SMALL = _ranked(0.0), _ranked(0.4), _ranked(0.8)
FAULTS: dict[str, Change] = {
    "10 of 30 days": _times(10 / 30, _all),
    "22 of 30 days": _times(22 / 30, _all),
    "every row twice": _times(2.0, _all),
    "packs of 3, all SKUs": _times(1 / 3, _all),
    "packs of 3, one category": _times(1 / 3, _one_category),
    "packs of 3, the largest SKU": _times(1 / 3, LARGEST),
    "packs of 3, a middle SKU": _times(1 / 3, MIDDLE),
    "x 12, all SKUs": _times(12.0, _all),
    "x 12, one category": _times(12.0, _one_category),
    "x 12, the largest SKU": _times(12.0, LARGEST),
    "x 12, a middle SKU": _times(12.0, MIDDLE),
    "a third of the SKUs missing": _third_missing,
    "x 10, the largest SKU": _times(10.0, LARGEST),
    "x 10, a middle SKU": _times(10.0, MIDDLE),
    "x 10, a small SKU": _times(10.0, SMALL),
    "1/10, the largest SKU": _times(0.1, LARGEST),
    "1/10, a middle SKU": _times(0.1, MIDDLE),
    "1/10, a small SKU": _times(0.1, SMALL),
    "x 100, the largest SKU": _times(100.0, LARGEST),
    "x 100, a middle SKU": _times(100.0, MIDDLE),
    "x 100, a small SKU": _times(100.0, SMALL),
    "1/100, the largest SKU": _times(0.01, LARGEST),
}
