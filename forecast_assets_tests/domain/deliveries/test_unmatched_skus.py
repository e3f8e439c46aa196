"""Overrides, promotions and products that meet no SKU of the market, by hand values."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.unmatched_skus import (
    KnownSkus,
    overrides_unused,
    products_unmatched,
    promotions_unused,
)

JUNE = pd.Timestamp("2024-06-01")
KNOWN = KnownSkus(
    JUNE,
    forecast=frozenset({"007", "B", "ENDING", "NEW"}),
    sold=frozenset({"007", "B", "ENDING", "ENDED", "SLEEPY"}),
    listed=frozenset({"B", "ENDING", "ENDED", "NEW", "FAR"}),
    ends=pd.Series({"ENDING": pd.Timestamp("2024-08-01"), "ENDED": pd.Timestamp("2024-03-01")}),
    launches=pd.Series({"NEW": pd.Timestamp("2024-09-01"), "FAR": pd.Timestamp("2027-01-01")}),
)


def override(sku="B", target="2024-09", origin="2024-06", units=5.0, known_from=None, author="Ann"):
    return pd.DataFrame(
        {
            "sku": [sku],
            "origin_month": pd.Timestamp(f"{origin}-01"),
            "target_month": pd.Timestamp(f"{target}-01"),
            "forecast_units": units,
            "author": author,
            "known_from": pd.to_datetime([known_from]),
        }
    )


def unused(*overrides, used=None, has_later_months=False):
    return overrides_unused(pd.concat(overrides), KNOWN, used, has_later_months=has_later_months)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sku": "NOPE"}, "never sold and in no product list"),
        ({"sku": "7"}, "never sold and in no product list; did you mean 007?"),
        ({"sku": "ENDED"}, "after its end in 2024-03"),
        ({"sku": "ENDING"}, "after its end in 2024-08"),
        ({"sku": "SLEEPY"}, "not on sale, and no launch in the horizon"),
        ({"sku": "FAR"}, "not on sale, and no launch in the horizon"),
        ({"sku": "NEW", "target": "2024-08"}, "before its launch in 2024-09"),
        ({"target": "2026-01"}, "more than 18 months ahead"),
        ({"target": "2024-06"}, "its month is not after its origin"),
        ({"known_from": "2024-07-01"}, "known from 2024-07-01, after its origin month"),
        ({"origin": "2024-07"}, "its origin has no sell_in yet; file it under 2024-06"),
    ],
)
def test_an_override_that_changes_no_forecast_is_named_with_sku_month_and_author(changed, reason):
    finding = unused(override(), override(**changed))
    row = override(**changed).iloc[0]
    assert finding.message == (
        f"1 overrides meet no forecast: SKU {row['sku']} for {row['target_month']:%Y-%m} by Ann ({reason}). "
        "Correct or remove them"
    )
    assert finding.rows["sku"].tolist() == [row["sku"]]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"target": "2025-12"},
        {"sku": "ENDING", "target": "2024-08"},
        {"sku": "NEW"},
        {"known_from": "2024-06-30"},
        {"origin": "2024-05", "target": "2024-06", "sku": "NOPE"},
        {"origin": "2024-01", "sku": "NOPE"},
    ],
)
def test_an_override_of_a_forecast_and_one_of_another_origin_are_no_finding(changed):
    assert unused(override(**changed)) is None


def test_overrides_of_a_later_origin_are_no_finding_once_its_sell_in_is_there():
    assert unused(override(origin="2024-07"), has_later_months=True) is None


def test_an_override_that_came_after_its_origin_was_published_is_found_by_the_stored_month():
    used = override(origin="2024-05")[["sku", "target_month", "forecast_units"]]
    assert unused(override(origin="2024-05"), used=used) is None
    late = "delivered after its origin was published; file it under 2024-06"
    assert unused(override(origin="2024-05", units=6.0), used=used).rows["reason"].tolist() == [late]
    assert unused(override("007", origin="2024-05"), used=used.head(0)).rows["sku"].tolist() == ["007"]
    assert unused(override(origin="2024-04"), used=used.head(0)) is None


def test_of_several_versions_of_an_earlier_override_the_latest_counts():
    used = override(origin="2024-05")[["sku", "target_month", "forecast_units"]]
    versions = [
        override(origin="2024-05", units=5.0, known_from="2024-05-20"),
        override(origin="2024-05", units=9.0, known_from="2024-05-03"),
    ]
    assert unused(*versions, used=used) is None


def test_three_overrides_are_named_and_the_others_counted():
    finding = unused(*[override(f"X{number}", author=None) for number in range(5)])
    assert finding.message.count("by unknown") == 3
    assert "; and 2 more. Correct" in finding.message
    assert len(finding.rows) == 5
    three = unused(*[override(f"X{number}") for number in range(3)])
    assert (three.message.count("by Ann"), "more" in three.message) == (3, False)
    assert three.rows.columns.tolist() == ["sku", "origin_month", "target_month", "author", "reason"]


def promotion(sku, month):
    return pd.DataFrame({"sku": [sku], "promotion_month": pd.Timestamp(f"{month}-01")})


def test_promotions_of_unknown_skus_and_after_the_end_are_found():
    finding = promotions_unused(
        pd.concat([promotion("7", "2023-05"), promotion("7", "2024-08"), promotion("ENDING", "2024-09")]), KNOWN
    )
    assert finding.message == (
        "3 promotions meet no SKU: SKU 7 in 2023-05 (never sold and in no product list; did you mean 007?); "
        "SKU ENDING in 2024-09 (after its end). Correct the codes, or deliver products with them"
    )


@pytest.mark.parametrize(
    ("sku", "month"), [("B", "2024-09"), ("ENDING", "2024-08"), ("ENDED", "2024-05"), ("NEW", "2024-10")]
)
def test_a_promotion_of_a_sold_or_listed_sku_is_no_finding(sku, month):
    assert promotions_unused(promotion(sku, month), KNOWN) is None


def product(sku, *, of_market=1, launch=None, end=None, reference=None):
    return pd.DataFrame(
        {
            "sku": [sku],
            "is_of_market": of_market,
            "launch_month": pd.to_datetime([launch]),
            "end_month": pd.to_datetime([end]),
            "reference_sku": pd.Series([reference], dtype=object),
        }
    )


@pytest.mark.parametrize(
    ("row", "other", "reason"),
    [
        (product("7", of_market=0), "007", "another spelling of a sold SKU"),
        (product("B", reference="NADA"), "NADA", "its reference_sku is unknown"),
        (product("Z", launch="2024-03-01"), "", "not sold 3 months after its launch"),
    ],
)
def test_a_product_row_that_meets_no_sku_is_named(row, other, reason):
    finding = products_unmatched(pd.concat([product("B", launch="2020-01-01"), row]), KNOWN)
    assert finding.rows.to_dict("records") == [{"sku": row["sku"].iloc[0], "other": other, "reason": reason}]
    named = f"SKU {row['sku'].iloc[0]}" + (f" and {other}" if other else "")
    assert finding.message == f"1 product rows meet no SKU: {named} ({reason}). Correct the codes"


@pytest.mark.parametrize(
    "row",
    [
        product("Z", launch="2024-04-01"),
        product("Z", of_market=0, launch="2024-03-01"),
        product("Z", launch="2024-03-01", end="2024-06-01"),
        product("Z"),
        product("B", reference="FAR"),
        product("b"),
    ],
)
def test_a_product_row_that_may_yet_sell_or_is_of_other_markets_is_no_finding(row):
    assert products_unmatched(row, KNOWN) is None


def test_a_sku_that_is_sold_again_or_has_no_known_launch_takes_its_overrides():
    later = pd.Series({"B": pd.Timestamp("2024-12-01")})
    known = dataclasses.replace(KNOWN, launches=later)
    assert overrides_unused(override("B"), known, None, has_later_months=False) is None
    assert overrides_unused(override("NEW"), known, None, has_later_months=False) is None


def test_a_code_like_two_known_ones_gets_no_hint():
    known = dataclasses.replace(KNOWN, sold=frozenset({"007", "0007"}))
    (row,) = overrides_unused(override("7"), known, None, has_later_months=False).rows["reason"]
    assert row == "never sold and in no product list"


@pytest.mark.parametrize("target", ["2024-04", "2024-05"])
def test_an_override_of_a_month_before_its_origin_is_named(target):
    finding = unused(override(target=target))
    assert finding.rows["reason"].tolist() == ["its month is not after its origin"]


def test_overrides_of_other_origins_may_be_of_months_that_are_over():
    assert unused(override(origin="2024-05", target="2024-05")) is None
    assert unused(override(origin="2024-07", target="2024-06")) is None


def test_an_undated_version_of_an_override_is_the_earliest():
    used = override(origin="2024-05", units=5.0)[["sku", "target_month", "forecast_units"]]
    undated = override(origin="2024-05", units=9.0)
    dated = override(origin="2024-05", units=5.0, known_from="2024-05-20")
    assert unused(dated, undated, used=used) is None
    # The number of a SKU and month is stored once, however often it was filed.
    assert unused(dated, used=pd.concat([used, used])) is None


@pytest.mark.parametrize(("count", "more"), [(3, 1), (4, 2)])
def test_promotions_name_each_sku_once_the_unknown_ones_first(count, more):
    rows = [promotion(f"X{number}", month) for number in range(count) for month in ("2024-08", "2024-07")]
    finding = promotions_unused(pd.concat([promotion("ENDING", "2024-10"), *reversed(rows)]), KNOWN)
    named = "; ".join(f"SKU X{number} in 2024-07 (never sold and in no product list)" for number in range(3))
    assert finding.message.startswith(f"{2 * count + 1} promotions meet no SKU: {named}; and {more} more SKUs. Correct")
    assert finding.rows["sku"].tolist() == [f"X{number}" for number in range(count) for _ in range(2)] + ["ENDING"]
    assert finding.rows.index.tolist() == list(range(2 * count + 1))


def test_three_promotions_and_products_are_named_without_a_count_of_others():
    finding = promotions_unused(pd.concat([promotion(sku, "2024-07") for sku in "XYZ"]), KNOWN)
    assert "more" not in finding.message
    rows = [product(sku, launch="2024-01-01") for sku in "WXYZ"]
    assert "more" not in products_unmatched(pd.concat(rows[:3]), KNOWN).message
    finding = products_unmatched(pd.concat(rows), KNOWN)
    assert finding.message.count("not sold 3 months after") == 3
    assert "; and 1 more. Correct" in finding.message
    assert finding.rows.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("month", ["2024-04", "2024-06"])
def test_a_promotion_up_to_the_origin_of_a_sku_that_ended_is_no_finding(month):
    assert promotions_unused(promotion("ENDED", month), KNOWN) is None


def test_a_product_row_like_two_sold_skus_or_like_a_listed_one_is_no_finding():
    two = dataclasses.replace(KNOWN, sold=frozenset({"007", "0007"}))
    assert products_unmatched(product("7", of_market=0), two) is None
    listed = dataclasses.replace(KNOWN, listed=frozenset({"007"}))
    assert products_unmatched(product("7", of_market=0), listed) is None
    assert products_unmatched(product("007"), KNOWN) is None
