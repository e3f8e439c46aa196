"""Files with other plans: promotions, prices, products. Each row changes one cell of the plans that are stored.

The columns are those of deliveries. What a file does not name stays as it is.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import pandas as pd

from forecast_assets.config.markets import month_of

MONTHS = ("launch_month", "end_month")
ATTRIBUTES = ("category", "brand", "pack", "reference_sku")
NAMED = 5


class PlanError(ValueError):
    """Error of a plan's file: it names file, row, column and what is expected."""


def read_promotions(path: Path, country: str, targets: Collection[pd.Timestamp]) -> pd.DataFrame:
    """Return ``sku, promotion_month, is_promoted, discount_pct``; a discount above 1 is in per cent.

    Raises:
        PlanError: If a column is missing, a value is not allowed, or a month is none of the forecast.
    """
    rows = _read(path, country, ["sku", "month"])
    if not {"is_promoted", "discount_pct"} & set(rows):
        raise PlanError(
            f"{path}: expected a column is_promoted or discount_pct, got {', '.join(map(str, rows.columns))}"
        )
    months = _values(path, rows, "month", lambda text: _target(text, targets))
    discount = _numbers(path, rows, "discount_pct", most=100.0)
    flags = _numbers(path, rows, "is_promoted", most=1.0)
    discount = discount.where(~(discount > 1), discount / 100)
    promoted = flags.where(flags.notna(), (discount > 0).astype(float))
    table = pd.DataFrame(
        {"sku": rows["sku"], "promotion_month": months, "is_promoted": promoted, "discount_pct": discount}
    )
    return _once(path, table, ["sku", "promotion_month"])


def read_prices(path: Path, country: str, targets: Collection[pd.Timestamp]) -> pd.DataFrame:
    """Return regular prices ahead: ``sku, month, price``. A price holds until the next one.

    Raises:
        PlanError: As ``read_promotions``.
    """
    rows = _read(path, country, ["sku", "month", "price"])
    price = _numbers(path, rows, "price", most=float("inf"))
    wrong = rows.index[~(price > 0)]
    if len(wrong):
        raise PlanError(f"{path}, row {wrong[0] + 2}, price: expected a price above 0, got {rows['price'][wrong[0]]!r}")
    months = _values(path, rows, "month", lambda text: _target(text, targets))
    return _once(path, pd.DataFrame({"sku": rows["sku"], "month": months, "price": price}), ["sku", "month"])


def read_products(path: Path, country: str) -> pd.DataFrame:
    """Return ``sku`` and the columns that the file has; an empty cell clears the value.

    Raises:
        PlanError: As ``read_promotions``.
    """
    rows = _read(path, country, ["sku"])
    known = [name for name in (*ATTRIBUTES, *MONTHS) if name in rows]
    if not known:
        raise PlanError(
            f"{path}: expected a column of {', '.join((*ATTRIBUTES, *MONTHS))}, got {', '.join(map(str, rows.columns))}"
        )
    months = {name: _values(path, rows, name, _optional_month) for name in MONTHS if name in rows}
    texts = rows[["sku", *known]].replace({"": None})
    return _once(path, texts.assign(**months), ["sku"])


def _read(path: Path, country: str, required: list[str]) -> pd.DataFrame:
    """Return the market's rows as text; names of columns are lower case."""
    try:
        rows = _table(path)
    except (OSError, ValueError, pd.errors.ParserError, ImportError) as error:
        raise PlanError(f"{path} cannot be read: {error}") from error
    rows.columns = [str(name).strip().lower() for name in rows.columns]
    missing = [name for name in required if name not in rows]
    if missing:
        raise PlanError(f"{path}: column {', '.join(missing)} is missing; there are {', '.join(rows.columns)}")
    filled = rows.astype(object).where(rows.notna(), "").astype(str)
    texts = pd.DataFrame({name: filled[name].str.strip() for name in filled})
    own = texts[texts["country"] == country] if "country" in texts else texts
    if own.empty:
        raise PlanError(f"{path}: no row of {country}")
    empty = own.index[own["sku"] == ""]
    if len(empty):
        raise PlanError(f"{path}, row {empty[0] + 2}, sku: expected a SKU, got nothing")
    return own


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".xlsx":
        return pd.read_excel(path, dtype=object)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _values(path: Path, rows: pd.DataFrame, column: str, parse: Callable[[str], pd.Timestamp]) -> pd.Series:
    values = []
    for number, text in rows[column].items():
        try:
            values.append(parse(text))
        except ValueError as error:
            raise PlanError(f"{path}, row {int(str(number)) + 2}, {column}: {error}") from None
    return pd.Series(values, rows.index, dtype="datetime64[ns]")


def _target(text: str, targets: Collection[pd.Timestamp]) -> pd.Timestamp:
    # Excel gives a date as a date with a time of day.
    month = month_of(text.removesuffix(" 00:00:00"))
    if month not in targets:
        raise ValueError(f"expected a month from {min(targets):%Y-%m} to {max(targets):%Y-%m}, got {month:%Y-%m}")
    return month


def _optional_month(text: str) -> pd.Timestamp:
    return pd.Timestamp("NaT") if text == "" else month_of(text.removesuffix(" 00:00:00"))


def _numbers(path: Path, rows: pd.DataFrame, column: str, most: float) -> pd.Series:
    """Return a column as numbers from 0 on, NaN where it is empty or absent."""
    if column not in rows:
        return pd.Series(float("nan"), rows.index)
    numbers = pd.to_numeric(rows[column].where(rows[column] != ""), errors="coerce").astype(float)
    wrong = rows.index[(rows[column] != "") & ~numbers.between(0, most)]
    if len(wrong):
        first = wrong[0]
        raise PlanError(
            f"{path}, row {first + 2}, {column}: expected a number from 0 to {most:g}, got {rows[column][first]!r}"
        )
    return numbers


def _once(path: Path, table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    twice = table[table.duplicated(keys)]
    if len(twice):
        names = ", ".join(f"{row[0]}" for row in twice[keys].head(NAMED).itertuples(index=False))
        raise PlanError(f"{path}: {' and '.join(keys)} stand there twice, for SKU {names}")
    return table.reset_index(drop=True)
