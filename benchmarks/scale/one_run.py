"""One run of a job over all markets, such as the totals of a month, in this process.

python -m benchmarks.scale.one_run totals 2024-11
"""

import sys

import pandas as pd

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import launch


def main() -> int:
    """Run the job; the exit code is 1 if it failed."""
    job, month = sys.argv[1], pd.Timestamp(sys.argv[2])
    result = launch(load_code_location, job, None, MonthRange(month, month))
    print(*result.failures, sep="\n", file=sys.stderr)
    return int(not result.succeeded)


if __name__ == "__main__":
    sys.exit(main())
