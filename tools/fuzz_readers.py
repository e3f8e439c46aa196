"""Readers of bytes that others write, each as a function of one input, for ``make fuzz`` and for the inputs it found.

An input is what a file holds. A reader takes it, or rejects it by its own error with a message that names the file;
any other error is a finding. Not here: the fuzzer (fuzz.py).
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.alerts.records import UnreadableRecord
from forecast_assets.config.markets import MarketsError, load_markets
from forecast_assets.reports import override_layout as layout
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.sources.landing import LandingError, LandingFolder
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import TableStore
from forecast_assets.storage.lease import Hold, Lease, LeaseLost, LeaseTaken, UnreadableLease
from forecast_assets_tests.written_workbooks import workbook_of

TODAY = pd.Timestamp("2024-07-15")
MARKETS = ("FR", "DE")
SOURCES = ("sell_in", "sell_out", "products", "promotions", "overrides")
ENTRY = {
    "code": "FR", "name": "France", "iso2": "FR", "iso3": "FRA", "region": "West", "since": "2019-01-01",
    "stage": "live", "missing_month": "zero",
}  # fmt: skip
Rows = list[list[object]]
ROWS: dict[str, Rows] = {
    "sell_in": [["country", "sku", "month", "units", "net_sales"], ["FR", "A", "2024-05", 12, 30.5]],
    "sell_out": [
        ["country", "sku", "date", "units", "stock_units", "distribution_pct", "price", "is_promoted", "known_from"],
        ["FR", "A", "2024-05-03", 10, 4, 80, 2.5, "true", "2024-06-01"],
    ],
    "products": [["sku", "country", "category", "brand", "launch_month"], ["A", "FR", "Tea", "Own", "2023-01"]],
    "promotions": [["country", "sku", "month", "is_promoted", "discount_pct"], ["FR", "A", "2024-08", "true", 0.2]],
    "overrides": [
        ["country", "sku", "origin_month", "target_month", "forecast_units", "author", "reason"],
        ["FR", "A", "2024-06", "2024-07", 15, "Ada", "launch"],
    ],
}
TRACKER = b"CountryName,CountryCode,Date,StringencyIndex,EconomicSupportIndex\nFrance,FRA,20200301,10,5\n"
WIDE_TRACKER = b"country_code,country_name,region_code,jurisdiction,01Jan2020\nFRA,France,,NAT_TOTAL,11.11\n"


@dataclass(frozen=True)
class Reader:
    """A reader under test.

    Attributes:
        read: Reads an input in a folder of its own; returns the message of a rejection, None if the input is taken.
        seeds: Inputs to begin with.
    """

    read: Callable[[bytes, Path], str | None]
    seeds: Sequence[bytes]


def _rejection(
    errors: type[Exception] | tuple[type[Exception], ...], named: str, read: Callable[[], object]
) -> str | None:
    """Return the message of a rejection; it must contain ``named``."""
    try:
        read()
    except errors as error:
        message = str(error)
        if named not in message:
            raise AssertionError(f"the message does not name {named!r}: {message!r}") from error
        return message
    return None


def _delivery(name: str, pack: Callable[[bytes], bytes] | None = None) -> Callable[[bytes, Path], str | None]:
    """Return the reader of a delivered file; the first byte of an input chooses the source."""

    def read(content: bytes, folder: Path) -> str | None:
        source, body = SOURCES[content[0] % len(SOURCES) if content else 0], content[1:]
        file = folder / source / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(pack(body) if pack else body)
        try:
            landing = LandingFolder(str(folder), known_codes=MARKETS)
            landing.unknown_countries(source, MARKETS)
            landing.file_problems(source, MARKETS[0])
            if source in ("sell_in", "sell_out"):
                landing.delivery(source, MARKETS[0])
            return _rejection(LandingError, name, lambda: landing.relation(source, MARKETS[0], TODAY).fetchall())
        finally:
            file.unlink()

    return read


def _tracker(content: bytes, folder: Path) -> str | None:
    name = "StringencyIndex.csv"
    (folder / "oxcgrt").mkdir(exist_ok=True)
    (folder / "oxcgrt" / name).write_bytes(content)
    return _rejection((LandingError, ValueError), name, SourceTables(str(folder), {}).oxcgrt)


def _markets(content: bytes, folder: Path) -> str | None:
    file = folder / "markets.yaml"
    file.write_bytes(content)
    return _rejection(MarketsError, str(file), lambda: load_markets(file))


def _notation(content: bytes, folder: Path) -> str | None:
    source = folder / "sell_in"
    source.mkdir(exist_ok=True)
    (source / "x.csv").write_bytes(_csv("sell_in"))
    (source / "_notation.yaml").write_bytes(content)
    landing = LandingFolder(str(folder), known_codes=MARKETS)
    return _rejection(LandingError, "", lambda: landing.relation("sell_in", MARKETS[0], TODAY).fetchall())


def _override_workbook(content: bytes, folder: Path) -> str | None:
    return _rejection(WorkbookError, "", lambda: read_override_workbook(io.BytesIO(content)))


def _alert(content: bytes, folder: Path) -> str | None:
    """Read the record of an alert, as the deliverer does, and the incident that it opens."""
    outbox = Outbox(TableStore(str(folder)))
    name = f"{'0' * 24}-000001.json"
    path = Path(outbox.events.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    (event,) = outbox.readable([name])
    outbox.open_incidents()
    if isinstance(event, UnreadableRecord):
        assert name in str(event)
        return str(event)
    return None


def _lease(content: bytes, folder: Path) -> str | None:
    """Read a lease's file as a second owner, as the first one, and as one that gives it up."""
    lease = Lease(TableStore(str(folder)).files, str(folder), "FR", seconds=60)
    Path(lease.path).write_bytes(content)
    messages = [
        _rejection(UnreadableLease, "", lease.owner),
        _rejection(LeaseLost, lease.name, Hold(lease, "first", 7).require),
        _rejection(LeaseTaken, lease.name, lambda: lease.take("second")),
    ]
    lease.release("first")
    return next((message for message in messages if message is not None), None)


