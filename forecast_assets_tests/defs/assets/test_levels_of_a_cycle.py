"""Levels of the published forecasts of a whole cycle: table, workbook, regions and world."""

import io

import openpyxl
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.levels import at_levels
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.assets.company import (
    CODES,
    DECEMBER,
)

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def published(company):
    return company.read("published_forecasts", "FR", DECEMBER)


def test_published_forecasts_add_up_from_the_sku_to_the_world(company):
    """Every sum computed here by a loop over the stored rows, over the markets FR, NO and NA."""
    published = pd.concat([company.read("published_forecasts", code, DECEMBER) for code in CODES], ignore_index=True)
    published = published.astype({"country": object})
    regions = {"FR": "Europe", "NO": "Europe", "NA": "Africa"}
    expected = {}
    for row in published.to_dict("records"):
        market, category = row["country"], row["category"]
        for entity in (
            ("category", f"{market} / {category}"),
            ("market", market),
            ("region", regions[market]),
            ("world", "WORLD"),
        ):
            key = (*entity, row["target_month"])
            expected[key] = expected.get(key, 0.0) + row["forecast_units"]
    levels = at_levels(published, ["forecast_units"], ["target_month"], regions)
    above = levels[levels["level"] != "sku"].set_index(["level", "entity", "target_month"])["forecast_units"]
    assert above.to_dict() == pytest.approx(expected, rel=1e-12)
    assert len(above) == len(expected) > 18 * 6


def test_the_levels_a_planner_reads_are_the_sums_of_what_is_published(company, published):
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    book = openpyxl.load_workbook(io.BytesIO(company.store.read_document("market_report", place, "market_report.xlsx")))
    head, *lines = book["Forecast"].iter_rows(values_only=True)
    above = [line for line in lines if line[0] is None]
    market, *categories = [line[4:22] for line in above if line[3] == "Forecast"]
    by_month = published.groupby("target_month")["forecast_units"].sum()
    assert [pd.Timestamp(month) for month in head[4:22]] == list(by_month.index)
    assert market == pytest.approx(by_month.tolist())
    assert [sum(column) for column in zip(*categories, strict=True)] == pytest.approx(by_month.tolist())
    ranges = [line[4:22] for line in above if line[3] in ("p10", "p90")]
    assert len(ranges) == 2 * (1 + len(categories))
    assert all(units is not None for line in ranges for units in line)


def test_the_band_of_the_market_is_narrower_than_the_sum_of_the_bands_of_its_skus(company, published):
    # Of the first half year: later a p95 far above p90 makes the range of two SKUs wider than the sum of theirs.
    published = published[published["horizon_months"] <= 6]
    levels = company.read("forecast_levels", "FR", DECEMBER).query("horizon_months <= 6")
    market = levels[levels["level"] == "market"].set_index("target_month")
    of_skus = published.groupby("target_month")[["forecast_units_p10", "forecast_units_p90"]].sum()
    width, summed = (table["forecast_units_p90"] - table["forecast_units_p10"] for table in (market, of_skus))
    assert (width < summed).all()
    assert (width > 0.1 * summed).all()


def test_regions_and_world_are_summed_over_the_published_markets(company):
    totals = company.read("forecast_totals", None, DECEMBER)
    assert set(totals["level"]) == {"region", "world"}
    world = totals[totals["level"] == "world"].set_index("target_month")
    published = pd.concat([company.read("published_forecasts", code, DECEMBER) for code in CODES])
    assert world["forecast_units"].to_dict() == pytest.approx(
        published.groupby("target_month")["forecast_units"].sum().to_dict()
    )
