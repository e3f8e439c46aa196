"""The number that would have been published without planners' overrides, from what is stored of a publication.

The publication itself is built in ``published_forecasts.py``. A test publishes with and without overrides and compares.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.publication.published_forecasts import RULES_WITHOUT_MODEL

CELL = ["sku", "month", "target_month"]
# Columns read of the two tables, besides ``month``, the origin.
PUBLISHED_COLUMNS = ["sku", "target_month", "forecast_units", "model_units", "baseline_units", "rule", "source"]
FORECAST_COLUMNS = ["sku", "target_month", "forecast_units", "forecast_units_p90", "champion_units"]


def units_before_overrides(published: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return each overridden cell with the number that its source would have given.

    The source of a publication is that of its cells without an override or a rule of their own.

    Args:
        published: Rows of ``published_forecasts``, all of each origin: ``month`` (the origin), PUBLISHED_COLUMNS.
        forecasts: Rows of ``forecasts`` of the same origins: ``month``, FORECAST_COLUMNS. May lack cells.

    Returns:
        ``sku, month, target_month, override_units, units_before_overrides`` of the cells with source ``override``. The
        number is NaN if it is not stored: the last published forecast was repeated, or every cell is overridden.
    """
    overridden = published.loc[published["source"] == "override", ["month", *PUBLISHED_COLUMNS]]
    sources = published[~published["source"].isin(["override", "rule"])].drop_duplicates("month")
    rows = overridden.merge(
        sources[["month", "source"]].rename(columns={"source": "chosen"}), on="month", how="left", validate="m:1"
    ).merge(
        forecasts[["month", *FORECAST_COLUMNS]].rename(columns={"forecast_units": "point_units"}),
        on=CELL,
        how="left",
        validate="1:1",
    )
    model, baseline = rows["model_units"].astype(float), rows["baseline_units"].astype(float)
    has_ended = (rows["rule"] == "end_of_life") & (rows["forecast_units_p90"] == 0)
    is_ruled = rows["rule"].isin(RULES_WITHOUT_MODEL) | has_ended
    point = rows["point_units"].astype(float).fillna(model)
    number = np.select(
        [rows["chosen"] == "model", rows["chosen"] == "champion", (rows["chosen"] == "baseline") & is_ruled,
         rows["chosen"] == "baseline"],
        [model, rows["champion_units"].astype(float).fillna(model), point, baseline],
        np.nan,
    )  # fmt: skip
    columns = [*CELL, "forecast_units"]
    return rows[columns].rename(columns={"forecast_units": "override_units"}).assign(units_before_overrides=number)
