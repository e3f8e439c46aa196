import numpy as np
import pandas as pd
import pytest

from benchmarks.launch_cells import LaunchMarket, market_cells
from benchmarks.launches import file_market, scores
from forecast_assets_tests.domain.portfolio_market import MONTHS, PAST, market, products, series


def cells_of_a_small_market():
    """A tea of 100 a month with a reference of 80, and one earlier launch of 60, then 40 a month."""
    skus = {"ref": series((80, 60)), "past": series((60, 1), (40, 27)), "new": series((100, 7))}
    panel = market(**skus)
    described = {"new": {"reference_sku": "ref", "launch_month": MONTHS[PAST - 7]}}
    panel = panel.until(MONTHS[PAST - 1])
    return market_cells(LaunchMarket("small", panel, products(panel, **described)))


def test_a_launch_is_forecast_before_it_and_after_one_three_and_six_months():
    cells = cells_of_a_small_market()
    own = cells[cells["sku"] == "new"].set_index(["age_months", "month_of_life"])
    assert own.groupby("age_months").size().to_dict() == {0: 7, 1: 6, 3: 4, 6: 1}
    assert (own["actual_units"] == 100).all()
    # Announced: at the level of the reference, beside the mean launch of the category.
    assert own.loc[0, "forecast_units"].tolist() == pytest.approx([80] * 7)
    assert own.loc[0, "category_units"].tolist() == pytest.approx([60] + [40] * 6)
    assert own.loc[0, "reference_units"].tolist() == pytest.approx([80] * 7)
    # One month on sale: (100 x 80) ^ (1 / 2); the new one's first month counts for the category then.
    assert own.loc[1, "forecast_units"].tolist() == pytest.approx([8000**0.5] * 6)


def test_scores_are_of_the_first_three_and_twelve_months():
    cells = cells_of_a_small_market()
    figures = scores(cells[cells["sku"] == "new"]).set_index(["age", "months", "peer"])
    assert figures.loc[(0, 3, "rule"), ["wape", "bias"]].tolist() == pytest.approx([0.2, -0.2])
    assert figures.loc[(0, 3, "category's mean"), "wape"] == pytest.approx((40 + 60 + 60) / 300)
    assert figures.loc[(0, 12, "category's mean"), "wape"] == pytest.approx((40 + 6 * 60) / 700)
    assert figures.loc[(0, 12, "reference's level"), "rule_wape"] == pytest.approx(0.2)


def test_a_file_is_a_market_whose_skus_begin_with_their_first_sale(tmp_path):
    months = pd.date_range("2020-01-01", periods=4, freq="MS")
    rows = pd.DataFrame({"sku": ["a"] * 4 + ["b"] * 4, "month": [*months] * 2, "y": [0, 0, 5, 0, 1, 0, 0, 2]})
    rows.to_parquet(tmp_path / "parts.parquet")
    parts = file_market(tmp_path / "parts.parquet")
    np.testing.assert_array_equal(parts.panel.units, [[np.nan, np.nan, 5, 0], [1, 0, 0, 2]])
    assert parts.products["launch_month"].tolist() == [months[2], pd.NaT]
