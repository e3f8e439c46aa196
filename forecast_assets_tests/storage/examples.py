"""Small tables that the storage tests share."""

import pandas as pd
import pyarrow as pa

from forecast_assets.storage import PartitionKey, Provenance, TableSpec

SELL_IN = TableSpec(
    "sell_in",
    ("sku",),
    pa.schema([("sku", pa.string()), ("sell_in_units", pa.float64()), ("reason", pa.string())]),
)
FEATURES = TableSpec(
    "features",
    ("sku", "origin_month"),
    pa.schema([("sku", pa.string()), ("origin_month", pa.date32()), ("category", pa.string())]),
    extra_columns=pa.float64(),
)
TOTALS = TableSpec(
    "demand_totals",
    ("entity",),
    pa.schema([("entity", pa.string()), ("sell_in_units", pa.float64())]),
    partitioned_by_country=False,
)


def sell_in(*units: float, skus: tuple[str, ...] = ("1", "2", "NA", "NULL")) -> pd.DataFrame:
    return pd.DataFrame({"sku": skus[: len(units)], "sell_in_units": units, "reason": "delivered"})


def key(text: str) -> PartitionKey:
    return PartitionKey.from_dagster(text)


def run(run_id: str = "run-a", **inputs: dict[str, str]) -> Provenance:
    return Provenance(run_id=run_id, cycle_id="dev-2024-01", git_sha="abc123", inputs=inputs)
