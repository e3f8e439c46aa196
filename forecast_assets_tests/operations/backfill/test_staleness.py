"""Months of an asset that are rebuilt, and why: by stored hashes, windows, deliveries and what is rebuilt before."""

from importlib import import_module

import pandas as pd
import pytest

from forecast_assets.operations.backfill.asset_nodes import AssetNode, Window
from forecast_assets.operations.backfill.recorded_provenance import DOCUMENTS
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets_tests.repository_settings import loaded

STALENESS = import_module("forecast_assets.operations.backfill.staleness")
MARCH, APRIL, MAY, JUNE, JULY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (3, 4, 5, 6, 7))
NODES = {
    "sell_in": AssetNode("sell_in", (), True, False, True),
    # For June: sell-in of April to June, sell-out of May and, by a window of its own, of June.
    "features": AssetNode(
        "features",
        (Window("sell_in", -2, 0, True), Window("sell_out", -1, -1, False), Window("sell_out", 0, 0, False)),
        True, False, True,
    ),
    "model": AssetNode("model", (Window("features", 0, 0, True),), True, False, True),
    "market_report": AssetNode("market_report", (Window("features", 0, 0, True),), False, False, True),
    "demand_totals": AssetNode("demand_totals", (Window("sell_in", 0, 0, True),), True, True, True),
    "history_marks": AssetNode("history_marks", (Window("demand_totals", -1, 0, True),), True, False, True),
    "mlflow_run": AssetNode("mlflow_run", (Window("features", 0, 0, True),), False, False, False),
}  # fmt: skip


class Recorded:
    """Stored partitions: content hash and inputs by table, market and month."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str | None], dict[pd.Timestamp, StoredProvenance]] = {}

    def put(self, table, country, month, content="h", inputs=None, code="code", configuration="conf") -> None:
        provenance = StoredProvenance(
            "run", "dev", "sha", inputs or {}, code_version=code, configuration=configuration, content_hash=content
        )
        self.stored.setdefault((table, country), {})[month] = provenance

    def of(self, table, country):
        assert table not in DOCUMENTS
        return self.stored.get((table, country), {})

    def hashes(self, table, country):
        return [
            (month.year * 12 + month.month, PartitionKey(month, country).to_dagster(), provenance.content_hash)
            for month, provenance in self.of(table, country).items()
        ]

    def document(self, asset, partition):
        assert asset in DOCUMENTS
        return self.stored.get((asset, partition.country), {}).get(partition.month)

    def countries(self, table):
        return sorted(country for name, country in self.stored if name == table and country)


class Delivered:
    """Deliveries with a content hash, or a problem, by month."""

    def __init__(self) -> None:
        self.hashes, self.problems, self.read_months = {}, {}, []

    def read(self, table, country, months):
        self.read_months.append((table, country, list(months)))

    def problem(self, table, country, month):
        return self.problems.get(month)

    def content_hash(self, table, country, month):
        return self.hashes.get(month, "h")


@pytest.fixture
def delivered() -> Delivered:
    return Delivered()


@pytest.fixture
def staleness(tmp_path, monkeypatch, delivered) -> Staleness:
    """June's features of FR as made from sell-in of April to June and sell-out of May and June."""
    monkeypatch.setattr(STALENESS, "code_version", lambda asset: "code")
    monkeypatch.setattr(STALENESS, "configuration_of", lambda asset, settings, country: "conf")
    (tmp_path / "markets.yaml").write_text(
        "markets:\n" + "".join(
            f'  - {{code: "{code}", name: {code}, iso2: FR, iso3: FRA, region: Europe, since: 2020-01-01}}\n'
            for code in ("FR", "DE")
        )
    )  # fmt: skip
    recorded = Recorded()
    monkeypatch.setattr(STALENESS, "RecordedProvenance", lambda store: recorded)
    settings = loaded(FORECAST_MARKETS=str(tmp_path / "markets.yaml"))
    judged = Staleness(TableStore(str(tmp_path)), settings, NODES, delivered)
    for month in (MARCH, APRIL, MAY, JUNE, JULY):
        recorded.put("sell_in", "FR", month)
        recorded.put("sell_out", "FR", month)
    inputs = {"sell_in": dict.fromkeys(keys(APRIL, MAY, JUNE), "h"), "sell_out": dict.fromkeys(keys(MAY, JUNE), "h")}
    recorded.put("features", "FR", JUNE, inputs=inputs)
    return judged


