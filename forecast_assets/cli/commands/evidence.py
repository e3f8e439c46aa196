"""Options of ``forecast-assets evidence``."""

from pathlib import Path
from typing import Annotated

import typer


def evidence(
    out: Annotated[Path, typer.Option(help="Folder that gets one file a principle and index.html")],
) -> None:
    """Write proofs of the nine MLOps principles from this instance, with a cycle replayed now.

    Changes nothing in the store. Exit code 1 if a principle is not proved: a replay differs, or no query of it returned
    a row.
    """
    from forecast_assets.cli.evidence import run

    run(out)
