"""Arguments of the commands about versions: table, market and month; an unknown one is rejected with the known ones."""

from collections.abc import Sequence

import pandas as pd
import typer

from forecast_assets.domain.suggestions import did_you_mean
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.version_files import stored_tables, versioned_partitions

SHOWN = 24


def table_or_exit(store: TableStore, name: str) -> str:
    """Return the name of a stored table or set of documents, or end the command."""
    known = stored_tables(store)
    if name not in known:
        hint = did_you_mean(name, known, opening=", did you mean")
        raise typer.BadParameter(f"no table {name} in the store{hint}; there are {listed(known)}")
    return name


def partition_or_exit(store: TableStore, table: str, country: str | None, month: pd.Timestamp) -> PartitionKey:
    """Return a partition of a table that has versions, or end the command."""
    partitions = versioned_partitions(store, table)
    countries = sorted({each.country for each in partitions if each.country})
    if countries and country is None:
        raise typer.BadParameter(f"{table} is stored by market: add --country; there are {listed(countries)}")
    if not countries and country is not None:
        raise typer.BadParameter(f"{table} is over all markets: leave out --country")
    if country is not None and country not in countries:
        hint = did_you_mean(country, countries, opening=", did you mean")
        raise typer.BadParameter(f"{table} has no market {country}{hint}; {listed(countries)}")
    months = [f"{each.month:%Y-%m}" for each in partitions if each.country == country]
    if f"{month:%Y-%m}" not in months:
        where = f"{table} of {country}" if country else table
        raise typer.BadParameter(f"{where} has no {month:%Y-%m}; there are {months[0]} to {months[-1]}")
    return PartitionKey(month, country)


def listed(words: Sequence[str]) -> str:
    """Return the first words of a list and how many more there are."""
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "") or "none"
