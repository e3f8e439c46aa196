"""CSV files that concern every market, as text: OxCGRT's tracker and exchange rates.

The meaning of their columns is in ``domain/demand/covid.py`` and ``domain/company/rates.py``.
"""

import io

import pandas as pd

from forecast_assets.sources.contract.problems import EVERY_MARKET, LandingProblem
from forecast_assets.sources.landing import LandingError, LandingFolder


def text_tables(folder: LandingFolder, source: str) -> dict[str, pd.DataFrame]:
    """Return the rows of each file of a source as text, by file name.

    Raises:
        LandingError: If files are no CSV in UTF-8 or have no row; it names them.
    """
    tables, problems = {}, []
    for name, content in folder.plain_files(source).texts().items():
        found = "a header and no rows"
        try:
            tables[name] = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            found = f"an unreadable file ({error})"
        if name not in tables or tables[name].empty:
            step = "deliver the file again as CSV in UTF-8, or remove it"
            problems.append(LandingProblem(f"{source}/{name}", "CSV in UTF-8", found, step))
    if problems:
        raise LandingError(source, EVERY_MARKET, problems)
    return tables
