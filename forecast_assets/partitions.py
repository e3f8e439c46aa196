"""The two partitionings: month x country, and the same months alone.

A partition's month is the last closed month, the origin month. Months begin with the data of the first market and end
with the last month closed in the company's time zone, the zone of schedule, sensors and commands. A SKU is never a
partition.
"""

import dataclasses
from collections.abc import Mapping

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.months import MonthRange
from forecast_assets.schemas import MONTH_ONLY
from forecast_assets.tags import CYCLE_ID_TAG, PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG

# Takes the place of a market code for tables over all markets.
ALL_MARKETS = "all_markets"


@dataclasses.dataclass(frozen=True)
class Partitions:
    """The partitions of one company."""

    months: dg.MonthlyPartitionsDefinition
    market_months: dg.MultiPartitionsDefinition

    def of(self, asset: str) -> dg.PartitionsDefinition:
        """Return the partitions of an asset by its name."""
        return self.months if asset in MONTH_ONLY else self.market_months


def build_partitions(settings: Settings) -> Partitions:
    """Return partitions of all markets and months, retired markets included: their past stays readable."""
    months = dg.MonthlyPartitionsDefinition(
        start_date=f"{settings.first_partition:%Y-%m-%d}", timezone=settings.automation.time_zone
    )
    countries = dg.StaticPartitionsDefinition(list(settings.market_table))
    return Partitions(months, dg.MultiPartitionsDefinition({"month": months, "country": countries}))


def partition_key(month: pd.Timestamp, country: str) -> dg.MultiPartitionKey:
    """Return the key of a month of a market."""
    return dg.MultiPartitionKey({"month": f"{month:%Y-%m-%d}", "country": country})


def range_name(country: str | None, months: MonthRange) -> str:
    """Return the name of a run over a range, as the list of runs shows it: ``FR 2019-01 to 2024-11``."""
    return f"{country or ALL_MARKETS} {months.first:%Y-%m} to {months.last:%Y-%m}"


def months_of_run(context: dg.AssetExecutionContext) -> list[pd.Timestamp]:
    """Return the months of a run, ascending: one, or those of a range."""
    return sorted({pd.Timestamp(_month_text(key)) for key in context.partition_keys})


def country_of_run(context: dg.AssetExecutionContext) -> str:
    """Return the market of a run.

    Raises:
        dg.DagsterInvalidInvocationError: If the run spans several markets: one failure would fail them all.
    """
    countries: set[str] = {key.keys_by_dimension["country"] for key in context.partition_keys}
    if len(countries) != 1:
        raise dg.DagsterInvalidInvocationError(
            f"A run computes one market, this one has {', '.join(sorted(countries))}. Start a run per market."
        )
    return countries.pop()


def _month_text(key: str) -> str:
    return str(key.keys_by_dimension["month"]) if isinstance(key, dg.MultiPartitionKey) else key


def market_of_run(tags: Mapping[str, str]) -> str | None:
    """Return the market of a run by its partition; None for a run over all markets."""
    key = tags.get(PARTITION_TAG) or tags.get(RANGE_START_TAG) or ""
    return key.split("|")[0] if "|" in key else None


def require_one_market(tags: Mapping[str, str]) -> None:
    """Refuse a run whose range spans markets; call it before the first step.

    Dagster joins markets in a run if a backfill has as many markets as months, or more. Its user interface cannot be
    told otherwise.

    Raises:
        dg.DagsterInvalidInvocationError: If the range begins with another market than it ends with.
    """
    first, last = tags.get(RANGE_START_TAG, ""), tags.get(RANGE_END_TAG, "")
    if "|" not in first or first.split("|")[0] == last.split("|")[0]:
        return
    (country, since), (other, until) = first.split("|"), last.split("|")
    raise dg.DagsterInvalidInvocationError(
        f"A run computes one market, this one has those from {country} to {other} and has computed nothing. Dagster "
        "joins markets if a backfill has as many markets as months, or more. Launch a backfill for each market, or "
        f"run: forecast-assets backfill --all --from {since[:7]} --to {until[:7]} --assets <selection>"
    )


def cycle_id_of_run(context: dg.AssetExecutionContext, env: str) -> str:
    """Return the cycle id of a run by its month and tag."""
    return cycle_id_of(env, months_of_run(context)[-1], context.run.tags.get(CYCLE_ID_TAG))


def reopens_month(context: dg.AssetExecutionContext, env: str) -> bool:
    """Return True if the run's tag ``forecast/cycle_id`` names a later cycle of the month (``dev-2024-06.r2``)."""
    return cycle_id_of_run(context, env) != cycle_id_of(env, months_of_run(context)[-1])
