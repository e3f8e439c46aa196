"""Lessons of a market's recipe from its anchor months: remembered, else computed from the months known there.

The key of a result is the digest of all that it is computed from: the content of every stored month, the recipe, the
learners over all markets and the version of the code. Only those months are read, so nothing else reaches the result.
"""

import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.anchors import EARLIEST_ANCHOR_MONTHS, REFIT_ORIGINS, TRAINING_ORIGINS, anchor_offsets
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.pooled_model import PooledModel
from forecast_assets.domain.models.predictions import MEMBER_MONTHS
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refit_arrays import refit_from_arrays, refit_to_arrays
from forecast_assets.domain.models.refits import RefitCache, RowsAndRefit, refit_at
from forecast_assets.domain.models.training_columns import columns_to_read
from forecast_assets.domain.selection.backtest import forecasts_at
from forecast_assets.domain.selection.contest import recipe_text
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.stored_window import StoredWindow

PARTITION_COLUMNS = ("country", "month")


@dataclasses.dataclass(frozen=True)
class AnchorFits:
    """Refits and backtests of a market at anchor months.

    Attributes:
        country: The market.
        memory: Results of earlier runs.
        current: Check of the features before anything is learned from them.
        features: Stored features.
        sell_in: Stored sell-in units.
        history_marks: Stored marks.
        products: Stored products; None where no backtest is asked for.
    """

    country: str
    memory: AnchorMemory
    current: CurrentFeatures
    features: StoredWindow
    sell_in: StoredWindow
    history_marks: StoredWindow
    products: StoredWindow | None = None

    def refits(self, origin: pd.Timestamp, recipe: Recipe, pooled: PooledModel | None) -> RefitCache:
        """Return the refits of a recipe at the anchors of an origin.

        Args:
            origin: The origin month of the model that learns from the refits.
            recipe: Recipe of the model.
            pooled: Learners over all markets as known at the origin; None if the market does not mix with them.
        """
        of_refits = pooled.of_refits if pooled else {}
        offsets = {add_months(origin, -months): months for months in anchor_offsets(origin)}
        return RefitCache({at: self._refit(at, recipe, of_refits.get(months)) for at, months in offsets.items()})

    def backtest_forecasts(
        self, origin: pd.Timestamp, recipe: Recipe, pooled: PooledModel | None
    ) -> list[pd.DataFrame]:
        """Return the forecasts of a recipe at the anchors of an origin, without those with too little history.

        Args:
            origin: The month at whose end the backtest is made.
            recipe: Recipe of the backtest.
            pooled: Learners over all markets as known at the origin.
        """
        offsets = anchor_offsets(origin)
        cells = [self._forecasts(add_months(origin, -back), recipe, pooled and pooled.known(back)) for back in offsets]
        return [each for each in cells if each is not None]

    def _refit(self, anchor: pd.Timestamp, recipe: Recipe, pooled: TrainedBoosters | None) -> RowsAndRefit | None:
        inputs = self._known(anchor, REFIT_ORIGINS, MEMBER_MONTHS - 1, 0)
        if anchor not in inputs.features.months:
            return None
        digest = digest_of(code_version("model"), recipe_text(recipe.of_refits()), inputs.identity(), _boosters(pooled))
        kept = self.memory.recall(PartitionKey(anchor, self.country), "refit", digest)
        if kept is not None:
            with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
                return refit_from_arrays({name: arrays[name] for name in arrays.files})
        refit = refit_at(inputs.read_features(), inputs.panel(anchor), anchor, recipe, pooled)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **dict(refit_to_arrays(refit)))
        self.memory.keep(PartitionKey(anchor, self.country), "refit", digest, buffer.getvalue())
        return refit

    def _forecasts(self, anchor: pd.Timestamp, recipe: Recipe, pooled: PooledModel | None) -> pd.DataFrame | None:
        inputs = self._known(
            anchor, TRAINING_ORIGINS, MEMBER_MONTHS - 1 + EARLIEST_ANCHOR_MONTHS, EARLIEST_ANCHOR_MONTHS
        )
        if anchor not in inputs.features.months:
            return None
        digest = digest_of(code_version("backtest"), recipe_text(recipe), inputs.identity(), pooled_identity(pooled))
        kept = self.memory.recall(PartitionKey(anchor, self.country), "backtest", digest)
        if kept is not None:
            remembered = pd.read_parquet(io.BytesIO(kept))
            return None if remembered.empty else remembered
        features = inputs.read_features()
        skus = features.loc[features["origin_month"] < anchor, "sku"].nunique()
        cache = self.refits(anchor, recipe, pooled if recipe.learns_from_others(skus) else None)
        products = inputs.products.frame() if inputs.products else None
        panel = inputs.panel(anchor)
        cells = forecasts_at(features, panel, anchor, recipe, cache, products, pooled)
        buffer = io.BytesIO()
        (pd.DataFrame() if cells is None else cells).to_parquet(buffer, index=False)
        self.memory.keep(PartitionKey(anchor, self.country), "backtest", digest, buffer.getvalue())
        return cells

    def _known(self, anchor: pd.Timestamp, origins: int, units_months: int, marks_months: int) -> "AnchorFits":
        """Return the same with the months alone that a result at an anchor is computed from."""
        return dataclasses.replace(
            self,
            features=self.features.between(add_months(anchor, -origins), anchor),
            sell_in=self.sell_in.between(add_months(anchor, -units_months), anchor),
            history_marks=self.history_marks.between(add_months(anchor, -marks_months), anchor),
            products=self.products.between(anchor, anchor) if self.products else None,
        )

    def identity(self) -> dict[str, list[tuple[str, str]]]:
        """Return the content of all stored months, by table."""
        windows = (self.features, self.sell_in, self.history_marks, self.products)
        return {window.spec.name: window.identity() for window in windows if window is not None}

    def training_features(self, origin: pd.Timestamp, refits: RefitCache, recipe: Recipe) -> pd.DataFrame:
        """Read the features that a model at an origin learns from: the columns alone that its refits have chosen.

        Raises:
            OutdatedFeatures: If a month lacks a column that the code builds.
        """
        window = self.features.between(add_months(origin, -TRAINING_ORIGINS), add_months(origin, -1))
        if not window.months:
            return window.frame()
        stored = window.between(window.months[-1], window.months[-1]).frame().columns
        columns = columns_to_read([name for name in stored if name not in PARTITION_COLUMNS], refits, recipe)
        features = window.frame(columns)
        self.current.require(self.country, features, columns)
        return features

    def read_features(self) -> pd.DataFrame:
        """Read the features whole. Raises OutdatedFeatures."""
        features = self.features.frame()
        self.current.require(self.country, features)
        return features

    def panel(self, last: pd.Timestamp) -> DemandPanel:
        """Return the sell-in up to a month, with its marks."""
        rows = self.sell_in.frame()
        return panel_from_rows(rows, rows["month"].min(), last).with_marks(self.history_marks.frame())


def _boosters(boosters: TrainedBoosters | None) -> str:
    return digest_of(dataclasses.asdict(boosters)) if boosters else ""


def pooled_identity(pooled: PooledModel | None) -> Mapping[str, str]:
    """Return the digest of the fits of all markets as known at an anchor, by months before it."""
    if pooled is None:
        return {}
    return {
        str(offset): digest_of(dataclasses.asdict(fit.boosters), fit.quantiles.to_dict("list"))
        for offset, fit in pooled.by_offset.items()
    }


def digest_of(*parts: object) -> str:
    """Return the digest of values that a result is computed from."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
