"""Tables of a small market in memory, by month, with the content hash that each month is said to have."""

import pandas as pd

from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.pooled_model import PooledFit, PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.market_state.anchor_fits import AnchorFits
from forecast_assets.storage import MissingPartition, PartitionKey, TableReader
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.stored_window import StoredWindow
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.domain.small_market import EARLIER_ORIGINS, MONTHS, feature_stack, small_market

ORIGIN = MONTHS[80]
RECIPE = Recipe(
    rounds=4, training_rows=2000, min_rows_per_leaf=20, recursive_rounds=3, refit_rows=1000, refit_rounds=3,
    member_weights=(("recursive", 0.5), ("holt_winters", 0.5)),
)  # fmt: skip


class FramesByMonth(TableReader):
    """Tables of one market in memory, with the hash that each month is said to have."""

    def __init__(self, tables):
        self.tables, self.hashes, self.reads = tables, {}, []

    def list_partitions(self, name):
        return [PartitionKey(month, "FR") for month in sorted(self.tables[name]["month"].unique())]

    def exists(self, name, partition):
        return partition in self.list_partitions(name)

    def provenance(self, table, partition):
        if not self.exists(table, partition):
            raise MissingPartition(table, [partition])
        content = self.hashes.get((table, partition.month), f"{table} {partition.month:%Y-%m}")
        return StoredProvenance("run", "cycle", "sha", content_hash=content)

    def read_with_provenance(self, table, partitions, columns=None, missing="error"):
        wanted = list(partitions)
        name = table if isinstance(table, str) else table.name
        self.reads.append((name, [each.month for each in wanted], columns))
        rows = self.tables[name]
        rows = rows[rows["month"].isin([each.month for each in wanted])].reset_index(drop=True)
        rows = rows if columns is None else rows[[*columns, "month"]]
        return rows, {each: self.provenance(name, each) for each in wanted}


def market_tables() -> dict[str, pd.DataFrame]:
    """Features, sell-in, marks and products of the small market."""
    market = small_market()
    features = feature_stack(market.history(), EARLIER_ORIGINS)
    # Marks of no SKU, so that the table has months.
    marks = pd.DataFrame({"month": MONTHS, "sku": "none", "marked_month": MONTHS, "reason": "x", "cleaned_units": 1.0})
    return {
        "features": features.assign(month=features["origin_month"]),
        "sell_in": market.sell_in,
        "history_marks": marks,
        "products": market.products,
    }


def window(store, table, first, last):
    months = month_range(add_months(ORIGIN, first), add_months(ORIGIN, last))
    stored = store.provenances(table, [PartitionKey(month, "FR") for month in months])
    return StoredWindow(store, table_specs()[table], {key: each.content_hash for key, each in stored.items()})


def fits(store, memory):
    return AnchorFits(
        "FR",
        memory,
        CurrentFeatures(None),
        window(store, "features", -80, -1),
        window(store, "sell_in", -80, 0),
        window(store, "history_marks", -80, 0),
        window(store, "products", -80, -1),
    )


def boosters(text):
    return TrainedBoosters(FeatureNames(("level",), ()), {"mean": text}, {})


def pooled_model(**texts):
    """A pooled model of the month before the origin: a text per fit, by months before the cutoff."""
    quantiles = pd.DataFrame({"segment": ["*"], "horizon_months": [1], "p90": [1.0]})
    by_offset = {int(name[1:]): PooledFit(boosters(text), quantiles) for name, text in texts.items()}
    return PooledModel(add_months(ORIGIN, -1), RECIPE, by_offset)
