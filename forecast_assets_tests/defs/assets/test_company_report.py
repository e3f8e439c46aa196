"""The report over all markets of a company that has run a cycle: its rows against the stored tables, its links."""

import io
import re

import pandas as pd
import pytest

from forecast_assets.operations.cycle.launch import failures_of
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.assets.company import DECEMBER, Company, succeeded

PLACE = PartitionKey(pd.Timestamp(DECEMBER))


def documents(company: Company) -> tuple[str, pd.DataFrame]:
    read = company.store.read_document
    page = read("company_report", PLACE, "company_report.html").decode()
    return page, pd.read_parquet(io.BytesIO(read("company_report", PLACE, "company_report.parquet")))


def test_rows_are_sums_of_what_is_published(company):
    _, rows = documents(company)
    units = {}
    for code in ("FR", "NO", "NA"):
        published = company.read("published_forecasts", code, DECEMBER)
        units[code] = published.loc[published["horizon_months"] <= 12, "forecast_units"].sum()
    by = rows.set_index(["level", "entity"])
    assert by.loc["market", "forecast_units"].to_dict() == pytest.approx(units)
    assert by.loc[("world", "WORLD"), "forecast_units"] == pytest.approx(sum(units.values()))
    assert by.loc[("region", "Europe"), "forecast_units"] == pytest.approx(units["FR"] + units["NO"])
    assert by.loc["category", "forecast_units"].sum() == pytest.approx(sum(units.values()))
    assert by.loc["market", "status"].to_dict() == {"FR": "published", "NO": "published", "NA": "shadow"}
    exceptions = company.read("forecast_exceptions", "FR", DECEMBER)
    assert by.loc[("market", "FR"), "exceptions"] == (~exceptions["reason"].isin(["changed", "unchanged"])).sum() > 0


def test_links_lead_from_the_page_to_the_page_of_each_market(company):
    page, _ = documents(company)
    assert "2 of 2 markets ready" in page
    folder = company.base / "store" / "company_report" / f"month={DECEMBER}"
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 3
    assert all((folder / link).is_file() for link in links)
    assert "https://" not in page


def test_with_rates_and_currencies_the_value_is_summed(company, tmp_path):
    tables = ("published_forecasts", "forecast_exceptions", "forecast_levels", "demand_totals")
    copy = company.copied_to(tmp_path / "copy", *tables)
    markets = copy.base / "markets.yaml"
    text = markets.read_text(encoding="utf-8")
    for code, currency in (("FR", "EUR"), ("NO", "NOK"), ("NA", "NAD")):
        text = re.sub(rf'(code: "?{code}"?,)', rf"\1 currency: {currency},", text)
    markets.write_text(text, encoding="utf-8")
    rates = copy.landing / "exchange_rates"
    rates.mkdir()
    (rates / "rates.csv").write_text("Month,Currency,Rate\n2024-11,EUR,1\n2024-11,NOK,0.1\n2024-12,NAD,0.05\n")
    succeeded(copy.run("sum_forecasts", None, DECEMBER))
    page, rows = documents(copy)
    markets_rows = rows[rows["level"] == "market"].set_index("entity")
    world = rows.loc[rows["level"] == "world", "value_company"].iloc[0]
    expected = markets_rows["value"] * pd.Series({"FR": 1.0, "NO": 0.1, "NA": 0.05})
    assert world == pytest.approx(expected.sum())
    assert markets_rows["currency"].to_dict() == {"FR": "EUR", "NO": "NOK", "NA": "NAD"}
    assert "Sums of value are in" in page
    assert "Value is not summed" in documents(company)[0]
    (rates / "late.csv").write_text("Month,Currency,Rate\n2024-12,NOK,10\n")
    failed = copy.run("sum_forecasts", None, DECEMBER)
    assert not failed.success
    assert any("late.csv: the row 2024-12, NOK, 10 follows 0.1 of 2024-11" in each for each in failures_of(failed))
