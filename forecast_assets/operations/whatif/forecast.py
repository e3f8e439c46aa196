"""Forecast of a market under other plans, beside the published one. Nothing is written."""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.portfolio.successors import proposed_successors, with_successors
from forecast_assets.domain.publication.market_forecasts import market_baseline, market_forecasts
from forecast_assets.domain.publication.published_forecasts import published_forecasts
from forecast_assets.operations.whatif.inputs import WhatIfError, WhatIfInputs

CELL = ["sku", "target_month"]
NO_CHANGE = 1e-6


@dataclasses.dataclass(frozen=True)
class Plans:
    """Changed plans; None: as stored.

    Attributes:
        promotions: ``sku, promotion_month, is_promoted, discount_pct``: rows that replace those of SKU and month.
        prices: ``sku, month, price``: regular prices ahead.
        products: ``sku`` and changed columns; a SKU that is not known is added.
    """

    promotions: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None
    products: pd.DataFrame | None = None


@dataclasses.dataclass(frozen=True)
class WhatIf:
    """Result of a what-if.

    Attributes:
        country, origin: Market and origin month.
        cells: ``sku, category, target_month, published_units, whatif_units, change_units``; the change is that of the
            plans. Published units are null for a SKU that only the other plans have, and the other way round.
        drift_units: Largest difference between the published number and what code and tables of today make of the
            stored plans; 0 if the forecast is reproduced.
        ignored: SKUs of the plans that have no forecast.
    """

    country: str
    origin: pd.Timestamp
    cells: pd.DataFrame
    drift_units: float
    ignored: tuple[str, ...]


def what_if(settings: Settings, inputs: WhatIfInputs, plans: Plans) -> WhatIf:
    """Forecast a market under other plans with the trained models of the month.

    The recipe, the source of the publication and planners' numbers stay. Marks of the history stay as well: they depend
    on promotions of the past alone.

    Raises:
        WhatIfError: If a price is planned for a SKU whose price is not known.
    """
    _require_known_prices(inputs, plans.prices)
    accepts = settings.publication.accept_successors
    as_stored, changed = _publication(inputs, Plans(), accepts), _publication(inputs, plans, accepts)
    units = ["category", "forecast_units"]
    both = as_stored.set_index(CELL)[units].join(changed.set_index(CELL)[units], how="outer", rsuffix="_whatif")
    published = inputs.published.set_index(CELL)["forecast_units"].astype(float)
    shown = published.reindex(both.index)
    drift = (shown - both["forecast_units"]).abs().max()
    # A SKU that is in one of the two alone changes by all of its units.
    change = both["forecast_units_whatif"].fillna(0.0) - both["forecast_units"].fillna(0.0)
    cells = pd.DataFrame(
        {
            "category": both["category_whatif"].fillna(both["category"]),
            "published_units": shown,
            "whatif_units": (shown.fillna(0.0) + change).where(both["forecast_units_whatif"].notna()),
            "change_units": change.where(change.abs() > NO_CHANGE, 0.0),
        }
    ).reset_index()
    return WhatIf(
        inputs.country, inputs.origin, cells, float(drift) if drift > NO_CHANGE else 0.0, _ignored(plans, cells)
    )


def _publication(inputs: WhatIfInputs, plans: Plans, accepts_successors: bool) -> pd.DataFrame:
    """Return what would be published under plans."""
    origin = inputs.origin
    products = _with_products(inputs.products, plans.products, origin)
    history = dataclasses.replace(
        inputs.history,
        products=products,
        promotions=_with_promotions(inputs.promotions, plans.promotions, origin),
        planned_price=plans.prices,
    )
    features = build_features(history, origin)
    # As the asset: the baseline knows no proposed successor.
    baseline = market_baseline(inputs.panel, origin, products)
    proposed = proposed_successors(inputs.panel, origin, products)
    accepted = with_successors(products, proposed) if accepts_successors else products
    rows = market_forecasts(inputs.model, inputs.champion, features, baseline, inputs.panel, accepted, origin)
    return published_forecasts(rows, inputs.decision, inputs.overrides, "shadow")


def _with_promotions(stored: pd.DataFrame, changed: pd.DataFrame | None, origin: pd.Timestamp) -> pd.DataFrame:
    if changed is None:
        return stored
    keys = ["sku", "promotion_month"]
    replaced = pd.MultiIndex.from_frame(stored[keys]).isin(pd.MultiIndex.from_frame(changed[keys]))
    return pd.concat([stored[~replaced], changed.assign(month=origin)], ignore_index=True)


def _with_products(stored: pd.DataFrame, changed: pd.DataFrame | None, origin: pd.Timestamp) -> pd.DataFrame:
    if changed is None:
        return stored
    by_sku, new = stored.set_index("sku"), changed.set_index("sku")
    table = by_sku.reindex(by_sku.index.union(new.index, sort=False)).astype(object)
    for name in new:
        table.loc[new.index, name] = new[name]
    months = {name: table[name].astype("datetime64[ns]") for name in ("launch_month", "end_month")}
    return table.assign(**months, month=origin).reset_index().rename(columns={"index": "sku"})


def _require_known_prices(inputs: WhatIfInputs, prices: pd.DataFrame | None) -> None:
    """Raise WhatIfError for planned prices of SKUs without a known one: there is no effect to compute."""
    if prices is None:
        return
    if "price" not in inputs.history.sell_out:
        raise WhatIfError(f"{inputs.country} delivers no prices (sell_out): a planned price has no effect to compute")
    panel = inputs.history.sell_out["price"]
    known = set(panel.skus[np.isfinite(panel.units).any(axis=1)])
    unknown = sorted(set(prices["sku"]) - known)
    if unknown:
        raise WhatIfError(f"no price of SKU {', '.join(unknown[:5])} is known up to {inputs.origin:%Y-%m}")


def _ignored(plans: Plans, cells: pd.DataFrame) -> tuple[str, ...]:
    planned = [table["sku"] for table in (plans.promotions, plans.prices, plans.products) if table is not None]
    named = set(pd.concat(planned)) if planned else set()
    return tuple(sorted(named - set(cells["sku"])))
