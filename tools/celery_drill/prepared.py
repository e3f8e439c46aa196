"""Deliveries and history of the drill's markets: simulated and computed once, copied under other codes, kept."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from forecast_assets_tests.operate.model_market import ModelMarket, entry


def prepare(
    folder: Path, markets: int, skus: int, first_cycle: pd.Timestamp, months: int, settings: Mapping[str, str]
) -> Path:
    """Return a folder with landing files, markets file and the store before the first cycle; made if it is missing.

    Args:
        folder: Where prepared companies are kept.
        markets: Number of markets.
        skus: SKUs of each.
        first_cycle: Month of the first cycle; the store holds sources and features of the months before.
        months: Number of cycles that are delivered.
        settings: Settings of the company.
    """
    prepared = folder / f"{markets}-{skus}-{first_cycle:%Y-%m}-{months}"
    if prepared.exists():
        return prepared
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    model = ModelMarket(unfinished / "model", first_cycle, settings, skus, months - 1)
    codes = [f"M{number:02}" for number in range(1, markets + 1)]
    for code in codes:
        model.copy_to(code, unfinished / "landing", unfinished / "store")
    entries = "".join(entry(code, first_cycle) for code in codes)
    (unfinished / "markets.yaml").write_text(f"markets:\n{entries}", encoding="utf-8")
    shutil.rmtree(unfinished / "model")
    return unfinished.rename(prepared)
