"""Faults planted in the last month of simulated markets of three sizes and kinds, and the rules that find them.

Steady SKUs vary by 10 % around their level, seasonal ones swing by a factor of 2 over the year and vary by 20 %,
intermittent ones sell in a third of the months. Nothing here is taken from the sample company.

Run: ``python -m benchmarks.delivery_markets --seeds 101 102 103 [--without-prices]``.
"""

import argparse
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.rules import RULES

LAST = pd.Timestamp("2024-12-01")
SIZES = (3, 30, 150)
KINDS = ("steady", "seasonal", "intermittent")
LONG, SHORT = 60, 14
SHARE_SOLD = 1 / 3
JUDGED_MONTHS = 6
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


def market_kinds(seeds: list[int]) -> Iterator[tuple[str, int, str, int]]:
    """Generate kind, number of SKUs, length of the history in words, and seed."""
    for kind in KINDS:
        for skus in SIZES:
            for length in ("long", "short"):
                for seed in seeds:
                    yield kind, skus, length, seed


def _times(factor: float, picked: Callable[[pd.DataFrame, pd.Series], pd.Series]) -> Change:
    """Change units alone: another unit of measure leaves the value as it is."""

    def change(rows: pd.DataFrame, categories: pd.Series) -> pd.DataFrame:
        return rows.assign(units=rows["units"] * np.where(picked(rows, categories), factor, 1.0))

    return change


def _whole_times(factor: float) -> Change:
    """Change units and value: rows that are missing or there twice."""

    def change(rows: pd.DataFrame, _: pd.Series) -> pd.DataFrame:
        return rows.assign(**{name: rows[name] * factor for name in ("units", "net_sales") if name in rows})

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
    "10 of 30 days": _whole_times(10 / 30),
    "22 of 30 days": _whole_times(22 / 30),
    "every row twice": _whole_times(2.0),
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


def findings(rows: pd.DataFrame, products: pd.DataFrame, month: pd.Timestamp) -> set[str]:
    """Return the names of the rules that find something in a month."""
    delivery = delivery_until(rows, month, None, products)
    return {rule.name for rule in RULES if rule.find(delivery)}


def main(given: list[str] | None = None) -> None:
    """Print, by fault and kind of market, the markets in which it is found, and the false findings a year."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102, 103])
    parser.add_argument("--without-prices", action="store_true", help="leave net_sales out")
    options = parser.parse_args(given)
    warnings.simplefilter("ignore")
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    false_by_kind, years = Counter[str](), Counter[str]()
    for kind, skus, length, seed in market_kinds(options.seeds):
        rows, products = simulated_rows(kind, skus, LONG if length == "long" else SHORT, seed)
        rows = rows.drop(columns="net_sales") if options.without_prices else rows
        categories, name = products.set_index("sku")["category"], f"{kind} {skus} {length}"
        sound: set[str] = set()
        for month in pd.date_range(end=LAST, periods=JUDGED_MONTHS, freq="MS"):
            sound = findings(rows, products, month)
            false_by_kind[name] += len(sound)
            years[name] += 1
        is_last = rows["month"] == LAST
        for fault, change in FAULTS.items():
            if not is_last.any() or (skus == SIZES[0] and "category" in fault):
                continue
            faulty = pd.concat([rows[~is_last], change(rows[is_last], categories)], ignore_index=True)
            if (faulty["month"] == LAST).any():
                hits[fault, name].append(bool(findings(faulty, products, LAST) - sound))
    print("| fault | " + " | ".join(years) + " |\n|" + "---|" * (1 + len(years)))
    for fault in FAULTS:
        counts = [hits[fault, name] for name in years]
        print(f"| {fault} | " + " | ".join(f"{sum(each)} of {len(each)}" if each else "-" for each in counts) + " |")
    rates = [f"{12 * false_by_kind[name] / months:.2f}" for name, months in years.items()]
    print("| false findings a year | " + " | ".join(rates) + " |")


if __name__ == "__main__":
    main()
