"""Maker of the containers of a development store: waits for Azurite, then creates the named ones that are missing."""

import os
import sys

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient


def main(names: list[str]) -> None:
    """Create the containers."""
    address, key = os.environ["FORECAST_AZURE_ACCOUNT_URL"], os.environ["AZURE_STORAGE_ACCOUNT_KEY"]
    account = os.environ["FORECAST_AZURE_ACCOUNT"]
    client = BlobServiceClient(address, credential={"account_name": account, "account_key": key}, retry_total=6)
    for name in names:
        try:
            client.create_container(name)
        except ResourceExistsError:
            continue


if __name__ == "__main__":
    main(sys.argv[1:])
