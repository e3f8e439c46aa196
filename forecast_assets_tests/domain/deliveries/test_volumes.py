"""Volumes of the market, of categories and of single SKUs against their past."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.deliveries.delivery import delivery_until
from forecast_assets.domain.deliveries.prices import price_level
from forecast_assets.domain.deliveries.volumes import category_volume, expectation, market_volume, sku_volume
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, june, month_of, wavy

LEVEL = 1000.0


def scaled(factor: float) -> dict[str, float]:
    return dict.fromkeys(TEN, LEVEL * factor)


@pytest.mark.parametrize(
    ("factor", "blocks"), [(1.0, None), (0.85, None), (22 / 30, False), (10 / 30, True), (1 / 3, True), (12.0, True)]
)
def test_partial_months_and_packs_are_found_in_the_total(factor, blocks):
    finding = market_volume(june(wavy(TEN, 36), scaled(factor)))
    assert (None if finding is None else not finding.is_warning) == blocks


def test_the_message_has_factor_limits_and_a_hint_at_packs():
    message = market_volume(june(wavy(TEN, 36), scaled(12.0))).message
    assert "(about x 12: another unit of measure?)" in message
    assert "limits 0.80 to 1.25 from 18 months before" in message


def test_a_young_market_is_judged_by_a_factor_of_two_and_a_half():
    before = history(TEN, 3)
    assert market_volume(june(before, dict.fromkeys(TEN, 245.0))) is None
    assert "limits 0.40 to 2.50 from 3 months before" in market_volume(june(before, dict.fromkeys(TEN, 260.0))).message
    assert market_volume(june(history(TEN, 2), dict.fromkeys(TEN, 1e6))) is None


def test_a_noisy_market_has_wider_limits_than_a_steady_one():
    generator = np.random.default_rng(1)
    steady, noisy = (np.exp(generator.normal(0, sigma, 37)) for sigma in (0.05, 0.4))
    of_steady, of_noisy = (expectation(totals, 0.005, 1.25) for totals in (steady, noisy))
    assert (of_steady.low, of_steady.high) == (0.8, 1.25)
    assert of_noisy.low < 0.5
    assert of_noisy.high > 2


def test_a_season_of_the_year_before_is_expected_again():
    season = np.where(np.arange(49) % 12 == 0, 3.0, 1.0)
    assert not expectation(season, 0.005, 1.25).is_outside


def test_a_category_that_is_hidden_in_the_total_is_found():
    categories = ["Tea"] * 3 + ["Coffee"] * 7
    products = pd.DataFrame({"sku": TEN, "category": categories, "end_month": pd.NaT})
    units = scaled(1.0) | dict.fromkeys(TEN[:3], LEVEL / 3)
    finding = category_volume(june(wavy(TEN, 36), units, products))
    assert finding.rows["category"].tolist() == ["Tea"]
    assert finding.is_warning
    assert category_volume(june(wavy(TEN, 36), scaled(1.0), products)) is None
    gone = dict.fromkeys(TEN[3:], LEVEL)
    assert category_volume(june(wavy(TEN, 36), gone, products)).rows["units"].tolist() == [0.0]


@pytest.mark.parametrize(("factor", "is_found"), [(3.0, False), (10.0, True), (0.25, False), (0.09, True)])
def test_an_order_of_magnitude_in_one_sku_is_found_either_way(factor, is_found):
    finding = sku_volume(june(wavy(TEN, 36), scaled(1.0) | {"R04": LEVEL * factor}))
    assert (finding is not None) is is_found
    if finding:
        assert finding.rows["sku"].tolist() == ["R04"]
        assert "SKU R04 has" in finding.message


def test_a_market_whose_skus_jump_has_a_wider_limit():
    before = wavy(TEN, 36)
    before.loc[(before["month"] == "2024-02-01") & (before["sku"] == "R09"), "units"] *= 10
    assert sku_volume(june(before, scaled(1.0) | {"R04": LEVEL * 12})) is None


def test_a_large_jump_blocks_and_a_small_one_warns():
    units = scaled(1.0) | {"R04": LEVEL * 10}
    assert not sku_volume(june(wavy(TEN, 36), units)).is_warning
    small = pd.concat([wavy(TEN, 36), wavy(["S"], 36, level=100.0)])
    assert sku_volume(june(small, scaled(1.0) | {"S": 1000.0})).is_warning


def test_a_jump_of_less_than_half_an_average_sku_does_not_count():
    small = pd.concat([wavy(TEN, 36), wavy(["S"], 36, level=10.0)])
    assert sku_volume(june(small, scaled(1.0) | {"S": 100.0})) is None


def priced(units: dict[str, float], price: dict[str, float]):
    rows = pd.concat([history(TEN, 18), month_of(units)], ignore_index=True)
    prices = rows["sku"].map(price).where(rows["month"] == JUNE, 2.0)
    return price_level(delivery_until(rows.assign(net_sales=rows["units"] * prices), JUNE))


def test_a_price_level_of_packs_is_found_and_one_of_inflation_is_not():
    usual = dict.fromkeys(TEN, 100.0)
    assert priced(usual, dict.fromkeys(TEN, 2.2)) is None
    finding = priced(usual, dict.fromkeys(TEN, 24.0))
    assert "is 12.00 times that of the half year before, limits 0.67 to 1.50" in finding.message
    assert not finding.is_warning


def test_one_sku_in_packs_is_found_by_its_price():
    finding = priced(dict.fromkeys(TEN, 100.0), dict.fromkeys(TEN, 2.0) | {"R03": 6.0})
    assert finding.rows.to_dict("records") == [{"sku": "R03", "price_factor": 3.0}]
    assert finding.is_warning
    assert priced(dict.fromkeys(TEN, 100.0), dict.fromkeys(TEN, 2.0) | {"R03": 4.0}) is None


def test_the_price_of_sell_out_is_the_delivered_one_whatever_its_units():
    rows = pd.concat([history(TEN, 18), month_of(dict.fromkeys(TEN, 3000.0))], ignore_index=True)
    usual, packs = rows.assign(price=2.0), rows.assign(price=[2.0] * 180 + [2000.0] * 10)
    assert price_level(delivery_until(usual, JUNE)) is None
    message = price_level(delivery_until(packs, JUNE)).message
    assert "the price level (price as delivered) is 1000.00 times that of the half year before" in message
    assert message.endswith("Check the unit of measure, the decimals and the currency of price")
    assert price_level(delivery_until(rows.assign(price=0.0), JUNE)) is None


def test_without_net_sales_there_is_no_price():
    assert price_level(june(history(TEN, 18), dict.fromkeys(TEN, 100.0))) is None
