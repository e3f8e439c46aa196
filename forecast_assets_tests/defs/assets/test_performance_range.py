"""A range of months measured in one run: each month's event has that month's figures, not those of the range."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG
from forecast_assets_tests.defs.sensors.company import JULY, JUNE, make_company

MAY = pd.Timestamp("2024-05-01")


def test_each_month_of_a_range_has_figures_of_its_own(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        company = make_company(tmp_path, ["FR"], instance)
        actual = {JUNE: 100.0, JULY: 200.0}
        for month, units in actual.items():
            sold = pd.DataFrame({"sku": ["a"], "sell_in_units": units, "net_sales": float("nan"), "reason": "reported"})
            company.write("sell_in", "FR", month, sold)
        place, stored = PartitionKey(MAY, "FR"), Provenance("r", "dev-2024-05", "none")
        company.store.write(table_specs()["published_forecasts"], place, published(MAY, [150.0, 150.0]), stored)
        result = (
            build_definitions(company.settings)
            .resolve_job_def("measure")
            .execute_in_process(
                run_config=QUIET,
                instance=instance,
                tags={RANGE_START_TAG: "FR|2024-06-01", RANGE_END_TAG: "FR|2024-07-01"},
            )
        )
        events = {event.partition: event.metadata for event in result.asset_materializations_for_node("performance")}
    june, july = events["FR|2024-06-01"], events["FR|2024-07-01"]
    assert june["wape_published"].value == june["wape_published_lag_01"].value == pytest.approx(50 / 100)
    assert july["wape_published"].value == pytest.approx(50 / 200)
    assert july["bias_published"].value == pytest.approx(-50 / 200)
    assert "wape_published_lag_01" not in july
    assert "| category | tea" in june["by_category_and_class"].value


def published(origin, units):
    months = [origin + pd.DateOffset(months=ahead) for ahead in range(1, len(units) + 1)]
    forecasts = ["forecast_units", "forecast_units_p10", "forecast_units_p90", "model_units"]
    numbers = dict.fromkeys([*forecasts, "baseline_units", "naive_units"], units)
    rows = pd.DataFrame(
        {
            "sku": "a", "origin_month": origin, "target_month": months, "horizon_months": range(1, len(units) + 1),
            **numbers, "category": "tea", "abc_class": "A", "xyz_class": "X", "inputs_missing": "", "rule": "regular",
            "status": "published", "source": "model", "reason": "",
        }
    )  # fmt: skip
    return with_every_quantile(rows)
