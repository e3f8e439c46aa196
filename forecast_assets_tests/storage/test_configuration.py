"""What counts as the configuration of a table."""

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.schemas import TABLES
from forecast_assets.storage.configuration import (
    CONFIGURED_BY,
    SETTINGS_WITHOUT_EFFECT,
    configuration_of,
    configured_values,
)
from forecast_assets_tests.config.test_settings import loaded


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
    assert not {"store", "landing", "max_threads", "max_total_change"} & set(values)


def test_of_every_setting_it_is_said_which_tables_depend_on_it_or_that_none_does():
    named = {name for by in CONFIGURED_BY.values() for name in by.settings}
    assert not named & SETTINGS_WITHOUT_EFFECT
    assert set(Settings.model_fields) - named - SETTINGS_WITHOUT_EFFECT == {"horizon_months"}


def test_a_tag_that_begins_with_a_dot_is_the_revision_of_each_month():
    june, july = "2024-06-01", "2024-07-01"
    assert cycle_id_of("dev", pd.Timestamp(june)) == "dev-2024-06"
    assert [cycle_id_of("dev", pd.Timestamp(month), ".r3") for month in (june, july)] == [
        "dev-2024-06.r3",
        "dev-2024-07.r3",
    ]
    assert cycle_id_of("dev", pd.Timestamp(july), "dev-2024-06.r2") == "dev-2024-06.r2"
