import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import month_range
from forecast_assets.domain.demand.hierarchy import demand_totals, known_totals

REGIONS = {"FR": "EU", "DE": "EU", "US": "NA"}


@pytest.fixture
def totals():
    return demand_totals(
        {
            "FR": pd.DataFrame({"sku": ["1", "2", "3"], "sell_in_units": [10.0, 5.0, np.nan]}),
            "DE": pd.DataFrame({"sku": ["1"], "sell_in_units": [7.0]}),
            "US": pd.DataFrame({"sku": ["1", "9"], "sell_in_units": [100.0, np.nan]}),
        },
        {"FR": pd.DataFrame({"sku": ["1", "4"], "sell_out_units": [8.0, 2.0]}), "DE": None},
        {
            "FR": pd.DataFrame({"sku": ["1", "2", "3", "4"], "category": ["tea", "ice", "tea", None]}),
            "DE": pd.DataFrame({"sku": ["1"], "category": ["tea"]}),
        },
        REGIONS,
    )


def units_of(totals, level, entity, category):
    row = totals.query("level == @level and entity == @entity and category == @category")
    assert len(row) == 1
    return row[["sell_in_units", "sell_out_units"]].iloc[0].tolist()


def test_totals_sum_known_units_by_level_and_category(totals):
    assert units_of(totals, "market", "FR", "tea") == [10, 8]
    assert units_of(totals, "market", "FR", "ALL") == [15, 10]
    assert units_of(totals, "region", "EU", "tea") == [17, 8]
    assert units_of(totals, "world", "WORLD", "ALL") == [122, 10]


def test_skus_without_a_category_or_a_product_are_unknown(totals):
    assert units_of(totals, "region", "NA", "UNKNOWN")[0] == 100
    assert units_of(totals, "market", "FR", "UNKNOWN")[1] == 2


def test_a_total_without_a_known_value_is_null_and_not_zero(totals):
    assert np.isnan(units_of(totals, "market", "DE", "ALL")[1])
    assert np.isnan(units_of(totals, "market", "FR", "UNKNOWN")[0])


def test_categories_of_an_entity_add_up_to_all(totals):
    for (_, _), rows in totals.groupby(["level", "entity"]):
        parts = rows[rows["category"] != "ALL"]["sell_in_units"].sum()
        assert parts == rows.loc[rows["category"] == "ALL", "sell_in_units"].iloc[0]


def test_a_market_without_a_region_is_rejected():
    with pytest.raises(ValueError, match=r"without a region: \['XX'\]"):
        demand_totals({"XX": pd.DataFrame({"sku": ["1"], "sell_in_units": [1.0]})}, {}, {}, REGIONS)


def test_a_market_that_delivered_no_row_has_no_totals():
    sell_in = {"FR": pd.DataFrame({"sku": ["1"], "sell_in_units": [3.0]})}
    sell_in["DE"] = sell_in["FR"].head(0)
    totals = demand_totals(sell_in, {}, {}, REGIONS)
    assert set(totals["entity"]) == {"FR", "EU", "WORLD"}
    assert units_of(totals, "world", "WORLD", "ALL")[0] == 3
    assert demand_totals({}, {}, {}, REGIONS).empty


def test_a_category_called_all_is_rejected():
    sell_in = {"FR": pd.DataFrame({"sku": ["1"], "sell_in_units": [1.0]})}
    with pytest.raises(ValueError, match='market FR: a category is called "ALL"'):
        demand_totals(sell_in, {}, {"FR": pd.DataFrame({"sku": ["1"], "category": ["ALL"]})}, REGIONS)


def market_rows(market, month, tea, sell_out=np.nan):
    return {
        "level": "market",
        "entity": market,
        "category": "tea",
        "total_month": pd.Timestamp(month),
        "sell_in_units": tea,
        "sell_out_units": sell_out,
    }


