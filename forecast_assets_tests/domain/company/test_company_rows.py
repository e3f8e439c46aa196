"""Rows of the company report, by hand: two markets of two currencies, a third that is not published."""

import pandas as pd
import pytest

from forecast_assets.domain.company.company_rows import CompanyTables, company_rows, has_sum
from forecast_assets.domain.evaluation.value_added import forecast_value_added

JUNE, JULY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-07-01")
FAR = pd.Timestamp("2025-07-01")  # 13 months ahead
MARKETS = pd.DataFrame(
    [
        ("FR", "France", "Europe", "live", "EUR"), ("NO", "Norway", "Europe", "live", "NOK"),
        ("BR", "Brazil", "America", "live", "BRL"),
    ],
    columns=["country", "name", "region", "stage", "currency"],
)  # fmt: skip


def tables(**replaced) -> CompanyTables:
    published = pd.DataFrame(
        [
            ("FR", "a", "Tea", JULY, 100.0, "published", "model"), ("FR", "a", "Tea", FAR, 999.0, "published", "model"),
            ("FR", "b", None, JULY, 50.0, "published", "override"), ("NO", "a", "Tea", JULY, 40.0, "stale", "model"),
        ],
        columns=["country", "sku", "category", "target_month", "forecast_units", "status", "source"],
    )  # fmt: skip
    exceptions = pd.DataFrame(
        [
            ("FR", "a", "launch", 2.0, "currency"),
            ("FR", "b", "bias", 1.0, "units"),
            ("FR", "c", "unchanged", 1.0, "units"),
            ("NO", "a", "changed", 10.0, "currency"),
        ],
        columns=["country", "sku", "reason", "unit_price", "value_unit"],
    )
    values = {"published": published, "exceptions": exceptions, "value_added": measured(), "waiting": {"FR": 3}}
    return CompanyTables(**(values | replaced))


def measured() -> pd.DataFrame:
    """FR sold 100, published 110, Holt-Winters 130; NO sold 300, published 270, Holt-Winters 300."""
    parts = []
    for country, actual, published, baseline in (("FR", 100.0, 110.0, 130.0), ("NO", 300.0, 270.0, 300.0)):
        cells = pd.DataFrame(
            {
                "sku": ["a"], "lag_months": 1, "actual_units": actual, "naive_units": actual,
                "baseline_units": baseline,
                "model_units": published, "units_before_overrides": published, "published_units": published,
                "is_overridden": False, "category": "Tea", "abc_class": "A", "xyz_class": "X", "author": "unknown",
                "net_sales_per_unit": 1.0,
            }
        )  # fmt: skip
        parts.append(forecast_value_added(cells).assign(country=country, month=JUNE))
    return pd.concat(parts, ignore_index=True)


def rows(rates=None, **replaced) -> pd.DataFrame:
    return company_rows(MARKETS, tables(**replaced), JUNE, rates or {}).set_index(["level", "entity"])


def test_a_market_has_status_units_value_and_counts():
    row = rows().loc[("market", "FR")]
    assert (row["status"], row["ready"], row["forecast_units"], row["value"]) == ("published", 1, 150.0, 200.0)
    assert row[["exceptions", "overrides", "waiting"]].tolist() == [2, 1, 3]
    assert rows().loc[("market", "NO"), ["status", "ready", "value"]].tolist() == ["stale", 0, 400.0]
    missing = rows().loc[("market", "BR")]
    assert (missing["status"], missing["ready"], missing["exceptions"]) == ("not published", 0, 0)
    assert missing[["forecast_units", "value", "wape_published"]].isna().all()


def test_accuracy_of_a_sum_is_that_of_the_summed_errors():
    table = rows()
    assert table.loc[("market", "FR"), ["wape_published", "wape_baseline"]].tolist() == pytest.approx([0.1, 0.3])
    # 10 and 30 of 400; Holt-Winters 30 of 400.
    assert table.loc[("world", "WORLD"), ["wape_published", "wape_baseline"]].tolist() == pytest.approx([0.1, 0.075])
    assert table.loc[("region", "Europe"), "bias_published"] == pytest.approx(-20 / 400)
    assert table.loc[("category", "Tea"), "bias_baseline"] == pytest.approx(30 / 400)


def test_without_rates_values_of_several_currencies_are_never_summed():
    table = rows()
    assert table.loc[("world", "WORLD"), "forecast_units"] == 190.0
    assert table["value_company"].isna().all()
    assert not has_sum(table.reset_index())


def test_with_a_rate_for_each_currency_values_are_summed():
    table = rows({"EUR": 1.0, "NOK": 0.1})
    assert table.loc[("world", "WORLD"), "value_company"] == pytest.approx(200 + 40)
    assert table.loc[("category", "Tea"), "value_company"] == pytest.approx(240)
    assert has_sum(table.reset_index())


def test_a_market_without_a_rate_leaves_the_sums_it_is_in_without_a_value():
    table = rows({"EUR": 1.0})
    assert table.loc[("market", "FR"), "value_company"] == 200.0
    assert table.loc[("region", "Europe"), ["value_company"]].isna().all()
    assert table.loc[("world", "WORLD"), ["value_company"]].isna().all()


def test_markets_of_one_currency_need_no_rate():
    one = MARKETS.assign(currency="EUR")
    table = company_rows(one, tables(), JUNE, {}).set_index(["level", "entity"])
    assert table.loc[("world", "WORLD"), "value_company"] == 600.0
    unstated = company_rows(MARKETS.assign(currency=""), tables(), JUNE, {})
    assert unstated["value_company"].isna().all()


def test_rows_go_from_the_world_to_categories_and_a_null_category_has_a_name():
    order = list(dict.fromkeys(rows().index.get_level_values("level")))
    assert order == ["world", "region", "market", "category"]
    assert rows().loc[("category", "UNKNOWN"), "forecast_units"] == 50.0
    assert rows().loc[("region", "Europe"), ["markets", "ready"]].tolist() == [2, 1]


def test_before_anything_is_measured_and_without_prices_there_are_units_alone():
    table = rows(value_added=pd.DataFrame(), exceptions=pd.DataFrame())
    assert table.loc[("market", "FR"), "forecast_units"] == 150.0
    assert table[["value", "wape_published"]].isna().all(axis=None)
