"""Errors that are transient, and errors that are not."""

import errno
import sqlite3

import pyarrow.flight as flight
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError

from forecast_assets.sources.landing import LandingError
from forecast_assets.storage import MissingPartition, PartitionKey, PublishConflict
from forecast_assets.storage.transient_errors import is_transient


def http(status: int) -> HttpResponseError:
    error = HttpResponseError("answer")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(), TimeoutError(), PermissionError("the file is open elsewhere"),
        OSError(errno.ESTALE, "stale"), OSError(errno.EBUSY, "busy"), ServiceRequestError("no route"),
        *(http(status) for status in (408, 429, 500, 502, 503, 504)),
        sqlite3.OperationalError("database is locked"), flight.FlightUnavailableError("down"),
    ],
)  # fmt: skip
def test_network_busy_services_and_open_files_are_transient(error):
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("units"), FileNotFoundError(errno.ENOENT, "gone"), OSError(errno.ENOSPC, "disk full"), MemoryError(),
        *(http(status) for status in (400, 401, 403, 404, 409)), ResourceNotFoundError("container"),
        sqlite3.OperationalError("no such table"), LandingError("sell_in", "FR", []), PublishConflict("path"),
        MissingPartition("model", [PartitionKey("2024-06-01", "FR")]),
    ],
)  # fmt: skip
def test_bad_data_missing_partitions_and_defects_are_not_transient(error):
    assert not is_transient(error)


def test_an_error_is_transient_if_what_caused_it_is():
    error = ValueError("could not read")
    assert not is_transient(error)
    error.__cause__ = TimeoutError()
    assert is_transient(error)


def test_causes_that_go_in_a_circle_end():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert not is_transient(first)


def test_an_error_while_another_was_handled_is_transient_with_it_unless_it_hides_it():
    def failed(*, hides: bool) -> ValueError:
        try:
            try:
                raise TimeoutError
            except TimeoutError:
                if hides:
                    raise ValueError("no such row") from None
                raise ValueError("no such row")  # noqa: B904 - the context is what is tested
        except ValueError as error:
            return error

    assert is_transient(failed(hides=False))
    assert not is_transient(failed(hides=True))
