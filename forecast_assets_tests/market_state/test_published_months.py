"""Closed months: published ones with a later published one."""

import pandas as pd

from forecast_assets.market_state.fallback_runs import is_commanded_fallback, missing_upstream
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.tags import SET_ASIDE_TAG
from forecast_assets_tests.market_state.publications import publish

MAY, JUNE, JULY, AUGUST = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7, 8))


def test_a_month_is_closed_once_a_later_one_of_its_market_is_published(tmp_path):
    for country, month in (("FR", MAY), ("FR", JULY), ("DE", MAY)):
        file = tmp_path / "published_forecasts" / PartitionKey(month, country).folder / "published_forecasts.parquet"
        file.parent.mkdir(parents=True)
        file.touch()
    months = PublishedMonths(TableStore(str(tmp_path)))
    assert [months.is_closed("FR", month) for month in (MAY, JUNE, JULY)] == [True, False, False]
    assert months.later_than("FR", JUNE)
    assert not months.is_closed("DE", MAY)
    assert (months.latest("FR"), months.latest("DE"), months.latest("NO")) == (JULY, MAY, None)


def made_before(store, month):
    return PublishedMonths(store).made_before("FR", month)


def test_a_forecast_is_as_old_as_the_cycle_that_made_it_through_copies_of_copies(tmp_path):
    store = TableStore(str(tmp_path))
    assert made_before(store, MAY) is None
    may = publish(store, MAY, inputs={"forecasts": {"FR|2024-05-01": "made"}})
    assert made_before(store, JUNE) == MAY
    publish(store, JUNE, answers={"stale_since": "2024-05-01"}, inputs={"published_forecasts": may})
    assert made_before(store, JULY) == MAY
    publish(store, JULY, inputs={"baseline_forecasts": {"FR|2024-07-01": "made"}, "published_forecasts": may})
    assert made_before(store, AUGUST) == JULY
    # What June names counts, also once May has been published again.
    publish(store, MAY, run="again", inputs={"forecasts": {"FR|2024-05-01": "made"}}, forecast_units=7.0)
    assert made_before(store, JULY) == MAY
    publish(store, JULY, run="cycle", inputs={"forecasts": {"FR|2024-07-01": "made"}, "published_forecasts": may})
    assert made_before(store, AUGUST) == JULY


def test_the_age_of_copies_by_an_older_version_is_read_from_the_chain(tmp_path):
    """They name no month, but the content that they repeat."""
    store = TableStore(str(tmp_path))
    may = publish(store, MAY, inputs={"forecasts": {"FR|2024-05-01": "made"}})
    june = publish(store, JUNE, inputs={"published_forecasts": may})
    publish(store, JULY, inputs={"published_forecasts": june})
    assert made_before(store, AUGUST) == MAY
    # June is published by a cycle since: how old July's copy is cannot be told any more.
    publish(store, JUNE, run="cycle", inputs={"forecasts": {"FR|2024-06-01": "made"}}, forecast_units=7.0)
    assert made_before(store, AUGUST) is None
    assert made_before(store, JULY) == JUNE


def test_the_tables_that_only_a_fallback_does_without_are_named(tmp_path):
    store = TableStore(str(tmp_path))
    upstream = ["forecasts", "champion", "baseline_forecasts", "overrides", "features", "sell_in", "products"]
    assert missing_upstream(store, "FR", MAY) == upstream
    for table in upstream[2:]:
        file = tmp_path / table / PartitionKey(MAY, "FR").folder / f"{table}.parquet"
        file.parent.mkdir(parents=True)
        file.touch()
    assert missing_upstream(store, "FR", MAY) == ["forecasts", "champion"]
    assert is_commanded_fallback({SET_ASIDE_TAG: "the cycle failed"})
    assert not is_commanded_fallback({"forecast/market": "FR"})
