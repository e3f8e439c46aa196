"""Challengers for a market: recipes as a tuning leaves them in the store."""

import shutil

import pandas as pd

from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.company import DECEMBER, Company

# Learners that learn nothing, and none that does beside them.
WORSE = (
    '{"learning_rate": 1e-7, "recursive_learning_rate": 1e-7, "boosting_weight": 1.0, "boosting_weight_of_few": 1.0,'
    ' "member_weights": [["recursive", 1.0]], "sharpness": 1.0, "intermittent_quantile": 0.05}'
)
OTHER = '{"leaves": 7}'


def plant_tuning(store: TableStore, country: str, month: pd.Timestamp, parameters: str) -> None:
    """Store a tuning whose recipe is in force from a month on."""
    tuned = pd.DataFrame([[0, "in_force", parameters, 0.2, 0.0, 0.2]], columns=list(COLUMNS)).astype(COLUMNS)
    place = PartitionKey(month, country)
    store.write(table_specs()["tuned_recipe"], place, tuned, Provenance("planted", "dev", "none"))


SOURCE_TABLES = ["features", "history_marks", "sell_in", "products", "baseline_forecasts", "overrides"]
LENIENT = {
    f"FORECAST_PROMOTION_{name}": value
    for name, value in {"TOLERANCE": "1", "BASELINE_TOLERANCE": "1", "MAX_BIAS": "5", "CLASS_TOLERANCE": "5"}.items()
}


def with_challenger(company: Company, base, parameters: str) -> Company:
    """FR before its December, tuned in December."""
    copy = company.copied_to(base, *SOURCE_TABLES, "champion", "published_forecasts")
    for table in ("champion", "published_forecasts"):
        shutil.rmtree(copy.base / "store" / table / "country=FR" / f"month={DECEMBER}")
    plant_tuning(copy.store, "FR", pd.Timestamp(DECEMBER), parameters)
    return copy
