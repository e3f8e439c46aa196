"""Steps that build pooled rows and models: once before the markets, and again after changes."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.config.markets import Market
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.steps import CycleSteps
from forecast_assets.operations.stages import MARKET_MONTHS_OF_A_RUN
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs

JUNE = pd.Timestamp("2024-06-01")
HISTORY = pd.date_range("2023-03-01", "2024-05-01", freq="MS")
CODES = ["FR", "NO"]
OF_ANY_SKU = {"category": "tea", "abc_class": "A", "xyz_class": "X", "inputs_missing": "", "scale_units": 1.0}
MARKETS = {code: Market(code, code, code, code, "Europe", pd.Timestamp("2019-01-01")) for code in CODES}


@pytest.fixture
def store(tmp_path) -> TableStore:
    """Features of both markets of the year before the earliest origin on."""
    for code in CODES:
        for month in HISTORY:
            for table in ("history_marks", "features"):
                put(TableStore(str(tmp_path)), table, month, code)
    return TableStore(str(tmp_path))


def put(store: TableStore, table: str, month: pd.Timestamp, code: str | None = None) -> None:
    """Create a stored file: only its name is read, and the SKUs of features."""
    if table == "features":
        with_skus(store, month, code, 15)
        return
    file = Path(store.path(table, PartitionKey(month, code)))
    file.parent.mkdir(parents=True)
    file.touch()


def with_skus(store: TableStore, month: pd.Timestamp, code: str, count: int) -> None:
    """Store features of a month with a number of SKUs."""
    rows = pd.DataFrame({"sku": [f"{number:03}" for number in range(count)], "origin_month": month, **OF_ANY_SKU})
    provenance = Provenance("run", "cycle", "sha", {})
    store.write(table_specs()["features"], PartitionKey(month, code), rows, provenance)


def pool(store: TableStore, month: pd.Timestamp, codes=CODES) -> None:
    """Store pooled rows of a month, built from the features of some markets."""
    rows = pd.DataFrame({"market": ["FR"], "sku": ["a"], "origin_month": [month], "sell_in_units": [1.0]})
    rows = rows.assign(**OF_ANY_SKU)
    read = {PartitionKey(month, code).to_dagster(): "hash" for code in codes}
    inputs = {"features": read, "sell_in": read}
    store.write(table_specs()["pooled_rows"], PartitionKey(month), rows, Provenance("run", "cycle", "sha", inputs))


def train(store: TableStore, month: pd.Timestamp) -> None:
    """Store the pooled model of an origin, without parts."""
    spec = table_specs()["pooled_model"]
    rows = spec.arrow_schema.empty_table().to_pandas()
    store.write(spec, PartitionKey(month), rows, Provenance("run", "cycle", "sha", {}))


def steps(store: TableStore, origins: int = 1, markets=MARKETS) -> list[str]:
    request = CycleRequest(JUNE, history=12, origins=origins, step=3)
    pooling = CycleSteps(store, markets, request).pooling(list(CODES))
    return [f"{step.job} {step.months.first:%Y-%m} .. {step.months.last:%Y-%m}" for step in pooling]


def test_rows_cover_the_months_before_the_origin_and_a_model_the_origin(store):
    assert steps(store) == ["pool_rows 2023-06 .. 2024-05", "pool_model 2024-06 .. 2024-06"]


def test_large_markets_learn_alone_without_pooling_steps(store):
    few = Recipe().few_skus
    for code in CODES:
        with_skus(store, HISTORY[-1], code, few)
    assert steps(store) == []
    with_skus(store, HISTORY[-1], "NO", few - 1)
    assert steps(store) == ["pool_rows 2023-06 .. 2024-05", "pool_model 2024-06 .. 2024-06"]


def test_stored_rows_and_models_are_not_rebuilt(store):
    for month in HISTORY:
        pool(store, month)
    assert steps(store) == ["pool_model 2024-06 .. 2024-06"]
    train(store, JUNE)
    assert steps(store) == []


def test_a_late_market_is_added_and_the_pooled_model_is_rebuilt(store):
    for month in HISTORY:
        pool(store, month, CODES if month < pd.Timestamp("2024-04-01") else ["FR"])
    train(store, pd.Timestamp("2024-03-01"))
    train(store, JUNE)
    assert steps(store, origins=2) == ["pool_rows 2024-04 .. 2024-05", "pool_model 2024-06 .. 2024-06"]


def test_a_model_stays_if_only_rows_from_its_own_month_on_are_new(store):
    march = pd.Timestamp("2024-03-01")
    for month in (each for each in HISTORY if each < march):
        pool(store, month)
    train(store, march)
    train(store, JUNE)
    assert steps(store, origins=2) == ["pool_rows 2024-03 .. 2024-05", "pool_model 2024-06 .. 2024-06"]


def test_a_model_is_rebuilt_after_the_first_of_several_gaps(store):
    february, march, april, may = (pd.Timestamp(f"2024-0{month}-01") for month in (2, 3, 4, 5))
    for month in (each for each in HISTORY if each not in (february, may)):
        pool(store, month)
    for month in (april, may):
        put(store, "published_forecasts", month, "FR")
    train(store, march)
    train(store, JUNE)
    # April is closed and stays between the two gaps.
    assert steps(store, origins=2) == [
        "pool_rows 2024-02 .. 2024-02", "pool_rows 2024-05 .. 2024-05",
        "pool_model 2024-03 .. 2024-03", "pool_model 2024-06 .. 2024-06",
    ]  # fmt: skip


def test_rows_are_rebuilt_after_their_features_are_rebuilt(store):
    for month in HISTORY:
        pool(store, month)
    train(store, JUNE)
    Path(store.path("features", PartitionKey(HISTORY[-2], "NO"))).unlink()
    steps_of_cycle = CycleSteps(store, MARKETS, CycleRequest(JUNE, history=12))
    assert list(steps_of_cycle.features("NO")) == [Step("market_features", MonthRange(HISTORY[-2], HISTORY[-2]))]
    assert list(steps_of_cycle.pooling(CODES)) == [
        Step("pool_rows", MonthRange(HISTORY[-2], HISTORY[-1])),
        Step("pool_model", MonthRange(JUNE, JUNE)),
    ]


def test_rows_are_rebuilt_from_the_first_of_several_gaps_of_features(store):
    for month in HISTORY:
        pool(store, month)
    train(store, JUNE)
    january, february, march, april = (pd.Timestamp(f"2024-0{month}-01") for month in (1, 2, 3, 4))
    for month in (february, march):
        put(store, "published_forecasts", month, "NO")
    for month in (january, april):
        Path(store.path("features", PartitionKey(month, "NO"))).unlink()
    steps_of_cycle = CycleSteps(store, MARKETS, CycleRequest(JUNE, history=12))
    # February is closed and stays.
    gaps = [MonthRange(month, month) for month in (january, april)]
    assert [step.months for step in steps_of_cycle.features("NO")] == gaps
    assert next(steps_of_cycle.pooling(CODES)) == Step("pool_rows", MonthRange(january, january))


def test_rows_of_closed_months_stay_when_features_are_rebuilt(store):
    for month in HISTORY:
        pool(store, month)
    for month in ("2024-02-01", "2024-04-01", "2024-05-01"):
        put(store, "published_forecasts", pd.Timestamp(month), "FR")
    january, march = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01")
    Path(store.path("features", PartitionKey(january, "NO"))).unlink()
    steps_of_cycle = CycleSteps(store, MARKETS, CycleRequest(JUNE, history=12))
    assert list(steps_of_cycle.features("NO")) == [Step("market_features", MonthRange(january, january))]
    rebuilt = [step.months for step in steps_of_cycle.pooling(CODES) if step.job == "pool_rows"]
    assert rebuilt == [MonthRange(month, month) for month in (january, march, HISTORY[-1])]


def test_a_month_that_every_market_has_closed_needs_no_model(store):
    march = pd.Timestamp("2024-03-01")
    for code in CODES:
        for month in (march, pd.Timestamp("2024-05-01")):
            put(store, "published_forecasts", month, code)
    assert [step for step in steps(store, origins=2) if "model" in step] == ["pool_model 2024-06 .. 2024-06"]


def test_there_are_no_pooling_steps_without_an_open_origin_or_an_earlier_one(store):
    young = {code: dataclasses.replace(market, since=JUNE) for code, market in MARKETS.items()}
    assert steps(store, markets=young) == []
    for code in CODES:
        for month in (JUNE, pd.Timestamp("2024-07-01")):
            put(store, "published_forecasts", month, code)
    assert steps(store) == []


def test_many_markets_are_read_in_several_runs_to_fit_into_memory(store):
    many = MARKETS | {f"M{number:02}": MARKETS["FR"] for number in range(MARKET_MONTHS_OF_A_RUN // 5 - 2)}
    assert steps(store, markets=many) == [
        "pool_rows 2023-06 .. 2023-10",
        "pool_rows 2023-11 .. 2024-03",
        "pool_rows 2024-04 .. 2024-05",
        "pool_model 2024-06 .. 2024-06",
    ]


def test_a_damaged_model_is_rebuilt(store):
    for month in HISTORY:
        pool(store, month)
    train(store, JUNE)
    assert steps(store) == []
    Path(store.path("pooled_model", PartitionKey(JUNE))).write_bytes(b"")
    assert steps(store) == ["pool_model 2024-06 .. 2024-06"]


def test_rows_that_lack_a_market_whose_sell_in_could_not_be_read_are_rebuilt(store):
    for month in HISTORY:
        pool(store, month)
    train(store, JUNE)
    rows = store.read("pooled_rows", [PartitionKey(HISTORY[-1])]).drop(columns="month")
    keys = [PartitionKey(HISTORY[-1], code).to_dagster() for code in CODES]
    inputs = {"features": dict.fromkeys(keys, "hash"), "sell_in": {keys[0]: "hash"}}
    spec, provenance = table_specs()["pooled_rows"], Provenance("run-2", "cycle", "sha", inputs)
    store.write(spec, PartitionKey(HISTORY[-1]), rows, provenance)
    assert steps(store) == ["pool_rows 2024-05 .. 2024-05", "pool_model 2024-06 .. 2024-06"]
