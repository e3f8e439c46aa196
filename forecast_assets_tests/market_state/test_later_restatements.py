"""Restatements of a month in later ones: which are read, and with which month they are noted."""

import pandas as pd
import pytest

from forecast_assets.market_state.later_restatements import LaterRestatements
from forecast_assets.storage import TableStore
from forecast_assets_tests.market_state.stored_rows import store_sell_in

APRIL, MAY, JUNE, JULY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (4, 5, 6, 7))


@pytest.fixture
def hashes(tmp_path):
    """June restates May and April of FR, July May, May April; DE restates May in June. Return content hashes."""
    store = TableStore(str(tmp_path))
    sold = {"A": 10.0, "B": 20.0}
    restated = {JUNE: {("A", MAY): 11.0, ("B", APRIL): 21.0}, JULY: {("A", MAY): 12.0}, MAY: {("B", APRIL): 22.0}}
    written = {month: store_sell_in(store, month, sold, restated.get(month)) for month in (APRIL, MAY, JUNE, JULY)}
    store_sell_in(store, JUNE, sold, {("A", MAY): 99.0}, country="DE")
    return written


def rows_of(lookups: LaterRestatements, *months: pd.Timestamp) -> list[tuple[str, int, int, float]]:
    rows = lookups.of("FR", months, "run", "performance")
    assert set(rows) == {"sku", "month", "known_month", "sell_in_units"}
    cells = rows.sort_values(["month", "known_month"])[["sku", "month", "known_month", "sell_in_units"]]
    return [(sku, of.month, known.month, units) for sku, of, known, units in cells.itertuples(index=False)]


def test_restatements_of_a_month_are_those_of_its_market_in_later_months(tmp_path, hashes):
    lookups = LaterRestatements(TableStore(str(tmp_path)))
    assert rows_of(lookups, MAY) == [("A", 5, 6, 11.0), ("A", 5, 7, 12.0)]
    assert rows_of(lookups, JULY) == []
    assert rows_of(lookups, APRIL, MAY) == [
        ("B", 4, 5, 22.0), ("B", 4, 6, 21.0), ("A", 5, 6, 11.0), ("A", 5, 7, 12.0),
    ]  # fmt: skip


def test_each_month_of_a_run_notes_the_partitions_that_restate_it(tmp_path, hashes):
    lookups = LaterRestatements(TableStore(str(tmp_path)))
    rows_of(lookups, APRIL, MAY)
    noted = {month: lookups.lookups.of("run", "performance", month).inputs for month in (APRIL, MAY)}
    assert noted[APRIL] == {"sell_in": {"FR|2024-05-01": hashes[MAY], "FR|2024-06-01": hashes[JUNE]}}
    assert noted[MAY] == {"sell_in": {"FR|2024-06-01": hashes[JUNE], "FR|2024-07-01": hashes[JULY]}}
    assert lookups.lookups.of("run", "performance").inputs == {}
