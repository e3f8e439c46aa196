"""The pooled model: boosters over a sample of every market's SKUs, read by each market one month later.

This module holds the sample, the training and the texts. ``market_model.py`` and ``refits.py`` decide how a market uses
it: mixed with its own boosters, or alone if the market is too small or too young.
"""

import dataclasses
import json
import zlib
from collections.abc import Iterable, Mapping

import pandas as pd

from forecast_assets.domain.anchors import REFIT_ORIGINS, anchor_offsets
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.boosters import TrainedBoosters, train_boosters
from forecast_assets.domain.models.distribution import quantiles_of_statistical_errors, table_from_manifest
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import largest_gains
from forecast_assets.domain.models.serialization import (
    MANIFEST,
    boosters_from_texts,
    boosters_to_texts,
    recipe_from_manifest,
    recipe_to_manifest,
)
from forecast_assets.domain.models.training_rows import TooFewRowsError

POOLED_MONTHS = 60
LEAST_MARKETS = 2
# Between market and SKU in the names of the pooled panel.
SEPARATOR = "|"
EMPTY = (
    {"market": "object", "sku": "object", "origin_month": "datetime64[ns]"}
    | dict.fromkeys(["category", "abc_class", "xyz_class", "inputs_missing"], "object")
    | {"scale_units": "float64", "sell_in_units": "float64"}
)


@dataclasses.dataclass(frozen=True)
class PooledFit:
    """Boosters over all markets at one cutoff, and quantiles from the statistical forecasts' errors."""

    boosters: TrainedBoosters
    quantiles: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class PooledModel:
    """Boosters over all markets for origin month m.

    Attributes:
        cutoff: m - 1, the last month whose sell-in was learned from.
        recipe: Parameters of the training.
        by_offset: Fits by months before the cutoff: 0 at the cutoff itself, and one month before each anchor of m, each
            from what was known then. Empty with too little history.
        rows: Number of SKU-months it learned from.
        skus: Number of SKUs of each market in them.
        reason: Reason for having no boosters; empty if there are some.
    """

    cutoff: pd.Timestamp
    recipe: Recipe
    by_offset: Mapping[int, PooledFit]
    rows: int = 0
    skus: Mapping[str, int] = dataclasses.field(default_factory=dict)
    reason: str = ""

    @property
    def current(self) -> PooledFit | None:
        """The fit at the cutoff; None with too little history."""
        return self.by_offset.get(0)

    @property
    def of_refits(self) -> dict[int, TrainedBoosters]:
        """Boosters of earlier cutoffs, by months before this one."""
        return {offset: fit.boosters for offset, fit in self.by_offset.items() if offset}

    def known(self, months_back: int) -> "PooledModel":
        """Return the model as known ``months_back`` months earlier: without any fit that saw later months."""
        earlier = {offset - months_back: fit for offset, fit in self.by_offset.items() if offset >= months_back}
        return dataclasses.replace(self, cutoff=add_months(self.cutoff, -months_back), by_offset=earlier)


def pooled_rows(features: pd.DataFrame, sell_in: pd.DataFrame, skus_per_market: int) -> pd.DataFrame:
    """Return features and sell-in of one month for a sample of each market's SKUs.

    A hash of market and SKU draws the sample. It has the same SKUs every month, so the months after an origin are
    known, and a new or ended SKU changes at most one other.

    Args:
        features: Rows of one month over the markets, with ``country``.
        sell_in: The same, with ``country, sku, sell_in_units``.
        skus_per_market: Number of SKUs of each market; all if there are fewer.

    Returns:
        One row per market and SKU: ``market, sku, sell_in_units`` (NaN where unknown) and all features.
    """
    if features.empty:
        return pd.DataFrame(columns=list(EMPTY)).astype(EMPTY)
    chosen = features.assign(rank=[_rank(*key) for key in zip(features["country"], features["sku"], strict=True)])
    chosen = chosen.sort_values(["country", "rank", "sku"]).groupby("country").head(skus_per_market)
    units = sell_in[["country", "sku", "sell_in_units"]]
    chosen = chosen.drop(columns=["rank", "month"], errors="ignore").merge(
        units, on=["country", "sku"], how="left", validate="1:1"
    )
    return chosen.rename(columns={"country": "market"}).sort_values(["market", "sku"], ignore_index=True)


def _rank(market: str, sku: str) -> int:
    return zlib.crc32(f"{market}{SEPARATOR}{sku}".encode())


