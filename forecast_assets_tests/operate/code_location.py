"""The code location as the daemon of a drill loads it: the product's, on another day of the month."""

import os

from forecast_assets.definitions import build_definitions
from forecast_assets_tests.operate.platform import DRILL_CRON

defs = build_definitions(cron=os.environ[DRILL_CRON])
