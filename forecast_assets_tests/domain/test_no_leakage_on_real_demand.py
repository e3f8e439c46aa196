"""Real sell-in alone, poisoned after an origin: nothing made at an origin changes, from features to publication."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.features.market_history import market_history
from forecast_assets_tests.domain.small_market import WRONG, feature_stack
from forecast_assets_tests.domain.whole_path import differing, training_origins, whole_path

pytestmark = pytest.mark.heavy

SERIES = 34
FIRST_MONTHS = {"aus_retail": "2009-01-01", "hospital": "2000-01-01"}
# A file, and how many months before its last one the origin lies: with a part of the horizon known, and nearly all.
PLACES = [("aus_retail", 4), ("hospital", 15)]


def history_of(sell_in, products):
    """History of real sell-in alone: no sell-out, promotions or totals, and no restrictions."""
    months = pd.date_range(sell_in["month"].min(), sell_in["month"].max(), freq="MS")
    nothing = {"month": pd.Series(dtype="datetime64[ns]")}
    planned = nothing | {
        "sku": [],
        "promotion_month": pd.Series(dtype="datetime64[ns]"),
        "is_promoted": [],
        "discount_pct": [],
    }
    described = products.assign(launch_month=pd.NaT, end_month=pd.NaT).astype(
        {"launch_month": "datetime64[ns]", "end_month": "datetime64[ns]"}
    )
    policy = pd.DataFrame({"month": months, "stringency_index": 0.0, "economic_support_index": 0.0})
    return market_history(
        "M", "R", "AU", sell_in, pd.DataFrame(),
        products=pd.concat([described.assign(month=month) for month in months[-40:]], ignore_index=True),
        promotions=pd.DataFrame(planned), totals_known=pd.DataFrame(nothing), covid_policy=policy,
    )  # fmt: skip


def tidy(folder, name, first_month):
    """Some series of a tidy file with ``sku, month, sell_in_units`` from a month on."""
    rows = pd.read_parquet(folder / "bench" / f"{name}.parquet").query("month >= @first_month")
    rows = rows.assign(sku=rows["market"] + " " + rows["sku"]).rename(columns={"y": "sell_in_units"})
    every = np.sort(rows["sku"].unique())
    return rows[rows["sku"].isin(every[:: len(every) // SERIES][:SERIES])][["sku", "month", "sell_in_units"]]


def poisoned(rows, origin):
    """Later months at 1e9, with the other sign, or unknown; and as many series that nobody has seen before."""
    later = rows[rows["month"] > origin]
    kind = np.arange(len(later)) % 3
    wrong = np.select([kind == 0, kind == 1], [WRONG, -later["sell_in_units"]], np.nan)
    newcomers = later.assign(sku="LATE " + later["sku"], sell_in_units=WRONG)
    return pd.concat([rows[rows["month"] <= origin], later.assign(sell_in_units=wrong), newcomers], ignore_index=True)


def everything(rows, origin, recipe):
    products = pd.DataFrame({"sku": rows["sku"].unique()}).assign(category="real")
    products = products.assign(brand=None, pack=None, reference_sku=None)
    history = history_of(rows, products)
    earlier = feature_stack(history, training_origins(origin))
    return whole_path(history, earlier, origin, recipe)


@pytest.fixture(scope="module")
def computed(real_data, recipe):
    """Return rows of a file, an origin some months before their last, and every stage there; each is computed once."""

    @cache
    def compute(name, months_before_last):
        rows = tidy(real_data, name, FIRST_MONTHS[name])
        origin = add_months(rows["month"].max(), -months_before_last)
        return rows, origin, everything(rows, origin, recipe)

    return compute


@pytest.mark.real_data
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_real_demand_is_forecast_the_same_for_any_future(computed, place, recipe):
    rows, origin, tables = computed(*place)
    assert len(tables["features"]) >= 30
    assert tables["model_forecasts"]["forecast_units"].max() < WRONG / 1e3
    assert differing(everything(poisoned(rows, origin), origin, recipe), tables) == []


@pytest.mark.real_data
def test_real_demand_of_the_origin_month_changes_the_results(computed, recipe):
    rows, origin, tables = computed(*PLACES[0])
    changed = differing(everything(poisoned(rows, add_months(origin, -1)), origin, recipe), tables)
    assert {"features", "model", "interval_widths", "model_forecasts", "forecasts", "backtest", "published"} <= {
        *changed
    }
    assert "earlier_features" not in changed
