"""Through the graph: the stored review of a market against an independent query on the other stored tables."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER

AHEAD = pd.date_range("2025-01-01", periods=3, freq="MS")
YEAR = pd.date_range("2024-01-01", periods=12, freq="MS")


@pytest.fixture(scope="module")
def rows(company) -> pd.DataFrame:
    return company.read("forecast_exceptions", "FR", DECEMBER).sort_values("rank").set_index("sku")


@pytest.fixture(scope="module")
def expected(company) -> pd.DataFrame:
    """Return units, reference and price of each SKU, by a query of its own."""
    now, before = (company.read("published_forecasts", "FR", month) for month in (DECEMBER, NOVEMBER))
    sums = pd.DataFrame({
        "units": now[now["target_month"].isin(AHEAD)].groupby("sku")["forecast_units"].sum(),
        "last": before[before["target_month"].isin(AHEAD)].groupby("sku")["forecast_units"].sum(),
        "baseline": now[now["target_month"].isin(AHEAD)].groupby("sku")["baseline_units"].sum(),
    })  # fmt: skip
    sold = pd.concat([company.read("sell_in", "FR", f"{month:%Y-%m-%d}") for month in YEAR])
    both = sold.dropna(subset=["sell_in_units", "net_sales"]).groupby("sku")
    price = both["net_sales"].sum() / both["sell_in_units"].sum()
    return sums.assign(reference=sums["last"].fillna(sums["baseline"]), price=price)


def test_the_ranking_equals_an_independent_query(rows, expected):
    assert set(rows.index) == set(expected.index)
    query = expected.reindex(rows.index)
    np.testing.assert_allclose(rows["units"], query["units"].fillna(0.0))
    np.testing.assert_allclose(rows["reference_units"], query["reference"].fillna(0.0))
    sold = rows["price_source"] == "net_sales"
    assert sold.sum() > 3
    np.testing.assert_allclose(rows.loc[sold, "unit_price"], query.loc[sold, "price"])
    np.testing.assert_allclose(rows["value"], (rows["units"] - rows["reference_units"]).abs() * rows["unit_price"])
    assert rows["value"].is_monotonic_decreasing
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))


def test_causes_add_up_to_the_change_of_the_publication(rows, expected):
    causes = rows.filter(regex="^(new_actuals|promotion_plan|launch_or_end|override|recipe|restated|rest)_units$")
    assert causes.shape[1] == 7
    np.testing.assert_allclose(causes.sum().sum(), expected["units"].sum() - expected["last"].sum())


def test_its_checks_passed_in_the_cycle(company):
    assert company.december()["checked"]["forecast_exceptions:parts_add_up"][0] is True


def test_a_sku_with_an_override_that_was_not_entered_again_is_named(company, rows):
    before, now = (company.read("published_forecasts", "FR", month) for month in (NOVEMBER, DECEMBER))
    cells = before.merge(now, on=["sku", "target_month"])
    lapsed = cells[(cells["source_x"] == "override") & (cells["source_y"] != "override")]
    due = set(lapsed.loc[lapsed["target_month"].isin(AHEAD), "sku"]) & set(rows.index)
    named = set(rows.index[rows["reason"].isin(["override_due", "ends", "launch"])])
    assert due <= named
