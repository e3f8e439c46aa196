"""Realised performance of SKUs, markets, regions and the world, from a store of three small markets."""

import re
from pathlib import Path

import pandas as pd
import pytest

from forecast_assets.cli.cycle import print_performance
from forecast_assets.cli.value_added import print_value_added
from forecast_assets.domain.evaluation.value_added import forecast_value_added
from forecast_assets.operations.cycle.measured import (
    PublishedFigures,
    performance_cells,
    performance_table,
    published_figures,
    realised_groups,
    totals_performance,
)
from forecast_assets.operations.cycle.value_added import value_added_by_market
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.sensors.company import published_forecast
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import run

APRIL, MAY, JUNE = (pd.Timestamp(f"2024-0{month}-01") for month in (4, 5, 6))
REGIONS = {"FR": "Europe", "DE": "Europe", "BR": "Americas"}
CODES = list(REGIONS)


def cells(*rows):
    """Rows of sku, origin, lag, actual, published, status; model and published units are equal."""
    table = pd.DataFrame(
        rows, columns=["sku", "origin_month", "lag_months", "actual_units", "published_units", "status"]
    )
    numbers = {"model_units": table["published_units"], "baseline_units": 1.0, "naive_units": 2.0}
    segments = {"category": "tea", "abc_class": "A", "xyz_class": "X", "source": "model"}
    return table.assign(**numbers, **segments).astype({"actual_units": float, "published_units": float})


@pytest.fixture
def store(tmp_path):
    """FR: +4 and -4 in June, +2 from April backfilled. DE: +3. BR: -10, and an unknown month of another origin."""
    store = TableStore(str(tmp_path / "store"))
    by_market = {
        "FR": cells(
            ("a", MAY, 1, 10, 14, "published"),
            ("b", MAY, 1, 20, 16, "published"),
            ("a", APRIL, 2, 10, 12, "backfilled"),
        ),
        "DE": cells(("a", MAY, 1, 6, 9, "published")),
        "BR": cells(("a", MAY, 1, 100, 90, "published"), ("a", APRIL, 2, None, 1e9, "published")),
    }
    for code, table in by_market.items():
        store.write(table_specs()["performance"], PartitionKey(JUNE, code), table, run())
    return store


def test_a_damaged_month_is_left_out_with_a_line_that_names_it(store):
    path = Path(store.path("performance", PartitionKey(JUNE, "BR")))
    path.write_bytes(b"")
    lines = []
    cells = performance_cells(store, CODES, warn=lines.append)
    assert set(cells["country"]) == {"DE", "FR"}
    (line,) = lines
    assert line.startswith(f"{path} is damaged: accuracy is without BR 2024-06. forecast-assets restore performance BR")


def wapes(table):
    return {(row["level"], row["entity"]): row["wape_published"] for row in table.to_dict("records")}


def test_each_market_region_and_the_world_has_the_errors_of_its_skus(store):
    table = performance_table(performance_cells(store, CODES), REGIONS)
    assert wapes(table) == {
        ("market", "BR"): pytest.approx(10 / 100),
        ("market", "DE"): pytest.approx(3 / 6),
        ("market", "FR"): pytest.approx(8 / 30),
        ("market", "FR backfilled"): pytest.approx(2 / 10),
        ("region", "Americas"): pytest.approx(10 / 100),
        ("region", "Europe"): pytest.approx(11 / 36),
        ("world", "WORLD"): pytest.approx(21 / 136),
    }


def test_in_totals_the_errors_of_skus_cancel(store):
    wape_by_entity = wapes(totals_performance(performance_cells(store, CODES), REGIONS))
    assert wape_by_entity["market", "FR"] == 0.0
    assert wape_by_entity["category", "FR / tea"] == 0.0
    assert wape_by_entity["region", "Europe"] == pytest.approx(3 / 36)
    assert wape_by_entity["world", "WORLD"] == pytest.approx(7 / 136)
    assert wape_by_entity["sku", "FR / a"] == pytest.approx(4 / 10)


def test_forecasts_of_one_month_from_two_origins_are_not_one_sum(store):
    both = cells(("a", MAY, 1, 10, 14, "published"), ("a", APRIL, 2, 10, 6, "published"))
    store.write(table_specs()["performance"], PartitionKey(JUNE, "DE"), both, run("run-b"))
    wape_by_entity = wapes(totals_performance(performance_cells(store, ["DE"]), REGIONS))
    assert wape_by_entity["market", "DE"] == pytest.approx(8 / 20)


def test_two_markets_have_rows_above_them_and_every_row_a_number_of_its_own(store):
    stored = performance_cells(store, ["FR", "DE"])
    assert (list(stored.index), "index" in stored) == ([0, 1, 2, 3], False)
    table = performance_table(stored, REGIONS)
    assert wapes(table)["world", "WORLD"] == pytest.approx(11 / 36)
    assert list(table.index) == list(range(len(table)))


