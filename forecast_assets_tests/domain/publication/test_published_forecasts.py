import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.publication.published_forecasts import (
    RULES_WITHOUT_MODEL,
    Decision,
    decide,
    published_forecasts,
    status_of,
)
from forecast_assets.validation.schema_check import schema_check

ORIGIN = pd.Timestamp("2024-06-01")
JULY, AUGUST = pd.Timestamp("2024-07-01"), pd.Timestamp("2024-08-01")
MODEL = Decision("model", "figures")
BASELINE = Decision("baseline", "model worse")
NO_OVERRIDES = pd.DataFrame(
    {
        "sku": pd.Series(dtype=object),
        "target_month": pd.Series(dtype="datetime64[ns]"),
        "forecast_units": pd.Series(dtype=float),
        "author": pd.Series(dtype=object),
        "reason": pd.Series(dtype=object),
    }
)


UNDECIDED = "model against baseline: not decidable (1 origins, 1 SKUs; needs 3 origins and 30 SKUs)"


def scored(*rows):
    """Cells of one SKU and origin."""
    units = pd.DataFrame(rows, columns=["actual_units", "model_units", "baseline_units", "naive_units"], dtype=float)
    return units.assign(sku="a", origin_month=ORIGIN)


def market(model, baseline):
    """Forty SKUs at three origins that sell 100 each; the naive forecast is 50 off."""
    origins = [ORIGIN - pd.DateOffset(months=back) for back in (18, 12, 6)]
    keys = [(f"s{number}", origin) for number in range(40) for origin in origins]
    units = {"actual_units": 100.0, "model_units": model, "baseline_units": baseline, "naive_units": 50.0}
    return pd.DataFrame(keys, columns=["sku", "origin_month"]).assign(**units)


@pytest.fixture
def forecasts():
    cells = [
        ("a", JULY, 1, 100.0, 80.0, 130.0, 90.0),
        ("a", AUGUST, 2, 10.0, 4.0, 30.0, 50.0),
        ("b", JULY, 1, 5.0, 5.0, 5.0, 0.0),
    ]
    columns = [
        "sku",
        "target_month",
        "horizon_months",
        "forecast_units",
        "forecast_units_p10",
        "forecast_units_p90",
        "baseline_units",
    ]
    return pd.DataFrame(cells, columns=columns).assign(
        origin_month=ORIGIN,
        naive_units=1.0,
        category="tea",
        abc_class="A",
        xyz_class="X",
        inputs_missing="",
        rule="regular",
    )


def overrides(*rows):
    return pd.DataFrame(rows, columns=list(NO_OVERRIDES)).astype(NO_OVERRIDES.dtypes.to_dict())


def numbers(table):
    return table[["forecast_units", "forecast_units_p10", "forecast_units_p90"]].to_numpy().tolist()


def test_a_model_better_than_naive_is_published_with_its_figures():
    # Errors: model 10 + 10 of 200, baseline 20 + 30, naive 40 + 0.
    decision = decide(scored([100, 110, 120, 140], [100, 90, 70, 100]))
    assert decision == Decision("model", f"backtest WAPE model 10.0%, baseline 25.0%, naive 20.0%; {UNDECIDED}")


def test_a_model_worse_than_the_naive_forecast_gives_way_to_the_baseline():
    decision = decide(scored([100, 150, 120, 101]))
    assert decision.source == "baseline"
    assert decision.reason == (
        f"model worse than seasonal naive; backtest WAPE model 50.0%, baseline 20.0%, naive 1.0%; {UNDECIDED}"
    )


def test_the_reason_names_how_the_model_stands_to_the_baseline():
    better = decide(market(110.0, 120.0))
    assert better.reason.endswith("; model against baseline: better (WAPE ratio 0.500, 90 % interval 0.500 to 0.500)")


def test_a_model_tested_worse_than_the_baseline_but_not_naive_is_published():
    worse = decide(market(120.0, 110.0))
    assert worse.source == "model"
    assert "model against baseline: worse (WAPE ratio 2.000" in worse.reason


def test_a_model_worse_than_the_baseline_but_not_naive_is_published():
    assert decide(scored([100, 120, 100, 130])).source == "model"


def test_a_model_as_good_as_the_naive_forecast_is_published():
    assert decide(scored([100, 110, 150, 90])).source == "model"


