"""The tree of a small company by hand, what is cut at an origin, and reconciliation against formulas of its own."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks import reconcile_methods
from benchmarks.hierarchical_series import SkuSeries, read_series, summing_matrix, tree_case
from benchmarks.protocol import Forecasts
from benchmarks.reconcile_methods import METHODS, base_forecasts, one_step_errors, reconcile
from benchmarks.reconciliation import main, sku_test

KEYS = pd.DataFrame(
    [
        ("Europe", "DE", "tea", "a"),
        ("Europe", "DE", "tea", "b"),
        ("Europe", "FR", "ice", "a"),
        ("Europe", "FR", "tea", "b"),
        ("Americas", "BR", "ice", "a"),
        ("Americas", "BR", "ice", "b"),
    ],
    columns=["region", "market", "category", "sku"],
)
MONTHS = pd.date_range("2015-01-01", periods=80, freq="MS")
NEEDS_LIBRARY = ("forecast_proportions", "mint_ols", "mint_wls_struct", "mint_shrink")


@pytest.fixture
def series():
    rng = np.random.default_rng(2)
    season = 1 + 0.3 * np.sin(2 * np.pi * MONTHS.month.to_numpy() / 12)
    level = np.array([10.0, 200, 50, 80, 500, 20])[:, None]
    return SkuSeries(KEYS, MONTHS, level * season * np.exp(rng.normal(0, 0.1, (6, 80))))


@pytest.fixture
def case(series):
    return tree_case(series, 6, 0)


def tidy(series):
    rows = series.keys.loc[series.keys.index.repeat(len(series.months))].reset_index(drop=True)
    return rows.assign(month=np.tile(series.months, len(series.keys)), y=series.units.ravel())


def test_the_tree_sums_skus_to_categories_markets_regions_and_the_world():
    summing, rows = summing_matrix(KEYS)
    assert {level: len(places) for level, places in rows.items()} == {
        "world": 1, "region": 2, "market": 3, "category": 4, "sku": 6,
    }  # fmt: skip
    units = np.array([1.0, 2, 4, 8, 16, 32])
    totals = {level: (summing @ units)[places].tolist() for level, places in rows.items()}
    assert totals == {
        "world": [63], "region": [15, 48], "market": [3, 12, 48], "category": [3, 4, 8, 48], "sku": units.tolist(),
    }  # fmt: skip


def test_a_level_that_only_repeats_another_is_no_level():
    one_region = KEYS.assign(region="ALL", category=KEYS["market"])
    assert list(summing_matrix(one_region)[1]) == ["world", "market", "sku"]


def test_a_case_ends_before_its_horizon_and_an_earlier_one_a_step_before(series):
    last, earlier = tree_case(series, 6, 0), tree_case(series, 6, 12)
    assert (last.origin, earlier.origin) == ("2021-02", "2020-02")
    np.testing.assert_array_equal(last.actual, series.units[:, 74:])
    np.testing.assert_array_equal(earlier.actual, series.units[:, 62:68])
    np.testing.assert_array_equal(earlier.known.units, series.units[:, :62])
    assert last.calendar_months[-1] == 2


def test_skus_that_are_too_young_gone_or_unknown_later_are_left_out_of_every_level(series):
    units = series.units.copy()
    units[0, : 74 - 35] = np.nan  # 35 known months
    units[1, 74 - 12 : 74] = np.nan  # silent for a year
    units[2, 79] = np.nan  # its last month is unknown
    units[3, : 74 - 36] = np.nan  # 36 known months are enough
    case = tree_case(SkuSeries(KEYS, MONTHS, units), 6, 0)
    assert case.known.names.tolist() == ["FR|b", "BR|a", "BR|b"]
    assert case.left_out == 3
    np.testing.assert_array_equal((case.summing @ case.actual)[0], units[3:, 74:].sum(axis=0))


def test_without_a_sku_the_message_says_what_is_missing(series):
    with pytest.raises(ValueError, match="48 months back no SKU has 36 known months"):
        tree_case(series, 6, 48)


def test_a_sum_counts_a_month_before_a_launch_as_zero(series):
    units = series.units.copy()
    units[:2, :10] = np.nan
    history = tree_case(SkuSeries(KEYS, MONTHS, units), 6, 0).summed_history()
    assert history[0, 0] == pytest.approx(units[2:, 0].sum())
    assert np.isnan(history[3, :10]).all()  # DE, whose two SKUs had not been launched
    assert history[3, 10] == pytest.approx(units[:2, 10].sum())


def test_one_step_errors_are_of_forecasts_made_a_month_before(case):
    def last_month(units, calendar_months, horizon):
        assert len(calendar_months) == units.shape[1]
        return units[:, -1:]

    history = case.summed_history()
    history[2, :50] = np.nan
    errors = one_step_errors(history, case.calendar_months, last_month)
    assert errors.shape == (len(history), 36)
    expected = [[row[month] - row[month - 1] for month in range(74 - 36, 74)] for row in history]
    np.testing.assert_allclose(errors[[0, 1, 3]], np.array(expected)[[0, 1, 3]])
    # Series 2 has its twelfth known month at 61: the first error is that of 62.
    assert np.isfinite(errors[2]).tolist() == [month >= 62 for month in range(38, 74)]


def test_bottom_up_is_the_sum_of_the_skus_and_base_is_left_alone(case):
    forecasts, errors = base_forecasts(case, "statistical", 6, 1)
    np.testing.assert_array_equal(reconcile("base", case, forecasts, errors), forecasts)
    total = reconcile("bottom_up", case, forecasts, errors)
    np.testing.assert_allclose(total[0], forecasts[case.level_rows["sku"]].sum(axis=0))
    assert not np.allclose(total[0], forecasts[0])


def test_the_engine_forecasts_the_skus_and_everywhere_the_levels_too(case, monkeypatch):
    def last_month_and_number(known, horizon_months, threads):
        return Forecasts(np.repeat(known.units[:, -1:], horizon_months, axis=1) + len(known))

    monkeypatch.setattr(reconcile_methods, "forecast_engine", last_month_and_number)
    skus, above = case.level_rows["sku"], case.level_rows["world"]
    at_bottom, everywhere, statistical = (
        base_forecasts(case, base, 6, 1)[0] for base in ("engine", "engine_everywhere", "statistical")
    )
    # Six SKUs by themselves, sixteen series with the levels.
    for forecasts in (at_bottom, everywhere):
        np.testing.assert_allclose(forecasts[skus, 0], case.known.units[:, -1] + 6)
    np.testing.assert_allclose(everywhere[above, 0], case.known.units[:, -1].sum() + 16)
    np.testing.assert_allclose(at_bottom[above], statistical[above])


@pytest.mark.peers
@pytest.mark.parametrize("method", NEEDS_LIBRARY)
def test_what_adds_up_already_is_left_alone_by_every_method(case, method):
    forecasts, errors = base_forecasts(case, "statistical", 6, 1)
    coherent = case.summing @ forecasts[case.level_rows["sku"]]
    np.testing.assert_allclose(reconcile(method, case, coherent, errors), coherent, rtol=1e-6)


@pytest.mark.peers
@pytest.mark.parametrize("method", NEEDS_LIBRARY)
def test_what_comes_out_adds_up_and_is_not_negative(case, method):
    rng = np.random.default_rng(8)
    wild = rng.gamma(0.3, 100, (len(case.summing), 6))
    _, errors = base_forecasts(case, "statistical", 6, 1)
    forecasts = reconcile(method, case, wild, errors)
    assert (forecasts >= 0).all()
    np.testing.assert_allclose(forecasts, case.summing @ forecasts[case.level_rows["sku"]])
    assert not np.allclose(forecasts, wild)


@pytest.mark.peers
def test_forecast_proportions_by_hand(case):
    units = case.summing @ np.array([1.0, 3, 4, 4, 10, 10])[:, None]
    units[0] = 64.0  # the world is forecast twice as high as its SKUs
    units[case.level_rows["market"][0]] = 8.0  # and Germany twice as high, so France gets half of the region
    bottom = reconcile("forecast_proportions", case, units, np.zeros((len(units), 36)))[case.level_rows["sku"], 0]
    # Regions 12 and 20 of 32: 24 and 40. Markets 8 and 8 of 16: 12 each.
    np.testing.assert_allclose(bottom, [3, 9, 6, 6, 20, 20])


@pytest.mark.peers
@pytest.mark.parametrize("method", ["mint_ols", "mint_wls_struct"])
def test_min_trace_is_weighted_least_squares(case, method):
    rng = np.random.default_rng(9)
    units = case.summing @ rng.uniform(50, 100, (6, 3)) + rng.normal(0, 1, (len(case.summing), 3))
    weights = np.ones(len(units)) if method == "mint_ols" else 1 / case.summing.sum(axis=1)
    scaled = np.sqrt(weights)[:, None]
    bottom, *_ = np.linalg.lstsq(scaled * case.summing, scaled * units, rcond=None)
    np.testing.assert_allclose(reconcile(method, case, units, np.zeros((len(units), 36))), case.summing @ bottom)


def test_an_absent_month_of_a_landing_folder_is_zero_or_unknown_as_the_market_says(tmp_path):
    for source in ("sell_in", "products"):
        (tmp_path / source).mkdir()
    rows = [(code, "a", month, 5.0) for code in ("FR", "DE") for month in MONTHS[[0, 2, 3]]] + [
        ("FR", "b", MONTHS[5], 1.0)
    ]
    pd.DataFrame(rows, columns=["country", "sku", "month", "units"]).to_parquet(tmp_path / "sell_in" / "all.parquet")
    pd.DataFrame({"sku": ["a"], "category": ["tea"]}).to_parquet(tmp_path / "products" / "all.parquet")
    entry = (
        "  - {{code: {0}, name: {0}, iso2: {0}, iso3: {0}A, region: Europe, since: 2015-01-01, missing_month: {1}}}\n"
    )
    markets = tmp_path / "markets.yaml"
    markets.write_text("markets:\n" + entry.format("FR", "zero") + entry.format("DE", "unknown"))
    series = read_series(tmp_path, markets)
    units = {f"{row.market} {row.sku} {row.category}": series.units[row.Index] for row in series.keys.itertuples()}
    assert series.keys["region"].unique().tolist() == ["Europe"]
    np.testing.assert_array_equal(units["FR a tea"], [5, 0, 5, 5, np.nan, np.nan])
    np.testing.assert_array_equal(units["DE a tea"], [5, np.nan, 5, 5, np.nan, np.nan])
    np.testing.assert_array_equal(units["FR b UNKNOWN"], [np.nan] * 5 + [1])


def test_a_file_without_a_category_is_refused(series, tmp_path):
    tidy(series).drop(columns="category").to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"columns \['category'\] are missing"):
        read_series(tmp_path / "x.parquet")


def test_two_rows_of_a_month_are_refused(series, tmp_path):
    rows = tidy(series)
    pd.concat([rows, rows.iloc[:1]]).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"1 SKUs and months have two rows, first \['DE', 'a'"):
        read_series(tmp_path / "x.parquet")


def test_results_have_an_object_per_method_origin_and_level_with_sums_before_ratios(series, tmp_path, capsys):
    tidy(series).to_csv(tmp_path / "company.csv", index=False)
    out = tmp_path / "results.json"
    given = ["--data", str(tmp_path / "company.csv"), "--horizon", "6", "--origins", "2", "--bases", "holt_winters"]
    assert main([*given, "--methods", "base,bottom_up", "--out", str(out)]) == 0
    rows = {(row["method"], row["origin"], row["level"]): row for row in json.loads(out.read_text())}
    assert len(rows) == 2 * 3 * 5
    actual, absolute = 0.0, 0.0
    for back in (0, 12):
        case = tree_case(series, 6, back)
        forecasts, _ = base_forecasts(case, "holt_winters", 6, 1)
        bottom = forecasts[case.level_rows["sku"]]
        actual += case.actual.sum()
        absolute += sum(abs(bottom[:, month].sum() - case.actual[:, month].sum()) for month in range(6))
    world = rows["bottom_up", "all", "world"]
    assert world["wape"] == pytest.approx(absolute / actual)
    assert (world["series"], world["cells"]) == (1, 12)
    assert {key for key, row in rows.items() if row["verdict"]} == {(m, "all", "sku") for m in ("base", "bottom_up")}
    assert rows["base", "all", "sku"]["wape"] == rows["bottom_up", "all", "sku"]["wape"]
    assert "bottom_up" in capsys.readouterr().out


def test_at_the_level_of_skus_a_method_is_tested_against_bottom_up(series):
    cases = [tree_case(series, 6, back) for back in (0, 6, 12)]
    truth = [case.actual for case in cases]
    near, far = [actual + 1 for actual in truth], [actual - 2 for actual in truth]
    test = sku_test(cases, near, far)
    assert (test.ratio, test.low, test.high) == tuple(pytest.approx(0.5) for _ in range(3))
    assert (test.skus, test.origins) == (6, 3)


def test_an_unknown_method_is_told_the_known_ones(series, tmp_path, capsys):
    tidy(series).to_parquet(tmp_path / "x.parquet")
    given = ["--data", str(tmp_path / "x.parquet"), "--out", str(tmp_path / "out.json")]
    assert main([*given, "--methods", "mint"]) == 1
    assert f"unknown methods ['mint']; known: {', '.join(METHODS)}" in capsys.readouterr().err


@pytest.mark.real_data
def test_states_and_industries_of_australia_make_a_tree_of_five_levels(real_data):
    folder = real_data / "aus_retail"
    case = tree_case(read_series(folder / "landing", folder / "markets.yaml"), 18, 0)
    assert {level: len(rows) for level, rows in case.level_rows.items()} == {
        "world": 1, "region": 2, "market": 8, "category": 46, "sku": 110,
    }  # fmt: skip
    assert (case.origin, case.left_out) == ("2017-06", 4)
