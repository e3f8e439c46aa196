"""Requests to the proxy of the stack, with and without a login."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } ... on UnauthorizedError { message } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
  __typename ... on PythonError { message } } } } } }"""


@dataclass(frozen=True)
class Login:
    """A user of the proxy."""

    user: str
    password: str


class Proxy:
    """Client of the proxy that trusts the stack's own authority alone."""

    def __init__(self, authority: Path) -> None:
        self._context = ssl.create_default_context(cafile=str(authority))

    def status(self, port: int, path: str, login: Login | None = None) -> int:
        """Return the HTTP status of a GET."""
        try:
            with self._open(port, path, login, None) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def graphql(self, port: int, login: Login | None, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a GraphQL request to Dagster."""
        result = self.post(port, "/graphql", login, {"query": query, "variables": variables})
        if result.get("errors"):
            raise RuntimeError(f"GraphQL: {result['errors']}")
        return dict(result["data"])

    def post(self, port: int, path: str, login: Login | None, content: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON response to a POST of JSON."""
        with self._open(port, path, login, json.dumps(content).encode()) as response:
            return dict(json.loads(response.read()))

    def _open(self, port: int, path: str, login: Login | None, body: bytes | None) -> Any:
        request = urllib.request.Request(f"https://localhost:{port}{path}", data=body)
        request.add_header("Content-Type", "application/json")
        if login:
            token = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        return urllib.request.urlopen(request, context=self._context, timeout=60)  # nosec B310: the address is https


def execution(job: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of a run of a job."""
    return {
        "selector": {
            "repositoryLocationName": "forecast_assets",
            "repositoryName": "__repository__",
            "jobName": job,
        },
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
