"""Announced SKUs: their launch is known at the origin and within the horizon, and they have no sell-in yet.

Here belong their selection and their rows beside those of SKUs on sale. Not here: their forecast (``launches``) and
their rule (``portfolio_rules``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.demand.hierarchy import UNKNOWN_CATEGORY
from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION

# A SKU without sell-in has no value and no variation, so its classes are fixed.
ABC_CLASS, XYZ_CLASS = "C", "Z"


def announced_skus(panel: DemandPanel, origin: pd.Timestamp, products: pd.DataFrame) -> Labels:
    """Return the SKUs to be launched within the 18 months after the origin, sorted, (n,) text.

    A SKU with a known month of sell-in up to the origin is on sale, whatever its launch month. SKUs that end before
    they begin are left out.

    Args:
        panel: The market; months after the origin are not read.
        origin: The origin month.
        products: ``sku, launch_month, end_month`` as known at the origin; a launch month that was not visible at the
            origin is null.
    """
    launch, end = products["launch_month"], products["end_month"]
    ahead = (launch > origin) & (launch <= add_months(origin, HORIZON_MONTHS)) & ~(end < launch)
    known = panel.until(origin)
    on_sale = known.skus[np.isfinite(known.units).any(axis=1)]
    return np.setdiff1d(products.loc[ahead, "sku"].to_numpy(dtype=object), on_sale)


def with_announced(panel: DemandPanel, skus: Labels) -> DemandPanel:
    """Return the panel with a row of unknown months for each missing SKU."""
    absent = np.setdiff1d(np.asarray(skus, dtype=object), panel.skus)
    unknown = np.full((len(absent), len(panel.months)), np.nan)
    return dataclasses.replace(
        panel, skus=np.concatenate([panel.skus, absent]), units=np.concatenate([panel.units, unknown])
    )


def announced_forecasts(skus: Labels, origin: pd.Timestamp) -> pd.DataFrame:
    """Return 18 rows of zeros per announced SKU: the model cannot forecast them, the rules fill them."""
    return pd.DataFrame(
        {
            "sku": np.repeat(np.asarray(skus, dtype=object), HORIZON_MONTHS),
            "origin_month": origin,
            "target_month": np.tile(target_months(origin).to_numpy(), len(skus)),
            "horizon_months": np.tile(np.arange(1, HORIZON_MONTHS + 1), len(skus)),
        }
    ).assign(**dict.fromkeys(DISTRIBUTION, 0.0))


def with_announced_described(features: pd.DataFrame, skus: Labels, products: pd.DataFrame) -> pd.DataFrame:
    """Return ``sku, category, abc_class, xyz_class, inputs_missing`` of the SKUs on sale and of those announced.

    Announced SKUs are of class C and Z; their missing inputs are those of the market.
    """
    columns = ["sku", "category", "abc_class", "xyz_class", "inputs_missing"]
    category = products.set_index("sku")["category"].reindex(skus).fillna(UNKNOWN_CATEGORY).to_numpy(dtype=object)
    missing = features["inputs_missing"].iloc[0] if len(features) else ""
    described = {"sku": np.asarray(skus, dtype=object), "category": category}
    announced = pd.DataFrame(described).assign(abc_class=ABC_CLASS, xyz_class=XYZ_CLASS, inputs_missing=missing)
    return pd.concat([features[columns], announced], ignore_index=True) if len(skus) else features[columns]
