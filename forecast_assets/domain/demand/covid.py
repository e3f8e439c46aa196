"""OxCGRT tracker of Covid policies: its public file formats, and the monthly indices of a country.

The tracker is frozen: it starts in January 2020 and ends in December 2022. Months outside it had no restrictions. Not
here: choosing the file, and the ISO 3166-1 code of a market.
"""

import re

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats, Labels
from forecast_assets.domain.calendar import add_months

TRACKER_FIRST_MONTH, TRACKER_LAST_MONTH = pd.Timestamp("2020-01-01"), pd.Timestamp("2022-12-01")
INDICES = ("stringency_index", "economic_support_index")
DAILY_COLUMNS = ["country", "day", *INDICES]
# In order of preference: the plain index, then its names after the split by vaccination status.
_INDEX_NAMES = {
    "stringency_index": ("stringencyindex", "stringencyindexaverage", "stringencyindexavg"),
    "economic_support_index": ("economicsupportindex",),
}
_DAY_COLUMN = re.compile(r"^\d{2}[A-Za-z]{3}\d{4}$")
_BLANK = ("", "NA", "NaN", "nan")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def read_oxcgrt(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Read tracker files of any public format into one row per country and day, national values only.

    There are three formats:

    - long rows of 2020: ``CountryCode, Date, StringencyIndex``;
    - long rows with ``RegionCode`` or ``Jurisdiction``;
    - wide time series: one index per file, named in the file name, and one column per day (``01Jan2020``).

    If files overlap, the file with the latest value is the newest release and wins. The others fill its gaps.

    Args:
        frames: Frame by file name, values as text or numbers; blank means no data.

    Returns:
        country (iso3), day, stringency_index, economic_support_index (0..100, NaN if blank), sorted. Days without any
        value are left out.

    Raises:
        ValueError: If a file has an unknown format, a wide file's name contains no index, or a country has two rows
            for a day.
    """
    parts = [_read_one(name, frame) for name, frame in frames.items()]
    if not parts:
        return pd.DataFrame(columns=DAILY_COLUMNS)
    series = [_newest_first(index, parts) for index in INDICES]
    daily = pd.concat(series, axis=1).sort_index().rename_axis(["country", "day"])
    return daily.reset_index()[DAILY_COLUMNS]


def _newest_first(index: str, parts: list[pd.DataFrame]) -> pd.Series:
    known = [part[index].dropna() for part in parts if index in part]
    known = sorted((part for part in known if len(part)), key=lambda part: part.index.get_level_values("day").max())
    if not known:
        empty = pd.MultiIndex.from_arrays([[], pd.DatetimeIndex([])], names=["country", "day"])
        return pd.Series([], index=empty, name=index, dtype=float)
    stacked = pd.concat(known)
    latest: pd.Series = stacked[~stacked.index.duplicated(keep="last")]
    return latest


def _read_one(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the indices of one file, indexed by country and day."""
    columns = {_plain(column): column for column in reversed(frame.columns)}
    day_columns = [column for column in frame.columns if _DAY_COLUMN.match(str(column))]
    if "countrycode" in columns and day_columns:
        rows = _wide_rows(name, frame, columns["countrycode"], day_columns)
    elif {"countrycode", "date"} <= set(columns) and _long_indices(columns):
        rows = _long_rows(name, frame, columns)
    else:
        raise ValueError(
            f"{name}: not an OxCGRT file: expected CountryCode with Date and StringencyIndex columns, or "
            f"CountryCode with day columns like 01Jan2020; found {[str(column) for column in frame.columns[:12]]}"
        )
    rows = rows[_is_national(frame, columns).to_numpy()[rows.pop("row")]]
    table = rows.set_index(["country", "day"])
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][:3].tolist()
        raise ValueError(f"{name}: more than one national row for a country and day, first {twice}: keep one of them")
    for index in table.columns:
        table[index] = _numbers(name, index, table[index])
    return table


def _is_national(frame: pd.DataFrame, columns: dict[str, str]) -> pd.Series:
    national = pd.Series(True, index=frame.index)
    if "jurisdiction" in columns:
        national &= frame[columns["jurisdiction"]].astype(str).str.strip().eq("NAT_TOTAL")
    for code in ("regioncode", "citycode"):
        if code in columns:
            region = frame[columns[code]]
            national &= region.isna() | region.astype(str).str.strip().eq("")
    return national


