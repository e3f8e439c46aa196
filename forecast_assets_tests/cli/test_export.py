"""The command ``export``: the file that another system reads, and how it exits."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.storage import Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.operations.overrides.planning import JUNE, PARTITION, Planning


@pytest.fixture
def planning(monkeypatch, tmp_path) -> Planning:
    planning = Planning(tmp_path)
    for name, value in planning.variables.items():
        monkeypatch.setenv(name, value)
    return planning


def export(folder, *options: str) -> tuple[int, str]:
    arguments = ["export", "--country", "FR", "--month", "2024-06", "--to", str(folder), *options]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, unboxed(result.output)


def with_products(planning, case_units) -> None:
    products = pd.DataFrame({"sku": ["a", "b"], "attribute_case_units": case_units}).assign(
        category=None, brand=None, pack=None, launch_month=pd.NaT, end_month=pd.NaT, reference_sku=None
    )
    months = {name: products[name].astype("datetime64[ns]") for name in ("launch_month", "end_month")}
    planning.store.write(
        table_specs()["products"], PARTITION, products.assign(**months), Provenance("run", "dev", "sha")
    )


def test_a_csv_has_whole_units_by_sku_and_month(planning, tmp_path):
    code, output = export(tmp_path / "out")
    assert code == 0
    assert "forecast_FR_2024-06.csv: 4 rows" in output
    assert (tmp_path / "out" / "forecast_FR_2024-06.csv").read_text() == (
        "country,sku,origin_month,target_month,quantity,quantity_unit\n"
        "FR,a,2024-06,2024-07,100,unit\nFR,a,2024-06,2024-08,110,unit\n"
        "FR,b,2024-06,2024-07,40,unit\nFR,b,2024-06,2024-08,44,unit\n"
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["forecast_FR_2024-06.csv"]


def test_columns_are_named_and_ordered_as_the_settings_say(planning, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_EXPORT_COLUMNS", "sku=Material, target_month=Period ,quantity=Menge,source")
    monkeypatch.setenv("FORECAST_EXPORT_MONTH_FORMAT", "%m.%Y")
    assert export(tmp_path)[0] == 0
    lines = (tmp_path / "forecast_FR_2024-06.csv").read_text().splitlines()
    assert lines[:2] == ["Material,Period,Menge,source", "a,07.2024,100,model"]


def test_parquet_has_integers_and_cases_where_products_have_them(planning, tmp_path, monkeypatch):
    with_products(planning, ["12", None])
    monkeypatch.setenv("FORECAST_EXPORT_QUANTITY", "cases")
    assert export(tmp_path, "--format", "parquet")[0] == 0
    table = pd.read_parquet(tmp_path / "forecast_FR_2024-06.parquet")
    assert table["quantity"].tolist() == [8, 10, 40, 44]  # 100 and 210 of 12: 8.3 and 17.5 cases
    assert table["quantity_unit"].tolist() == ["case", "case", "unit", "unit"]
    assert table["quantity"].dtype == "int64"


def test_a_column_that_does_not_exist_is_named_with_those_that_do(planning, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_EXPORT_COLUMNS", "sku,amount")
    code, output = export(tmp_path)
    assert code == 2
    assert "FORECAST_EXPORT_COLUMNS: no column amount; known: " in output


@pytest.mark.parametrize("columns", ["", "sku,", "sku=a,month=a", "sku=", "=a", "sku,sku"])
def test_columns_without_a_name_or_twice_are_rejected(columns, planning, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_EXPORT_COLUMNS", columns)
    code, output = export(tmp_path)
    assert code == 2
    assert "FORECAST_EXPORT_COLUMNS" in output


def test_a_market_on_trial_is_not_exported(planning, tmp_path):
    rows = planning.store.read("published_forecasts", [PARTITION]).drop(columns=["country", "month"])
    shadow = with_every_quantile(rows.assign(status="shadow"))
    planning.store.write(table_specs()["published_forecasts"], PARTITION, shadow, Provenance("run", "dev", "sha"))
    code, output = export(tmp_path / "out")
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert f"FR {JUNE:%Y-%m} is shadow: only published and stale are exported" in output


def test_a_month_that_is_not_published_is_named(planning, tmp_path):
    code, output = export(tmp_path, "--month", "2024-05")
    assert code == 2
    assert "FR 2024-05 is not published" in output
    assert export(tmp_path, "--format", "xls")[0] == 2
