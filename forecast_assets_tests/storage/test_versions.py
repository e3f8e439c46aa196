"""Names of versions, writes that repeat one, and the chain of published versions, by hand."""

import dataclasses
import itertools

import pytest

from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.provenance import StoredProvenance
from forecast_assets.storage.versions import is_same_write, list_versions, read_pruned, version_names


def test_a_run_numbers_its_further_versions_from_two_on():
    names = list(itertools.islice(version_names("run-a", ".parquet"), 3))
    assert names == ["run-a.parquet", "run-a-2.parquet", "run-a-3.parquet"]
    assert next(version_names("a1._-")) == "a1._-"


@pytest.mark.parametrize("run_id", ["", "-a", ".a", "a/b", "a b", "a\n"])
def test_a_run_id_that_is_no_file_name_is_rejected(run_id):
    with pytest.raises(ValueError, match="a run id becomes a file name"):
        next(version_names(run_id))


WRITTEN = StoredProvenance(
    "run", "dev-2024-01", "sha", {"sell_in": {"FR|2024-01-01": "x"}}, schema_version=1, content_hash="h"
)


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ({}, True), ({"git_sha": "other", "version": "run-2"}, True), ({"content_hash": "g"}, False),
        ({"schema_version": 2}, False), ({"inputs": {}}, False), ({"cycle_id": "dev-2024-01.r2"}, False),
    ],
)  # fmt: skip
def test_a_write_with_the_same_content_inputs_and_cycle_is_the_same(changed, is_same):
    assert is_same_write(WRITTEN, dataclasses.replace(WRITTEN, **changed)) is is_same


def stored(*versions: tuple[str, str | None]) -> dict[str, StoredProvenance]:
    """Versions with the one that each replaced, written one after the other; listed the latest first."""
    written = [
        (f"/v/{name}", StoredProvenance(name, "dev", "sha", version=name, previous_version=before, written_at=f"{at}"))
        for at, (name, before) in enumerate(versions)
    ]
    return dict(reversed(written))


def listed(*arguments, **options) -> dict[str, str]:
    """Return by version: P published now, p published before, w withdrawn, o never published."""
    versions = list_versions(*arguments, **options)
    letters = {}
    for each in versions:
        letters[each.name] = "P" if each.is_published else "p" if each.was_published else "o"
        letters[each.name] += "w" if each.is_withdrawn else ""
        assert each.path == f"/v/{each.name}"
    return letters


def test_the_chain_of_replaced_versions_was_published_and_others_are_orphans():
    versions = stored(("a", None), ("b", "a"), ("killed", "b"), ("c", "b"))
    assert listed(versions, "c") == {"a": "p", "b": "p", "killed": "o", "c": "P"}
    assert list(listed(versions, "c")) == ["a", "b", "killed", "c"]
    assert listed(versions, None) == dict.fromkeys(["a", "b", "killed", "c"], "o")


def test_the_chain_goes_on_over_removed_versions_and_ends_where_nothing_is_known():
    versions = stored(("a", None), ("c", "b"))
    assert listed(versions, "c", {"b": "a"}) == {"a": "p", "c": "P"}
    assert listed(versions, "c", {"b": None}) == {"a": "o", "c": "P"}
    assert listed(versions, "c") == {"a": "o", "c": "P"}


def test_withdrawn_versions_end_chains_of_their_own():
    versions = stored(("a", None), ("b", "a"), ("c", None), ("d", "c"))
    assert listed(versions, "d", withdrawn=["b"]) == {"a": "p", "b": "pw", "c": "p", "d": "P"}
    assert listed(versions, None, withdrawn=["b"]) == {"a": "p", "b": "pw", "c": "o", "d": "o"}


def test_a_circle_of_versions_ends():
    assert listed(stored(("a", "b"), ("b", "a")), "b") == {"a": "p", "b": "P"}


def test_notes_of_removed_versions_are_read():
    assert read_pruned(None, "p") == {}
    assert read_pruned(b'{"a": {"previous_version": null}}', "p") == {"a": {"previous_version": None}}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"])
def test_notes_that_cannot_be_read_are_named(content):
    with pytest.raises(DamagedFile, match="move the file away"):
        read_pruned(content, "p")
