"""Plans tried on a company that has run a cycle: stored plans give the published forecast, others move their own."""

import hashlib

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.operations.whatif.forecast import Plans, what_if
from forecast_assets.operations.whatif.inputs import WhatIfError, read_inputs
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.defs.assets.company import DECEMBER

PLACE = PartitionKey(pd.Timestamp(DECEMBER), "FR")
MARCH = pd.Timestamp("2025-03-01")


@pytest.fixture(scope="module")
def inputs(company):
    return read_inputs(company.settings(), company.store, PLACE)


@pytest.fixture(scope="module")
def sku(inputs) -> str:
    """The SKU with the most units that has a price."""
    prices = inputs.history.sell_out["price"]
    priced = prices.skus[pd.DataFrame(prices.units).notna().any(axis=1)]
    units = inputs.published[inputs.published["sku"].isin(priced)].groupby("sku")["forecast_units"].sum()
    return str(units.idxmax())


def changes(company, inputs, **plans) -> pd.DataFrame:
    return what_if(company.settings(), inputs, Plans(**plans)).cells


def files(base) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in base.rglob("*") if path.is_file()}


def test_stored_plans_give_the_published_forecast(company, inputs):
    result = what_if(company.settings(), inputs, Plans())
    assert result.drift_units == 0
    assert (result.cells["change_units"] == 0).all()
    assert len(result.cells) == len(inputs.published)
    assert result.cells["whatif_units"].tolist() == result.cells["published_units"].tolist()


def test_a_promotion_moves_the_sku_it_names_most(company, inputs, sku):
    plan = pd.DataFrame({"sku": [sku], "promotion_month": [MARCH], "is_promoted": [1.0], "discount_pct": [0.4]})
    without = pd.DataFrame({"sku": [sku], "promotion_month": [MARCH], "is_promoted": [0.0], "discount_pct": [0.0]})
    cells = changes(company, inputs, promotions=plan)
    none = changes(company, inputs, promotions=without)
    by_sku = cells.groupby("sku")["change_units"].agg(lambda units: units.abs().sum())
    assert by_sku.idxmax() == sku or by_sku[sku] == 0
    key = (cells["sku"] == sku) & (cells["target_month"] == MARCH)
    assert cells.loc[key, "whatif_units"].iloc[0] > none.loc[key, "whatif_units"].iloc[0]


def test_an_end_makes_the_months_after_it_zero(company, inputs, sku):
    plan = pd.DataFrame({"sku": [sku], "end_month": [MARCH]})
    cells = changes(company, inputs, products=plan)
    own = cells[cells["sku"] == sku].set_index("target_month")
    assert (own.loc["2025-04-01":, "whatif_units"] == 0).all()
    assert own.loc[MARCH, "whatif_units"] > 0
    assert (own.loc["2025-04-01":, "change_units"] == -own.loc["2025-04-01":, "published_units"]).all()


def test_a_launch_that_is_not_planned_yet_is_added(company, inputs, sku):
    plan = pd.DataFrame({"sku": ["new"], "launch_month": [MARCH], "reference_sku": [sku], "category": ["Tea"]})
    cells = changes(company, inputs, products=plan)
    own = cells[cells["sku"] == "new"].set_index("target_month")
    assert own["published_units"].isna().all()
    assert own.loc["2025-02-01", "whatif_units"] == 0
    assert own.loc["2025-06-01", "whatif_units"] > 0
    assert own["change_units"].tolist() == own["whatif_units"].tolist()
    assert set(own["category"]) == {"Tea"}


def test_a_higher_price_does_not_raise_the_forecast(company, inputs, sku):
    prices = inputs.history.sell_out["price"]
    last = pd.Series(prices.units[list(prices.skus).index(sku)]).dropna().iloc[-1]
    dear, cheap = (
        changes(company, inputs, prices=pd.DataFrame({"sku": [sku], "month": [MARCH], "price": [last * factor]}))
        for factor in (1.5, 0.6)
    )
    assert dear.loc[dear["sku"] == sku, "whatif_units"].sum() <= cheap.loc[cheap["sku"] == sku, "whatif_units"].sum()


def test_a_price_of_a_sku_without_one_is_refused(company, inputs):
    plan = pd.DataFrame({"sku": ["ghost"], "month": [MARCH], "price": [2.0]})
    with pytest.raises(WhatIfError, match="no price of SKU ghost is known"):
        what_if(company.settings(), inputs, Plans(prices=plan))


def test_a_number_that_differs_today_is_said_and_kept_out_of_the_change(company, inputs):
    import dataclasses

    published = inputs.published.copy()
    published.loc[0, "forecast_units"] += 5.0
    result = what_if(company.settings(), dataclasses.replace(inputs, published=published), Plans())
    assert result.drift_units == pytest.approx(5.0)
    assert (result.cells["change_units"] == 0).all()


def test_a_month_without_a_model_names_what_is_missing(company):
    with pytest.raises(WhatIfError, match="FR 2024-06 has no published_forecasts, model, champion"):
        read_inputs(company.settings(), company.store, PartitionKey(pd.Timestamp("2024-06-01"), "FR"))


@pytest.fixture
def command(company, monkeypatch, tmp_path):
    for name in ("STORE", "LANDING"):
        monkeypatch.setenv(f"FORECAST_{name}", str(company.base / name.lower()))
    monkeypatch.setenv("FORECAST_MARKETS", str(company.base / "markets.yaml"))
    monkeypatch.setenv("FORECAST_POOLED_SKUS", "0")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["whatif", "--country", "FR", "--to", str(tmp_path / "out"), *arguments])
        return result.exit_code, unboxed(result.output)

    return run


def test_the_command_writes_a_workbook_and_a_page_and_nothing_that_others_read(company, command, sku, tmp_path):
    plan = tmp_path / "promotions.csv"
    pd.DataFrame({"sku": [sku, "ghost"], "month": "2025-03", "discount_pct": 40}).to_csv(plan, index=False)
    before = files(company.base)
    code, output = command("--promotions", str(plan))
    assert code == 0, output
    assert files(company.base) == before
    assert "France (FR) 2024-12: forecast under other plans" in output
    assert "Without a forecast, so without effect: ghost." in output
    book = openpyxl.load_workbook(tmp_path / "out" / "FR_2024-12" / "whatif.xlsx")
    assert book.sheetnames == ["Summary", "By SKU", "By month"]
    market = [cell.value for cell in book["Summary"][2]]
    published = company.read("published_forecasts", "FR", DECEMBER)
    ahead = published[published["target_month"] <= DECEMBER.replace("2024", "2025")]
    assert market[:2] == ["All", pytest.approx(ahead["forecast_units"].sum())]
    assert market[3] == pytest.approx(market[2] - market[1])
    page = (tmp_path / "out" / "FR_2024-12" / "whatif.html").read_text(encoding="utf-8")
    assert "Nothing is published or stored" in page
    assert "https://" not in page


def test_a_command_without_a_plan_or_with_a_broken_one_ends_with_2(command, tmp_path):
    assert command()[0] == 2
    broken = tmp_path / "broken.csv"
    broken.write_text("sku,month,price\na,2020-01,1\n", encoding="utf-8")
    code, output = command("--price", str(broken))
    assert code == 2
    assert "row 2, month: expected a month from 2025-01" in output
