"""Limits of a market, and that markets which are not judged hide none of the others."""

import dataclasses

import dagster as dg
import pandas as pd

from forecast_assets.config.markets import Market
from forecast_assets.config.process_groups import AlertSettings
from forecast_assets.defs.sensors.kpi_alarms import build_kpi_alarms_sensor, limits_of
from forecast_assets_tests.defs.sensors.company import JUNE, make_company

FR = Market("FR", "France", "FR", "FRA", "Europe", since=pd.Timestamp("2020-01-01"))


def test_a_market_has_its_own_limits_even_zero_else_those_of_the_company():
    alerts = AlertSettings(max_wape=0.4, max_bias=0.2, lag_months=5)
    limits = limits_of(alerts, FR)
    assert (limits.max_wape, limits.max_bias, limits.max_lag_months) == (0.4, 0.2, 5)
    own = limits_of(alerts, dataclasses.replace(FR, max_wape=0.0, max_bias=0.9))
    assert (own.max_wape, own.max_bias, own.max_lag_months) == (0.0, 0.9, 5)
    assert limits_of(alerts, dataclasses.replace(FR, max_bias=0.0)).max_bias == 0.0


def evaluated(company, cursor=None):
    with dg.build_sensor_context(instance=company.instance, cursor=cursor) as context:
        return build_kpi_alarms_sensor(company.settings).evaluate_tick(context)


def test_retired_and_unlisted_markets_hide_none_of_the_others(tmp_path, instance):
    company = make_company(tmp_path, ["AT", "FR"], instance, stage="retired")
    for country in ("AT", "AA", "FR"):
        company.measured(country, JUNE, wape=0.8)
    data = evaluated(company)
    assert {country for _, country, _ in company.open_kinds()} == {"FR"}
    assert data.skip_message.splitlines()[1].startswith("FR: Market FR: WAPE ")
    # Of the five rules, two need more months.
    assert data.skip_message.splitlines()[0] == "3 markets judged, 2 alarms, 2 rules not decided."
    assert evaluated(company, data.cursor).skip_message == "No new partitions of performance."
