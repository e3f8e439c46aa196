"""Whole units or cases of a forecast, as other systems take them.

Each SKU's months are rounded together, so that a SKU of 0.4 units a month is not uploaded as nothing.
"""

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats

UNIT, CASE = "unit", "case"


def whole_units(units: Floats) -> Floats:
    """Return whole numbers whose sums over the first months differ from those of ``units`` by at most one half.

    Args:
        units: (n, months) numbers of 0 or more, in the order of the months.
    """
    # Sums of decimals are not exact: a millionth below a half counts as the half.
    sums = np.floor(np.cumsum(units, axis=1) + 0.5 + 1e-6)
    return np.asarray(np.diff(sums, axis=1, prepend=0.0), dtype=float)


def whole_quantities(published: pd.DataFrame, case_units: pd.Series) -> pd.DataFrame:
    """Add ``quantity``, a whole number, and ``quantity_unit``: ``case`` for SKUs sold in cases, else ``unit``.

    Args:
        published: One row per SKU and target month: ``sku, target_month, forecast_units``.
        case_units: Units of a case by SKU, above 0; SKUs that are sold in single units are absent.

    Returns:
        The rows by SKU and month.
    """
    rows = published.sort_values(["sku", "target_month"])
    case = rows["sku"].map(case_units).astype(float)
    in_cases = rows.assign(number=rows["forecast_units"].astype(float) / case.fillna(1.0))
    wide = in_cases.pivot(index="sku", columns="target_month", values="number")
    # A month that is not forecast adds nothing, and its cell is dropped again.
    rounded = pd.DataFrame(whole_units(wide.fillna(0.0).to_numpy(float)), wide.index, wide.columns)
    long = rounded.reset_index().melt("sku", var_name="target_month", value_name="quantity")
    long = long.astype({"target_month": rows["target_month"].dtype})
    merged = rows.merge(long, on=["sku", "target_month"], how="left", validate="1:1")
    return merged.assign(quantity=merged["quantity"].astype("int64"), quantity_unit=np.where(case.notna(), CASE, UNIT))
