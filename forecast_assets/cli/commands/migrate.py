"""Help of ``forecast-assets migrate``."""


def migrate() -> None:
    """Bring the store to the layout of this release; nothing changes if it has it.

    Run it after an update, before the first cycle. Exit code 2 if the store has the layout of a later release.
    """
    from forecast_assets.cli.migrate import run

    run()
