"""Options that several commands share."""

from typing import Annotated

import typer

Market = Annotated[str, typer.Option("--country", help="Market code")]
Markets = Annotated[
    list[str] | None, typer.Option("--country", help="Market code; repeat for several. Default: all forecast markets")
]
