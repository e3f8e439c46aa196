"""Next step of one market's cycle: the first thing that is missing, in the order of the stages."""

import pandas as pd

from forecast_assets.operations.cycle.market_steps import next_step
from forecast_assets.tags import SOURCES
from forecast_assets_tests.operations.cycle.stored_partitions import FR, JUNE, Stored

# Data from January 2023 on: an origin has a year of data from December on.
MONTHS = list(pd.date_range("2023-01-01", "2024-05-01", freq="MS"))
ORIGINS = list(pd.date_range("2023-12-01", "2024-05-01", freq="MS"))


def step(sources: list[pd.Timestamp], features: list[pd.Timestamp]) -> tuple[str, str, str]:
    tables = {table: {"FR": sources} for table in SOURCES}
    tables |= {table: {"FR": features} for table in ("features", "history_marks")}
    found = next_step(Stored(**tables), {"FR": FR}, "FR", JUNE)
    return found.job, f"{found.months.first:%Y-%m}", f"{found.months.last:%Y-%m}"


def test_a_market_without_history_is_ingested_then_gets_features_then_its_cycle():
    assert step([], []) == ("ingest", "2023-01", "2024-05")
    assert step(MONTHS, []) == ("market_features", "2023-12", "2024-05")
    assert step(MONTHS, ORIGINS) == ("monthly_cycle", "2024-06", "2024-06")


def test_one_missing_month_is_a_step_of_its_own():
    assert step([month for month in MONTHS if month != pd.Timestamp("2024-02-01")], ORIGINS)[0] == "ingest"
    assert step(MONTHS, ORIGINS[1:]) == ("market_features", "2023-12", "2023-12")


def test_sixty_origins_before_the_month_are_learned_from():
    old = FR.__class__("FR", "France", "FR", "FRA", "Europe", since=pd.Timestamp("2005-01-01"))
    months = list(pd.date_range("2005-01-01", "2024-05-01", freq="MS"))
    tables = {table: {"FR": months} for table in SOURCES}
    found = next_step(Stored(**tables), {"FR": old}, "FR", JUNE)
    assert (found.job, len(found.months.months)) == ("market_features", 60)
