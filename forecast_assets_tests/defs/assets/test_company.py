"""The report over all markets: rates if there are any, the markets on its card, and its rows as a table."""

import inspect
import io
from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.defs.assets import company
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
ROWS = pd.DataFrame({name: ["one", "two"] for name in company.SHOWN}, index=[5, 9]).assign(level=["market", "world"])


@pytest.mark.parametrize(("stored", "known"), [(None, {}), ("rates", {"EUR": 1.0})])
def test_the_report_shows_markets_on_its_card_and_stores_every_row(monkeypatch, stored, known):
    given, shown, metadata = [], [], {}
    monkeypatch.setattr(company, "rates_at", lambda rates, month, currencies: {"EUR": 1.0} if rates else None)
    monkeypatch.setattr(company, "company_rows", lambda stated, tables, month, rates: given.append(rates) or ROWS)
    monkeypatch.setattr(company, "CompanyReport", lambda month, rows, currency: SimpleNamespace(ready="2 of 2"))
    monkeypatch.setattr(company, "render_company_page", lambda report: "<html>")
    monkeypatch.setattr(
        company, "page_figures", lambda url, page, rows, name: shown.append(rows["name"].tolist()) or {name: 1}
    )
    for name in ("waiting_numbers", "reviews_of", "open_store"):
        monkeypatch.setattr(company, name, lambda *_: None)
    context = SimpleNamespace(retry_number=0, partition_keys=["2024-06-01"], add_output_metadata=metadata.update)
    run = inspect.unwrap(company.company_report.op.compute_fn.decorated_fn)
    tables = dict.fromkeys(("published_forecasts", "forecast_exceptions", "forecast_value_added", "forecast_totals"))
    documents = run(context, settings=loaded(), source_tables=SimpleNamespace(exchange_rates=lambda: stored), **tables)
    assert given == [known]
    assert (shown, metadata) == ([["one"]], {"ready": "2 of 2", "markets": 1})
    assert documents[JUNE]["company_report.html"] == b"<html>"
    table = pd.read_parquet(io.BytesIO(documents[JUNE]["company_report.parquet"]))
    assert table["level"].tolist() == ["market", "world"]
    assert table.index.tolist() == [0, 1]
