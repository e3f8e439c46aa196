"""Arrival of a market's month: absent, growing, marked, whole."""

import os

import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.landing.arrivals import MonthDelivery, delivery_of

JUNE = pd.Timestamp("2024-06-01")
NOW = pd.Timestamp("2024-07-10T06:00Z")
CODES = ["FR", "NO"]
HEADER = "country,sku,month,units\n"


@pytest.fixture
def landing(tmp_path, monkeypatch):
    """Writes a file as of some seconds before NOW; by its own time alone: no test can set when a name changed."""
    monkeypatch.setattr("forecast_assets.sources.landing.listing.TIMES", ("mtime", "last_modified"))

    def write(name: str, content: str, age: float) -> None:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        os.utime(file, (NOW.timestamp() - age,) * 2)

    write.base = tmp_path
    return write


def delivered(landing, market: str = "FR", seen_before: str | None = None, month: pd.Timestamp = JUNE) -> MonthDelivery:
    folder = LandingFolder(str(landing.base), known_codes=CODES)
    return delivery_of(folder, market, month, CODES, NOW, 60, seen_before)


def test_without_any_file_the_sell_in_is_missing(landing):
    delivery = delivered(landing)
    assert (delivery.missing, delivery.is_complete, delivery.changed_at) == (("sell_in",), False, None)
    assert delivery.lacks == "no sell_in of the month"


def test_a_file_with_the_month_that_has_not_changed_for_a_while_is_complete(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=61)
    assert delivered(landing).is_complete
    assert delivered(landing).changed_at == NOW - pd.Timedelta(seconds=61)
    assert delivered(landing, month=pd.Timestamp("2024-07-01")).missing == ("sell_in",)


def test_a_young_file_is_taken_for_one_that_is_still_being_written(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=59)
    assert delivered(landing).lacks == "still being written: sell_in/FR.csv"


def test_a_file_unchanged_between_two_looks_is_whole_whatever_its_time_says(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=-3600)
    first = delivered(landing)
    assert not first.is_complete
    assert delivered(landing, seen_before=first.fingerprint).is_complete
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\nFR,B,2024-06,2\n", age=-3600)
    assert not delivered(landing, seen_before=first.fingerprint).is_complete


def test_a_marker_that_came_after_the_file_completes_it_at_once(landing):
    landing("sell_in/2024-06/part-0.csv", HEADER + "FR,A,2024-06,1\n", age=5)
    landing("sell_in/2024-06/_SUCCESS", "", age=4)
    assert delivered(landing).is_complete


@pytest.mark.parametrize(("marker", "age"), [("sell_in/2024-06/_SUCCESS", 6), ("sell_in/2024-05/_SUCCESS", 4)])
def test_an_older_marker_or_one_of_another_folder_says_nothing(landing, marker, age):
    landing("sell_in/2024-06/part-0.csv", HEADER + "FR,A,2024-06,1\n", age=5)
    landing(marker, "", age=age)
    assert delivered(landing).changing == ("sell_in/2024-06/part-0.csv",)


def test_a_marker_above_the_file_counts(landing):
    landing("sell_in/2024-06/part-0.csv", HEADER + "FR,A,2024-06,1\n", age=5)
    landing("sell_in/_SUCCESS", "", age=4)
    assert delivered(landing).is_complete


def test_sell_out_is_waited_for_once_the_market_has_some(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    landing("sell_out/FR.csv", HEADER + "FR,A,2024-05,1\n", age=100)
    assert delivered(landing).missing == ("sell_out",)
    landing("sell_out/FR_06.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    assert delivered(landing).is_complete


def test_sell_out_that_starts_later_is_not_waited_for(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    landing("sell_out/FR.csv", HEADER + "FR,A,2024-07,1\n", age=100)
    assert delivered(landing).is_complete


def test_a_truncated_file_is_whose_name_says_it_and_holds_up_nobody_else(landing):
    landing("sell_in/NO.parquet", "PAR1 cut off", age=5)
    landing("sell_in/FR_2024-06.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    assert delivered(landing, "NO").changing == ("sell_in/FR_2024-06.csv", "sell_in/NO.parquet")[1:]
    assert delivered(landing, "FR").is_complete


def test_the_fingerprint_changes_with_any_file_of_the_market(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    first = delivered(landing).fingerprint
    assert delivered(landing).fingerprint == first
    landing("overrides/FR.csv", "country,sku,origin_month,target_month,forecast_units,author,reason\n", age=100)
    assert delivered(landing).fingerprint != first


def test_in_words_three_files_are_named_and_the_others_counted(landing):
    for number in range(5):
        landing(f"sell_in/FR_{number}.csv", HEADER + f"FR,{number},2024-06,1\n", age=1)
    assert delivered(landing).lacks.endswith("sell_in/FR_0.csv, sell_in/FR_1.csv, sell_in/FR_2.csv and 2 more")


@pytest.mark.parametrize(
    "content", [b"FR,CAF\xc9,2024-06,1\n", b'FR,"A,2024-06,1\n', b"FR,A,2024-06,1\r\n", b"FR,A,06/2024,1\n"]
)
def test_a_missing_month_names_the_file_that_may_hold_it_and_cannot_be_read(landing, content):
    landing("sell_in/NO.csv", HEADER + "NO,A,2024-06,1\n", age=100)
    landing("sell_in/FR.csv", "", age=100)
    (landing.base / "sell_in/FR.csv").write_bytes(HEADER.encode() + content)
    os.utime(landing.base / "sell_in/FR.csv", (NOW.timestamp() - 100,) * 2)
    delivery = delivered(landing)
    assert not delivery.is_complete
    assert delivery.lacks.startswith("no sell_in of the month; cannot be read: sell_in/FR.csv: found ")
    assert delivered(landing, "NO").unreadable == ()
    assert delivered(landing, "NO").is_complete


@pytest.mark.parametrize("source", ["sell_in", "sell_out", "products"])
def test_an_unreadable_file_beside_a_whole_month_is_named_and_holds_nothing_up(landing, source):
    landing("sell_in/FR_06.csv", HEADER + "FR,A,2024-06,1\n", age=100)
    landing(f"{source}/FR_05.parquet", "PAR1 cut off", age=100)
    delivery = delivered(landing)
    assert delivery.is_complete
    assert delivery.lacks == ""
    assert delivery.cannot_be_read.startswith(f"cannot be read: {source}/FR_05.parquet: found an unreadable file")


def test_a_month_between_two_with_sell_out_lacks_it(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-04,1\nFR,A,2024-06,1\n", age=61)
    landing("sell_out/FR.csv", HEADER + "FR,A,2024-05,1\nFR,A,2024-07,1\n", age=61)
    assert delivered(landing).missing == ("sell_out",)
    # Before its first month a market may have none.
    assert delivered(landing, month=pd.Timestamp("2024-04-01")).missing == ()


def test_a_young_parquet_file_of_another_market_is_not_waited_for(landing):
    landing("sell_in/FR.csv", HEADER + "FR,A,2024-06,1\n", age=61)
    rows = pd.DataFrame({"country": ["NO"], "sku": ["A"], "month": ["2024-06"], "units": [1.0]})
    file = landing.base / "sell_in" / "part.parquet"
    rows.to_parquet(file)
    os.utime(file, (NOW.timestamp() - 5,) * 2)
    assert delivered(landing).is_complete
    assert delivered(landing, "NO").changing == ("sell_in/part.parquet",)
