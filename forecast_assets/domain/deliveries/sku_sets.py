"""Sets of SKUs: regular SKUs that vanish, new ones in their place, and a SKU that is the total of the others."""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding, shown

# A SKU sold in each of these months before is regular; a young market has fewer months, but not fewer than three.
REGULAR_MONTHS, LEAST_MONTHS = 6, 3
LEARNED_MONTHS, SETTLED_MONTHS = 13, 6
LEAST_SHARE, LEAST_SHARE_YOUNG = 0.20, 0.25
LEAST_SKUS = 2
MARGIN = 1.5
# A total is judged against at least this many other SKUs: of two or three, one may be the sum of the rest by chance.
LEAST_PARTS = 4
NAMED_TOTAL = r"(?i)(?:^|[^a-z])(?:grand|sub)?[ _-]?(?:total|totals|sum|summe|gesamt|somme|totale|all)(?:$|[^a-z])"


def vanished_skus(delivery: Delivery) -> DeliveryFinding | None:
    """Find a larger share of regular SKUs without sales than the market ever had in the 13 months before.

    A SKU is regular if it sold in each of the six months before (at least three in a young market) and its end has not
    passed. The limit is 1.5 times the largest share of the 13 months before, and at least 20 % (25 % while fewer than
    six months can be compared).
    """
    last = len(delivery.months) - 1
    gone = _vanished(delivery, last)
    if gone is None:
        return None
    regular, is_gone = gone
    is_gone = is_gone & ~np.isin(delivery.skus, list(delivery.ended))
    earlier = [_share(_vanished(delivery, at)) for at in range(last - LEARNED_MONTHS, last)]
    known = [share for share in earlier if share is not None]
    least = LEAST_SHARE if len(known) >= SETTLED_MONTHS else LEAST_SHARE_YOUNG
    limit = max(least, MARGIN * max(known, default=0.0))
    share = is_gone.sum() / regular.sum()
    if is_gone.sum() < LEAST_SKUS or share <= limit:
        return None
    half_year = np.nan_to_num(delivery.units[:, -1 - REGULAR_MONTHS : -1])
    usual = half_year.mean(axis=1)
    rows = pd.DataFrame({"sku": delivery.skus, "usual_units": usual})[is_gone].sort_values(
        "usual_units", ascending=False
    )
    appeared = np.isfinite(delivery.units[:, -1]) & ~np.isfinite(delivery.units[:, :-1]).any(axis=1)
    new = f", while {appeared.sum()} new SKUs appear ({shown(delivery.skus[appeared])})" if appeared.any() else ""
    message = (
        f"{is_gone.sum()} of {regular.sum()} regular SKUs vanish ({share:.1%}), such as {shown(rows['sku'].tolist())}"
        f"{new}; the limit is {limit:.1%}, from the {len(known)} months before. Deliver the missing rows, or end the "
        "SKUs in products"
    )
    return DeliveryFinding(message, rows.round(1))


def _vanished(delivery: Delivery, at: int) -> tuple[Bools, Bools] | None:
    """Return regular SKUs and those of them without sales in a month; None if it cannot be judged."""
    span = min(REGULAR_MONTHS, at)
    if span < LEAST_MONTHS:
        return None
    regular: Bools = np.asarray(delivery.is_sold[:, at - span : at].all(axis=1))
    return (regular, regular & ~delivery.is_sold[:, at]) if regular.sum() > LEAST_SKUS else None


def _share(vanished: tuple[Bools, Bools] | None) -> float | None:
    return None if vanished is None else float(vanished[1].sum() / vanished[0].sum())


def total_as_sku(delivery: Delivery) -> DeliveryFinding | None:
    """Find a SKU whose units are the sum of all others, so that everything counts twice.

    There must be at least four others. A SKU that was delivered before must be the sum in each of the six months
    before too: once may be chance. Codes that are named like a total are compared with the sum of all other codes and
    with the sum of a category, so that totals beside subtotals are found.
    """
    now = np.nan_to_num(delivery.units[:, -1])
    is_named = pd.Series(delivery.skus, dtype=object).str.contains(NAMED_TOTAL).to_numpy(dtype=bool) & (now != 0)
    parts = (now != 0) & ~is_named
    is_total = _is_sum(delivery, is_named)
    if parts.sum() >= 2:
        sums = [now[parts].sum(), *_category_sums(delivery, now, parts)]
        is_total = is_total | (
            is_named & np.isclose(now[:, None], np.array(sums)[None, :], rtol=1e-6, atol=1e-6).any(axis=1)
        )
    if not is_total.any():
        return None
    rows = pd.DataFrame({"sku": delivery.skus[is_total], "units": now[is_total]})
    named = "; ".join(
        f"{sku} has {units:,.0f} units, the sum of other SKUs" for sku, units in rows.head(5).itertuples(index=False)
    )
    return DeliveryFinding(f"{named}. Deliver SKUs alone: a total among them counts every unit twice", rows)


def _is_sum(delivery: Delivery, is_named: Bools) -> Bools:
    """Mark SKUs that are the sum of all others in the month, and in each month of the half year that has them."""
    units = np.nan_to_num(delivery.units[:, -1 - REGULAR_MONTHS :])
    delivered = units != 0
    parts = delivered.sum(axis=0) - 1
    equals = delivered & np.isclose(2 * units, units.sum(axis=0), rtol=1e-9, atol=1e-9) & (parts >= LEAST_PARTS)
    judged = delivered & (parts >= LEAST_PARTS)
    is_new = ~delivered[:, :-1].any(axis=1)
    twice = (equals == judged).all(axis=1) & (judged.sum(axis=1) >= LEAST_MONTHS)
    is_sum: Bools = equals[:, -1] & (twice | is_new | is_named)
    return is_sum


def _category_sums(delivery: Delivery, now: Floats, parts: Bools) -> list[float]:
    categories = delivery.categories.reindex(delivery.skus[parts])
    sums = pd.Series(now[parts]).groupby(categories.to_numpy())
    return [float(total) for total, count in zip(sums.sum(), sums.count(), strict=True) if count > 1]
