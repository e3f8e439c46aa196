"""Azurite, Microsoft's stand-in for Azure storage, as a process of its own on a free port."""

import contextlib
import dataclasses
import datetime
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)
from pydantic import SecretStr

from forecast_assets.config.azure_account import AzureAccount, credential_for
from forecast_assets.storage.azure_file_system import AzureFileSystem
from forecast_assets.storage.publish import Files

HERE = Path(__file__).parent / "azurite"
# The account that every Azurite has, with its published key.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_SECONDS = 180


@dataclasses.dataclass(frozen=True)
class Azurite:
    """A running Azurite; ``url`` is the address of its account."""

    url: str

    @property
    def account(self) -> AzureAccount:
        return AzureAccount(ACCOUNT, "key", self.url)

    def client(self) -> BlobServiceClient:
        """Return the plain client of the library, for checks that bypass the store."""
        return BlobServiceClient(self.url, credential=KEY)

    def make_container(self, name: str) -> None:
        self.client().create_container(name)

    def files(self, url: str = "", waits: tuple[float, ...] = (0.05, 0.1, 0.2)) -> Files:
        """Return the files of the account, through another address (a proxy) and with shorter waits."""
        account = dataclasses.replace(self.account, url=url or self.url)
        return Files(AzureFileSystem(account, credential_for(account, SecretStr(KEY)), waits))

    def environment(self, container: str) -> dict[str, str]:
        """Return the variables of a company whose store and landing are in a container."""
        return {
            "FORECAST_STORE": f"abfs://{container}/store",
            "FORECAST_LANDING": f"abfs://{container}/landing",
            "FORECAST_AZURE_ACCOUNT": ACCOUNT,
            "FORECAST_AZURE_ACCOUNT_URL": self.url,
            "FORECAST_AZURE_CREDENTIAL": "key",
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        }

    def sas(self, hours: float, permissions: str = "rwdlac") -> str:
        """Return a SAS token of the account that expires in so many hours; negative: it has expired."""
        now = datetime.datetime.now(datetime.UTC)
        return generate_account_sas(
            ACCOUNT,
            KEY,
            ResourceTypes(container=True, object=True),
            AccountSasPermissions.from_string(permissions),
            expiry=now + datetime.timedelta(hours=hours),
            start=now - datetime.timedelta(days=2),
        )


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def start_azurite(*options: str, scheme: str = "http") -> Iterator[Azurite]:
    """Run Azurite in memory; ``options`` are further ones of its command line."""
    program = HERE / "node_modules" / ".bin" / "azurite-blob"
    if shutil.which("node") is None or not program.exists():
        raise RuntimeError(
            "Azurite is not installed: install Node.js 20 with npm (Debian: apt-get install nodejs npm) and run "
            "`make integration`, or `npm ci` in forecast_assets_tests/integration/azurite"
        )
    port = free_port()
    command = [
        str(program), "--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry",
        "--blobHost", "127.0.0.1", "--blobPort", str(port), *options,
    ]  # fmt: skip
    # A file and not a pipe: a pipe that nobody empties stops the server when it is full.
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=complaints)
        try:
            _wait_until_it_answers(process, port, complaints)
            yield Azurite(f"{scheme}://127.0.0.1:{port}/{ACCOUNT}")
        finally:
            # Told to end, it waits for connections that clients keep open.
            process.kill()
            process.wait(20)


def _wait_until_it_answers(process: subprocess.Popen, port: int, complaints: IO[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            complaints.seek(0)
            raise RuntimeError(f"Azurite ended with {process.returncode}: {complaints.read(500).decode()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Azurite did not listen on port {port} within {START_SECONDS} s")
