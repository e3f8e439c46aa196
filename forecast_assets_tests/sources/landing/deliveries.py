"""A landing folder for tests, written from text and frames."""

from pathlib import Path

import pandas as pd

from forecast_assets.sources.landing import LandingFolder

TODAY = pd.Timestamp("2024-07-10")
CODES = ("FR", "DE", "NO", "NA")
SELL_IN = "country,sku,month,units\n"


class Deliveries:
    """Writes files below ``base``: text and bytes as they are, frames as Parquet."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def put(self, relative: str, content: str | bytes | pd.DataFrame) -> "Deliveries":
        path = self.base / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path, index=False)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def sell_in(self, rows: str, name: str = "all.csv") -> "Deliveries":
        return self.put(f"sell_in/{name}", SELL_IN + rows)

    @property
    def folder(self) -> LandingFolder:
        return LandingFolder(str(self.base), known_codes=CODES)

    def rows(self, source: str = "sell_in", market: str = "FR", **months: pd.Timestamp) -> pd.DataFrame:
        return self.folder.relation(source, market, TODAY, **months).df()
