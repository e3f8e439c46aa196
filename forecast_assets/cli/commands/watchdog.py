"""Options of ``forecast-assets watchdog``."""

from typing import Annotated

import typer

# ``HEARTBEAT_SECONDS`` of ``operations/health``, which is too slow to import for help; a test compares them.
HEARTBEAT_SECONDS = 300


def watchdog(
    heartbeat_seconds: Annotated[
        int, typer.Option(min=30, help="Seconds without a heartbeat after which a daemon counts as stopped")
    ] = HEARTBEAT_SECONDS,
) -> None:
    """Check daemons, sensors and schedules, and send an alert to Teams for each that has stopped or failed.

    Needs no daemon and no code server, because a stopped daemon cannot run the sensor that reports it. Start it from
    cron or a container probe. Exit code 1 if one has stopped or failed.
    """
    from forecast_assets.cli.watchdog import run

    run(heartbeat_seconds)
