import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.levels import LEVELS, accuracy_at_levels, at_levels

REGIONS = {"FR": "Europe", "DE": "Europe", "BR": "Americas"}
MODEL = {"model": "model_units"}


@pytest.fixture
def cells():
    """Two months; FR sells a and b in one category, DE also an "a", BR one SKU whose second month is unknown."""
    rows = [
        ("FR", "a", "tea", 1, 10.0, 14.0),
        ("FR", "b", "tea", 1, 20.0, 16.0),
        ("DE", "a", None, 1, 5.0, 6.0),
        ("BR", "c", "ice", 1, 100.0, 90.0),
        ("FR", "a", "tea", 2, 10.0, 12.0),
        ("BR", "c", "ice", 2, np.nan, 1e9),
    ]
    return pd.DataFrame(rows, columns=["country", "sku", "category", "lag_months", "actual_units", "model_units"])


def summed(cells):
    table = at_levels(cells, ["actual_units", "model_units"], ["lag_months"], REGIONS)
    return table.set_index(["level", "entity", "lag_months"])


def test_units_are_summed_from_the_sku_to_the_world(cells):
    table = summed(cells)
    assert table.loc[("sku", "FR / a", 1)].tolist() == [1, 10, 14]
    assert table.loc[("category", "FR / tea", 1)].tolist() == [2, 30, 30]
    assert table.loc[("market", "FR", 1)].tolist() == [2, 30, 30]
    assert table.loc[("region", "Europe", 1)].tolist() == [3, 35, 36]
    assert table.loc[("world", "WORLD", 1)].tolist() == [4, 135, 126]
    assert list(dict.fromkeys(table.index.get_level_values("level"))) == list(LEVELS)


def test_a_cell_with_an_unknown_actual_is_in_no_sum_of_forecasts_either(cells):
    table = summed(cells)
    assert table.loc[("world", "WORLD", 2)].tolist() == [1, 10, 12]
    assert ("market", "BR", 2) not in table.index


def test_one_name_in_two_markets_is_two_skus(cells):
    table = summed(cells)
    assert table.loc[("sku", "DE / a", 1)].tolist() == [1, 5, 6]
    assert table.loc[("category", "DE / UNKNOWN", 1)].tolist() == [1, 5, 6]


def test_cells_of_one_market_have_no_levels_above_it(cells):
    france = cells[cells["country"] == "FR"].drop(columns="country")
    table = at_levels(france, ["actual_units"], ["lag_months"])
    assert table["level"].unique().tolist() == ["sku", "category", "market"]
    assert table.loc[table["level"] == "market", "actual_units"].tolist() == [30, 10]


def test_every_level_of_random_cells_adds_up_to_the_same_total():
    rng = np.random.default_rng(4)
    keys = [(market, f"s{sku}", lag) for market in REGIONS for sku in range(30) for lag in (1, 2, 3)]
    cells = pd.DataFrame(keys, columns=["country", "sku", "lag_months"])
    cells["category"] = "c" + (cells["sku"].str[1:].astype(int) % 4).astype(str)
    cells["forecast_units"] = rng.gamma(2, 50, len(cells))
    table = at_levels(cells, ["forecast_units"], ["lag_months"], REGIONS)
    expected = {
        lag: sum(row.forecast_units for row in cells.itertuples() if row.lag_months == lag) for lag in (1, 2, 3)
    }
    for level in LEVELS:
        rows = table[table["level"] == level]
        for lag, total in expected.items():
            assert rows.loc[rows["lag_months"] == lag, "forecast_units"].sum() == pytest.approx(total, rel=1e-12)


def test_errors_of_skus_cancel_in_the_wape_of_a_total_but_not_in_the_bias(cells):
    table = accuracy_at_levels(cells, MODEL, ["lag_months"], REGIONS).set_index(["level", "entity"])
    # FR: errors +4, -4 in the first month cancel, +2 in the second stays; 40 units.
    assert table.loc[("market", "FR"), "wape_model"] == pytest.approx(2 / 40)
    assert table.loc[("market", "FR"), "bias_model"] == pytest.approx(2 / 40)
    # World: |126 - 135| + |12 - 10| over 145.
    assert table.loc[("world", "WORLD"), "wape_model"] == pytest.approx(11 / 145)
    assert table.loc[("world", "WORLD"), "bias_model"] == pytest.approx(-7 / 145)
    assert table.loc[("world", "WORLD"), "cells"] == 2


def test_levels_come_in_their_order(cells):
    table = accuracy_at_levels(cells, MODEL, ["lag_months"], REGIONS)
    assert table["level"].drop_duplicates().tolist() == list(LEVELS)


def test_a_market_without_a_region_is_named(cells):
    with pytest.raises(ValueError, match=r"markets without a region: \['BR'\]"):
        at_levels(cells, ["actual_units"], ["lag_months"], {"FR": "Europe", "DE": "Europe"})


def test_regions_of_cells_without_a_market_are_rejected(cells):
    with pytest.raises(ValueError, match="without the column country"):
        at_levels(cells.drop(columns="country"), ["actual_units"], ["lag_months"], REGIONS)


def test_the_cells_given_are_not_changed(cells):
    before = cells.copy()
    accuracy_at_levels(cells, MODEL, ["lag_months"], REGIONS)
    pd.testing.assert_frame_equal(cells, before)
