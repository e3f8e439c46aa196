"""Monthly exchange rates as delivered: company's currency for one unit of another."""

from collections.abc import Collection

import numpy as np
import pandas as pd

COLUMNS = ["month", "currency", "rate"]
# Text of a row whose jump is right, such as the day of a devaluation; a file may lack the column.
ACCEPTED = "accepted"
# Name of the file that a row was read from.
FILE = "file"
# The largest change from one delivered rate to the next that needs no acceptance: 1.5 times, or a third less.
LARGEST_CHANGE = 1.5
# A change of a tenth is odd if the rate is within a twentieth of 1 / the rate before: near 1, rates cross 1 anyway.
LEAST_INVERTED_CHANGE, NEAR_INVERSE = 1.1, 1.05


def rates_at(rows: pd.DataFrame, month: pd.Timestamp, currencies: Collection[str]) -> dict[str, float]:
    """Return the latest rate of each currency up to a month.

    Args:
        rows: COLUMNS as text, FILE, and ACCEPTED if it was delivered; further columns are ignored.
        month: Month of the report.
        currencies: Currencies of the company's markets. Rates of others are not judged.

    Raises:
        ValueError: If a column is missing, a value is not allowed, a currency has two rates of a month, or a rate up to
            the month jumps and is not accepted.
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
        first = rows[wrong].iloc[0]
        raise ValueError(
            f"exchange_rates/{first[FILE]}: expected a row like 2024-06, NOK, 0.088, got {first[COLUMNS].tolist()}"
        )
    stated = rows[ACCEPTED].fillna("").str.strip() if ACCEPTED in rows else ""
    table = rows[["currency", FILE]].assign(month=months, rate=rates, accepted=stated)
    twice = table[table.duplicated(["month", "currency"])]
    if len(twice):
        row = twice.iloc[0]
        raise ValueError(f"exchange_rates/{row[FILE]}: {row['currency']} has two rates of {row['month']:%Y-%m}")
    known = table[table["month"] <= month].sort_values("month")
    _refuse_jumps(known[known["currency"].isin(currencies)])
    latest = known.drop_duplicates("currency", keep="last")
    return {str(currency): float(rate) for currency, rate in zip(latest["currency"], latest["rate"], strict=True)}


def _refuse_jumps(rates: pd.DataFrame) -> None:
    """Raise for a rate that is far from the one before, or upside down; ``rates`` are ordered by month."""
    by_currency = rates.groupby("currency")
    before = rates.assign(rate_before=by_currency["rate"].shift(), month_before=by_currency["month"].shift())
    change = (before["rate"] / before["rate_before"]).map(np.log).abs()
    from_inverse = (before["rate"] * before["rate_before"]).map(np.log).abs()
    is_inverted = (change > np.log(LEAST_INVERTED_CHANGE)) & (from_inverse < np.log(NEAR_INVERSE))
    odd = before[(is_inverted | (change > np.log(LARGEST_CHANGE))) & (before["accepted"] == "")]
    if odd.empty:
        return
    row = odd.iloc[0]
    inverted = f" (1 / {row['rate']:.6g} is {1 / row['rate']:.6g}: upside down?)" if is_inverted[row.name] else ""
    raise ValueError(
        f"exchange_rates/{row[FILE]}: the row {row['month']:%Y-%m}, {row['currency']}, {row['rate']:.6g} follows "
        f"{row['rate_before']:.6g} of {row['month_before']:%Y-%m}{inverted}. Next step: correct the row, or give it a "
        f"reason in a column {ACCEPTED} if the rate did change so much"
    )
