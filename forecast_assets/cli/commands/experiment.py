"""Options of ``forecast-assets experiment``."""

from typing import Annotated

import typer


def experiment(
    country: Annotated[str, typer.Option(help="Market code")],
    name: Annotated[str, typer.Option(help="Name of the experiment, and of its run in MLflow")],
    without: Annotated[
        list[str] | None, typer.Option(help="Family of features, or one feature, to leave out; repeat for several")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Changed setting of the recipe, e.g. rounds=300; repeat for several"),
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option(help="Further member of the blend, e.g. ridge_on_lags or ridge_on_lags=0.2")
    ] = None,
    origins: Annotated[int, typer.Option(min=1, help="Number of earlier origins that are scored")] = 3,
    month: Annotated[
        str | None, typer.Option(help="Last month with sell-in, e.g. 2024-06. Default: the latest month with features")
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="Folder for tables and plots. Default: they are kept in MLflow alone")
    ] = None,
) -> None:
    """Compare a changed configuration with the champion's on identical cells; nothing that readers see is written.

    Exit code 1 if the experiment failed, 2 if it cannot be run as requested.
    """
    from forecast_assets.cli.experiment import run

    run(country, name, without or [], set_ or [], member or [], origins, month, out)
