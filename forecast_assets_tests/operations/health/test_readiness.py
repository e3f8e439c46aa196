"""Readiness of a market, rule by rule: what is read, which months count, and which finding is named."""

from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.domain.demand.demand_panel import panel_from_rows
from forecast_assets.operations.health import readiness as module
from forecast_assets.operations.health.readiness import (
    _accuracy,
    _coverage,
    _delivery,
    _failed,
    _unreadable,
    market_readiness,
)
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.source_tables import RangeNotUsable
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.table_checks import Finding, TableCheck
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def check(name, *findings, blocking=True):
    """A check with these findings, by month."""
    by_month = dict(findings)
    return TableCheck(name, "a rule", lambda _, month: by_month.get(month, Finding()), blocking=blocking)


def found(message="3 rows", is_warning=False):
    return Finding(3, None, message, is_warning)


def test_a_check_names_its_latest_month_and_how_many_there_are():
    tables = {MAY: pd.DataFrame(), JUNE: pd.DataFrame()}
    checks = [check("fine"), check("once", (MAY, found())), check("twice", (MAY, found()), (JUNE, found("4 rows")))]
    assert _failed(checks, tables) == [
        (True, "once: 2024-05: 3 rows"), (True, "twice: 2 months, such as 2024-06: 4 rows"),
    ]  # fmt: skip


def test_a_finding_that_blocks_is_named_before_a_later_warning():
    tables = {MAY: pd.DataFrame(), JUNE: pd.DataFrame()}
    both = check("both", (MAY, found()), (JUNE, found("odd", is_warning=True)))
    warns = check("warns", (JUNE, found("odd", is_warning=True)))
    never = check("never blocks", (JUNE, found()), blocking=False)
    assert _failed([both, warns, never], tables) == [
        (True, "both: 2 months, such as 2024-05: 3 rows"), (False, "warns: 2024-06: odd"),
        (False, "never blocks: 2024-06: 3 rows"),
    ]  # fmt: skip


def delivered(*checks, rows=2, unusable=None, monkeypatch):
    monkeypatch.setattr(module, "_checks", lambda *_: list(checks))
    table = pd.DataFrame({"month": [MAY] * rows, "sku": "a"})
    tables = SimpleNamespace(usable_rows=lambda *_: (table, unusable or {}))
    finding = _delivery(tables, None, "products", "FR", [MAY, JUNE])
    assert finding.check == "delivery products"
    return finding.result, finding.observed, finding.next_step


def test_a_sound_source_counts_its_rows(monkeypatch):
    assert delivered(rows=1234, monkeypatch=monkeypatch) == ("pass", "1,234 rows", "")
    assert delivered(rows=0, monkeypatch=monkeypatch) == ("pass", "none delivered", "")


def test_a_source_fails_on_a_check_that_blocks_and_warns_on_others(monkeypatch):
    warns, blocks = check("warns", (MAY, found()), blocking=False), check("blocks", (MAY, found("x" * 300)))
    result, observed, step = delivered(warns, blocks, monkeypatch=monkeypatch)
    assert (result, step) == ("fail", "correct the months and deliver them again")
    assert observed == ("blocks: 2024-05: " + "x" * 300)[:200]
    assert delivered(warns, monkeypatch=monkeypatch) == (
        "warn", "warns: 2024-05: 3 rows", "check the rows; the warning blocks no run",
    )  # fmt: skip


def test_months_that_cannot_be_used_are_counted_with_the_first_problem(monkeypatch):
    problem = SimpleNamespace(place="products/FR.csv", found="no header", next_step="add the header")
    unusable = {MAY: SimpleNamespace(problems=[problem, None])}
    assert delivered(unusable=unusable, monkeypatch=monkeypatch) == (
        "fail", "1 of 2 months cannot be used, such as 2024-05: products/FR.csv: found no header", "add the header",
    )  # fmt: skip


def test_of_several_checks_that_block_the_first_is_named(monkeypatch):
    first, second = check("first", (MAY, found())), check("second", (MAY, found()))
    assert delivered(first, second, monkeypatch=monkeypatch)[1] == "first: 2024-05: 3 rows"


def test_a_delivery_that_cannot_be_checked_fails_with_the_first_line_of_its_error(monkeypatch):
    asked = []

    def unusable(tables, settings, table, code, months):
        asked.append(months)
        raise RangeNotUsable(LandingError("products", "FR", []), [MAY, JUNE], [MAY])

    monkeypatch.setattr(module, "_checks", unusable)
    tables = SimpleNamespace(usable_rows=lambda *_: (pd.DataFrame(), {}))
    january = pd.Timestamp("2024-01-01")
    finding = _delivery(tables, None, "products", "FR", [january, MAY, JUNE])
    assert finding.result == "fail"
    assert finding.observed.startswith("products of FR: 1 of the 2 months asked for cannot be used: 2024-05.")
    # Checks look at months side by side: the last unbroken run of them.
    assert [list(months) for months in asked] == [[MAY, JUNE]]


