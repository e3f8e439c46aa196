"""Source drift: a market's deliveries against its usual ones, by volume, new and missing SKUs, and distribution.

A missing delivery is a rule here too. Not here: values of features (``drift.py``) and the validity of a single delivery
(checks of its table).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict, percent, signed_percent, undecided
from forecast_assets.domain.monitoring.control_limit import lower_limit, upper_limit

SOURCE_DRIFT, SOURCE_MISSING = "source_drift", "source_missing"
UNITS = {"sell_in": "sell_in_units", "sell_out": "sell_out_units"}
# A source with rows in each of this many months before is expected to have some.
USUAL_MONTHS = 6
# Months that the rules read: three same months of earlier years, and a year of ratios to each.
HISTORY_MONTHS = 48
MAX_VOLUME_CHANGE = 1.5
MAX_NEW_SHARE, MAX_MISSING_SHARE, MAX_DISTRIBUTION_LOSS = 0.15, 0.10, 0.15
SHARE_MONTHS = 12
SHOWN_SKUS = 5


def source_verdicts(sources: Mapping[str, pd.DataFrame], month: pd.Timestamp) -> list[AlarmVerdict]:
    """Return the verdicts over every source of a market for a month.

    Args:
        sources: Rows by source, each with ``month`` and ``sku``: ``sell_in`` (``sell_in_units``), ``sell_out``
            (``sell_out_units, distribution_pct``), ``products`` and others, for 48 months or fewer. Later months are
            not read.
        month: The closed month.
    """
    verdicts = []
    for source, rows in sources.items():
        known = rows[rows["month"] <= month]
        verdicts.append(arrived(source, known, month))
        if source in UNITS:
            sold = known.rename(columns={UNITS[source]: "units"})
            verdicts += [
                volume(source, sold, month),
                new_skus(source, sold, month),
                missing_skus(source, sold, month),
            ]
        if source == "sell_out":
            verdicts.append(lost_distribution(known, month))
    return verdicts


def arrived(source: str, rows: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if a source with rows in each of the six months before has none in the month."""
    counts = rows.groupby("month").size()
    before = counts.reindex(_months_before(month, USUAL_MONTHS), fill_value=0)
    usual = bool((before > 0).all())
    now = int(counts.get(month, 0))
    if not usual and not now:
        return undecided(SOURCE_MISSING, source, f"{source} did not come regularly before {month:%Y-%m}")
    return AlarmVerdict(
        SOURCE_MISSING,
        source,
        usual and not now,
        f"{source}: {now:,} rows in {month:%Y-%m}, {before.median():,.0f} a month before",
        weight=float(before.median()),
    )


