"""The loop of a planner's number with real runs: entered in the workbook, imported, approved, published, measured.

FR has run its cycle of December. The number is for February; two months later its sell-in arrives.
"""

import io

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.defs.assets.company import DECEMBER, Company, succeeded

PLACE = PartitionKey(pd.Timestamp(DECEMBER), "FR")
JANUARY, FEBRUARY = "2025-01-01", "2025-02-01"
ANN, BOB = "Ann (self-declared)", "Bob (self-declared)"


@pytest.fixture
def copy(company, tmp_path, monkeypatch) -> Company:
    copy = company.copied_whole_to(tmp_path / "copy")
    places = {"STORE": copy.base / "store", "LANDING": copy.landing, "MARKETS": copy.base / "markets.yaml"}
    for name, value in {**places, "FOUR_EYES": "true"}.items():
        monkeypatch.setenv(f"FORECAST_{name}", str(value))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return copy


def override(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["override", *arguments])
    return result.exit_code, unboxed(result.output)


def workbook(company: Company) -> openpyxl.Workbook:
    content = company.store.read_document("market_report", PLACE, "market_report.xlsx")
    return openpyxl.load_workbook(io.BytesIO(content))


def february(company: Company, sku: str) -> pd.Series:
    rows = company.read("published_forecasts", "FR", DECEMBER)
    return rows[(rows["sku"] == sku) & (rows["target_month"] == FEBRUARY)].iloc[0]


def filled(book: openpyxl.Workbook, sku: str, units: float) -> openpyxl.Workbook:
    sheet = book["Overrides"]
    row = next(row[0].row for row in sheet.iter_rows() if (row[0].value, row[3].value) == (sku, "Yours"))
    columns = {cell.value: cell.column_letter for cell in sheet[1]}
    entry = {"2025-02": units, "Reason": "promotion", "Comment": "two weeks at a large chain"}
    for title, value in entry.items():
        sheet[f"{columns[title]}{row}"] = value
    return book


def shown(book: openpyxl.Workbook, sku: str) -> float:
    """Return the published number of February on the sheet Overrides."""
    sheet = book["Overrides"]
    column = next(cell.column for cell in sheet[1] if cell.value == "2025-02")
    row = next(row[0].row for row in sheet.iter_rows() if (row[0].value, row[3].value) == (sku, "Published"))
    return sheet.cell(row, column).value


def deliver_later_months(company: Company, sku: str, units: float) -> None:
    """Deliver January and February: what December sold, and the SKU's units in February."""
    december = company.read("sell_in", "FR", DECEMBER).dropna(subset=["sell_in_units"])
    rows = pd.concat([december.assign(month=month) for month in ("2025-01", "2025-02")], ignore_index=True)
    is_overridden = (rows["sku"] == sku) & (rows["month"] == "2025-02")
    rows.loc[is_overridden, "sell_in_units"] = units
    file = rows[["country", "sku", "month", "sell_in_units", "net_sales"]].astype({"country": str})
    file.rename(columns={"sell_in_units": "units"}).to_parquet(company.landing / "sell_in" / "FR_2025.parquet")


def test_a_number_goes_from_the_workbook_to_the_measurement_two_months_later(copy, tmp_path):
    published = copy.read("published_forecasts", "FR", DECEMBER)
    regular = published[(published["target_month"] == FEBRUARY) & (published["source"] == "model")]
    sku = str(regular.sort_values("forecast_units")["sku"].iloc[-1])
    before = float(february(copy, sku)["forecast_units"])
    number, sold = round(before * 1.3), round(before * 1.5)
    file = tmp_path / "filled.xlsx"
    filled(workbook(copy), sku, number).save(file)

    code, output = override("import", str(file), "--author", "Ann")
    assert code == 0, output
    assert "1 numbers are submitted, and not in force" in output
    assert override("approve", "FR", "2024-12", "--by", "Ann")[0] == 2
    succeeded(copy.run("ingest", "FR", DECEMBER, assets=["overrides"]))
    assert copy.read("overrides", "FR", DECEMBER).empty

    code, output = override("approve", "FR", "2024-12", "--by", "Bob")
    assert code == 0, output
    succeeded(copy.run("ingest", "FR", DECEMBER, assets=["overrides"]))
    again = ["published_forecasts", "forecast_reasons", "forecast_exceptions", "forecast_levels", "market_report"]
    succeeded(copy.run("republish", "FR", DECEMBER, assets=again))
    row = february(copy, sku)
    assert (row["forecast_units"], row["source"]) == (number, "override")
    assert row["reason"] == f"override by {ANN}: promotion: two weeks at a large chain (approved by {BOB})"
    assert shown(workbook(copy), sku) == number

    deliver_later_months(copy, sku, sold)
    succeeded(copy.run("ingest", "FR", JANUARY, FEBRUARY, assets=["sell_in"]))
    succeeded(copy.run("measure", "FR", FEBRUARY))
    table = copy.read("forecast_value_added", "FR", FEBRUARY)
    own = table[(table["level"] == "author") & (table["step"] == "published")].set_index("entity").loc[ANN]
    assert own[["cells", "helped_cells", "hurt_cells"]].tolist() == [1, 1, 0]
    assert own["error_saved_units"] == pytest.approx((sold - before) - (sold - number))
    assert own["absolute_error_units"] == pytest.approx(sold - number)
