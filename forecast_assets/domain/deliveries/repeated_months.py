"""A delivered month that is the copy of an earlier one."""

import numpy as np
import pandas as pd

from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding

# Equal units show a copy where a SKU has had them in at most so many earlier months: small counts repeat by chance.
MOST_MONTHS_ALIKE = 2
LEAST_NUMBERS, LEAST_PERCENT = 5, 90


def copied_month(delivery: Delivery) -> DeliveryFinding | None:
    """Find a month whose SKUs nearly all have the units of one earlier month.

    SKUs whose units repeat in more than two earlier months are left out, and the others have five different units or
    more: in a market of constant or small units no month is a copy.
    """
    judged, earlier = delivery.units[:, -1], delivery.units[:, :-1]
    is_sold = np.isfinite(judged) & (judged != 0)
    is_same = is_sold[:, None] & (earlier == judged[:, None])
    counted = is_sold & (is_same.sum(axis=1) <= MOST_MONTHS_ALIKE)
    if not earlier.shape[1] or len(np.unique(judged[counted])) < LEAST_NUMBERS:
        return None
    shares = is_same[counted].mean(axis=0)
    at = int(shares.argmax())
    if 100 * shares[at] < LEAST_PERCENT:
        return None
    skus = delivery.skus[counted & is_same[:, at]]
    month = delivery.months[at]
    message = (
        f"{len(skus)} of {counted.sum()} SKUs have exactly the units of {month:%Y-%m}, limit {LEAST_PERCENT} %: "
        f"it looks like a copy. Deliver {delivery.month:%Y-%m} itself"
    )
    return DeliveryFinding(message, pd.DataFrame({"sku": skus, "units": judged[counted & is_same[:, at]]}))
