"""Histories that come at another scale than last time: in units, net sales or price, as a whole or in one file."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.restated import restated_history
from forecast_assets.domain.deliveries.scales import changed_scale
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of, months_before

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


def test_a_small_sku_or_a_few_cells_do_not_block():
    cells = pd.DataFrame({"sku": TEN * 3, "month": [JUNE] * 10 + [months_before(2)[0]] * 20, "stored": 100.0})
    cells = cells.assign(delivered=cells["stored"])
    assert changed_scale(cells) is None
    few = cells.assign(delivered=cells["stored"].mask(cells.index < 2, 1200.0))
    assert changed_scale(few) is None


def test_changes_by_no_known_factor_have_no_scale():
    before = stored()
    assert judged(before.assign(units=before["units"] * 1.2)).is_warning
    cells = before.rename(columns={"units": "stored"}).assign(delivered=before["units"] * 5)
    assert changed_scale(cells) is None


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
