"""Closed months: published ones with a later published one."""

import pandas as pd

from forecast_assets.market_state.published_months import PublishedMonths, repeats_earlier
from forecast_assets.storage import PartitionKey, TableStore
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


def test_the_month_before_a_month_is_no_later_one(tmp_path):
    store = TableStore(str(tmp_path))
    for month, units in ((MAY, 5.0), (JUNE, 6.0), (JULY, 7.0)):
        publish(store, month, forecast_units=units)
    months = PublishedMonths(store)
    assert months.month_before("FR", JUNE) == MAY
    assert months.month_before("FR", MAY) is None
    assert months.last_before("FR", JULY)["forecast_units"].tolist() == [6.0]
    assert months.last_before("FR", MAY).empty
    assert months.forecasts("FR", JUNE, ["sku", "forecast_units"])["forecast_units"].tolist() == [6.0]
    assert months.forecasts("FR", AUGUST, ["sku", "forecast_units"]).columns.tolist() == ["sku", "forecast_units"]


def test_a_later_publication_is_an_answer_of_the_run(tmp_path):
    store = TableStore(str(tmp_path))
    publish(store, JULY)
    months = PublishedMonths(store)
    assert not months.later_than("FR", JULY)
    assert not months.later_than("DE", MAY)
    assert months.answers == {}
    assert months.later_than("FR", JUNE)
    assert months.answers == {"later_published": "2024-07-01"}


def test_a_publication_repeats_an_earlier_one_if_it_has_no_numbers_of_its_own(tmp_path):
    store = TableStore(str(tmp_path))
    may = publish(store, MAY, inputs={"forecasts": {"FR|2024-05-01": "made"}})
    publish(store, JUNE, answers={"stale_since": "2024-05-01"})
    publish(store, JULY, inputs={"published_forecasts": may})
    publish(store, AUGUST)
    repeats = [
        repeats_earlier(store.provenance("published_forecasts", PartitionKey(month, "FR")))
        for month in (MAY, JUNE, JULY, AUGUST)
    ]
    assert repeats == [False, True, True, False]


def test_of_several_publications_read_the_latest_is_the_one_repeated(tmp_path):
    store = TableStore(str(tmp_path))
    may = publish(store, MAY, inputs={"forecasts": {"FR|2024-05-01": "made"}})
    june = publish(store, JUNE, inputs={"forecasts": {"FR|2024-06-01": "made"}})
    publish(store, JULY, inputs={"published_forecasts": june | may})
    assert made_before(store, AUGUST) == JUNE
