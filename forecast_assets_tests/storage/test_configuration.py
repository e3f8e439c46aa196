"""Configuration of a table: digests of equal values stay equal, and every field states the tables it affects."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import pytest
from pydantic import BaseModel, Field

from forecast_assets.config.affects import POOLED, TABLES, Affects, affects_of
from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.config.markets import FIELDS, affects_of_market
from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.config.variables import fields_by_variable
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.schemas import TABLES as SCHEMAS
from forecast_assets.storage.configuration import configuration_of, configured_values
from forecast_assets_tests.repository_settings import loaded

# Digests of the tables that companies have stored; a change here marks stored tables as stale.
STORED = json.loads((Path(__file__).parent / "configuration_digests.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", STORED["variables"])
def test_equal_values_have_the_digests_of_stored_tables(case, tmp_path):
    path = tmp_path / "markets.yaml"
    path.write_text(STORED["markets"], encoding="utf-8")
    settings = load_settings({"FORECAST_MARKETS": str(path), **STORED["variables"][case]})
    digests = {
        country: {table: configuration_of(table, settings, None if country == "None" else country) for table in tables}
        for country, tables in STORED["digests"][case].items()
    }
    assert digests == STORED["digests"][case]


def test_a_setting_changes_the_tables_that_depend_on_it_and_no_other():
    usual, other = (
        loaded(),
        loaded(FORECAST_TRAINING_ROWS="5000", FORECAST_MAX_THREADS="1", FORECAST_MAX_TOTAL_CHANGE="9"),
    )
    changed = {name for name in TABLES if configuration_of(name, usual, "FR") != configuration_of(name, other, "FR")}
    assert changed == {"model", "pooled_model", "champion"}


def test_markets_are_configured_apart():
    settings = loaded()
    assert configuration_of("covid_policy", settings, "FR") != configuration_of("covid_policy", settings, "DE")
    assert configuration_of("features", settings, "FR") != configuration_of("features", settings, "BR")
    assert configuration_of("forecasts", settings, "FR") == configuration_of("forecasts", settings, "DE")


def test_an_asset_that_is_not_listed_depends_on_everything_but_places_and_limits():
    values = configured_values("something_new", loaded(), "FR")
    assert {"training_rows", "pooled_skus", "market.stage", "market.region"} <= set(values)
    assert not {"forecast_store", "store", "landing", "max_threads", "max_total_change"} & set(values)


def test_every_setting_states_the_tables_it_affects():
    fields = [(variable, field) for variable, field, _ in fields_by_variable(Settings)]
    fields += DremioSettings.model_fields.items()
    assert len(fields) > 50
    for name, field in fields:
        affects_of(name, field)


def test_every_field_of_a_market_states_the_tables_it_affects():
    assert [name for name in FIELDS if not isinstance(affects_of_market(name), Affects)] == []


def test_a_field_without_a_statement_of_affected_tables_is_rejected(monkeypatch):
    class Careless(BaseModel):
        colour: str = Field(default="red")
        size: Annotated[int, Affects("model"), Affects()] = 3

    with pytest.raises(TypeError, match=r"colour: expected one Affects\(...\) in the annotation, got 0"):
        affects_of("colour", Careless.model_fields["colour"])
    with pytest.raises(TypeError, match="got 2"):
        affects_of("size", Careless.model_fields["size"])
    monkeypatch.setitem(FIELDS, "stage", dataclasses.field())
    with pytest.raises(TypeError, match=r"Market\.stage: expected Affects"):
        affects_of_market("stage")


def test_a_field_affects_tables_that_exist():
    assert set(TABLES) == {*SCHEMAS, "market_report"}
    with pytest.raises(ValueError, match="modle, which is no table"):
        Affects("modle")


def test_pooling_and_the_stage_of_markets_affect_the_same_tables():
    pooling = next(field for variable, field, _ in fields_by_variable(Settings) if variable == "FORECAST_POOLED_SKUS")
    assert affects_of("skus", pooling).pooling == affects_of_market("stage").pooling == POOLED


def test_a_tag_that_begins_with_a_dot_is_the_revision_of_each_month():
    june, july = "2024-06-01", "2024-07-01"
    assert cycle_id_of("dev", pd.Timestamp(june)) == "dev-2024-06"
    assert [cycle_id_of("dev", pd.Timestamp(month), ".r3") for month in (june, july)] == [
        "dev-2024-06.r3",
        "dev-2024-07.r3",
    ]
    assert cycle_id_of("dev", pd.Timestamp(july), "dev-2024-06.r2") == "dev-2024-06.r2"