def _long_indices(columns: dict[str, str]) -> dict[str, str]:
    column_by_index = {}
    for index, names in _INDEX_NAMES.items():
        present = [columns[name] for name in names if name in columns]
        if present:
            column_by_index[index] = present[0]
    return column_by_index


def _long_rows(name: str, frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    rows = pd.DataFrame({"row": np.arange(len(frame)), "country": frame[columns["countrycode"]].astype(str).to_numpy()})
    date = frame[columns["date"]]
    if not pd.api.types.is_datetime64_any_dtype(date):
        text = date.astype(str).str.replace(r"\.0$", "", regex=True).str.replace("-", "", regex=False)
        date = pd.to_datetime(text, format="%Y%m%d", errors="coerce")
        if date.isna().any():
            raise ValueError(
                f"{name}: Date is not YYYYMMDD in row {date.isna().idxmax()}: {text[date.isna()].iloc[0]!r}"
            )
    rows["day"] = date.to_numpy()
    for index, column in _long_indices(columns).items():
        rows[index] = frame[column].to_numpy()
    return rows


def _wide_rows(name: str, frame: pd.DataFrame, country: str, day_columns: list[str]) -> pd.DataFrame:
    stem = _plain(name)
    indices = [index for index in INDICES if _plain(index) in stem]
    if len(indices) != 1 or "display" in stem:
        raise ValueError(
            f"{name}: a wide OxCGRT file holds one index, named in the file name: expected StringencyIndex or "
            "EconomicSupportIndex in it; rename the file or remove it from the folder"
        )
    dates = pd.to_datetime(pd.Series(day_columns), format="%d%b%Y", errors="coerce")
    if dates.isna().any():
        raise ValueError(f"{name}: {day_columns[int(dates.isna().idxmax())]!r} is no day: expected days like 01Jan2020")
    days = dates.to_numpy()
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(len(frame)), len(days)),
            "country": np.repeat(frame[country].astype(str).to_numpy(), len(days)),
            "day": np.tile(days, len(frame)),
            indices[0]: frame[day_columns].to_numpy(dtype=object).ravel(),
        }
    )


def _numbers(name: str, index: str, values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    text = values.fillna("").astype(str).str.strip()
    numbers = pd.to_numeric(text.mask(text.isin(_BLANK)), errors="coerce").astype(float)
    wrong = numbers.isna() & ~text.isin(_BLANK)
    if wrong.any():
        raise ValueError(f"{name}: {index} is not a number for {wrong.idxmax()}: {text[wrong].iloc[0]!r}")
    return numbers


def monthly_covid_policy(daily: pd.DataFrame | None, iso3: str, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the policy indices of a country per month, with the reason for each value.

    ====================== ===================================================================================
    ``observed``           mean over the days with data, per index; null for an index without data
    ``no_data``            null: the month is in the tracker, but not in the file, or the country has no value
    ``before_tracker``     0: before January 2020
    ``after_tracker_end``  0: after December 2022, and after the last day with a value of any country
    ``no_file``            0: there is no tracker file
    ====================== ===================================================================================

    Args:
        daily: From ``read_oxcgrt``; None or empty if there is no tracker file.
        iso3: ISO 3166-1 alpha-3 code as in the tracker.
        months: Months to return.

    Returns:
        month, stringency_index, economic_support_index, reason: one row per month, in the order given.
    """
    if daily is None or daily.empty:
        return _policy(months, np.zeros((len(months), 2)), np.full(len(months), "no_file", dtype=object))
    end = daily.loc[daily[list(INDICES)].notna().any(axis=1), "day"].max()
    of_country = daily[daily["country"] == iso3]
    means = of_country.groupby(of_country["day"].dt.to_period("M").dt.to_timestamp())[list(INDICES)].mean()
    values = means.reindex(months).to_numpy(dtype=float)
    reason = np.where(np.isnan(values).all(axis=1), "no_data", "observed").astype(object)
    # A release of 2020 ends in 2020; restrictions did not.
    first_after = add_months(max(end.to_period("M").to_timestamp(), TRACKER_LAST_MONTH), 1)
    reason[months < TRACKER_FIRST_MONTH] = "before_tracker"
    reason[months >= first_after] = "after_tracker_end"
    values[(months < TRACKER_FIRST_MONTH) | (months >= first_after)] = 0.0
    return _policy(months, values, reason)


def _policy(months: pd.DatetimeIndex, values: Floats, reason: Labels) -> pd.DataFrame:
    columns = {"month": months, INDICES[0]: values[:, 0], INDICES[1]: values[:, 1], "reason": reason}
    return pd.DataFrame(columns)
