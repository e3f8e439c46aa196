"""CSV files of a source without a contract, such as those of the OxCGRT tracker: their text, and the files beside them.

Belongs here: reading whole files. Not here: what they mean (domain/demand/covid.py).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from forecast_assets.sources.contract.problems import EVERY_MARKET, LandingError
from forecast_assets.sources.landing.delivered_file import LandingFile, UnreadFile
from forecast_assets.sources.landing.files import unreadable
from forecast_assets.sources.landing.listing import Listing
from forecast_assets.sources.landing.unpacked import COMPRESSION, Unpacked
from forecast_assets.storage.transient_errors import is_transient

CSV_FORMATS = ("csv", *COMPRESSION)


@dataclass(frozen=True)
class PlainFiles:
    """The files of one source; ``fs`` is an fsspec filesystem."""

    fs: Any
    source: str
    listing: Listing
    unpacked: Unpacked

    def texts(self) -> dict[str, bytes]:
        """Return the text of the CSV files, unpacked, by their names in the source's folder.

        Raises:
            LandingError: If one of them cannot be read.
        """
        files = [file for file in self.listing.delivered.values() if file.format in CSV_FORMATS]
        problems, texts = [file.problem for file in files if file.problem], {}
        for file in files if not problems else []:
            try:
                texts[file.relative.partition("/")[2]] = self._text(file)
            except (pa.ArrowException, OSError) as error:
                if is_transient(error):
                    raise
                problems.append(unreadable(file, error))
        if problems:
            raise LandingError(self.source, EVERY_MARKET, problems)
        return texts

    def unread(self) -> list[UnreadFile]:
        """Return the files that are not read, with the reason."""
        others = [file for file in self.listing.delivered.values() if file.format not in CSV_FORMATS]
        return [*self.listing.unread, *(UnreadFile(file.relative, "only CSV is read here") for file in others)]

    def _text(self, file: LandingFile) -> bytes:
        if file.format not in COMPRESSION:
            return bytes(self.fs.cat_file(file.path))
        return Path(self.unpacked.text(self.fs, file.path, file.relative, file.format)).read_bytes()
