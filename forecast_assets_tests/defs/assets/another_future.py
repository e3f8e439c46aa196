"""Landing files of the sample company with another future: what arrived after an origin is poisoned.

Only files; what is computed from them belongs in the tests.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.domain.calendar import add_months
from forecast_assets.sample.files import SCHEMAS

WRONG = 1e9
DATES = ("month", "launch_month", "end_month", "known_from", "origin_month", "target_month")
FIRST_DAY_COLUMN = "01Jan2020"


def poisoned(landing: Path, into: Path, origin: pd.Timestamp) -> Path:
    """A copy in which every row of a month after the origin, or known only after it, is nonsense, with more of them."""
    shutil.copytree(landing, into)
    for source in POISONS:
        for file in sorted((into / source).glob("[!_]*")):
            _write(file, source, _poison(source, _read(file), origin))
    for file in (into / "oxcgrt").glob("*.csv"):
        _poison_tracker(file, origin)
    return into


def change_rows(landing: Path, source: str, code: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change the rows of a market's only file of a source in place."""
    (file,) = (landing / source).glob(f"{code}.*")
    _write(file, source, change(_read(file)))


def deliver_next_month(landing: Path, code: str, origin: pd.Timestamp) -> None:
    """Add a market's files of the month after the origin: the SKUs of the origin, each with 1e9 units."""
    later = add_months(origin, 1)
    for source in ("sell_in", "sell_out"):
        rows = _read(landing / source / f"{code}_{origin:%Y-%m}.parquet")
        _write(landing / source / f"{code}_{later:%Y-%m}.parquet", source, rows.assign(month=later, units=WRONG))


def _read(file: Path) -> pd.DataFrame:
    rows = pq.read_table(file).to_pandas() if file.suffix == ".parquet" else _read_csv(file)
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in DATES if name in rows})


def _read_csv(file: Path) -> pd.DataFrame:
    """Read NA as the code of Namibia."""
    return pd.read_csv(file, dtype={"sku": str}, keep_default_na=False, na_values=[""])


def _write(file: Path, source: str, rows: pd.DataFrame) -> None:
    if file.suffix == ".parquet":
        kinds = {"known_from": pa.date32()}
        further = [pa.field(name, kinds.get(name, pa.string())) for name in rows if name not in SCHEMAS[source].names]
        schema = pa.schema([*SCHEMAS[source], *further])
        pq.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False), file)
    else:
        rows.to_csv(file, index=False, date_format="%Y-%m-%d")


def _is_known(rows: pd.DataFrame, origin: pd.Timestamp) -> pd.Series:
    """Return True for rows that were delivered by the end of the origin month."""
    return rows["known_from" if "known_from" in rows else "month"] < add_months(origin, 1)


def _poison(source: str, rows: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    known = _is_known(rows, origin)
    parts = [rows[known], POISONS[source](rows, ~known, origin)]
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _poisoned_facts(rows: pd.DataFrame, later: pd.Series, origin: pd.Timestamp) -> pd.DataFrame:
    """Units of 1e9, with the other sign, or of no row at all; and SKUs that nobody has seen before.

    Every month up to the origin is restated a month too late.
    """
    after = rows[later].reset_index(drop=True)
    kind = after.index % 3
    after = after.assign(units=np.select([kind == 0, kind == 1], [WRONG, -after["units"]], 0.0))
    for name in {"net_sales", "stock_units", "distribution_pct", "price"} & set(after):
        after[name] = np.where(kind == 0, WRONG, np.nan)
    if "is_promoted" in after:
        after["is_promoted"] = 1.0 - after["is_promoted"]
    restated = rows[~later].assign(units=WRONG, known_from=add_months(origin, 1))
    return pd.concat(
        [
            *(after[kind < 2], after.assign(sku="LATE " + after["sku"], units=WRONG)),
            *(restated, restated.assign(sku="LATE " + restated["sku"])),
        ]
    )


def _poisoned_products(rows: pd.DataFrame, later: pd.Series, origin: pd.Timestamp) -> pd.DataFrame:
    """Of every SKU a row known a month too late: another category and brand, an early end, and a column of its own."""
    attributes = dict.fromkeys(["category", "brand", "pack", "price_tier", "channel"], "poison")
    changed = rows.drop_duplicates("sku", keep="last").assign(
        **attributes, late_attribute="poison", case_units=WRONG, list_price=WRONG, launch_month=add_months(origin, -5),
        end_month=add_months(origin, 10), reference_sku=rows["sku"].iloc[0], known_from=add_months(origin, 1),
    )  # fmt: skip
    return pd.concat([changed, changed.assign(sku="LATE " + changed["sku"])])


def _poisoned_promotions(rows: pd.DataFrame, later: pd.Series, origin: pd.Timestamp) -> pd.DataFrame:
    """Other promotions of every SKU from two years before the origin to 18 months after it, told a month too late."""
    months = pd.date_range(add_months(origin, -24), add_months(origin, 18), freq="MS")
    cells = pd.MultiIndex.from_product([rows["sku"].unique(), months], names=["sku", "month"]).to_frame(index=False)
    is_promoted = 1.0 * (np.arange(len(cells)) % 2)
    return cells.assign(
        country=rows["country"].iloc[0],
        is_promoted=is_promoted,
        discount_pct=77.0 * is_promoted,
        known_from=add_months(origin, 1),
    )


def _poisoned_overrides(rows: pd.DataFrame, later: pd.Series, origin: pd.Timestamp) -> pd.DataFrame:
    """Overrides of this origin and its target months that were made after it, and those of later origins."""
    late = pd.concat(
        [
            rows.drop_duplicates("sku").assign(
                origin_month=origin, target_month=add_months(origin, ahead), known_from=add_months(origin, 1)
            )
            for ahead in (1, 2, 3)
        ]
    )
    of_later_origins = rows[later & (rows["origin_month"] > origin)]
    made_later = pd.concat([of_later_origins, late]) if len(of_later_origins) else late
    return made_later.assign(forecast_units=WRONG, author="poison", reason="poison")


POISONS = {
    "sell_in": _poisoned_facts,
    "sell_out": _poisoned_facts,
    "products": _poisoned_products,
    "promotions": _poisoned_promotions,
    "overrides": _poisoned_overrides,
}


def _poison_tracker(file: Path, origin: pd.Timestamp) -> None:
    """The days after the origin month at 100."""
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    days = rows.columns[rows.columns.get_loc(FIRST_DAY_COLUMN) :]
    later = days[pd.to_datetime(days, format="%d%b%Y") >= add_months(origin, 1)]
    rows.assign(**dict.fromkeys(later, "100.0")).to_csv(file, index=False)
