"""A file's name is data: it is read once, literally, and every other file in the folder is named with a reason."""

import os

import pandas as pd
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from forecast_assets.sources.landing import LandingError, LandingFolder
from forecast_assets.sources.landing.delivered_file import UnreadFile
from forecast_assets.storage.transient_errors import is_transient
from forecast_assets_tests.sources.landing.deliveries import SELL_IN, TODAY, Deliveries

ODD_NAMES = [
    *("FR[2].csv", "[a-z].csv", "*.csv", "**.csv", "a?.csv", "[!a].csv", "{a,b}.csv", "it's.csv", 'say "hi".csv'),
    *("new\nline.csv", "-rf.csv", "café 中文 🍫.csv", "back\\slash.csv", "back\\[1].csv", "a%20b.csv", "a#b.csv"),
    *("$(x);.csv", " lead.csv", "UPPER.CSV", "x" * 250 + ".csv", "a=b.csv", "null.csv", "--.csv", "a.b.csv"),
]


def stopped(landing, markets=("FR", "DE", "NO")):
    """Return the markets that a delivery stops, with the message."""
    messages = {}
    for market in markets:
        try:
            landing.rows(market=market)
        except LandingError as error:
            messages[market] = str(error)
    return messages


@pytest.mark.parametrize("base", ["plain", "dir[1]*"])
def test_every_odd_name_is_read_once_and_literally(tmp_path, base):
    landing = Deliveries(tmp_path / base)
    decoys = (".hidden.csv", "_started.csv", "FR2.csv.tmp")
    for number, name in enumerate(ODD_NAMES):
        landing.sell_in(f"FR,S{number},2024-06,{number}\n", name)
    for decoy in decoys:
        landing.sell_in("FR,HIDDEN,2024-06,1\n", decoy)
    landing.sell_in("FR,TWO,2024-06,1\n", "FR2.csv").sell_in("FR,AB,2024-06,1\n", "ab.csv")
    rows = landing.rows().set_index("sku")
    assert rows["units"].to_dict() == {f"S{n}": n for n in range(len(ODD_NAMES))} | {"TWO": 1, "AB": 1}
    assert [rows["_file"][f"S{n}"] for n in range(len(ODD_NAMES))] == [f"sell_in/{name}" for name in ODD_NAMES]
    assert len(landing.folder.unread("sell_in", "FR")) == len(decoys)


@pytest.mark.parametrize("name", ["a[1].parquet", "*.parquet", "q?.parquet"])
def test_parquet_and_country_counts_read_an_odd_name_literally_too(landing, name):
    frame = pd.DataFrame({"country": ["FR", "XX"], "sku": ["A", "A"], "month": ["2024-06"] * 2, "units": [1, 1]})
    landing.put(f"sell_in/{name}", frame).put("sell_in/.q1.parquet", frame).put("sell_in/a1.parquet.tmp", frame)
    assert landing.rows()["_file"].tolist() == [f"sell_in/{name}"]
    assert landing.folder.unknown_countries("sell_in", ["FR"]) == {"XX": 1}
    assert landing.folder.delivered_months("sell_in", "FR") == [pd.Timestamp("2024-06-01")]


def test_a_column_may_be_called_filename(landing):
    frame = pd.DataFrame({"country": ["FR"], "sku": ["A"], "month": ["2024-06"], "units": [1], "filename": ["x"]})
    landing.put("sell_in/a.parquet", frame).put("sell_in/b.csv", frame.to_csv(index=False))
    assert landing.rows()["_file"].tolist() == ["sell_in/a.parquet", "sell_in/b.csv"]


def test_another_file_system_reads_odd_names_literally():
    base = UPath("memory://odd-names")
    (base / "sell_in").mkdir(parents=True, exist_ok=True)
    for name in ("*.csv", "a[1].csv", "q?.csv", "a1.csv", ".hidden.csv"):
        (base / "sell_in" / name).write_text(f"{SELL_IN}FR,{name},2024-06,1\n")
    folder = LandingFolder(str(base))
    rows = folder.relation("sell_in", "FR", TODAY).df()
    assert sorted(rows["sku"]) == ["*.csv", "a1.csv", "a[1].csv", "q?.csv"]


