"""Compressed CSV and workbooks: what is read of them, and how a damaged one is named."""

import datetime
import gzip
import io
import zipfile

import pyarrow as pa
import pytest

from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.landing.arrivals import market_files
from forecast_assets_tests.sources.landing.deliveries import SELL_IN, TODAY
from forecast_assets_tests.written_workbooks import workbook_of

ROWS = "".join(f"FR,S{number},2024-06,{number * 37 % 1000}\n" for number in range(3000))
TEXT = (SELL_IN + ROWS).encode()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


PACKED = {"csv.gz": gzip.compress(TEXT, mtime=0), "csv.zst": zstd(TEXT)}


def workbook(**sheets):
    return workbook_of(sheets)


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEADER = ["Country", "SKU", "month", "units"]


def message(landing, market="FR"):
    with pytest.raises(LandingError) as caught:
        landing.rows(market=market)
    return str(caught.value)


@pytest.mark.parametrize("ending", PACKED)
def test_compressed_csv_is_read_as_its_text_is(landing, ending):
    landing.put(f"sell_in/FR[1].{ending}", PACKED[ending]).put("sell_in/plain.csv", TEXT)
    rows = landing.rows()
    compressed, plain = (rows[rows["_file"] == f"sell_in/{name}"] for name in (f"FR[1].{ending}", "plain.csv"))
    columns = ["sku", "units", "_row"]
    assert compressed[columns].to_numpy().tolist() == plain[columns].to_numpy().tolist()
    assert len(plain) == 3000


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_truncated_compressed_file_is_named_and_no_part_of_it_read(landing, ending, share):
    packed = PACKED[ending]
    landing.put(f"sell_in/FR.{ending}", packed[: int(len(packed) * share)]).sell_in("DE,A,2024-06,1\n")
    assert f"sell_in/FR.{ending}: found an unreadable file (" in message(landing)
    assert len(landing.rows(market="DE")) == 1


def test_a_gzip_file_with_a_wrong_checksum_is_unreadable(landing):
    damaged = bytearray(PACKED["csv.gz"])
    damaged[-6] ^= 0xFF
    landing.put("sell_in/FR.csv.gz", bytes(damaged))
    assert "expected a complete gzip file" in message(landing)


def test_a_file_that_is_only_called_compressed_is_unreadable(landing):
    landing.put("sell_in/FR.csv.gz", TEXT)
    assert "sell_in/FR.csv.gz: found an unreadable file (" in message(landing)


def test_a_compressed_file_that_was_replaced_is_read_again(landing):
    folder = landing.put("sell_in/FR.csv.gz", PACKED["csv.gz"]).folder
    assert len(folder.files("sell_in")) == 1
    landing.put("sell_in/FR.csv.gz", gzip.compress((SELL_IN + "FR,A,2024-06,1\n").encode()))
    assert folder.delivery("sell_in", "FR").problems == []
    rows = folder.relation("sell_in", "FR", TODAY)
    assert rows.select("sku, units").fetchall() == [("A", 1.0)]


def test_a_sheet_with_the_contracts_header_is_read_as_csv_is(landing):
    june = datetime.datetime(2024, 6, 1)
    book = workbook(
        Sheet1=[
            HEADER,
            ["FR", 1001, june, 5],
            [None] * 4,
            ["FR", "007", "2024-06", 2.5],
            ["FR", 7, datetime.date(2024, 6, 1), 0],
        ]
    )
    book["Sheet1"]["B5"].number_format = "00000"
    landing.put("sell_in/FR.xlsx", saved(book))
    rows = landing.rows()
    assert rows[["sku", "units", "_file", "_row"]].to_numpy().tolist() == [
        ["1001", 5.0, "sell_in/FR.xlsx", 1],
        ["007", 2.5, "sell_in/FR.xlsx", 2],
        ["00007", 0.0, "sell_in/FR.xlsx", 3],
    ]


def test_sheets_are_files_of_their_own_and_other_sheets_are_named(landing):
    book = workbook(May=[HEADER, ["FR", "A", "2024-05", 1]], June=[HEADER, ["FR", "A", "2024-06", 2]], Notes=[["x"]])
    book.create_sheet("Old").append(HEADER)
    book["Old"].sheet_state = "hidden"
    book.create_sheet("Empty")
    landing.put("sell_in/FR.xlsx", saved(book))
    assert landing.rows()[["units", "_file"]].to_numpy().tolist() == [
        [2.0, "sell_in/FR.xlsx, sheet June"],
        [1.0, "sell_in/FR.xlsx, sheet May"],
    ]
    assert [(each.relative, each.reason) for each in landing.folder.unread("sell_in", "FR")] == [
        ("sell_in/FR.xlsx, sheet Notes", "its first row is not the header of the source"),
        ("sell_in/FR.xlsx, sheet Old", "a hidden sheet"),
    ]


def test_a_number_of_excel_needs_no_other_cell_to_show_its_notation(landing):
    rows = [[*HEADER, "net_sales"], ["FR", "A", "2024-06", 1.125, 1.25], ["FR", "B", "2024-06", 950, 950]]
    landing.put("sell_in/FR.xlsx", saved(workbook(June=rows)))
    assert landing.rows()[["units", "net_sales"]].to_numpy().tolist() == [[1.125, 1.25], [950.0, 950.0]]
    landing.put("sell_in/FR.xlsx", saved(workbook(June=[HEADER, ["FR", "A", "2024-06", "1.125"]])))
    assert 'found "1.125", which is 1.125 or 1125' in message(landing)


