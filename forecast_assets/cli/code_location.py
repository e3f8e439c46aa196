"""Code location of the company, loaded when a command first needs it: assets and jobs take seconds to import."""

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.storage import TableReader


def load_code_location() -> dg.Definitions:
    """Return the assets and jobs of the company; Python loads them once a process."""
    from forecast_assets.definitions import defs

    return defs


def build_code_location(settings: Settings, inputs: TableReader) -> dg.Definitions:
    """Return assets and jobs with other settings, which read their inputs from ``inputs``."""
    from forecast_assets.definitions import build_definitions

    return build_definitions(settings, inputs=inputs)
