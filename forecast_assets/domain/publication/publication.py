"""What is published: the forecast of the model or of the champion, or the baseline where neither has earned it, or a
planner's number.

Every row says where its number comes from and why. What is published where no forecast could be made is in
``fallback.py``.
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.evaluation import BACKTEST_METHODS
from forecast_assets.domain.evaluation.paired_test import paired_test

# Rules whose numbers owe nothing to the model: they hold where the model has not earned publication.
RULES_WITHOUT_MODEL = ("new_with_reference", "new_with_like_items", "new_without_relative", "returned", "all_zero")

LAST_PUBLISHED = "last published"
# Where a challenger was forecast beside the champion, the champion's numbers stand in columns of their own.
CHAMPION_COLUMNS = {
    "forecast_units": "champion_units",
    "forecast_units_p10": "champion_units_p10",
    "forecast_units_p90": "champion_units_p90",
}


@dataclasses.dataclass(frozen=True)
class Decision:
    """Which forecast of a market is published (``model``, ``champion``, ``baseline``, ``last published``) and why."""

    source: str
    reason: str


def decide(backtest: pd.DataFrame, source: str = "model") -> Decision:
    """Publish the model, or the champion, if the latest backtest shows it no worse than the seasonal naive.

    How it stands to the baseline is tested and said in the reason; it does not decide.

    Args:
        backtest: Cells with ``sku, origin_month, actual_units, model_units, baseline_units, naive_units``; may be
            empty. Without a scored cell, or where nothing was sold in any, the model has not shown anything and the
            baseline is published.
        source: ``model``, or ``champion``: then ``champion_units`` is judged, and ``model_units`` where it is null,
            because the champion's recipe was the only one.
    """
    if source == "champion":
        backtest = backtest.assign(model_units=backtest["champion_units"].fillna(backtest["model_units"]))
    scored = backtest.dropna(subset=["actual_units"])
    if scored.empty:
        return Decision("baseline", "no backtest: too little history")
    if not scored["actual_units"].any():
        return Decision("baseline", "no WAPE in the backtest: nothing was sold in the months scored")
    row = accuracy_table(scored.assign(all_cells="all"), ["all_cells"], forecasts=BACKTEST_METHODS).iloc[0]
    figures = (
        f"backtest WAPE {source} {row['wape_model']:.4f}, baseline {row['wape_baseline']:.4f}, "
        f"naive {row['wape_naive']:.4f}; {source} against baseline: {paired_test(scored).in_words}"
    )
    if row["wape_model"] > row["wape_naive"]:
        return Decision("baseline", f"{source} worse than seasonal naive; {figures}")
    return Decision(source, figures)


def status_of(stage: str, later_month_is_published: bool, source: str = "model") -> str:
    """Status of a market's rows: shadow markets are not for readers, those of retired ones are held back.

    A month is backfilled when a later month of the market had been published before it, and stale where its forecast is
    the last published one.
    """
    if stage != "live":
        return {"shadow": "shadow", "retired": "held"}[stage]
    if later_month_is_published:
        return "backfilled"
    return "stale" if source == LAST_PUBLISHED else "published"


def published_forecasts(
    forecasts: pd.DataFrame, decision: Decision, overrides: pd.DataFrame, status: str
) -> pd.DataFrame:
    """The table planners read.

    Args:
        forecasts: The forecasts of one origin; ``model_units`` in it, if any, is what the model said.
        decision: Which of its columns is published. ``champion`` takes those of the champion's recipe, and where they
            are null those of the model: there was one recipe, and it is the champion's. Where it is the baseline, SKUs
            whose rule does without the model, and the months after a known end, keep the number of the rule.
        overrides: ``sku, target_month, forecast_units, author, reason``; at most one row a cell. Cells that are not
            forecast are ignored.
        status: Status of all rows.

    Returns:
        The columns of ``forecasts`` but those of the champion, with the published number in ``forecast_units``, and
        ``model_units, status, source, reason``. The interval moves with the published number, holds it, and never
        crosses zero.
    """
    model = forecasts["model_units" if "model_units" in forecasts else "forecast_units"].to_numpy(float)
    forecasts = _by_recipe_in_force(forecasts, decision)
    rows = forecasts.merge(
        overrides.rename(columns={"forecast_units": "override_units", "reason": "override_reason"}),
        on=["sku", "target_month"],
        how="left",
        validate="1:1",
    )
    overridden = rows["override_units"].notna().to_numpy()
    point = rows["forecast_units"].to_numpy(float)
    is_baseline = decision.source == "baseline"
    ruled = _holds_without_model(rows) & is_baseline
    chosen = point if not is_baseline else np.where(ruled, point, rows["baseline_units"].to_numpy(float))
    number = np.where(overridden, rows["override_units"].to_numpy(float), chosen)
    said = rows["author"].fillna("unknown").astype(str) + ": " + rows["override_reason"].fillna("no reason").astype(str)
    return forecasts.assign(
        forecast_units=number,
        forecast_units_p10=np.clip(rows["forecast_units_p10"].to_numpy(float) + number - point, 0, number),
        forecast_units_p90=np.maximum(rows["forecast_units_p90"].to_numpy(float) + number - point, number),
        model_units=model,
        status=status,
        source=np.select([overridden, ruled], ["override", "rule"], decision.source),
        reason=np.select(
            [overridden, ruled],
            ["override by " + said, "rule " + rows["rule"] + "; " + decision.reason],
            decision.reason,
        ),
    )


def _by_recipe_in_force(forecasts: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """Forecast and interval of the recipe that is published, without the columns of the champion."""
    if "champion_units" not in forecasts:
        return forecasts
    taken = decision.source == "champion"
    made = {name: forecasts[of].fillna(forecasts[name]) for name, of in CHAMPION_COLUMNS.items()} if taken else {}
    return forecasts.assign(**made).drop(columns=list(CHAMPION_COLUMNS.values()))


def _holds_without_model(rows: pd.DataFrame) -> np.ndarray:
    """Cells forecast by a rule alone; after a known end forecast and interval are zero."""
    ended = (rows["rule"] == "end_of_life") & (rows["forecast_units_p90"] == 0)
    return (rows["rule"].isin(RULES_WITHOUT_MODEL) | ended).to_numpy()
