"""The requested month before anything runs: misspelt, or closed; by deliveries and stored months of few rows."""

import pandas as pd
import pytest

from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.operations.cycle.requested_month import (
    MonthNotPlausible,
    closed_months,
    require_plausible_month,
)
from forecast_assets.storage import TableSpec, TableStore
from forecast_assets_tests.repository_settings import loaded
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in

PUBLISHED = TableSpec("published_forecasts", ("sku",), SELL_IN.arrow_schema)


@pytest.fixture
def request_of(tmp_path):
    """Return a function that asks for a month: deliveries by file, stored sell-in by partition."""
    folder = tmp_path / "landing" / "sell_in"
    folder.mkdir(parents=True)
    settings = loaded(FORECAST_STORE=str(tmp_path / "store"), FORECAST_LANDING=str(tmp_path / "landing"))
    store = TableStore(settings.store.address)

    def ask(
        month: str, countries: list[str], *, delivered: dict[str, str | bytes], stored: tuple[str, ...] = ()
    ) -> None:
        for code, content in delivered.items():
            rows = f"country,sku,month,units\n{code[:2]},A,{content},1\n" if isinstance(content, str) else content
            (folder / f"{code}.csv").write_bytes(rows.encode() if isinstance(rows, str) else rows)
        for partition in stored:
            store.write(SELL_IN, key(f"{partition}-01"), sell_in(1.0), run())
        require_plausible_month(settings, store, CycleRequest(pd.Timestamp(month), 60), countries)

    return ask


@pytest.mark.parametrize("month", ["2024-06", "2024-07"])
def test_a_month_with_sell_in_or_after_one_may_run(request_of, month):
    request_of(month, ["FR"], delivered={"FR": "2024-06"})


@pytest.mark.parametrize("month", ["2024-05", "2024-08", "2042-06"])
def test_a_month_without_sell_in_of_it_and_of_the_month_before_is_refused(request_of, month):
    with pytest.raises(MonthNotPlausible, match=rf"{month}: .* the last month with sell-in is 2024-06 \(FR\)"):
        request_of(month, ["FR"], delivered={"FR": "2024-06"})


def test_one_market_with_data_near_the_month_is_enough_and_the_latest_is_named(request_of):
    request_of("2024-07", ["FR", "DE"], delivered={"FR": "2024-03", "DE": "2024-06"})
    with pytest.raises(MonthNotPlausible, match=r"nor of 2024-11; the last month with sell-in is 2024-06 \(DE\)"):
        request_of("2024-12", ["FR", "DE"], delivered={})


def test_stored_months_of_the_markets_count_as_deliveries_do(request_of):
    request_of("2024-10", ["FR"], delivered={"FR": "2024-03"}, stored=("FR|2024-09", "DE|2024-12"))
    request_of("2024-09", ["FR"], delivered={})
    with pytest.raises(MonthNotPlausible, match=r"the last month with sell-in is 2024-09 \(FR\)"):
        request_of("2024-12", ["FR"], delivered={})
    # What DE has stored counts for DE.
    request_of("2024-12", ["FR", "DE"], delivered={"DE": "2024-03"})


def test_a_market_without_readable_data_does_not_decide(request_of):
    request_of("2042-06", ["FR", "DE"], delivered={"FR": "2024-06"})
    request_of("2042-06", ["DE", "FR"], delivered={})
    with pytest.raises(MonthNotPlausible):
        request_of("2042-06", ["FR"], delivered={})
    # A file that cannot be read may hold the month, of the market in its name alone.
    request_of("2042-06", ["DE"], delivered={"DE": "2024-06", "DE_more": b"\xff\xfe\x00"})
    with pytest.raises(MonthNotPlausible):
        request_of("2042-06", ["FR"], delivered={})


def test_a_month_is_closed_for_the_markets_that_have_published_a_later_one(tmp_path):
    store = TableStore(str(tmp_path))
    months = {"FR": (5, 6, 8), "DE": (5, 6), "NO": (5, 8)}
    for code, published in months.items():
        for month in published:
            store.write(PUBLISHED, key(f"{code}|2024-0{month}-01"), sell_in(1.0), run(f"run-{month}"))
    closed = closed_months(store, CycleRequest(pd.Timestamp("2024-06-01"), 60), ["FR", "DE", "NO"])
    assert list(closed) == ["FR"]
    assert (closed["FR"].run_id, closed["FR"].later, closed["FR"].damage) == ("run-6", pd.Timestamp("2024-08-01"), "")
    assert "--country FR --from 2024-06 --to 2024-06 --include-frozen" in closed["FR"].in_words()
