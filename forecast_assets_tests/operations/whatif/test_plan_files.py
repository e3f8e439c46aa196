"""Files with other plans: what they may hold, and how a mistake is named."""

import pandas as pd
import pytest

from forecast_assets.operations.whatif.plan_files import PlanError, read_prices, read_products, read_promotions

TARGETS = list(pd.date_range("2024-07-01", periods=18, freq="MS"))
JULY = pd.Timestamp("2024-07-01")


@pytest.fixture
def plan(tmp_path):
    def write(text: str):
        path = tmp_path / "plan.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_promotions_are_read_as_deliveries_are(plan):
    file = plan(
        "country,SKU,month,discount_pct\nFR,007,2024-07,25\nFR,8,2024-08-01,0.1\nDE,9,2024-07,20\nFR,9,2024-07,0\n"
    )
    table = read_promotions(file, "FR", TARGETS)
    assert table["sku"].tolist() == ["007", "8", "9"]
    assert table["discount_pct"].tolist() == [0.25, 0.1, 0.0]
    assert table["is_promoted"].tolist() == [1.0, 1.0, 0.0]
    assert table["promotion_month"].tolist() == [JULY, pd.Timestamp("2024-08-01"), JULY]


def test_a_promotion_without_a_discount_is_one(plan):
    table = read_promotions(plan("sku,month,is_promoted\na,2024-07,1\n"), "FR", TARGETS)
    assert table["is_promoted"].tolist() == [1.0]
    assert table["discount_pct"].isna().all()


def test_excel_and_parquet_give_the_same_rows(tmp_path):
    rows = pd.DataFrame({"sku": ["007"], "month": ["2024-07"], "price": [2.5]})
    rows.to_parquet(tmp_path / "p.parquet")
    rows.assign(month=pd.Timestamp(2024, 7, 1)).to_excel(tmp_path / "p.xlsx", index=False)
    for name in ("p.parquet", "p.xlsx"):
        table = read_prices(tmp_path / name, "FR", TARGETS)
        assert table.to_dict("records") == [{"sku": "007", "month": JULY, "price": 2.5}]


def test_products_name_only_what_changes_and_an_empty_cell_clears_it(plan):
    table = read_products(plan("sku,end_month,reference_sku\na,2024-09,\nb,,a\n"), "FR")
    assert set(table) == {"sku", "end_month", "reference_sku"}
    assert table["end_month"].tolist()[0] == pd.Timestamp("2024-09-01")
    assert table["end_month"].isna().tolist() == [False, True]
    assert table["reference_sku"].tolist() == [None, "a"]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_promotions, "sku,month\na,2024-07\n", "expected a column is_promoted or discount_pct"),
        (read_promotions, "sku,discount_pct\na,2\n", "column month is missing; there are sku, discount_pct"),
        (read_promotions, "sku,month,discount_pct\na,2024-06,2\n", "row 2, month: expected a month from 2024-07 to"),
        (read_promotions, "sku,month,discount_pct\na,2024-07,2\nb,July,2\n", "row 3, month: expected a month like"),
        (read_promotions, "sku,month,discount_pct\na,2024-07,-2\n", "row 2, discount_pct: expected a number from 0"),
        (read_promotions, "sku,month,discount_pct\na,2024-07,two\n", "row 2, discount_pct: expected a number"),
        (read_promotions, "sku,month,discount_pct\na,2024-07,2\na,2024-07,3\n", "stand there twice, for SKU a"),
        (read_promotions, "sku,month,discount_pct\n,2024-07,2\n", "row 2, sku: expected a SKU, got nothing"),
        (read_promotions, "country,sku,month,discount_pct\nDE,a,2024-07,2\n", "no row of FR"),
        (read_prices, "sku,month,price\na,2024-07,0\n", "row 2, price: expected a price above 0, got '0'"),
        (read_prices, "sku,month,price\na,2024-07,\n", "row 2, price: expected a price above 0, got ''"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_row_and_column(plan, read, text, message):
    with pytest.raises(PlanError) as error:
        read(plan(text), "FR", TARGETS)
    assert message in str(error.value)


def test_products_without_a_known_column_are_refused(plan, tmp_path):
    with pytest.raises(PlanError, match="expected a column of category"):
        read_products(plan("sku,colour\na,red\n"), "FR")
    with pytest.raises(PlanError, match="cannot be read"):
        read_products(tmp_path / "absent.csv", "FR")
