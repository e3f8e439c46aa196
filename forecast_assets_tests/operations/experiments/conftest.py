"""A store of one market, written from the small market without any run of Dagster."""

from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.config.settings import Settings
from forecast_assets.domain.cleaning.history_marks import history_marks
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.domain.small_market import EARLIER_ORIGINS, MONTHS, small_market
from forecast_assets_tests.repository_settings import MARKETS, loaded
from forecast_assets_tests.storage.examples import run

LAST = MONTHS[80]
FIRST_STORED = MONTHS[30]


@pytest.fixture(scope="session")
def small_store(tmp_path_factory) -> Path:
    """Folder of the store: sell-in and products by month; features of some origins, and marks of the last two."""
    base = tmp_path_factory.mktemp("small") / "store"
    tables, store = small_market(), TableStore(str(base))
    history = tables.history()
    for month in MONTHS[(MONTHS >= FIRST_STORED) & (MONTHS <= LAST)]:
        for name in ("sell_in", "products"):
            rows = getattr(tables, name)
            write(store, name, month, rows[rows["month"] == month])
    for origin in [*EARLIER_ORIGINS, LAST]:
        write(store, "features", origin, build_features(history, origin))
    for origin in (EARLIER_ORIGINS[-1], LAST):
        marks = history_marks(history.sell_in, origin, history.sell_out, history.promotions, history.covid_policy)
        write(store, "history_marks", origin, marks)
    return base


def write(store: TableStore, name: str, month: pd.Timestamp, rows: pd.DataFrame) -> None:
    spec = table_specs()[name]
    further = [column for column in rows.columns if spec.type_of(str(column)) is not None]
    frame = rows.reindex(columns=list(dict.fromkeys([*spec.arrow_schema.names, *further])))
    if name == "sell_in":
        frame = frame.assign(reason="delivered")
    store.write(spec, PartitionKey(month, "FR"), frame, run())


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch):
    """Give the members and refits of the default recipe few rounds: they take most of the time."""
    quick = Recipe(recursive_rounds=5, recursive_rows=1000, refit_rounds=5, refit_rows=1000)
    monkeypatch.setattr("forecast_assets.market_state.recipes.Recipe", lambda: quick)


VARIABLES = {
    "FORECAST_MARKETS": MARKETS,
    "FORECAST_TRAINING_ROWS": "1000",
    "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
    "FORECAST_BOOSTING_ROUNDS": "20",
    "FORECAST_MAX_THREADS": "1",
    "FORECAST_POOLED_SKUS": "0",
    "MLFLOW_TRACKING_URI": "",
}


@pytest.fixture
def variables(small_store) -> dict[str, str]:
    """Variables of the environment of the market's company."""
    landing = str(small_store.with_name("landing"))
    return VARIABLES | {"FORECAST_STORE": str(small_store), "FORECAST_LANDING": landing}


@pytest.fixture
def settings(variables) -> Settings:
    return loaded(**variables)
