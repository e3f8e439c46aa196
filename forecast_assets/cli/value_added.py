"""Printing of forecast value added: the five steps of each market, and a sentence on its overrides."""

from forecast_assets.cli.console import console, percentage, print_table, signed
from forecast_assets.config.settings import Settings
from forecast_assets.domain.evaluation.value_added import STEPS
from forecast_assets.domain.evaluation.value_added_verdict import override_verdict
from forecast_assets.operations.cycle.value_added import value_added_by_market
from forecast_assets.storage.opened import open_store

COLUMNS = ["market", "step", "cells", "WAPE", "bias", "error saved, units", "error saved, net sales", "helped", "hurt"]


def print_value_added(settings: Settings, countries: list[str]) -> None:
    """Print the errors of every step by market over all measured months, and the verdict on its overrides."""
    markets = value_added_by_market(
        open_store(settings), countries, lambda line: console.print(line, style="yellow", markup=False, soft_wrap=True)
    )
    rows = []
    for code, table in markets.items():
        of_market = table[table["level"] == "market"].set_index("step").reindex(list(STEPS))
        for step, row in zip(STEPS, of_market.to_dict("records"), strict=True):
            value = f"{row['error_saved_value']:+,.0f}" if row["valued_cells"] else "-"
            rows.append(
                [code, step.replace("_", " "), f"{int(row['cells']):,}", percentage(row["wape"]), signed(row["bias"]),
                 f"{row['error_saved_units']:+,.0f}", value, f"{int(row['helped_cells']):,}",
                 f"{int(row['hurt_cells']):,}"]
            )  # fmt: skip
    if rows:
        print_table("Forecast value added: each step against the one before, on the same cells", COLUMNS, rows)
    for code, table in markets.items():
        console.print(f"{code}: {override_verdict(table).in_words}", markup=False)