def test_of_many_files_that_cannot_be_read_five_are_named():
    problems = [
        SimpleNamespace(file=f"sell_in/{n}.csv", place=f"{n}.csv", found="x", next_step="") for n in range(7)
    ]  # fmt: skip
    tables = SimpleNamespace(usable_rows=lambda *_: (None, {JUNE: SimpleNamespace(problems=problems)}))
    assert [each.observed for each in _unreadable(tables, "FR", JUNE)] == [f"{n}.csv: found x" for n in range(5)]


def covered(monkeypatch=None, *, products=None, sell_out=None):
    """Coverage of three SKUs: a sold 60 this year, b 40, and old sold 900 thirteen months ago."""
    sold = [("a", JUNE, 60.0), ("b", pd.Timestamp("2023-07-01"), 40.0), ("old", pd.Timestamp("2023-06-01"), 900.0)]
    sell_in = pd.DataFrame(sold, columns=["sku", "month", "sell_in_units"]).assign(restated_month=pd.NaT)
    asked = {}

    def usable_rows(table, code, months):
        asked[table] = (months[0], months[-1])
        rows = {"products": products, "sell_out": sell_out}[table]
        return (pd.DataFrame(columns=["sku"]) if rows is None else rows), {}

    findings = _coverage(SimpleNamespace(usable_rows=usable_rows), loaded(), "FR", sell_in, JUNE)
    assert asked == {"products": (JUNE, JUNE), "sell_out": (pd.Timestamp("2023-07-01"), JUNE)}
    return [each.observed for each in findings]


def test_coverage_is_of_the_skus_sold_in_the_last_twelve_months():
    described = pd.DataFrame({"sku": ["a", "b"], "category": ["tea", None], "brand": None, "pack": [None, "h6"]})
    products, sell_out = covered(products=described, sell_out=pd.DataFrame({"sku": ["a"]}))
    assert products == "2 of 2 SKUs have a product row, 100.0% of the units"
    assert sell_out == "SKUs with 60.0% of the units"


def test_a_product_row_without_an_attribute_describes_nothing():
    bare = pd.DataFrame({"sku": ["a", "b"], "category": ["tea", None], "brand": None, "pack": None})
    assert covered(products=bare)[0] == "1 of 2 SKUs have a product row, 60.0% of the units"


def test_without_products_and_sell_out_nothing_is_covered():
    assert covered() == ["0 of 2 SKUs have a product row, 0.0% of the units", "none delivered"]


def accuracy_of(monkeypatch, **stored):
    """Judge FR with these backtests, by month and their cells."""
    tables = {PartitionKey(pd.Timestamp(f"{month.strip('_').replace('_', '-')}-01"), "FR"): cells
              for month, cells in stored.items()}  # fmt: skip
    store = SimpleNamespace(list_market=lambda table, code: list(tables), read=lambda table, keys: tables[keys[0]])
    judged = []
    monkeypatch.setattr(module.readiness, "accuracy", lambda cells, by, is_model: judged.append((by, is_model)) or [])
    rows = pd.DataFrame({"sku": "a", "month": pd.date_range("2021-07-01", JUNE, freq="MS"), "sell_in_units": 1.0})
    _accuracy(store, "FR", panel_from_rows(rows, rows["month"].min(), JUNE), JUNE)
    return judged


def test_the_latest_backtest_of_the_model_is_judged_and_without_one_the_smoothed_sell_in(monkeypatch):
    some, none = pd.DataFrame({"sku": ["a"]}), pd.DataFrame({"sku": []})
    assert accuracy_of(monkeypatch, _2024_04=none, _2024_05=some) == [("model of 2024-05", True)]
    assert accuracy_of(monkeypatch, _2024_05=none) == [("smoothed sell-in", False)]
    assert accuracy_of(monkeypatch) == [("smoothed sell-in", False)]


@pytest.fixture
def landing(tmp_path):
    """Return a function that writes six months of one SKU and more rows, and lists the findings by check."""

    def judge(last_closed, **files):
        folder = tmp_path / "landing" / "sell_in"
        folder.mkdir(parents=True, exist_ok=True)
        rows = "".join(f"FR,A,2024-{month:02d},1\n" for month in range(1, 7))
        (folder / "FR.csv").write_text(f"country,sku,month,units\n{rows}", encoding="utf-8")
        settings = loaded(FORECAST_LANDING=str(tmp_path / "landing"), FORECAST_STORE=str(tmp_path / "store"))
        return {each.check: each for each in market_readiness(settings, "FR", last_closed)}

    return judge


def test_months_after_the_last_closed_one_do_not_count_and_the_last_one_does(landing):
    june = landing(JUNE)
    assert june["delivery sell_in"].observed == "6 rows"
    assert {"products", "sell-out"} <= june.keys()
    assert landing(MAY)["delivery sell_in"].observed == "5 rows"
    assert "delivery sell_in" not in landing(pd.Timestamp("2023-12-01"))
