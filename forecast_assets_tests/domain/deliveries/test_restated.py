"""Old months that changed between deliveries."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.restated import restated_history
from forecast_assets_tests.domain.deliveries.deliveries import JUNE, TEN, history, month_of, months_before


def judged(delivered: pd.DataFrame, stored: pd.DataFrame):
    return restated_history("sell_in", "FR", delivered, stored, JUNE)


def changed(month: str, sku: str, units: float) -> pd.DataFrame:
    rows = history(TEN, 6)
    is_cell = (rows["month"] == month) & (rows["sku"] == sku)
    return rows.assign(units=rows["units"].mask(is_cell, units))


def test_months_skus_and_units_are_named_with_the_command_that_rebuilds():
    finding = judged(changed("2024-02-01", "R03", 250.0), history(TEN, 6))
    assert finding.message == (
        "2024-02 (1 SKUs, +150 units) differ from what is stored; SKU R03 in 2024-02: 100 before, 250 now. Stored "
        "months keep their rows until they are rebuilt: forecast-assets backfill --country FR --from 2024-02 "
        "--to 2024-02 --assets sell_in+"
    )
    assert finding.is_warning


def test_equal_deliveries_and_the_judged_month_are_no_restatement():
    assert judged(history(TEN, 6), history(TEN, 6)) is None
    assert judged(pd.concat([history(TEN, 6), month_of({"R00": 1e9})]), history(TEN, 6)) is None


def test_an_empty_store_has_nothing_to_compare_with():
    assert judged(history(TEN, 6), history(TEN, 6).head(0)) is None


@pytest.mark.parametrize("stored", [0.0, float("nan")])
def test_rows_that_came_later_or_went_are_changes(stored):
    filled = pd.concat([history(TEN, 6), month_of({"new": stored}, pd.Timestamp("2024-03-01"))])
    late = pd.concat([history(TEN, 6), month_of({"new": 7.0}, pd.Timestamp("2024-03-01"))])
    assert "SKU new in 2024-03: 0 before, 7 now" in judged(late, filled).message
    assert judged(history(TEN, 6), filled) is None


def test_a_row_that_is_no_longer_delivered_is_a_change_to_zero():
    rows = history(TEN, 6)
    gone = rows[(rows["sku"] != "R00") | (rows["month"] != "2024-03-01")]
    assert "SKU R00 in 2024-03: 100 before, 0 now" in judged(gone, rows).message


def test_a_month_that_is_no_longer_delivered_is_not_judged():
    recent = history(TEN, 6)
    recent = recent[recent["month"] >= months_before(6)[3]]
    assert judged(recent, history(TEN, 6)) is None


def test_a_month_that_is_gone_between_delivered_ones_is_named():
    rows = history(TEN, 6)
    gone = rows[~rows["month"].isin(["2024-02-01", "2024-03-01"])]
    finding = judged(gone, rows)
    assert finding.message == (
        "2024-02 (10 SKUs, -1,000 units), 2024-03 (10 SKUs, -1,000 units) have no row in today's delivery, while "
        "months before and after have: deliver the missing file of sell_in. Stored months keep their rows"
    )
    assert finding.is_warning
    assert len(finding.rows) == 20


def test_a_month_that_never_had_units_is_not_gone():
    rows = history(TEN, 6)
    nothing = rows.assign(units=rows["units"].where(rows["month"] != "2024-03-01", 0.0))
    assert judged(nothing[nothing["month"] != "2024-03-01"], nothing) is None


def test_a_month_is_gone_beside_another_that_changed():
    rows = changed("2024-02-01", "R03", 250.0)
    finding = judged(rows[rows["month"] != "2024-04-01"], history(TEN, 6))
    assert "2024-04 (10 SKUs, -1,000 units) have no row" in finding.message
    assert "2024-02 (1 SKUs, +150 units) differ from what is stored" in finding.message


@pytest.mark.parametrize(("factor", "named"), [(1 / 1000, "1/1,000"), (12.0, "x 12"), (1 / 3, "1/3")])
def test_a_whole_history_at_another_scale_blocks(factor, named):
    rows = history(TEN, 6)
    finding = judged(rows.assign(units=rows["units"] * factor), rows)
    assert not finding.is_warning
    assert f"The history is {named} of what it was" in finding.message


def test_thousands_points_in_the_large_cells_alone_are_found():
    stored = history({f"L{n}": 1250.0 for n in range(4)} | {f"S{n}": 950.0 for n in range(6)}, 6)
    delivered = stored.assign(units=stored["units"].mask(stored["units"] > 1000, 1.25))
    assert not judged(delivered, stored).is_warning


def test_a_fifth_more_in_every_cell_is_a_restatement_and_no_scale():
    rows = history(TEN, 6)
    assert judged(rows.assign(units=rows["units"] * 1.2), rows).is_warning


@pytest.mark.parametrize(("count", "more"), [(6, ") differ"), (7, " and 1 more months differ")])
def test_six_months_are_named_and_the_others_counted(count, more):
    rows = history(TEN, 8)
    is_cell = (rows["sku"] == "R00") & rows["month"].isin(months_before(8)[:count])
    message = judged(rows.assign(units=rows["units"].mask(is_cell, 120.0)), rows).message
    assert message.partition(";")[0].count("(1 SKUs, +20 units)") == 6
    assert f"{more} from what is stored" in message


def test_the_three_largest_changes_are_named():
    rows = history(TEN, 6)
    now = {"R02": 130.0, "R03": 5.0, "R04": 190.0, "R05": 1334.5}
    is_march = rows["month"] == "2024-03-01"
    finding = judged(rows.assign(units=rows["sku"].map(now).where(is_march).fillna(rows["units"])), rows)
    assert finding.message.startswith(
        "2024-03 (4 SKUs, +1,260 units) differ from what is stored; SKU R05 in 2024-03: 100 before, 1,334.5 now; "
        "SKU R03 in 2024-03: 100 before, 5 now; SKU R04 in 2024-03: 100 before, 190 now. Stored months"
    )
    assert finding.rows["sku"].tolist() == list(now)


@pytest.mark.parametrize(
    ("stored", "delivered", "is_found"),
    [(0.0, 5e-7, False), (0.0, 1.5e-6, True), (1e6, 1e6 + 0.9, False), (1e6, 1e6 + 1.1, True)],
)
def test_a_millionth_is_rounding_and_no_change(stored, delivered, is_found):
    march = pd.Timestamp("2024-03-01")
    before = pd.concat([history(TEN, 6), month_of({"X": stored}, march)])
    assert (judged(pd.concat([history(TEN, 6), month_of({"X": delivered}, march)]), before) is not None) is is_found


def test_a_change_of_less_than_a_thousand_units_has_its_decimals():
    assert "2024-02 (1 SKUs, +0.25 units)" in judged(changed("2024-02-01", "R03", 100.25), history(TEN, 6)).message


def test_a_month_known_later_or_of_null_units_is_not_compared():
    later = month_of({"R00": 7.0}, months_before(6)[0], known_month=JUNE + pd.DateOffset(months=1))
    nothing = month_of({"R00": float("nan")}, months_before(7)[0])
    assert judged(pd.concat([history(TEN, 6), later, nothing]), history(TEN, 7)) is None
    assert judged(later, history(TEN, 6)) is None


MAY, APRIL, FEBRUARY, JANUARY = (pd.Timestamp(f"2024-{month:02d}-01") for month in (5, 4, 2, 1))


def test_a_month_that_comes_again_with_later_rows_alone_is_compared_from_them_on():
    """February's own rows are delivered no more; in May all came again. April is of the delivery's first month."""
    delivered = pd.concat(
        [month_of({"A": 90.0, "B": 100.0}, FEBRUARY, known_month=MAY), month_of({"A": 100.0}, MAY)], ignore_index=True
    )
    stored = pd.concat([month_of({"A": 100.0, "B": 100.0}, FEBRUARY), month_of({"A": 100.0}, MAY)], ignore_index=True)
    message = judged(delivered, stored).message
    assert message.startswith(
        "2024-02 (1 SKUs, -10 units) differ from what is stored; SKU A in 2024-02: 100 before, 90 now. Stored months"
    )
    assert "--from 2024-05 --to 2024-05" in message


@pytest.mark.parametrize("known", [APRIL, JUNE])
def test_what_is_delivered_and_stored_is_compared_although_no_row_of_both_is_known_at_once(known):
    """Both have a row of February, and a row that became known in February, but not the same one."""
    delivered = pd.concat(
        [month_of({"A": 9.0}, FEBRUARY, known_month=known), month_of({"B": 5.0}, JANUARY, known_month=FEBRUARY)]
    )
    message = judged(delivered, month_of({"A": 7.0}, FEBRUARY)).message
    assert "SKU A in 2024-02: 7 before, 9 now" in message
    assert "SKU B" not in message


def test_a_restatement_that_is_no_longer_delivered_is_a_change_back():
    own, again = month_of({"A": 100.0}, FEBRUARY), month_of({"A": 70.0}, FEBRUARY, known_month=APRIL)
    message = judged(own, pd.concat([own, again], ignore_index=True)).message
    assert "SKU A in 2024-02: 70 before, 100 now" in message
    assert "--from 2024-04 --to 2024-04" in message


def test_a_month_of_which_single_rows_are_restated_lacks_no_other_sku():
    """February is delivered as one row that is known in June: the other SKUs keep what is stored."""
    stored = month_of({"A": 100.0, "B": 100.0}, FEBRUARY)
    again = month_of({"A": 70.0}, FEBRUARY, known_month=JUNE)
    message = judged(again, stored).message
    assert message.startswith("2024-02 (1 SKUs, -30 units) are restated from 2024-06 on; SKU A")
    assert "SKU B" not in message


def test_of_months_before_the_first_stored_one_only_restatements_are_stored_and_none_is_compared():
    stored = pd.concat([month_of({"A": 70.0}, JANUARY, known_month=FEBRUARY), month_of({"A": 100.0}, FEBRUARY)])
    delivered = pd.concat([month_of({"A": 60.0, "B": 60.0}, JANUARY), month_of({"A": 100.0}, FEBRUARY)])
    assert judged(delivered, stored) is None
