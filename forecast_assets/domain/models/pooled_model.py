"""What all markets teach together: learners over a sample of every market's SKUs, read one month later by each market.

Here belong the sample, the training and the texts. What a market makes of it is in ``market_model.py`` and
``refits.py``: the mean of its own learners and these, or these alone where it is too small or too young.
"""

import dataclasses
import json
import zlib
from collections.abc import Iterable, Mapping

import lightgbm
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.boosters import Parts, fit_parts
from forecast_assets.domain.models.recipe import REFIT_OFFSETS_MONTHS, Recipe
from forecast_assets.domain.models.refits import gains_of, interval_widths, largest_gains, statistical_errors
from forecast_assets.domain.models.serialization import parts_of, recipe_from, texts_of
from forecast_assets.domain.models.training_rows import TooFewRowsError

MANIFEST = "manifest.json"
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
class PooledParts:
    """Learners over all markets and interval widths from the statistical forecasts' errors they were trained beside."""

    parts: Parts
    quantiles: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class PooledModel:
    """Learners over all markets for origin month m.

    Attributes:
        cutoff: m - 1, the last month whose sell-in was learned from.
        recipe: How it was trained.
        by_offset: 0: what is learned up to the cutoff; 18, 12, 6: the same from what was known that many months before
            the cutoff. Empty where there is too little.
        rows: SKU-months it learned from.
        skus: SKUs of each market in them.
        reason: Why there are no parts; empty if there are.
    """

    cutoff: pd.Timestamp
    recipe: Recipe
    by_offset: Mapping[int, PooledParts]
    rows: int = 0
    skus: Mapping[str, int] = dataclasses.field(default_factory=dict)
    reason: str = ""

    @property
    def current(self) -> PooledParts | None:
        """What is learned up to the cutoff."""
        return self.by_offset.get(0)

    @property
    def of_refits(self) -> dict[int, Parts]:
        """What was learned up to earlier cutoffs, by months before this one."""
        return {offset: found.parts for offset, found in self.by_offset.items() if offset}

    def known(self, months_back: int) -> "PooledModel":
        """The model as far as it was known ``months_back`` months before: without any part that saw later months."""
        earlier = {offset - months_back: found for offset, found in self.by_offset.items() if offset >= months_back}
        return dataclasses.replace(self, cutoff=add_months(self.cutoff, -months_back), by_offset=earlier)


def pooled_rows(features: pd.DataFrame, sell_in: pd.DataFrame, skus_per_market: int) -> pd.DataFrame:
    """Features and sell-in of one month of a sample of each market's SKUs.

    The sample is by a hash of market and SKU: the same SKUs every month, so that what followed an origin is known, and
    a SKU that comes or goes moves one other at most.

    Args:
        features: Rows of one month over the markets, with ``country``.
        sell_in: The same, with ``country, sku, sell_in_units``.
        skus_per_market: So many SKUs of each market; all where there are fewer.

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


def fit_pooled_model(rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe) -> PooledModel:
    """Train over all markets on what is known at the end of the cutoff month, and at cutoffs 18, 12, 6 months earlier.

    Args:
        rows: Pooled rows with their ``month``; those of months after the cutoff or before its last 60 are ignored.
        cutoff: The month before the origin month that will read the model.
        recipe: How to train; the earlier cutoffs with its smaller recipe of refits.

    Returns:
        The model; without parts, and with the reason, where there is one market only or too little history.
    """
    known = rows[rows["month"].between(add_months(cutoff, 1 - POOLED_MONTHS), cutoff)]
    pairs = known[["market", "sku"]].drop_duplicates()
    skus = pairs.groupby("market").size().astype(int).to_dict()
    empty = PooledModel(cutoff, recipe, {}, len(known), skus)
    if len(skus) < LEAST_MARKETS:
        return dataclasses.replace(empty, reason=f"{len(skus)} market(s) with rows, expected {LEAST_MARKETS}")
    try:
        earlier = _earlier_parts(known, cutoff, recipe.of_refits())
        current = _fit(known, cutoff, recipe, _chosen(earlier.values(), recipe))
    except TooFewRowsError as error:
        return dataclasses.replace(empty, reason=str(error))
    return dataclasses.replace(empty, by_offset={0: current} | earlier)


def _earlier_parts(rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe) -> dict[int, PooledParts]:
    """Parts of the cutoffs 6, 12, 18 months before, as many as there is history for."""
    made = {}
    for offset in sorted(REFIT_OFFSETS_MONTHS):
        try:
            made[offset] = _fit(rows, add_months(cutoff, -offset), recipe)
        except TooFewRowsError:
            break
    return made


def _chosen(earlier: Iterable[PooledParts], recipe: Recipe) -> set[str] | None:
    """The columns with the largest gains in parts of earlier cutoffs, as markets choose theirs; None without any."""
    return largest_gains([gains_of(found.parts) for found in earlier], recipe.kept_features)


def _fit(rows: pd.DataFrame, cutoff: pd.Timestamp, recipe: Recipe, chosen: set[str] | None = None) -> PooledParts:
    known = rows[rows["month"] <= cutoff]
    if known.empty:
        raise TooFewRowsError(f"no pooled row up to {cutoff:%Y-%m}")
    known = known.assign(sku=known["market"] + SEPARATOR + known["sku"])
    panel = panel_from_rows(known, known["month"].min(), cutoff)
    features = known.drop(columns=["market", "month", "sell_in_units"])
    parts, trained = fit_parts(features, panel, cutoff, recipe, chosen)
    return PooledParts(parts, interval_widths(statistical_errors(trained)))


def pooled_to_texts(model: PooledModel) -> pd.DataFrame:
    """The model as a table of texts: ``part, content``; the manifest first, the parts of each cutoff by prefix."""
    manifest = {
        "cutoff": f"{model.cutoff:%Y-%m-%d}",
        "recipe": {name: value for name, value in dataclasses.asdict(model.recipe).items() if name != "threads"},
        "rows": model.rows,
        "skus": dict(model.skus),
        "reason": model.reason,
        "offsets": {
            str(offset): {
                "features": dataclasses.asdict(found.parts.names),
                "quantiles": found.quantiles.to_dict("records"),
            }
            for offset, found in model.by_offset.items()
        },
        "lightgbm_version": lightgbm.__version__,
    }
    texts = {MANIFEST: json.dumps(manifest, indent=1)}
    for offset, found in model.by_offset.items():
        texts |= texts_of(found.parts, _prefix(offset))
    return pd.DataFrame({"part": list(texts), "content": list(texts.values())})


def pooled_from_texts(table: pd.DataFrame) -> PooledModel | None:
    """Read a model back from its texts; None if there are none or they hold no parts: markets run without it."""
    texts = dict(zip(table["part"], table["content"], strict=True)) if len(table) else {}
    manifest = json.loads(texts.get(MANIFEST, "{}"))
    offsets = manifest.get("offsets", {})
    if "0" not in offsets:
        return None
    return PooledModel(
        cutoff=pd.Timestamp(manifest["cutoff"]),
        recipe=recipe_from(manifest["recipe"]),
        by_offset={
            int(offset): PooledParts(
                parts_of(texts, found["features"], _prefix(int(offset))), pd.DataFrame(found["quantiles"])
            )
            for offset, found in offsets.items()
        },
        rows=manifest["rows"],
        skus=manifest["skus"],
    )


def _prefix(offset: int) -> str:
    return f"back_{offset:02d}_"
