"""Rows of a market are read once while the files stay as they are, and again when one of them changes."""

import os
import threading

import duckdb
import pandas as pd
import pytest

from forecast_assets.sources.landing import LandingError, LandingFolder, market_rows
from forecast_assets.sources.landing.folder import local_database
from forecast_assets_tests.sources.landing.deliveries import SELL_IN, TODAY, Deliveries

JUNE, MAY = pd.Timestamp("2024-06-01"), pd.Timestamp("2024-05-01")


@pytest.fixture
def reads(monkeypatch) -> list[tuple[str, str]]:
    """Source and market of each statement that reads files."""
    done: list[tuple[str, str]] = []
    create_table = market_rows.create_table

    def noted(connection, source, files, market, *notation):
        done.append((source.name, market))
        create_table(connection, source, files, market, *notation)

    monkeypatch.setattr(market_rows, "create_table", noted)
    return done


def units(folder, market: str = "FR", **months: pd.Timestamp) -> list[float]:
    return [value for (value,) in folder.relation("sell_in", market, TODAY, **months).select("units").fetchall()]


def test_unchanged_files_are_read_once_whatever_is_asked(landing, reads):
    folder = landing.sell_in("FR,A,2024-05,1\nFR,A,2024-06,2\n").folder
    assert units(folder) == units(folder, first_month=JUNE, last_month=JUNE) == [1.0, 2.0]
    assert folder.delivered_months("sell_in", "FR") == [MAY, JUNE]
    folder.require_delivered("sell_in", "FR", [JUNE])
    assert reads == [("sell_in", "FR")]


def test_sources_and_markets_do_not_mix(landing, reads):
    landing.sell_in("FR,A,2024-06,1\nDE,A,2024-06,2\n").put("sell_out/all.csv", SELL_IN + "FR,A,2024-06,3\n")
    folder = landing.folder
    seen = [units(folder, market) for market in ("FR", "DE", "FR")]
    assert seen == [[1.0], [2.0], [1.0]]
    assert folder.delivered_months("sell_out", "FR") == [JUNE]
    assert folder.delivered_months("sell_out", "DE") == []
    assert units(folder, "DE") == [2.0]
    # The rows of one market are kept, not those of all: memory.
    assert [market for source, market in reads if source == "sell_in"] == ["FR", "DE", "FR", "DE"]


@pytest.mark.parametrize("name", ["all.csv", "more.csv"])
def test_a_replaced_or_further_file_is_read(landing, name):
    folder = landing.sell_in("FR,A,2024-06,1\n").folder
    assert units(folder) == [1.0]
    landing.sell_in("FR,B,2024-06,25\n", name)
    assert units(folder) == ([25.0] if name == "all.csv" else [1.0, 25.0])


def test_a_removed_file_has_no_rows(landing):
    folder = landing.sell_in("FR,A,2024-06,1\n").sell_in("FR,B,2024-06,2\n", "more.csv").folder
    assert units(folder) == [1.0, 2.0]
    (landing.base / "sell_in" / "more.csv").unlink()
    assert units(folder) == [1.0]


@pytest.mark.parametrize("changed_at", [100, 4_102_444_800], ids=["past", "future"])
def test_a_file_of_the_same_size_is_read_even_if_it_kept_its_time(landing, changed_at):
    folder, file = landing.sell_in("FR,A,2024-06,1\n").folder, landing.base / "sell_in" / "all.csv"
    os.utime(file, (changed_at, changed_at))
    assert units(folder) == [1.0]
    landing.sell_in("FR,A,2024-06,7\n", "new.tmp")
    (landing.base / "sell_in" / "new.tmp").rename(file)
    os.utime(file, (changed_at, changed_at))
    assert units(folder) == [7.0]


def test_a_later_statement_on_the_notation_is_followed(landing):
    folder = landing.sell_in('FR,A,2024-06,"1,250"\n').put("sell_in/_notation.yaml", 'FR: {decimal: ","}\n').folder
    assert units(folder) == [1.25]
    landing.put("sell_in/_notation.yaml", 'FR: {decimal: ".", thousands: ","}\n')
    assert units(folder) == [1250.0]


