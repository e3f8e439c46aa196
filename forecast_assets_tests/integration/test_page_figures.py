"""The report page in a browser: the figures that a planner sees are those of the tables."""

import pandas as pd
import pytest

from forecast_assets.reports import render_market_report
from forecast_assets_tests.integration.browser import OpenPage, chromium, number
from forecast_assets_tests.integration.page_market import ORIGIN, page_market

pytestmark = pytest.mark.integration
AHEAD = pd.date_range("2025-01-01", periods=3, freq="MS")


@pytest.fixture(scope="module")
def market():
    return page_market(60)


@pytest.fixture(scope="module")
def opened(market, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "market_report.html"
    file.write_text(render_market_report(market), encoding="utf-8")
    with chromium() as browser, OpenPage(browser, file) as page:
        yield page


@pytest.fixture(scope="module")
def query(market) -> pd.DataFrame:
    """Rank the SKUs by an own query on the publications and the sell-in."""
    now, before = (
        table[table["target_month"].isin(AHEAD)].groupby("sku")["forecast_units"].sum()
        for table in (market.published, market.published_before)
    )
    year = market.sell_in[market.sell_in["month"] > ORIGIN - pd.DateOffset(months=12)].groupby("sku")
    price = year["net_sales"].sum() / year["sell_in_units"].sum()
    table = pd.DataFrame({"now": now, "change": now - before, "value": (now - before).abs() * price, "price": price})
    return table.sort_values("value", ascending=False)


def test_it_opens_offline_without_complaints_and_asks_nothing_of_the_network(opened):
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1


def test_the_ten_exceptions_equal_an_independent_query(opened, query):
    top = query.head(10)
    assert opened.texts("#exceptions tbody th a") == top.index.tolist()
    rows = opened.page.locator("#exceptions tbody tr")
    shown = [
        [float(cell.get_attribute("data-v")) for cell in rows.nth(at).locator("td[data-v]").all()] for at in range(10)
    ]
    for (units, change, value), row in zip(shown, top.itertuples(), strict=True):
        assert units == pytest.approx(row.now, rel=1e-5)
        assert change == pytest.approx(row.change, rel=1e-5)
        assert value == pytest.approx(row.value, rel=1e-5)


def test_each_exception_has_name_line_and_one_reason(opened):
    assert set(opened.texts("#exceptions tbody th .name")) == {"Halmi 0.5 l"}
    assert opened.page.locator("#exceptions polyline.spark-forecast").count() == 10
    assert all(opened.texts("#exceptions .why"))
    assert [len(row.locator(".reason").all()) for row in opened.page.locator("#exceptions tbody tr").all()] == [1] * 10


def test_the_headline_is_the_sum_over_the_skus(opened, query, market):
    figures = opened.texts(".headline dd:first-of-type")
    assert number(figures[0]) == round(query["now"].sum())
    assert number(figures[1]) == round((query["now"] * query["price"]).sum())
    band = market.levels[(market.levels["level"] == "market") & market.levels["target_month"].isin(AHEAD)]
    last = band.sort_values("target_month").iloc[-1]
    low, high = (round(last[f"cumulative_units_{name}"]) for name in ("p10", "p90"))
    assert [number(text) for text in figures[2].split(" – ")] == [low, high]
    change = query["change"].sum() / (query["now"] - query["change"]).sum()
    assert figures[3] == f"{change * 100:+.1f}%".replace("-", "\u2212")


def test_the_waterfall_leads_from_last_months_forecast_to_this_one(opened):
    units = [number(text) for text in opened.texts("#waterfall td:last-child")]
    assert units[0] + sum(units[1:-1]) == pytest.approx(units[-1], abs=len(units))
    assert opened.texts("#waterfall th")[-2:] == ["Rest", "This forecast"]
    assert "Override" in opened.texts("#waterfall th")


def test_an_overridden_month_shows_both_numbers_and_its_reason(opened, market):
    own = market.published[market.published["source"] == "override"].iloc[0]
    opened.page.evaluate("sku => { window.location.hash = '#sku=' + sku; }", own["sku"])
    opened.page.wait_for_function(
        "sku => document.querySelector('#detail-title').textContent.startsWith(sku)", arg=own["sku"]
    )
    (cell,) = opened.texts("#detail-months tr.overridden td.lead")
    after, before = cell.split("Override, was")
    assert number(after) == pytest.approx(own["forecast_units"], abs=0.5)
    assert number(before) == pytest.approx(own["model_units"], abs=0.5)
    opened.page.locator("#detail-months tr.overridden button").click()
    assert opened.texts("#why-list li")[0] == "Override by A. Martin: reason: promotion."
    assert opened.texts("#why-title") == ["Why this number? Feb 2025"]
    assert "Override" in opened.texts("#detail-chart .legend")[0]


def test_the_detail_of_a_sku_repeats_its_tables(opened, market):
    sku = "000001"
    opened.page.evaluate("window.location.hash = '#sku=000001'")
    opened.page.wait_for_function("document.querySelector('#detail-title').textContent.startsWith('000001')")
    rows = market.published[market.published["sku"] == sku].sort_values("target_month")
    before = market.published_before.query("sku == @sku").set_index("target_month")["forecast_units"]
    shown = [[number(cell) for cell in row.locator("td").all_inner_texts()[:5] if cell != "–"]
             for row in opened.page.locator("#detail-months tbody tr").all()]  # fmt: skip
    names = ["forecast_units", "forecast_units_p10", "forecast_units_p90", "baseline_units"]
    for cells, row in zip(shown, rows.to_dict("records"), strict=True):
        expected = [row[name] for name in names]
        if row["target_month"] in before.index:
            expected.append(before[row["target_month"]])
        assert cells == pytest.approx(expected, abs=0.51)
    note = opened.texts("#detail-note")[0]
    assert all(word in note for word in ("L launch", "P promotion", "€ change of price", "! marked month"))
    scored = market.performance[(market.performance["sku"] == sku) & (market.performance["lag_months"] == 1)]
    wape = (scored["published_units"] - scored["actual_units"]).abs().sum() / scored["actual_units"].sum()
    assert opened.texts("#detail-realised tbody tr:first-child td")[1] == f"{wape * 100:.1f}%"


def test_a_category_is_the_sum_of_its_skus(opened, market):
    opened.page.locator("#tree tr.category", has_text="Ice cream").click()
    assert opened.texts("#detail-title") == ["Ice cream"]
    rows = market.published[market.published["category"] == "Ice cream"].groupby("target_month")["forecast_units"].sum()
    shown = [number(text) for text in opened.texts("#detail-months tbody td.lead")]
    assert shown == pytest.approx(rows.tolist(), abs=0.51)


def test_realised_accuracy_is_shown_where_holt_winters_was_better(opened, market):
    opened.page.locator("#tab-accuracy").click()
    table = opened.page.locator("table", has=opened.page.locator("caption", has_text="Realised by level"))
    cells = table.locator("tbody tr").last.locator("th, td").all_inner_texts()
    keys = ["origin_month", "lag_months"]
    sums = market.performance.groupby(keys)[["actual_units", "published_units", "baseline_units"]].sum()
    wapes = [(sums[name] - sums["actual_units"]).abs().sum() / sums["actual_units"].sum()
             for name in ("published_units", "baseline_units")]  # fmt: skip
    assert cells[0] == "Market total"
    assert cells[3:5] == [f"{wape * 100:.1f}%" for wape in wapes]
    assert wapes[1] < wapes[0]  # and so it is worse
    opened.page.locator("#tab-review").click()
