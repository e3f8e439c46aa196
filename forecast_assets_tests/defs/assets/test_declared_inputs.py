"""Months that each asset reads of each table, and whether it can do without: written by hand, beside the declarations.

``sell_in[-83:0]`` is the 84 months up to the origin, ``products[0]`` the origin itself. ``?``: the asset does without.
``*``: one market or month is enough. ``!``: a commanded fallback does without.
"""

import dagster as dg
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.schemas import TABLES
from forecast_assets_tests.repository_settings import loaded

SHOWN = {"last": "", "none": "?", "any": "*", "last_unless_fallback": "!"}
INPUTS = {
    "demand_totals": "products[0]* sell_in[0]* sell_out[0]*",
    # Four years of totals, so that growth has three years to compare.
    "demand_totals_known": "demand_totals[-47:-1]*",
    "history_marks": "covid_policy[-83:0] promotions[0] sell_in[-83:0] sell_out[-83:0]",
    "features": "covid_policy[-23:0] demand_totals_known[0]? history_marks[0] products[0] promotions[0] sell_in[-83:0] "
    "sell_out[-83:0]",
    # Ten years; marks are optional, so that a market whose features fail still has a baseline.
    "baseline_forecasts": "history_marks[0]? products[0] sell_in[-119:0]",
    "pooled_rows": "features[0]* sell_in[0]*",
    "pooled_model": "pooled_rows[-60:-1]*",
    # The earliest refit stands up to 20 months back and reads ten years from there: 119 + 20 months.
    "model": "features[-60:-1]? history_marks[-20:0] pooled_model[0]? refused_recipe[-59:0]? sell_in[-139:0] "
    "tuned_recipe[-59:0]?",
    "forecasts": "baseline_forecasts[0] features[0] history_marks[0] model[0] products[0] sell_in[-119:0]",
    # Anchors stand up to 20 months back, each with the windows of a model: 60 + 20, 139 + 20, 20 + 20.
    "backtest": "features[-80:-1]? history_marks[-40:-1]? pooled_model[0]? products[-20:-1]? refused_recipe[-59:0]? "
    "sell_in[-159:0] tuned_recipe[-59:0]?",
    # Scored are origins 6 to 18 months before the month that lies 20 back, so that the backtest stays unseen.
    "tuned_recipe": "features[-98:-26]? history_marks[-58:-26]? products[-38:-26]? sell_in[-177:-20]?",
    "champion": "backtest[0]! refused_recipe[-59:0]? tuned_recipe[-59:0]?",
    "refused_recipe": "",
    "published_forecasts": "baseline_forecasts[0]? champion[0]? features[0]? forecasts[0]? overrides[0]? products[0]? "
    "sell_in[-83:0]?",
    "forecast_reasons": "champion[0]? features[0]? forecasts[0]? model[0]? overrides[0]? products[-18:0]? "
    "published_forecasts[0] sell_in[-83:0]?",
    "forecast_exceptions": "backtest[0]? champion[0]? forecast_reasons[-1:0]? forecasts[0]? history_marks[0]? "
    "performance[-5:0]? products[-1:0]? promotions[-1:0]? published_forecasts[-1:0] sell_in[-11:0]?",
    "forecast_levels": "backtest[0]? history_marks[0]? published_forecasts[0] sell_in[-119:0]?",
    "forecast_totals": "demand_totals[-120:-1]? forecast_levels[0]*",
    # A month was forecast by the 18 publications before it.
    "performance": "published_forecasts[-18:-1]? sell_in[0]",
    "forecast_value_added": "forecasts[-18:-1]? overrides[-18:-1]? performance[0] published_forecasts[-18:-1]? "
    "sell_in[-11:0]",
    # Five years of history, eighteen months of measurements, and the publication before.
    "market_report": "backtest[0] champion[0]? forecast_exceptions[0]? forecast_levels[0]? forecast_reasons[0]? "
    "forecast_value_added[-17:0]? history_marks[0] performance[-17:0]? products[0] promotions[0]? "
    "published_forecasts[-1:0] sell_in[-59:0] sell_out[-59:0]?",
    "company_report": "forecast_exceptions[0]? forecast_totals[0]? forecast_value_added[0]? published_forecasts[0]*",
    "mlflow_run": "backtest[0] champion[0] model[0] performance[0]? published_forecasts[0]",
}
# Tables over all markets: the damaged file of one market must not stop them.
SKIP_DAMAGED = {
    ("demand_totals", "products"), ("demand_totals", "sell_in"), ("demand_totals", "sell_out"),
    ("pooled_rows", "features"), ("pooled_rows", "sell_in"), ("forecast_totals", "forecast_levels"),
    ("company_report", "forecast_exceptions"), ("company_report", "forecast_value_added"),
    ("company_report", "published_forecasts"),
}  # fmt: skip
# Five years and more of features are too many to load at once.
READ_LATER = {
    ("model", "features"), ("model", "history_marks"), ("model", "sell_in"), ("backtest", "features"),
    ("backtest", "history_marks"), ("backtest", "products"), ("backtest", "sell_in"),
}  # fmt: skip
# They may end without a partition: a waiting delivery, MLflow that is down.
WARNINGS_OF_RECORDS = {("delivery", "arrived"), ("mlflow_run", "mlflow_recorded")}


@pytest.fixture(scope="module")
def assets() -> dict[str, dg.AssetsDefinition]:
    """Assets that run something, by name."""
    definitions = build_definitions(loaded())
    built = [each for each in definitions.assets if isinstance(each, dg.AssetsDefinition) and each.is_executable]
    return {each.key.path[-1]: each for each in built}


@pytest.fixture(scope="module")
def inputs(assets) -> dict[tuple[str, str], dict[str, object]]:
    """Metadata of each input that is loaded, by asset and table."""
    return {
        (name, each.name): each.metadata
        for name, asset in assets.items()
        for each in asset.op.input_defs
        if "required" in each.metadata
    }


def shown(table: str, metadata: dict[str, object]) -> str:
    first, last = metadata["first_offset"], metadata["last_offset"]
    return f"{table}[{first if first == last else f'{first}:{last}'}]{SHOWN[metadata['required']]}"


@pytest.mark.parametrize("asset", INPUTS)
def test_each_asset_reads_the_months_that_it_needs(inputs, asset):
    declared = [shown(table, metadata) for (of, table), metadata in inputs.items() if of == asset]
    assert " ".join(sorted(declared)) == INPUTS[asset]


def test_every_asset_with_inputs_stands_in_the_list(inputs):
    assert {asset for asset, _ in inputs} == {asset for asset, tables in INPUTS.items() if tables}


def test_one_damaged_file_stops_no_table_over_all_markets(inputs):
    assert {key for key, metadata in inputs.items() if metadata.get("missing") == "skip_damaged"} == SKIP_DAMAGED


def test_long_windows_are_read_when_they_are_needed(inputs):
    assert {key for key, metadata in inputs.items() if metadata.get("read_later")} == READ_LATER


@pytest.mark.parametrize("table", TABLES)
def test_a_table_whose_check_blocks_may_end_without_a_partition(assets, table):
    assert not assets[table].op.output_defs[0].is_required


@pytest.mark.parametrize(("asset", "check"), sorted(WARNINGS_OF_RECORDS))
def test_an_asset_that_only_records_warns_and_may_end_without_a_partition(assets, asset, check):
    (spec,) = assets[asset].check_specs
    assert (spec.name, spec.blocking) == (check, False)
    assert not assets[asset].op.output_defs[0].is_required
