"""The number before an override is the one that is published without overrides, whatever the source."""

import itertools

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.quantiles import QUANTILE_COLUMNS
from forecast_assets.domain.publication.before_overrides import (
    FORECAST_COLUMNS,
    units_before_overrides,
)
from forecast_assets.domain.publication.published_forecasts import CHAMPION_COLUMNS, Decision, published_forecasts
from forecast_assets.domain.publication.value_added_month import value_added_of_month

ORIGIN, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
RULES = ("regular", "all_zero", "new_with_reference", "end_of_life", "intermittent", "returned")


@pytest.fixture
def forecasts():
    """A SKU per rule and whether its number is zero; every number of a SKU differs."""
    rows = list(itertools.product(RULES, (0.0, 1.0)))
    number = np.arange(len(rows)) + 10.0
    positive = np.array([share for _, share in rows])
    table = pd.DataFrame({"sku": [f"{rule} {share}" for rule, share in rows], "rule": [rule for rule, _ in rows]})
    champion = dict.fromkeys(CHAMPION_COLUMNS.values(), (number + 100) * positive)
    return table.assign(
        origin_month=ORIGIN, target_month=JULY, horizon_months=1, baseline_units=number + 200, naive_units=1.0,
        forecast_units=number * positive, **dict.fromkeys(QUANTILE_COLUMNS, number * positive), **champion,
    )  # fmt: skip


def both_ways(forecasts, changed, source):
    """Publish with overrides of some SKUs, and without any."""
    overrides = pd.DataFrame({"sku": changed, "target_month": JULY, "forecast_units": 7.0, "author": "A", "reason": ""})
    with_them, without = (
        published_forecasts(forecasts, Decision(source, "figures"), rows, "published").assign(month=ORIGIN)
        for rows in (overrides, overrides.iloc[:0])
    )
    return with_them, without.set_index("sku")["forecast_units"]


def before(published, forecasts):
    result = units_before_overrides(published, forecasts.assign(month=ORIGIN)).set_index("sku")
    assert result["override_units"].eq(7.0).all()
    return result["units_before_overrides"]


@pytest.mark.parametrize("source", ["model", "champion", "baseline"])
@pytest.mark.parametrize("has_champion", [True, False])
def test_it_is_what_is_published_without_overrides(forecasts, source, has_champion):
    if not has_champion:
        forecasts = forecasts.assign(**dict.fromkeys(CHAMPION_COLUMNS.values(), np.nan))
    changed = forecasts["sku"].iloc[1:]
    published, without = both_ways(forecasts, changed, source)
    assert before(published, forecasts).to_dict() == without[changed].to_dict()


def test_a_repeated_forecast_and_a_publication_of_overrides_alone_are_not_known(forecasts):
    repeated, _ = both_ways(forecasts, forecasts["sku"].iloc[1:], "last published")
    assert before(repeated, forecasts).isna().all()
    changed, _ = both_ways(forecasts, forecasts["sku"], "model")
    assert before(changed, forecasts).isna().all()


def test_without_stored_forecasts_the_number_of_a_rule_is_that_of_the_model(forecasts):
    published, without = both_ways(forecasts, forecasts["sku"].iloc[1:], "baseline")
    assert before(published, forecasts.iloc[:0])["returned 1.0"] == without["returned 1.0"]


@pytest.mark.parametrize(("source", "saved_units", "saved_value"), [("model", 10.0, 30.0), ("champion", -5.0, -15.0)])
def test_a_month_reads_its_own_rows_and_twelve_months_of_prices(source, saved_units, saved_value):
    """Rows of other months have other numbers, which would show.

    Sold are 100 at 3 each; the planner says 90 where the model says 80, and the champion 95.
    """
    june, august = ORIGIN, pd.Timestamp("2024-08-01")
    names = ["sku", "lag_months", "actual_units", "published_units", "model_units", "baseline_units", "naive_units"]
    performance = pd.DataFrame([("a", 1, 100.0, 90.0, 80.0, 70.0, 60.0)] * 2, columns=names).assign(
        month=[JULY, august], origin_month=[june, JULY], status="published", source="override", category="tea",
        abc_class="A", xyz_class="X",
    )  # fmt: skip
    published = pd.DataFrame(
        [("a", june, JULY, 90.0, "override"), ("a", june, august, 5.0, source), ("a", JULY, august, 90.0, "override")],
        columns=["sku", "month", "target_month", "forecast_units", "source"],
    ).assign(model_units=80.0, baseline_units=70.0, rule="regular")
    overrides = published[published["source"] == "override"][["sku", "month", "target_month"]].assign(author="Ann")
    forecasts = pd.DataFrame(
        [("a", JULY, 80.0, 120.0, 95.0), ("a", august, 80.0, 120.0, 9e9)], columns=FORECAST_COLUMNS
    ).assign(month=june)
    months = pd.to_datetime(["2023-07-01", "2023-08-01", "2024-07-01", "2024-08-01"])
    sell_in = pd.DataFrame(
        {"sku": "a", "month": months, "sell_in_units": 1.0, "net_sales": [1e9, 2.0, 4.0, 1e9], "restated_month": pd.NaT}
    ).astype({"restated_month": "datetime64[ns]"})
    table = value_added_of_month(JULY, performance, published, forecasts, overrides, sell_in)
    row = table[(table["level"] == "author") & (table["step"] == "published")].iloc[0]
    assert (row["entity"], row["cells"]) == ("Ann", 1)
    assert (row["error_saved_units"], row["error_saved_value"]) == (saved_units, saved_value)
