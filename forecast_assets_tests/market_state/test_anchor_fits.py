"""Fits at anchors: remembered ones equal computed ones, and whatever they are computed from is in their key."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.boosters import TrainedBoosters
from forecast_assets.domain.models.feature_cube import FeatureNames
from forecast_assets.domain.models.pooled_model import PooledFit, PooledModel
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.refits import refit_at_earlier_origins
from forecast_assets.domain.selection.backtest import backtest, scored
from forecast_assets.market_state import anchor_fits
from forecast_assets.market_state.anchor_fits import AnchorFits
from forecast_assets.storage import MissingPartition, PartitionKey, TableReader, TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.current_features import CurrentFeatures
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.stored_window import ChangedInput, StoredWindow
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.domain.small_market import EARLIER_ORIGINS, MONTHS, feature_stack, small_market

pytestmark = pytest.mark.heavy

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
        self.reads.append((table.name, [each.month for each in wanted], columns))
        rows = self.tables[table.name]
        rows = rows[rows["month"].isin([each.month for each in wanted])].reset_index(drop=True)
        rows = rows if columns is None else rows[[*columns, "month"]]
        return rows, {each: self.provenance(table.name, each) for each in wanted}


@pytest.fixture(scope="module")
def tables():
    market = small_market()
    features = feature_stack(market.history(), EARLIER_ORIGINS)
    # Three marks of nothing, so that the table has months.
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


@pytest.fixture
def store(tables):
    return FramesByMonth(tables)


@pytest.fixture(scope="module")
def filled(tables, tmp_path_factory):
    """A memory with the refits of the recipe at the origin, and the refits as they were computed."""
    memory = AnchorMemory(TableStore(str(tmp_path_factory.mktemp("filled"))))
    return memory, fits(FramesByMonth(tables), memory).refits(ORIGIN, RECIPE, None)


@pytest.fixture
def computed_at(monkeypatch):
    """The anchors at which a refit is computed, not remembered."""
    anchors, compute = [], anchor_fits.refit_at

    def noted(features, panel, anchor, *rest):
        anchors.append(anchor)
        return compute(features, panel, anchor, *rest)

    monkeypatch.setattr(anchor_fits, "refit_at", noted)
    return anchors


def same(one, other):
    assert list(one.by_origin) == list(other.by_origin)
    for origin, (rows, refit) in one.by_origin.items():
        other_rows, other_refit = other.by_origin[origin]
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), other_rows.reset_index(drop=True))
        pd.testing.assert_series_equal(refit.gains, other_refit.gains, check_names=False)
        for field in dataclasses.fields(refit.predictions):
            values = (getattr(each.predictions, field.name) for each in (refit, other_refit))
            np.testing.assert_array_equal(*values)


def test_refits_are_those_of_the_whole_history_and_are_remembered_bit_by_bit(tables, store, filled, computed_at):
    memory, first = filled
    again = fits(store, memory).refits(ORIGIN, RECIPE, None)
    assert computed_at == []
    assert store.reads == []
    same(again, first)
    panel = panel_from_rows(tables["sell_in"], MONTHS[0], ORIGIN).with_marks(tables["history_marks"])
    whole = refit_at_earlier_origins(tables["features"].drop(columns="month"), panel, ORIGIN, RECIPE)
    for refit, (_, remembered) in zip(whole, again.by_origin.values(), strict=True):
        np.testing.assert_array_equal(refit.predictions.boosting, remembered.predictions.boosting)
        np.testing.assert_array_equal(refit.predictions.members, remembered.predictions.members)


def test_the_next_two_months_use_the_same_refits(store, filled, computed_at):
    memory, first = filled
    for later in (1, 2):
        same(fits(store, memory).refits(add_months(ORIGIN, later), RECIPE, None), first)
    assert computed_at == []


@pytest.mark.parametrize(
    ("table", "months_back", "anchors_back"),
    [
        ("features", 20, [18, 12, 6]),
        ("features", 16, [12, 6]),
        ("features", 1, []),
        ("sell_in", 6, [6]),
        ("sell_in", 5, []),
        ("history_marks", 12, [12]),
        ("history_marks", 13, []),
    ],
)
def test_another_content_of_a_month_is_learned_anew_where_the_month_is_known(
    store, filled, computed_at, table, months_back, anchors_back
):
    store.hashes[table, add_months(ORIGIN, -months_back)] = "restated"
    fits(store, filled[0]).refits(ORIGIN, RECIPE, None)
    assert computed_at == [add_months(ORIGIN, -back) for back in anchors_back]


@pytest.mark.parametrize(("change", "count"), [({"leaves": 7}, 3), ({"seed": 1}, 3), ({"threads": 2}, 0)])
def test_another_recipe_is_learned_anew_and_another_number_of_threads_is_not(store, filled, computed_at, change, count):
    fits(store, filled[0]).refits(ORIGIN, dataclasses.replace(RECIPE, **change), None)
    assert len(computed_at) == count


def test_another_version_of_the_code_is_learned_anew(store, filled, computed_at, monkeypatch):
    monkeypatch.setattr(anchor_fits, "code_version", lambda asset: f"another {asset}")
    fits(store, filled[0]).refits(ORIGIN, RECIPE, None)
    assert len(computed_at) == 3


def test_a_damaged_entry_is_computed_anew_and_replaced(store, filled, computed_at, tmp_path, caplog):
    memory = AnchorMemory(TableStore(str(tmp_path)))
    first = fits(store, memory).refits(ORIGIN, RECIPE, None)
    damaged = sorted(tmp_path.rglob("refit-*"))[1]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    computed_at.clear()
    same(fits(store, memory).refits(ORIGIN, RECIPE, None), first)
    assert computed_at == [add_months(ORIGIN, -12)]
    assert f"{damaged} is damaged" in caplog.text
    computed_at.clear()
    same(fits(store, memory).refits(ORIGIN, RECIPE, None), first)
    assert computed_at == []


def test_a_backtest_equals_that_of_the_whole_history_and_is_remembered(tables, store, tmp_path, monkeypatch):
    memory = AnchorMemory(TableStore(str(tmp_path)))
    panel = panel_from_rows(tables["sell_in"], MONTHS[0], ORIGIN).with_marks(tables["history_marks"])
    stack = tables["features"].drop(columns="month")
    expected = backtest(stack, panel, ORIGIN, RECIPE, tables["products"])
    first = scored(fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None), [], panel, ORIGIN)
    pd.testing.assert_frame_equal(first, expected)
    monkeypatch.setattr(anchor_fits, "forecasts_at", lambda *_: pytest.fail("computed again"))
    store.reads.clear()
    again = scored(fits(store, memory).backtest_forecasts(ORIGIN, RECIPE, None), [], panel, ORIGIN)
    pd.testing.assert_frame_equal(again, expected)
    assert store.reads == []


def test_a_replay_remembers_nothing(store, computed_at):
    for _ in range(2):
        fits(store, AnchorMemory(None)).refits(ORIGIN, RECIPE, None)
    assert len(computed_at) == 6


def test_a_market_without_features_at_an_anchor_has_no_refit_there(tables, tmp_path):
    young = dict(tables, features=tables["features"][tables["features"]["month"] >= add_months(ORIGIN, -12)])
    refits = fits(FramesByMonth(young), AnchorMemory(TableStore(str(tmp_path)))).refits(ORIGIN, RECIPE, None)
    assert [refit is None for refit in refits.by_origin.values()] == [True, True, False]


def test_only_the_columns_that_the_refits_chose_are_read_to_train(store, filled):
    memory, refits = filled
    few = dataclasses.replace(RECIPE, kept_features=9)
    read = fits(store, memory).training_features(ORIGIN, refits, few)
    gains = pd.concat([refit.gains for _, refit in refits.by_origin.values()], axis=1).sum(axis=1)
    best = gains.sort_values(ascending=False, kind="stable").index[:9]
    stems = {name.rpartition("_h")[0] if name[-3:-2] == "h" else name for name in read.columns}
    assert set(best) - {"horizon_months"} <= stems
    assert len(read.columns) < 260 < len(store.tables["features"].columns)


def test_a_partition_that_is_published_meanwhile_is_an_error(store):
    features = window(store, "features", -20, -1)
    store.hashes["features", features.months[0]] = "of another run"
    with pytest.raises(ChangedInput, match=r"features \[.*\] was published anew while this step was reading it"):
        features.frame()


def test_entries_of_old_anchors_of_the_market_are_deleted(tmp_path):
    memory = AnchorMemory(TableStore(str(tmp_path)))
    month = pd.Timestamp("2024-06-01")
    for country, back in (("FR", 49), ("FR", 48), ("NO", 49), ("FR", 0)):
        memory.keep(PartitionKey(add_months(month, -back), country), "refit", "d1", b"content")
    kept = {(key, back) for key in ("FR", "NO") for back in (49, 48, 0)
            if memory.recall(PartitionKey(add_months(month, -back), key), "refit", "d1")}  # fmt: skip
    assert kept == {("FR", 48), ("FR", 0), ("NO", 49)}


def boosters(text):
    return TrainedBoosters(FeatureNames(("level",), ()), {"mean": text}, {})


def pooled_model(**texts):
    """A pooled model of the month before the origin: a text per fit, by months before the cutoff."""
    quantiles = pd.DataFrame({"segment": ["*"], "horizon_months": [1], "p90": [1.0]})
    by_offset = {int(name[1:]): PooledFit(boosters(text), quantiles) for name, text in texts.items()}
    return PooledModel(add_months(ORIGIN, -1), RECIPE, by_offset)


@pytest.mark.parametrize(("changed", "anchors_back"), [({"m0": "new"}, []), ({"m12": "new"}, [12])])
def test_other_learners_over_all_markets_are_learned_anew(store, tmp_path, monkeypatch, changed, anchors_back):
    anchors = []
    monkeypatch.setattr(anchor_fits, "refit_at", lambda features, panel, anchor, *_: anchors.append(anchor))
    usual = {"m0": "a", "m6": "b", "m12": "c", "m18": "d"}
    of_market = fits(store, AnchorMemory(TableStore(str(tmp_path))))
    of_market.refits(ORIGIN, RECIPE, pooled_model(**usual))
    assert len(anchors) == 3
    anchors.clear()
    of_market.refits(ORIGIN, RECIPE, pooled_model(**usual | changed))
    assert anchors == [add_months(ORIGIN, -back) for back in anchors_back]


@pytest.mark.parametrize(("changed", "anchors_back"), [({"m0": "new"}, []), ({"m12": "new"}, [12, 6])])
def test_a_backtest_with_other_learners_over_all_markets_is_made_anew(
    store, tmp_path, monkeypatch, changed, anchors_back
):
    anchors = []
    monkeypatch.setattr(anchor_fits, "forecasts_at", lambda features, panel, anchor, *_: anchors.append(anchor))
    monkeypatch.setattr(anchor_fits, "refit_at", lambda *_: None)
    usual = {"m0": "a", "m6": "b", "m12": "c", "m18": "d"}
    of_market = fits(store, AnchorMemory(TableStore(str(tmp_path))))
    assert of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual)) == []
    assert len(anchors) == 3
    anchors.clear()
    # Without enough history there is nothing, and that is remembered too.
    assert of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual | changed)) == []
    assert anchors == [add_months(ORIGIN, -back) for back in anchors_back]
    anchors.clear()
    monkeypatch.setattr(anchor_fits, "code_version", lambda asset: f"another {asset}")
    of_market.backtest_forecasts(ORIGIN, RECIPE, pooled_model(**usual))
    assert len(anchors) == 3
