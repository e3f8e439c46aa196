"""Forecast value added over several months, and a verdict on the overrides in one sentence."""

from dataclasses import dataclass

import pandas as pd

from forecast_assets.domain.evaluation.value_added import SUMS, with_ratios

# Fewer overridden cells allow no verdict. A class of overrides is named from half as many on.
LEAST_CELLS, LEAST_CLASS_CELLS = 20, 10
CLASS_WORDS = {
    f"{size} {direction}": f"{size} {word} changes"
    for size in ("small", "medium", "large")
    for direction, word in (("up", "upward"), ("down", "downward"))
}


@dataclass(frozen=True)
class OverrideVerdict:
    """Effect of a market's overrides.

    Attributes:
        cells, helped, hurt: Overridden cells that are scored, and those whose absolute error became smaller or larger.
        saved_units: Absolute error before minus after, units: negative is more error.
        is_decided: False with fewer than LEAST_CELLS cells.
        in_words: The sentence for planners.
    """

    cells: int
    helped: int
    hurt: int
    saved_units: float
    is_decided: bool
    in_words: str


def over_months(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of ``forecast_value_added`` of several months, summed by level, entity and step, ratios last."""
    if rows.empty:
        return rows
    sums = rows.groupby(["level", "entity", "step"], sort=False, observed=True)[list(SUMS)].sum().reset_index()
    return with_ratios(sums)


def override_verdict(rows: pd.DataFrame) -> OverrideVerdict:
    """Judge the overrides of a market.

    Args:
        rows: From ``over_months``: ``level, entity, step`` and the sums. Classes that helped or hurt are named only
            where the verdict is decided.
    """
    published = rows[rows["step"] == "published"] if len(rows) else rows
    whole = published[published["level"] == "overridden"] if len(rows) else rows
    if whole.empty:
        return OverrideVerdict(0, 0, 0, 0.0, False, "no override has met its month yet")
    row = whole.iloc[0]
    cells, helped, hurt = (int(row[name]) for name in ("cells", "helped_cells", "hurt_cells"))
    saved = float(row["error_saved_units"])
    counts = f"{cells} override{'s' if cells != 1 else ''}: {helped} helped, {hurt} hurt"
    if cells < LEAST_CELLS:
        words = f"{counts}; no verdict before {LEAST_CELLS}"
        return OverrideVerdict(cells, helped, hurt, saved, False, words)
    words = "; ".join([f"{counts}, net {saved:+,.0f} units", *_classes(published)])
    return OverrideVerdict(cells, helped, hurt, saved, True, words)


def _classes(published: pd.DataFrame) -> list[str]:
    """Return the classes of overrides that clearly help or hurt, the most units first, those that hurt before."""
    classes = published[(published["level"] == "size_and_direction") & (published["cells"] >= LEAST_CLASS_CELLS)]
    ordered = classes.sort_values("error_saved_units")
    rows = [
        (CLASS_WORDS[str(row["entity"])], row["error_saved_units"], row["helped_cells"] - row["hurt_cells"])
        for row in ordered.to_dict("records")
        if row["entity"] in CLASS_WORDS
    ]
    hurting = [f"{words} hurt" for words, saved, surplus in rows if saved < 0 and surplus < 0]
    helping = [f"{words} helped" for words, saved, surplus in reversed(rows) if saved > 0 and surplus > 0]
    return hurting + helping
