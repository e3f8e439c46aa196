"""The sensor over stored features and sources: a source in other units, and one that did not arrive."""

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from forecast_assets.defs.sensors import input_drift
from forecast_assets.defs.sensors.input_drift import build_input_drift_sensor
from forecast_assets_tests.defs.sensors.company import JULY, JUNE, make_company

SKUS = [f"S{number:02d}" for number in range(60)]


@pytest.fixture
def company(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield make_company(tmp_path, ["FR"], instance)


def deliver(company, month, scale=1.0, sell_out=True):
    generator = np.random.default_rng([month.year, month.month])
    units = scale * np.exp(generator.normal(4, 1, len(SKUS)))
    features = {
        "sku": SKUS, "origin_month": month, "category": "tea", "abc_class": "A", "xyz_class": "X",
        "inputs_missing": "", "scale_units": units, "sell_in_lag_1": units, "sell_in_mean_12": units,
    }  # fmt: skip
    sold = pd.DataFrame({"sku": SKUS, "sell_in_units": units, "net_sales": np.nan, "reason": "reported"})
    trade = pd.DataFrame(
        {"sku": SKUS, "sell_out_units": 100.0, "stock_units": np.nan, "distribution_pct": 80.0, "price": np.nan,
         "is_promoted": np.nan}
    ).iloc[: None if sell_out else 0]  # fmt: skip
    company.write("sell_in", "FR", month, sold)
    company.write("sell_out", "FR", month, trade)
    company.write("features", "FR", month, pd.DataFrame(features))


def tick(company, cursor=None):
    sensor = build_input_drift_sensor(company.settings)
    with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
        return sensor.evaluate_tick(context).cursor


def test_features_are_compared_with_a_year_and_sources_with_four(company, monkeypatch):
    reads, read = {}, input_drift.read_months

    def noting(store, table, country, month, count, columns=None):
        reads[table] = count
        return read(store, table, country, month, count, columns)

    monkeypatch.setattr(input_drift, "read_months", noting)
    deliver(company, JUNE)
    input_drift.input_verdicts(company.store, company.settings.market_table["FR"], JUNE)
    assert reads == {"features": 13, "sell_in": 48, "sell_out": 48, "products": 48, "promotions": 48}


def test_other_units_and_a_missing_source_are_told_and_recover(company):
    for month in pd.date_range(end=pd.Timestamp("2024-05-01"), periods=14, freq="MS"):
        deliver(company, month)
    cursor = tick(company)
    assert company.open_kinds() == set()
    deliver(company, JUNE, scale=24, sell_out=False)
    cursor = tick(company, cursor)
    assert company.open_kinds() == {("drift", "FR", "sell-in level"), ("source_missing", "FR", "sell_out")}
    missing = next(each for each in company.outbox.open_incidents() if each.kind == "source_missing")
    assert missing.severity == "critical"
    assert missing.headline == "Market FR: sell_out: 0 rows in 2024-06, 60 a month before"
    deliver(company, JULY)
    tick(company, cursor)
    assert company.open_kinds() == set()
