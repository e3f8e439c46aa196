"""Options of ``forecast-assets market``."""

from typing import Annotated

import typer

market = typer.Typer(no_args_is_help=True, help="Add a market, check its readiness, promote, rename or retire it.")
Code = Annotated[str, typer.Argument(help="Market code, as in the deliveries")]
LastClosedMonth = Annotated[
    str | None, typer.Option("--month", help="Last closed month, e.g. 2024-06. Default: derived from today's date")
]


@market.command()
def add(
    code: Code,
    name: Annotated[str, typer.Option(help="Name shown to readers")],
    region: Annotated[str, typer.Option(help="Region, the level between market and world")],
    iso2: Annotated[
        str | None, typer.Option(help="Country of the public holidays (ISO 3166). Default: derived from code or name")
    ] = None,
    iso3: Annotated[
        str | None, typer.Option(help="Country in the COVID-19 tracker (ISO 3166). Default: the country of --iso2")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="First month with data, e.g. 2022-01. Default: the first delivered month")
    ] = None,
    missing_month: Annotated[
        str, typer.Option(help="Meaning of a SKU without a row in a delivered month: zero or unknown")
    ] = "zero",
) -> None:
    """Append a market to the markets file in stage shadow: forecast and measured, but not published to readers."""
    from forecast_assets.cli.market import add_shadow_market

    add_shadow_market(code, name, region, iso2, iso3, since, missing_month)


@market.command()
def check(code: Code, month: LastClosedMonth = None) -> None:
    """Check whether a market is ready to go live. Exit code 1 if a check fails.

    With --month, also rehearse the month: print what its cycle would find in the deliveries. Nothing is stored.
    """
    from forecast_assets.cli.market import check_market

    check_market(code, month)


@market.command()
def promote(
    code: Code,
    month: LastClosedMonth = None,
    force: Annotated[bool, typer.Option("--force", help="Promote even if a check fails; needs --reason")] = False,
    reason: Annotated[str, typer.Option(help="Reason, kept as a comment in the markets file")] = "",
) -> None:
    """Make a shadow market live: its next cycle is published to readers."""
    from forecast_assets.cli.market import promote_market

    promote_market(code, month, reason, force=force)


@market.command()
def rename(code: Code, new_code: Annotated[str, typer.Argument(help="New market code")]) -> None:
    """Change the code of a market without stored months; otherwise print the steps that keep its history."""
    from forecast_assets.cli.market import rename_to

    rename_to(code, new_code)


@market.command()
def retire(
    code: Code, reason: Annotated[str, typer.Option(help="Reason, kept as a comment in the markets file")] = ""
) -> None:
    """Stop forecasting a market. Its history stays readable and its entry stays in the markets file."""
    from forecast_assets.cli.market import retire_market

    retire_market(code, reason)
