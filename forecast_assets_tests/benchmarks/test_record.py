"""The public record: nothing later than a month is delivered before its cycle, and figures are sums before ratios."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from benchmarks.record import commits, compared, page, published_files, scores, stage_landing, write_markets


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "landing" / "sell_in").mkdir(parents=True)
    (folder / "landing" / "products").mkdir()
    months = pd.date_range("2016-01-01", "2016-06-01", freq="MS")
    rows = pd.DataFrame({"country": "VIC", "sku": "R01", "month": months, "units": [10.0, 10, 10, 10, 20, 40]})
    rows.to_parquet(folder / "landing" / "sell_in" / "aus_retail.parquet")
    pd.DataFrame({"sku": ["R01"]}).to_parquet(folder / "landing" / "products" / "products.parquet")
    markets = {"markets": [{"code": "VIC", "since": "1982-04-01"}, {"code": "NT", "since": "2016-03-01"}]}
    (folder / "markets.yaml").write_text(yaml.safe_dump(markets))
    return folder


@pytest.fixture
def work(tmp_path):
    """One origin, April, whose forecasts of May and June are 25 and 30, and 10 and 40 by Holt-Winters."""
    folder = tmp_path / "work" / "store" / "published_forecasts" / "country=VIC" / "month=2016-04-01"
    folder.mkdir(parents=True)
    pd.DataFrame(
        {
            "sku": "R01", "origin_month": pd.Timestamp("2016-04-01"), "horizon_months": [1, 2, 3],
            "target_month": pd.date_range("2016-05-01", periods=3, freq="MS"),
            "forecast_units": [25.0, 30, 99], "baseline_units": [10.0, 40, 99],
        }
    ).to_parquet(folder / "published_forecasts.parquet")  # fmt: skip
    return tmp_path / "work"


def test_a_month_is_delivered_without_any_later_one(data, tmp_path):
    for month, months in (("2016-04", 3), ("2016-03", 2)):
        stage_landing(data / "landing", tmp_path / "landing", "2016-02", pd.Period(month))
        rows = pd.read_parquet(tmp_path / "landing" / "sell_in" / "aus_retail.parquet")
        assert (len(rows), f"{rows['month'].max():%Y-%m}") == (months, month)


def test_history_begins_with_the_later_of_market_and_record(data, tmp_path):
    write_markets(data / "markets.yaml", tmp_path / "markets.yaml", "2016-02")
    content = yaml.safe_load((tmp_path / "markets.yaml").read_text())
    assert [str(each["since"]) for each in content["markets"]] == ["2016-02-01", "2016-03-01"]


def test_a_published_number_is_compared_if_its_month_has_a_turnover(data, work):
    cells = compared(data, work / "store")
    assert cells["actual_units"].tolist() == [20.0, 40.0]
    assert published_files(work / "store", pd.Period("2016-04"))
    assert not published_files(work / "store", pd.Period("2016-05"))


def test_an_origin_of_which_a_market_is_missing_is_left_out(data, work):
    store = work / "store" / "published_forecasts"
    for country, months in (("VIC", ["2016-05"]), ("NSW", ["2016-04"])):
        for month in months:
            folder = store / f"country={country}" / f"month={month}-01"
            folder.mkdir(parents=True)
            pd.DataFrame(
                {
                    "sku": ["R01"], "origin_month": pd.Timestamp(f"{month}-01"), "horizon_months": 1,
                    "target_month": pd.Timestamp("2016-06-01"), "forecast_units": 1.0, "baseline_units": 1.0,
                }
            ).to_parquet(folder / "published_forecasts.parquet")  # fmt: skip
    assert {f"{month:%Y-%m}" for month in compared(data, work / "store")["origin_month"]} == {"2016-04"}


def test_figures_by_lag_are_those_of_the_hand(data, work):
    rows = {(row["market"], row["lags"]): row for row in scores(compared(data, work / "store"), "industry")}
    assert set(rows) == {("all", "1"), ("all", "2 to 3"), ("VIC", "1"), ("VIC", "2 to 3")}
    first, second = rows["VIC", "1"], rows["VIC", "2 to 3"]
    assert (first["WAPE published"], first["bias published"]) == (0.25, 0.25)
    assert (first["WAPE Holt-Winters"], first["bias Holt-Winters"]) == (0.5, -0.5)
    assert (second["WAPE published"], second["bias published"], second["WAPE Holt-Winters"]) == (0.25, -0.25, 0.0)


def test_the_page_states_how_short_the_record_is(data, work):
    text = page(data, work, "2016-02")
    assert "**1 origins**, 2016-04 to 2016-04" in text
    assert "| VIC | 1 | 1 | 25.0 % | +25.0 % | 50.0 % | -50.0 % |" in text
    assert "Fewer than 24 origins" in text


def test_the_commit_of_each_origin_is_that_of_its_file(tmp_path):
    for month, commit in (("2016-04", "a"), ("2016-05", "a"), ("2016-06", "b")):
        folder = tmp_path / "published_forecasts" / "country=VIC" / f"month={month}-01"
        folder.mkdir(parents=True)
        stored = {"forecast_assets.provenance": json.dumps({"git_sha": commit * 40})}
        pq.write_table(pa.table({"x": [1]}).replace_schema_metadata(stored), folder / "published_forecasts.parquet")
    months = {commit: [str(month) for month in own] for commit, own in commits(tmp_path).items()}
    assert months == {"a" * 12: ["2016-04", "2016-05"], "b" * 12: ["2016-06"]}
