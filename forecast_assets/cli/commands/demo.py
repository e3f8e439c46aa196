"""Help of ``forecast-assets demo``."""


def demo() -> None:
    """Simulate a company, run three monthly cycles, the last two in a row, and print where the reports are."""
    from forecast_assets.cli.demo import run

    run()
