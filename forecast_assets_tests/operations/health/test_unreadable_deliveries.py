"""Reports of ``market check`` on files that cannot be read or are not read."""

import pandas as pd
import pytest

from forecast_assets.operations.health.readiness import market_readiness
from forecast_assets_tests.repository_settings import loaded

JUNE = pd.Timestamp("2024-06-01")
ROWS = "country,sku,month,units\n" + "".join(f"FR,A,2024-{month:02d},1\n" for month in range(1, 7))


@pytest.fixture
def readiness(tmp_path):
    (tmp_path / "landing/sell_in").mkdir(parents=True)

    def check(**files: bytes) -> dict[str, tuple[str, str]]:
        for name, content in files.items():
            (tmp_path / "landing/sell_in" / name.replace("__", ".")).write_bytes(content)
        settings = loaded(FORECAST_LANDING=str(tmp_path / "landing"), FORECAST_STORE=str(tmp_path / "store"))
        return {each.check: (each.result, each.observed) for each in market_readiness(settings, "FR", JUNE)}

    return check


def test_a_market_without_a_readable_month_is_told_which_file_cannot_be_read(readiness):
    result, observed = readiness(FR_2024__csv=ROWS.encode() + b"FR,CAF\xc9,2024-06,1\n")["delivery sell_in"]
    assert result == "fail"
    assert observed == "sell_in/FR_2024.csv: found bytes that are not UTF-8"


def test_a_month_that_cannot_be_used_names_the_file_that_cannot_be_read(readiness):
    result, observed = readiness(a__csv=ROWS.encode(), FR__parquet=b"PAR1 cut off")["delivery sell_in"]
    assert result == "fail"
    assert "sell_in/FR.parquet: found an unreadable file" in observed


def test_a_file_that_is_not_read_is_a_warning_with_its_name(readiness):
    result, observed = readiness(a__csv=ROWS.encode(), rest__zip=b"x")["delivery sell_in"]
    assert result == "warn"
    assert "files_read" in observed
    assert "sell_in/rest.zip (only .parquet" in observed
