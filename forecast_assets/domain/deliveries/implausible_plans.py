"""Product rows that contradict what is sold: they are well formed and cannot be meant.

Not here: rows that meet no SKU (``unmatched_skus.py``), overrides (``implausible_overrides.py``).
"""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.delivery import DeliveryFinding

# Stock is shipped some months before a launch and after an end.
MONTHS_AROUND = 3
# Share of the market's units that may end with one month; share of SKUs that may change their category in one.
ENDING_SHARE, MOVED_SHARE = 0.1, 0.25
LEAST_SKUS = 3
# An order of magnitude, of an attribute by its value the month before.
FACTOR = 10.0
NAMED = 3
ATTRIBUTE = "attribute_"


def products_implausible(
    products: pd.DataFrame, sold: pd.DataFrame, stored: pd.DataFrame, origin: pd.Timestamp
) -> DeliveryFinding | None:
    """Find product rows that sell-in or the month before contradict.

    - A SKU was sold more than three months before its launch, or is sold three months after its end.
    - SKUs with a tenth of the year's units end with the origin month: they get no forecast.
    - A category is written in two ways, or a quarter of the SKUs have another one than the month before.
    - A number, such as a list price, is ten times or a tenth of what it was for most SKUs.

    Args:
        products: Rows as known at the origin: ``sku, category, launch_month, end_month`` and attributes as text.
        sold: Delivered sell-in of the year up to the origin: ``sku, month, sell_in_units``.
        stored: Stored products of the month before, with the columns of ``products``; without rows if there are none.
        origin: The origin month.
    """
    found = itertools.chain(
        _dates(products, sold, origin), _ending(products, sold, origin), _spellings(products),
        _moved(products, stored), _scaled(products, stored),
    )  # fmt: skip
    rows = pd.DataFrame(found, columns=["subject", "reason"])
    if rows.empty:
        return None
    named = "; ".join(f"{subject} {reason}" for subject, reason in rows.head(NAMED).itertuples(index=False, name=None))
    more = f"; and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return DeliveryFinding(f"products contradict what is known: {named}{more}. Correct them if they are wrong", rows)


def _dates(products: pd.DataFrame, sold: pd.DataFrame, origin: pd.Timestamp) -> Iterator[tuple[str, str]]:
    months = sold[sold["sell_in_units"] > 0].groupby("sku")["month"].agg(["min", "max"])
    known = products.drop_duplicates("sku").set_index("sku")[["launch_month", "end_month"]].join(months, how="inner")
    for sku, launch, end, first, last in known.sort_index().itertuples(name=None):
        if pd.notna(launch) and first < add_months(launch, -MONTHS_AROUND):
            yield f"SKU {sku}", f"was sold in {first:%Y-%m}, its launch is in {launch:%Y-%m}"
        if pd.notna(end) and last == origin and end <= add_months(origin, -MONTHS_AROUND):
            yield f"SKU {sku}", f"is sold in {origin:%Y-%m}, its end was in {end:%Y-%m}"


def _ending(products: pd.DataFrame, sold: pd.DataFrame, origin: pd.Timestamp) -> Iterator[tuple[str, str]]:
    units = sold.groupby("sku")["sell_in_units"].sum().clip(lower=0)
    ending = products.loc[products["end_month"] == origin, "sku"].unique()
    share = float(units.reindex(ending).sum()) / max(float(units.sum()), 1.0)
    if share >= ENDING_SHARE:
        yield f"{len(ending)} SKUs", f"with {share:.0%} of the year's units end in {origin:%Y-%m}: they get no forecast"


def _spellings(products: pd.DataFrame) -> Iterator[tuple[str, str]]:
    names = pd.Series(products["category"].dropna().unique(), dtype=object)
    for _, same in names.groupby(names.str.casefold().str.replace(r"[\W_]+", "", regex=True)):
        if len(same) > 1:
            yield "category", f"is written as {' and '.join(repr(name) for name in sorted(same))}"


def _moved(products: pd.DataFrame, stored: pd.DataFrame) -> Iterator[tuple[str, str]]:
    both = _both(products, stored, "category")
    changed = int((both["present"] != both["before"]).sum())
    if changed >= max(LEAST_SKUS, MOVED_SHARE * len(both)):
        yield f"{changed} of {len(both)} SKUs", "have another category than the month before"


def _scaled(products: pd.DataFrame, stored: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for name in (each for each in products.columns.intersection(stored.columns) if each.startswith(ATTRIBUTE)):
        both = _both(products, stored, name).apply(pd.to_numeric, errors="coerce")
        both = both[(both["present"] > 0) & (both["before"] > 0)]
        factor = float((both["present"] / both["before"]).median()) if len(both) >= LEAST_SKUS else 1.0
        if abs(np.log(factor)) >= np.log(FACTOR):
            yield name.removeprefix(ATTRIBUTE), f"is {factor:,.4g} times that of the month before for most SKUs"


def _both(products: pd.DataFrame, stored: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column at ``present`` and ``before`` by SKU, where both have a value."""
    present, before = (rows.drop_duplicates("sku").set_index("sku")[column] for rows in (products, stored))
    return pd.DataFrame({"present": present, "before": before}).dropna()
