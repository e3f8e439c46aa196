"""Dagster as ``make dev`` starts it, web server, daemon and code server, and what a person does in the UI."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from forecast_assets_tests.operate.platform import Platform

RELOAD = """mutation { reloadRepositoryLocation(repositoryLocationName: "%s") {
  ... on WorkspaceLocationEntry { locationOrLoadError {
    ... on PythonError { message errorChain { error { message } } } } } } }"""
BACKFILL = """mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
MARKETS = """{ assetNodeOrError(assetKey: {path: ["features"]}) {
  ... on AssetNode { partitionKeysByDimension { name partitionKeys } } } }"""
LOCATION = "forecast_assets_tests.operate.code_location"


class ServedPlatform(Platform):
    """A company under ``dagster dev``. No schedule and no sensor runs: people start everything."""

    def __init__(self, *args: Any, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        retries = {"DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "true"}  # as the image and the Makefile have it
        super().__init__(*args, FORECAST_ENV="dev", **retries, **variables)

    @property
    def markets_file(self) -> Path:
        return self.base / "markets.yaml"

    def start(self) -> None:
        """Start web server, daemon and code server as a process group."""
        command = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(self.port), "-m", LOCATION]
        with (self.base / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                command, env=self.environment(), cwd=self.base, stdout=log, stderr=log, start_new_session=True
            )

    def is_served(self) -> bool:
        """Return True once the web server answers."""
        try:
            return bool(self.query("{ version }"))
        except (OSError, urllib.error.URLError):
            return False

    def query(self, text: str, **variables: Any) -> Any:
        """Return the data of a GraphQL query."""
        content = json.dumps({"query": text, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", content, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=300) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def reload(self) -> str:
        """Press *Reload* for the code location; return the errors with which it does not load, or nothing."""
        error = self.query(RELOAD % LOCATION)["reloadRepositoryLocation"]["locationOrLoadError"]
        chain = [link["error"]["message"] for link in error.get("errorChain", [])]
        return " ".join([error.get("message", ""), *chain]).strip()

    def backfill(self, asset: str, partitions: list[str]) -> str:
        """Start a backfill of an asset; return its id."""
        params = {"assetSelection": [{"path": [asset]}], "partitionNames": partitions}
        launched = self.query(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def backfill_status(self, backfill_id: str) -> str:
        with self.instance() as instance:
            return instance.get_backfill(backfill_id).status.value

    def run_statuses(self) -> list[str]:
        """Return the status of every run, oldest first."""
        with self.instance() as instance:
            return [run.status.value for run in reversed(instance.get_runs())]

    def markets_shown(self) -> list[str]:
        """Return the markets that the code location has partitions for."""
        dimensions = self.query(MARKETS)["assetNodeOrError"]["partitionKeysByDimension"]
        return next(each["partitionKeys"] for each in dimensions if each["name"] == "country")
