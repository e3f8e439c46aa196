"""Landing files of the sample company: names, types and folders of the landing contract. No simulation here."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.sample.countries import FIRST_MARKETS, SampleMarket
from forecast_assets.sample.covid import oxcgrt_table
from forecast_assets.sample.market import MarketTables

_TEXT: pa.DataType = pa.string()
_DATE: pa.DataType = pa.date32()
_NUMBER: pa.DataType = pa.float64()
_KEY: dict[str, pa.DataType] = {"country": _TEXT, "sku": _TEXT, "month": _DATE}
SCHEMAS = {
    "sell_in": pa.schema(_KEY | {"units": _NUMBER, "net_sales": _NUMBER}),
    "sell_out": pa.schema(
        _KEY
        | {"units": _NUMBER, "stock_units": _NUMBER, "distribution_pct": _NUMBER, "price": _NUMBER}
        | {"is_promoted": _NUMBER}
    ),
    "products": pa.schema(
        dict.fromkeys(("country", "sku", "category", "brand", "pack", "price_tier", "channel"), _TEXT)
        | {"case_units": _NUMBER, "list_price": _NUMBER, "launch_month": _DATE, "end_month": _DATE}
        | {"reference_sku": _TEXT, "known_from": _DATE}
    ),
    "promotions": pa.schema(_KEY | {"is_promoted": _NUMBER, "discount_pct": _NUMBER, "known_from": _DATE}),
    "truth": pa.schema(_KEY | {"expected_sell_in_units": _NUMBER, "expected_sell_out_units": _NUMBER}),
}
OXCGRT_INDICES = ("StringencyIndex", "EconomicSupportIndex")


def month_file(landing: Path, source: str, code: str, month: pd.Timestamp) -> Path:
    """Return the file of one month of the last calendar year."""
    return landing / source / f"{code}_{month:%Y-%m}.parquet"


def write_market(landing: Path, truth: Path, code: str, tables: MarketTables, last_month: pd.Timestamp) -> int:
    """Write a market's landing files and its truth; return the number of landing files.

    Facts come in one file per year. Those of the last calendar year come in one file per month, as delivered monthly.
    """
    written = 0
    for source in ("sell_in", "sell_out"):
        rows = getattr(tables, source)
        for file, part in rows.groupby(_file_stem(rows["month"], code, last_month.year)):
            _write_parquet(part, landing / source / f"{file}.parquet", source)
            written += 1
    for source in ("products", "promotions"):
        _write_parquet(getattr(tables, source), landing / source / f"{code}.parquet", source)
    overrides = landing / "overrides" / f"{code}.csv"
    overrides.parent.mkdir(parents=True, exist_ok=True)
    tables.overrides.to_csv(overrides, index=False, date_format="%Y-%m-%d", lineterminator="\n")
    _write_parquet(tables.truth, truth / "sell_in" / f"{code}.parquet", "truth")
    return written + 3


def write_oxcgrt(landing: Path, seed: int, markets: list[SampleMarket]) -> int:
    """Write both OxCGRT files in the wide shape; return their number.

    They hold the first forty countries for any company, so that a larger company has the same rows and more.
    """
    listed = dict.fromkeys([*FIRST_MARKETS, *markets])
    folder = landing / "oxcgrt"
    folder.mkdir(parents=True, exist_ok=True)
    for index in OXCGRT_INDICES:
        file = folder / f"OxCGRT_timeseries_{index}_v1.csv"
        oxcgrt_table(seed, index, tuple(listed)).to_csv(file, index=False, lineterminator="\n")
    return len(OXCGRT_INDICES)


def write_markets_file(file: Path, markets: list[SampleMarket], since: pd.Timestamp) -> None:
    """Write ``markets.yaml``. All text is quoted, because a bare NO is a boolean in YAML 1.1."""
    lines = ["# Markets of the sample company. Adding a market is adding an entry at the end.", "markets:"]
    for market in markets:
        lines.append(
            f'  - {{code: "{market.code}", name: "{market.name}", iso2: "{market.iso2}", iso3: "{market.iso3}", '
            f'region: "{market.region}", since: {since:%Y-%m-%d}, stage: live, missing_month: zero}}'
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _file_stem(months: pd.Series, code: str, last_year: int) -> pd.Series:
    # Named once per month: formatting a date for each row took as long as simulating it.
    names = {
        month: f"{code}_{month:%Y-%m}" if month.year == last_year else f"{code}_{month:%Y}" for month in months.unique()
    }
    return months.map(names)


def _write_parquet(rows: pd.DataFrame, file: Path, table: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    content = pa.Table.from_pandas(rows, schema=SCHEMAS[table], preserve_index=False)
    pq.write_table(content.replace_schema_metadata(None), file)
