"""Bad deliveries of FR's December and what the graph says of each; docs/bad-input.md quotes these texts."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from forecast_assets.sample.faults import apply_faults, parse_faults
from forecast_assets_tests.defs.assets.company import CODES, DECEMBER

Change = Callable[[Path], None]
LAST_FILE = "FR_2024-12.parquet"
HEADER = "country,sku,month,units\n"


@dataclasses.dataclass(frozen=True)
class BadDelivery:
    """A change of the landing folder and part of the message of ``check``, or of the step if ``check`` is empty."""

    change: Change
    message: str
    check: str = ""
    stops_the_market: bool = True
    variables: tuple[tuple[str, str], ...] = ()


def planted(fault: str) -> Change:
    """One of the faults of the sample company."""
    return lambda landing: void(apply_faults(landing, parse_faults([f"{fault}:FR"], CODES), pd.Timestamp(DECEMBER)))


def instead(content: str, name: str = "FR_2024-12.csv") -> Change:
    """A CSV file in place of the month's file."""

    def change(landing: Path) -> None:
        (landing / "sell_in" / LAST_FILE).unlink()
        beside(content, name)(landing)

    return change


def beside(content: str, name: str) -> Change:
    """A CSV file besides those that are right."""
    return lambda landing: void((landing / "sell_in" / name).write_text(content, encoding="utf-8"))


def truncated(landing: Path) -> None:
    """The month's file, cut off in the middle."""
    file = landing / "sell_in" / LAST_FILE
    file.write_bytes(file.read_bytes()[:-200])


def void(_: object) -> None:
    """A change returns nothing."""


BAD_DELIVERIES = {
    "missing_file": BadDelivery(planted("missing_file"), "expected rows of FR in month 2024-12. Next step: deliver"),
    "late_month": BadDelivery(planted("late_month"), "expected rows of FR in month 2024-12. Next step: deliver"),
    "duplicate_rows": BadDelivery(
        planted("duplicate_rows"),
        "expected one row per country, sku, month, known_from. Next step: keep one row per key",
    ),
    "wrong_type": BadDelivery(planted("wrong_type"), 'column units, rows 1, 2, 3: found "n/a"; expected a number'),
    "negative_spike": BadDelivery(
        planted("negative_spike"), "1 SKUs return more than 3 times their best month of the year", "returns_plausible"
    ),
    "unknown_sku": BadDelivery(
        planted("unknown_sku"), "3 SKUs are in no product list", "unknown_skus"
    ),
    "unknown_sku below the limit": BadDelivery(
        planted("unknown_sku"),
        "3 SKUs are in no product list",
        "unknown_skus",
        stops_the_market=False,
        variables=(("FORECAST_MAX_UNKNOWN_SKU_SHARE", "1"),),
    ),
    "an empty file": BadDelivery(
        instead(""), "found 0 bytes; expected at least one row. Next step: deliver the file again with its rows"
    ),
    "semicolons": BadDelivery(
        instead("country;sku;month;units\nFR;A;2024-12;1\n"),
        "found columns separated by semicolons (header 'country;sku;month;units'); expected columns separated by "
        "commas",
    ),
    "a truncated file": BadDelivery(truncated, "expected a complete Parquet file. Next step: deliver the file again"),
    "units that are words": BadDelivery(
        instead(HEADER + "FR,A,2024-12,many\n"), 'column units, row 1: found "many"; expected a number'
    ),
    "a month in the future": BadDelivery(
        beside(HEADER + "FR,A,2199-01,1\n", "FR_new.csv"),
        "column month or date, row 1: found 2199-01-01; expected no month or date after",
    ),
    "two files that disagree": BadDelivery(
        beside(HEADER + "FR,NULL,2024-12,1\n", "FR_again.csv"),
        "for sku NULL, month 2024-12; expected the same units as in sell_in/",
    ),
    "a hundred times too much": BadDelivery(
        instead(HEADER + "FR,NULL,2024-12,1e9\n"), "Correct the delivery, or set FORECAST_MAX_TOTAL_CHANGE",
        "market_total_plausible",
    ),
    "a country that is no market": BadDelivery(
        beside(HEADER + "XX,A,2024-12,1\n", "XX.csv"),
        "rows of XX are in no market: add the market to markets.yaml or drop the rows",
        "unknown_countries",
        stops_the_market=False,
    ),
}  # fmt: skip
