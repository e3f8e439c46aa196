"""Published forecasts: the number of the model, the champion, the baseline, a rule, or a planner.

Each row has the source of its number and the reason. Not here: publication without a forecast (``fallback.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools
from forecast_assets.domain.evaluation.accuracy import accuracy_table
from forecast_assets.domain.evaluation.backtest_accuracy import BACKTEST_METHODS
from forecast_assets.domain.evaluation.paired_comparison import compare_paired
from forecast_assets.domain.evaluation.quantiles import (
    DISTRIBUTION,
    around_forecast,
    moved,
    quantiles_of,
    with_every_quantile,
    with_quantiles,
)
from forecast_assets.domain.number_format import format_percent

# Rules whose numbers do not depend on the model: they apply even if the model is not published.
RULES_WITHOUT_MODEL = (
    "new_with_reference", "new_with_like_items", "new_without_relative", "seasonal", "returned", "all_zero",
)  # fmt: skip

LAST_PUBLISHED = "last published"
# Columns of the champion's numbers, if challenger and champion both forecast.
CHAMPION_COLUMNS = {name: name.replace("forecast_units", "champion_units") for name in DISTRIBUTION}


@dataclasses.dataclass(frozen=True)
class Decision:
    """Source of a market's published forecast (``model``, ``champion``, ``baseline``, ``last published``), and why."""

    source: str
    reason: str


def decide(backtest: pd.DataFrame, source: str = "model") -> Decision:
    """Publish the model, or the champion, if the latest backtest shows it no worse than the seasonal naive.

    The comparison with the baseline is part of the reason; it does not decide.

    Args:
        backtest: Cells with ``sku, origin_month, actual_units, model_units, baseline_units, naive_units``; may be
            empty. Without a scored cell, or without sales in any, the baseline is published.
        source: ``model`` or ``champion``. For the champion ``champion_units`` is judged. If it is null, the champion's
            recipe was the only one, and ``model_units`` is judged.
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
        f"backtest WAPE {source} {format_percent(row['wape_model'])}, baseline {format_percent(row['wape_baseline'])}, "
        f"naive {format_percent(row['wape_naive'])}; {source} against baseline: {compare_paired(scored).in_words}"
    )
    if row["wape_model"] > row["wape_naive"]:
        return Decision("baseline", f"{source} worse than seasonal naive; {figures}")
    return Decision(source, figures)


def status_of(stage: str, later_month_is_published: bool, source: str = "model") -> str:
    """Return the status of a market's rows.

    ================ ==========================================================
    ``shadow``       the market is in stage shadow: not for planners
    ``held``         the market is retired
    ``backfilled``   a later month of the market was published earlier
    ``stale``        the forecast is the last published one
    ``published``    all others
    ================ ==========================================================
    """
    if stage != "live":
        return {"shadow": "shadow", "retired": "held"}[stage]
    if later_month_is_published:
        return "backfilled"
    return "stale" if source == LAST_PUBLISHED else "published"


def published_forecasts(
    forecasts: pd.DataFrame, decision: Decision, overrides: pd.DataFrame, status: str
) -> pd.DataFrame:
    """Build the table that planners read.

    Args:
        forecasts: Forecasts of one origin; ``model_units``, if present, has the model's forecast.
        decision: The columns to publish. ``champion`` takes those of the champion's recipe; null ones are taken from
            the model, because then both recipes are the same. With ``baseline``, SKUs whose rule needs no model, and
            months after a known end, keep the number of the rule.
        overrides: ``sku, target_month, forecast_units, author, reason``, at most one row per cell. Cells without a
            forecast are ignored.
        status: Status of all rows.

    Returns:
        The columns of ``forecasts`` without those of the champion, with the published number in ``forecast_units``, and
        ``model_units, status, source, reason``. The quantiles move with the published number and never go below zero.
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
    author, why = rows["author"].fillna("unknown").astype(str), rows["override_reason"].fillna("no reason").astype(str)
    return with_quantiles(forecasts, around_forecast(moved(quantiles_of(rows), point, number), number)).assign(
        forecast_units=number,
        model_units=model,
        status=status,
        source=np.select([overridden, ruled], ["override", "rule"], decision.source),
        reason=np.select(
            [overridden, ruled],
            ["override by " + author + ": " + why, "rule " + rows["rule"] + "; " + decision.reason],
            decision.reason,
        ),
    )


def _by_recipe_in_force(forecasts: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """Return forecast and quantiles of the published recipe, without the columns of the champion."""
    of_model = with_every_quantile(forecasts.drop(columns=list(CHAMPION_COLUMNS.values()), errors="ignore"))
    if decision.source != "champion":
        return of_model
    columns = {of: name for name, of in CHAMPION_COLUMNS.items()}
    champion = with_every_quantile(forecasts.reindex(columns=list(columns)).rename(columns=columns))
    return of_model.assign(**{name: champion[name].fillna(of_model[name]) for name in DISTRIBUTION})


def _holds_without_model(rows: pd.DataFrame) -> Bools:
    """Return True for cells forecast by a rule alone; after a known end forecast and interval are zero."""
    ended = (rows["rule"] == "end_of_life") & (rows["forecast_units_p90"] == 0)
    return (rows["rule"].isin(RULES_WITHOUT_MODEL) | ended).to_numpy()