def with_member(base: bytes) -> Callable[[bytes], bytes]:
    """Return a function that replaces one file in a workbook, so that its checksums stay right.

    The first byte of an input names the file, the rest is its content.
    """
    with zipfile.ZipFile(io.BytesIO(base)) as book:
        members = {name: book.read(name) for name in sorted(book.namelist())}
    names = list(members)

    def replaced(content: bytes) -> bytes:
        chosen = names[content[0] % len(names)] if content else ""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as book:
            for name in names:
                book.writestr(name, content[1:] if name == chosen else members[name])
        return target.getvalue()

    return replaced


def _members(base: bytes, prefix: bytes = b"") -> list[bytes]:
    """Return the inputs of ``with_member`` that leave a workbook as it is."""
    with zipfile.ZipFile(io.BytesIO(base)) as book:
        return [prefix + bytes([at]) + book.read(name) for at, name in enumerate(sorted(book.namelist()))]


def _csv(source: str) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in ROWS[source]).encode()


def _frame(source: str) -> pd.DataFrame:
    header, *rows = ROWS[source]
    return pd.DataFrame(rows, columns=header)


def _parquet(source: str) -> bytes:
    target = io.BytesIO()
    _frame(source).to_parquet(target, index=False)
    return target.getvalue()


def _workbook(sheets: dict[str, Rows]) -> bytes:
    target = io.BytesIO()
    workbook_of(sheets).save(target)
    return target.getvalue()


def filled_overrides() -> bytes:
    """Return a workbook of overrides with one number of a SKU and one of a total."""
    tail = [layout.REASON, layout.COMMENT]
    return _workbook(
        {
            layout.SHEET: [
                [layout.SKU, layout.LINE, "2024-07", "2024-08", *tail],
                ["A", layout.PUBLISHED, 10.0, 11.0],
                ["A", layout.YOURS, 12.0, None, "launch", "as agreed"],
            ],
            layout.TOTALS_SHEET: [
                [layout.LEVEL, layout.GROUP, layout.LINE, "2024-07", *tail],
                ["category", "Tea", layout.YOURS, 40.0, "launch", ""],
            ],
            layout.KEY_SHEET: [
                [layout.LAYOUT_KEY, layout.LAYOUT], [layout.MARKET, "FR"], [layout.ORIGIN_MONTH, "2024-06"],
                [layout.CONTENT_HASH, "0" * 64],
            ],
        }
    )  # fmt: skip


def _event() -> bytes:
    incident = Incident("wape", "FR", "published", pd.Timestamp("2024-06-01"), "warning", "WAPE over its limit")
    event = {"what": "opened", "channel": "default", "cycle_id": "dev-2024-06", "at": "2024-07-10T06:00:00+00:00"}
    return json.dumps(event | {"incident": incident.to_record()}).encode()


def readers() -> dict[str, Reader]:
    """Return the readers by name."""
    held = {"holder": "first", "until": 4e9, "seconds": 60.0, "token": 7}
    delivered = _workbook({"Sheet1": ROWS["sell_in"]})
    overrides = filled_overrides()
    member = with_member(overrides)
    by_source = [(bytes([at]), source) for at, source in enumerate(SOURCES)]
    return {
        "csv": Reader(_delivery("FR.csv"), [at + _csv(source) for at, source in by_source]),
        "gzip": Reader(_delivery("FR.csv.gz"), [b"\0" + gzip.compress(_csv("sell_in"))]),
        "parquet": Reader(_delivery("FR.parquet"), [at + _parquet(source) for at, source in by_source]),
        "excel": Reader(_delivery("FR.xlsx"), [b"\0" + delivered]),
        "excel_sheet": Reader(_delivery("FR.xlsx", with_member(delivered)), _members(delivered, b"\0")),
        "notation": Reader(_notation, [b'FR: {decimal: ",", thousands: "."}\n', b"all: {discount_pct: percent}\n"]),
        "overrides": Reader(_override_workbook, [overrides]),
        "overrides_sheet": Reader(lambda content, folder: _override_workbook(member(content), folder),
                                  _members(overrides)),
        "oxcgrt": Reader(_tracker, [TRACKER, WIDE_TRACKER]),
        "alerts": Reader(_alert, [_event()]),
        "markets": Reader(_markets, [yaml.safe_dump({"markets": [ENTRY]}).encode()]),
        "lease": Reader(_lease, [json.dumps(held).encode()]),
    }  # fmt: skip
