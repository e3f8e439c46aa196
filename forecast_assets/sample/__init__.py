"""A simulated FMCG company that delivers landing files, so that everything can be tried and measured without real data.

Simulation only: it reads nothing and shares no code with the forecasting side, so a benchmark on it is not circular.
"""

from forecast_assets.sample.company import SampleSummary, write_sample_company
from forecast_assets.sample.countries import SAMPLE_MARKETS, SampleMarket
from forecast_assets.sample.faults import FAULTS

__all__ = ["FAULTS", "SAMPLE_MARKETS", "SampleMarket", "SampleSummary", "write_sample_company"]
