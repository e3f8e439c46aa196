"""Check of the reasons of forecasts: the parts of a cell add up to its difference from last year."""

import pandas as pd

from forecast_assets.domain.reasons.forecast_reasons import forecast_reasons
from forecast_assets.validation.reason_checks import PARTS_ADD_UP, reason_checks
from forecast_assets_tests.domain.portfolio_market import MONTHS, ORIGIN, PAST, market, series
from forecast_assets_tests.domain.reasons.reason_tables import reason_tables

TEA = market(tea=series((100, 60)))


def found(change=lambda rows: rows):
    tables = reason_tables(TEA)
    rows = change(forecast_reasons(tables, TEA, ORIGIN))
    checks = {check.name: check for check in reason_checks(tables.published, TEA.until(ORIGIN))}
    return checks["parts_add_up"].find(rows, ORIGIN)


def test_reasons_as_made_pass():
    assert found().violations == 0
    # A wrong explanation fails no cycle.
    assert not PARTS_ADD_UP.blocking


def test_a_part_that_is_off_is_found_with_its_cell():
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        is_level = (rows["cause"] == "level") & (rows["target_month"] == MONTHS[PAST])
        return rows.assign(units=rows["units"].mask(is_level, 4.0))

    finding = found(change)
    assert finding.violations == 1
    assert finding.rows["target_month"].tolist() == [MONTHS[PAST]]
    assert finding.message == "1 cells whose parts do not add up to forecast minus last year's units"


def test_a_cell_without_a_reason_is_found():
    assert found(lambda rows: rows[rows["target_month"] != MONTHS[PAST + 2]]).violations == 1