def test_a_message_holds_an_odd_name_on_one_line(landing):
    landing.sell_in("FR,A,2024-06,x\n", "two\nlines\x1b[2J.csv")
    (line,) = str(stopped(landing)["FR"]).splitlines()[1:]
    assert line.startswith(r"  1. sell_in/two\nlines\x1b[2J.csv, column units, row 1:")


def test_a_name_that_is_not_utf_8_is_named_with_its_bytes(landing):
    landing.sell_in("FR,A,2024-06,1\n", "x.csv")
    os.rename(os.fsencode(landing.base / "sell_in/x.csv"), os.fsencode(landing.base) + b"/sell_in/FR caf\xe9.csv")
    messages = stopped(landing)
    assert list(messages) == ["FR"]
    assert r"sell_in/FR caf\xe9.csv: found a name in another encoding; expected a file name in UTF-8" in messages["FR"]


def test_every_file_that_is_not_read_is_named_with_the_reason(landing):
    landing.sell_in("FR,A,2024-06,1\n")
    for name in (
        "a.zip",
        "b.json",
        "c.xls",
        "d.csv.bz2",
        "no_ending",
        ".DS_Store",
        "_x/y.csv",
        "e.csv.tmp",
        "~$f.xlsx",
    ):
        landing.put(f"sell_in/{name}", "x")
    landing.put("sell_in/_SUCCESS", "")
    only = "only .parquet, .csv, .csv.gz, .csv.zst and .xlsx are read"
    temporary = "a temporary file: rename it when it is complete"
    assert {each.relative: each.reason for each in landing.folder.unread("sell_in", "FR")} == {
        **{f"sell_in/{name}": only for name in ("a.zip", "b.json", "c.xls", "d.csv.bz2", "no_ending")},
        "sell_in/.DS_Store": "hidden: .DS_Store starts with '.'",
        "sell_in/_x/y.csv": "hidden: _x starts with '_'",
        "sell_in/e.csv.tmp": temporary,
        "sell_in/~$f.xlsx": temporary,
    }
    assert landing.rows()["sku"].tolist() == ["A"]


def test_a_file_that_is_not_read_is_named_to_the_market_in_its_name(landing):
    landing.put("sell_in/DE_2024-06.zip", "x").put("sell_in/country=FR/DE.zip", "x").put("sell_in/all.zip", "x")
    assert landing.folder.unread("sell_in", "DE") == [
        UnreadFile("sell_in/DE_2024-06.zip", "only .parquet, .csv, .csv.gz, .csv.zst and .xlsx are read"),
        UnreadFile("sell_in/all.zip", "only .parquet, .csv, .csv.gz, .csv.zst and .xlsx are read"),
    ]


def test_pipes_links_and_folders_are_named_to_their_market_and_stop_no_other(landing, tmp_path_factory):
    landing.sell_in("DE,A,2024-06,1\nNO,A,2024-06,1\n")
    folder, outside = landing.base / "sell_in", tmp_path_factory.mktemp("outside") / "x.csv"
    outside.write_text(SELL_IN + "FR,A,2024-06,1\n")
    os.mkfifo(folder / "FR_pipe.csv")
    (folder / "FR_out.csv").symlink_to(outside)
    (folder / "FR_none.csv").symlink_to("nothing.csv")
    (folder / "FR_folder.csv").mkdir()
    messages = stopped(landing)
    assert list(messages) == ["FR"]
    assert [line.split(";")[0] for line in messages["FR"].splitlines()[1:]] == [
        "  1. sell_in/FR_folder.csv: found an empty folder of that name",
        "  2. sell_in/FR_none.csv: found a link to no file",
        "  3. sell_in/FR_out.csv: found a link out of the folder",
        "  4. sell_in/FR_pipe.csv: found a pipe or device",
    ]


