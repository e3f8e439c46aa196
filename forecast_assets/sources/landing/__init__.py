"""Deliveries in files: the contract, the folder that reads them, and the error that names their problems."""

from forecast_assets.sources.contract.columns import SOURCES, Source, source_named
from forecast_assets.sources.contract.problems import LandingError, LandingProblem
from forecast_assets.sources.landing.folder import LandingFolder

__all__ = ["SOURCES", "LandingError", "LandingFolder", "LandingProblem", "Source", "source_named"]
