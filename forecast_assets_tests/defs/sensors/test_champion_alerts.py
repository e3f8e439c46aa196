"""Incidents of markets whose published forecast is not their model's, and their end."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.sensors.champion_alerts import build_champion_alerts_sensor
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.champion import PromotionLimits, champion
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id
from forecast_assets_tests.defs.sensors.company import AUGUST, JULY, JUNE, make_company, published_forecast

TUNED, OLD = Recipe(leaves=7), Recipe(leaves=15)


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["FR"], instance)


def publish(company, month, source, error):
    """The published forecast of a month, and the champion decided on with this error of the challenger."""
    cells = pd.DataFrame({"sku": ["a", "b"], "origin_month": month, "abc_class": "A", "actual_units": 100.0})
    cells = cells.assign(
        model_units=[100 + error, 100 - error], champion_units=[120.0, 80.0], baseline_units=[130.0, 70.0],
        naive_units=[140.0, 60.0],
    )  # fmt: skip
    rivals = Contest(TUNED, OLD, Incumbent(OLD, recipe_id(OLD), JUNE), recipe_id(TUNED))
    company.write("champion", "FR", month, champion(rivals, cells, month, PromotionLimits()))
    company.write("published_forecasts", "FR", month, published_forecast(month, source))


def tick(company, cursor=None):
    sensor = build_champion_alerts_sensor(company.settings)
    with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
        return sensor.evaluate_tick(context).cursor


def test_a_held_challenger_and_a_fallback_are_told_once_and_are_over_with_the_models_forecast(company):
    publish(company, JUNE, "champion", error=30.0)
    cursor = tick(company)
    assert company.open_kinds() == {("challenger_held", "FR", "")}
    (held,) = company.outbox.open_incidents()
    assert held.headline.startswith(f"Market FR: challenger {recipe_id(TUNED)} held, champion {recipe_id(OLD)} stays")
    assert ("WAPE challenger", "30.0%") in held.facts
    publish(company, JULY, "baseline", error=30.0)
    cursor = tick(company, cursor)
    assert company.open_kinds() == {("challenger_held", "FR", ""), ("fallback_published", "FR", "")}
    publish(company, AUGUST, "model", error=10.0)
    tick(company, cursor)
    assert company.open_kinds() == set()
