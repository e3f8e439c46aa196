"""Patterns of FMCG portfolios, simulated, forecast by the product and scored: ``python -m benchmarks.patterns``.

Each market of ``pattern_markets.py`` is forecast over several seeds by the model with its portfolio rules (``model``)
and as it is published if there is no model (``baseline``), beside the seasonal naive and Holt-Winters on raw units.
Figures per pattern, over its SKUs, seeds and 18 months: WAPE and bias (forecast - actual, sums first), the largest
forecast and the smallest as multiples of the mean actual, and the share of months with sales at or below p90.

    python -m benchmarks.patterns --seeds 3 --out patterns.csv
    python -m benchmarks.patterns --markets spikes --seeds 1 --out spikes.csv
    python -m benchmarks.patterns --seeds 3 --out after.csv --before before.csv

The last form shows the WAPE and bias of an earlier version beside those of this one.

Here belong forecasting and scoring. The simulated SKUs are in ``pattern_markets.py``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.pattern_markets import HORIZON, MARKETS, MONTHS, ORIGIN, PAST, PatternMarket
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.fallback import forecasts_of_baseline
from forecast_assets.domain.statistical.baseline import baseline_forecasts
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters
from forecast_assets.domain.statistical.seasonal_naive import forecast_seasonal_naive

TRAINING_ORIGINS = 40
NONE = pd.DataFrame()


def history_of(market: PatternMarket) -> MarketHistory:
    """The known months as the assets hand them to the domain."""
    months = MONTHS[:PAST]
    products = market.products
    panel = DemandPanel(products["sku"].to_numpy(dtype=object), months, market.units[:, :PAST].astype(float))
    policy = pd.DataFrame({"month": months, "stringency_index": 0.0, "economic_support_index": 0.0})
    return MarketHistory(
        code="XX",
        region="EU",
        iso2=market.iso2,
        sell_in=panel,
        sell_out={},
        products=pd.concat([products.assign(month=month) for month in months], ignore_index=True),
        promotions=pd.DataFrame(columns=["month", "sku", "promotion_month", "is_promoted", "discount_pct"]),
        totals_known=pd.DataFrame(columns=["month"]),
        covid_policy=policy,
    )


def forecast_both(market: PatternMarket) -> dict[str, pd.DataFrame]:
    """Rows of the model and of the published baseline, 18 per SKU."""
    origins = [add_months(ORIGIN, -back) for back in range(TRAINING_ORIGINS, -1, -1)]
    history = history_of(market).marked(origins)
    features = pd.concat([build_features(history, origin) for origin in origins], ignore_index=True)
    model = fit_market_model(features, history.sell_in, ORIGIN, Recipe())
    at_origin = features[features["origin_month"] == ORIGIN].reset_index(drop=True)
    products = market.products
    rows = forecast_units(at_origin, history.sell_in, model)
    baseline = baseline_forecasts(history.sell_in, ORIGIN, at_origin["sku"].to_numpy())
    return {
        "model": apply_portfolio(rows, history.sell_in, ORIGIN, products),
        "baseline": forecasts_of_baseline(baseline, NONE, NONE, history.sell_in, products),
    }


def cells_of(market: PatternMarket, seed: int) -> pd.DataFrame:
    """One row per SKU, month and method: pattern, actual, forecast and p90."""
    skus = market.products["sku"].to_numpy(dtype=object)
    past, actual = market.units[:, :PAST], market.units[:, PAST:]
    arrays = {"seasonal naive": forecast_seasonal_naive(past), "Holt-Winters": forecast_holt_winters(past)}
    p90 = {}
    for method, rows in forecast_both(market).items():
        wide = rows.pivot(index="sku", columns="horizon_months", values=["forecast_units", "forecast_units_p90"])
        wide = wide.reindex(skus)
        arrays[method] = wide["forecast_units"].to_numpy(float)
        p90[method] = wide["forecast_units_p90"].to_numpy(float)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "market": market.name, "seed": seed, "method": method,
                    "sku": np.repeat(skus, HORIZON), "pattern": np.repeat(market.pattern, HORIZON),
                    "horizon_months": np.tile(np.arange(1, HORIZON + 1), len(skus)),
                    "actual": actual.ravel(), "forecast": forecast.ravel(),
                    "p90": p90.get(method, np.full(actual.shape, np.nan)).ravel(),
                }
            )
            for method, forecast in arrays.items()
        ],
        ignore_index=True,
    )  # fmt: skip


def scores(cells: pd.DataFrame) -> pd.DataFrame:
    """Figures per pattern and method."""

    def of_group(group: pd.DataFrame) -> pd.Series:
        error, total = group["forecast"] - group["actual"], group["actual"].sum()
        mean = group["actual"].mean()
        sold = group[(group["actual"] > 0) & group["p90"].notna()]
        return pd.Series(
            {
                "wape": error.abs().sum() / total,
                "bias": error.sum() / total,
                "largest": group["forecast"].max() / mean,
                "smallest": group["forecast"].min() / mean,
                "below_p90": (sold["actual"] <= sold["p90"]).mean() if len(sold) else np.nan,
            }
        )

    return cells.groupby(["market", "pattern", "method"], sort=False)[cells.columns].apply(of_group)


def main(given: list[str] | None = None) -> None:
    """Simulate, forecast, score, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patterns", description=__doc__.splitlines()[0])
    parser.add_argument("--markets", default=",".join(MARKETS), help="comma separated (default %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 1 .. n (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="CSV file of the figures")
    parser.add_argument("--before", type=Path, help="CSV file of another version, to show its WAPE and bias beside")
    options = parser.parse_args(given)
    cells = [
        cells_of(MARKETS[name](np.random.default_rng(seed)), seed)
        for name in options.markets.split(",")
        for seed in range(1, options.seeds + 1)
    ]
    figures = scores(pd.concat(cells, ignore_index=True))
    figures.round(4).to_csv(options.out)
    if options.before:
        before = pd.read_csv(options.before, index_col=["market", "pattern", "method"])[["wape", "bias"]]
        figures = before.add_suffix("_before").reindex(figures.index).join(figures)
    with pd.option_context("display.max_rows", None, "display.width", 160):
        print(figures.round(3).to_string())


if __name__ == "__main__":
    main()
