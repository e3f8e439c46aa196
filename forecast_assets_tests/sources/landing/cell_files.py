"""Deliveries of one row whose cell has a chosen type."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast_assets.sources.landing import LandingError

ONE = {"country": ["FR"], "sku": ["A"], "month": ["2024-06"], "units": [1.0]}


def parquet(columns, **options):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def put(landing, column, array, source="sell_in", name="FR.parquet", base=None, **options):
    return landing.put(f"{source}/{name}", parquet((base or ONE) | {column: array}, **options))


def message(landing, source="sell_in", market="FR"):
    with pytest.raises(LandingError) as caught:
        landing.rows(source, market)
    return str(caught.value)