def test_a_link_within_the_landing_folder_and_a_linked_source_are_read(landing, tmp_path_factory):
    mounted = tmp_path_factory.mktemp("mounted")
    (mounted / "a.csv").write_text(SELL_IN + "FR,A,2024-06,1\n")
    (landing.base / "sell_in").symlink_to(mounted)
    (mounted / "b.csv").symlink_to("a.csv")
    assert set(landing.rows()["_file"]) == {"sell_in/a.csv", "sell_in/b.csv"}


def test_a_link_to_a_folder_is_named_and_no_loop(landing):
    landing.sell_in("FR,A,2024-06,1\n").put("archive/b.csv", SELL_IN + "FR,B,2024-06,1\n")
    (landing.base / "sell_in/FR").symlink_to(landing.base / "archive")
    (landing.base / "sell_in/loop").symlink_to(landing.base / "sell_in")
    (landing.base / "sell_in/DE").symlink_to(landing.base / "archive")
    why = "a link to a folder: links to files alone are read"
    assert landing.rows()["sku"].tolist() == ["A"]
    assert landing.folder.unread("sell_in", "FR") == [
        UnreadFile("sell_in/FR", why), UnreadFile("sell_in/loop", why)
    ]  # fmt: skip


def test_a_linked_file_that_changed_is_read_again(landing):
    landing.put("archive/a.csv", SELL_IN + "FR,A,2024-06,1\n").put("sell_in/DE.csv", SELL_IN + "DE,A,2024-06,1\n")
    (landing.base / "sell_in/FR.csv").symlink_to("../archive/a.csv")
    folder = landing.folder
    assert [len(file.columns) for file in folder.files("sell_in")] == [4, 4]
    landing.put("archive/a.csv", SELL_IN.replace("units", "stock") + "FR,A,2024-06,1\n")
    os.utime(landing.base / "archive/a.csv", (1, 1))
    assert [bool(file.problem) for file in folder.files("sell_in")] == [False, True]


class Closed(MemoryFileSystem):
    """A file system whose files may not be opened."""

    def _open(self, *_args, **_options):
        raise PermissionError(13, "Permission denied")


def test_a_file_without_access_is_named_and_read_as_soon_as_there_is(monkeypatch):
    base = UPath("memory://closed")
    (base / "sell_in").mkdir(parents=True, exist_ok=True)
    for market in ("FR", "DE"):
        (base / "sell_in" / f"{market}.csv").write_text(f"{SELL_IN}{market},A,2024-06,1\n")
    folder = LandingFolder(str(base), known_codes=["FR", "DE"])
    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "_open", Closed._open)
        with pytest.raises(LandingError) as caught:
            folder.relation("sell_in", "FR", TODAY)
    assert "sell_in/FR.csv: found no access (Permission denied); expected a file that this process may read" in str(
        caught.value
    )
    assert "DE.csv" not in str(caught.value)
    assert is_transient(caught.value)
    assert len(folder.relation("sell_in", "FR", TODAY).df()) == 1


def test_a_folder_without_access_is_named_not_taken_for_empty(landing, monkeypatch):
    landing.sell_in("DE,A,2024-06,1\n").sell_in("FR,A,2024-06,1\n", "FR/june.csv")
    folder = landing.folder
    closed, listed = str(landing.base / "sell_in/FR"), type(folder._fs).ls

    def ls(self, path, *args, **options):
        if str(path).rstrip("/") == closed:
            raise PermissionError(13, "Permission denied", closed)
        return listed(self, path, *args, **options)

    monkeypatch.setattr(type(folder._fs), "ls", ls)
    assert len(folder.relation("sell_in", "DE", TODAY).df()) == 1
    with pytest.raises(LandingError, match=r"sell_in/FR: found no access \(Permission denied\)"):
        folder.relation("sell_in", "FR", TODAY)
