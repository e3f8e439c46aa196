"""Settings read as the product does, with the markets file of the repository."""

from pathlib import Path

from forecast_assets.config.settings import Settings, load_settings

MARKETS = str(Path(__file__).parents[1] / "markets.yaml")


def loaded(**variables: str) -> Settings:
    return load_settings({"FORECAST_MARKETS": MARKETS, **variables})
