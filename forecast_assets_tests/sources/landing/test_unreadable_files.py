"""Files that cannot be read: what is said, and that the rows of no other market are stopped."""

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingError
from forecast_assets_tests.sources.landing.deliveries import SELL_IN

GOOD = SELL_IN + "FR,A,2024-06,1\nFR,B,2024-06,2\n"
UNREADABLE = {
    "an accent in Windows-1252": (GOOD.encode() + b"FR,CAF\xc9,2024-06,1\n", "bytes that are not UTF-8"),
    "an accent in the header": (b"country,sku,month,units,caf\xe9\nFR,A,2024-06,1,x\n", "bytes that are not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "bytes that are not UTF-8"),
    "CRLF, then LF": (GOOD.replace("units\n", "units\r\n").encode(), "CRLF and LF mixed"),
    "LF, then CRLF": ((GOOD + "FR,C,2024-06,3\r\n").encode(), "CRLF and LF mixed"),
    "a quote that stays open": ((GOOD + 'FR,"C,2024-06,3\n').encode(), "a quote that does not end its cell"),
    "a quote within a quoted cell": ((GOOD + 'FR,"C"D,2024-06,3\n').encode(), "a quote that does not end its cell"),
    "a header over 64 KiB": (
        ("country,sku,month,units," + "x" * 70_000 + "\nFR,A,2024-06,1,y\n").encode(),
        "a first line of more than 64 KiB",
    ),
    "a header that never ends": (b'"country' + b",sku\n" * 20_000, "a first line of more than 64 KiB"),
    "an empty first line": (b"\n" + GOOD.encode(), "the columns "),
    "NUL bytes in the header": (b"country\0,sku,month,units\nFR,A,2024-06,1\n", ""),
}


def message(landing, market="FR"):
    with pytest.raises(LandingError) as caught:
        landing.rows(market=market)
    return str(caught.value)


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_is_named_and_stops_its_market_alone(landing, case):
    content, problem = UNREADABLE[case]
    landing.put("sell_in/FR_2024-06.csv", content).sell_in("DE,A,2024-06,1\n", "DE.csv")
    text = message(landing)
    assert "  1. sell_in/FR_2024-06.csv" in text
    assert f"found {problem}" in text
    assert len(landing.rows(market="DE")) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_is_read(landing, end):
    landing.put("sell_in/a.csv", (GOOD + "FR,C,2024-06,3\n").replace("\n", end))
    assert sorted(landing.rows()["sku"]) == ["A", "B", "C"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_in_a_quoted_cell_is_part_of_the_cell(landing, end):
    content = f'sku,category,remark{end}A,x,"two\nlines"{end}B,y,z{end}'
    landing.put("products/a.csv", content)
    assert landing.rows("products")["sku"].tolist() == ["A", "B"]


@pytest.mark.parametrize("lines", ['FR,"A,2024-06,5\nFR,B",2024-06,6\n', 'FR,"A\r",2024-06,6\n'])
def test_a_key_over_several_lines_is_two_rows_that_a_quote_has_joined(landing, lines):
    landing.put("sell_in/FR.csv", SELL_IN + lines)
    assert "sell_in/FR.csv, column sku, row 1: found a line break in a cell; expected a code on one line" in message(
        landing
    )


def test_a_line_break_in_a_quoted_name_does_not_end_the_header(landing):
    landing.put("sell_in/a.csv", 'country,sku,month,"remark\n(of sales)",units\nFR,A,2024-06,x,5\n')
    assert landing.rows()["units"].tolist() == [5.0]


def test_the_row_of_a_broken_quote_is_named(landing):
    landing.put("sell_in/FR.csv", GOOD + 'FR,"C"D,2024-06,3\n')
    assert "sell_in/FR.csv, row 3: found a quote that does not end its cell" in message(landing)


@pytest.mark.parametrize("content", [b"FR,CAF\xc9,2024-06,1\n", b'FR,"A,2024-06,1\n'])
def test_a_month_that_is_missing_names_the_file_that_may_hold_it(landing, content):
    landing.put("sell_in/FR.csv", SELL_IN.encode() + content)
    with pytest.raises(LandingError) as caught:
        landing.folder.require_delivered("sell_in", "FR", [pd.Timestamp("2024-06-01")])
    assert [problem.file for problem in caught.value.problems] == ["sell_in/FR.csv", "sell_in/"]


def test_rows_without_a_country_stop_the_market_in_the_files_name_alone(landing):
    landing.sell_in("FR,A,2024-06,1\n,B,2024-06,1\n", "FR_2024-06.csv").sell_in("DE,A,2024-06,1\n", "DE.csv")
    assert "sell_in/FR_2024-06.csv, column country, row 2: found an empty cell" in message(landing)
    assert landing.rows(market="DE")["country"].tolist() == ["DE", None]


def test_rows_without_a_country_stop_every_market_if_the_name_has_none(landing):
    landing.sell_in("FR,A,2024-06,1\nDE,A,2024-06,1\n,B,2024-06,1\n")
    assert all("column country, row 3" in message(landing, market) for market in ("FR", "DE"))


def test_the_folder_of_a_country_decides_whose_file_it_is(landing):
    landing.put("sell_in/country=FR/DE_2024.csv", b"\xff\xfe").sell_in("DE,A,2024-06,1\n")
    assert "sell_in/country=FR/DE_2024.csv" in message(landing)
    assert len(landing.rows(market="DE")) == 1