def volume(source: str, rows: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if the total differs from the same months of up to three earlier years more than usual.

    Both conditions must hold:

    - the total is more than 1.5 times the median of those months, or less than the median / 1.5;
    - the ratio is outside the prediction limits (chance 0.5 % on each side) of the ratios of the 12 months before.

    Undecided without an earlier year, or with fewer than 8 ratios.
    """
    totals = rows.groupby("month")["units"].sum(min_count=1)
    totals = totals[totals > 0]
    ratio = totals.get(month, np.nan) / _usual(totals, month)
    if np.isnan(ratio):
        return undecided(SOURCE_DRIFT, f"{source} volume", f"no total of {month:%Y-%m} or of the same month earlier")
    earlier = np.log([totals.get(at, np.nan) / _usual(totals, at) for at in _months_before(month, SHARE_MONTHS)])
    low, high = np.exp(lower_limit(earlier)), np.exp(upper_limit(earlier))
    if np.isnan(high):
        return undecided(SOURCE_DRIFT, f"{source} volume", "less than 8 months with a year before to judge by")
    low, high = min(low, 1 / MAX_VOLUME_CHANGE), max(high, MAX_VOLUME_CHANGE)
    return AlarmVerdict(
        SOURCE_DRIFT,
        f"{source} volume",
        not low <= ratio <= high,
        f"{source}: {totals[month]:,.0f} units in {month:%Y-%m}, {ratio:.2f} times the usual of the month "
        f"(limits {low:.2f} and {high:.2f})",
        (("units", f"{totals[month]:,.0f}"), ("usual units", f"{_usual(totals, month):,.0f}")),
        weight=abs(float(totals[month] - _usual(totals, month))),
    )


def new_skus(source: str, rows: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if more than 15 % of the SKUs sold are new, and more than in any of the 12 months before.

    A SKU is new in its first month with units. The first twelve months of a market are undecided.
    """
    sold = rows[rows["units"] > 0]
    first = sold.groupby("sku")["month"].min()
    months = [*_months_before(month, SHARE_MONTHS), month]
    selling = sold.groupby("month")["sku"].nunique().reindex(months, fill_value=0)
    new = first.value_counts().reindex(months, fill_value=0)
    if not selling[month] or sold["month"].min() >= months[0]:
        return undecided(SOURCE_DRIFT, f"{source} new SKUs", "nothing sold in the month, or less than a year before it")
    shares = new / selling.where(selling > 0)
    return _share_verdict(
        source, "new SKUs", shares, MAX_NEW_SHARE, month,
        f"{new[month]} of {selling[month]} SKUs in {month:%Y-%m} are new", first.index[first == month],
    )  # fmt: skip


def missing_skus(source: str, rows: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if more than 10 % of the regular SKUs have no units, and more than in any of the 12 months before.

    A SKU is regular with units in each of the six months before. SKUs that ended have no rows and count as missing too;
    the twelve months before give their usual number.
    """
    subject = f"{source} missing SKUs"
    if not (rows["month"] == month).any():
        return undecided(SOURCE_DRIFT, subject, f"{source} has no rows in {month:%Y-%m}")
    months = [*_months_before(month, SHARE_MONTHS), month]
    wanted = pd.date_range(add_months(months[0], -USUAL_MONTHS), month, freq="MS")
    sold = rows[(rows["units"] > 0) & rows["month"].isin(wanted)]
    grid = pd.crosstab(sold["sku"], sold["month"]).reindex(columns=wanted, fill_value=0).gt(0)
    # Column t of the rolling sum counts the six months before t.
    regular = grid.T.astype(int).rolling(USUAL_MONTHS).sum().shift(1).T.eq(USUAL_MONTHS)[months]
    absent = regular & ~grid[months]
    if not regular[month].any():
        return undecided(SOURCE_DRIFT, subject, "no SKU was sold in each of the six months before")
    count = regular.sum()
    shares = absent.sum() / count.where(count > 0)
    return _share_verdict(
        source, "missing SKUs", shares, MAX_MISSING_SHARE, month,
        f"{absent[month].sum()} of {count[month]} regular SKUs have no units in {month:%Y-%m}",
        absent.index[absent[month]],
    )  # fmt: skip


def lost_distribution(sell_out: pd.DataFrame, month: pd.Timestamp) -> AlarmVerdict:
    """Raise an alarm if SKUs are sold in fewer stores: the mean of ``distribution_pct`` fell by more than 15 %.

    The delivery contract has no stores, so the share of stores that sell a SKU (``distribution_pct``) is used. Its mean
    over the SKUs with a value in the month and in the three months before is compared with the mean of those three.
    """
    subject = "sell_out distribution"
    known = sell_out.reindex(columns=["month", "sku", "distribution_pct"]).dropna(subset=["distribution_pct"])
    months = _months_before(month, 3)
    now = known[known["month"] == month].set_index("sku")["distribution_pct"]
    before = known[known["month"].isin(months)].groupby("sku")["distribution_pct"].agg(["mean", "size"])
    both = before[before["size"] == len(months)].join(now.rename("current"), how="inner")
    if both.empty or both["mean"].mean() <= 0:
        return undecided(SOURCE_DRIFT, subject, f"no SKU with a distribution in {month:%Y-%m} and three months before")
    change = float(both["current"].mean() / both["mean"].mean() - 1)
    lost = (both["mean"] - both["current"]).sort_values(ascending=False)
    return AlarmVerdict(
        SOURCE_DRIFT,
        subject,
        change < -MAX_DISTRIBUTION_LOSS,
        f"Distribution of {len(both)} SKUs {signed_percent(change)} in {month:%Y-%m} against three months before, "
        f"limit -{percent(MAX_DISTRIBUTION_LOSS)}",
        tuple(
            (f"SKU {sku}", f"-{points:.0f} points of stores")
            for sku, points in lost.head(SHOWN_SKUS).items()
            if points > 0
        ),
        weight=abs(change),
    )


def _share_verdict(
    source: str, name: str, shares: pd.Series, limit: float, month: pd.Timestamp, summary: str, skus: pd.Index
) -> AlarmVerdict:
    """Raise an alarm if the share of the month is above the limit and above every month before."""
    usual = float(shares.drop(month).max())
    limit = limit if np.isnan(usual) else max(limit, usual)
    share = float(shares[month])
    shown = ", ".join(str(sku) for sku in skus[:SHOWN_SKUS])
    return AlarmVerdict(
        SOURCE_DRIFT,
        f"{source} {name}",
        share > limit,
        f"{source}: {summary} ({percent(share)}, limit {percent(limit)})",
        ((name, f"{shown}{' ...' if len(skus) > SHOWN_SKUS else ''}"),) if len(skus) else (),
        weight=share,
    )


def _months_before(month: pd.Timestamp, count: int) -> list[pd.Timestamp]:
    return list(pd.date_range(add_months(month, -count), add_months(month, -1), freq="MS"))


def _usual(totals: pd.Series, month: pd.Timestamp) -> float:
    """Return the median of the same month of up to three earlier years; NaN without any."""
    return float(totals.reindex([add_months(month, -12 * years) for years in (1, 2, 3)]).dropna().median())