def test_numbers_of_excel_keep_their_value_and_texts_are_read_as_stated(landing):
    rows = [HEADER, ["FR", "S0", "2024-06", 1.125], ["FR", "S1", "2024-06", "1.125"], ["FR", "S2", "2024-06", 1250]]
    landing.put("sell_in/FR.xlsx", saved(workbook(June=rows)))
    landing.put("sell_in/_notation.yaml", 'FR: {decimal: ",", thousands: "."}')
    assert landing.rows()["units"].tolist() == [1.125, 1125, 1250]


def in_format(value, number_format="General"):
    book = workbook(June=[HEADER, ["FR", value, "2024-06", 5]])
    book["June"]["B2"].number_format = number_format
    return saved(book)


@pytest.mark.parametrize(
    ("number_format", "code"),
    [
        *((plain, "7") for plain in ("General", "@", "0", "#", "#,##0", "# ##0", "0.00", "#,##0.00", "0_);(0)")),
        *((padded, "00007") for padded in ("00000", "00000;-00000", "[$-40C]00000", "00000_-", "[Red]00000")),
    ],
)
def test_a_code_that_excel_keeps_as_a_number_has_the_digits_it_shows(landing, number_format, code):
    landing.put("sell_in/FR.xlsx", in_format(7, number_format))
    assert landing.rows()["sku"].tolist() == [code]


@pytest.mark.parametrize(
    ("value", "number_format", "found"),
    [
        (7, "000-000", "cell B2 holds 7 and shows it in the format 000-000"),
        (7, '"R"000', 'cell B2 holds 7 and shows it in the format "R"000'),
        (7, "0,", "cell B2 holds 7 and shows it in the format 0,"),
        (7.5, "General", "cell B2 holds the decimal number 7.5"),
        (1e15, "0", "cell B2 holds a number of which Excel keeps 15 digits alone"),
        (datetime.date(2024, 3, 1), "d-mmm", "cell B2 holds the date or time 2024-03-01"),
        (True, "General", "cell B2 holds the truth value True"),
    ],
)
def test_a_code_that_excel_has_changed_is_refused_with_its_cell(landing, value, number_format, found):
    landing.put("sell_in/FR.xlsx", in_format(value, number_format)).sell_in("DE,A,2024-06,1\n")
    assert f"sell_in/FR.xlsx: found {found}; expected a value in every cell, and codes as text" in message(landing)
    assert len(landing.rows(market="DE")) == 1


def test_a_workbook_of_several_sheets_is_one_arrival(landing):
    book = workbook(May=[HEADER, ["FR", "A", "2024-05", 1]], June=[HEADER, ["FR", "A", "2024-06", 2]])
    landing.put("sell_in/x.xlsx", saved(book))
    files = market_files(landing.folder, "FR", ["FR"])
    assert [state.relative for state in files.states] == ["sell_in/x.xlsx"]


def test_a_copied_sheet_counts_once_and_another_total_is_a_contradiction(landing):
    daily = [["country", "sku", "date", "units"], ["FR", "A", "2024-06-03", 4]]
    landing.put("sell_in/FR.xlsx", saved(workbook(June=daily, Copy=daily)))
    assert len(landing.rows()) == 2
    landing.put("sell_in/FR.xlsx", saved(workbook(June=daily, Copy=[daily[0], ["FR", "A", "2024-06-03", 5]])))
    assert "expected the same units as in sell_in/FR.xlsx, sheet June" in message(landing)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Sell-in of June"], HEADER], "sell_in/FR.xlsx: found the columns sell-in of june; expected the columns"),
        ([HEADER], "sell_in/FR.xlsx: found a header and no rows"),
        ([], "sell_in/FR.xlsx: found no visible sheet with cells"),
        ([HEADER, ["FR", "A", "2024-06", "=1+1"]], "found cell D2 holds a formula that was saved without its result"),
        (
            [HEADER, ["FR", "A", "2024-06", "#N/A"]],
            "found cell D2 holds the error #N/A; expected a value in every cell",
        ),
        ([HEADER, ["FR", "A", "2024-06", "12,5"]], 'sell_in/FR.xlsx, column units, row 1: found "12,5"'),
        ([HEADER, ["FR", "A", 45444, 1]], 'sell_in/FR.xlsx, column month, row 1: found "45444"'),
        ([[*HEADER, "Units"], ["FR", "A", "2024-06", 1, 2]], "sell_in/FR.xlsx, column units: found column units 2"),
    ],
)
def test_a_workbook_that_cannot_be_used_is_named_with_its_cell(landing, rows, expected):
    landing.put("sell_in/FR.xlsx", saved(workbook(June=rows))).sell_in("DE,A,2024-06,1\n")
    assert expected in message(landing)
    assert len(landing.rows(market="DE")) == 1


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"\xd0\xcf\x11\xe0 encrypted", b"", b"country,sku"])
def test_a_file_that_is_only_called_workbook_is_unreadable(landing, content):
    landing.put("sell_in/FR.xlsx", content)
    assert "sell_in/FR.xlsx: found an unreadable file (" in message(landing)


def test_a_zip_file_without_a_workbook_is_unreadable(landing):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.txt", "x")
    landing.put("sell_in/FR.xlsx", buffer.getvalue())
    assert "expected an Excel workbook" in message(landing)
