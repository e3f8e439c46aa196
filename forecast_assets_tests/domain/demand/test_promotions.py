import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.demand.promotions import promotion_calendar

ORIGIN = pd.Timestamp("2024-06-01")
NONE = pd.DataFrame({"sku": [], "promotion_month": pd.to_datetime([]), "is_promoted": [], "discount_pct": []})


def rows(*promotions):
    table = pd.DataFrame(promotions, columns=["sku", "promotion_month", "discount_pct"])
    return table.assign(promotion_month=pd.to_datetime(table["promotion_month"]), is_promoted=1.0)


def yearly(*march_flags):
    """Flags of whole years up to ORIGIN, promoted or not in July only."""
    flags = np.zeros((1, 12 * len(march_flags)))
    flags[0, ::12] = march_flags
    return flags


def test_known_months_hold_promotions_of_both_sources():
    flags = np.array([[0.0, 1.0, np.nan], [0.0, 0.0, 0.0]])
    calendar = promotion_calendar(rows(("b", "2024-06", 0.3)), np.array(["a", "b"]), ORIGIN, 3, 2, flags)
    np.testing.assert_array_equal(calendar.probability[:, :3], [[0, 1, 0], [0, 0, 1]])
    # The SKU's own discount is unknown: the market's mean.
    np.testing.assert_allclose(calendar.discount[:, :3], [[0, 0.3, 0], [0, 0, 0.3]])


def test_a_usual_discount_adds_one_promotion_of_the_market():
    promotions = rows(("a", "2024-05", 0.1), ("a", "2024-06", 0.1), ("b", "2024-06", 0.4))
    calendar = promotion_calendar(promotions, np.array(["a", "b", "c"]), ORIGIN, 3, 2)
    np.testing.assert_allclose(calendar.usual_discount, [(0.1 + 0.1 + 0.2) / 3, (0.4 + 0.2) / 2, 0.2])


def test_a_planned_promotion_is_certain_and_has_its_own_discount():
    calendar = promotion_calendar(rows(("a", "2024-08", 0.25)), np.array(["a", "b"]), ORIGIN, 12, 3)
    assert calendar.probability[0, 12 + 1] == 1.0
    assert calendar.discount[0, 12 + 1] == 0.25


def test_a_slot_of_every_earlier_year_is_likely_and_one_of_none_is_not():
    flags = np.concatenate([yearly(1, 1, 1, 1), yearly(0, 0, 0, 0)])
    calendar = promotion_calendar(NONE, np.array(["a", "b"]), ORIGIN, 48, 12, flags)
    july = calendar.probability[:, 48]
    # One year known after three promoted ones, promoted; with two observations of (3 + 1/24) / 4 added.
    assert july[0] == pytest.approx((1 + 2 * (3 + 1 / 24) / 4) / (1 + 2))
    assert july[1] < 0.05
    assert calendar.probability[0, 49] < 0.05


def test_a_fully_planned_market_leaves_no_chance_for_a_sku_without_a_plan():
    flags = np.repeat(yearly(1, 1, 1, 1), 3, axis=0)
    skus = np.array(["a", "b", "c"])
    none = promotion_calendar(NONE, skus, ORIGIN, 48, 1, flags)
    half = promotion_calendar(rows(("a", "2024-07", 0.2)), skus, ORIGIN, 48, 1, flags)
    every = promotion_calendar(rows(*((sku, "2024-07", 0.2) for sku in skus)), skus, ORIGIN, 48, 1, flags)
    chance = none.probability[1, -1]
    share = 1 / (3 * chance)
    assert half.planned_share[0] == pytest.approx(share)
    assert half.probability[1, -1] == pytest.approx(chance * (1 - share) / (1 - chance * share))
    assert 0 < half.probability[1, -1] < chance
    assert every.planned_share[0] == 1.0
    assert none.planned_share[0] == 0.0


def test_the_chance_of_a_slot_equals_a_count_by_loops():
    rng = np.random.default_rng(4)
    flags = np.where(rng.random((7, 61)) < 0.1, np.nan, rng.random((7, 61)) < 0.3)
    calendar = promotion_calendar(NONE, np.arange(7).astype(str), ORIGIN, 61, 14, flags)
    for sku in range(7):
        for ahead in (1, 5, 12, 13, 14):
            expected = slow_chance(flags, sku, 60 + ahead, first_year=1 if ahead <= 12 else 2)
            assert calendar.probability[sku, 60 + ahead] == pytest.approx(expected), (sku, ahead)


def slow_chance(flags, sku, month, first_year):
    def before(row, column):
        positions = [column - 12 * year for year in range(first_year, first_year + 3)]
        seen = [flags[row, position] for position in positions if 0 <= position < flags.shape[1]]
        known = [value for value in seen if not np.isnan(value)]
        return len(known), int(sum(known))

    asked = before(sku, month)
    same = [
        flags[row, column]
        for row in range(len(flags))
        for column in range(12 * first_year, flags.shape[1])
        if not np.isnan(flags[row, column]) and before(row, column) == asked
    ]
    known, were = asked
    prior = (were + np.nanmean(flags)) / (known + 1)
    return (sum(same) + 2 * prior) / (len(same) + 2)
