"""Ranking by value at stake and the one reason of each SKU, expected values by hand."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.domain.review.forecast_exceptions import COLUMNS, forecast_exceptions
from forecast_assets.domain.review.headline import headline
from forecast_assets.schemas.review import EXCEPTION_REASONS
from forecast_assets_tests.domain.review.review_company import (
    FEBRUARY,
    MARCH,
    REVIEWED,
    changed,
    products,
    publication,
    reasons,
    sell_in,
    tables,
    with_restated,
)


def two(now: dict[str, float], before: dict[str, float]) -> pd.DataFrame:
    return pd.concat([publication(MARCH, now), publication(FEBRUARY, before)], ignore_index=True)


def of(table: pd.DataFrame, sku: str = "A") -> pd.Series:
    return table.set_index("sku").loc[sku]


def test_skus_are_ranked_by_change_times_net_sales_per_unit():
    published = two({"A": 110.0, "B": 130.0, "C": 100.0}, {"A": 100.0, "B": 125.0, "C": 100.0})
    of_b = sell_in("B", units=10.0, net_sales=60.0)  # 6 a unit
    table = forecast_exceptions(tables(published, sell_in=pd.concat([sell_in("AC"), of_b])), MARCH)
    assert list(table.columns) == COLUMNS
    assert table[["rank", "sku", "value"]].to_numpy().tolist() == [[1, "B", 90.0], [2, "A", 60.0], [3, "C", 0.0]]
    row = of(table, "B")
    assert row[["units", "reference_units", "last_units", "unit_price", "last_year_units"]].tolist() == [
        390.0, 375.0, 375.0, 6.0, 30.0,
    ]  # fmt: skip
    assert row[["reference", "price_source", "value_unit"]].tolist() == ["last_forecast", "net_sales", "currency"]
    assert table["reason"].tolist() == ["outside_last_band", "changed", "unchanged"]  # B sold 10


def test_a_price_comes_from_net_sales_else_the_list_else_is_one():
    published = two({"A": 110.0, "B": 110.0, "C": 110.0}, {"A": 100.0, "B": 100.0, "C": 100.0})
    known = products("ABC", attribute_list_price=["9", "3.5", "no price"])
    sold = pd.concat([sell_in("A"), sell_in("BC", net_sales=None)])
    table = forecast_exceptions(tables(published, sell_in=sold, products=known), MARCH).set_index("sku")
    assert table["unit_price"].to_dict() == {"A": 2.0, "B": 3.5, "C": 1.0}
    assert table["price_source"].to_dict() == {"A": "net_sales", "B": "list_price", "C": "units"}
    assert table["value_unit"].to_dict() == {"A": "currency", "B": "currency", "C": "units"}


def test_a_sku_without_a_last_forecast_is_compared_with_holt_winters():
    table = forecast_exceptions(tables(publication(MARCH, {"A": 100.0})), MARCH)
    row = of(table)
    assert row[["reference", "reference_units", "value"]].tolist() == ["holt_winters", 270.0, 30.0]
    assert row[["last_units", "rest_units"]].isna().all()
    assert row["text"] == "+30 units against Holt-Winters; there is no earlier forecast."


def test_a_change_names_its_largest_cause_in_the_language_of_the_market():
    table = forecast_exceptions(tables(two({"A": 90.0}, {"A": 100.0})), MARCH, "de")
    assert of(table)["text"] == "−30 Stück gegenüber der Prognose des letzten Monats, vor allem: neue Ist-Werte."


def test_a_sku_published_no_more_stays_in_the_list():
    table = forecast_exceptions(tables(two({"B": 1.0}, {"A": 5.0, "B": 1.0})), MARCH)
    assert of(table)[["units", "value", "reason"]].tolist() == [0.0, 15.0, "ends"]


def test_what_became_known_later_changes_nothing():
    published = two({"A": 110.0}, {"A": 100.0})
    known = dataclasses.replace(tables(published, sell_in=sell_in("A")), products=products("A"))
    later = {
        name: pd.concat([rows, rows.assign(month=pd.Timestamp("2024-04-01"), **{column: value})])
        for name, rows, column, value in (
            ("published", published, "forecast_units", 1e9),
            ("sell_in", known.sell_in, "sell_in_units", 1e9),
            ("products", known.products, "end_month", REVIEWED[0]),
            ("reasons", known.reasons, "units", 1e9),
        )
    }
    poisoned = dataclasses.replace(known, **later)
    pd.testing.assert_frame_equal(forecast_exceptions(poisoned, MARCH), forecast_exceptions(known, MARCH))


def performance(errors: list[float], lag: int = 1) -> pd.DataFrame:
    months = pd.date_range(end=MARCH, periods=len(errors), freq="MS")
    return pd.DataFrame({
        "sku": "A", "month": months, "lag_months": lag, "actual_units": 100.0,
        "published_units": [100.0 + error for error in errors], "status": "published",
    })  # fmt: skip


def backtest(baseline_error: float, cells: int = 6) -> pd.DataFrame:
    cell = {"sku": "A", "month": MARCH, "actual_units": 100.0, "model_units": 120.0}
    return pd.DataFrame([cell | {"baseline_units": 100.0 + baseline_error}] * cells)


def mark(month: str, reason: str = "latest_high") -> pd.DataFrame:
    row = {"sku": "A", "month": MARCH, "marked_month": pd.Timestamp(month), "reason": reason}
    return pd.DataFrame([row | {"units": 300.0, "cleaned_units": 100.0}])


STEADY = two({"A": 100.0}, {"A": 100.0})
ENDS_IN_MAY = products("A", end_month=pd.Timestamp("2024-05-01"))
ENDS_IN_2025 = products("A", end_month=pd.Timestamp("2025-01-01"))
END_IS_NEW = ENDS_IN_2025.assign(end_month=[pd.NaT, pd.Timestamp("2025-01-01")])
HIGH_IN_MARCH = sell_in("A").assign(sell_in_units=lambda rows: [100.0] * 11 + [111.0])
RESTATED = with_restated(sell_in("A"), FEBRUARY)
LAPSED = changed(STEADY, "A", "2024-05-01", source="override", forecast_units=130.0)
LAPSED.loc[LAPSED["month"] == MARCH, ["source", "forecast_units"]] = ["model", 100.0]

CASES = [
    ({"products": ENDS_IN_MAY}, "ends", "Ends May 2024: zero from Jun 2024."),
    ({"products": ENDS_IN_2025}, "unchanged", "As before."),
    ({"products": END_IS_NEW}, "ends", "Ends Jan 2025: zero from Feb 2025."),
    ({"published": STEADY.assign(rule="new_with_reference")}, "launch", "Launch."),
    ({"published": LAPSED}, "override_due", "Override of May 2024 not entered again: 130 then, 100 now."),
    ({"history_marks": mark("2024-02-01")}, "data_finding", "Feb 2024 is unusual: 300 units; 100 are learned from."),
    ({"history_marks": mark("2024-01-01")}, "unchanged", "As before."),
    ({"history_marks": mark("2024-03-01", "covid")}, "unchanged", "As before."),
    ({"sell_in": RESTATED}, "data_finding", "Sell-in of Feb 2024 was restated."),
    (
        {"sell_in": HIGH_IN_MARCH},
        "outside_last_band",
        "Mar 2024 sold 111, outside last month's band of 90 to 110.",
    ),
    ({"performance": performance([10, 20, 5, 9])}, "bias", "Forecast too high in each of 4 months: +44 units."),
    ({"performance": performance([-10, -20, -5, -9])}, "bias", "Forecast too low in each of 4 months: −44 units."),
    ({"performance": performance([10, 20, -5, 29])}, "unchanged", "As before."),
    ({"performance": performance([10, 20, 15])}, "unchanged", "As before."),
    ({"performance": performance([3, 9, 9, 9])}, "unchanged", "As before."),
    ({"performance": performance([10, 20, 15, 9], lag=4)}, "unchanged", "As before."),
    ({"performance": performance([10, 20, 15, 9]).assign(status="backfilled")}, "unchanged", "As before."),
    ({"backtest": backtest(18.0)}, "holt_winters_better", "Holt-Winters has 10.0% less error on the backtest."),
    ({"backtest": backtest(19.0)}, "unchanged", "As before."),
    ({"backtest": backtest(0.0, cells=5)}, "unchanged", "As before."),
]


@pytest.mark.parametrize(("given", "reason", "text"), CASES)
def test_each_rule_gives_its_reason_and_names_its_facts(given, reason, text):
    row = of(forecast_exceptions(tables(**{"published": STEADY, "sell_in": sell_in("A"), **given}), MARCH))
    assert (row["reason"], row["text"]) == (reason, text)


def test_the_first_rule_in_order_is_the_reason():
    order = [
        ({"products": ENDS_IN_MAY}, "ends"),
        ({"published": LAPSED.assign(rule="new_without_relative")}, "launch"),
        ({"published": LAPSED}, "override_due"),
        ({"sell_in": with_restated(HIGH_IN_MARCH, FEBRUARY)}, "data_finding"),
        ({"sell_in": HIGH_IN_MARCH}, "outside_last_band"),
        ({"performance": performance([10, 20, 5, 9])}, "bias"),
        ({"backtest": backtest(0.0)}, "holt_winters_better"),
        ({"published": two({"A": 110.0}, {"A": 100.0})}, "changed"),
    ]
    given: dict[str, pd.DataFrame] = {"published": STEADY, "sell_in": sell_in("A")}
    for tables_of_rule, reason in reversed(order):
        given |= tables_of_rule
        assert of(forecast_exceptions(tables(**given), MARCH))["reason"] == reason
    assert [*(reason for _, reason in order), "unchanged"] == EXCEPTION_REASONS


def test_the_headline_sums_the_rows_and_bands_and_its_causes_add_up():
    published = two({"A": 110.0, "B": 10.0}, {"A": 100.0, "C": 5.0})
    sold = pd.concat([sell_in("A"), sell_in("B", net_sales=None)])
    rows = forecast_exceptions(tables(published, sell_in=sold, reasons=reasons(published)), MARCH)
    bands = pd.DataFrame({
        "level": "market", "target_month": pd.date_range("2024-04-01", periods=4, freq="MS"),
        "cumulative_units_p10": [100.0, 210.0, 330.0, 999.0], "cumulative_units_p90": [130.0, 250.0, 370.0, 999.0],
    })  # fmt: skip
    levels = pd.concat([bands, bands.assign(level="category", cumulative_units_p10=0.0)])
    top = headline(rows, levels)
    assert (top.units, top.value) == (360.0, 660.0)  # 3 x (110 + 10); 330 at 2, B has no price
    assert (top.low, top.high) == (330.0, 370.0)
    assert (top.last_units, top.last_year_units) == (315.0, 600.0)
    assert {cause: units for cause, units in top.by_cause.items() if units} == {
        "new_actuals": 30.0, "launch_or_end": 15.0,
    }  # fmt: skip
    assert sum(top.by_cause.values()) == top.units - top.last_units


def test_a_headline_without_comparisons_leaves_them_open():
    rows = forecast_exceptions(tables(publication(MARCH, {"A": 1.0})), MARCH)
    top = headline(rows, pd.DataFrame(columns=["level", "target_month"]))
    assert (top.value, top.low, top.high, top.last_units, top.last_year_units, top.by_cause) == (*[None] * 5, {})


def test_last_year_is_the_same_three_months_and_the_price_is_over_twelve():
    # April 2023 to March 2024 sold 1 to 12 units for 10 each, of which the first half was given away.
    sold = sell_in("A").assign(
        sell_in_units=range(1, 13), net_sales=[0.0] * 6 + [10.0 * units for units in range(7, 13)]
    )
    row = of(forecast_exceptions(tables(STEADY, sell_in=sold.astype({"sell_in_units": float})), MARCH))
    assert row["last_year_units"] == 1 + 2 + 3
    assert row["unit_price"] == pytest.approx(10 * 57 / 78)
