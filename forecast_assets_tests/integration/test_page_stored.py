"""The page of a cycle that was run, in a browser: what a planner sees against own queries on the stored tables."""

import pandas as pd
import pytest

from forecast_assets_tests.defs.assets.company import DECEMBER, NOVEMBER
from forecast_assets_tests.defs.assets.conftest import company  # noqa: F401  # a fixture
from forecast_assets_tests.integration.browser import OpenPage, chromium, number

pytestmark = pytest.mark.integration
AHEAD = pd.date_range("2025-01-01", periods=3, freq="MS")
YEAR = pd.date_range("2024-01-01", periods=12, freq="MS")


@pytest.fixture(scope="module")
def stored(company):  # noqa: F811
    """Read a stored table of FR's December, or of another month."""

    def read(table: str, month: str = DECEMBER) -> pd.DataFrame:
        return company.read(table, "FR", month)

    return read


@pytest.fixture(scope="module")
def opened(company):  # noqa: F811
    (file,) = (company.base / "store").rglob(f"market_report/country=FR/month={DECEMBER}/market_report.html")
    with chromium() as browser, OpenPage(browser, file) as page:
        yield page
        assert page.complaints == []
        assert len(page.requests) == 1


@pytest.fixture(scope="module")
def query(stored) -> pd.DataFrame:
    """Rank the SKUs by value at stake from publications, sell-in and products alone."""
    now, before = stored("published_forecasts"), stored("published_forecasts", NOVEMBER)
    sums = pd.DataFrame({
        "units": now[now["target_month"].isin(AHEAD)].groupby("sku")["forecast_units"].sum(),
        "last": before[before["target_month"].isin(AHEAD)].groupby("sku")["forecast_units"].sum(),
        "holt_winters": now[now["target_month"].isin(AHEAD)].groupby("sku")["baseline_units"].sum(),
    })  # fmt: skip
    sold = pd.concat([stored("sell_in", f"{month:%Y-%m-%d}") for month in YEAR])
    both = sold.dropna(subset=["sell_in_units", "net_sales"]).groupby("sku")
    price = (both["net_sales"].sum() / both["sell_in_units"].sum()).reindex(sums.index)
    reference = sums["last"].fillna(sums["holt_winters"]).fillna(0.0)
    change = sums["units"].fillna(0.0) - reference
    rows = sums.assign(change=change, price=price.where(price > 0, 1.0), has_price=price > 0)
    return rows.assign(value=change.abs() * rows["price"]).sort_values("value", ascending=False)


def test_the_ten_exceptions_equal_an_independent_query(opened, query):
    top = query[query["value"] > 0].head(10)
    assert len(top) == 10
    assert opened.texts("#exceptions tbody th a") == top.index.tolist()
    for row, expected in zip(opened.page.locator("#exceptions tbody tr").all(), top.itertuples(), strict=True):
        shown = [float(cell.get_attribute("data-v")) for cell in row.locator("td[data-v]").all()]
        assert shown == pytest.approx([expected.units, expected.change, expected.value], rel=1e-5)


def test_the_headline_equals_the_stored_tables(opened, query, stored):
    figures = opened.texts(".headline dd:first-of-type")
    assert number(figures[0]) == round(query["units"].sum())
    priced = query[query["has_price"]]
    assert number(figures[1]) == pytest.approx((priced["units"] * priced["price"]).sum(), abs=1)
    levels = stored("forecast_levels").query("level == 'market' and horizon_months == 3").iloc[0]
    assert [number(text) for text in figures[2].split(" – ")] == [
        round(levels["cumulative_units_p10"]), round(levels["cumulative_units_p90"]),
    ]  # fmt: skip
    units = stored("published_forecasts").query("target_month <= '2025-03-01'")["forecast_units"].sum()
    assert levels["cumulative_units"] == pytest.approx(units)


def test_the_waterfall_leads_from_the_stored_publication_of_november_to_this_one(opened, query):
    units = [number(text) for text in opened.texts("#waterfall td:last-child")]
    assert opened.texts("#waterfall th")[0] == "Forecast of Nov 2024"
    assert units[0] == round(query["last"].sum())
    assert units[-1] == round(query["units"].sum())
    assert units[0] + sum(units[1:-1]) == pytest.approx(units[-1], abs=len(units))


def test_every_month_of_every_sku_equals_the_stored_tables(opened, stored):
    published, reasons = stored("published_forecasts"), stored("forecast_reasons")
    last = stored("published_forecasts", NOVEMBER).set_index(["sku", "target_month"])["forecast_units"]
    names = ["forecast_units", "forecast_units_p10", "forecast_units_p90", "baseline_units"]
    for sku, rows in published.sort_values("target_month").groupby("sku"):
        opened.page.evaluate("sku => { window.location.hash = '#sku=' + encodeURIComponent(sku); }", sku)
        opened.page.wait_for_function(
            "sku => document.querySelector('#detail-title').textContent.startsWith(sku)", arg=sku
        )
        shown = opened.page.locator("#detail-months tbody tr").all_inner_texts()
        assert len(shown) == len(rows) == 18
        cells = opened.page.evaluate(
            "() => [...document.querySelectorAll('#detail-months tbody tr')].map(row => "
            "[...row.querySelectorAll('td')].slice(0, 5).map(cell => cell.innerText.split('\\n')[0]))"
        )
        for texts, row in zip(cells, rows.to_dict("records"), strict=True):
            before = last.get((sku, row["target_month"]))
            expected = [row[name] for name in names] + ([] if before is None else [before])
            numbers = [number(text) for text in texts if text != "–"]
            assert numbers == pytest.approx(expected, abs=0.51), (sku, row["target_month"])
        first = reasons[(reasons["sku"] == sku) & (reasons["target_month"] == AHEAD[0])].sort_values("order")
        assert opened.texts("#why-list li") == [" ".join(text.split()) for text in first["text"]]
