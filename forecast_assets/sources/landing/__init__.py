"""What a company delivers: the contract, the folder that reads it, and the error that names what is wrong."""

from forecast_assets.sources.contract.columns import SOURCES, Source, source_named
from forecast_assets.sources.contract.problems import LandingError, LandingProblem
from forecast_assets.sources.landing.folder import LandingFolder

__all__ = ["SOURCES", "LandingError", "LandingFolder", "LandingProblem", "Source", "source_named"]