def total_of(table, level, entity, month):
    row = table.query("level == @level and entity == @entity and total_month == @month")
    assert len(row) == 1
    return row.iloc[0]


def test_growth_counts_only_markets_present_in_both_months():
    window = pd.DataFrame(
        [
            market_rows("FR", "2023-01-01", 100.0),
            market_rows("FR", "2024-01-01", 110.0),
            market_rows("DE", "2024-01-01", 500.0),
            market_rows("US", "2023-01-01", 300.0),
        ]
    )
    table = known_totals(window, "2024-02-01", REGIONS)
    europe = total_of(table, "region", "EU", pd.Timestamp("2024-01-01"))
    assert (europe["sell_in_units"], europe["markets"]) == (610, 2)
    assert europe["sell_in_growth_12"] == pytest.approx(0.10)
    world = total_of(table, "world", "WORLD", pd.Timestamp("2024-01-01"))
    assert world["sell_in_growth_12"] == pytest.approx(0.10)
    assert np.isnan(total_of(table, "market", "DE", pd.Timestamp("2024-01-01"))["sell_in_growth_12"])
    assert np.isnan(total_of(table, "world", "WORLD", pd.Timestamp("2023-01-01"))["sell_in_growth_12"])


def random_window(seed=4):
    rng = np.random.default_rng(seed)
    rows = [
        {**market_rows(market, month, rng.gamma(2, 50), rng.gamma(2, 40)), "category": category}
        for market in REGIONS
        for category in ("tea", "ALL")
        for month in month_range("2021-01-01", "2023-12-01")
        if rng.random() > 0.05
    ]
    return pd.DataFrame(rows)


def test_known_totals_equal_a_loop_over_markets_and_months():
    window = random_window()
    table = known_totals(window, "2024-01-01", REGIONS)
    value = {(r.entity, r.category, r.total_month): r.sell_out_units for r in window.itertuples()}
    for row in table.sample(60, random_state=1).itertuples():
        members = [m for m in REGIONS if row.level == "world" or row.entity in (m, REGIONS[m])]
        if row.level == "market":
            members = [row.entity]
        month, year_before = row.total_month, row.total_month - pd.DateOffset(years=1)
        both = [m for m in members if (m, row.category, month) in value and (m, row.category, year_before) in value]
        grown = sum(value[m, row.category, month] for m in both)
        base = sum(value[m, row.category, year_before] for m in both)
        assert row.sell_out_growth_12 == pytest.approx(grown / base - 1 if both else np.nan, nan_ok=True)
        year = [month - pd.DateOffset(months=back) for back in range(12)]
        complete = [m for m in members if all((m, row.category, t) in value for t in year)]
        recent = sum(value[m, row.category, t] for m in complete for t in year[:3]) / 3
        whole = sum(value[m, row.category, t] for m in complete for t in year) / 12
        assert row.sell_out_recent_ratio == pytest.approx(recent / whole if complete else np.nan, nan_ok=True)


def test_the_origin_month_and_later_ones_change_nothing():
    window = random_window()
    origin = pd.Timestamp("2023-06-01")
    later = window["total_month"] >= origin
    poisoned = window.assign(sell_in_units=window["sell_in_units"].mask(later, 1e9))
    expected = known_totals(window[~later], origin, REGIONS)
    pd.testing.assert_frame_equal(known_totals(poisoned, origin, REGIONS), expected)
    assert expected["total_month"].max() == pd.Timestamp("2023-05-01")


def test_without_known_months_the_table_is_empty_with_its_columns():
    table = known_totals(random_window(), "2021-01-01", REGIONS)
    assert table.empty
    assert list(table.columns) == list(known_totals(random_window(), "2024-01-01", REGIONS).columns)


def test_a_market_with_two_rows_for_a_month_is_rejected():
    window = random_window()
    with pytest.raises(ValueError, match="must be unique in the totals; 1 are not"):
        known_totals(pd.concat([window, window.head(1)]), "2024-01-01", REGIONS)
