"""Stores that are down, broken or silent, and what is said about them; a server that answers, and what it is asked."""

import http.server
import json
import os
import socket
import threading
import time
import traceback
from urllib.parse import quote, quote_plus

import pytest

from forecast_assets.tracking.mlflow_store import (
    CLIENT_ENVIRONMENT,
    TrackingUnavailable,
    mask_credentials,
    prepare_mlflow_store,
    run_page,
)
from forecast_assets.tracking.mlflow_tracking import MlflowTracking
from forecast_assets_tests.tracking.conftest import cycle_record


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def record_at(tracking_uri, **fields):
    return MlflowTracking(tracking_uri=tracking_uri, experiment_name="forecast", **fields).record_cycle(cycle_record())


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_a_store_that_is_down_fails_within_seconds_and_without_its_password(scheme):
    address, credentials = f"127.0.0.1:{unused_port()}", "planner:s3cret"
    started = time.monotonic()
    with pytest.raises(TrackingUnavailable) as failure:
        record_at(f"{scheme}://{credentials}@{address}/mlflow")
    # MLflow on its own takes minutes; the bound leaves room for a busy machine.
    assert time.monotonic() - started < 60
    message = str(failure.value)
    assert "refused" in message
    assert f"{scheme}://***@{address}" in message
    assert "recording FR of dev-2024-06" in message
    assert "\n" not in message
    shown_by_dagster = "".join(traceback.format_exception(failure.value))
    assert "s3cret" not in shown_by_dagster


def test_a_server_that_never_answers_is_left_after_the_operators_own_timeout(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        with pytest.raises(TrackingUnavailable, match="Read timed out"):
            record_at(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert time.monotonic() - started < 60
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "1"


def test_the_environment_is_as_before_apart_from_telemetry_being_off(monkeypatch):
    for name in ("MLFLOW_DISABLE_TELEMETRY", *CLIENT_ENVIRONMENT):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with pytest.raises(TrackingUnavailable):
        record_at("ftp://no.such.kind.of.store")
    assert dict(os.environ) == {**before, "MLFLOW_DISABLE_TELEMETRY": "true"}


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path):
    (tmp_path / "mlflow.db").write_text("month,units\n")
    with pytest.raises(TrackingUnavailable, match=r"mlflow\.db is not a SQLite database"):
        record_at(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_preparing_again_leaves_the_store_as_it_is(tracking_uri, tmp_path):
    record_at(tracking_uri)
    before = (tmp_path / "mlflow.db").read_bytes()
    prepare_mlflow_store(tracking_uri)
    assert (tmp_path / "mlflow.db").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET http://planner:s3cret@host:5000/api failed", "GET http://***@host:5000/api failed"),
        ("password p@ss of http://planner:p@ss@host", "password p@ss of http://***@host"),
        ("login with s3cret refused", "login with *** refused"),
        ("https://host/a?sig=AbC%3D&x=1", "https://host/a?sig=***&x=1"),
        ("GET http://host:5000/api failed", "GET http://host:5000/api failed"),
    ],
)
def test_no_password_is_left_in_a_message(text, masked):
    assert mask_credentials(text, "http://planner:s3cret@host:5000") == masked


ODBC = "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC+Driver%7D%3BUID%3Dplanner%3BPWD%3Dp%2540ss%2Bw0rd%3BTimeout%3D5"


