"""Exchange rates as delivered: CSV files in the folder ``exchange_rates`` of the landing folder.

Their meaning is in ``domain/company/rates.py``.
"""

import io

import pandas as pd

from forecast_assets.sources.landing import LandingFolder

FOLDER = "exchange_rates"


def exchange_rates_of(folder: LandingFolder) -> pd.DataFrame | None:
    """Return the rows of all files as text, names of columns in lower case; None without a file."""
    texts = folder.plain_files(FOLDER).texts()
    parts = [pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False) for text in texts.values()]
    named = [part.rename(columns=lambda name: str(name).strip().lower()) for part in parts]
    return pd.concat(named, ignore_index=True) if named else None
