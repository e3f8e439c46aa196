"""``market check --month`` as a person types it: what the month's cycle would find, and an exit code."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets_tests.cli.terminal_text import unboxed

SKUS = [f"R{number:02d}" for number in range(10)]
MARKETS = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2021-07-01}
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    """The command on three years of ten SKUs, beside further rows."""
    months = pd.date_range("2021-07-01", "2024-06-01", freq="MS")
    units = {month: 100 + 10 * (month.month % 4) for month in months}
    rows = "".join(f"FR,{sku},{month:%Y-%m},{units[month]}\n" for month in months for sku in SKUS)
    products = "".join(f"{sku},tea,own,h6\n" for sku in SKUS)
    for name, content in {
        "sell_in/FR.csv": f"country,sku,month,units\n{rows}",
        "products/all.csv": f"sku,category,brand,pack\n{products}",
    }.items():
        (tmp_path / "landing" / name).parent.mkdir(parents=True)
        (tmp_path / "landing" / name).write_text(content, encoding="utf-8")
    (tmp_path / "markets.yaml").write_text(MARKETS, encoding="utf-8")
    for name, path in {"STORE": "store", "LANDING": "landing", "MARKETS": "markets.yaml"}.items():
        monkeypatch.setenv(f"FORECAST_{name}", str(tmp_path / path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(further: str = ""):
        if further:
            file = tmp_path / "landing" / "sell_in" / "FR_more.csv"
            file.write_text(f"country,sku,month,units\n{further}", encoding="utf-8")
        result = CliRunner().invoke(app, ["market", "check", "FR", "--month", "2024-06"])
        assert not (tmp_path / "store" / "sell_in").exists()
        return result.exit_code, unboxed(result.output)

    return run


def test_a_finding_that_would_block_is_printed_with_its_effect_and_ends_with_1(check):
    code, output = check("FR,TOTAL,2024-06,1200\n")
    assert "FR 2024-06: findings in the deliveries; nothing was stored" in output
    assert "total_as_sku" in output
    assert "blocks" in output
    assert code == 1
