import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.paired_comparison import PairedComparison, compare_paired, resampled_sums

ORIGINS = pd.to_datetime(["2023-06-01", "2023-12-01", "2024-06-01"])


def cells_of(errors_by_sku, origins=ORIGINS, actual=100.0):
    """Cells with the given absolute errors of model and baseline, split evenly over the origins."""
    rows = [
        (f"s{number:04d}", origin, actual, actual + model / len(origins), actual - baseline / len(origins))
        for number, (model, baseline) in enumerate(errors_by_sku)
        for origin in origins
    ]
    return pd.DataFrame(rows, columns=["sku", "origin_month", "actual_units", "model_units", "baseline_units"])


def test_two_skus_by_hand():
    # Drawn twice a, a and b, twice b with chances 1/4, 1/2, 1/4: ratios 1/2, (1 + 3) / (2 + 2), 3/2.
    test = compare_paired(cells_of([(1.0, 2.0), (3.0, 2.0)], ORIGINS[:1]))
    assert test.ratio == 1.0
    assert (test.low, test.high) == (pytest.approx(0.5), pytest.approx(1.5))
    assert test.probability_better == pytest.approx(0.25, abs=0.03)
    assert (test.skus, test.origins) == (2, 1)


def test_a_constant_advantage_has_an_interval_without_width():
    test = compare_paired(cells_of([(0.8 * size, size) for size in range(1, 41)]))
    assert (test.ratio, test.low, test.high) == tuple(pytest.approx(0.8) for _ in range(3))
    assert (test.verdict, test.probability_better) == ("better", 1.0)
    assert test.in_words == "better (WAPE ratio 0.800, 90 % interval 0.800 to 0.800)"


def test_a_method_worse_on_every_sku_is_worse():
    test = compare_paired(cells_of([(1.2, 1.0)] * 30))
    assert (test.verdict, test.probability_better) == ("worse", 0.0)


def test_better_on_half_and_worse_on_half_is_indistinguishable():
    assert compare_paired(cells_of([(1.0, 2.0), (2.0, 1.0)] * 20)).verdict == "indistinguishable"


def test_one_large_sku_alone_decides_nothing():
    # Without the first SKU, a third of the draws, the model is worse: ratio 0.14 with it, 1.1 without.
    test = compare_paired(cells_of([(0.0, 1000.0)] + [(4.4, 4.0)] * 40))
    assert test.ratio < 0.2
    assert test.verdict == "indistinguishable"
    assert test.probability_better == pytest.approx(1 - (40 / 41) ** 41, abs=0.03)


@pytest.mark.parametrize(
    ("skus", "origins", "verdict"),
    [(30, 3, "better"), (29, 3, "not decidable"), (30, 2, "not decidable")],
)
def test_fewer_than_three_origins_or_thirty_skus_decide_nothing(skus, origins, verdict):
    test = compare_paired(cells_of([(0.5, 1.0)] * skus, ORIGINS[:origins]))
    assert test.verdict == verdict
    assert test.ratio == pytest.approx(0.5)


def test_a_verdict_not_decidable_names_the_counts_needed():
    words = compare_paired(cells_of([(0.5, 1.0)] * 12, ORIGINS[:2])).in_words
    assert words == "not decidable (2 origins, 12 SKUs; needs 3 origins and 30 SKUs)"


def test_the_limits_of_the_interval_decide():
    known = {"ratio": 1.0, "probability_better": 0.5, "skus": 30, "origins": 3}
    assert PairedComparison(low=0.9, high=0.999, **known).verdict == "better"
    assert PairedComparison(low=0.9, high=1.0, **known).verdict == "indistinguishable"
    assert PairedComparison(low=1.0, high=1.1, **known).verdict == "indistinguishable"
    assert PairedComparison(low=1.001, high=1.1, **known).verdict == "worse"


def test_cells_without_a_known_actual_or_forecast_do_not_count():
    cells = cells_of([(0.5, 1.0)] * 30)
    unknown = cells.assign(actual_units=np.nan, sku=cells["sku"] + "x", model_units=1e9)
    missing = cells.assign(baseline_units=np.nan, sku=cells["sku"] + "y", model_units=1e9)
    assert compare_paired(pd.concat([cells, unknown, missing])) == compare_paired(cells)


def test_without_a_scored_cell_nothing_is_decidable():
    test = compare_paired(cells_of([(1.0, 1.0)]).iloc[:0])
    assert (test.verdict, test.skus) == ("not decidable", 0)
    assert np.isnan(test.ratio)


def test_the_ratio_to_a_method_without_error_is_one_or_infinite():
    assert compare_paired(cells_of([(0.0, 0.0)] * 30)).ratio == 1.0
    test = compare_paired(cells_of([(1.0, 0.0)] * 30))
    assert (test.ratio, test.high, test.verdict) == (np.inf, np.inf, "worse")


def test_the_same_cells_give_the_same_test_in_any_order():
    rng = np.random.default_rng(1)
    cells = cells_of(rng.gamma(2, 5, (50, 2)))
    again, turned = compare_paired(cells), compare_paired(cells.sample(frac=1, random_state=3))
    assert compare_paired(cells) == again
    assert turned.low == pytest.approx(again.low)
    assert turned.high == pytest.approx(again.high)


def test_the_interval_is_that_of_drawing_skus_one_by_one():
    """A loop of its own: draw names with replacement, stack all cells of each, divide two WAPEs."""
    rng = np.random.default_rng(7)
    cells = cells_of(np.exp(rng.normal(2, 1, (35, 2))))
    by_name = {
        sku: [(row.actual_units, row.model_units, row.baseline_units) for row in rows.itertuples()]
        for sku, rows in cells.groupby("sku")
    }
    names, ratios = list(by_name), []
    for _ in range(4000):
        drawn = [cell for name in rng.choice(names, len(names)) for cell in by_name[name]]
        total = sum(abs(actual) for actual, _, _ in drawn)
        model = sum(abs(forecast - actual) for actual, forecast, _ in drawn) / total
        ratios.append(model / (sum(abs(forecast - actual) for actual, _, forecast in drawn) / total))
    test = compare_paired(cells)
    low, high = np.quantile(ratios, [0.05, 0.95])
    width = high - low
    assert test.low == pytest.approx(low, abs=0.05 * width)
    assert test.high == pytest.approx(high, abs=0.05 * width)
    assert test.probability_better == pytest.approx(np.mean(np.array(ratios) < 1), abs=0.03)


def test_the_cells_of_a_sku_stay_together():
    """Ten cells a SKU, all alike: drawing cells instead of SKUs would make the interval about three times narrower."""
    sums = resampled_sums(np.array([[1.0, 1.0], [0.0, 1.0]] * 50))
    assert np.std(sums[:, 0] / sums[:, 1]) == pytest.approx(np.sqrt(0.25 / 100), rel=0.05)
    cells = cells_of([(10.0, 10.0), (0.0, 10.0)] * 50, pd.date_range("2023-01-01", periods=10, freq="MS"))
    test = compare_paired(cells)
    assert test.high - test.low == pytest.approx(2 * 1.645 * np.sqrt(0.25 / 100), rel=0.1)


def test_as_many_skus_are_drawn_as_there_are():
    np.testing.assert_array_equal(resampled_sums(np.ones((37, 1))), np.full((2000, 1), 37.0))
