"""A real MLflow server, and a proxy in front of it that answers as Azure ML does.

Azure ML serves MLflow's REST API below the address of a workspace, to callers with a token of Azure, and lacks what is
new in MLflow: logged models and aliases of the registry are 404 there.
"""

import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
import trustme

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/forecast/providers/"
    "Microsoft.MachineLearningServices/workspaces/forecast"
)
MISSING_ON_AZURE_ML = ("/logged-models", "/registered-models/alias")
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "server",
    "date",
    "host",
    "authorization",
}
SECONDS_TO_START = 120


@contextmanager
def start_mlflow(backend: str, folder: Path, artifacts: str) -> Iterator[int]:
    """Serve MLflow on a database until the body ends; the port.

    Args:
        backend: Address of the database.
        folder: For its log.
        artifacts: Where files are kept: ``served`` by the server itself, or a folder that its clients write to.
    """
    port = _free_port()
    kept = ["--artifacts-destination", str(folder / "artifacts")]
    if artifacts != "served":
        kept = ["--no-serve-artifacts", "--default-artifact-root", artifacts]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_BACKEND_STORE_URI": backend}
    with (folder / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
             *kept],
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(port, server, folder / "mlflow.log")
        yield port
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(port: int, server: subprocess.Popen, log: Path) -> None:
    give_up_at = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok:
                return
        except requests.RequestException:
            pass
        if server.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"MLflow did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)


@dataclass
class AzureMl:
    """The proxy: what was asked for, and what it answered 404 to.

    Attributes:
        target: Port of the MLflow server behind it.
        tokens: Tokens that are let in; None: no token is needed.
        asked: Paths of all requests below ``/api``.
        missing: Those of them that it does not have.
        refused: Requests without a token that is let in.
    """

    target: int
    tokens: set[str] | None = None
    asked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    @contextmanager
    def listening(self, folder: Path, tls: bool) -> Iterator["AzureMl"]:
        """Serve; with TLS ``folder`` gets ``ca.pem``, which a client has to trust."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls:
            authority = trustme.CA()
            authority.cert_pem.write_to_path(str(folder / "ca.pem"))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, method: str, path: str, headers, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Of the server behind it, or 401 or 404 in Azure ML's place."""
        if self.tokens is not None and headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            self.refused += 1
            return 401, {}, json.dumps({"error_code": "UNAUTHENTICATED", "message": "no token"}).encode()
        path = path.partition(WORKSPACE)[2] or path
        self.asked.append(path.partition("?")[0])
        if any(part in path for part in MISSING_ON_AZURE_ML):
            self.missing.append(path.partition("?")[0])
            return 404, {}, b"<html>The resource cannot be found.</html>"
        behind = http.client.HTTPConnection("127.0.0.1", self.target, timeout=60)
        sent = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        behind.request(method, path, body=body, headers=sent)
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        return answer.status, kept, content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, content = proxy.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

            def log_message(self, *_: object) -> None:
                pass

        return Handler
