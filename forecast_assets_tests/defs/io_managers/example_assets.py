"""Three small assets in the product's partitions, to run the IO managers end to end."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa

from forecast_assets.defs.io_managers import build_io_managers
from forecast_assets.defs.partition_windows import month_window, same_month, window
from forecast_assets.storage import PartitionKey, TableSpec

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2024-01-01", end_date="2024-07-01")
MONTH_X_COUNTRY = dg.MultiPartitionsDefinition(
    {"month": MONTHS, "country": dg.StaticPartitionsDefinition(["FR", "NA", "NO"])}
)
SELL_IN = TableSpec("sell_in", ("sku",), pa.schema([("sku", pa.string()), ("sell_in_units", pa.float64())]))
FEATURES = TableSpec(
    "features", ("sku", "origin_month"), pa.schema([("sku", pa.string()), ("origin_month", pa.date32())]), pa.float64()
)
TOTALS = TableSpec(
    "demand_totals",
    ("entity",),
    pa.schema([("entity", pa.string()), ("sell_in_units", pa.float64())]),
    partitioned_by_country=False,
)
TOTALS_KNOWN = TableSpec(
    "demand_totals_known",
    ("total_month",),
    pa.schema([("total_month", pa.date32()), ("sell_in_units", pa.float64())]),
    partitioned_by_country=False,
)
SPECS = {spec.name: spec for spec in (SELL_IN, FEATURES, TOTALS, TOTALS_KNOWN)}


def partitions_of(context: dg.AssetExecutionContext) -> list[PartitionKey]:
    return [PartitionKey.from_dagster(key) for key in context.partition_keys]


@dg.asset(partitions_def=MONTH_X_COUNTRY, backfill_policy=dg.BackfillPolicy.single_run())
def sell_in(context: dg.AssetExecutionContext):
    """Units are the number of the month, so that sums can be checked in the head."""
    return {
        partition.month: pd.DataFrame({"sku": ["1", "NA"], "sell_in_units": [float(partition.month.month), 0.5]})
        for partition in partitions_of(context)
    }


@dg.asset(
    partitions_def=MONTH_X_COUNTRY,
    backfill_policy=dg.BackfillPolicy.single_run(),
    ins={"sell_in": window("sell_in", -2, 0, columns=["sku", "sell_in_units"])},
)
def features(context: dg.AssetExecutionContext, sell_in: pd.DataFrame):
    """Sum of the last three months."""
    tables = {}
    for partition in partitions_of(context):
        recent = sell_in[
            sell_in["month"].between(partition.month - pd.DateOffset(months=2), partition.month)
            & (sell_in["country"] == partition.country)
        ]
        sums = recent.groupby("sku", as_index=False).agg(sell_in_sum_3=("sell_in_units", "sum"))
        tables[partition.month] = sums.assign(origin_month=partition.month)
    return tables


@dg.asset(partitions_def=MONTHS, ins={"sell_in": same_month("sell_in", required="any")})
def demand_totals(context: dg.AssetExecutionContext, sell_in: pd.DataFrame):
    totals = sell_in.groupby("country", as_index=False)["sell_in_units"].sum().rename(columns={"country": "entity"})
    return {pd.Timestamp(context.partition_key): totals}


@dg.asset(partitions_def=MONTHS, ins={"demand_totals": month_window("demand_totals", -3, -1, required="none")})
def demand_totals_known(context: dg.AssetExecutionContext, demand_totals: pd.DataFrame):
    known = (
        demand_totals.groupby("month", as_index=False)["sell_in_units"].sum().rename(columns={"month": "total_month"})
    )
    return {pd.Timestamp(context.partition_key): known}


@dg.asset(
    partitions_def=MONTH_X_COUNTRY,
    io_manager_key="documents_io_manager",
    ins={
        "features": window("features", 0, 0),
        "totals": same_month("demand_totals_known", required="none"),
    },
)
def market_report(context: dg.AssetExecutionContext, features: pd.DataFrame, totals: pd.DataFrame):
    page = f"<p>{len(features)} SKUs, {len(totals)} totals</p>".encode()
    return {partition.month: {"market_report.html": page} for partition in partitions_of(context)}


ASSETS = [sell_in, features, demand_totals, demand_totals_known, market_report]


def materialize(
    instance: dg.DagsterInstance,
    store: Path,
    selection: list,
    partition: str | None = None,
    months: tuple[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    assets: list | None = None,
    raise_on_error: bool = True,
) -> dg.ExecuteInProcessResult:
    """Run assets for one partition, or for those from ``months[0]`` to ``months[1]`` (both in Dagster's form)."""
    tags = dict(tags or {})
    if months:
        tags |= {"dagster/asset_partition_range_start": months[0], "dagster/asset_partition_range_end": months[1]}
    definitions = dg.Definitions(
        assets=assets or ASSETS,
        resources=build_io_managers(str(store), SPECS, "dev"),
        jobs=[dg.define_asset_job("run_selection", selection=dg.AssetSelection.assets(*selection))],
    )
    job = definitions.resolve_job_def("run_selection")
    return job.execute_in_process(instance=instance, partition_key=partition, tags=tags, raise_on_error=raise_on_error)
