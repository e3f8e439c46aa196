"""Options of ``forecast-assets doctor``."""

from typing import Annotated

import typer


def doctor(
    record: Annotated[
        bool, typer.Option("--record", help="Add what Dagster's event log and MLflow lack of what is published")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole store and name every damaged or foreign file")
    ] = False,
) -> None:
    """Test every configured connection; print what works, what fails and how to fix it.

    Sends nothing to Teams. Writes a small file into the store and removes it. Exit code 1 if a connection fails or a
    file is damaged.
    """
    from forecast_assets.cli.doctor import run

    run(record_events=record, verify=verify)
