"""CSV files of every market as text, and what is said of those that cannot be read."""

import pytest

from forecast_assets.sources.landing import LandingError, LandingFolder
from forecast_assets.sources.text_tables import text_tables

RATES = "exchange_rates"
TEXT = "month,currency,rate\n2024-11,NOK,0.10\n"


@pytest.fixture
def delivered(tmp_path):
    """Return a function that delivers files of the source and reads them."""
    folder = tmp_path / RATES
    folder.mkdir()

    def read(**files: bytes):
        for name, content in files.items():
            (folder / f"{name}.csv").write_bytes(content)
        return text_tables(LandingFolder(str(tmp_path)), RATES)

    return read


def test_cells_stay_as_they_are_written_and_a_byte_order_mark_is_left_out(delivered):
    (table,) = delivered(rates=TEXT.encode("utf-8-sig")).values()
    assert table.to_dict("list") == {"month": ["2024-11"], "currency": ["NOK"], "rate": ["0.10"]}


@pytest.mark.parametrize("content", [TEXT.replace("NOK", "Cr\xe9dit").encode("cp1252"), b"", b"month,currency,rate\n"])
def test_every_file_that_is_no_table_is_named(delivered, content):
    with pytest.raises(LandingError) as raised:
        delivered(good=TEXT.encode(), one=content, two=content)
    text = str(raised.value)
    assert ("exchange_rates/one.csv" in text, "exchange_rates/two.csv" in text) == (True, True)
    assert ("good.csv" in text, "deliver the file again as CSV in UTF-8" in text) == (False, True)


def test_namibia_and_an_empty_cell_are_texts(delivered):
    (table,) = delivered(rates=b"month,country,rate\n2024-11,NA,\n").values()
    assert table.to_dict("list") == {"month": ["2024-11"], "country": ["NA"], "rate": [""]}


def test_without_a_file_there_is_no_table(delivered):
    assert delivered() == {}
