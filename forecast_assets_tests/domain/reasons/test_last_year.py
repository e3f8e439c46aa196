"""Differences from last year of SKUs whose parts can be computed in the head."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.features.columns import horizon_column
from forecast_assets.domain.reasons.causes import CAUSES, FEATURE_CAUSES
from forecast_assets.domain.reasons.last_year import differences, expected_parts, last_year

NEVER = np.zeros((1, 18), dtype=bool)


def features(**by_month: list[float]) -> pd.DataFrame:
    """One SKU's features by horizon; a single number holds in every month."""
    wide = {name: np.broadcast_to(np.asarray(values, dtype=float), 18) for name, values in by_month.items()}
    return pd.DataFrame(
        [{horizon_column(name, h): values[h - 1] for name, values in wide.items() for h in range(1, 19)}]
    )


def year(*units: float) -> np.ndarray:
    """Twelve months of sell-in, all 100 but the first ones."""
    return np.array([[*units, *[100.0] * (12 - len(units))]])


def parts_of(result, horizon: int) -> dict[str, float]:
    units = dict(zip(CAUSES, result.parts[0, horizon - 1], strict=True))
    return {cause: pytest.approx(value) for cause, value in units.items() if abs(value) > 1e-9}


def test_a_higher_level_is_all_of_the_difference_without_season_and_promotions():
    result = differences(np.full((1, 18), 110.0), last_year(features(), year()), NEVER)
    assert parts_of(result, 1) == {"level": 10}
    assert (result.level[0, 0], result.level_then[0]) == (110, 100)


def test_an_unusual_month_of_last_year_is_a_one_off():
    """160 in one month of 100s: the level of the year is 105."""
    result = differences(np.full((1, 18), 105.0), last_year(features(), year(160)), NEVER)
    assert parts_of(result, 1) == {"one_off": -55}
    assert parts_of(result, 2) == {"one_off": 5}


def test_months_more_than_a_year_ahead_are_compared_with_the_year_before():
    result = differences(np.full((1, 18), 105.0), last_year(features(), year(160)), NEVER)
    assert parts_of(result, 13) == parts_of(result, 1)


def test_a_forecast_beyond_level_and_usual_season_is_season():
    """An index of 1.5 and 11 of 1, so 1.44 and 0.96 of a mean month: the forecast has 24 units more."""
    season = [1.5, *[1.0] * 11, 1.5, *[1.0] * 5]
    usual = np.array(season) * 12 / 12.5
    last = last_year(features(seasonal_index=season), 100 * usual[None, :12])
    assert last.level == pytest.approx([100])
    forecast = 100 * usual[None].copy()
    forecast[0, 0] += 24
    result = differences(forecast, last, NEVER)
    assert result.level[0, 0] == pytest.approx(102)
    assert parts_of(result, 1) == {"level": 2.88, "season": 24 - 2.88}


def test_a_promotion_that_is_not_repeated_and_one_that_is_planned():
    """Last year 150 with a promotion that sold half as much again; now month 2 has one that doubles 100."""
    factor = [1.0, 2.0, *[1.0] * 16]
    expected = [100.0, 200.0, *[100.0] * 16]
    table = features(
        same_month_1_years_ago=[150.0, *[100.0] * 11, *[np.nan] * 6], promotion_factor=factor,
        adjusted_same_month=expected, adjusted_sell_in=expected, base_sell_in=100.0, expected_units=expected,
    )  # fmt: skip
    forecast = np.array([expected])
    last, weight = last_year(table, year(150)), np.ones(1)
    result = differences(forecast, last, NEVER, None, expected_parts(table), weight)
    assert parts_of(result, 1) == {"promotion": -50}
    assert parts_of(result, 2) == {"promotion": 100}
    assert (result.promotion_then[0, 0], result.promotion_now[0, 1]) == pytest.approx((50, 100))


def test_orders_beyond_what_the_trade_sells_are_stock():
    """Weights 3, 2, 1: orders of 60 in place of 100 take half of 40 off."""
    table = features(
        promotion_factor=1.0, adjusted_same_month=100.0, adjusted_sell_in=100.0, base_sell_in=100.0,
        expected_sell_out=100.0, expected_orders=[60.0, *[100.0] * 17], expected_units=[80.0, *[100.0] * 17],
    )  # fmt: skip
    forecast = np.array([[80.0, *[100.0] * 17]])
    result = differences(forecast, last_year(table, year()), NEVER, None, expected_parts(table), np.ones(1))
    assert parts_of(result, 1) == {"stock": -20}


