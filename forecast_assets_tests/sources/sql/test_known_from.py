"""A row is there from the month of its ``known_from`` on; moved past the origin, it vanishes from what the origin sees.

Each source through its mart and through what is made of it: known on the last day of the origin month, or a day later.
"""

import pandas as pd
import pytest

from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import market_history
from forecast_assets.domain.publication.published_forecasts import Decision, published_forecasts
from forecast_assets.sources.sql import DuckDbEngine
from forecast_assets_tests.sources.landing.deliveries import Deliveries

TODAY = pd.Timestamp("2024-07-10")
FIRST, ORIGIN, TARGET = pd.Timestamp("2023-01-01"), pd.Timestamp("2024-03-01"), pd.Timestamp("2024-06-01")
MONTHS = pd.date_range(FIRST, ORIGIN, freq="MS")
IN_TIME, TOO_LATE = "2024-03-31", "2024-04-01"


@pytest.fixture
def read(tmp_path):
    """A mart of FR at the origin, from one file beside sell-in of two SKUs."""
    units = "".join(f"FR,{sku},{month:%Y-%m},{9 + place}\n" for sku in "AB" for place, month in enumerate(MONTHS))

    def run_mart(source, content, first=ORIGIN):
        landing = Deliveries(tmp_path / str(len(list(tmp_path.iterdir())))).sell_in(units)
        landing.put(f"{source}/x.csv", content)
        engine = DuckDbEngine(landing.folder)
        return {name: engine.run(name, "FR", FIRST if name == "sell_in" else first, ORIGIN, today=TODAY)
                for name in ("sell_in", source)}  # fmt: skip

    return run_mart


def features(tables):
    nothing = {"sku": [], "promotion_month": pd.Series(dtype="datetime64[ns]"), "is_promoted": [], "discount_pct": []}
    empty = pd.DataFrame(nothing | {"month": pd.Series(dtype="datetime64[ns]")})
    undated = pd.Series(pd.NaT, index=[0, 1], dtype="datetime64[ns]")
    described = {"sku": ["A", "B"], "category": "tea", "launch_month": undated, "end_month": undated, "month": ORIGIN}
    products = pd.DataFrame(described)
    history = market_history(
        "FR", "EU", "FR", tables["sell_in"], pd.DataFrame(),
        products=tables.get("products", products), promotions=tables.get("promotions", empty), totals_known=empty,
        covid_policy=pd.DataFrame({"month": MONTHS, "stringency_index": 0.0, "economic_support_index": 0.0}),
    )  # fmt: skip
    return build_features(history, ORIGIN).set_index("sku")


@pytest.mark.parametrize(("known_from", "category", "end"), [(IN_TIME, "ice", [1.0]), (TOO_LATE, "tea", [])])
def test_a_change_of_a_products_attributes(read, known_from, category, end):
    rows = f"A,FR,tea,,2020-01-01\nA,FR,ice,2024-05,{known_from}\nB,FR,tea,,2020-01-01\n"
    tables = read("products", "sku,country,category,end_month,known_from\n" + rows)
    assert tables["products"].set_index("sku")["category"].to_dict() == {"A": category, "B": "tea"}
    table = features(tables)
    assert table["category"].to_dict() == {"A": category, "B": "tea"}
    assert table.filter(regex="^months_left_h01$").dropna().to_numpy().ravel().tolist() == end


@pytest.mark.parametrize(("known_from", "planned"), [(IN_TIME, 1.0), (TOO_LATE, 0.0)])
def test_a_planned_promotion(read, known_from, planned):
    far = "FR,B,2024-12,1,20,2024-01-01\n"
    tables = read(
        "promotions", f"country,sku,month,is_promoted,discount_pct,known_from\n{far}FR,A,2024-06,1,30,{known_from}\n"
    )
    seen = tables["promotions"].query("sku == 'A'")
    assert seen["promotion_month"].tolist() == [TARGET] * int(planned)
    table = features(tables)
    assert table.loc["A", "promotion_planned_h03"] == planned
    assert table.loc["A", "discount_planned_h03"] == pytest.approx(0.3 * planned)


@pytest.mark.parametrize(
    ("known_from", "published", "source"), [(IN_TIME, 77.0, "override"), (TOO_LATE, 10.0, "model")]
)
def test_a_planners_override(read, known_from, published, source):
    header = "country,sku,origin_month,target_month,forecast_units,author,reason,known_from\n"
    tables = read("overrides", f"{header}FR,A,2024-03,2024-06,77,Ann,listing,{known_from}\n")
    assert tables["overrides"]["forecast_units"].tolist() == ([77.0] if source == "override" else [])
    forecasts = pd.DataFrame(
        {"sku": ["A"], "target_month": [TARGET], "forecast_units": [10.0], "forecast_units_p10": [5.0],
         "forecast_units_p90": [15.0], "baseline_units": [9.0], "naive_units": [8.0], "rule": ["regular"]}
    )  # fmt: skip
    overrides = tables["overrides"].drop(columns="month")
    table = published_forecasts(forecasts, Decision("model", "why"), overrides, "published")
    assert table[["forecast_units", "source"]].to_numpy().tolist() == [[published, source]]
