"""Connection to MLflow: creation of the local store, short waits, one-line errors without passwords.

The record is in mlflow_record.py, and mlflow_tracking.py finds and writes the runs.
"""

import contextlib
import importlib.util
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from forecast_assets.config.azure_credential import NO_IDENTITY, azure_credential
from forecast_assets.config.secret_store import MASK, resolve_secret, without_secrets

# MLflow's own defaults (120 s, 7 retries) hold a run for minutes when a server is down. A missed record can be made up
# later, so a cycle must not wait for it. The operator's own values take precedence.
CLIENT_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    # The line it prints when a run ends holds the address with its password.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
CREDENTIALS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
# Scope of the token that azureml-mlflow requests.
AZURE_ML_SCOPE = "https://management.core.windows.net/.default"
CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 60
SQLITE_HEADER = b"SQLite format 3\0"
CAUSE_LENGTH = 300

# Name, sign and value of a secret in the query of an address or in a connection string; signs may be encoded.
SECRET_VALUE = re.compile(
    r"(?i)(password|passwd|pwd|passphrase|token|secret|sig|signature|key|credential|credentials|authorization)"
    r"(\s*(?:=|%3D|%253D)\s*(?:(?:bearer|basic)(?:\s|\+|%20|%2520)+)?)"
    r"(\{[^}]*\}|%7B.*?%7D|%257B.*?%257D|(?:(?!%3B|%26|%253B|%2526)[^&;\s'\"])+)"
)
MOST_DECODED = 3
# What stands in the place of a password where the user is a token.
NO_PASSWORD = ("", "x", "x-oauth-basic", "token")
_environment_lock = threading.RLock()


class TrackingUnavailable(Exception):
    """Error of MLflow, on one line without credentials; forecasts never depend on it."""


def mask_credentials(text: str, tracking_uri: str) -> str:
    """Return a text without user and password of any address in it, and without the secrets of ``tracking_uri``.

    Secrets of an address are its password and each value whose name says so, in connection strings inside it as well
    (``odbc_connect=...PWD%3D...``), as they are and encoded.
    """
    masked = re.sub(r"://\S*@", "://***@", text)
    masked = SECRET_VALUE.sub(rf"\1\2{MASK}", masked)
    known = [os.environ.get("MLFLOW_TRACKING_PASSWORD", ""), os.environ.get("MLFLOW_TRACKING_TOKEN", "")]
    return without_secrets(masked, [*known, *_secrets_of(tracking_uri)])


def _secrets_of(address: str) -> set[str]:
    """Return the secrets of an address, as written in it and decoded."""
    found: set[str] = set()
    rest = re.sub(r"^\w[\w+.\-]*://", "", address)
    # A password may hold an @, and so may a path: each may be the end of the login.
    for end in re.finditer("@", rest):
        user, _, password = rest[: end.start()].partition(":")
        found.add(user if password in NO_PASSWORD and "/" not in user else password)
    found |= {unquote(each) for each in found}
    text = address
    # An encoded connection string may itself hold encoded values.
    for _ in range(MOST_DECODED):
        found |= {match.group(3).strip("{}") for match in SECRET_VALUE.finditer(text)}
        text = unquote(text)
    return found - {"", MASK}


@contextlib.contextmanager
def tracking_errors(tracking_uri: str, action: str) -> Iterator[None]:
    """Turn every error of MLflow into a TrackingUnavailable, after the short waits of CLIENT_ENVIRONMENT.

    Args:
        tracking_uri: Address that the message names, without credentials.
        action: Action in progress, e.g. ``recording FR of dev-2024-06``.

    Raises:
        TrackingUnavailable: For any error inside; the message holds its type and its first line.
    """
    try:
        with _client_environment():
            yield
    except TrackingUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - stores, drivers and plugins share no base class; all mean "not recorded"
        address = mask_credentials(tracking_uri, tracking_uri)
        cause = _one_line(mask_credentials(str(error), tracking_uri))
        # "from None": Dagster shows the chain of causes, and those name the address with its password.
        raise TrackingUnavailable(
            f"MLflow at {address} failed while {action}: {type(error).__name__}: {cause}"
        ) from None


def _one_line(text: str) -> str:
    """Return the first line; a long one loses its middle, because libraries name the actual cause at the end."""
    line = " ".join(text.strip().split("\n", 1)[0].split())
    half = CAUSE_LENGTH // 2
    return line if len(line) <= CAUSE_LENGTH else f"{line[:half]} ... {line[-half:]}"


