"""Learning over all markets: a sample that stays, nothing of the origin month in the model, texts that are exact."""

import dataclasses
import zlib

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.models.pooled_model import fit_pooled_model, pooled_from_texts, pooled_rows, pooled_to_texts
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.models.synthetic_rows import plain_features

MONTHS = pd.date_range("2019-01-01", periods=60, freq="MS")
# The month after it ends a quarter: its anchors lie 6, 12 and 18 months back.
CUTOFF = MONTHS[49]
MARKETS = {"FR": [f"F{number:02d}" for number in range(12)], "NO": [f"N{number:02d}" for number in range(5)]}
QUICK = Recipe(
    rounds=5, min_rows_per_leaf=20, training_rows=2000, recursive_rounds=4, refit_rounds=3, refit_rows=1500,
    min_recursive_rows=100,
)  # fmt: skip
DESCRIPTION = {
    "category": "tea", "abc_class": "A", "xyz_class": "X", "inputs_missing": "", "ses_one_step_mae": 0.1,
    "theta_one_step_mae": 0.1, "damped_holt_one_step_mae": 0.1,
}  # fmt: skip


def month_tables(markets: dict[str, list[str]], month: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and sell-in of one month as they are loaded: SKU i of a market sells i + 1 units, more in December."""
    features, sold = [], []
    for code, skus in markets.items():
        units = (1.0 + np.arange(len(skus))) * (1.0 + month.month / 12)
        table = plain_features(skus, pd.DatetimeIndex([month]), 3.0, 2.0, **DESCRIPTION)
        features.append(table.assign(country=code, month=month, level=units))
        sold.append(pd.DataFrame({"country": code, "month": month, "sku": skus, "sell_in_units": units}))
    return pd.concat(features, ignore_index=True), pd.concat(sold, ignore_index=True)


def rows_of(months: pd.DatetimeIndex) -> pd.DataFrame:
    """Pooled rows of the months as they are loaded."""
    rows_by_month = [pooled_rows(*month_tables(MARKETS, month), 100).assign(month=month) for month in months]
    return pd.concat(rows_by_month, ignore_index=True).copy()


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return rows_of(MONTHS)


@pytest.fixture(scope="module")
def model(rows):
    return fit_pooled_model(rows, CUTOFF, QUICK)


def sampled(markets: dict[str, list[str]], skus_per_market: int) -> set[tuple[str, str]]:
    rows = pooled_rows(*month_tables(markets, MONTHS[0]), skus_per_market)
    return set(zip(rows["market"], rows["sku"], strict=True))


def test_a_row_has_the_features_and_the_sell_in_of_its_market_and_sku():
    rows = pooled_rows(*month_tables({"NO": ["a", "b"], "FR": ["b"]}, MONTHS[11]), 10)
    assert rows[["market", "sku", "sell_in_units", "level"]].to_numpy().tolist() == [
        ["FR", "b", 2.0, 2.0], ["NO", "a", 2.0, 2.0], ["NO", "b", 4.0, 4.0],
    ]  # fmt: skip


def test_the_sample_of_each_market_are_the_skus_of_lowest_hash():
    by_hash = sorted(MARKETS["FR"], key=lambda sku: zlib.crc32(f"FR|{sku}".encode()))
    assert sampled(MARKETS, 3) >= {("FR", sku) for sku in by_hash[:3]}
    assert {code: sum(market == code for market, _ in sampled(MARKETS, 7)) for code in MARKETS} == {"FR": 7, "NO": 5}


def test_a_sku_that_leaves_changes_at_most_one_other_of_the_sample():
    before = sampled(MARKETS, 6)
    left = next(sku for market, sku in sorted(before) if market == "FR")
    after = sampled({**MARKETS, "FR": [sku for sku in MARKETS["FR"] if sku != left]}, 6)
    assert before - after == {("FR", left)}
    assert len(after - before) == 1
    assert sampled({code: skus[::-1] for code, skus in reversed(MARKETS.items())}, 6) == before


def test_a_month_without_features_gives_an_empty_table_to_store():
    features, sold = month_tables(MARKETS, MONTHS[0])
    fit = schema_check("pooled_rows").find(pooled_rows(features.iloc[:0], sold.iloc[:0], 5), MONTHS[0])
    assert fit.violations == 0


def test_pooled_fits_are_at_the_cutoff_and_18_12_and_6_months_before(model):
    assert sorted(model.by_offset) == [0, 6, 12, 18]
    assert model.cutoff == CUTOFF
    assert model.skus == {"FR": 12, "NO": 5}
    trees = {
        offset: [text.count("\nTree=") for text in fit.boosters.direct.values()]
        for offset, fit in model.by_offset.items()
    }
    # Of 5 rounds, and of 3 in a refit: three quarters for SKUs that are regular, as all of these.
    assert set(trees[0]) == {4}
    assert set(trees[6]) == set(trees[18]) == {2}


def test_nothing_of_the_origin_month_or_later_reaches_the_model(rows, model):
    poisoned = rows.assign(
        sell_in_units=rows["sell_in_units"].mask(rows["month"] > CUTOFF, 1e9),
        level=rows["level"].mask(rows["month"] > CUTOFF, 1e9),
        scale_units=rows["scale_units"].mask(rows["month"] > CUTOFF, 1e6),
        new_column=np.where(rows["month"] > CUTOFF, rows["level"], np.nan),
    )
    assert not poisoned["sell_in_units"].equals(rows["sell_in_units"])
    newcomers = poisoned[poisoned["month"] > CUTOFF].assign(market="LATE")
    again = fit_pooled_model(pd.concat([poisoned, newcomers], ignore_index=True), CUTOFF, QUICK)
    pd.testing.assert_frame_equal(pooled_to_texts(again), pooled_to_texts(model))


@pytest.mark.parametrize("offset", [6, 12, 18])
def test_the_parts_of_each_refit_know_nothing_after_their_own_cutoff(rows, model, offset):
    later = rows["month"] > add_months(CUTOFF, -offset)
    one = later & (rows["market"] == "NO")
    poisoned = rows.assign(sell_in_units=rows["sell_in_units"].mask(one, 1e6), level=rows["level"].mask(later, 1e9))
    again = fit_pooled_model(poisoned, CUTOFF, QUICK)
    assert again.by_offset[offset].boosters == model.by_offset[offset].boosters
    pd.testing.assert_frame_equal(again.by_offset[offset].quantiles, model.by_offset[offset].quantiles)
    assert again.by_offset[0].boosters != model.by_offset[0].boosters


def with_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with a column that tells what follows (twice the sell-in of its own level), and one of noise."""
    noise = np.random.default_rng(3).normal(size=len(rows))
    return rows.assign(telling=rows["sell_in_units"] + 0.01 * noise, noise=noise)


def test_the_fit_at_the_cutoff_keeps_the_best_columns_and_earlier_fits_all(rows):
    pooled_model = fit_pooled_model(with_columns(rows), CUTOFF, dataclasses.replace(QUICK, kept_features=1))
    assert {"telling", "noise", "level"} <= set(pooled_model.by_offset[6].boosters.names.origin)
    gains = sum(pooled_model.by_offset[offset].boosters.gains() for offset in (6, 12, 18))
    kept = set(pooled_model.current.boosters.names.origin)
    assert kept == {gains.idxmax()} & set(pooled_model.by_offset[6].boosters.names.origin)
    assert "noise" not in kept


def test_the_choice_of_columns_reads_nothing_of_the_last_six_months(rows):
    few = dataclasses.replace(QUICK, kept_features=2)
    late = rows["month"] > add_months(CUTOFF, -6)
    columns = with_columns(rows)
    # From half a year before the cutoff on, noise is what follows and the telling column is none.
    poisoned = columns.assign(
        noise=columns["noise"].mask(late, 1e3 * columns["sell_in_units"]), telling=columns["telling"].mask(late, 0.0),
        sell_in_units=columns["sell_in_units"].mask(late, 50 * columns["sell_in_units"]),
    )  # fmt: skip
    expected, pooled_model = (fit_pooled_model(each, CUTOFF, few) for each in (columns, poisoned))
    assert pooled_model.current.boosters.names == expected.current.boosters.names
    assert pooled_model.current.boosters.direct != expected.current.boosters.direct


def test_without_history_for_earlier_cutoffs_all_columns_are_learned_from(rows):
    columns = with_columns(rows[rows["month"] >= MONTHS[44]])
    pooled_model = fit_pooled_model(columns, CUTOFF, dataclasses.replace(QUICK, kept_features=1, min_history_months=0))
    assert sorted(pooled_model.by_offset) == [0]
    assert {"telling", "noise", "level"} <= set(pooled_model.current.boosters.names.origin)


def test_the_last_month_before_the_origin_is_learned_from(rows, model):
    other = rows.assign(sell_in_units=rows["sell_in_units"].mask(rows["month"] == CUTOFF, 50.0))
    assert fit_pooled_model(other, CUTOFF, QUICK).by_offset[0].boosters != model.by_offset[0].boosters


def test_only_the_last_60_months_are_learned_from(rows):
    cutoff = add_months(MONTHS[-1], 4)
    with_later = pd.concat([rows, rows_of(pd.date_range(end=cutoff, periods=4, freq="MS"))], ignore_index=True)
    other = with_later.assign(sell_in_units=with_later["sell_in_units"].mask(with_later["month"] < MONTHS[4], 1e9))
    expected, actual = (pooled_to_texts(fit_pooled_model(each, cutoff, QUICK)) for each in (with_later, other))
    pd.testing.assert_frame_equal(actual, expected)


def test_the_pooled_model_known_earlier_has_no_later_fit(model):
    earlier = model.known(12)
    assert earlier.cutoff == add_months(CUTOFF, -12)
    assert sorted(earlier.by_offset) == [0, 6]
    assert earlier.current is model.by_offset[12]
    assert earlier.of_refits == {6: model.by_offset[18].boosters}
    assert model.known(24).current is None


def test_a_stored_model_reads_back_as_it_was(model):
    table = pooled_to_texts(model)
    assert schema_check("pooled_model").find(table, MONTHS[0]).violations == 0
    again = pooled_from_texts(table)
    pd.testing.assert_frame_equal(pooled_to_texts(again), table)
    for offset, fit in model.by_offset.items():
        assert again.by_offset[offset].boosters == fit.boosters
    assert dataclasses.replace(again, by_offset={}) == dataclasses.replace(model, by_offset={})


@pytest.mark.parametrize(
    ("markets", "first", "reason"),
    [(["FR"], 0, "1 market(s) with rows, expected 2"), (["FR", "NO"], 49, "expected at least 200")],
)
def test_one_market_or_short_history_is_stored_with_its_reason(rows, markets, first, reason):
    given = rows[rows["market"].isin(markets) & (rows["month"] >= MONTHS[first])]
    pooled_model = fit_pooled_model(given, CUTOFF, QUICK)
    table = pooled_to_texts(pooled_model)
    assert table["part"].tolist() == ["manifest.json"]
    assert reason in pooled_model.reason
    assert pooled_from_texts(table) is None


def test_no_stored_model_is_read_as_none():
    assert pooled_from_texts(pd.DataFrame(columns=["part", "content"])) is None


def test_an_anchor_is_learned_alike_by_the_months_of_a_quarter_and_two_quarters_later(rows, model):
    next_month, half_a_year_on = add_months(CUTOFF, 1), add_months(CUTOFF, 6)
    later = fit_pooled_model(rows, next_month, QUICK)
    assert sorted(later.by_offset) == [0, 7, 13, 19]
    assert [later.by_offset[back + 1].boosters == model.by_offset[back].boosters for back in (6, 12, 18)] == [True] * 3
    again = fit_pooled_model(rows, half_a_year_on, QUICK)
    assert [again.by_offset[back + 6].boosters == model.by_offset[back].boosters for back in (6, 12)] == [True] * 2
