"""Statements of affected tables against the settings that the code of each asset reads."""

import pytest

from forecast_assets.config.affects import TABLES, Affects, affects_of
from forecast_assets.config.markets import FIELDS, affects_of_market
from forecast_assets.storage.code_version import PACKAGE
from forecast_assets.storage.import_closure import SourceTree
from forecast_assets_tests.config.setting_reads import EACH, GROUPS, MARKET, UnreadableError, settings_read_by

# Read by assets, and no row depends on them; the reason is the right side.
DECIDE_NO_ROW = {
    ("Settings", "env"): "names the cycle; a store has one environment",
    ("MarketsSettings", "file"): "a place; the fields of its entries count one by one",
    ("TrainingSettings", "max_threads"): "LightGBM grows the same trees with any number of threads",
    ("AutomationSettings", "time_zone"): "decides if a month is closed, and so if it is published at all",
    ("PublicationSettings", "fallback_months"): "decides if a fallback publishes at all",
    (MARKET, "code"): "the partition itself",
    (MARKET, "since"): "the months that the checks of features require",
}
# Limits of checks decide if a table is stored; connections decide where deliveries are read; addresses of pages link.
GROUPS_OF_NO_ROW = {"CheckSettings", "DremioSettings", "ReportSettings"}
SOURCES = ("sell_in", "sell_out", "products", "promotions", "overrides")
# Codes and names of all markets show whose rows have a misspelt country; the rows of a market are read by its own code.
SPELLINGS = {(EACH, field) for field in ("code", "iso2", "iso3", "name")}
# Read on the way to a value that replaces them, or by a method that shares its name with one in use.
READ_WITHOUT_EFFECT = {
    "tuned_recipe": {("TrainingSettings", "rows")},
    "backtest": {("TrainingSettings", "rows")},
    "covid_policy": {(MARKET, "missing_month"), *SPELLINGS},
    # Incidents of deliveries name the market and its stage.
    **{source: {(MARKET, "name"), (MARKET, "stage"), *SPELLINGS} for source in SOURCES},
}
TREE = SourceTree(PACKAGE)


def stated_for(table: str) -> set[tuple[str, str]]:
    """Return the fields that state the table, as the reader names them."""
    stated = {
        (name, field)
        for name, group in GROUPS.items()
        for field, info in group.model_fields.items()
        if any(isinstance(each, Affects) for each in info.metadata) and table in affects_of(field, info).all_tables
    }
    for field in FIELDS:
        affects = affects_of_market(field)
        if table in affects.tables:
            stated.add((MARKET, field))
        if table in affects.every_market + affects.pooling:
            stated.add((EACH, field))
    return stated


def reads_of_rows(table: str) -> set[tuple[str, str]]:
    """Return the settings that the table's asset reads and that may decide a row."""
    reads = {each for each in settings_read_by(TREE, table) if each[0] not in GROUPS_OF_NO_ROW}
    if any(group == EACH for group, _ in stated_for(table)):
        # A digest that covers all markets lists those that are not retired.
        reads.discard((EACH, "stage"))
    return reads - DECIDE_NO_ROW.keys() - READ_WITHOUT_EFFECT.get(table, set())


@pytest.mark.parametrize("table", TABLES)
def test_a_setting_that_an_asset_reads_states_its_table_and_no_other_does(table):
    stated = stated_for(table)
    assert reads_of_rows(table) == stated - {(EACH, "stage")}


def test_settings_that_decide_no_row_state_no_table():
    for group, field in DECIDE_NO_ROW:
        affects = affects_of_market(field) if group == MARKET else affects_of(field, GROUPS[group].model_fields[field])
        assert affects.all_tables == [], f"{group}.{field}"
    for group in GROUPS_OF_NO_ROW:
        fields = GROUPS[group].model_fields
        assert [name for name, info in fields.items() if affects_of(name, info).all_tables] == []


def package(tmp_path, asset: str, domain: str = "") -> SourceTree:
    """Return a package of one asset ``made`` and one module of the domain."""
    for file, text in {"defs/assets/one.py": asset, "domain/two.py": domain}.items():
        path = tmp_path / "package" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return SourceTree(tmp_path / "package")


def test_reads_are_followed_through_names_functions_loops_and_methods(tmp_path):
    asset = """
from package.domain.two import Fit

def made(context, settings: dg.ResourceParam[Settings]):
    training, own = settings.training, settings.market_table["FR"]
    regions = [market.region for code, market in settings.market_table.items()]
    other = lambda: own.iso2
    return Fit(training).rounds() + unused(regions)
"""
    domain = """
class Fit:
    def __init__(self, training: TrainingSettings) -> None:
        self._training = training

    def rounds(self) -> int:
        return self._training.boosting_rounds

    def not_called(self) -> int:
        return self._training.backtest_rows
"""
    (tmp_path / "package" / "config").mkdir(parents=True)
    settings = "class Settings:\n    @property\n    def market_table(self) -> dict[str, Market]: ...\n"
    (tmp_path / "package" / "config" / "settings.py").write_text(settings, encoding="utf-8")
    assert settings_read_by(package(tmp_path, asset, domain), "made") == {
        ("TrainingSettings", "boosting_rounds"), (EACH, "region"), (MARKET, "iso2"),
    }  # fmt: skip


def test_settings_that_cannot_be_followed_are_an_error(tmp_path):
    asset = "def made(settings: Settings):\n    return getattr(settings, 'training')\n"
    with pytest.raises(UnreadableError, match=r"defs.assets.one:made: getattr\(settings, 'training'\)"):
        settings_read_by(package(tmp_path, asset), "made")
