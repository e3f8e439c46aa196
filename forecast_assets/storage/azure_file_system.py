"""Azure storage as a file system: adlfs over a client of our own, and puts that carry a condition.

adlfs builds its client from environment variables of its own, without our timeouts and retries; hence our client. The
interface is that of fsspec and of ``ConditionalFileSystem``.
"""

import functools
import uuid
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from adlfs import AzureBlobFileSystem
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob.aio import BlobClient, BlobServiceClient
from fsspec.asyn import sync_wrapper
from pydantic import SecretStr

from forecast_assets.config.azure_account import (
    AzureAccount,
    StorageUnavailable,
    credential_for,
    end_of_sas,
    secret_of,
)
from forecast_assets.storage.azure_responses import WAITS, AzureRetryPolicy

CONNECT_SECONDS, READ_SECONDS = 20, 60
# Distinguishes a put that was applied, but whose response was lost, from the put of another writer.
WRITE_ID = "write_id"


class AzureFileSystem(AzureBlobFileSystem):  # type: ignore[misc]  # adlfs has no types
    """Files of one account; paths are ``container/path``.

    Args:
        account: The account.
        credential: Result of ``credential_for``.
        waits: Seconds before each retry of a request.
        sas_end: Expiry of the SAS token, for the error message after it.
    """

    cachable = False  # ``azure_file_system`` keeps them, by account and secret.

    def __init__(
        self, account: AzureAccount, credential: Any, waits: Sequence[float] = WAITS, sas_end: str = ""
    ) -> None:
        self._connect = functools.partial(
            BlobServiceClient,
            account.address,
            credential=credential,
            retry_policy=AzureRetryPolicy(account, waits, sas_end),
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )
        # A cached listing in a long-running process would hide what other processes publish.
        super().__init__(account_name=account.name, credential=credential, use_listings_cache=False)
        # adlfs takes these from the environment; our client does not use them.
        self.account_key = self.sas_token = self.connection_string = self.client_secret = None

    def do_connect(self) -> None:
        """Create the client; adlfs calls this."""
        self.service_client = self._connect()

    async def _etag(self, path: str) -> str | None:
        container, name, _ = self.split_path(path)
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                etag: str = (await blob.get_blob_properties()).etag
            except ResourceNotFoundError:
                return None
        return etag

    async def _age_seconds(self, path: str) -> float | None:
        """Return the seconds since a file was written; both times come from one response of the service."""
        container, name, _ = self.split_path(path)
        answered_at: list[datetime] = []

        def note(response: Any) -> None:
            answered_at.append(parsedate_to_datetime(response.http_response.headers["Date"]))

        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                properties = await blob.get_blob_properties(raw_response_hook=note)
            except ResourceNotFoundError:
                return None
        return float((answered_at[-1] - properties.last_modified).total_seconds())

    async def _put_bytes(self, path: str, content: bytes, etag: str | None = None, only_new: bool = False) -> bool:
        container, name, _ = self.split_path(path)
        write_id = uuid.uuid4().hex
        overwrite, metadata = not only_new, {WRITE_ID: write_id}
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                if etag is None:
                    await blob.upload_blob(content, overwrite=overwrite, metadata=metadata)
                else:
                    unchanged = MatchConditions.IfNotModified
                    await blob.upload_blob(
                        content, overwrite=overwrite, metadata=metadata, etag=etag, match_condition=unchanged
                    )
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return await self._was_written_as(blob, write_id)
        return True

    async def _remove_if(self, path: str, etag: str) -> bool:
        container, name, _ = self.split_path(path)
        async with self.service_client.get_blob_client(container, name) as blob:
            try:
                await blob.delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
            except (ResourceModifiedError, ResourceNotFoundError):
                # A file that is gone meets no condition: the first request may have removed it and lost its response.
                return await self._etag(path) is None
        return True

    async def _was_written_as(self, blob: BlobClient, write_id: str) -> bool:
        """Return True if the file in place is that of this put: a retry after a lost response meets its own file."""
        try:
            return bool((await blob.get_blob_properties()).metadata.get(WRITE_ID) == write_id)
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
            content: bytes = await super()._cat_file(path, start, end, **kwargs)
        except AzureError as error:
            raise self._broken_off(error, path) from None
        return content

    def _broken_off(self, error: AzureError, path: str) -> Exception:
        """Return the error to raise for a download: our own if the client gave up after three interruptions."""
        if getattr(error, "status_code", None) not in (None, 200, 206):
            return error
        return StorageUnavailable(
            f"Azure storage account {self.account_name} interrupted the download of {path} several times "
            f"({type(error).__name__}). Check the network, then run it again."
        )

    age_seconds = sync_wrapper(_age_seconds)
    cat_with_etag = sync_wrapper(_cat_with_etag)
    etag = sync_wrapper(_etag)
    put_bytes = sync_wrapper(_put_bytes)
    remove_if = sync_wrapper(_remove_if)


def azure_file_system(account: AzureAccount) -> AzureFileSystem:
    """Return the file system of an account, one per process and secret: a renewed secret gives a new one.

    Raises:
        StorageRefused: If the secret of the account's credential is not set.
    """
    return _file_system(account, secret_of(account))


@functools.lru_cache(maxsize=8)
def _file_system(account: AzureAccount, secret: SecretStr | None) -> AzureFileSystem:
    sas_end = end_of_sas(secret.get_secret_value()) if secret and account.credential == "sas" else ""
    return AzureFileSystem(account, credential_for(account, secret), sas_end=sas_end)
