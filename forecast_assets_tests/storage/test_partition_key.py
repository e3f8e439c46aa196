import pandas as pd
import pytest

from forecast_assets.storage import MissingPartition, PartitionKey

JANUARY = pd.Timestamp("2024-01-01")


@pytest.mark.parametrize(
    ("text", "partition", "folder"),
    [
        ("FR|2024-01-01", PartitionKey(JANUARY, "FR"), "country=FR/month=2024-01-01"),
        ("NA|2024-01-01", PartitionKey(JANUARY, "NA"), "country=NA/month=2024-01-01"),
        ("2024-01-01", PartitionKey(JANUARY), "month=2024-01-01"),
    ],
)
def test_a_key_has_one_form_for_dagster_and_one_for_the_folder(text, partition, folder):
    assert PartitionKey.from_dagster(text) == partition
    assert partition.to_dagster() == text
    assert partition.folder == folder
    assert PartitionKey.from_folder(folder) == partition


@pytest.mark.parametrize("text", ["FR", "2024-01", "FR|DE|2024-01-01", "", "FR|2024-13-01"])
def test_a_text_that_is_no_key_is_rejected(text):
    with pytest.raises(ValueError, match="2024"):
        PartitionKey.from_dagster(text)


@pytest.mark.parametrize("month", ["2024-01-02", "2024-01-01 00:01", pd.Timestamp("2024-01-01", tz="UTC")])
def test_a_month_that_is_no_first_of_month_is_rejected(month):
    with pytest.raises(ValueError, match="first of month"):
        PartitionKey(month, "FR")


@pytest.mark.parametrize("country", ["../x", "fr", "A", "country=FR", "F R"])
def test_a_market_code_that_is_no_folder_name_is_rejected(country):
    with pytest.raises(ValueError, match="market code"):
        PartitionKey(JANUARY, country)


def test_missing_partitions_are_named_by_market_and_as_ranges_of_months():
    months = [*pd.date_range("2023-11-01", "2024-02-01", freq="MS"), pd.Timestamp("2024-05-01")]
    missing = [PartitionKey(month, "FR") for month in reversed(months)] + [PartitionKey(JANUARY, "NO")]
    message = str(MissingPartition("sell_in", missing))
    assert "sell_in has no partitions FR: 2023-11 to 2024-02 (4 months), 2024-05; NO: 2024-01." in message
    assert message.endswith("Materialize sell_in for these first.")
