"""Alarms about a market's publication: the challenger is held, or a fallback forecast was published."""

import pandas as pd

from forecast_assets.domain.monitoring.alarm_verdict import AlarmVerdict
from forecast_assets.domain.number_format import format_percent
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED

# Sources that replace the market's own model; an override or a rule concerns single SKUs.
FALLBACKS = {"baseline": "the baseline", LAST_PUBLISHED: "the last published forecast again"}


def publication_verdicts(published: pd.DataFrame, champion: pd.DataFrame) -> list[AlarmVerdict]:
    """Return the verdicts of both rules on a market's last publication.

    Args:
        published: ``sku, source, reason, forecast_units`` of one origin.
        champion: The row of the same origin with ``outcome, reason, recipe_id, challenger_id`` and WAPEs; may be empty.
    """
    return [_held(champion, float(published["forecast_units"].sum())), _fallback(published)]


def _held(champion: pd.DataFrame, units: float) -> AlarmVerdict:
    row = champion.iloc[0] if len(champion) else None
    if row is None or row["outcome"] not in ("held", "refused"):
        return AlarmVerdict("challenger_held", "", False, "the market's own recipe makes its forecast")
    facts = [("in force", row["recipe_id"]), ("challenger", row["challenger_id"])]
    facts += [
        (f"WAPE {name}", format_percent(row[f"wape_{name}"]))
        for name in ("challenger", "champion")
        if pd.notna(row[f"wape_{name}"])
    ]
    return AlarmVerdict(
        "challenger_held", "", True, str(row["reason"]).split("; backtest WAPE")[0], tuple(facts), units
    )


def _fallback(published: pd.DataFrame) -> AlarmVerdict:
    rows = published[published["source"].isin(list(FALLBACKS))]
    if rows.empty:
        return AlarmVerdict("fallback_published", "", False, "published as the model or the champion forecast it")
    source, reason = rows.iloc[0]["source"], rows.iloc[0]["reason"]
    facts = (("source", source), ("SKUs", str(rows["sku"].nunique())))
    units = float(rows["forecast_units"].sum())
    return AlarmVerdict("fallback_published", "", True, f"published is {FALLBACKS[source]}: {reason}", facts, units)
