"""The command line ``forecast-assets``: one file per command, this one lists them."""

from typing import Any

import typer
from typer.core import TyperGroup

from forecast_assets.cli.alerts import alerts
from forecast_assets.cli.backfill import backfill
from forecast_assets.cli.champion import champion, rollback
from forecast_assets.cli.console import console
from forecast_assets.cli.cycle import cycle
from forecast_assets.cli.demo import demo
from forecast_assets.cli.doctor import doctor
from forecast_assets.cli.market import market
from forecast_assets.cli.measure import measure
from forecast_assets.cli.prepare import prepare
from forecast_assets.cli.prune import prune
from forecast_assets.cli.replay import replay
from forecast_assets.cli.sample import sample
from forecast_assets.cli.tune import tune
from forecast_assets.cli.versions import versions
from forecast_assets.cli.watchdog import watchdog
from forecast_assets.cli.why import why
from forecast_assets.config.azure_account import StorageRefused, StorageUnavailable
from forecast_assets.config.key_vault import SecretUnavailable
from forecast_assets.sources.dremio.dremio_errors import DremioError, DremioUnavailable

# What a connection says in one line that names what to check.
REFUSALS = (StorageRefused, StorageUnavailable, SecretUnavailable, DremioError, DremioUnavailable)


class Commands(TyperGroup):
    """The commands; what a connection refuses is one line on the terminal and exit code 2, whichever of them asked."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except REFUSALS as error:
            console.print(str(error), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
RUNS = (demo, cycle, measure, backfill, tune, champion, rollback)
LOOKS_AT_VERSIONS = (versions, prune, replay, why)
for command in (*RUNS, *LOOKS_AT_VERSIONS, sample, prepare, doctor, watchdog):
    app.command()(command)
app.add_typer(alerts, name="alerts")
app.add_typer(market, name="market")
