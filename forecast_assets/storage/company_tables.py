"""Stored tables of a company for analysis: one call gives a typed frame or a DuckDB relation.

``forecast_assets.open_store()`` opens them. Reading alone: nothing is written, listed files are read as every reader of
the product reads them, so a damaged file is an error here too.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
import pyarrow as pa

from forecast_assets.config.markets import MarketsError, month_of
from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.domain.months import describe_months
from forecast_assets.domain.suggestions import did_you_mean
from forecast_assets.storage.opened import open_store as open_tables
from forecast_assets.storage.partition_key import PartitionKey
from forecast_assets.storage.table_reader import TableReader
from forecast_assets.storage.table_spec import TableSpec
from forecast_assets.storage.table_specs import table_specs

if TYPE_CHECKING:
    import duckdb

Month: TypeAlias = str | date | pd.Timestamp
PARTITION_COLUMNS = ("country", "month")


class NothingStored(LookupError):
    """The store has no partition that was asked for; the message names what it has and the next step."""


class CompanyTables:
    """Tables of a company's store, read by name, market, months and columns.

    Attributes:
        reader: Reader of the store.
        address: Address of the store, for messages.
        markets: Codes of the markets that the company lists; may be empty.
    """

    def __init__(self, reader: TableReader, address: str, markets: Collection[str] = ()) -> None:
        self.reader, self.address, self.markets = reader, address, tuple(markets)
        self._specs = table_specs()

    def __repr__(self) -> str:
        return f"CompanyTables({self.address!r})"

    def table(
        self,
        name: str,
        country: str | Iterable[str] | None = None,
        since: Month | None = None,
        until: Month | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Read a table as one frame, ordered by country, month and key.

        Only the partitions asked for are read, and of them only the columns asked for.

        Args:
            name: Name of the table, as in docs/reference/tables.md.
            country: Code of a market, or several; None reads all that are stored.
            since: First month, such as ``"2024-01"``; None begins with the first that is stored.
            until: Last month, included; None ends with the last that is stored.
            columns: Columns to read; None reads all.

        Returns:
            ``country`` (absent in a table over all markets) and ``month`` of the partition, then the columns of the
            table. Dates are ``datetime64[ns]``, numbers floats or integers, text objects.

        Raises:
            ValueError: If table, market, month or column is unknown; the message names the closest one.
            NothingStored: If nothing is stored for the request.
            DamagedFile: If a file is not as it was written.
        """
        spec = self._spec(name)
        partitions = self._partitions(spec, _codes(country), _month(since, "since"), _month(until, "until"))
        wanted = None if columns is None else [column for column in columns if column not in PARTITION_COLUMNS]
        if wanted is not None:
            _check_columns(spec, wanted)
        try:
            frame = self.reader.read(spec, partitions, wanted)
        except KeyError as error:
            raise ValueError(f"{spec.name}: {error.args[0]}") from error
        first = [column for column in PARTITION_COLUMNS if column in frame]
        return frame[[*first, *(column for column in frame.columns if column not in first)]]

    def relation(
        self,
        name: str,
        country: str | Iterable[str] | None = None,
        since: Month | None = None,
        until: Month | None = None,
        columns: Sequence[str] | None = None,
    ) -> "duckdb.DuckDBPyRelation":
        """Read a table as ``table`` does and return it as a relation of DuckDB's default connection.

        Months and dates are DATE, text is VARCHAR, numbers are as they are stored. ``duckdb.sql`` finds the relation by
        the name of its variable. Raises as ``table`` does.
        """
        import duckdb

        frame = self.table(name, country, since, until, columns)
        return duckdb.from_arrow(pa.Table.from_pandas(frame, _sql_schema(frame), preserve_index=False))

    def months(self, name: str) -> pd.DataFrame:
        """Return the stored partitions of a table: ``country`` (None over all markets) and ``month``, in order."""
        keys = self.reader.list_partitions(self._spec(name).name)
        rows = {"country": [key.country for key in keys], "month": [key.month for key in keys]}
        return pd.DataFrame(rows).astype({"country": "object", "month": "datetime64[ns]"})

    def _spec(self, name: str) -> TableSpec:
        if name not in self._specs:
            raise ValueError(_unknown(f"no table {name!r}", name, self._specs, "Tables"))
        return self._specs[name]

    def _partitions(
        self, spec: TableSpec, countries: list[str] | None, since: pd.Timestamp | None, until: pd.Timestamp | None
    ) -> list[PartitionKey]:
        """Return the stored partitions asked for. Raises ValueError and NothingStored, as ``table`` does."""
        if countries is not None and not spec.partitioned_by_country:
            raise ValueError(f"{spec.name} is a table over all markets: leave country out and filter its rows")
        if since is not None and until is not None and since > until:
            raise ValueError(f"since {since:%Y-%m} is after until {until:%Y-%m}")
        stored = self.reader.list_partitions(spec.name)
        if not stored:
            raise NothingStored(
                f"no {spec.name} in the store {self.address}. Run forecast-assets cycle first, or set FORECAST_STORE "
                "to the store of the company"
            )
        if countries is not None:
            self._check_countries(spec, countries, {str(key.country) for key in stored})
            stored = [key for key in stored if key.country in countries]
        wanted = [
            key for key in stored if (since is None or key.month >= since) and (until is None or key.month <= until)
        ]
        if not wanted:
            months = describe_months(key.month for key in stored)
            raise NothingStored(f"{spec.name} has no month{_span(since, until)}. Stored: {months}")
        return wanted

    def _check_countries(self, spec: TableSpec, countries: list[str], stored: set[str]) -> None:
        for code in countries:
            if code in stored:
                continue
            if code in self.markets:
                raise NothingStored(
                    f"{spec.name} has nothing of {code}; it has {', '.join(sorted(stored))}. Run forecast-assets cycle "
                    f"--country {code} first"
                )
            raise ValueError(_unknown(f"no market {code!r}", code.upper(), sorted(stored | {*self.markets}), "Markets"))


