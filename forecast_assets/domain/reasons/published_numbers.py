"""Published numbers as a grid of cells, with what they were before planners overrode them.

Here belong the tables that reasons are made of. Not here: the reasons (``forecast_reasons.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats, Labels
from forecast_assets.domain.calendar import HORIZON_MONTHS
from forecast_assets.domain.models.market_model import MarketModel
from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED, RULES_WITHOUT_MODEL, Decision
from forecast_assets.domain.publication.published_forecasts import published_forecasts as publish
from forecast_assets.domain.reasons.rule_sentences import END_OF_LIFE

CELL, PARTITION = ["sku", "target_month"], ["country", "month"]
OVERRIDE, RULE = "override", "rule"


@dataclasses.dataclass(frozen=True)
class ReasonTables:
    """Stored tables of a market and origin; all but the first may be empty, after a fallback.

    Attributes:
        published: ``published_forecasts``.
        forecasts: ``forecasts``.
        champion: ``source, reason`` of ``champion``.
        features: ``features``.
        overrides: ``overrides``.
        products: ``products`` of the origin and earlier months, with ``month``.
        model: The model that the published numbers come from; None without one.
    """

    published: pd.DataFrame
    forecasts: pd.DataFrame
    champion: pd.DataFrame
    features: pd.DataFrame
    overrides: pd.DataFrame
    products: pd.DataFrame
    model: MarketModel | None


@dataclasses.dataclass(frozen=True)
class Numbers:
    """Published cells as a grid, sorted by SKU and target month; arrays (n, 18) unless noted.

    Attributes:
        skus: (n,).
        months: Target months.
        published: Published units.
        before: Units before the override; NaN if they are not known.
        source: Source of the units before the override.
        reason: Reason of that source.
        rule: (n,) rule of the SKU.
        is_overridden: True if a planner's number is published.
        is_by_rule: True if the rule alone made the number, whatever the model forecasts.
        is_after_end: True in months after a known end.
    """

    skus: Labels
    months: pd.DatetimeIndex
    published: Floats
    before: Floats
    source: Labels
    reason: Labels
    rule: Labels
    is_overridden: Bools
    is_by_rule: Bools
    is_after_end: Bools


def published_model(parts: pd.DataFrame, champion: pd.DataFrame) -> MarketModel | None:
    """Read the model that published numbers come from: the champion's if it is stored apart and in force.

    Args:
        parts: ``model`` of the origin; may be empty.
        champion: ``source`` of the origin; may be empty.
    """
    if parts.empty:
        return None
    of_champion = champion_from_parts(parts) if (champion["source"] == "champion").any() else None
    return of_champion or model_from_parts(parts)


def published_numbers(tables: ReasonTables, origin: pd.Timestamp) -> Numbers:
    """Return the published cells of an origin."""
    published = tables.published.sort_values(CELL, ignore_index=True)
    before = published[CELL].merge(_before_overrides(tables), on=CELL, how="left", validate="1:1")
    shape = (-1, HORIZON_MONTHS)
    skus = published["sku"].to_numpy(dtype=object).reshape(shape)[:, 0]
    months = pd.DatetimeIndex(published["target_month"][:HORIZON_MONTHS])
    rule = published["rule"].to_numpy(dtype=object).reshape(shape)[:, 0]
    units = before["forecast_units"].to_numpy(float).reshape(shape)
    source = before["source"].to_numpy(dtype=object).reshape(shape)
    products = tables.products
    current = products[products["month"] == origin] if len(products) else products
    ends = current.set_index("sku")["end_month"].reindex(skus).to_numpy() if len(current) else np.full(len(skus), "NaT")
    ends = ends.astype("datetime64[ns]")[:, None]
    is_end = (rule == END_OF_LIFE)[:, None]
    after_end = is_end & np.where(np.isnat(ends), units == 0, months.to_numpy()[None] > ends)
    is_last = source == LAST_PUBLISHED
    by_rule = (np.isin(rule, RULES_WITHOUT_MODEL)[:, None] & ~is_last) | after_end | (source == RULE)
    return Numbers(
        skus, months, published["forecast_units"].to_numpy(float).reshape(shape), units, source,
        before["reason"].to_numpy(dtype=object).reshape(shape), rule,
        (published["source"] == OVERRIDE).to_numpy().reshape(shape), by_rule, after_end,
    )  # fmt: skip


def _before_overrides(tables: ReasonTables) -> pd.DataFrame:
    """Return ``sku, target_month, forecast_units, source, reason`` as published without overrides."""
    columns = [*CELL, "forecast_units", "source", "reason"]
    published = tables.published
    if tables.forecasts.empty or (published["source"] == LAST_PUBLISHED).any():
        unknown = published["source"] == OVERRIDE
        return published[columns].assign(forecast_units=published["forecast_units"].mask(unknown))
    source, reason = next(tables.champion[["source", "reason"]].itertuples(index=False, name=None), ("baseline", ""))
    forecasts = tables.forecasts.drop(columns=PARTITION, errors="ignore")
    none = tables.overrides.iloc[:0].drop(columns=PARTITION, errors="ignore")
    return publish(forecasts, Decision(str(source), str(reason)), none, "published")[columns]
