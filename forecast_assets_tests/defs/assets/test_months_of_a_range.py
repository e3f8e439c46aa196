"""A run over several months: each month's table is made from the rows of that month, or of the window before it."""

import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import demand, levels, models, pooling
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
CONTEXT = SimpleNamespace(
    run=SimpleNamespace(run_id="run-1", tags={}), partition_keys=["2024-05-01", "2024-06-01"], retry_number=0
)
OF_FR = SimpleNamespace(
    run=CONTEXT.run, retry_number=0,
    partition_keys=[dg.MultiPartitionKey({"month": month, "country": "FR"}) for month in CONTEXT.partition_keys],
)  # fmt: skip
SOUND = SimpleNamespace(of=lambda *_: ())
QUIET = SimpleNamespace(name="quiet", blocking=False, findings=lambda tables: {}, description="")
LISTED = SimpleNamespace(months=dict)


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs an asset's function, and gives its checks by name and its tables by month."""

    def tables_of(asset: dg.AssetsDefinition, context, **inputs):
        function = inspect.unwrap(asset.op.compute_fn.decorated_fn)
        results = list(function(context, **inputs))
        checks = {each.check_name: each for each in results if isinstance(each, dg.AssetCheckResult)}
        return checks, next(each.value for each in results if isinstance(each, dg.Output))

    return tables_of


def rows(*cells, columns) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=columns)


def test_totals_are_of_their_own_month_and_of_the_markets_delivered_in_it(run):
    """FR sells 1 in May and 10 in June, DE sells 100 in June alone."""
    sold = rows(
        ("FR", MAY, "a", 1.0), ("FR", JUNE, "a", 10.0), ("DE", JUNE, "b", 100.0),
        columns=["country", "month", "sku", "sell_in_units"],
    ).assign(restated_month=pd.NaT)  # fmt: skip
    nothing = rows(columns=["country", "month", "sku", "sell_out_units", "restated_month"])
    products = rows(columns=["country", "month", "sku", "category"])
    checks, tables = run(
        demand.demand_totals, CONTEXT, settings=loaded(), unlisted_markets=LISTED, damaged_inputs=SOUND, sell_in=sold,
        sell_out=nothing, products=products,
    )  # fmt: skip
    world = {
        month: table.loc[(table["level"] == "world") & (table["category"] == "ALL"), "sell_in_units"].item()
        for month, table in tables.items()
    }
    assert world == {MAY: 1.0, JUNE: 110.0}
    # Of the four markets of the file FR delivered in both months and DE in June.
    complete = checks["markets_complete"]
    assert not complete.passed
    assert complete.description.startswith("2024-05: without BR, DE, MX: rebuild the month once they have delivered")


def test_known_totals_are_of_the_47_months_before(run, monkeypatch):
    months = pd.date_range("2020-01-01", "2024-06-01", freq="MS")
    given = {}
    monkeypatch.setattr(demand, "known_totals", lambda totals, month, regions: given.update({month: totals}) or totals)
    monkeypatch.setattr(demand, "schema_check", lambda table: QUIET)
    run(demand.demand_totals_known, CONTEXT, settings=loaded(), demand_totals=pd.DataFrame({"month": months}))
    spans = {
        month: (len(table), table["total_month"].min(), table["total_month"].max()) for month, table in given.items()
    }
    assert spans == {
        MAY: (47, pd.Timestamp("2020-06-01"), pd.Timestamp("2024-04-01")),
        JUNE: (47, pd.Timestamp("2020-07-01"), MAY),
    }


def test_sums_of_regions_are_of_the_months_levels_and_of_the_ten_years_of_totals_before(run, monkeypatch):
    months = pd.date_range("2010-01-01", "2024-06-01", freq="MS")
    of_levels = rows(("FR", MAY), ("FR", JUNE), ("DE", JUNE), columns=["country", "month"])
    given, published = {}, {}
    monkeypatch.setattr(
        levels, "levels_above_markets", lambda of_month, totals, regions: given.update({len(given): (of_month, totals)})
    )
    monkeypatch.setattr(
        levels.level_checks, "totals_checks", lambda delivered, wanted: published.update(delivered) or []
    )
    monkeypatch.setattr(levels, "inputs_sound", lambda damaged: QUIET)
    run(
        levels.forecast_totals, CONTEXT, settings=loaded(), damaged_inputs=SOUND, forecast_levels=of_levels,
        demand_totals=pd.DataFrame({"month": months}),
    )  # fmt: skip
    assert published == {MAY: {"FR"}, JUNE: {"FR", "DE"}}
    (of_may, before_may), (of_june, before_june) = given.values()
    assert (of_may["country"].tolist(), of_june["country"].tolist()) == (["FR"], ["FR", "DE"])
    assert (len(before_may), before_may["month"].max()) == (120, pd.Timestamp("2024-04-01"))
    assert (len(before_june), before_june["month"].max()) == (120, MAY)


@pytest.mark.parametrize(("skus", "of_each"), [("8", 2), ("3", 1), ("1", 1)])
def test_each_month_is_sampled_from_its_own_rows_and_each_market_gives_a_sku_at_least(run, monkeypatch, skus, of_each):
    """Four markets share the SKUs that the company pools."""
    features = rows(("FR", MAY, "a"), ("FR", JUNE, "b"), columns=["country", "month", "sku"])
    sold = rows(
        ("FR", MAY, "a", 1.0), ("FR", JUNE, "b", 2.0), columns=["country", "month", "sku", "sell_in_units"]
    ).assign(restated_month=pd.NaT)
    given = []

    def sampled(of_month, units, count):
        given.append((of_month["sku"].tolist(), units["sku"].tolist(), count))

    monkeypatch.setattr(pooling, "rows_of_month", sampled)
    for name in ("schema_check", "inputs_sound"):
        monkeypatch.setattr(pooling, name, lambda *_: QUIET)
    run(
        pooling.pooled_rows, CONTEXT, settings=loaded(FORECAST_POOLED_SKUS=skus), damaged_inputs=SOUND,
        features=features, sell_in=sold,
    )  # fmt: skip
    assert given == [(["a"], ["a"], of_each), (["b"], ["b"], of_each)]


def test_a_baseline_knows_the_products_of_its_own_origin(run, monkeypatch):
    sold = pd.DataFrame({"sku": "a", "month": pd.date_range("2024-01-01", JUNE, freq="MS"), "sell_in_units": 1.0})
    products = rows((MAY, "known in May"), (JUNE, "known in June"), columns=["month", "sku"])
    marks = rows(columns=["sku", "month", "marked_month", "reason", "learned_units"])
    given = {}
    monkeypatch.setattr(
        models, "market_baseline", lambda panel, origin, known: given.update({origin: known["sku"].tolist()})
    )
    monkeypatch.setattr(models, "panel_from_rows", lambda *_: SimpleNamespace(with_marks=lambda marks: None))
    monkeypatch.setattr(models, "schema_check", lambda table: QUIET)
    monkeypatch.setattr(models.forecast_checks, "horizon_complete", lambda: QUIET)
    run(models.baseline_forecasts, OF_FR, recipes_in_force=None, sell_in=sold, products=products, history_marks=marks)
    assert given == {MAY: ["known in May"], JUNE: ["known in June"]}
