"""Decorator of all stored tables: checks before storing, owners and column descriptions for the UI."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from forecast_assets.defs.data_versions import with_data_versions
from forecast_assets.defs.retries import RETRIES, with_retries
from forecast_assets.schemas import TABLES
from forecast_assets.validation.schema_check import SCHEMA
from forecast_assets.validation.table_checks import CheckDeclaration, check_specs

# Limits are set on the instance: deliveries are read from one landing folder or from Dremio, training fills cores.
SOURCE_POOL, DREMIO_POOL, TRAINING_POOL = "source", "dremio", "training"
OWNERS = {
    "sources": ["team:data-platform"],
    "demand": ["team:data-platform"],
    "features": ["team:data-science"],
    "models": ["team:data-science"],
    "forecasts": ["team:data-science"],
    "evaluation": ["team:data-science"],
    "publication": ["team:demand-planning"],
}


def table_asset(
    name: str,
    *,
    group: str,
    kinds: Sequence[str],
    description: str,
    checks: Sequence[CheckDeclaration] = (),
    ins: Mapping[str, dg.AssetIn] | None = None,
    deps: Sequence[dg.AssetDep | str] = (),
    months_in_one_run: bool = False,
    pool: str | None = None,
    retries: dg.RetryPolicy = RETRIES,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return a decorator of a function that yields its check results and, if none blocks, its tables by month.

    Args:
        name: Name of asset and table.
        group: Stage of the business.
        kinds: Icons in the UI.
        description: Meaning of a row, and its inputs.
        checks: Checks besides the schema.
        ins: Inputs with their windows.
        deps: Upstream assets that are not loaded.
        months_in_one_run: True if a backfill builds all months of a market in one run.
        pool: Pool whose number of concurrent steps the instance may limit.
        retries: Number and delays of retries of a step with a transient error.
    """
    decorate = dg.asset(
        name=name,
        group_name=group,
        kinds=set(kinds),
        owners=OWNERS[group],
        description=description,
        check_specs=check_specs(name, [SCHEMA, *checks]),
        ins=ins,
        deps=list(deps),
        output_required=False,
        io_manager_key="tables",
        backfill_policy=dg.BackfillPolicy.single_run() if months_in_one_run else None,
        metadata={"dagster/column_schema": column_schema(name)},
        pool=pool,
    )
    return lambda function: decorate(with_data_versions(with_retries(retries)(function)))


def column_schema(table: str) -> dg.TableSchema:
    """Return the columns of a table with types and descriptions, as the UI shows them."""
    columns = TABLES[table].to_schema().columns
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column_name,
                str(column.dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column_name, column in columns.items()
        ]
    )
