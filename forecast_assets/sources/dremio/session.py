"""A session with Dremio over Arrow Flight: certificate, login, bearer token, cookies.

A password is exchanged for a bearer token by the Basic handshake; a personal access token is the bearer token itself.
Dremio names the session in cookies, which every later call must bring along.
"""

from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path

from pyarrow import flight
from pydantic import SecretStr

from forecast_assets.config.dremio_settings import SECRETS, DremioSettings
from forecast_assets.config.secret_store import forget_secret, resolve_secret
from forecast_assets.sources.dremio.errors import FLIGHT_ERRORS, DremioError

# Each session has a client of its own. gRPC waits no longer for a dead connection than this process does.
CHANNEL_OPTIONS: list[tuple[str, int | str]] = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 500),
]


def _reason(client: flight.FlightClient, wait: flight.FlightCallOptions) -> Exception | None:
    """Return the reason why there is no connection: a call without a login reports it, a broken handshake does not."""
    try:
        list(client.list_flights(options=wait))
    except flight.FlightUnavailableError as error:
        return error
    except FLIGHT_ERRORS:
        return None
    return None


class Cookies(flight.ClientMiddlewareFactory):
    """Middleware that keeps the cookies of the server and sends them with every call."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def start_call(self, info: flight.CallInfo) -> flight.ClientMiddleware:
        """Return the middleware of one call."""
        return _CookiesOfACall(self.values)


class _CookiesOfACall(flight.ClientMiddleware):
    def __init__(self, values: dict[str, str]) -> None:
        super().__init__()
        self._values = values

    def sending_headers(self) -> dict[str, list[str] | list[bytes]]:
        text = "; ".join(f"{name}={value}" for name, value in self._values.items())
        return {"cookie": [text]} if text else {}

    def received_headers(self, headers: dict[str, list[str] | list[bytes]]) -> None:
        for name, lines in headers.items():
            for line in lines if name.lower() == "set-cookie" else []:
                self._values.update({key: morsel.value for key, morsel in SimpleCookie(_text(line)).items()})


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


class DremioSession:
    """One login. ``forget`` ends it: the next call logs in again.

    Args:
        settings: Address and login of Dremio.
        secret: Fetches a secret by name when a connection is made.
    """

    def __init__(self, settings: DremioSettings, secret: Callable[[str], SecretStr | None] = resolve_secret) -> None:
        self._settings, self._secret = settings, secret
        self._client: flight.FlightClient | None = None
        self._header: tuple[bytes, bytes] | None = None
        self._presented: list[str] = []
        self._worked = False
        self.by_token = False

    def __repr__(self) -> str:
        return f"DremioSession({self._settings.address})"

    @property
    def secrets(self) -> list[str]:
        """Texts that may be in no message: the secrets that were presented or received."""
        return [*self._presented, *([_text(self._header[1]).split(" ", 1)[-1]] if self._header else [])]

    def client(self) -> flight.FlightClient:
        """Return the client, logged in.

        Raises:
            DremioError: If neither password nor token is set.
            pyarrow.flight.FlightError: If the server cannot be reached or rejects the login.
        """
        if self._client is None:
            client = self._connected()
            try:
                self._header = self._authenticated(client)
            except BaseException:
                client.close()
                raise
            self._client = client
        return self._client

    def options(self, seconds: float) -> flight.FlightCallOptions:
        """Return the options of a call with a timeout."""
        headers = [self._header] if self._header else []
        # pyarrow takes bytes; its stubs name texts.
        return flight.FlightCallOptions(timeout=seconds, headers=headers)  # type: ignore[arg-type]

    def confirm(self) -> None:
        """Record that the server accepted this login."""
        self._worked = True

    @property
    def may_have_expired(self) -> bool:
        """True if a rejected login may have expired: the password was accepted, or the token was before."""
        return self._client is not None and (self._worked or not self.by_token)

    def reject(self) -> None:
        """Drop the login and its secrets. The next login fetches them again, because they may have been renewed."""
        for name in SECRETS:
            forget_secret(name)
        self.forget()

    def forget(self) -> None:
        """Drop connection, bearer token and cookies."""
        if self._client is not None:
            self._client.close()
        self._client, self._header, self._worked = None, None, False

    def _connected(self) -> flight.FlightClient:
        settings = self._settings
        location = flight.Location.for_grpc_tls if settings.tls else flight.Location.for_grpc_tcp
        roots = Path(settings.ca_file).read_text(encoding="utf-8") if settings.tls and settings.ca_file else None
        return flight.FlightClient(
            location(settings.host, settings.port),
            tls_root_certs=roots,
            middleware=[Cookies()],
            generic_options=CHANNEL_OPTIONS,
        )

    def _authenticated(self, client: flight.FlightClient) -> tuple[bytes, bytes]:
        token, password = self._secret("DREMIO_TOKEN"), self._secret("DREMIO_PASSWORD")
        self.by_token = token is not None
        if token is not None:
            self._presented = [token.get_secret_value()]
            return b"authorization", f"Bearer {token.get_secret_value()}".encode()
        if password is None or not self._settings.user:
            raise DremioError(
                f"No login for Dremio at {self._settings.address}: set DREMIO_TOKEN, or DREMIO_USER and "
                "DREMIO_PASSWORD."
            )
        self._presented = [password.get_secret_value()]
        wait = flight.FlightCallOptions(timeout=self._settings.connect_seconds)
        try:
            name, value = client.authenticate_basic_token(self._settings.user, password.get_secret_value(), wait)
        except (flight.FlightUnauthenticatedError, flight.FlightUnavailableError, flight.FlightTimedOutError):
            raise
        except FLIGHT_ERRORS as error:
            raise _reason(client, wait) or error from None
        return _text(name).encode(), _text(value).encode()
