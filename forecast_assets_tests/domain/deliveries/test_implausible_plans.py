"""Product rows that sell-in or the month before contradict, by hand values."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.implausible_plans import products_implausible

JUNE = pd.Timestamp("2024-06-01")
SKUS = ["A", "B", "C", "D"]
# A and B have 5 of 60 units each in the year, C 20 and D 30.
UNITS = {"A": 5.0, "B": 5.0, "C": 20.0, "D": 30.0}


def month(text: str | None) -> pd.Timestamp:
    return pd.NaT if text is None else pd.Timestamp(f"{text}-01")


def products(**changed: object) -> pd.DataFrame:
    """Four SKUs of two categories; ``A_end_month="2024-01"`` changes one cell."""
    rows = pd.DataFrame(
        {"sku": SKUS, "category": ["tea", "tea", "coffee", "coffee"], "attribute_list_price": ["1", "2", "3", "4"]}
    )
    rows = rows.assign(launch_month=month("2020-01"), end_month=pd.NaT)
    rows["end_month"] = rows["end_month"].astype("datetime64[ns]")
    for name, value in changed.items():
        sku, _, column = name.partition("_")
        rows.loc[rows["sku"] == sku, column] = month(value) if column.endswith("month") else value
    return rows


def sold(first: str = "2024-01", last: str = "2024-06", units: dict[str, float] = UNITS) -> pd.DataFrame:
    """The units of the year in its first month, and a small part of them in its last."""
    parts = [
        pd.DataFrame({"sku": list(units), "month": month(at), "sell_in_units": list(units.values())})
        for at in (first, last)
    ]
    parts[1]["sell_in_units"] /= 8192
    return pd.concat(parts, ignore_index=True)


def judged(rows: pd.DataFrame, units: pd.DataFrame | None = None, stored: pd.DataFrame | None = None):
    return products_implausible(
        rows, sold() if units is None else units, products() if stored is None else stored, JUNE
    )


def reason(finding) -> str:
    (text,) = finding.rows["subject"] + " " + finding.rows["reason"]
    return text


def test_products_that_fit_what_is_sold_are_no_finding():
    assert judged(products()) is None
    assert judged(products(), stored=products().head(0)) is None
    assert judged(products(), units=sold().head(0)) is None


@pytest.mark.parametrize(("launch", "is_found"), [("2024-04", False), ("2024-05", True), ("2026-01", True)])
def test_a_sku_that_was_sold_more_than_three_months_before_its_launch_is_named(launch, is_found):
    finding = judged(products(A_launch_month=launch))
    assert (finding is not None) is is_found
    if is_found:
        assert reason(finding) == f"SKU A was sold in 2024-01, its launch is in {launch}"


@pytest.mark.parametrize(("end", "is_found"), [("2024-04", False), ("2024-03", True), ("2023-01", True)])
def test_a_sku_that_is_sold_three_months_after_its_end_is_named(end, is_found):
    finding = judged(products(A_end_month=end))
    assert (finding is not None) is is_found
    if is_found:
        assert reason(finding) == f"SKU A is sold in 2024-06, its end was in {end}"


def test_returns_and_sales_of_earlier_months_are_no_contradiction_to_an_end():
    ended = products(A_end_month="2023-01")
    assert judged(ended, sold(last="2024-05")) is None
    assert judged(ended, sold(units=UNITS | {"A": -5.0})) is None


def test_rows_of_zero_units_are_no_sale():
    none_sold = sold(units=UNITS | {"A": 0.0})
    assert judged(products(A_end_month="2023-01"), none_sold) is None
    assert judged(products(A_launch_month="2026-01"), none_sold) is None


@pytest.mark.parametrize(("ending", "share"), [(["A"], None), (["A", "B"], "17%"), (["C", "D"], "83%")])
def test_a_tenth_of_the_units_that_ends_with_the_month_is_named(ending, share):
    finding = judged(products(**{f"{sku}_end_month": "2024-06" for sku in ending}))
    assert (finding and reason(finding)) == (
        share and f"2 SKUs with {share} of the year's units end in 2024-06: they get no forecast"
    )
    assert judged(products(**{f"{sku}_end_month": "2024-07" for sku in ending})) is None


def test_exactly_a_tenth_counts():
    tenth = sold(units={"A": 10.0, "B": 30.0, "C": 30.0, "D": 30.0})
    assert "1 SKUs with 10% of the year's units" in judged(products(A_end_month="2024-06"), tenth).message
    # Returns of another SKU do not make the year smaller.
    less = sold(units={"A": 9.95, "B": 30.0, "C": 30.0, "D": 30.05, "E": -1.0})
    assert judged(products(A_end_month="2024-06"), less) is None


@pytest.mark.parametrize("other", ["TEA", "te-a", "Tea "])
def test_a_category_in_two_spellings_is_named(other):
    assert judged(products(B_category=other)).rows["subject"].tolist() == ["category"]
    assert "category is written as 'TEA' and 'tea'" in judged(products(B_category="TEA")).message
    assert judged(products(B_category=None)) is None


def test_many_skus_of_another_category_than_the_month_before_are_counted():
    three = {"A_category": "juice", "B_category": "juice", "C_category": "juice"}
    assert reason(judged(products(**three))) == "3 of 4 SKUs have another category than the month before"
    assert judged(products(A_category="juice", B_category="juice")) is None
    # Three of thirteen SKUs are less than a quarter, of twelve they are one.
    many = [products(), *(products().assign(sku=[f"{sku}{number}" for sku in SKUS]) for number in (1, 2))]
    twelve = pd.concat(many, ignore_index=True)
    moved = twelve.assign(category=twelve["category"].mask(twelve.index < 3, "juice"))
    assert reason(judged(moved, stored=twelve)) == "3 of 12 SKUs have another category than the month before"
    further = products().head(1).assign(sku="E")
    assert judged(pd.concat([moved, further]), stored=pd.concat([twelve, further])) is None


def priced(factor: float) -> pd.DataFrame:
    return products().assign(attribute_list_price=[str(price * factor) for price in (1, 2, 3, 4)])


@pytest.mark.parametrize(("factor", "named"), [(9.9, None), (10, "10"), (0.01, "0.01"), (0.11, None), (0, None)])
def test_a_number_at_another_scale_than_the_month_before_is_named(factor, named):
    finding = judged(priced(factor))
    assert (finding and reason(finding)) == (
        named and f"list_price is {named} times that of the month before for most SKUs"
    )


def test_two_skus_have_no_level_and_zero_or_a_word_is_none():
    assert judged(priced(100), stored=products().head(2)) is None
    assert judged(priced(100), stored=products().head(3)) is not None
    assert judged(priced(100), stored=priced(0)) is None
    assert judged(priced(100), stored=products().assign(attribute_list_price="n/a")) is None


def test_three_contradictions_are_named_and_the_others_counted():
    dates = {f"{sku}_launch_month": "2026-01" for sku in SKUS}
    assert judged(products(**dates)).message == (
        "products contradict what is known: SKU A was sold in 2024-01, its launch is in 2026-01; SKU B was sold in "
        "2024-01, its launch is in 2026-01; SKU C was sold in 2024-01, its launch is in 2026-01; and 1 more. Correct "
        "them if they are wrong"
    )
    del dates["D_launch_month"]
    assert "more" not in judged(products(**dates)).message
