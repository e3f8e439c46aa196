"""Facts about the recipe in force, for readers of the report. Not here: how it is decided (`domain/selection`)."""

import pandas as pd

from forecast_assets.domain.number_format import format_month, format_percent

OUTCOMES = {
    "first": "first recipe of the market",
    "unchanged": "no other recipe competed this month",
    "promoted": "a challenger won and is in force from this month on",
    "held": "a challenger competed and did not win",
    "refused": "the recipe before was rejected by people",
}
SOURCES = {"model": "the model", "champion": "the recipe in force", "baseline": "Holt-Winters"}


def model_summary(champion: pd.DataFrame, origin: pd.Timestamp) -> dict[str, str]:
    """Return facts about the model by label, as texts; empty if no champion is stored.

    Args:
        champion: `champion` of the origin, one row or none.
        origin: The origin month.
    """
    if champion.empty:
        return {}
    row = champion.iloc[0]
    since = pd.Timestamp(row["since_month"])
    tested = (
        f"{int(row['scored_cells']):,} forecasts of {int(row['scored_skus']):,} SKUs at {int(row['scored_origins'])} "
        "origin months"
    ).replace(",", "\u202f")
    return {
        "Published from": SOURCES[row["source"]],
        "Why": str(row["reason"]),
        "Recipe in force": f"{row['recipe_id']}, since {format_month(since)}",
        "Contest of " + format_month(origin): OUTCOMES[row["outcome"]],
        "Tested on": tested,
        "Error on the backtest": f"model {format_percent(row['wape_challenger'])}, Holt-Winters "
        f"{format_percent(row['wape_baseline'])}, seasonal naive {format_percent(row['wape_naive'])}",
    }