def test_cells_of_unknown_actuals_do_not_decide():
    assert decide(scored([100, 110, 100, 150], [np.nan, 9e9, 0, 0])).source == "model"


@pytest.mark.parametrize("cells", [scored(), scored([np.nan, 1, 1, 1])])
def test_without_a_scored_cell_the_baseline_is_published_with_a_reason(cells):
    assert decide(cells) == Decision("baseline", "no backtest: too little history")


def test_without_sales_there_is_no_wape_and_the_reason_names_it():
    decision = decide(scored([0, 5, 1, 0]))
    assert decision == Decision("baseline", "no WAPE in the backtest: nothing was sold in the months scored")


def test_returns_that_cancel_sales_are_still_scored():
    # Net zero, but 20 units moved: WAPE of the model 30 / 20, of the naive 0.
    assert decide(scored([10, 25, 10, 10], [-10, 5, -10, -10])).source == "baseline"


def test_the_champions_forecast_is_published_where_it_has_one(forecasts):
    """SKU b has no forecast by the champion's recipe: that of the model stays."""
    champion = {"champion_units": [150.0, 15.0, np.nan], "champion_units_p10": [140.0, 14.0, np.nan]}
    rows = forecasts.assign(**champion, champion_units_p90=[160.0, 16.0, np.nan])
    table = published_forecasts(rows, Decision("champion", "held"), NO_OVERRIDES, "published")
    assert numbers(table) == [[150.0, 140.0, 160.0], [15.0, 14.0, 16.0], [5.0, 5.0, 5.0]]
    by_model = published_forecasts(rows, MODEL, NO_OVERRIDES, "published")
    assert numbers(by_model) == [[100.0, 80.0, 130.0], [10.0, 4.0, 30.0], [5.0, 5.0, 5.0]]


@pytest.mark.parametrize(
    ("stage", "later_is_published", "status"),
    [
        ("shadow", False, "shadow"),
        ("shadow", True, "shadow"),
        ("live", False, "published"),
        ("live", True, "backfilled"),
        ("retired", False, "held"),
    ],
)
def test_the_status_follows_the_stage_and_earlier_publications(stage, later_is_published, status):
    assert status_of(stage, later_is_published) == status


@pytest.mark.parametrize(
    ("stage", "later_is_published", "status"),
    [("live", False, "stale"), ("live", True, "backfilled"), ("shadow", False, "shadow"), ("retired", True, "held")],
)
def test_the_last_published_forecast_is_stale_unless_the_market_or_a_later_month_decides(
    stage, later_is_published, status
):
    assert status_of(stage, later_is_published, "last published") == status


def test_the_number_of_the_model_is_published_as_it_is(forecasts):
    table = published_forecasts(forecasts, MODEL, NO_OVERRIDES, "published")
    assert numbers(table) == [[100, 80, 130], [10, 4, 30], [5, 5, 5]]
    assert table["source"].unique().tolist() == ["model"]
    assert table["reason"].unique().tolist() == ["figures"]
    assert table["status"].unique().tolist() == ["published"]


def test_the_published_table_matches_its_schema(forecasts):
    for decision in (MODEL, BASELINE):
        table = published_forecasts(forecasts, decision, overrides(("a", JULY, 7.0, "Ann", "launch")), "shadow")
        assert schema_check("published_forecasts").find(table, ORIGIN).message == ""


def test_the_interval_moves_with_the_baseline_and_stops_at_zero(forecasts):
    table = published_forecasts(forecasts, BASELINE, NO_OVERRIDES, "published")
    # a July: 10 lower. a August: 40 higher. b July: 5 lower, an interval of no width.
    assert numbers(table) == [[90, 70, 120], [50, 44, 70], [0, 0, 0]]
    assert table["model_units"].tolist() == [100, 10, 5]
    assert table["source"].unique().tolist() == ["baseline"]
    assert table["reason"].unique().tolist() == ["model worse"]


@pytest.mark.parametrize("rule", RULES_WITHOUT_MODEL)
def test_a_rule_without_model_applies_when_the_baseline_is_published(forecasts, rule):
    table = published_forecasts(
        forecasts.assign(rule=["regular", "regular", rule]), BASELINE, NO_OVERRIDES, "published"
    )
    assert numbers(table) == [[90, 70, 120], [50, 44, 70], [5, 5, 5]]
    assert table["source"].tolist() == ["baseline", "baseline", "rule"]
    assert table["reason"].tolist() == ["model worse", "model worse", f"rule {rule}; model worse"]
    assert schema_check("published_forecasts").find(table, ORIGIN).message == ""
    assert set(published_forecasts(forecasts.assign(rule=rule), MODEL, NO_OVERRIDES, "shadow")["source"]) == {"model"}


