"""Command line ``forecast-assets``: the list of its commands.

``commands`` declares options and help; the modules beside it do the work and are imported when a command runs.
"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from forecast_assets.cli.commands.accept import accept
from forecast_assets.cli.commands.alerts import alerts
from forecast_assets.cli.commands.backfill import backfill
from forecast_assets.cli.commands.champion import champion
from forecast_assets.cli.commands.cycle import cycle
from forecast_assets.cli.commands.demo import demo
from forecast_assets.cli.commands.doctor import doctor
from forecast_assets.cli.commands.evidence import evidence
from forecast_assets.cli.commands.experiment import experiment
from forecast_assets.cli.commands.export import export
from forecast_assets.cli.commands.forecast_run import forecast_run
from forecast_assets.cli.commands.market import market
from forecast_assets.cli.commands.measure import measure
from forecast_assets.cli.commands.migrate import migrate
from forecast_assets.cli.commands.override import override
from forecast_assets.cli.commands.prepare import prepare
from forecast_assets.cli.commands.prune import prune
from forecast_assets.cli.commands.replay import replay
from forecast_assets.cli.commands.restore import restore
from forecast_assets.cli.commands.review import review
from forecast_assets.cli.commands.rollback import rollback
from forecast_assets.cli.commands.sample import sample
from forecast_assets.cli.commands.tune import tune
from forecast_assets.cli.commands.versions import versions
from forecast_assets.cli.commands.watchdog import watchdog
from forecast_assets.cli.commands.whatif import whatif
from forecast_assets.cli.commands.why import why
from forecast_assets.cli.commands.withdraw import withdraw
from forecast_assets.config.connection_failure import ConnectionFailure


class Commands(TyperGroup):
    """Commands whose connection failures, and a full disk, are one line on the terminal and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ConnectionFailure as error:
            from forecast_assets.cli.console import console

            console.print(str(error), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from None
        except Exception as error:
            from forecast_assets.operations.failure_text import in_one_line, is_full

            if not is_full(error):
                raise
            from forecast_assets.cli.console import console

            console.print(in_one_line(error), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(importlib.metadata.version("forecast_assets"))
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Forecast the demand of every market, month by month."""


# Panels of the help, in the order in which a newcomer needs them.
PANELS: dict[str, tuple[Any, ...]] = {
    "Run the month": (demo, forecast_run, cycle, measure, accept, withdraw, rollback, champion, backfill),
    "Plan": (why, whatif, export, override, review),
    "Improve the forecast": (tune, experiment),
    "Versions": (versions, restore, replay, prune),
    "Set up and operate": (prepare, market, doctor, migrate, evidence, watchdog, alerts, sample),
}
GROUPS = {id(alerts): "alerts", id(market): "market", id(override): "override"}
for panel, commands in PANELS.items():
    for command in commands:
        if id(command) in GROUPS:
            app.add_typer(command, name=GROUPS[id(command)], rich_help_panel=panel)
        else:
            app.command(rich_help_panel=panel)(command)