@pytest.mark.parametrize(
    "text",
    [
        f"cannot open {ODBC}",
        "login failed: UID=planner;PWD=p@ss+w0rd;Timeout=5",
        "login failed: PWD={p@ss+w0rd};Timeout=5",
        "('08001', 'p@ss+w0rd rejected')",
        "p%40ss%2Bw0rd, p%2540ss%252Bw0rd, P%40SS%2bw0rd",
        "GET https://host/?q=PWD%253Dp%2540ss%252Bw0rd%253B",
        "Password=p@ss+w0rd&x=1, AccountKey%3Dp%40ss%2Bw0rd%3B",
    ],
)
def test_a_password_inside_a_connection_string_is_masked_however_it_is_encoded(text):
    masked = mask_credentials(text, ODBC).lower()
    assert "w0rd" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "address",
    [
        "https://w0rd@host/",
        "https://w0rd:x@host/",
        "https://w0rd:x-oauth-basic@host",
        "https://planner:w0rd@host/experiments@home",
        "https://planner:w@rd:w0rd@host",
        "https://host/?Authorization=Bearer%20w0rd",
        "https://host/?x=1&Authorization=Basic+w0rd&y=2",
        "oracle://host/db?wallet_credential=w0rd",
        "mysql://host/db?passphrase=w0rd",
    ],
)
@pytest.mark.parametrize("encoded", [str, quote, quote_plus, lambda text: quote(quote(text, safe=""), safe="")])
def test_a_token_in_an_address_is_masked_wherever_it_stands(address, encoded):
    text = encoded(address)
    assert "w0rd" not in mask_credentials(f"GET {text} failed", address)
    assert mask_credentials("host failed at /experiments", address) == "host failed at /experiments"


def test_what_stands_beside_a_password_stays_readable():
    assert mask_credentials("UID=planner;PWD=x9;Timeout=5", ODBC) == "UID=planner;PWD=***;Timeout=5"
    assert mask_credentials(f"{ODBC} failed", ODBC).endswith("UID%3Dplanner%3BPWD%3D***%3BTimeout%3D5 failed")


def test_a_password_is_masked_as_it_is_and_as_it_is_written_in_the_address():
    assert mask_credentials("sent p@ss, that is p%40ss", "http://u:p%40ss@host") == "sent ***, that is ***"


@pytest.mark.parametrize(
    ("tracking_uri", "page"),
    [
        ("http://planner:s3cret@host:5000/", "http://host:5000/#/experiments/7/runs/abc"),
        ("https://host/mlflow", "https://host/mlflow/#/experiments/7/runs/abc"),
        ("sqlite:////var/mlflow.db", None),
        ("azureml://region.api.azureml.ms/mlflow", None),
    ],
)
def test_the_page_of_a_run_is_linked_where_there_is_one(tracking_uri, page):
    assert run_page(tracking_uri, "7", "abc") == page


class MlflowServer(http.server.BaseHTTPRequestHandler):
    """The answers of an empty MLflow server; it notes what it is asked."""

    def answer(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        call = self.path.partition("?")[0].removeprefix("/api/2.0/mlflow/")
        self.server.asked.append((call, body))
        info = {
            "run_id": "abc",
            "experiment_id": "7",
            "status": "RUNNING",
            "start_time": 1_700_000_000_000,
            "lifecycle_stage": "active",
            "artifact_uri": self.server.artifact_uri,
        }
        answers = {
            "experiments/get-by-name": {"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}},
            "runs/search": {},
            "runs/create": {"run": {"info": info}},
            "runs/get": {"run": {"info": info}},
            "runs/update": {"run_info": info},
            "runs/log-batch": {},
            "runs/set-tag": {},
            "runs/delete": {},
        }
        self.send_response(200 if call in answers else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answers.get(call, {})).encode())

    do_GET = do_POST = do_PATCH = answer

    def log_message(self, *_):
        """Keep the test's output quiet."""


@pytest.fixture
def mlflow_server(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), MlflowServer)
    server.asked, server.artifact_uri = [], (tmp_path / "artifacts").as_uri()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_gets_all_metrics_in_one_request_and_its_password_is_never_printed(mlflow_server, capfd, tmp_path):
    port = mlflow_server.server_port
    recorded = record_at(f"http://planner:s3cret@127.0.0.1:{port}")
    assert recorded.url == f"http://127.0.0.1:{port}/#/experiments/7/runs/abc"
    [batch] = [body for call, body in mlflow_server.asked if call == "runs/log-batch"]
    assert len(batch["metrics"]) == 6
    assert (tmp_path / "artifacts" / "features.txt").exists()
    printed = capfd.readouterr()
    assert "s3cret" not in printed.out + printed.err


def test_endpoints_that_azure_ml_lacks_are_not_called(mlflow_server):
    record_at(f"http://127.0.0.1:{mlflow_server.server_port}")
    # Azure ML answers 404 to logged-models; aliases and the registry are not there everywhere.
    assert {call.partition("/")[0] for call, _ in mlflow_server.asked} == {"experiments", "runs"}
