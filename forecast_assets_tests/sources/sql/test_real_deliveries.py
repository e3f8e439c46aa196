"""A public data set in the landing's shape, against pandas on the same file."""

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.sql import DuckDbEngine

FIRST, LAST = pd.Timestamp("1982-04-01"), pd.Timestamp("2018-12-01")


@pytest.mark.real_data
def test_eight_states_of_retail_turnover_arrive_complete(real_data):
    base = real_data / "aus_retail" / "landing"
    file = pd.read_parquet(base / "sell_in" / "aus_retail.parquet")
    engine = DuckDbEngine(LandingFolder(str(base)))
    for market, expected in file.groupby("country"):
        table = engine.run("sell_in", market, FIRST, LAST, today=LAST, missing_month="unknown")
        delivered = table[table["reason"] == "delivered"]
        keys = ["month", "sku"]
        pd.testing.assert_series_equal(
            delivered.set_index(keys)["sell_in_units"],
            expected.set_index(keys)["units"].sort_index(),
            check_names=False,
        )
        assert not table.duplicated(["sku", "month"]).any()
