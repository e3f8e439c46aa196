"""A stand-in for Dremio: Arrow Flight with its logins and sessions, DuckDB behind, and faults to order.

What it takes from Dremio's documentation: the Basic handshake that answers with a bearer token, tokens as bearer,
a session cookie set by the first getFlightInfo and wanted by getStream, dates of 64 bits and validation errors. Its SQL
is read as Dremio's dialect: what Dremio's does not have is refused.
"""

import base64
import dataclasses
import re
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from pyarrow import flight

from forecast_assets_tests.integration.dremio_functions import foreign_to_dremio

PATIENCE_SECONDS = 30.0
BATCH_ROWS = 100_000
COOKIE = "UserSession"


@dataclasses.dataclass
class Faults:
    """Faults and their counts. ``slow_batches`` sends one row in a batch and waits between them."""

    unavailable: int = 0
    unavailable_logins: int = 0
    expire_tokens: int = 0
    hangs: int = 0
    breaks_off: int = 0
    slow_batches: bool = False
    refuses_everybody: str = ""


@dataclasses.dataclass
class Seen:
    """Record of the clients' calls."""

    logins: int = 0
    statements: list[str] = dataclasses.field(default_factory=list)
    sessions: set[str] = dataclasses.field(default_factory=set)
    new_sessions: int = 0
    batches_sent: int = 0
    cancelled: threading.Event = dataclasses.field(default_factory=threading.Event)
    reading: threading.Event = dataclasses.field(default_factory=threading.Event)


