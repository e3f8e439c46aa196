"""Measures of old months that changed: at another scale, in one file, or dated and known from a month on."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.restated import restated_history
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of

MEASURES = ("units", "net_sales", "price")


def stored() -> pd.DataFrame:
    """Ten SKUs over two years with 100 to 1,000 units, at 3.5 and a price of 4.2."""
    rows = history({sku: 100.0 * (1 + place) for place, sku in enumerate(TEN)}, 24)
    return rows.assign(net_sales=rows["units"] * 3.5, price=4.2)


def judged(delivered: pd.DataFrame, before: pd.DataFrame | None = None):
    return restated_history("sell_in", "FR", delivered, stored() if before is None else before, JUNE, MEASURES)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("factor", "named"), [(1000.0, "x 1,000"), (1 / 1000, "1/1,000")])
def test_a_whole_market_at_another_scale_blocks(measure, factor, named):
    before = stored()
    finding = judged(before.assign(**{measure: before[measure] * factor}))
    assert not finding.is_warning
    of = "The history" if measure == "units" else f"{measure.capitalize()} of the history"
    assert f"{of} is {named} of what it was: thousands points" in finding.message


FILES = {
    "the file of some SKUs": lambda rows: rows["sku"].isin(TEN[6:8]),
    "the file of the latest year": lambda rows: rows["month"] >= "2024-01-01",
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("factor", [1000.0, 1 / 1000])
@pytest.mark.parametrize("file", FILES)
def test_one_file_that_reaches_the_last_months_blocks(measure, factor, file):
    before = stored()
    delivered = before.assign(**{measure: before[measure].mask(FILES[file](before), before[measure] * factor)})
    finding = judged(delivered)
    assert not finding.is_warning, finding.message


@pytest.mark.parametrize("measure", MEASURES)
def test_one_file_of_an_old_month_warns_and_names_the_factor(measure):
    before = stored()
    old = before["month"] == "2022-09-01"
    finding = judged(before.assign(**{measure: before[measure].mask(old, before[measure] / 1000)}))
    assert finding.is_warning
    assert "10 of the cells are 1/1,000 of what they were: check their unit of measure" in finding.message
    assert "backfill --country FR --from 2022-09 --to 2022-09 --assets sell_in+" in finding.message


def test_a_restatement_of_the_whole_history_at_another_scale_blocks_although_it_is_dated():
    again = stored().assign(known_month=JUNE)
    again = again.assign(units=again["units"] * 1000)
    assert not judged(pd.concat([stored(), again], ignore_index=True)).is_warning


def test_a_dated_restatement_is_told_and_needs_no_backfill():
    late = month_of({"R00": 70.0}, pd.Timestamp("2024-02-01"), known_month=JUNE)
    finding = judged(pd.concat([stored(), late], ignore_index=True))
    assert finding.is_warning
    assert finding.message == (
        "2024-02 (1 SKUs, -30 units) are restated from 2024-06 on; SKU R00 in 2024-02: 100 before, 70 now. Forecasts "
        "from 2024-06 on use them, earlier months keep what they knew"
    )


def test_what_is_stored_with_its_month_is_no_finding_and_neither_is_what_is_known_later():
    february, april = pd.Timestamp("2024-02-01"), pd.Timestamp("2024-04-01")
    stated = month_of({"R00": 70.0}, february, known_month=april)
    later = month_of({"R00": 1e9}, february, known_month=JUNE + pd.DateOffset(months=1))
    before = pd.concat([stored(), stated], ignore_index=True)
    assert judged(pd.concat([before, later], ignore_index=True), before) is None
    finding = judged(pd.concat([stored(), stated], ignore_index=True))
    assert "2024-02 (1 SKUs, -30 units) differ from what is stored; SKU R00 in 2024-02: 100 before, 70 now" in (
        finding.message
    )
    assert "--from 2024-04 --to 2024-04" in finding.message


def test_a_month_that_is_judged_again_still_names_what_was_restated_from_it_on():
    """The restatement is stored with the month itself; that is no earlier month to compare with."""
    late = month_of({"R00": 70.0}, pd.Timestamp("2024-02-01"), known_month=JUNE)
    both = pd.concat([stored(), late], ignore_index=True)
    assert "are restated from 2024-06 on" in judged(both, both).message


def test_dated_and_silent_changes_of_one_delivery_are_told_apart():
    late = month_of({"R00": 70.0}, pd.Timestamp("2024-02-01"), known_month=JUNE)
    before = stored()
    is_cell = (before["month"] == "2024-03-01") & (before["sku"] == "R01")
    silent = before.assign(units=before["units"].mask(is_cell, 290.0))
    assert judged(pd.concat([silent, late], ignore_index=True)).message == (
        "2024-03 (1 SKUs, +90 units) differ from what is stored; SKU R01 in 2024-03: 200 before, 290 now. Stored "
        "months keep their rows until they are rebuilt: forecast-assets backfill --country FR --from 2024-03 --to "
        "2024-03 --assets sell_in+. 2024-02 (1 SKUs, -30 units) are restated from 2024-06 on; SKU R00 in 2024-02: 100 "
        "before, 70 now. Forecasts from 2024-06 on use them, earlier months keep what they knew"
    )


def test_a_dated_first_statement_of_an_old_month_is_a_change():
    """February was never delivered: it is no month of the store, so nothing is compared."""
    late = month_of({"R00": 70.0}, pd.Timestamp("2024-02-01"), known_month=JUNE)
    without = stored()[stored()["month"] != "2024-02-01"]
    assert judged(pd.concat([without, late], ignore_index=True), without) is None


def test_each_measure_that_changed_is_told_and_its_rows_are_listed():
    before = stored()
    is_cell = (before["month"] == "2024-03-01") & (before["sku"] == "R01")
    finding = judged(before.assign(**{name: before[name].mask(is_cell, 5.0) for name in ("units", "price")}))
    assert "SKU R01 in 2024-03: 200 before, 5 now" in finding.message
    assert "SKU R01 in 2024-03: price 4.2 before, 5 now" in finding.message
    assert finding.rows["measure"].tolist() == ["units", "price"]
    assert finding.rows.index.tolist() == [0, 1]


def test_a_price_that_either_lacks_is_not_compared():
    before = stored()
    is_cell = (before["month"] == "2024-03-01") & (before["sku"] == "R01")
    without = before.assign(price=before["price"].mask(is_cell))
    assert judged(without) is None
    assert judged(before, without) is None