@pytest.mark.parametrize("boosted", [0.0, 12.0])
def test_a_sixth_of_an_unusual_month_is_expected_again(boosted):
    """Last year's 160 has weight 1 of 6: (3 x 100 + 2 x 100 + 160) / 6 = 110. The year's level is 105, so 55 unusual.

    A sixth of it is expected again. Without it the forecast's level is 100 and 5 / 6, and the boosting adds its own.
    """
    expected = [110.0, *[100.0] * 11, 110.0, *[100.0] * 5]
    same_month = [160.0, *[100.0] * 11, 160.0, *[100.0] * 5]
    table = features(
        promotion_factor=1.0, adjusted_same_month=same_month, adjusted_sell_in=100.0, base_sell_in=100.0,
        expected_sell_out=100.0, expected_orders=100.0, expected_units=expected,
    )  # fmt: skip
    boosting = np.zeros((1, 18, len(FEATURE_CAUSES)))
    boosting[0, :, FEATURE_CAUSES.index("level")] = boosted
    forecast = np.array([expected]) + boosted
    weight = np.ones(1)
    result = differences(forecast, last_year(table, year(160)), NEVER, boosting, expected_parts(table), weight)
    assert parts_of(result, 1) == {"level": 5 / 6 - 5 + boosted, "one_off": -55 * 5 / 6}
    assert result.level[0, 0] == pytest.approx(100 + 5 / 6 + boosted)


def test_orders_at_the_level_of_the_sell_out_are_no_stock_correction():
    """The trade sells half of what it bought: half of the promotion's 20 is in its orders of 50, at weight 3 of 6.

    Promotion: 20 x 2/6 + 10 x 3/6 + 20 x 1/6 = 15 of (50 x 3 + 100 x 2 + 100) / 6 = 75.
    """
    table = features(
        promotion_factor=1.25, adjusted_same_month=100.0, adjusted_sell_in=100.0, base_sell_in=80.0,
        expected_sell_out=50.0, expected_orders=50.0, expected_units=75.0,
    )  # fmt: skip
    last = last_year(table, np.full((1, 12), 80.0))
    result = differences(np.full((1, 18), 75.0), last, NEVER, None, expected_parts(table), np.ones(1))
    assert parts_of(result, 1) == {"promotion": 15, "level": -20}


def test_expected_units_of_half_the_weight_explain_half_as_much():
    """They expect 200 with a promotion and 100 without, the other members 100: the forecast is 150."""
    table = features(
        promotion_factor=2.0, adjusted_same_month=200.0, adjusted_sell_in=200.0, base_sell_in=100.0,
        expected_units=200.0,
    )  # fmt: skip
    last = last_year(table, year())
    # Last year's 100 had the promotion too, or it would be 200 now: without it 50.
    result = differences(np.full((1, 18), 150.0), last, NEVER, None, expected_parts(table), np.full(1, 0.5))
    assert result.promotion_now[0, 0] == pytest.approx(50)


def test_contributions_of_the_boosting_go_to_their_causes():
    boosting = np.zeros((1, 18, len(FEATURE_CAUSES)))
    boosting[0, :, FEATURE_CAUSES.index("price")] = -7
    boosting[0, :, FEATURE_CAUSES.index("level")] = 4
    result = differences(np.full((1, 18), 97.0), last_year(features(), year()), NEVER, boosting)
    assert parts_of(result, 1) == {"price": -7, "level": 4}


def test_months_after_the_end_do_not_lower_the_level():
    forecast = np.array([[100.0, 100.0, *[0.0] * 16]])
    result = differences(forecast, last_year(features(), year()), np.arange(18)[None] >= 2)
    assert parts_of(result, 1) == {}
    assert result.level[0, 0] == 100


def test_parts_below_a_hundredth_join_the_rest():
    boosting = np.zeros((1, 18, len(FEATURE_CAUSES)))
    boosting[0, :, FEATURE_CAUSES.index("price")] = 0.9
    result = differences(np.full((1, 18), 100.9), last_year(features(), year()), NEVER, boosting)
    assert parts_of(result, 1) == {"rest": 0.9}


def test_a_month_unknown_last_year_has_no_parts():
    units = year(np.nan)
    result = differences(np.full((1, 18), 110.0), last_year(features(), units), NEVER)
    assert np.isnan(result.parts[0, [0, 12]]).all()
    assert parts_of(result, 2) == {"level": 10}


def test_an_extreme_that_the_level_is_not_learned_from_is_a_one_off():
    table = features(same_month_1_years_ago=[100.0] * 12 + [np.nan] * 6)
    result = differences(np.full((1, 18), 100.0), last_year(table, year(900)), NEVER)
    assert parts_of(result, 1) == {"one_off": -800}
