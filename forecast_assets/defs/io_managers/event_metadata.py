"""Metadata of the materialization event of a stored partition.

Every value is for one partition, also in a run over many.
"""

import dagster as dg
import pandas as pd

from forecast_assets.domain.features.columns import DESCRIPTIVE_COLUMNS
from forecast_assets.domain.features.descriptions import feature_description
from forecast_assets.operations.health.event_metadata import describe_version
from forecast_assets.storage import TableSpec, WrittenVersion
from forecast_assets.validation.table_checks import escaped_cell

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 12
# An event is kept for every partition ever written: 400 feature columns would make it ten times as large as all the
# rest.
SCHEMA_COLUMNS = 50


def describe_table(written: WrittenVersion, spec: TableSpec, frame: pd.DataFrame) -> dict[str, object]:
    """Return the metadata of a table partition: version, rows, columns and a preview."""
    return {
        **describe_version(written),
        "dagster/row_count": written.provenance.rows,
        "schema_version": written.provenance.schema_version,
        "dagster/column_schema": _column_schema(spec, frame),
        "preview": dg.MetadataValue.md(_preview(frame)),
    }


def _column_schema(spec: TableSpec, frame: pd.DataFrame) -> dg.TableSchema:
    names = [*spec.arrow_schema.names, *sorted(set(frame.columns) - set(spec.arrow_schema.names))]
    described = spec.name == "features"
    columns = [
        dg.TableColumn(
            name,
            str(spec.type_of(name)),
            description=feature_description(name) if described and name not in DESCRIPTIVE_COLUMNS else None,
        )
        for name in names[:SCHEMA_COLUMNS]
    ]
    if len(names) > SCHEMA_COLUMNS:
        columns.append(dg.TableColumn("...", f"and {len(names) - SCHEMA_COLUMNS} more"))
    return dg.TableSchema(columns=columns)


def _preview(frame: pd.DataFrame) -> str:
    shown = frame.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS]
    named = shown.map(_cell).rename(columns=lambda name: escaped_cell(str(name)))
    return str(named.to_markdown(index=False, disable_numparse=True))


def _cell(value: object) -> str:
    # NaN differs from itself.
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return escaped_cell(str(value))
