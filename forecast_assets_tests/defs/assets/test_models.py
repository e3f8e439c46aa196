"""Tables without which no model is trained: features of earlier origins, and the marks of the last of them."""

from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.defs.assets import models
from forecast_assets.defs.assets.models import pooled_of, require_marks, require_training_origins
from forecast_assets.defs.io_managers.required_inputs import MissingInput
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.repository_settings import loaded


def month(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"{text}-01")


def store(*with_marks: str):
    stored = {("history_marks", PartitionKey(month(text), "FR")) for text in with_marks}
    return SimpleNamespace(exists=lambda table, partition: (table, partition) in stored)


def required(origin: str, features=(), marks=()) -> None:
    """Check the tables of FR, which has sold since January 2023."""
    sell_in = pd.DataFrame({"month": pd.date_range("2023-01-01", month(origin), freq="MS")})
    window = SimpleNamespace(months=[month(text) for text in features])
    require_training_origins("model", store(*marks), "FR", month(origin), window, sell_in)


def test_a_market_without_a_year_of_data_is_forecast_without_earlier_origins():
    """December 2023 is the first origin with twelve months: the first that may learn from it is January."""
    required("2023-12")
    with pytest.raises(MissingInput, match=r"model stores nothing for .*FR: 2024-01: it requires features") as caught:
        required("2024-01")
    assert "which has no partition FR: 2023-12." in str(caught.value)


def test_every_origin_from_the_first_with_a_year_of_data_is_named():
    with pytest.raises(MissingInput, match=r"features, which has no partitions FR: 2023-12 to 2024-05"):
        required("2024-06")


def test_marks_are_required_of_the_last_month_with_features():
    required("2024-06", features=["2024-05", "2024-04"], marks=["2024-05"])
    with pytest.raises(MissingInput, match=r"requires history_marks, which has no partition FR: 2024-05\."):
        required("2024-06", features=["2024-05", "2024-04"], marks=["2024-04"])


def test_without_features_no_marks_are_required():
    require_marks("model", store(), PartitionKey(month("2024-06"), "FR"), [])


@pytest.mark.parametrize(("skus", "expected"), [("0", None), ("100", "learners")])
def test_learners_of_all_markets_are_read_if_the_company_pools(monkeypatch, skus, expected):
    monkeypatch.setattr(models, "pooled_from_texts", lambda texts: "learners")
    assert pooled_of(loaded(FORECAST_POOLED_SKUS=skus), pd.DataFrame()) == expected


@pytest.mark.parametrize(
    ("switched_off", "champion", "shown"),
    [((), None, ("none", "id of new", "id of new")), (("products", "promotions"), "old", (
        "products, promotions", "id of new", "id of old",
    ))],
)  # fmt: skip
def test_the_figures_of_a_model_name_its_recipe_and_the_one_that_competes(monkeypatch, switched_off, champion, shown):
    monkeypatch.setattr(models, "recipe_id", lambda recipe: f"id of {recipe}")
    fitted = SimpleNamespace(
        rows=10, columns=["a", "b"], pooled_share=0.1, boosting_weight=0.2, planned_share=0.3, refits=3,
        switched_off=switched_off,
    )  # fmt: skip
    figures = models._training_figures(fitted, SimpleNamespace(recipe="new", champion=champion))
    assert (figures["switched_off"], figures["recipe_id"], figures["champion_id"]) == shown
    assert figures["features"] == 2
