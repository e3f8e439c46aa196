"""Asking Dremio: a statement in, a stream of record batches out. Timeouts, second attempts and second logins are here.

Not here: what is asked (dremio_engine.py, dremio_tables.py), and longer waits, which belong to the step that fails
(defs/retries.py): a result that breaks off in the middle raises an error that counts as transient.
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

# A coordinator that is busy or a connection that was dropped: seconds before the second and the third attempt.
WAITS_SECONDS = (0.5, 2.0)


class DremioClient:
    """Dremio as this process sees it; connects when first asked. One thread at a time.

    Args:
        settings: Where Dremio is.
        session: A session of it; by default one that fetches its secrets when it connects.
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
        """The result of a statement, to be read or closed.

        Until the result begins, a connection that fails is tried again and an expired login renewed once.

        Raises:
            DremioUnavailable: If Dremio does not answer; transient.
            DremioError: If it refuses login, certificate or statement; ``DremioTableMissing`` where there is no table.
        """
        return self._asked(lambda: ResultStream(lambda: self._readers(sql), self._explained))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a small result."""
        with self.stream(sql) as stream:
            return [row for batch in stream for row in batch.to_pylist()]

    def frame(self, sql: str) -> pd.DataFrame:
        """The result as a frame, dates as ``datetime64``, decimals as floats.

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
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
        return frame

    def _readers(self, sql: str) -> Iterator[flight.FlightStreamReader]:
        client, options = self._session.client(), self._options()
        descriptor = flight.FlightDescriptor.for_command(sql.encode())
        for endpoint in client.get_flight_info(descriptor, options).endpoints:
            yield client.do_get(endpoint.ticket, options)

    def _options(self) -> flight.FlightCallOptions:
        return self._session.options(self.settings.query_seconds)

    def _asked(self, ask: Callable[[], ResultStream]) -> ResultStream:
        """The answer, after a few attempts where there is no connection and one more login where it has expired."""
        waits, may_log_in = list(WAITS_SECONDS), True
        while True:
            try:
                answer = ask()
            except flight.FlightUnavailableError as error:
                failed = self._explained(error)
                self._session.forget()
                if not waits or not isinstance(failed, ConnectionError):
                    raise failed from None
                self._sleep(waits.pop(0) * random.uniform(0.8, 1.2))
            except flight.FlightUnauthenticatedError as error:
                failed = self._explained(error)
                may_log_in, again = False, may_log_in and self._session.may_have_expired
                self._session.refused()
                if not again:
                    raise failed from None
            except FLIGHT_ERRORS as error:
                raise self._explained(error) from None
            else:
                self._session.confirm()
                return answer

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.settings, self._session.secrets, by_token=self._session.by_token)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts as codes, decimals as floats: Dremio takes a number like 0.0 in SQL for a decimal."""
    columns = []
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.dictionary_encode()
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
