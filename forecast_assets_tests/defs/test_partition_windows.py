import dagster as dg
import pytest

from forecast_assets.defs.partition_windows import month_window, same_month, window


def test_mapping_and_metadata_have_the_same_offsets():
    declared = window("sell_in", -83, 0, columns=["sku"])
    months = declared.partition_mapping.downstream_mappings_by_upstream_dimension["month"].partition_mapping
    assert (months.start_offset, months.end_offset) == (-83, 0)
    assert declared.metadata == {"first_offset": -83, "last_offset": 0, "required": "last", "columns": ["sku"]}
    alone = month_window("demand_totals", -47, -1)
    assert (alone.partition_mapping.start_offset, alone.partition_mapping.end_offset) == (-47, -1)
    assert alone.metadata == {"first_offset": -47, "last_offset": -1, "required": "last"}


def test_the_same_month_has_no_offset_and_must_be_there():
    declared = same_month("demand_totals")
    assert declared.metadata == {"first_offset": 0, "last_offset": 0, "required": "last"}
    assert isinstance(declared.partition_mapping, dg.MultiToSingleDimensionPartitionMapping)


@pytest.mark.parametrize(("first", "last"), [(-3, 1), (0, -1), (1, 2)])
def test_a_window_that_reads_the_future_or_ends_before_it_starts_is_refused(first, last):
    for declare in (window, month_window):
        with pytest.raises(ValueError, match=f"sell_in .* got {first} to {last}"):
            declare("sell_in", first, last)


def test_what_to_do_about_missing_months_is_checked_where_it_is_declared():
    with pytest.raises(ValueError, match="required is one of"):
        window("sell_in", -1, 0, required="ignore")
