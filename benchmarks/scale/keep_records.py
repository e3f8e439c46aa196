"""Records of finished cycles for every market of a generated store, so that its next cycle has nothing to do.

python -m benchmarks.scale.keep_records 2026-11
"""

import sys

import pandas as pd

from forecast_assets.config.settings import load_settings
from forecast_assets.operations.cycle.cycle_record import CycleRecords
from forecast_assets.operations.cycle.market_steps import HISTORY_ORIGINS
from forecast_assets.operations.cycle.plan import CycleRequest


def main() -> None:
    """Write them as ``forecast-assets cycle`` does after success."""
    settings = load_settings()
    request = CycleRequest(pd.Timestamp(sys.argv[1]), HISTORY_ORIGINS)
    CycleRecords(settings, request).keep(settings.market_table)


if __name__ == "__main__":
    main()
