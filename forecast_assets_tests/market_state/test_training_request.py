"""Requests of training jobs: what a job keeps is what the step would have computed, and what it was asked for."""

import dataclasses
import json

import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.models.market_model_storage import model_to_parts
from forecast_assets.market_state import anchor_fits, training_request
from forecast_assets.market_state.fitted_model import fitted_model
from forecast_assets.market_state.training_request import OtherCode, TrainingRequest, carry_out, request_of
from forecast_assets.storage import TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.stored_window import ChangedInput
from forecast_assets_tests.market_state.small_market_store import ORIGIN, RECIPE, FramesByMonth, fits

pytestmark = pytest.mark.heavy
OTHER = dataclasses.replace(RECIPE, leaves=7)


@pytest.fixture
def memory(tmp_path):
    return AnchorMemory(TableStore(str(tmp_path)))


def as_sent(request):
    """The request as the job receives it, through JSON."""
    return TrainingRequest(**json.loads(json.dumps(request.values())))


def refused_training(*arguments, **named):
    raise AssertionError("trained again")


def asked(store, memory, work="model", recipes=(RECIPE,)):
    anchors = fits(store, memory)
    anchors = anchors if work == "backtest" else dataclasses.replace(anchors, products=None)
    return anchors, request_of(work, anchors, ORIGIN, recipes, {})


def test_the_step_finds_the_models_of_the_job_and_they_are_its_own_text_by_text(store, memory, monkeypatch):
    anchors, request = asked(store, memory, recipes=(RECIPE, OTHER))
    skus = store.tables["features"]["sku"].nunique()
    alone = [fitted_model(anchors, ORIGIN, each, None, skus, remember=False) for each in (RECIPE, OTHER)]
    said = []
    carry_out(as_sent(request), FramesByMonth(store.tables), memory, 1, said.append)
    monkeypatch.setattr("forecast_assets.market_state.fitted_model.fit_market_model", refused_training)
    found = [fitted_model(anchors, ORIGIN, each, None, skus, remember=True) for each in (RECIPE, OTHER)]
    for mine, of_job in zip(alone, found, strict=True):
        pd.testing.assert_frame_equal(model_to_parts(mine.model), model_to_parts(of_job.model))
        pd.testing.assert_frame_equal(mine.errors, of_job.errors)
    assert [line.rpartition(", ")[0] for line in said] == [
        f"FR {ORIGIN:%Y-%m}: model of recipe {name}, {number} of 2"
        for number, name in enumerate([training_request.recipe_id(RECIPE), training_request.recipe_id(OTHER)], 1)
    ]


def test_the_step_finds_the_backtests_of_the_job(store, memory, monkeypatch):
    anchors, request = asked(store, memory, "backtest")
    alone = anchors.backtest_forecasts(ORIGIN, RECIPE, None)
    for path in memory.store.find(f"{memory.store.base}/_anchors/"):
        memory.store.files.remove(path)
    carry_out(as_sent(request), FramesByMonth(store.tables), memory, 1, str)
    monkeypatch.setattr(anchor_fits, "forecasts_at", refused_training)
    for mine, of_job in zip(alone, anchors.backtest_forecasts(ORIGIN, RECIPE, None), strict=True):
        pd.testing.assert_frame_equal(mine, of_job)
    assert len(alone) == 3


def test_a_request_is_done_once_it_was_carried_out_and_not_for_other_inputs_or_recipes(store, memory):
    anchors, request = asked(store, memory)
    assert not request.is_done(memory)
    carry_out(request, store, memory, 1, str)
    assert as_sent(request).is_done(memory)
    assert not request_of("model", anchors, ORIGIN, (OTHER,), {}).is_done(memory)
    assert not request_of("model", anchors, add_months(ORIGIN, 1), (RECIPE,), {}).is_done(memory)
    assert not request_of("backtest", anchors, ORIGIN, (RECIPE,), {}).is_done(memory)
    store.hashes["sell_in", add_months(ORIGIN, -3)] = "restated"
    assert not asked(store, memory)[1].is_done(memory)


def test_a_job_of_another_release_trains_nothing(store, memory, monkeypatch):
    _, request = asked(store, memory)
    monkeypatch.setattr(training_request, "code_version", lambda asset: f"another {asset}")
    with pytest.raises(OtherCode, match=f"version another model, and {request.code} was asked for. Register the image"):
        carry_out(request, store, memory, 1, str)
    assert not request.is_done(memory)


def test_a_job_trains_on_no_other_rows_than_those_that_it_was_asked_for(store, memory):
    _, request = asked(store, memory)
    store.hashes["sell_in", add_months(ORIGIN, -3)] = "restated"
    with pytest.raises(ChangedInput, match="published anew"):
        carry_out(request, store, memory, 1, str)
    assert not request.is_done(memory)


def test_a_preempted_job_leaves_its_refits_to_the_next(store, memory, monkeypatch):
    _, request = asked(store, memory)
    with monkeypatch.context() as preempted:
        preempted.setattr("forecast_assets.market_state.fitted_model.fit_market_model", refused_training)
        with pytest.raises(AssertionError, match="trained again"):
            carry_out(request, store, memory, 1, str)
    monkeypatch.setattr(anchor_fits, "refit_at", refused_training)
    carry_out(request, store, memory, 1, str)
    assert request.is_done(memory)
