"""Months that a market delivered, the message for other months, and rows of countries that are not configured."""

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.source_tables import SourceTables

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def test_delivered_months_are_those_with_a_row_of_the_market(landing):
    landing.sell_in("FR,A,2024-04,1\nDE,A,2024-05,1\nFR,A,2024-06,0\n")
    assert landing.folder.delivered_months("sell_in", "FR") == [pd.Timestamp("2024-04-01"), JUNE]


def test_a_month_that_was_not_delivered_is_named_with_what_was_looked_at(landing):
    landing.sell_in("FR,A,2024-04,1\nFR,A,2024-06,1\n").put("sell_in/may.xls", "a workbook")
    landing.folder.require_delivered("sell_in", "FR", [JUNE])
    with pytest.raises(LandingError) as caught:
        landing.folder.require_delivered("sell_in", "FR", [MAY, JUNE])
    assert str(caught.value) == (
        "The delivery of sell_in for market FR has 1 problem:\n"
        "  1. sell_in/: found no rows (1 file checked, with 2024-04 to 2024-06 of FR, such as sell_in/all.csv); "
        "not read (only .parquet, .csv, .csv.gz, .csv.zst and .xlsx are): sell_in/may.xls; "
        "expected rows of FR in month 2024-05. "
        "Next step: deliver sell_in of FR for the month, then run the partition again."
    )


def test_a_market_that_never_delivered_is_told_so(landing):
    with pytest.raises(LandingError, match=r"no rows \(0 files checked, with no month of FR\)"):
        landing.folder.require_delivered("sell_in", "FR", [JUNE])


def test_a_missing_month_and_the_unreadable_file_that_may_hold_it_are_told_together(landing):
    landing.put("sell_in/FR_2024-06.parquet", b"PAR1")
    with pytest.raises(LandingError) as caught:
        landing.folder.require_delivered("sell_in", "FR", [JUNE])
    assert [problem.file for problem in caught.value.problems] == ["sell_in/FR_2024-06.parquet", "sell_in/"]


def test_rows_of_unknown_countries_are_counted(landing):
    landing.sell_in("FR,A,2024-06,1\nXX,A,2024-06,1\nXX,B,2024-06,1\nfr,A,2024-06,1\n,A,2024-06,1\n")
    assert landing.folder.unknown_countries("sell_in", ["FR", "DE"]) == {"XX": 2, "fr": 1}


@pytest.mark.parametrize("source", ["sell_out", "products", "promotions", "overrides"])
def test_rows_of_unknown_countries_are_counted_in_every_source(landing, source):
    landing.sell_in("FR,A,2024-06,1\n").put(f"{source}/a.csv", "sku,country,category\nA,fr,x\nB,FR ,x\nC,,x\nD,ALL,x\n")
    markets = {"FR": Market("FR", "France", "FR", "FRA", "Europe", JUNE)}
    tables = SourceTables(str(landing.base), markets)
    countries = tables.left_out(source, "FR", [JUNE]).countries
    assert (countries.misspelt, countries.unknown) == ({} if source == "sell_out" else {"fr": 1}, {"ALL": 1})


def test_blanks_around_a_country_in_the_path_do_not_count(landing):
    landing.put("sell_in/country=FR%20/a.csv", "sku,month,units\nA,2024-06,1\n")
    landing.put("sell_in/country= FR/b.csv", "sku,month,units\nB,2024-06,1\n")
    landing.sell_in("FR,C,2024-06,1\n", "c.csv")
    assert sorted(landing.rows()["sku"]) == ["A", "B", "C"]


def test_a_missing_month_names_rows_whose_month_cannot_be_read(landing):
    landing.sell_in("FR,A,06/2024,1\nFR,B,2024-05,1\nFR,B,2024-05,1\nDE,A,06/2024,1\n")
    with pytest.raises(LandingError) as caught:
        landing.folder.require_delivered("sell_in", "FR", [JUNE])
    first, second = caught.value.problems
    assert str(first).startswith('sell_in/all.csv, column month, row 1: found "06/2024"; expected a month written')
    assert second.found.startswith("no rows (1 file checked, with 2024-05 to 2024-05 of FR")