class NoHandshake(flight.ServerAuthHandler):
    """The login is in the headers; the handshake itself says nothing."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        pass

    def is_valid(self, token: bytes) -> bytes:
        return b""


class Login(flight.ServerMiddlewareFactory):
    """Turns Basic into a bearer token, and looks at the bearer token of every other call."""

    def __init__(self, users: dict[str, str], access_tokens: set[str], faults: Faults, seen: Seen) -> None:
        super().__init__()
        self.users, self.access_tokens, self.faults, self.seen = users, access_tokens, faults, seen
        self.bearer: set[str] = set()

    def start_call(self, info: flight.CallInfo, headers: dict[str, list[str]]) -> "LoggedIn":
        kind, _, value = next(iter(headers.get("authorization", [""]))).partition(" ")
        if kind == "Basic":
            return LoggedIn(token=self._log_in(value))
        if self.faults.expire_tokens and value in self.bearer:
            self.faults.expire_tokens -= 1
            self.bearer.discard(value)
        if kind != "Bearer" or value not in self.bearer | self.access_tokens:
            raise flight.FlightUnauthenticatedError(f"Unable to authenticate user with token {value}")
        given = next(iter(headers.get("cookie", [""])))
        cookies = dict(part.strip().split("=", 1) for part in given.split(";") if "=" in part)
        session = cookies.get(COOKIE, "")
        if session in self.seen.sessions:
            return LoggedIn(session=session)
        if info.method != flight.FlightMethod.GET_FLIGHT_INFO:
            raise flight.FlightUnauthenticatedError("no session")
        session = secrets.token_hex(8)
        self.seen.sessions.add(session)
        self.seen.new_sessions += 1
        return LoggedIn(session=session, is_new=True)

    def _log_in(self, value: str) -> str:
        if self.faults.unavailable_logins:
            self.faults.unavailable_logins -= 1
            raise flight.FlightUnavailableError("starting")
        user, _, password = base64.b64decode(value).decode().partition(":")
        self.seen.logins += 1
        if self.users.get(user) != password:
            raise flight.FlightUnauthenticatedError(f"Unable to authenticate user {user} with password {password}")
        token = secrets.token_hex(16)
        self.bearer.add(token)
        return token


class LoggedIn(flight.ServerMiddleware):
    def __init__(self, token: str = "", session: str = "", is_new: bool = False) -> None:
        super().__init__()
        self.token, self.session, self.is_new = token, session, is_new

    def sending_headers(self) -> dict[str, str]:
        if self.token:
            return {"authorization": f"Bearer {self.token}"}
        return {"set-cookie": f"{COOKIE}={self.session}; Path=/; HttpOnly"} if self.is_new else {}


class DremioStandIn(flight.FlightServerBase):
    """Serves a DuckDB catalog ``lake`` with the schema ``sales``.

    Args:
        users: Password by user.
        access_tokens: Personal access tokens.
        certificate: Certificate and key in PEM, for TLS.
    """

    def __init__(
        self,
        users: dict[str, str] | None = None,
        access_tokens: tuple[str, ...] = (),
        certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        self.faults, self.seen = Faults(), Seen()
        self._database = duckdb.connect()
        self._database.execute("ATTACH ':memory:' AS lake")
        self._database.execute("CREATE SCHEMA lake.sales")
        self._results: dict[str, tuple[pa.Schema, Iterator[pa.RecordBatch]]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        scheme = "grpc+tls" if certificate else "grpc"
        login = Login(users or {"planner": "s3cret-word"}, set(access_tokens), self.faults, self.seen)
        super().__init__(
            f"{scheme}://localhost:0",
            auth_handler=NoHandshake(),
            tls_certificates=[certificate] if certificate else None,
            middleware={"login": login},
        )

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.shutdown()
        self._results.clear()
        self._database.close()

    def execute(self, sql: str, **frames: Any) -> None:
        """Run a statement of DuckDB's in the database, over frames registered by name."""
        with self._lock:
            for name, frame in frames.items():
                self._database.register(name, frame)
            self._database.execute(sql)

    def put(self, source: str, frame: Any) -> None:
        """Make a source's table hold the rows of a frame."""
        self.execute(f"CREATE OR REPLACE TABLE lake.sales.{source} AS SELECT * FROM delivered", delivered=frame)

    def get_flight_info(
        self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor
    ) -> flight.FlightInfo:
        sql = descriptor.command.decode()
        self._maybe_fail(context)
        self.seen.statements.append(sql)
        schema, batches = self._run(self._for_duckdb(sql))
        ticket = secrets.token_hex(8)
        self._results[ticket] = schema, batches
        return flight.FlightInfo(schema, descriptor, [flight.FlightEndpoint(ticket.encode(), [])], -1, -1)

    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.FlightDataStream:
        schema, batches = self._results.pop(ticket.ticket.decode())
        return flight.GeneratorStream(schema, self._sent(context, batches))

    def _sent(self, context: flight.ServerCallContext, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if self.faults.breaks_off:
                self.faults.breaks_off -= 1
                raise flight.FlightUnavailableError("executor lost")
            rows = [batch.slice(row, 1) for row in range(len(batch))] if self.faults.slow_batches else [batch]
            for part in rows:
                self.seen.batches_sent += 1
                yield part
                if self.faults.slow_batches:
                    self.seen.reading.set()
                    if not self._waits(context, 0.2):
                        self.seen.cancelled.set()
                        return

    def _waits(self, context: flight.ServerCallContext, seconds: float) -> bool:
        """Return True if the client is still connected after so many seconds."""
        waited = 0.0
        while waited < seconds and not context.is_cancelled():
            self._stopping.wait(0.02)
            waited += 0.02
        return not context.is_cancelled() and not self._stopping.is_set()

    def _maybe_fail(self, context: flight.ServerCallContext) -> None:
        if self.faults.refuses_everybody:
            raise flight.FlightUnauthorizedError(self.faults.refuses_everybody)
        if self.faults.unavailable:
            self.faults.unavailable -= 1
            raise flight.FlightUnavailableError("coordinator is starting")
        if self.faults.hangs:
            self.faults.hangs -= 1
            self._waits(context, PATIENCE_SECONDS)

    def _for_duckdb(self, sql: str) -> str:
        if foreign := foreign_to_dremio(sql):
            raise pa.ArrowInvalid(f"VALIDATION ERROR: not understood: {', '.join(foreign)}")
        try:
            return sqlglot.transpile(
                sql, read="dremio", write="duckdb", identify=True, unsupported_level=sqlglot.ErrorLevel.RAISE
            )[0]
        except sqlglot.errors.SqlglotError as error:
            raise pa.ArrowInvalid(f"PARSE ERROR: {error}") from error

    def _run(self, sql: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        with self._lock:
            cursor = self._database.cursor()
        cursor.execute("SET threads = 1")
        try:
            reader = cursor.sql(sql).to_arrow_reader(BATCH_ROWS)
        except duckdb.CatalogException as error:
            raise pa.ArrowInvalid(f"VALIDATION ERROR: Object '{_name_in(error)}' not found within 'lake'") from error
        except duckdb.Error as error:
            message = (
                f"Column '{_name_in(error)}' not found in any table"
                if "Referenced column" in str(error)
                else str(error)
            )
            raise pa.ArrowInvalid(f"VALIDATION ERROR: {message.splitlines()[0]}") from error
        schema = pa.schema([pa.field(field.name, _as_dremio(field.type)) for field in reader.schema])
        return schema, (batch.cast(schema) for batch in reader)


def _name_in(error: duckdb.Error) -> str:
    match = re.search(r'(?:with name |column ")([\w.]+)', str(error))
    return match[1] if match else "?"


def _as_dremio(kind: pa.DataType) -> pa.DataType:
    """The Arrow type that Dremio sends: dates of 64 bits, plain strings, no integers under 32 bits, none unsigned."""
    if pa.types.is_date32(kind):
        return pa.date64()
    if pa.types.is_integer(kind) and kind not in (pa.int32(), pa.int64()):
        return pa.int32() if kind.bit_width < 32 else pa.int64()
    if pa.types.is_decimal(kind) and kind.precision - kind.scale > 30:
        return pa.float64()
    return pa.string() if pa.types.is_large_string(kind) or str(kind) == "string_view" else kind
