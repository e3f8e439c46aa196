"""Alarms about what a market published: its challenger is held back, or the forecast is not by model or champion."""

import pandas as pd

from forecast_assets.domain.monitoring.alarms import Verdict
from forecast_assets.domain.publication.publication import LAST_PUBLISHED

# Not the market's own model; an override or a rule says nothing about the market as a whole.
FALLBACKS = {"baseline": "the baseline", LAST_PUBLISHED: "the last published forecast again"}


def publication_verdicts(published: pd.DataFrame, champion: pd.DataFrame) -> list[Verdict]:
    """Both rules on what a market published last.

    Args:
        published: ``sku, source, reason, forecast_units`` of one origin.
        champion: The row of the same origin with ``outcome, reason, recipe_id, challenger_id`` and WAPEs; may be empty.
    """
    return [_held(champion, float(published["forecast_units"].sum())), _fallback(published)]


def _held(champion: pd.DataFrame, units: float) -> Verdict:
    row = champion.iloc[0] if len(champion) else None
    if row is None or row["outcome"] not in ("held", "refused"):
        return Verdict("challenger_held", "", False, "the market's own recipe makes its forecast")
    facts = [("in force", row["recipe_id"]), ("challenger", row["challenger_id"])]
    facts += [
        (f"WAPE {name}", f"{row[f'wape_{name}']:.4f}")
        for name in ("challenger", "champion")
        if pd.notna(row[f"wape_{name}"])
    ]
    return Verdict("challenger_held", "", True, str(row["reason"]).split("; backtest WAPE")[0], tuple(facts), units)


def _fallback(published: pd.DataFrame) -> Verdict:
    found = published[published["source"].isin(list(FALLBACKS))]
    if found.empty:
        return Verdict("fallback_published", "", False, "published as the model or the champion forecast it")
    source, reason = found.iloc[0]["source"], found.iloc[0]["reason"]
    facts = (("source", source), ("SKUs", str(found["sku"].nunique())))
    units = float(found["forecast_units"].sum())
    return Verdict("fallback_published", "", True, f"published is {FALLBACKS[source]}: {reason}", facts, units)
