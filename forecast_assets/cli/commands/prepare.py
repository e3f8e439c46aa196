"""Help of ``forecast-assets prepare``."""


def prepare() -> None:
    """Create DAGSTER_HOME with a dagster.yaml, and the local MLflow store, if they are missing."""
    from forecast_assets.cli.prepare import run

    run()
