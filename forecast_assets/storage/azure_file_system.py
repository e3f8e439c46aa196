"""Azure storage as a file system: adlfs over a client of ours, and puts that carry a condition.

adlfs builds its client from environment variables of its own and gives no say in timeouts and repetitions, hence the
client of ours. What everything else sees is the interface of fsspec.
"""

import functools
import uuid
from collections.abc import Sequence
from typing import Any

from adlfs import AzureBlobFileSystem
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient
from fsspec.asyn import sync_wrapper
from pydantic import SecretStr

from forecast_assets.config.azure_account import (
    AzureAccount,
    StorageUnavailable,
    credential_for,
    end_of_sas,
    secret_of,
)
from forecast_assets.storage.azure_answers import WAITS, Patience

CONNECT_SECONDS, READ_SECONDS = 20, 60
# Tells a put that was applied, but whose answer was lost, from the put of somebody else.
WRITE_ID = "write_id"


class AzureFileSystem(AzureBlobFileSystem):
    """Files of one account; paths are ``container/path``.

    Args:
        account: The account.
        credential: As ``credential_for`` gives it.
        waits: Seconds before each repetition of a request.
        sas_end: When the SAS token ends, for the message after it has.
    """

    cachable = False  # ``azure_file_system`` keeps them, by account and secret.

    def __init__(
        self, account: AzureAccount, credential: Any, waits: Sequence[float] = WAITS, sas_end: str = ""
    ) -> None:
        self._connect = functools.partial(
            BlobServiceClient,
            account.address,
            credential=credential,
            retry_policy=Patience(account, waits, sas_end),
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )
        # A cached listing in a long-running process would hide what other processes publish.
        super().__init__(account_name=account.name, credential=credential, use_listings_cache=False)
        # What adlfs took from the environment belongs to nobody here.
        self.account_key = self.sas_token = self.connection_string = self.client_secret = None

    def do_connect(self) -> None:
        """Make the client; adlfs calls this."""
        self.service_client = self._connect()

    async def _etag(self, path: str) -> str | None:
        container, name, _ = self.split_path(path)
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                return (await blob.get_blob_properties()).etag
            except ResourceNotFoundError:
                return None

    async def _put_bytes(self, path: str, content: bytes, etag: str | None = None, only_new: bool = False) -> bool:
        container, name, _ = self.split_path(path)
        condition = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        write_id = uuid.uuid4().hex
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                await blob.upload_blob(content, overwrite=not only_new, metadata={WRITE_ID: write_id}, **condition)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return await self._was_written_as(blob, write_id)
        return True

    async def _was_written_as(self, blob: Any, write_id: str) -> bool:
        """Whether the file in place is that of a put: one whose answer was lost is sent again and meets itself."""
        try:
            return (await blob.get_blob_properties()).metadata.get(WRITE_ID) == write_id
        except ResourceNotFoundError:
            return False

    async def _cat_with_etag(self, path: str) -> tuple[bytes, str] | None:
        container, name, _ = self.split_path(path)
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                stream = await blob.download_blob()
                return await stream.readall(), stream.properties.etag
            except ResourceNotFoundError:
                return None
            except AzureError as error:
                raise self._broken_off(error, path) from None

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        try:
            return await super()._cat_file(path, start, end, **kwargs)
        except AzureError as error:
            raise self._broken_off(error, path) from None

    def _broken_off(self, error: AzureError, path: str) -> Exception:
        """The client repeats a download that breaks off three times and then gives up in words of its own."""
        if getattr(error, "status_code", None) not in (None, 200, 206):
            return error
        return StorageUnavailable(
            f"Azure storage account {self.account_name} broke off the download of {path} again and again "
            f"({type(error).__name__}). Look at the network, then run it again."
        )

    cat_with_etag = sync_wrapper(_cat_with_etag)
    etag = sync_wrapper(_etag)
    put_bytes = sync_wrapper(_put_bytes)


def azure_file_system(account: AzureAccount) -> AzureFileSystem:
    """The file system of an account, one per process and secret: a secret that was renewed gives a new one.

    Raises:
        StorageRefused: If the secret of its credential is not set.
    """
    return _file_system(account, secret_of(account))


@functools.lru_cache(maxsize=8)
def _file_system(account: AzureAccount, secret: SecretStr | None) -> AzureFileSystem:
    sas_end = end_of_sas(secret.get_secret_value()) if secret and account.credential == "sas" else ""
    return AzureFileSystem(account, credential_for(account, secret), sas_end=sas_end)
