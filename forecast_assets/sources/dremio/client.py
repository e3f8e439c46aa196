"""Queries to Dremio: a statement in, a stream of record batches out, with timeouts, further attempts and second logins.

Not here: the statements (engine.py, tables.py), and longer waits, which belong to the step that fails
(defs/retries.py). An interrupted result raises an error that counts as transient.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import flight

from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.sources.dremio.errors import FLIGHT_ERRORS, explained
from forecast_assets.sources.dremio.session import DremioSession
from forecast_assets.sources.dremio.stream import ResultStream

# Seconds before the second and the third attempt after a busy coordinator or a dropped connection.
WAITS_SECONDS = (0.5, 2.0)


class DremioClient:
    """A client of Dremio that connects at its first query. One thread at a time.

    Args:
        settings: Address and login of Dremio.
        session: The session to use; by default one that fetches its secrets when it connects.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        settings: DremioSettings,
        session: DremioSession | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._session = session or DremioSession(settings)
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"DremioClient({self.settings.address})"

    def stream(self, sql: str) -> ResultStream:
        """Return the result of a statement, to be read or closed.

        Until the result begins, a connection that fails is tried again and an expired login renewed once.

        Raises:
            DremioUnavailable: If Dremio does not respond; transient.
            DremioError: If login, certificate or statement is rejected; ``DremioTableMissing`` without the table.
        """
        return self._attempt(lambda: ResultStream(lambda: self._readers(sql), self._explained))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a small result."""
        with self.stream(sql) as stream:
            return [row for batch in stream for row in batch.to_pylist()]

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the result as a frame, dates as ``datetime64``, decimals as floats.

        Texts are kept once each while the result arrives, so that memory grows by codes, not by texts.
        """
        with self.stream(sql) as stream:
            batches = [_compact(batch) for batch in stream]
            empty = _compact(pa.RecordBatch.from_pylist([], schema=stream.schema))
        table = pa.Table.from_batches(batches or [empty]).unify_dictionaries()
        texts = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
        del batches
        frame = table.to_pandas(date_as_object=False, split_blocks=True, self_destruct=True)
        del table
        for column in texts:
            cells = frame[column].astype(object)
            cells[cells.isna()] = None
            frame[column] = cells
        return frame

    def _readers(self, sql: str) -> Iterator[flight.FlightStreamReader]:
        client, options = self._session.client(), self._options()
        descriptor = flight.FlightDescriptor.for_command(sql.encode())
        for endpoint in client.get_flight_info(descriptor, options).endpoints:
            yield client.do_get(endpoint.ticket, options)

    def _options(self) -> flight.FlightCallOptions:
        return self._session.options(self.settings.query_seconds)

    def _attempt(self, query: Callable[[], ResultStream]) -> ResultStream:
        """Return the result, after further attempts without a connection and one more login if it has expired."""
        waits, may_log_in = list(WAITS_SECONDS), True
        while True:
            try:
                result = query()
            except flight.FlightUnavailableError as error:
                failed = self._explained(error)
                self._session.forget()
                if not waits or not isinstance(failed, ConnectionError):
                    raise failed from None
                self._sleep(waits.pop(0) * random.uniform(0.8, 1.2))
            except flight.FlightUnauthenticatedError as error:
                failed = self._explained(error)
                may_log_in, again = False, may_log_in and self._session.may_have_expired
                self._session.reject()
                if not again:
                    raise failed from None
            except FLIGHT_ERRORS as error:
                raise self._explained(error) from None
            else:
                self._session.confirm()
                return result

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.settings, self._session.secrets, by_token=self._session.by_token)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return texts as codes and decimals as floats: a number like 0.0 in SQL is a decimal in Dremio."""
    columns = []
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.dictionary_encode()
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
