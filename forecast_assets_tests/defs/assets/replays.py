"""The cycle that tests replay, and the stored file behind one of its tables."""

import pandas as pd

from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.assets.company import Company

CYCLE = "dev-2024-12"
QUICK = ["baseline_forecasts", "history_marks"]


def version_file(company: Company, table: str, month: str) -> str:
    (version,) = company.store.versions(table, PartitionKey(pd.Timestamp(month), "FR"))
    return version.path
