"""Upload of a folder of deliveries into the landing folder of the store's account.

usage: deliver.py FOLDER CONTAINER

Run it in the platform's image; in Azure itself, `az storage blob upload-batch` does the same.
"""

import os
import sys
from pathlib import Path

from azure.storage.blob import BlobServiceClient


def main(folder: Path, container: str) -> None:
    """Upload every file below the folder; existing ones are replaced."""
    address, account = os.environ["FORECAST_AZURE_ACCOUNT_URL"], os.environ["FORECAST_AZURE_ACCOUNT"]
    credential = {"account_name": account, "account_key": os.environ["AZURE_STORAGE_ACCOUNT_KEY"]}
    client = BlobServiceClient(address, credential=credential).get_container_client(container)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            client.upload_blob(f"landing/{path.relative_to(folder).as_posix()}", path.read_bytes(), overwrite=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
