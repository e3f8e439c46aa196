"""What the commands about versions share: a table, market and month as arguments, refused with what there is."""

from collections.abc import Sequence

import pandas as pd
import typer

from forecast_assets.domain.suggestions import closest
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.version_files import stored_tables, versioned_partitions

SHOWN = 24


def table_or_exit(store: TableStore, name: str) -> str:
    """A table or set of documents of which there are versions."""
    known = stored_tables(store)
    if name not in known:
        raise typer.BadParameter(f"no table {name} in the store{meant(name, known)}; there are {listed(known)}")
    return name


def partition_or_exit(store: TableStore, table: str, country: str | None, month: pd.Timestamp) -> PartitionKey:
    """A partition of a table of which there are versions."""
    places = versioned_partitions(store, table)
    countries = sorted({place.country for place in places if place.country})
    if countries and country is None:
        raise typer.BadParameter(f"{table} is stored by market: add --country; there are {listed(countries)}")
    if not countries and country is not None:
        raise typer.BadParameter(f"{table} is over all markets: leave out --country")
    if countries and country not in countries:
        raise typer.BadParameter(f"{table} has no market {country}{meant(country, countries)}; {listed(countries)}")
    months = [f"{place.month:%Y-%m}" for place in places if place.country == country]
    if f"{month:%Y-%m}" not in months:
        where = f"{table} of {country}" if country else table
        raise typer.BadParameter(f"{where} has no {month:%Y-%m}; there are {months[0]} to {months[-1]}")
    return PartitionKey(month, country)


def meant(given: str | None, known: Sequence[str]) -> str:
    """The closest known word as a question; nothing without one."""
    close = closest(given or "", known)
    return f", did you mean {close[0]}?" if close else ""


def listed(words: Sequence[str]) -> str:
    """The first words of a list and how many more there are."""
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "") or "none"
