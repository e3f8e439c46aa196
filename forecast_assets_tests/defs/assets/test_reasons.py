"""Through the graph: the stored reasons of a market, and what ``why`` prints of them."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.operations.history.passport import passport
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER, Company, succeeded

PLACE = PartitionKey(pd.Timestamp(DECEMBER), "FR")
MARCH = pd.Timestamp("2025-03-01")
CELL = ["sku", "target_month"]


@pytest.mark.parametrize(("country", "month"), [("FR", NOVEMBER), ("FR", DECEMBER), ("NO", DECEMBER), ("NA", DECEMBER)])
def test_every_published_cell_has_reasons_that_add_up_to_the_difference_from_last_year(company, country, month):
    reasons, published = (company.read(table, country, month) for table in ("forecast_reasons", "published_forecasts"))
    origin = pd.Timestamp(month)
    sold = pd.concat(
        [
            company.read("sell_in", country, f"{each:%Y-%m-%d}")
            for each in pd.date_range(end=origin, periods=12, freq="MS")
        ]
    )
    back = np.where(published["horizon_months"] <= 12, 12, 24)
    then = [target - pd.DateOffset(months=int(n)) for target, n in zip(published["target_month"], back, strict=True)]
    cells = published[[*CELL, "forecast_units"]].assign(month=then)
    cells = cells.merge(sold[["sku", "month", "sell_in_units"]], on=["sku", "month"], how="left", validate="m:1")
    sums = reasons.groupby(CELL)["units"].sum(min_count=1).reset_index()
    both = cells.merge(sums, on=CELL, how="left", validate="1:1")
    difference = both["forecast_units"] - both["sell_in_units"]
    known = difference.notna()
    assert known.sum() > 50
    np.testing.assert_allclose(both.loc[known, "units"].fillna(0.0), difference[known], atol=1e-6)
    assert reasons.groupby(CELL)["order"].min().eq(1).all()
    assert len(reasons[CELL].drop_duplicates()) == len(published)


def test_its_check_passed_in_the_cycle(company):
    assert company.december()["checked"]["forecast_reasons:parts_add_up"][0] is True


def test_why_prints_the_reasons_before_the_lineage(company, monkeypatch):
    monkeypatch.setenv("FORECAST_STORE", str(company.base / "store"))
    monkeypatch.setenv("DAGSTER_HOME", str(company.base / "no home"))
    output = CliRunner().invoke(app, ["why", "FR", "NULL", "2025-03"]).output
    reasons = company.read("forecast_reasons", "FR", DECEMBER).query("sku == 'NULL' and target_month == @MARCH")
    places = [output.index(text) for text in reasons.sort_values("order")["text"]]
    assert len(places) >= 1
    assert places == sorted(places)
    assert places[-1] < output.index("<- published_forecasts")


def test_reasons_of_another_publication_are_not_shown(company, tmp_path):
    copy = company.copied_whole_to(tmp_path / "copy")
    assert passport(copy.store, PLACE, "NULL", MARCH).reasons
    rows = copy.read("published_forecasts", "FR", DECEMBER).drop(columns=["country", "month"])
    again = rows.assign(reason="published again")
    inputs = copy.store.provenance("published_forecasts", PLACE).inputs
    provenance = Provenance("later", "dev-later", "none", inputs=inputs)
    copy.store.write(table_specs()["published_forecasts"], PLACE, again, provenance)
    assert passport(copy.store, PLACE, "NULL", MARCH).reasons == []


def test_reasons_are_written_in_the_language_of_the_market(company, tmp_path):
    copy: Company = company.copied_whole_to(tmp_path / "copy")
    markets = copy.base / "markets.yaml"
    markets.write_text(markets.read_text().replace('code: "NO",', 'code: "NO", language: de,'))
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER, assets=["forecast_reasons"]))
    texts = copy.read("forecast_reasons", "NO", DECEMBER)["text"]
    assert texts.str.contains("Stück|Einführung|Verkauf|statt des Modells|Endet").all()
