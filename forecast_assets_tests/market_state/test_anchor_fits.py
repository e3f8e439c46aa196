"""Fits at anchors: remembered ones equal computed ones, and whatever they are computed from is in their key."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.domain.models.refits import refit_at_earlier_origins
from forecast_assets.market_state import anchor_fits
from forecast_assets.storage import TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.current_features import OutdatedFeatures
from forecast_assets.storage.stored_window import ChangedInput
from forecast_assets_tests.domain.small_market import MONTHS
from forecast_assets_tests.market_state.small_market_store import (
    ORIGIN,
    RECIPE,
    FramesByMonth,
    fits,
    pooled_model,
    window,
)

pytestmark = pytest.mark.heavy


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


def test_nothing_is_learned_from_months_that_lack_a_feature(tables, filled):
    of_market = dataclasses.replace(fits(FramesByMonth(tables), AnchorMemory(None)), current=Suspicious())
    with pytest.raises(OutdatedFeatures):
        of_market.refits(ORIGIN, RECIPE, None)
    with pytest.raises(OutdatedFeatures):
        of_market.training_features(ORIGIN, filled[1], RECIPE)


class Suspicious:
    """A check of features that finds every table outdated."""

    def require(self, country, features, among=None):
        raise OutdatedFeatures(f"{country} lacks a feature")
