"""Each fault changes exactly what it says: one market, the last month, nothing else."""

import pandas as pd
import pytest

from forecast_assets.sample import FAULTS

SELL_IN, SELL_OUT = "sell_in/DE_2023-06.parquet", "sell_out/DE_2023-06.parquet"


def difference(clean, spoilt):
    """Names of files that are gone, and of files with other bytes; no fault adds a landing file."""
    before, after = clean.files(), spoilt.files()
    assert set(after) <= set(before)
    return set(before) - set(after), {name for name in after if after[name] != before[name]}


@pytest.fixture(scope="session")
def last_month(clean):
    return pd.read_parquet(clean.landing / SELL_IN)


@pytest.fixture(scope="session")
def spoilt(write_company):
    """The sell-in of the last month after a fault that leaves its file in place."""
    written = {}

    def spoil(fault):
        if fault not in written:
            written[fault] = write_company(faults=[fault])
        return written[fault], pd.read_parquet(written[fault].landing / SELL_IN)

    return spoil


@pytest.mark.parametrize("fault", ["duplicate_rows", "wrong_type", "negative_spike", "unknown_sku"])
def test_a_content_fault_touches_the_last_sell_in_file_of_the_second_market_only(clean, spoilt, fault):
    assert difference(clean, spoilt(fault)[0]) == (set(), {SELL_IN})
    assert spoilt(fault)[0].summary.faults == (f"{fault}:DE",)


def test_duplicate_rows_repeats_rows_that_are_there(spoilt, last_month):
    rows = spoilt("duplicate_rows")[1]
    assert len(rows) == len(last_month) + min(20, len(last_month))
    pd.testing.assert_frame_equal(rows.drop_duplicates(ignore_index=True), last_month)


def test_wrong_type_makes_units_text_with_three_values_that_are_no_number(spoilt, last_month):
    rows = spoilt("wrong_type")[1]
    numbers = pd.to_numeric(rows["units"], errors="coerce")
    assert rows["units"].map(type).eq(str).all()
    assert list(rows["units"][numbers.isna()]) == ["n/a"] * 3
    assert numbers.dropna().tolist() == last_month["units"][numbers.notna()].tolist()


def test_negative_spike_is_one_sku_of_minus_a_million(spoilt, last_month):
    changed = spoilt("negative_spike")[1].compare(last_month)
    assert changed[("units", "self")].tolist() == [-1_000_000.0]
    assert list(changed.columns.get_level_values(0).unique()) == ["units"]


def test_unknown_sku_adds_rows_of_skus_that_products_does_not_have(clean, spoilt, last_month):
    rows = spoilt("unknown_sku")[1]
    pd.testing.assert_frame_equal(rows.head(len(last_month)), last_month)
    extra = rows.iloc[len(last_month) :]
    assert len(extra) == 3
    assert not set(extra["sku"]) & set(clean.read("products")["sku"])


def test_missing_file_takes_the_sell_in_file_away(clean, write_company):
    assert difference(clean, write_company(faults=["missing_file"])) == ({SELL_IN}, set())


def test_late_month_holds_both_files_back_so_that_they_can_be_delivered_later(clean, write_company):
    company = write_company(faults=["late_month"])
    assert difference(clean, company) == ({SELL_IN, SELL_OUT}, set())
    assert company.summary.late == company.late.resolve()
    for name in (SELL_IN, SELL_OUT):
        assert (company.late / name).read_bytes() == clean.files()[name]


def test_a_code_chooses_the_market_and_faults_may_be_combined(clean, write_company):
    company = write_company(faults=["late_month:FR", "negative_spike"])
    gone, changed = difference(clean, company)
    assert gone == {"sell_in/FR_2023-06.parquet", "sell_out/FR_2023-06.parquet"}
    assert changed == {SELL_IN}


def test_a_fault_does_not_change_the_truth(clean, write_company):
    spoilt_truth = write_company(faults=["negative_spike"]).truth / "sell_in/DE.parquet"
    assert spoilt_truth.read_bytes() == (clean.truth / "sell_in/DE.parquet").read_bytes()


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["no_such"], "known: duplicate_rows, missing_file"),
        (["late_month:XX"], "simulated: FR, DE"),
        (["missing_file", "negative_spike"], "removed by missing_file"),
    ],
)
def test_faults_that_cannot_be_applied_are_refused_before_anything_is_written(write_company, faults, message):
    with pytest.raises(ValueError, match=message):
        write_company(faults=faults)


def test_every_fault_is_described():
    assert list(FAULTS) == [
        "duplicate_rows",
        "missing_file",
        "wrong_type",
        "negative_spike",
        "unknown_sku",
        "late_month",
    ]
    assert all(len(text) > 20 for text in FAULTS.values())
