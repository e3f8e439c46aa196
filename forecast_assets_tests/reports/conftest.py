"""A report small enough to compute by hand: SKU A and a SKU whose name attacks the page, three months of history."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.reports import MarketReport

HOSTILE_SKU = "</script><b>\"'💥/"
JANUARY, FEBRUARY, MARCH = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"])
APRIL, MAY = pd.to_datetime(["2024-04-01", "2024-05-01"])


def sell_in():
    rows = [("A", JANUARY, 100.0), ("A", FEBRUARY, 120.0), ("A", MARCH, 140.0)]
    return pd.DataFrame(
        [*rows, (HOSTILE_SKU, FEBRUARY, 10.0), (HOSTILE_SKU, MARCH, None)], columns=["sku", "month", "sell_in_units"]
    )


def published():
    columns = ["sku", "target_month", "horizon_months", "forecast_units", "baseline_units", "source", "reason"]
    rows = [
        ("A", APRIL, 1, 150.0, 160.0, "model", "within tolerance"),
        ("A", MAY, 2, 200.0, 170.0, "override", "listing"),
        (HOSTILE_SKU, APRIL, 1, 12.34, 9.0, "model", "within tolerance"),
        (HOSTILE_SKU, MAY, 2, 1.234, 8.0, "model", "within tolerance"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(
        origin_month=MARCH,
        forecast_units_p10=table["forecast_units"] - 1,
        forecast_units_p90=table["forecast_units"] + 10,
        model_units=table["forecast_units"].where(table["source"] == "model", 180.0),
        naive_units=5.0,
        status="published",
    )


def backtest():
    """Model errors: A +10 and -20 on 120 + 140; the other +5 on 10 (its March is unknown, not scored).

    The band reaches 10 below and above the forecast.
    """
    columns = ["sku", "origin_month", "target_month", "horizon_months", "actual_units", "model_units"]
    rows = [
        ("A", JANUARY, FEBRUARY, 1, 120.0, 130.0, 110.0, 100.0, "Tea", "A", "X"),
        ("A", JANUARY, MARCH, 2, 140.0, 120.0, 150.0, 100.0, "Tea", "A", "X"),
        (HOSTILE_SKU, JANUARY, FEBRUARY, 1, 10.0, 15.0, 11.0, 0.0, "Mugs", "C", "Z"),
        (HOSTILE_SKU, JANUARY, MARCH, 2, None, 15.0, 11.0, 0.0, "Mugs", "C", "Z"),
    ]
    names = [*columns, "baseline_units", "naive_units", "category", "abc_class", "xyz_class"]
    cells = pd.DataFrame(rows, columns=names)
    return cells.assign(forecast_units_p10=cells["model_units"] - 10, forecast_units_p90=cells["model_units"] + 10)


def levels():
    """Ranges of the market and of Mugs; that of Tea is not stored."""
    rows = [
        ("market", "ALL", APRIL, 140.0, 180.0),
        ("market", "ALL", MAY, 170.0, 230.0),
        ("category", "Mugs", APRIL, 8.0, 15.0),
        ("category", "Mugs", MAY, 0.0, 4.0),
    ]
    columns = ["level", "category", "target_month", "forecast_units_p10", "forecast_units_p90"]
    return pd.DataFrame(rows, columns=columns).assign(cumulative_units_p10=300.0, cumulative_units_p90=420.0)


def performance():
    """Published errors at lag 1: -12 on 120 at the time, +40 on 140 backfilled."""
    rows = [
        ("A", JANUARY, 1, 120.0, 108.0, 110.0, 100.0, "published"),
        ("A", FEBRUARY, 1, 140.0, 180.0, 150.0, 100.0, "backfilled"),
    ]
    names = ["sku", "origin_month", "lag_months", "actual_units", "published_units", "baseline_units", "naive_units"]
    cells = pd.DataFrame(rows, columns=[*names, "status"])
    return cells.assign(model_units=cells["published_units"], category="Tea", abc_class="A", xyz_class="X")


def with_names(report: MarketReport, names: list[str]) -> MarketReport:
    """Return the report with a SKU of each name that has the rows of SKU A."""
    frames = {name: getattr(report, name) for name in ("sell_in", "published", "backtest", "performance", "products")}
    return dataclasses.replace(report, **{name: _of_each(rows, names) for name, rows in frames.items()})


def _of_each(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    copies = [rows[rows["sku"] == "A"].assign(sku=name) for name in names]
    return pd.concat([*copies, rows[rows["sku"] != "A"]], ignore_index=True)


@pytest.fixture(scope="session")
def report():
    return MarketReport(
        market_code="NO",
        market_name="Norway & <Svalbard>",
        region="Europe",
        stage="live",
        origin_month=MARCH,
        cycle_id="test-2024-03",
        git_sha="0123456789abcdef",
        sell_in=sell_in(),
        published=published(),
        backtest=backtest(),
        performance=performance(),
        products=pd.DataFrame({"sku": ["A", HOSTILE_SKU], "category": ["Tea", "Mugs"]}),
        model_summary={"Recipe": "<stacked>"},
        levels=levels(),
    )
