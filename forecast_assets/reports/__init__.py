"""The report of one market for its demand planners: an HTML page and a workbook.

Pure rendering: frames in, text or bytes out. Metrics come from `domain/evaluation/accuracy.py`; reading tables and
storing the results belong to the `market_report` asset.
"""

from forecast_assets.reports.market_report import MarketReport
from forecast_assets.reports.page import render_market_report
from forecast_assets.reports.workbook import render_workbook

__all__ = ["MarketReport", "render_market_report", "render_workbook"]
