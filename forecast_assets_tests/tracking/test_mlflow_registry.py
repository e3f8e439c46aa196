"""The champion in a real registry on SQLite, and in one without aliases."""

import dataclasses

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from forecast_assets.tracking.mlflow_registry import ALIAS_TAG, ChampionRecord, ChampionRegistry
from forecast_assets.tracking.mlflow_tracking import MlflowTracking, TrackingUnavailable
from forecast_assets_tests.tracking.conftest import cycle_record

JUNE = ChampionRecord(
    "FR", pd.Timestamp("2024-06-01"), "abc", pd.Timestamp("2024-03-01"), "held", part_prefix="champion_"
)
JULY = dataclasses.replace(JUNE, origin_month=pd.Timestamp("2024-07-01"), recipe_id="def", outcome="promoted")
NAME = "forecast_FR"


@pytest.fixture
def tracking(tracking_uri):
    return MlflowTracking(tracking_uri=tracking_uri, experiment_name="forecast")


@pytest.fixture
def client(tracking_uri):
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


@pytest.fixture
def run_id(tracking):
    return tracking.record_cycle(cycle_record()).run_id


def test_the_alias_names_the_run_and_the_recipe_in_force(tracking, client, run_id):
    tracking.mirror_champion(run_id, JUNE)
    version = client.get_model_version_by_alias(NAME, "champion")
    assert version.run_id == run_id
    assert version.source.endswith(f"{run_id}/artifacts/model")
    assert version.tags["forecast.recipe_id"] == "abc"
    assert version.tags["forecast.since_month"] == "2024-03-01"
    assert version.tags["forecast.part_prefix"] == "champion_"


def test_the_same_again_is_the_same_version(tracking, client, run_id):
    tracking.mirror_champion(run_id, JUNE)
    tracking.mirror_champion(run_id, JUNE)
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 1


def test_a_later_month_takes_the_alias_and_an_earlier_one_does_not_take_it_back(tracking, client, run_id):
    tracking.mirror_champion(run_id, JUNE)
    tracking.mirror_champion(run_id, JULY)
    assert client.get_model_version_by_alias(NAME, "champion").tags["forecast.recipe_id"] == "def"
    tracking.mirror_champion(run_id, JUNE)
    assert client.get_model_version_by_alias(NAME, "champion").tags["forecast.recipe_id"] == "def"


def test_a_server_without_aliases_has_a_tag_on_one_version(client, run_id, monkeypatch):
    def no_alias(*_):
        raise MlflowException("no such endpoint")

    monkeypatch.setattr(client, "set_registered_model_alias", no_alias)
    registry = ChampionRegistry(client, NAME)
    registry.mirror(run_id, JUNE)
    registry.mirror(run_id, JULY)
    tagged = [each for each in client.search_model_versions(f"name = '{NAME}'") if ALIAS_TAG in each.tags]
    assert [each.tags["forecast.recipe_id"] for each in tagged] == ["def"]


def test_a_registry_that_is_down_is_told_as_such(run_id):
    down = MlflowTracking(tracking_uri="http://127.0.0.1:9", experiment_name="forecast")
    with pytest.raises(TrackingUnavailable, match="naming the champion of FR"):
        down.mirror_champion(run_id, JUNE)