def test_the_baseline_is_published_only_before_a_known_end(forecasts):
    ends = forecasts.assign(rule="end_of_life")
    ends.loc[1, ["forecast_units", "forecast_units_p10", "forecast_units_p90"]] = 0.0
    table = published_forecasts(ends, BASELINE, NO_OVERRIDES, "published")
    assert numbers(table) == [[90, 70, 120], [0, 0, 0], [0, 0, 0]]
    assert table["source"].tolist() == ["baseline", "rule", "baseline"]


def test_a_planner_overrides_a_rule(forecasts):
    silent = forecasts.assign(rule="all_zero")
    table = published_forecasts(silent, BASELINE, overrides(("a", AUGUST, 25.0, "Ann", "promotion")), "published")
    assert table["source"].tolist() == ["rule", "override", "rule"]


@pytest.mark.parametrize("decision", [MODEL, BASELINE])
def test_a_planners_number_replaces_one_cell_with_author_and_reason(forecasts, decision):
    table = published_forecasts(forecasts, decision, overrides(("a", AUGUST, 25.0, "Ann", "promotion")), "published")
    assert numbers(table)[1] == [25, 19, 45]
    assert table["source"].tolist() == [decision.source, "override", decision.source]
    assert table["reason"].tolist() == [decision.reason, "override by Ann: promotion", decision.reason]
    assert table["model_units"].tolist() == [100, 10, 5]
    assert table["baseline_units"].tolist() == [90, 50, 0]


def test_an_override_without_author_and_reason_is_named_as_such(forecasts):
    table = published_forecasts(forecasts, MODEL, overrides(("b", JULY, 1.0, None, None)), "published")
    assert table["reason"].iloc[2] == "override by unknown: no reason"


def test_an_override_of_zero_counts_and_its_interval_stays_at_zero(forecasts):
    table = published_forecasts(forecasts, MODEL, overrides(("a", JULY, 0.0, "Ann", "delisted")), "published")
    assert numbers(table)[0] == [0, 0, 30]


def test_an_override_of_a_cell_that_is_not_forecast_is_ignored(forecasts):
    far = overrides(("a", pd.Timestamp("2030-01-01"), 7.0, "Ann", "x"), ("stranger", JULY, 7.0, "Ann", "x"))
    table = published_forecasts(forecasts, MODEL, far, "published")
    assert table["source"].unique().tolist() == ["model"]
    assert len(table) == 3


def test_two_overrides_of_a_cell_are_rejected(forecasts):
    twice = overrides(("a", JULY, 1.0, "Ann", "x"), ("a", JULY, 2.0, "Bob", "y"))
    with pytest.raises(pd.errors.MergeError, match="not a one-to-one merge"):
        published_forecasts(forecasts, MODEL, twice, "published")


def test_an_interval_holds_the_published_number_whatever_rounding_does():
    rng = np.random.default_rng(0)
    point, width = rng.uniform(0, 1e4, 3000), rng.choice([0.0, 1e-9, 0.1, 50.0], 3000)
    table = pd.DataFrame({"sku": [f"s{at}" for at in range(3000)], "target_month": JULY}).assign(
        forecast_units=point, forecast_units_p10=np.maximum(point - width, 0), forecast_units_p90=point + width,
        rule="regular",
        baseline_units=rng.uniform(0, 1e4, 3000),
    )  # fmt: skip
    result = published_forecasts(table, BASELINE, NO_OVERRIDES, "published")
    assert (result["forecast_units_p10"] >= 0).all()
    assert (result["forecast_units_p10"] <= result["forecast_units"]).all()
    assert (result["forecast_units"] <= result["forecast_units_p90"]).all()


def test_the_forecasts_given_are_not_changed(forecasts):
    before = forecasts.copy()
    published_forecasts(forecasts, BASELINE, overrides(("a", JULY, 1.0, "Ann", "x")), "published")
    pd.testing.assert_frame_equal(forecasts, before)
