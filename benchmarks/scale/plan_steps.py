"""Steps of a month's cycle for every market, found from the store and not run.

python -m benchmarks.scale.plan_steps 2026-12
"""

import sys

import pandas as pd

from forecast_assets.config.settings import load_settings
from forecast_assets.operations.cycle.market_steps import next_step
from forecast_assets.storage import ListedOnce
from forecast_assets.storage.opened import open_store


def main() -> None:
    """Print the number of markets by their next job."""
    settings = load_settings()
    store, month = ListedOnce(open_store(settings)), pd.Timestamp(sys.argv[1])
    jobs = [next_step(store, settings.market_table, code, month).job for code in settings.market_table]
    print({job: jobs.count(job) for job in set(jobs)})


if __name__ == "__main__":
    main()
