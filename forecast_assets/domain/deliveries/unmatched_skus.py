"""Rows of overrides, promotions and products that meet no SKU of the market: they change no number.

Not here: SKUs that are sold without a product row (``validation/source_checks.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, months_between
from forecast_assets.domain.deliveries.delivery import DeliveryFinding, shown
from forecast_assets.domain.deliveries.sku_codes import strict_spelling

# Rows named in a message; the table of the check holds ten.
NAMED = 3
# A SKU that a product row of the market announced is expected to sell within so many months of its launch.
LAUNCH_MONTHS = 3


@dataclass(frozen=True)
class KnownSkus:
    """SKUs of a market at an origin.

    Attributes:
        origin: The origin month.
        forecast: SKUs that get a forecast.
        sold: SKUs that were ever delivered up to the origin.
        listed: SKUs with a product row.
        ends: Known last month, by SKU.
        launches: Known launch month, by SKU.
    """

    origin: pd.Timestamp
    forecast: frozenset[str]
    sold: frozenset[str]
    listed: frozenset[str]
    ends: pd.Series
    launches: pd.Series

    def spelled_like(self, sku: str) -> str:
        """Return a hint at the one known SKU that a code is another spelling of; empty without one."""
        known = _spelled(self.sold | self.listed)
        same = known.loc[known["spelling"] == _spelled([sku])["spelling"].item(), "sku"].tolist()
        return f"; did you mean {shown(same)}?" if len(same) == 1 and same != [sku] else ""


def overrides_unused(
    overrides: pd.DataFrame, known: KnownSkus, used: pd.DataFrame | None, *, has_later_months: bool
) -> DeliveryFinding | None:
    """Find overrides that change no forecast, or change one that should be zero.

    Args:
        overrides: Delivered overrides of all origins: ``sku, origin_month, target_month, forecast_units, author,
            known_from``.
        known: The SKUs at the origin.
        used: Stored overrides of the month before, ``sku, target_month, forecast_units``; None if it is not stored.
        has_later_months: True if sell-in of a later month is there, so that overrides of later origins have their own.
    """
    rows = overrides[overrides["target_month"] > known.origin]
    of_origin = rows[rows["origin_month"] == known.origin]
    reasons = [
        _reason(sku, target, dated, known)
        for sku, target, dated in of_origin[["sku", "target_month", "known_from"]].itertuples(index=False, name=None)
    ]
    parts = [of_origin.assign(reason=reasons)]
    if not has_later_months:
        early = rows[rows["origin_month"] > known.origin]
        parts.append(early.assign(reason=f"its origin has no sell_in yet; file it under {known.origin:%Y-%m}"))
    if used is not None:
        before = rows[rows["origin_month"] == add_months(known.origin, -1)]
        late = f"delivered after its origin was published; file it under {known.origin:%Y-%m}"
        parts.append(_late(before, used).assign(reason=late))
    # A target at or before its origin, or beyond the horizon, is an error of form; here it gets a name.
    outside = overrides[(overrides["origin_month"] == known.origin) & (overrides["target_month"] <= known.origin)]
    parts.append(outside.assign(reason="its month is not after its origin"))
    unused = pd.concat(parts)
    unused = unused[unused["reason"] != ""]
    if unused.empty:
        return None
    table = unused[["sku", "origin_month", "target_month", "author", "reason"]].reset_index(drop=True)
    named = "; ".join(
        f"SKU {sku} for {target:%Y-%m} by {author or 'unknown'} ({reason})"
        for sku, _, target, author, reason in table.head(NAMED).itertuples(index=False, name=None)
    )
    more = f"; and {len(table) - NAMED} more" if len(table) > NAMED else ""
    return DeliveryFinding(f"{len(table)} overrides meet no forecast: {named}{more}. Correct or remove them", table)


def promotions_unused(promotions: pd.DataFrame, known: KnownSkus) -> DeliveryFinding | None:
    """Find promotions of SKUs that were never sold and are in no product list, or that end before.

    Args:
        promotions: As known at the origin: ``sku, promotion_month``.
        known: The SKUs at the origin.
    """
    skus = promotions["sku"]
    is_unknown = ~skus.isin(known.sold | known.listed)
    is_over = (promotions["promotion_month"] > known.origin) & (
        promotions["promotion_month"] > skus.map(known.ends).astype("datetime64[ns]")
    )
    rows = promotions[is_unknown | is_over].assign(reason="after its end")
    if rows.empty:
        return None
    rows["reason"] = rows["reason"].mask(is_unknown, "never sold and in no product list")
    rows = rows.sort_values(["reason", "sku", "promotion_month"], ascending=[False, True, True], ignore_index=True)
    by_sku = rows.drop_duplicates("sku")
    named = "; ".join(
        f"SKU {sku} in {month:%Y-%m} ({reason}{known.spelled_like(sku) if reason.startswith('never') else ''})"
        for sku, month, reason in by_sku[["sku", "promotion_month", "reason"]].head(NAMED).itertuples(index=False)
    )
    more = f"; and {len(by_sku) - NAMED} more SKUs" if len(by_sku) > NAMED else ""
    step = "Correct the codes, or deliver products with them"
    return DeliveryFinding(f"{len(rows)} promotions meet no SKU: {named}{more}. {step}", rows)


def products_unmatched(own: pd.DataFrame, known: KnownSkus) -> DeliveryFinding | None:
    """Find product rows that name a SKU as nothing else does.

    - A code that is another spelling of a SKU that is sold without a product row: its attributes are lost.
    - A ``reference_sku`` that was never sold and is in no product list: the launch has no example.
    - A row of the market alone whose SKU has not sold three months after its launch.

    Args:
        own: Product rows as known at the origin: ``sku, is_of_market, launch_month, end_month, reference_sku``.
        known: The SKUs at the origin.
    """
    parts = [
        _respelled(own, known).assign(reason="another spelling of a sold SKU"),
        own[own["reference_sku"].notna() & ~own["reference_sku"].isin(known.sold | known.listed)].assign(
            other=lambda rows: rows["reference_sku"], reason="its reference_sku is unknown"
        ),
        _never_sold(own, known).assign(other="", reason=f"not sold {LAUNCH_MONTHS} months after its launch"),
    ]
    rows = pd.concat([part[["sku", "other", "reason"]] for part in parts], ignore_index=True)
    if rows.empty:
        return None
    named = "; ".join(
        f"SKU {sku}" + (f" and {other}" if other else "") + f" ({reason})"
        for sku, other, reason in rows.head(NAMED).itertuples(index=False, name=None)
    )
    more = f"; and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return DeliveryFinding(f"{len(rows)} product rows meet no SKU: {named}{more}. Correct the codes", rows)


def _reason(sku: str, target: pd.Timestamp, dated: Any, known: KnownSkus) -> str:
    """Return why an override of the origin changes no forecast as meant; empty if it does."""
    end, launch = known.ends.get(sku, pd.NaT), known.launches.get(sku, pd.NaT)
    if pd.notna(dated) and dated >= add_months(known.origin, 1):
        return f"known from {dated:%Y-%m-%d}, after its origin month"
    if months_between(known.origin, target) > HORIZON_MONTHS:
        return f"more than {HORIZON_MONTHS} months ahead"
    if pd.notna(end) and target > end:
        return f"after its end in {end:%Y-%m}"
    if sku not in known.sold | known.listed:
        return f"never sold and in no product list{known.spelled_like(sku)}"
    if sku not in known.forecast:
        return "not on sale, and no launch in the horizon"
    if sku not in known.sold and pd.notna(launch) and target < launch:
        return f"before its launch in {launch:%Y-%m}"
    return ""


def _late(rows: pd.DataFrame, used: pd.DataFrame) -> pd.DataFrame:
    """Return overrides of a stored month that were not there when it was stored, or had another number."""
    # Of several versions of an override the latest counts.
    order = rows.sort_values("known_from", na_position="first", kind="stable")
    latest = order.drop_duplicates(["sku", "target_month"], keep="last")
    both = latest.merge(
        used.drop_duplicates(), on=["sku", "target_month", "forecast_units"], how="left", indicator=True
    )
    return both[both["_merge"] == "left_only"].drop(columns="_merge")


def _respelled(own: pd.DataFrame, known: KnownSkus) -> pd.DataFrame:
    """Return product rows whose code is another spelling of one SKU that is sold without a product row."""
    bare = _spelled(known.sold - known.listed).drop_duplicates("spelling", keep=False)
    codes = _spelled(own.loc[~own["sku"].isin(known.sold), "sku"].unique())
    return codes.merge(bare.rename(columns={"sku": "other"}), on="spelling", how="inner", validate="m:1")


def _spelled(skus: Iterable[str]) -> pd.DataFrame:
    codes = np.array(sorted(skus), dtype=object)
    return pd.DataFrame({"sku": codes, "spelling": strict_spelling(codes).to_numpy()})


def _never_sold(own: pd.DataFrame, known: KnownSkus) -> pd.DataFrame:
    launched = own["launch_month"] <= add_months(known.origin, -LAUNCH_MONTHS)
    has_ended = own["end_month"] <= known.origin
    return own[(own["is_of_market"] == 1) & launched & ~has_ended & ~own["sku"].isin(known.sold)]
