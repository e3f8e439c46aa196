"""Months that a backfill covers, and what its plan lists beside the partitions to rebuild; by hand values."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.config.settings import Settings
from forecast_assets.operations.backfill.asset_nodes import AssetNode, Window
from forecast_assets.operations.backfill.backfill_plan import BackfillPlan, BackfillRequest, Scope, plan_backfill
from forecast_assets_tests.repository_settings import loaded

# FR has a year of data with 2024-03, DE with 2024-05.
SINCE = {"FR": "2023-04-01", "DE": "2023-06-01"}
SOURCES = ("sell_in", "products")
OF_MARKET = ("history_marks", "features", "baseline_forecasts", "model", "published_forecasts", "performance")
OF_ALL = ("demand_totals", "pooled_rows")


def node(name: str, *reads: str) -> AssetNode:
    windows = tuple(Window(table, -2, 0, True) for table in reads)
    return AssetNode(name, windows, True, name in OF_ALL, True)


NODES = {name: node(name) for name in SOURCES}
NODES |= {name: node(name, "features") for name in (*OF_MARKET, *OF_ALL, "tuned_recipe", "refused_recipe")}
NODES["baseline_forecasts"] = node("baseline_forecasts", "sell_in")


def month(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"{text}-01")


def months(first: str, last: str) -> list[pd.Timestamp]:
    return list(pd.date_range(month(first), month(last), freq="MS"))


@dataclasses.dataclass
class Recorded:
    """Stored months by table and market."""

    stored: dict[tuple[str, str | None], list[pd.Timestamp]]

    def of(self, table: str, country: str | None) -> dict[pd.Timestamp, None]:
        return dict.fromkeys(self.stored.get((table, country), []))


@dataclasses.dataclass
class Stale:
    """Every month of some assets and markets is stale for a reason; what counted as rebuilt is noted."""

    recorded: Recorded
    reasons: dict[tuple[str, str | None], str]
    rebuilt: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)

    def stale(self, asset, country, of, rebuilt):
        self.rebuilt.append((asset, [name for name, by_market in rebuilt.items() if any(by_market.values())]))
        reason = self.reasons.get((asset, country))
        return dict.fromkeys(of, reason) if reason else {}


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_of(tmp_path)


def settings_of(tmp_path, **variables: str) -> Settings:
    lines = [
        f'  - {{code: "{code}", name: {code}, iso2: FR, iso3: FRA, region: Europe, since: {since}}}'
        for code, since in SINCE.items()
    ]
    (tmp_path / "markets.yaml").write_text("\n".join(["markets:", *lines]) + "\n", encoding="utf-8")
    return loaded(FORECAST_MARKETS=str(tmp_path / "markets.yaml"), **variables)


def scope_of(settings, *assets, first="2023-01", last="2024-06", stored=None, countries=("FR",)) -> Scope:
    request = BackfillRequest(tuple(countries), month(first), month(last), tuple(assets))
    return Scope(settings, NODES, request, Recorded(stored or {}))


@pytest.mark.parametrize(
    ("asset", "country", "first"),
    [
        ("sell_in", "FR", "2023-04"), ("sell_in", "DE", "2023-06"), ("history_marks", "FR", "2024-03"),
        ("features", "DE", "2024-05"), ("baseline_forecasts", "FR", "2024-03"), ("model", "FR", "2024-04"),
        ("published_forecasts", "DE", "2024-06"), ("demand_totals", None, "2023-04"), ("pooled_rows", None, "2024-03"),
    ],
)  # fmt: skip
def test_an_asset_exists_from_the_month_on_in_which_it_has_data(settings, asset, country, first):
    assert scope_of(settings, asset).months(asset, country) == months(first, "2024-06")


def test_an_asset_over_all_markets_has_no_market(settings):
    scope = scope_of(settings, "sell_in", countries=("FR", "DE"))
    assert (scope.countries("demand_totals"), scope.countries("sell_in")) == ([None], ["FR", "DE"])


def test_performance_needs_a_forecast_of_the_eighteen_months_before(settings):
    stored = {
        ("published_forecasts", "FR"): months("2024-01", "2024-01"),
        ("published_forecasts", "DE"): months("2020-01", "2024-01"),
    }
    scope = scope_of(settings, "performance", last="2026-12", stored=stored)
    assert scope.months("performance", "FR") == months("2024-02", "2025-07")
    assert scope.months("performance", "FR", months("2024-03", "2024-03")) == months("2024-02", "2025-09")


def test_what_people_request_is_not_rebuilt(settings, tmp_path):
    assets = ["sell_in", "tuned_recipe", "refused_recipe"]
    assert scope_of(settings, *assets).assets == ["sell_in"]
    pooled = ["pooled_rows", "pooled_model", "model"]
    assert scope_of(settings, *pooled).assets == pooled
    assert scope_of(settings_of(tmp_path, FORECAST_POOLED_SKUS="0"), *pooled).assets == ["model"]


def planned(
    settings, *assets, reasons=None, stored=None, closed=(), first="2024-03", countries=("FR", "DE")
) -> BackfillPlan:
    scope = scope_of(settings, *assets, first=first, stored=stored, countries=countries)
    stale = Stale(Recorded(stored or {}), reasons or {})
    plan = plan_backfill(settings, scope, stale, lambda code, of: (code, of) in closed)
    planned.rebuilt = stale.rebuilt
    return plan


def test_stale_months_are_rebuilt_and_the_others_are_skipped(settings):
    plan = planned(settings, "sell_in", "features", reasons={("sell_in", "FR"): "delivery changed"})
    assert plan.rebuilt["sell_in"] == {"FR": dict.fromkeys(months("2024-03", "2024-06"), "delivery changed"), "DE": {}}
    assert plan.skipped["sell_in"] == {"FR": [], "DE": months("2024-03", "2024-06")}
    assert plan.skipped["features"] == {"FR": months("2024-03", "2024-06"), "DE": months("2024-05", "2024-06")}
    assert plan.partitions == 4
    # A table counts as rebuilt for those after it.
    assert planned.rebuilt == [
        ("sell_in", []),
        ("sell_in", ["sell_in"]),
        ("features", ["sell_in"]),
        ("features", ["sell_in"]),
    ]


def test_performance_is_planned_for_forecasts_that_the_backfill_publishes(settings):
    reasons = {("published_forecasts", "FR"): "not stored", ("performance", "FR"): "not stored"}
    plan = planned(settings, "published_forecasts", "performance", reasons=reasons)
    assert list(plan.rebuilt["performance"]["FR"]) == months("2024-05", "2024-06")
    assert plan.rebuilt["performance"]["DE"] == {}


def test_rebuilt_months_of_a_closed_cycle_are_frozen(settings):
    closed = {("FR", month("2024-04")), ("FR", month("2024-03")), ("DE", month("2024-05")), ("FR", month("2023-12"))}
    reasons = {("sell_in", "FR"): "changed", ("features", "FR"): "changed"}
    assert planned(settings, "sell_in", "features", reasons=reasons, closed=closed).frozen == {
        "FR": [month("2024-03"), month("2024-04")]
    }


def test_later_performance_of_forecasts_to_rebuild_moves(settings):
    """Forecasts of 2024-04 to 2024-06 are rebuilt; they are measured until 2025-12."""
    stored = {
        ("performance", "FR"): [*months("2024-05", "2026-02")][::-1],
        ("performance", "DE"): months("2024-05", "2026-02"),
    }
    reasons = {("published_forecasts", "FR"): "changed"}
    plan = planned(settings, "published_forecasts", reasons=reasons, stored=stored)
    assert plan.moved_later == {"FR": months("2024-07", "2025-12")}
    assert planned(settings, "sell_in", reasons={("sell_in", "FR"): "changed"}, stored=stored).moved_later == {}


def test_missing_history_is_that_before_the_request_from_the_market_on(settings):
    stored = {("sell_in", "FR"): months("2023-05", "2024-01"), ("sell_in", "DE"): months("2023-06", "2024-02")}
    plan = planned(settings, "baseline_forecasts", stored=stored)
    assert plan.history_missing == {"FR": [month("2023-04"), month("2024-02")]}
    assert planned(settings, "features", stored=stored).history_missing == {}
    # A request that begins with the market, or a month later.
    assert planned(settings, "baseline_forecasts", first="2023-04", countries=("FR",)).history_missing == {}
    later = planned(settings, "baseline_forecasts", first="2023-05", countries=("FR",))
    assert later.history_missing == {"FR": [month("2023-04")]}


def test_deliveries_that_cannot_be_used_are_listed_with_their_problem(settings):
    problem = "delivery cannot be used: column units"
    plan = planned(
        settings, "sell_in", "products", reasons={("sell_in", "FR"): problem, ("products", "DE"): "not stored"}
    )
    assert plan.unusable == {("sell_in", "FR"): dict.fromkeys(months("2024-03", "2024-06"), problem)}
    assert plan.partitions == 8
