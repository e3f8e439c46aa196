"""An Azure Key Vault and an identity endpoint on loopback, as their REST contracts have them.

The vault speaks HTTPS: a request without a valid token gets 401 with a challenge, one with it the secret or the error
document of the service (learn.microsoft.com/rest/api/keyvault/secrets/get-secret). The identity endpoint is that of
App Service and Container Apps (IDENTITY_ENDPOINT and IDENTITY_HEADER), where DefaultAzureCredential finds it.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme

IDENTITY_HEADER = "identity-of-the-test"
TOKEN_SECONDS = 3600


@dataclass
class FakeVault:
    """Secrets by name, and what was asked for.

    Attributes:
        secrets: Value of each secret.
        disabled: Names the vault refuses to show.
        may_read: Whether the identity has a role on the vault.
        answers: Statuses to answer the next requests for a secret with, in place of the secret.
        requests: Method and path of each request, ``challenged`` where it had no valid token.
        resources: What tokens were asked for.
    """

    secrets: dict[str, str] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    may_read: bool = True
    answers: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    address: str = ""
    identity: str = ""
    port: int = 0

    @property
    def read(self) -> list[str]:
        """Names of the secrets that were given out."""
        return [request.removeprefix("gave ") for request in self.requests if request.startswith("gave ")]

    @contextmanager
    def listening(self, folder: Path) -> Iterator["FakeVault"]:
        """Serve; ``folder`` gets ``ca.pem``, which a client has to trust."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        vault = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, _answer_as_vault))
        vault.socket = tls.wrap_socket(vault.socket, server_side=True)
        identity = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, _answer_as_identity))
        self.port = vault.server_address[1]
        self.address = f"https://127.0.0.1:{self.port}"
        self.identity = f"http://127.0.0.1:{identity.server_address[1]}/msi/token"
        for server in (vault, identity):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield self
        finally:
            for server in (vault, identity):
                server.shutdown()
                server.server_close()


def _handler(vault: FakeVault, answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, document = answer(vault, self.path, self.headers)
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _answer_as_identity(vault: FakeVault, path: str, headers) -> tuple[int, dict[str, str], dict[str, object]]:
    query = parse_qs(urlsplit(path).query)
    if headers.get("X-IDENTITY-HEADER") != IDENTITY_HEADER:
        return 401, {}, {"message": "the identity header is missing"}
    vault.resources += query["resource"]
    token = f"token-{len(vault.tokens) + 1}"
    vault.tokens.add(token)
    expires = str(int(time.time()) + TOKEN_SECONDS)
    return 200, {}, {
        "access_token": token, "expires_on": expires, "resource": query["resource"][0], "token_type": "Bearer"
    }  # fmt: skip


def _answer_as_vault(vault: FakeVault, path: str, headers) -> tuple[int, dict[str, str], dict[str, object]]:
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in vault.tokens:
        vault.requests.append("challenged")
        # The client takes a challenge only if the vault's host lies under the resource's. Of an IP address the end is
        # the nearest thing to a domain.
        challenge = f'Bearer authorization="https://login.example/tenant", resource="https://0.0.1:{vault.port}"'
        return 401, {"WWW-Authenticate": challenge}, _error("Unauthorized", "AKV10000: no token")
    name = urlsplit(path).path.split("/")[2]
    if vault.answers:
        vault.requests.append(f"failed {name}")
        return vault.answers.pop(0), {}, _error("InternalServerError", "the service is busy")
    if not vault.may_read:
        return 403, {}, _error("Forbidden", "Caller is not authorized to perform action on resource")
    if name in vault.disabled:
        return 403, {}, _error("Forbidden", "Operation get is not allowed on a disabled secret")
    if name not in vault.secrets:
        vault.requests.append(f"has no {name}")
        return 404, {}, _error("SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault")
    vault.requests.append(f"gave {name}")
    return (
        200,
        {},
        {"value": vault.secrets[name], "id": f"{vault.address}/secrets/{name}/1", "attributes": {"enabled": True}},
    )


def _error(code: str, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message}}
