"""The command line ``forecast-assets``: one file per command, this one lists them."""

import typer

from forecast_assets.cli.alerts import alerts
from forecast_assets.cli.backfill import backfill
from forecast_assets.cli.champion import champion, rollback
from forecast_assets.cli.cycle import cycle
from forecast_assets.cli.demo import demo
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

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (
    demo,
    cycle,
    measure,
    backfill,
    tune,
    champion,
    rollback,
    versions,
    prune,
    replay,
    why,
    sample,
    prepare,
    watchdog,
):
    app.command()(command)
app.add_typer(alerts, name="alerts")
app.add_typer(market, name="market")
