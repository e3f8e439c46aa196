"""Closed months: published ones with a later published one."""

import pandas as pd

from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.storage import PartitionKey, TableStore

MAY, JUNE, JULY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 6, 7))


def test_a_month_is_closed_once_a_later_one_of_its_market_is_published(tmp_path):
    for country, month in (("FR", MAY), ("FR", JULY), ("DE", MAY)):
        file = tmp_path / "published_forecasts" / PartitionKey(month, country).folder / "published_forecasts.parquet"
        file.parent.mkdir(parents=True)
        file.touch()
    months = PublishedMonths(TableStore(str(tmp_path)))
    assert [months.is_closed("FR", month) for month in (MAY, JUNE, JULY)] == [True, False, False]
    assert months.later_than("FR", JUNE)
    assert not months.is_closed("DE", MAY)