def open_store(address: str | None = None) -> CompanyTables:
    """Open the tables of a company for reading.

    Args:
        address: Folder or ``abfs://`` address of the store; None takes FORECAST_STORE. Account and credential of an
            address on Azure come from the same variables as for every command.

    Raises:
        SettingsError: If a variable cannot be used.
        NothingStored: If the folder does not exist.
    """
    environment = {**os.environ, **({} if address is None else {"FORECAST_STORE": address})}
    settings = load_settings(environment, with_markets=False)
    place = settings.store.address
    if "://" not in place:
        if not Path(place).is_dir():
            raise NothingStored(
                f"no store {Path(place).absolute()}: set FORECAST_STORE (now {place!r}) to the store of the company, "
                "or pass its address"
            )
        place = str(Path(place).absolute())
    return CompanyTables(open_tables(settings), place, _listed_markets(settings))


def _listed_markets(settings: Settings) -> list[str]:
    """Return the markets of the markets file; none where there is no usable one, as beside a copied store."""
    try:
        return list(settings.market_table)
    except (MarketsError, OSError):
        return []


def _codes(country: str | Iterable[str] | None) -> list[str] | None:
    return None if country is None else [country] if isinstance(country, str) else list(country)


def _month(value: Month | None, name: str) -> pd.Timestamp | None:
    """Return the month that a value names: text such as 2024-01, or any day of it as a date."""
    if value is None:
        return None
    try:
        return month_of(value) if isinstance(value, str) else pd.Timestamp(value).to_period("M").to_timestamp()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _span(since: pd.Timestamp | None, until: pd.Timestamp | None) -> str:
    begin = f" from {since:%Y-%m}" if since is not None else ""
    return begin + (f" up to {until:%Y-%m}" if until is not None else "")


def _check_columns(spec: TableSpec, columns: Sequence[str]) -> None:
    unknown = [column for column in columns if spec.type_of(column) is None]
    if unknown:
        problem = f"{spec.name} has no column {unknown[0]!r}"
        raise ValueError(_unknown(problem, unknown[0], spec.arrow_schema.names, "Columns"))


def _unknown(problem: str, name: str, known: Iterable[str], kind: str) -> str:
    """Return a problem with the closest known name and all of them."""
    names = list(known)
    hint = did_you_mean(name, names, cutoff=0.5)
    return f"{problem}.{f' {hint}' if hint else ''} {kind}: {', '.join(names)}"


def _sql_schema(frame: pd.DataFrame) -> pa.Schema:
    """Return the types of a relation; stated, because an all-null text column would pass for a number."""
    kinds: dict[str, pa.DataType] = {}
    for column, dtype in frame.dtypes.items():
        if pd.api.types.is_datetime64_any_dtype(dtype):
            kinds[str(column)] = pa.date32()
        else:
            kinds[str(column)] = pa.string() if pd.api.types.is_object_dtype(dtype) else pa.from_numpy_dtype(dtype)
    return pa.schema(list(kinds.items()))