@contextlib.contextmanager
def _client_environment() -> Iterator[None]:
    """Set CLIENT_ENVIRONMENT and the credentials, which MLflow reads from nowhere else, and restore the variables.

    Threads of one process take turns: otherwise one would restore the values that another has set.
    """
    # Stays set: MLflow reads it once, at import.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with _environment_lock:
        credentials = {name: secret.get_secret_value() for name in CREDENTIALS if (secret := resolve_secret(name))}
        # An empty variable counts as unset: it must not hide the secret of the vault.
        lent = {name: value for name, value in (CLIENT_ENVIRONMENT | credentials).items() if not os.environ.get(name)}
        before = {name: os.environ[name] for name in lent if name in os.environ}
        os.environ.update(lent)
        try:
            yield
        finally:
            for name in lent:
                os.environ.pop(name, None)
            os.environ.update(before)


def sqlite_path(tracking_uri: str) -> Path | None:
    """Return the absolute path of the file at ``sqlite:///<path>``; None for any other kind of store."""
    if not tracking_uri.startswith("sqlite:///"):
        return None
    return Path(tracking_uri.removeprefix("sqlite:///").partition("?")[0]).absolute()


def local_artifact_folder(database: Path) -> Path:
    """Return the folder beside a SQLite store: ``mlflow.db`` has ``mlflow_artifacts``."""
    return database.with_name(f"{database.stem}_artifacts")


def prepare_mlflow_store(tracking_uri: str) -> None:
    """Create the SQLite store of a laptop at set-up: it takes 3 s, and MLflow cannot do it twice at once.

    Under a file lock, the schema is created in a file of another name and moved into place when complete. A reader sees
    a whole store or none, and a second process waits. An existing store stays as it is; servers have their own.

    Raises:
        TrackingUnavailable: If the store cannot be created, or the file is no SQLite database.
    """
    database = sqlite_path(tracking_uri)
    if database is None:
        return
    with tracking_errors(tracking_uri, "preparing the store"):
        if not database.exists():
            database.parent.mkdir(parents=True, exist_ok=True)
            with _file_lock(database):
                if not database.exists():
                    _create_sqlite(database)
        # MLflow would retry for 100 s on a file it cannot open.
        with database.open("rb") as file:
            if file.read(len(SQLITE_HEADER)) != SQLITE_HEADER:
                raise TrackingUnavailable(f"{database} is not a SQLite database; move it away or name another file")
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.DatabaseError as error:
                if "locked" not in str(error):
                    raise TrackingUnavailable(
                        f"{database} cannot be read ({error}); restore it from a backup, or move it away: a new one is "
                        "created, and forecasts do not depend on it"
                    ) from None


def _create_sqlite(database: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    unfinished = database.with_name(f"{database.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    store = SqlAlchemyStore(f"sqlite:///{unfinished}", local_artifact_folder(database).as_uri())
    store.engine.dispose()
    unfinished.replace(database)


@contextlib.contextmanager
def _file_lock(database: Path) -> Iterator[None]:
    lock = FileLock(database.with_name(f"{database.name}.lock"))
    try:
        lock.acquire(timeout=LOCK_TIMEOUT_SECONDS)
    except Timeout:
        raise TrackingUnavailable(
            f"{lock.lock_file} was held by another process for {LOCK_TIMEOUT_SECONDS} s; stop that process, then retry"
        ) from None
    try:
        yield
    finally:
        lock.release()


def check_database_answers(tracking_uri: str) -> None:
    """Connect once to a database that is used without a server: MLflow itself would retry for 100 s."""
    scheme = tracking_uri.partition("://")[0]
    if scheme.partition("+")[0] not in ("postgresql", "mysql"):
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(
        tracking_uri, connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS}, poolclass=sqlalchemy.pool.NullPool
    )
    with engine.connect():
        engine.dispose()


def check_azure_ml_answers(tracking_uri: str) -> None:
    """Request a token if the store is Azure ML, whose client would open a browser on a server without identity.

    Raises:
        TrackingUnavailable: If the client is not installed, or the process has no identity.
    """
    if not tracking_uri.startswith("azureml://"):
        return
    if importlib.util.find_spec("azureml") is None:
        raise TrackingUnavailable(
            "MLflow's store is Azure ML, and azureml-mlflow is not installed: install locks/azureml.txt in place of "
            "locks/runtime.txt (docs/mlflow.md)"
        )
    from azure.core.exceptions import ClientAuthenticationError

    try:
        azure_credential().get_token(AZURE_ML_SCOPE)
    except ClientAuthenticationError:
        address = mask_credentials(tracking_uri, tracking_uri)
        raise TrackingUnavailable(f"MLflow at {address} was not asked: {NO_IDENTITY}") from None


def run_page(tracking_uri: str, experiment_id: str, run_id: str) -> str | None:
    """Return the web page of a run on an MLflow server, without credentials; None for stores without web pages."""
    parts = urlsplit(tracking_uri)
    if parts.scheme not in ("http", "https"):
        return None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
