"""Volumes of the market, of categories and of single SKUs against their past."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.volumes import category_volume, market_volume, sku_volume
from forecast_assets_tests.domain.deliveries.deliveries import TEN, history, june, wavy

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


@pytest.mark.parametrize(
    ("units", "warns"), [(125.0, None), (80.0, None), (126.0, True), (79.0, True), (160.0, True), (62.5, True),
                         (161.0, False), (62.0, False)],
)  # fmt: skip
def test_a_market_warns_beyond_a_quarter_and_stops_beyond_a_factor_of_1_6(units, warns):
    finding = market_volume(june(history(TEN, 12), dict.fromkeys(TEN, units)))
    assert (None if finding is None else finding.is_warning) is warns


def test_the_ten_largest_skus_are_listed_returns_among_them():
    units = {sku: 100.0 + place for place, sku in enumerate(TEN)} | {"R10": -5000.0, "R11": 1.0}
    rows = market_volume(june(history([*TEN, "R10", "R11"], 12), units)).rows
    assert rows["sku"].tolist() == ["R10", *reversed(TEN[1:])]
    assert rows["units"].tolist()[:2] == [-5000.0, 109.0]


def categories(**skus: int) -> pd.DataFrame:
    """Products of categories with so many SKUs, in the order of TEN."""
    labels = [name for name, count in skus.items() for _ in range(count)]
    return pd.DataFrame({"sku": TEN, "category": labels, "end_month": pd.NaT})


@pytest.mark.parametrize(("factor", "is_found"), [(2.0, False), (2.01, True), (0.5, False), (0.49, True)])
def test_a_category_is_found_beyond_twice_or_half_its_usual_month(factor, is_found):
    now = dict.fromkeys(TEN, 100.0) | dict.fromkeys(TEN[:2], 100.0 * factor)
    assert (category_volume(june(history(TEN, 12), now, categories(Tea=2, Ice=8))) is not None) is is_found


@pytest.mark.parametrize(("months", "is_found"), [(7, False), (8, True)])
def test_a_category_is_judged_after_eight_months(months, is_found):
    now = dict.fromkeys(TEN, 100.0) | dict.fromkeys(TEN[:2], 1000.0)
    assert (category_volume(june(history(TEN, months), now, categories(Tea=2, Ice=8))) is not None) is is_found


@pytest.mark.parametrize(("tea", "is_found"), [(1.0, True), (0.99, False)])
def test_a_category_counts_from_two_percent_of_the_year_before_on(tea, is_found):
    """Two SKUs of tea with 1 unit each, beside eight that have 98: 24 of 1,200 units in twelve months."""
    usual = dict.fromkeys(TEN, 12.25) | dict.fromkeys(TEN[:2], tea)
    products = categories(Tea=2, Ice=8)
    finding = category_volume(june(history(usual, 30), usual | dict.fromkeys(TEN[:2], 50.0), products))
    assert (finding is not None) is is_found


def test_the_year_before_a_category_is_twelve_months():
    """A larger market thirteen months ago changes nothing, nor does tea at that time."""
    usual = dict.fromkeys(TEN, 12.25) | dict.fromkeys(TEN[:2], 1.0)
    now, products = usual | dict.fromkeys(TEN[:2], 50.0), categories(Tea=2, Ice=8)
    before = history(usual, 30)
    is_old, is_tea = before["month"] == "2023-05-01", before["sku"].isin(TEN[:2])
    large = before.assign(units=before["units"].mask(is_old & ~is_tea, 20.0))
    assert category_volume(june(large, now, products)).rows["category"].tolist() == ["Tea"]
    less = before.assign(units=before["units"].mask(is_tea, 0.99).mask(is_old & is_tea, 3.0))
    assert category_volume(june(less, now, products)) is None


def test_a_category_of_one_sku_is_none_and_the_next_ones_are_judged():
    usual = dict.fromkeys(TEN, 100.0)
    now = usual | dict.fromkeys(TEN[:3], 300.0) | dict.fromkeys(TEN[8:], 20.0)
    finding = category_volume(june(history(usual, 12), now, categories(Tea=1, Ice=2, Mix=5, Jam=2)))
    assert finding.message.startswith(
        "category Ice, Jam: 600 units, expected 200, factor 3.00 (about x 3: another unit of measure?), limits 0.50 to "
        "2.00 from its own past. Check that"
    )
    assert finding.rows.to_dict("records")[1] == {
        "category": "Jam", "units": 40.0, "expected_units": 200.0, "factor": 0.2, "low": 0.5, "high": 2.0,
    }  # fmt: skip
