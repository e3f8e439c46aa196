"""Files of the OxCGRT tracker: each is read or named, and a damaged one is an error with its name."""

import gzip

import pytest

from forecast_assets.config.markets import Market
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets_tests.sources.landing.deliveries import Deliveries

HEADER = "CountryName,CountryCode,Date,StringencyIndex,EconomicSupportIndex\n"
TEXT = HEADER + "France,FRA,20200301,10,5\n"


def tables(tmp_path, **files):
    landing = Deliveries(tmp_path)
    for name, content in files.items():
        landing.put(f"oxcgrt/{name}", content)
    return SourceTables(str(tmp_path), dict[str, Market]())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("A.CSV", TEXT),
        ("2020/a.csv", TEXT),
        ("a.csv.gz", gzip.compress(TEXT.encode())),
        ("[a].csv", "\ufeff" + TEXT),
    ],
)
def test_a_tracker_file_is_read_in_every_form_of_csv(tmp_path, name, content):
    rows = tables(tmp_path, **{name: content}).oxcgrt()
    assert rows[["country", "stringency_index", "economic_support_index"]].to_numpy().tolist() == [["FRA", 10, 5]]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv", (HEADER + "Côte,CIV,20200301,1,1\n").encode("latin-1"), "found an unreadable file ('utf-8' codec"),
        ("a.csv", "", "found an unreadable file (No columns"),
        ("a.csv", HEADER, "found a header and no rows"),
        ("a.csv", TEXT + 'France,"FRA\n', "found an unreadable file (Error tokenizing"),
        ("a.csv.gz", gzip.compress(TEXT.encode())[:-4], "found an unreadable file (Truncated"),
    ],
)
def test_a_tracker_file_that_cannot_be_read_is_named(tmp_path, name, content, found):
    with pytest.raises(LandingError) as caught:
        tables(tmp_path, **{name: content}).oxcgrt()
    assert f"oxcgrt/{name}: {found}" in str(caught.value)


def test_files_beside_the_tracker_are_named_with_the_reason(tmp_path):
    company = tables(tmp_path, **{"a.csv": TEXT, "a.zip": "x", "b.xlsx": "x", ".c.csv": "x"})
    assert {each.relative: each.reason for each in company.oxcgrt_unread()} == {
        "oxcgrt/.c.csv": "hidden: .c.csv starts with '.'",
        "oxcgrt/a.zip": "only .parquet, .csv, .csv.gz, .csv.zst and .xlsx are read",
        "oxcgrt/b.xlsx": "only CSV is read here",
    }
