"""Performance of small markets, with errors that are computed in the head."""

import numpy as np
import pandas as pd

from forecast_assets_tests.domain.simulated_performance import LAST


def month_cells(month, actual, published, baseline=None, lag=1, status="published"):
    """Performance of one month, one SKU per figure."""
    skus = [f"S{number}" for number in range(len(actual))]
    return pd.DataFrame(
        {
            "month": pd.Timestamp(month), "sku": skus, "lag_months": lag,
            "origin_month": pd.Timestamp(month) - pd.DateOffset(months=lag),
            "actual_units": np.asarray(actual, float), "published_units": np.asarray(published, float),
            "baseline_units": np.asarray(baseline or published, float), "status": status,
        }
    )  # fmt: skip


def verdict(verdicts, kind, subject="published"):
    """The one verdict of a kind and subject."""
    (result,) = [each for each in verdicts if (each.kind, each.subject) == (kind, subject)]
    return result


def with_wapes(wapes, last=LAST):
    """A market of one SKU that sells 100 and is forecast 100 x (1 + WAPE)."""
    months = pd.date_range(end=last, periods=len(wapes), freq="MS")
    return pd.concat(
        [month_cells(month, [100], [100 * (1 + value)]) for month, value in zip(months, wapes, strict=True)]
    )
