"""Options of ``forecast-assets alerts``."""

from typing import Annotated

import typer

# ``DEFAULT_CHANNEL`` of ``alerts/outbox.py``, which is too slow to import for help; a test compares them.
DEFAULT_CHANNEL = "default"

alerts = typer.Typer()


@alerts.callback(invoke_without_command=True)
def list_alerts(context: typer.Context) -> None:
    """List open incidents and unsent messages; send a test card, resend or drop messages."""
    if context.invoked_subcommand is not None:
        return
    from forecast_assets.cli.alerts import print_alerts

    print_alerts()


@alerts.command("test")
def send_test_card(
    channel: Annotated[
        str, typer.Option(help="Channel name, as in teams_channel of the markets file")
    ] = DEFAULT_CHANNEL,
) -> None:
    """Send a test card to a channel. Exit code 1 if it is not accepted."""
    from forecast_assets.cli.alerts import send_test_card as send

    send(channel)


@alerts.command()
def resend(
    message: Annotated[
        list[str] | None, typer.Argument(help="Name as listed, e.g. default/12. Default: all parked messages")
    ] = None,
) -> None:
    """Queue parked messages again, in their original order."""
    from forecast_assets.cli.alerts import resend_messages

    resend_messages(message or [])


@alerts.command()
def drop(message: Annotated[list[str], typer.Argument(help="Name as listed, e.g. default/12")]) -> None:
    """Drop unsent messages: they are never sent, and the store keeps them as dropped."""
    from forecast_assets.cli.alerts import drop_messages

    drop_messages(message)