def fit_pooled_model(
    rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe, horizon_months: int = HORIZON_MONTHS
) -> PooledModel:
    """Train over all markets on the data known at the end of the cutoff month, and a month before each anchor.

    Args:
        rows: Pooled rows with their ``month``; those of months after the cutoff or before its last 60 are ignored.
        cutoff: The month before the origin month that will read the model.
        recipe: Parameters of the training; the earlier cutoffs use ``recipe.of_refits()``.
        horizon_months: Number of months ahead to learn.

    Returns:
        The model; without boosters, and with the reason, if there is only one market or too little history.
    """
    known = rows[rows["month"].between(add_months(cutoff, 1 - POOLED_MONTHS), cutoff)]
    pairs = known[["market", "sku"]].drop_duplicates()
    skus = {str(market): int(count) for market, count in pairs.groupby("market").size().items()}
    empty = PooledModel(cutoff, recipe, {}, len(known), skus)
    if len(skus) < LEAST_MARKETS:
        return dataclasses.replace(empty, reason=f"{len(skus)} market(s) with rows, expected {LEAST_MARKETS}")
    try:
        earlier = _earlier_fits(known, cutoff, recipe.of_refits(), horizon_months)
        chosen = _chosen(earlier.values(), recipe)
        current = _fit(known, cutoff, recipe, horizon_months, chosen)
    except TooFewRowsError as error:
        return dataclasses.replace(empty, reason=str(error))
    return dataclasses.replace(empty, by_offset={0: current} | earlier)


def _earlier_fits(
    rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe, horizon_months: int
) -> dict[int, PooledFit]:
    """Return the fits a month before the anchors of the month after the cutoff, as many as there is history for."""
    fits = {}
    for offset in sorted(anchor_offsets(add_months(cutoff, 1))):
        try:
            earlier = add_months(cutoff, -offset)
            # A fixed number of months, so that the fit depends on its own cutoff alone.
            of_fit = rows[rows["month"] > add_months(earlier, -REFIT_ORIGINS)]
            fits[offset] = _fit(of_fit, earlier, recipe, horizon_months)
        except TooFewRowsError:
            break
    return fits


def _chosen(earlier: Iterable[PooledFit], recipe: Recipe) -> set[str] | None:
    """Return the columns with the largest gains at earlier cutoffs, as for a market; None without earlier cutoffs."""
    return largest_gains([fit.boosters.gains() for fit in earlier], recipe.kept_features)


def _fit(
    rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe, horizon_months: int, chosen: set[str] | None = None
) -> PooledFit:
    known = rows[rows["month"] <= cutoff]
    if known.empty:
        raise TooFewRowsError(f"no pooled row up to {cutoff:%Y-%m}")
    known = known.assign(sku=known["market"] + SEPARATOR + known["sku"])
    panel = panel_from_rows(known, known["month"].min(), cutoff)
    features = known.drop(columns=["market", "month", "sell_in_units"])
    boosters, trained = train_boosters(features, panel, cutoff, recipe, chosen, horizon_months)
    return PooledFit(boosters, quantiles_of_statistical_errors(trained, horizon_months))


def pooled_to_texts(model: PooledModel) -> pd.DataFrame:
    """Return the model as a table of texts: ``part, content``; the manifest first, a prefix per cutoff."""
    from forecast_assets.domain.models.boosting_library import lightgbm

    manifest = {
        "cutoff": f"{model.cutoff:%Y-%m-%d}",
        "recipe": recipe_to_manifest(model.recipe),
        "rows": model.rows,
        "skus": dict(model.skus),
        "reason": model.reason,
        "offsets": {
            str(offset): {
                "features": dataclasses.asdict(fit.boosters.names),
                "quantiles": fit.quantiles.to_dict("records"),
            }
            for offset, fit in model.by_offset.items()
        },
        "lightgbm_version": lightgbm.__version__,
    }
    texts = {MANIFEST: json.dumps(manifest, indent=1)}
    for offset, fit in model.by_offset.items():
        texts |= boosters_to_texts(fit.boosters, _prefix(offset))
    return pd.DataFrame({"part": list(texts), "content": list(texts.values())})


def pooled_from_texts(table: pd.DataFrame) -> PooledModel | None:
    """Read a model from its texts; None without texts or boosters: markets then run without it."""
    texts = dict(zip(table["part"], table["content"], strict=True)) if len(table) else {}
    manifest = json.loads(texts.get(MANIFEST, "{}"))
    offsets = manifest.get("offsets", {})
    if "0" not in offsets:
        return None
    return PooledModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        recipe=recipe_from_manifest(manifest["recipe"]),
        by_offset={
            int(offset): PooledFit(
                boosters_from_texts(texts, stored["features"], _prefix(int(offset))),
                table_from_manifest(stored["quantiles"]),
            )
            for offset, stored in offsets.items()
        },
        rows=manifest["rows"],
        skus=manifest["skus"],
    )


def _prefix(offset: int) -> str:
    return f"back_{offset:02d}_"
