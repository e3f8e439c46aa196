"""Addresses of the settings as a file system and a path in it: a local folder, Azure storage, or any fsspec address."""

from pathlib import Path

from fsspec.implementations.local import LocalFileSystem
from upath import UPath

from forecast_assets.config.azure_account import AzureAccount, StorageRefused, is_azure, path_on_azure
from forecast_assets.storage.file_system import FileSystem


def path_of(address: str) -> str:
    """Return the path of an address in its file system, without a slash at the end; nothing is contacted."""
    if is_azure(address):
        return path_on_azure(address)
    return UPath(address).path.rstrip("/") if "://" in address else str(UPath(address).absolute())


def file_system_of(address: str, account: AzureAccount | None = None) -> FileSystem:
    """Return the file system of an address.

    Raises:
        StorageRefused: If the address is on Azure storage and there is no account, or no secret to open it.
    """
    if not is_azure(address):
        fs: FileSystem = UPath(address).fs
        return fs
    if account is None:
        raise StorageRefused(f"{address} is on Azure storage: set FORECAST_AZURE_ACCOUNT to the name of the account.")
    from forecast_assets.storage.azure_file_system import azure_file_system

    return azure_file_system(account)


def is_local(fs: FileSystem) -> bool:
    """Return True if a file system is this machine's."""
    return isinstance(fs, LocalFileSystem)


def document_address(address: str, *parts: str) -> str:
    """Return a file below an address as people open it: a path, or an address with the store's own scheme."""
    return str(Path(address, *parts)) if "://" not in address else "/".join([address.rstrip("/"), *parts])
