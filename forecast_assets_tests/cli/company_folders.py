"""Variables of a company whose folders lie in a temporary folder."""

from pathlib import Path

import pytest

from forecast_assets_tests.repository_settings import MARKETS


def set_company(monkeypatch: pytest.MonkeyPatch, base: Path) -> None:
    """Create landing folder, store and home, and point the environment at them; no address of MLflow is set."""
    for folder in ("landing", "store", "home"):
        (base / folder).mkdir(exist_ok=True)
    for name, value in {
        "FORECAST_MARKETS": MARKETS,
        "FORECAST_STORE": str(base / "store"),
        "FORECAST_LANDING": str(base / "landing"),
        "DAGSTER_HOME": str(base / "home"),
        "MLFLOW_TRACKING_URI": "",
    }.items():
        monkeypatch.setenv(name, value)
