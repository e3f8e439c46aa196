"""Records of the outbox: written once, read by people too, and errors that name the file."""

import pytest

from forecast_assets.alerts.records import Records, UnreadableRecord


@pytest.fixture
def records(store):
    return Records(store, "events")


def test_a_record_is_written_once_and_its_first_content_stays(records):
    assert records.create("a/1.json", {"name": "Müller"})
    assert not records.create("a/1.json", {"name": "Meier"})
    assert records.read("a/1.json") == {"name": "Müller"}
    assert records.create("a/mark.told")
    assert records.read("a/mark.told") == {}
    assert records.names() == {"a/1.json", "a/mark.told"}


def test_people_can_read_the_names_in_a_file(records, store):
    records.create("1.json", {"name": "Müller"})
    assert "Müller" in store.files.read(records.path("1.json")).decode()


def test_a_file_that_is_still_being_written_is_no_record(records, store):
    for name in ("whole.json", "half.json.tmp"):
        store.files.create(records.path(name), b"{}")
    assert records.names() == {"whole.json"}


@pytest.mark.parametrize(("content", "why"), [(b"[1]", "it holds no record"), (b"{", "Expecting property name")])
def test_a_file_that_holds_no_record_is_an_error_with_its_path(records, store, content, why):
    store.files.create(records.path("bad.json"), content)
    records.create("good.json", {"at": 1})
    with pytest.raises(UnreadableRecord, match=why) as caught:
        records.read("bad.json")
    assert records.path("bad.json") in str(caught.value)
    good, bad, missing = records.read_all(["good.json", "bad.json", "missing.json"])
    assert good == {"at": 1}
    assert isinstance(bad, UnreadableRecord)
    assert isinstance(missing, UnreadableRecord)
    assert "missing.json cannot be read" in str(missing)