def keys(*months: pd.Timestamp, country: str = "FR") -> list[str]:
    return [PartitionKey(month, country).to_dagster() for month in months]


def reason(staleness, asset="features", country="FR", month=JUNE, rebuilt=None) -> str | None:
    return staleness.stale(asset, country, [month], rebuilt).get(month)


def test_what_was_made_from_what_is_stored_is_fresh_and_what_is_not_stored_is_not(staleness):
    assert staleness.stale("features", "FR", [JUNE, MAY]) == {MAY: "not stored"}
    assert reason(staleness, country="DE") == "not stored"


@pytest.mark.parametrize(
    ("table", "month", "expected"),
    [
        ("sell_in", MARCH, None), ("sell_in", APRIL, "sell_in changed"), ("sell_in", JUNE, "sell_in changed"),
        ("sell_in", JULY, None), ("sell_out", APRIL, None), ("sell_out", MAY, "sell_out changed"),
        ("sell_out", JUNE, "sell_out changed"), ("sell_out", JULY, None),
    ],
)  # fmt: skip
def test_other_content_counts_within_the_windows_of_a_table(staleness, table, month, expected):
    staleness.recorded.put(table, "FR", month, content="other")
    assert reason(staleness) == expected


def test_a_month_that_is_gone_or_new_in_the_window_is_a_change(staleness):
    del staleness.recorded.stored["sell_in", "FR"][MAY]
    assert reason(staleness) == "sell_in changed"
    staleness.recorded.put("sell_in", "FR", MAY)
    assert reason(staleness) is None
    inputs = {"sell_in": dict.fromkeys(keys(APRIL, JUNE), "h"), "sell_out": dict.fromkeys(keys(MAY, JUNE), "h")}
    staleness.recorded.put("features", "FR", JUNE, inputs=inputs)
    assert reason(staleness) == "sell_in changed"


def test_a_later_month_that_was_looked_up_counts_with_its_present_content(staleness):
    """July restated a month: it is no input of the window, but was read."""
    looked_up = dict.fromkeys(keys(APRIL, MAY, JUNE, JULY), "h")
    inputs = {"sell_in": looked_up, "sell_out": dict.fromkeys(keys(MAY, JUNE), "h")}
    staleness.recorded.put("features", "FR", JUNE, inputs=inputs)
    assert reason(staleness) is None
    staleness.recorded.put("sell_in", "FR", JULY, content="other")
    assert reason(staleness) == "sell_in changed"
    del staleness.recorded.stored["sell_in", "FR"][JULY]
    assert reason(staleness) == "sell_in changed"


def test_code_counts_before_configuration_and_both_before_inputs(staleness):
    staleness.recorded.put("sell_in", "FR", JUNE, content="other")
    staleness.recorded.put("features", "FR", JUNE, configuration="older")
    assert reason(staleness) == "configuration changed"
    staleness.recorded.put("features", "FR", JUNE, configuration="older", code="older")
    assert reason(staleness) == "code changed"
    assert reason(staleness, rebuilt={"sell_in": {"FR": [JUNE]}}) == "code changed"


@pytest.mark.parametrize(
    ("rebuilt", "expected"),
    [
        ({"sell_in": {"FR": [MARCH, JULY]}}, None), ({"sell_in": {"FR": [APRIL]}}, "sell_in is rebuilt"),
        ({"sell_in": {"FR": [JUNE]}}, "sell_in is rebuilt"), ({"sell_in": {"DE": [JUNE]}}, None),
        ({"sell_in": {None: [JUNE]}}, "sell_in is rebuilt"), ({"sell_out": {"FR": [APRIL]}}, None),
        ({"sell_out": {"FR": [MAY]}}, "sell_out is rebuilt"), ({"products": {"FR": [JUNE]}}, None),
    ],
)  # fmt: skip
def test_a_month_counts_as_stale_if_one_of_its_windows_is_rebuilt(staleness, rebuilt, expected):
    assert reason(staleness, rebuilt=rebuilt) == expected


def test_what_is_not_stored_anywhere_is_rebuilt_only_with_its_inputs(staleness):
    assert reason(staleness, "mlflow_run") is None
    assert reason(staleness, "mlflow_run", rebuilt={"features": {"FR": [JUNE]}}) == "features is rebuilt"
    assert reason(staleness, "mlflow_run", rebuilt={"features": {"FR": [MAY]}}) is None


