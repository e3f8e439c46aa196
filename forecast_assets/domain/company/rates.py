"""Monthly exchange rates as delivered: company's currency for one unit of another."""

import numpy as np
import pandas as pd

COLUMNS = ["month", "currency", "rate"]


def rates_at(rows: pd.DataFrame, month: pd.Timestamp) -> dict[str, float]:
    """Return the latest rate of each currency up to a month.

    Args:
        rows: COLUMNS as text; further columns are ignored.
        month: Month of the report.

    Raises:
        ValueError: If a column is missing, a value is not allowed, or a currency has two rates of a month.
    """
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise ValueError(f"exchange_rates: column {', '.join(missing)} is missing; expected {', '.join(COLUMNS)}")
    months = pd.to_datetime(rows["month"].str.slice(0, 7), format="%Y-%m", errors="coerce")
    rates = pd.to_numeric(rows["rate"], errors="coerce").astype(float)
    wrong = (
        months.isna() | ~rates.between(0, np.inf, inclusive="neither") | ~rows["currency"].str.fullmatch(r"[A-Z]{3}")
    )
    if wrong.any():
        first = rows.loc[wrong, COLUMNS].iloc[0].tolist()
        raise ValueError(f"exchange_rates: expected a row like 2024-06, NOK, 0.088, got {first}")
    table = pd.DataFrame({"month": months, "currency": rows["currency"], "rate": rates})
    twice = table[table.duplicated(["month", "currency"])]
    if len(twice):
        row = twice.iloc[0]
        raise ValueError(f"exchange_rates: {row['currency']} has two rates of {row['month']:%Y-%m}")
    known = table[table["month"] <= month].sort_values("month").drop_duplicates("currency", keep="last")
    return {str(currency): float(rate) for currency, rate in zip(known["currency"], known["rate"], strict=True)}
