"""Forecasts by level of invented SKUs and markets: sums, ranges, and what they are learned from."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.levels.level_forecasts import (
    BACKTEST_COLUMNS,
    COLUMNS,
    levels_above_markets,
    market_levels,
)

ORIGIN = pd.Timestamp("2024-06-01")
TARGETS = pd.date_range("2024-07-01", periods=18, freq="MS")
NO_BACKTEST = pd.DataFrame(columns=BACKTEST_COLUMNS)
PERCENTS = range(5, 100, 5)
CATEGORIES = {"A": "Tea", "B": "Tea", "C": "Mugs"}


def published(units_by_sku):
    parts = []
    for sku, units in units_by_sku.items():
        table = pd.DataFrame({"target_month": TARGETS, "horizon_months": range(1, 19)})
        quantiles = {f"forecast_units_p{percent:02d}": units * (0.5 + percent / 100) for percent in PERCENTS}
        named = {"sku": sku, "category": CATEGORIES[sku], "origin_month": ORIGIN, "forecast_units": units}
        parts.append(table.assign(**named, **quantiles))
    return pd.concat(parts, ignore_index=True)


def walks(skus, share_of_shock):
    draws = np.random.default_rng(1)
    shock, own = draws.normal(size=(1, 96)), draws.normal(size=(len(skus), 96))
    steps = np.sqrt(share_of_shock) * shock + np.sqrt(1 - share_of_shock) * own
    months = pd.date_range(end=ORIGIN, periods=96, freq="MS")
    return DemandPanel(np.array(skus, dtype=object), months, 1_000 + 10 * np.cumsum(steps, axis=1))


def width(levels, level, category):
    rows = levels[(levels["level"] == level) & (levels["category"] == category)]
    return float((rows["forecast_units_p90"] - rows["forecast_units_p10"]).iloc[0])


def test_categories_and_market_are_the_sums_of_the_published_skus():
    levels = market_levels(published({"A": 10.0, "B": 30.0, "C": 100.0}), "FR", None, NO_BACKTEST)
    assert list(levels) == COLUMNS
    assert set(levels["entity"]) == {"FR"}
    units = levels.groupby(["level", "category"], sort=False)["forecast_units"].agg(["min", "max", "size"])
    assert units.reset_index().to_numpy().tolist() == [
        ["category", "Mugs", 100.0, 100.0, 18],
        ["category", "Tea", 40.0, 40.0, 18],
        ["market", "ALL", 140.0, 140.0, 18],
    ]
    assert levels[levels["level"] == "market"]["target_month"].tolist() == TARGETS.tolist()


def test_the_range_of_a_category_of_one_sku_is_that_of_the_sku():
    table = published({"A": 10.0, "C": 100.0})
    levels = market_levels(table, "FR", None, NO_BACKTEST)
    assert width(levels, "category", "Mugs") == pytest.approx(80.0, rel=0.05)


def test_the_range_of_a_sum_is_wider_where_errors_were_common():
    table = published({"A": 100.0, "B": 100.0, "C": 100.0})
    apart, together = (market_levels(table, "FR", walks(list("ABC"), share), NO_BACKTEST) for share in (0.0, 0.95))
    assert width(apart, "category", "Tea") < 0.8 * width(together, "category", "Tea")
    assert width(together, "category", "Tea") < 160.0  # The sum of both ranges.


def test_common_errors_of_the_backtest_widen_the_range_too():
    skus, errors = ["A", "B"], [5.0, -5.0, 8.0, -8.0]
    cells = pd.DataFrame(
        [
            (sku, ORIGIN, horizon, CATEGORIES[sku], 100.0 + error, 100.0, 92.0, 108.0)
            for sku in skus
            for horizon, error in enumerate(errors, 1)
        ],
        columns=BACKTEST_COLUMNS,
    )
    table, history = published({"A": 100.0, "B": 100.0}), walks(skus, 0.0)
    without, beside = (market_levels(table, "FR", history, backtest) for backtest in (NO_BACKTEST, cells))
    assert width(without, "category", "Tea") < width(beside, "category", "Tea")


def test_errors_are_those_of_the_skus_own_rows_and_categories():
    """A and B, of one category, err together; C and Z do not."""
    table = published({"A": 100.0, "B": 100.0, "C": 100.0})
    common, of_c, of_z = np.random.default_rng(6).normal(size=(3, 96))
    steps = {"A": common, "B": common, "C": of_c, "Z": of_z}
    months = pd.date_range(end=ORIGIN, periods=96, freq="MS")

    def panel(*skus):
        units = 1_000 + 10 * np.cumsum([steps[sku] for sku in skus], axis=1)
        return DemandPanel(np.array(skus, dtype=object), months, units)

    levels, shuffled = (market_levels(table, "FR", panel(*skus), NO_BACKTEST) for skus in ("ABC", "CAZB"))
    pd.testing.assert_frame_equal(levels, shuffled)
    assert width(levels, "category", "Tea") == pytest.approx(160.0, rel=0.05)  # The sum of both ranges.


def test_a_sku_without_history_is_in_the_sums():
    levels = market_levels(published({"A": 10.0, "B": 30.0}), "FR", walks(["A"], 0.0), NO_BACKTEST)
    assert levels["forecast_units"].tolist() == [40.0] * 36
    assert levels.index.tolist() == list(range(36))


def test_a_sku_without_history_has_not_that_of_another():
    table, known = published({"A": 100.0, "B": 100.0}), walks(["A"], 0.0)
    units = np.concatenate([known.units, np.full_like(known.units, np.nan)])
    with_unknown = DemandPanel(np.array(["A", "B"], dtype=object), known.months, units)
    pd.testing.assert_frame_equal(
        market_levels(table, "FR", known, NO_BACKTEST), market_levels(table, "FR", with_unknown, NO_BACKTEST)
    )


def test_the_forecast_lies_in_the_range_even_if_far_from_the_middle():
    table = published({"A": 10.0, "B": 30.0}).assign(forecast_units=1_000.0)
    levels = market_levels(table, "FR", None, NO_BACKTEST)
    assert (levels["forecast_units"] <= levels["forecast_units_p90"]).all()


def test_the_band_of_a_sum_of_months_holds_the_sum_and_is_narrower_than_the_bands_added_up():
    levels = market_levels(published({"A": 10.0, "B": 30.0}), "FR", walks(["A", "B"], 0.5), NO_BACKTEST)
    rows = levels[levels["level"] == "market"].sort_values("target_month").head(3)
    assert rows["cumulative_units"].tolist() == [40.0, 80.0, 120.0]
    added = (rows["forecast_units_p90"] - rows["forecast_units_p10"]).sum()
    third = rows.iloc[-1]
    assert third["cumulative_units_p10"] < 120.0 < third["cumulative_units_p90"]
    assert 0.5 * added < third["cumulative_units_p90"] - third["cumulative_units_p10"] < added


def test_an_override_far_from_the_middle_stays_in_the_band_of_the_sum():
    levels = market_levels(published({"A": 10.0}).assign(forecast_units=1_000.0), "FR", None, NO_BACKTEST)
    assert (levels["cumulative_units_p10"] <= levels["cumulative_units"]).all()
    assert (levels["cumulative_units"] <= levels["cumulative_units_p90"]).all()


def test_errors_that_last_widen_the_band_of_the_sum_of_regions(of_markets):
    lasting = np.random.default_rng(8).normal(size=96)
    passing = np.diff(np.random.default_rng(8).normal(size=97))
    drifts, jumps = (
        levels_above_markets(of_markets, totals_of(dict.fromkeys(REGIONS, steps)), REGIONS)
        for steps in (lasting, passing)
    )
    third = [table[(table["level"] == "world") & (table["horizon_months"] == 3)].iloc[0] for table in (drifts, jumps)]
    wide, narrow = (row["cumulative_units_p90"] - row["cumulative_units_p10"] for row in third)
    assert narrow < 0.9 * wide


def test_skus_with_other_target_months_are_an_error():
    with pytest.raises(ValueError, match="expected the same target months"):
        market_levels(published({"A": 10.0, "B": 30.0}).iloc[:-1], "FR", None, NO_BACKTEST)


@pytest.fixture
def of_markets():
    parts = [
        market_levels(published({"A": units, "C": 1.0}), code, None, NO_BACKTEST)
        for code, units in (("FR", 100.0), ("ES", 200.0), ("BR", 400.0))
    ]
    return pd.concat(parts, ignore_index=True)


REGIONS = {"FR": "Europe", "ES": "Europe", "BR": "America"}
NO_TOTALS = pd.DataFrame(columns=["level", "entity", "category", "month", "sell_in_units"])


def totals_of(steps):
    """Monthly totals of random walks by market."""
    months = pd.date_range(end=ORIGIN, periods=steps["FR"].size, freq="MS")
    parts = [
        pd.DataFrame({"entity": code, "month": months, "sell_in_units": 10_000 + 10 * np.cumsum(of_market)})
        for code, of_market in steps.items()
    ]
    return pd.concat(parts).assign(level="market", category="ALL")


def test_regions_and_world_are_sums_over_markets(of_markets):
    above = levels_above_markets(of_markets, NO_TOTALS, REGIONS)
    units = above.groupby(["level", "entity", "category"])["forecast_units"].first()
    assert units.to_dict() == {
        ("region", "America", "ALL"): 401.0,
        ("region", "Europe", "ALL"): 302.0,
        ("world", "WORLD", "ALL"): 703.0,
    }
    assert list(above) == COLUMNS
    assert above.index.tolist() == list(range(3 * 18))


def test_markets_that_erred_together_widen_the_range_of_the_world(of_markets):
    draws = np.random.default_rng(2)
    common = draws.normal(size=96)
    apart = totals_of({code: draws.normal(size=96) for code in REGIONS})
    together = totals_of(dict.fromkeys(REGIONS, common))
    narrow, wide = (
        width(levels_above_markets(of_markets, totals, REGIONS), "world", "ALL") for totals in (apart, together)
    )
    assert narrow < 0.85 * wide


def test_of_the_totals_the_last_ten_years_over_all_categories_count(of_markets):
    draws = np.random.default_rng(3)
    common = draws.normal(size=120)
    totals = totals_of(dict.fromkeys(REGIONS, common))
    expected = levels_above_markets(of_markets, totals, REGIONS)
    earlier = totals_of({code: draws.normal(size=180) for code in REGIONS})
    longer = pd.concat([totals, earlier[earlier["month"] < totals["month"].min()]])
    with_categories = pd.concat([longer, longer.assign(category="Tea", sell_in_units=draws.normal(size=len(longer)))])
    pd.testing.assert_frame_equal(levels_above_markets(of_markets, with_categories, REGIONS), expected)


def test_a_market_without_a_region_is_named(of_markets):
    with pytest.raises(ValueError, match="BR"):
        levels_above_markets(of_markets, NO_TOTALS, {"FR": "Europe", "ES": "Europe"})
