"""How often the 80 % interval of a launch holds what was sold, on simulated companies.

At every third origin of the last years of each market all SKUs that are new or announced are forecast by their rule
with the interval learned from earlier launches, as the product does, and compared with what followed.

    python -m benchmarks.launch_intervals --seeds 11 12 13 14 15
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.sample_histories import sample_company
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, months_since
from forecast_assets.domain.demand.demand_panel import active_skus
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.portfolio.announced_skus import announced_forecasts, announced_skus, with_announced
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.selection.backtest import with_actuals

ORIGINS, STEP_MONTHS = 8, 3
AGE_GROUPS = {"announced": (-HORIZON_MONTHS, 0), "1-2": (1, 2), "3-11": (3, 11)}


def launch_cells(history: MarketHistory, origin: pd.Timestamp) -> pd.DataFrame:
    """Cells of the SKUs that are new or announced at an origin, from their launch on, with ``age_months``."""
    products = history.products[history.products["month"] == origin].drop(columns="month")
    panel = history.sell_in.until(origin)
    announced = announced_skus(panel, origin, products)
    on_sale = panel.skus[active_skus(panel, origin)]
    panel = with_announced(panel, announced)
    cells = apply_portfolio(announced_forecasts(np.union1d(on_sale, announced), origin), panel, origin, products)
    cells = cells[cells["rule"].str.startswith("new_")]
    start = products.set_index("sku")["launch_month"].reindex(cells["sku"]).to_numpy()
    cells = cells.assign(age_months=months_since(start, origin) + 1)
    cells = cells[cells["target_month"].to_numpy() >= start]
    return with_actuals(cells, history.sell_in, history.sell_in.months[-1]).dropna(subset=["actual_units"])


def main(given: list[str] | None = None) -> int:
    """Simulate, forecast the launches, show coverage and WAPE by age. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launch_intervals", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[11], help="companies to simulate (default %(default)s)"
    )
    parser.add_argument("--markets", type=int, default=4, help="markets of each (default %(default)s)")
    parser.add_argument("--skus", type=int, default=150, help="SKUs of each market (default %(default)s)")
    parser.add_argument("--months", type=int, default=84, help="delivered months (default %(default)s)")
    options = parser.parse_args(given)
    parts = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            company = sample_company(Path(folder), seed, options.markets, options.skus, options.months)
        for code, history in company.histories.items():
            for back in range(1, ORIGINS + 1):
                cells = launch_cells(history, add_months(company.last_month, -back * STEP_MONTHS))
                parts.append(cells.assign(market=f"{seed} {code}"))
    cells = pd.concat(parts, ignore_index=True)
    console = Console()
    for name, (first, last) in (AGE_GROUPS | {"all": (-HORIZON_MONTHS, 11)}).items():
        chosen = cells[cells["age_months"].between(first, last)]
        console.print(f"age {name}: {summary(chosen)}", highlight=False)
    return 0


def summary(cells: pd.DataFrame) -> str:
    """Coverage, WAPE and how many launches and cells they rest on."""
    actual = cells["actual_units"]
    inside = actual.between(cells["forecast_units_p10"], cells["forecast_units_p90"]).mean()
    below = (actual < cells["forecast_units_p10"]).mean()
    wape = (cells["forecast_units"] - actual).abs().sum() / actual.abs().sum()
    launches = cells[["market", "sku"]].drop_duplicates().shape[0]
    return f"coverage {inside:.3f} (below {below:.3f}), WAPE {wape:.3f}, {launches} launches, {len(cells)} cells"


if __name__ == "__main__":
    sys.exit(main())