def test_a_bad_month_fails_whenever_it_is_asked_for_and_no_other_does(landing, reads):
    folder = landing.sell_in("FR,A,2024-05,x\nFR,A,2024-06,2\n").folder
    for _ in range(2):
        assert len(units(folder, first_month=JUNE, last_month=JUNE)) == 2
        for first in (MAY, pd.Timestamp("2024-01-01")):
            with pytest.raises(LandingError, match='found "x"'):
                units(folder, first_month=first, last_month=JUNE)
    assert len(reads) == 1


def test_a_message_names_each_problem_once_however_often_it_is_told(landing):
    folder = landing.sell_in("FR,A,2024-06,x\n").folder
    told = []
    for _ in range(3):
        with pytest.raises(LandingError) as caught:
            units(folder)
        told.append(str(caught.value))
    assert told[0].count('found "x"') == 1
    assert told == told[:1] * 3


def test_a_damaged_file_is_named_each_time_until_it_is_repaired(landing):
    folder = landing.sell_in("FR,A,2024-06,1\n").put("sell_in/FR_b.parquet", b"PAR1 and no more").folder
    for _ in range(2):
        with pytest.raises(LandingError, match=r"FR_b\.parquet: found an unreadable file"):
            units(folder)
    landing.put("sell_in/FR_b.parquet", pd.DataFrame({"country": ["FR"], "sku": "B", "month": JUNE, "units": 2.0}))
    assert units(folder) == [2.0, 1.0]


def test_a_file_that_opens_later_with_the_same_size_and_time_is_read_then(landing, monkeypatch):
    folder = landing.sell_in("FR,A,2024-06,1\n").folder
    create_table, closed = market_rows.create_table, [True]

    def failing(connection, source, files, *more):
        if closed and files:
            raise duckdb.IOException("Could not read")
        create_table(connection, source, files, *more)

    monkeypatch.setattr(market_rows, "create_table", failing)
    with pytest.raises(LandingError, match="unreadable file"):
        units(folder)
    closed.clear()
    assert units(folder) == [1.0]


def test_folders_do_not_mix_though_they_share_a_database(landing, tmp_path):
    here = landing.sell_in("FR,A,2024-06,1\n").folder
    there = Deliveries(tmp_path / "other").sell_in("FR,A,2024-06,2\n").folder
    assert units(here) == [1.0]
    assert units(there) == [2.0]
    assert here.relation("sell_in", "FR", TODAY).select("units").fetchall() == [(1.0,)]
    assert local_database(os.getpid()) is local_database(os.getpid()) is not local_database(0)


@pytest.mark.parametrize("lost", ["connection", "database", "both"])
def test_rows_are_read_again_after_duckdb_was_lost(landing, lost):
    folder = landing.sell_in("FR,A,2024-06,1\n").folder
    assert units(folder) == [1.0]
    # A closed connection refuses every statement, as after a fatal error.
    if lost != "database":
        folder.of_market("FR").close()
    if lost != "connection":
        local_database(os.getpid()).close()
    assert units(folder) == [1.0]
    assert units(landing.folder) == [1.0]


def test_threads_do_not_share_a_connection(landing):
    folder = landing.sell_in("FR,A,2024-06,1\nDE,A,2024-06,2\n").folder
    seen: list[object] = []

    def other():
        seen.append(folder.of_market("FR"))
        seen.append(units(folder, "DE"))

    mine = folder.of_market("FR")
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen[0] is not mine
    assert seen[1] == [2.0]
    assert folder.of_market("FR") is mine


def test_rows_of_before_are_read_again_after_others_took_their_place(landing):
    """A folder leaves while a file cannot be read, and comes back: its own file has the size and times of before."""
    folder, part = landing.sell_in("FR,A,2024-06,1\n", "part/all.csv").folder, landing.base / "sell_in" / "part"
    assert units(folder) == [1.0]
    away = part.rename(landing.base / "part")
    landing.sell_in('FR,"A,2024-06,1\n', "FR.csv")
    with pytest.raises(LandingError):
        units(folder)
    (landing.base / "sell_in" / "FR.csv").unlink()
    away.rename(part)
    assert units(folder) == [1.0]


def test_a_landing_folder_that_is_missing_is_an_error_unless_it_may_be(tmp_path):
    with pytest.raises(LandingError, match="no such folder"):
        LandingFolder(str(tmp_path / "none")).files("sell_in")
    assert LandingFolder(str(tmp_path / "none"), must_exist=False).files("sell_in") == []