def test_a_source_is_compared_with_todays_delivery(staleness, delivered):
    assert staleness.stale("sell_in", "FR", [MAY, JUNE]) == {}
    assert delivered.read_months == [("sell_in", "FR", [MAY, JUNE])]
    delivered.hashes[MAY] = "other"
    delivered.problems[JUNE] = "column units"
    assert staleness.stale("sell_in", "FR", [MAY, JUNE]) == {
        MAY: "delivery changed", JUNE: "delivery cannot be used: column units",
    }  # fmt: skip
    staleness.stale("features", "FR", [JUNE])
    assert len(delivered.read_months) == 2


def test_a_table_over_all_markets_reads_listed_markets(staleness):
    """IT was deleted from the markets file; its stored months are not read by runs."""
    for code in ("DE", "IT"):
        staleness.recorded.put("sell_in", code, JUNE)
    inputs = {"sell_in": {"FR|2024-06-01": "h", "DE|2024-06-01": "h"}}
    staleness.recorded.put("demand_totals", None, JUNE, inputs=inputs)
    assert reason(staleness, "demand_totals", None) is None
    staleness.recorded.put("sell_in", "IT", JUNE, content="other")
    assert reason(staleness, "demand_totals", None) is None
    staleness.recorded.put("sell_in", "DE", JUNE, content="other")
    assert reason(staleness, "demand_totals", None) == "sell_in changed"
    assert reason(staleness, "demand_totals", None, rebuilt={"sell_in": {"FR": [JUNE]}}) == "sell_in is rebuilt"


def test_a_market_reads_a_table_over_all_markets_by_its_month(staleness):
    for month in (MAY, JUNE):
        staleness.recorded.put("demand_totals", None, month)
    inputs = {"demand_totals": {"2024-05-01": "h", "2024-06-01": "h"}}
    staleness.recorded.put("history_marks", "FR", JUNE, inputs=inputs)
    assert reason(staleness, "history_marks") is None
    staleness.recorded.put("demand_totals", None, MAY, content="other")
    assert reason(staleness, "history_marks") == "demand_totals changed"
    staleness.recorded.put("demand_totals", None, MAY)
    assert reason(staleness, "history_marks", rebuilt={"demand_totals": {None: [MAY]}}) == "demand_totals is rebuilt"


@pytest.fixture
def model(staleness) -> Staleness:
    """The model of June, which has looked up the champion of May."""
    for month in (APRIL, MAY, JUNE):
        staleness.recorded.put("champion", "FR", month)
    inputs = {"features": dict.fromkeys(keys(JUNE), "h"), "champion": dict.fromkeys(keys(MAY), "h")}
    staleness.recorded.put("model", "FR", JUNE, inputs=inputs)
    return staleness


@pytest.mark.parametrize(("month", "expected"), [(APRIL, None), (MAY, "champion changed"), (JUNE, None)])
def test_another_champion_of_the_month_before_is_a_change(model, month, expected):
    assert reason(model, "model") is None
    model.recorded.put("champion", "FR", month, content="other")
    assert reason(model, "model") == expected


@pytest.mark.parametrize(
    ("rebuilt", "expected"),
    [
        ({"champion": {"FR": [MAY]}}, "champion of 2024-05 is rebuilt"), ({"champion": {"FR": [JUNE]}}, None),
        ({"champion": {"FR": [MARCH, MAY, APRIL, JUNE]}}, "champion of 2024-05 is rebuilt"),
        ({"champion": {"DE": [MAY]}}, None), ({"features": {"FR": [JUNE]}}, "features is rebuilt"),
    ],
)  # fmt: skip
def test_an_earlier_champion_that_is_rebuilt_may_be_another(model, rebuilt, expected):
    assert reason(model, "model", rebuilt=rebuilt) == expected


def test_an_earlier_month_of_the_asset_itself_leads_to_another_champion(model):
    assert model.stale("model", "FR", [JUNE, MAY]) == {MAY: "not stored", JUNE: "champion of 2024-05 is rebuilt"}


def test_a_month_without_a_look_up_does_not_depend_on_the_months_before(staleness):
    assert staleness.stale("features", "FR", [MAY, JUNE]) == {MAY: "not stored"}


def test_documents_are_judged_by_their_own_provenance(staleness):
    assert reason(staleness, "market_report") == "not stored"
    staleness.recorded.put("market_report", "FR", JUNE, inputs={"features": dict.fromkeys(keys(JUNE), "h")})
    assert reason(staleness, "market_report") is None
