"""Tables of a review that a reader can compute in his head: origin March 2024, April to June under review."""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.review.review_tables import ReviewTables
from forecast_assets.schemas import TABLES

MARCH = pd.Timestamp("2024-03-01")
FEBRUARY = pd.Timestamp("2024-02-01")
REVIEWED = pd.date_range("2024-04-01", periods=3, freq="MS")


def publication(origin: pd.Timestamp, rows: dict[str, float], **columns: object) -> pd.DataFrame:
    """Return each SKU with one number in 4 months ahead; Holt-Winters is 10 less, the band 20 wide."""
    months = pd.date_range(origin + pd.DateOffset(months=1), periods=4, freq="MS")
    table = pd.DataFrame(
        [(sku, month, at, units) for sku, units in rows.items() for at, month in enumerate(months, 1)],
        columns=["sku", "target_month", "horizon_months", "forecast_units"],
    )
    units = table["forecast_units"]
    table = table.assign(
        month=origin, forecast_units_p10=units - 10, forecast_units_p90=units + 10, baseline_units=units - 10,
        model_units=units, rule="regular", status="published", source="model",
    )  # fmt: skip
    return table.assign(**columns)


def changed(table: pd.DataFrame, sku: str, month: str | None = None, **columns: object) -> pd.DataFrame:
    """Return the table with other values in the cells of a SKU, or of one target month."""
    cells = table["sku"] == sku
    if month is not None:
        cells &= table["target_month"] == pd.Timestamp(month)
    table = table.copy()
    for name, value in columns.items():
        table.loc[cells, name] = value
    return table


def reasons(published: pd.DataFrame, **units: float) -> pd.DataFrame:
    """Return one row per cell and cause, with the same units in every cell; the model always has a row."""
    cells = published[["sku", "target_month", "month"]]
    return pd.concat([cells.assign(cause=cause, units=value) for cause, value in {"model": np.nan, **units}.items()])


def sell_in(skus: str, units: float = 100.0, net_sales: float | None = 200.0) -> pd.DataFrame:
    """Return 12 months up to March with the same units and net sales of each SKU."""
    months = pd.date_range(end=MARCH, periods=12, freq="MS")
    rows = [(sku, month, units, net_sales) for sku in skus for month in months]
    table = pd.DataFrame(rows, columns=["sku", "month", "sell_in_units", "net_sales"]).astype({"net_sales": float})
    return table.assign(restated_month=pd.NaT).astype({"restated_month": "datetime64[ns]"})


def with_restated(rows: pd.DataFrame, of_month: pd.Timestamp, known_from: pd.Timestamp = MARCH) -> pd.DataFrame:
    """Return sell-in with one more row of its last SKU: an earlier month, known anew from a later one."""
    again = pd.concat([rows, rows.tail(1)], ignore_index=True)
    again.loc[len(rows), ["month", "restated_month"]] = [known_from, of_month]
    return again


def products(skus: str, **columns: object) -> pd.DataFrame:
    """Return the SKUs as known in February and in March."""
    rows = pd.DataFrame({"sku": list(skus), "launch_month": pd.NaT, "end_month": pd.NaT}).assign(**columns)
    return pd.concat([rows.assign(month=FEBRUARY), rows.assign(month=MARCH)], ignore_index=True)


def tables(published: pd.DataFrame, **others: pd.DataFrame) -> ReviewTables:
    """Return the tables of a review; those that are not given are empty."""
    names = [each.name for each in dataclasses.fields(ReviewTables)]
    given = {"published": published, "sell_in": sell_in(""), "reasons": reasons(published), **others}
    empty = {
        name: pd.DataFrame(columns=[*TABLES[name].fixed_columns(), "month"]) for name in names if name not in given
    }
    return ReviewTables(**empty | given)
