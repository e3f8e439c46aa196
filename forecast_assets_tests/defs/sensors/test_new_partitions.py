"""New partitions in any number: every market is found once, none is passed over between two calls."""

from types import SimpleNamespace

import pytest

from forecast_assets.defs.sensors import new_partitions as reading
from forecast_assets.defs.sensors.new_partitions import new_partitions


class Events:
    """Materializations with ids from 1 on, read in batches as an instance gives them."""

    def __init__(self, *partitions):
        self.records = [
            SimpleNamespace(partition_key=key, run_id=f"run {number}", storage_id=number)
            for number, key in enumerate(partitions, start=1)
        ]
        self.asked: list[int | None] = []

    def fetch_materializations(self, records_filter, limit, ascending):
        assert ascending
        self.asked.append(records_filter.after_storage_id)
        after = [each for each in self.records if each.storage_id > (records_filter.after_storage_id or 0)]
        return SimpleNamespace(records=after[:limit], has_more=len(after) > limit)


def markets(count):
    return [f"M{number:02d}|2024-06-01" for number in range(count)]


def test_each_market_has_its_last_run_and_the_cursor_is_behind_the_last_event():
    events = Events("FR|2024-06-01", "DE|2024-06-01", "FR|2024-07-01")
    result = new_partitions(events, "performance", None)
    assert events.asked == [None]
    assert result.run_by_country == {"FR": "run 3", "DE": "run 2"}
    assert (result.cursor, result.is_all) == ("3", True)


def test_from_a_cursor_on_only_later_events_are_read():
    result = new_partitions(Events(*markets(3)), "performance", "2")
    assert result.run_by_country == {"M02": "run 3"}
    nothing = new_partitions(Events(*markets(3)), "performance", "3")
    assert (nothing.run_by_country, nothing.cursor, nothing.is_all) == ({}, "3", True)
    assert new_partitions(Events(), "performance", None).cursor is None


def test_the_twenty_first_market_waits_for_the_next_call_but_not_another_event_of_the_twenty():
    twice = Events(*markets(20), *markets(20))
    assert new_partitions(twice, "performance", None).is_all
    events = Events(*markets(20), *markets(22))
    result = new_partitions(events, "performance", None)
    assert (len(result.run_by_country), result.cursor, result.is_all) == (20, "40", False)
    rest = new_partitions(events, "performance", result.cursor)
    assert (list(rest.run_by_country), rest.is_all) == (["M20", "M21"], True)


def test_events_without_a_market_are_passed_over():
    result = new_partitions(Events(None, "2024-06-01", "FR|2024-06-01", None), "performance", None)
    assert (result.run_by_country, result.cursor) == ({"FR": "run 3"}, "4")


@pytest.mark.parametrize(("most", "market_count", "is_all"), [(6, 6, True), (4, 4, False), (5, 6, True)])
def test_batches_are_read_until_the_end_or_the_most_of_a_call(monkeypatch, most, market_count, is_all):
    monkeypatch.setattr(reading, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(reading, "MOST_EVENTS", most)
    events = Events(*markets(6))
    result = new_partitions(events, "performance", None)
    assert (len(result.run_by_country), result.is_all) == (market_count, is_all)
    assert events.asked == [None, 2, 4][: (market_count + 1) // 2]