def test_the_publication_of_a_market_is_counted_and_named(store):
    rows = (
        published_forecast(JUNE)
        .loc[[0, 0, 0]]
        .assign(
            sku=["a", "a", "b"],
            horizon_months=[1, 2, 1],
            target_month=[pd.Timestamp("2024-07-01"), pd.Timestamp("2024-08-01"), pd.Timestamp("2024-07-01")],
            source=["override", "model", "baseline"],
            reason=["promised to a customer", "regular", "short history"],
        )
    )
    spec, partition = table_specs()["published_forecasts"], PartitionKey(JUNE, "FR")
    written = store.write(spec, partition, rows, run("run-p")).provenance.written_at
    assert published_figures(store, "FR", JUNE) == PublishedFigures(
        cells=3, skus=2, status="published", source="baseline, model, override", reason="regular",
        run_id="run-p", published_on=written[: len("2024-07-10")],
    )  # fmt: skip
    store.write(spec, partition, rows[:1], run("run-q"))
    assert published_figures(store, "FR", JUNE).reason == ""


def test_one_market_alone_has_no_rows_above_it(store):
    table = performance_table(performance_cells(store, ["DE"]), REGIONS)
    assert wapes(table) == {("market", "DE"): pytest.approx(0.5)}


def test_an_origin_can_be_measured_alone(store):
    table = performance_table(performance_cells(store, CODES, APRIL), REGIONS)
    assert wapes(table)["market", "FR backfilled"] == pytest.approx(2 / 10)
    assert ("market", "DE") not in wapes(table)


def test_each_market_has_rows_by_segment_and_lag_of_its_own_cells(store):
    table = realised_groups(performance_cells(store, ["FR", "DE"]))
    assert (table.columns[0], set(table["country"])) == ("country", {"FR", "DE"})
    assert list(table.index) == list(range(len(table)))
    both = pd.concat([realised_groups(performance_cells(store, [code])) for code in ("DE", "FR")], ignore_index=True)
    pd.testing.assert_frame_equal(table, both)
    assert realised_groups(pd.DataFrame()).empty


def test_there_are_no_rows_before_the_first_scored_month(tmp_path, store):
    for nothing in (
        performance_cells(TableStore(str(tmp_path / "none")), CODES),
        performance_cells(store, CODES, JUNE),
    ):
        assert performance_table(nothing, REGIONS).empty
        assert totals_performance(nothing, REGIONS).empty


def test_markets_regions_and_the_world_are_printed_by_sku_and_as_totals(store, tmp_path, capsys):
    settings = loaded(FORECAST_STORE=str(tmp_path / "store"))
    regions = {code: settings.market_table[code].region for code in CODES}
    print_performance(settings, CODES)
    by_sku, totals = capsys.readouterr().out.split("SKUs summed first")
    assert "15.4%" in by_sku  # 21 / 136
    assert "5.1%" in totals  # 7 / 136
    assert "15.4%" not in totals
    for printed in (by_sku, totals):
        for level, name in [("market", "FR"), ("region", regions["FR"]), ("world", "WORLD")]:
            assert any(line.split()[1:4:2] == [level, name] for line in printed.splitlines() if level in line), level


def test_value_added_is_summed_over_months_and_printed_with_a_sentence(tmp_path, monkeypatch, capsys):
    store = TableStore(str(tmp_path / "store"))
    of_month = forecast_value_added(
        cells(("a", MAY, 1, 10, 14, "published")).assign(
            is_overridden=True, units_before_overrides=11.0, author="Ann", net_sales_per_unit=2.0
        )
    )
    for month in (MAY, JUNE):
        store.write(table_specs()["forecast_value_added"], PartitionKey(month, "FR"), of_month, run())
    monkeypatch.setattr("forecast_assets.cli.value_added.open_store", lambda _: store)
    print_value_added(loaded(), CODES)
    printed = capsys.readouterr().out
    # Twice 14 instead of 11 of 10: 3 units more error, at 2 each.
    assert "FR: 2 overrides: 0 helped, 2 hurt; no verdict before 20" in printed
    assert re.search(r"FR +│ published +│ +2 │ 40\.0% │ \+40\.0% │ +-6 │ +-12 │ +0 │ +2 ", printed)
    Path(store.path("forecast_value_added", PartitionKey(JUNE, "FR"))).write_bytes(b"")
    lines = []
    by_market = value_added_by_market(store, CODES, lines.append)
    assert by_market["FR"]["cells"].max() == 1
    assert "value added is without FR 2024-06" in lines[0]
