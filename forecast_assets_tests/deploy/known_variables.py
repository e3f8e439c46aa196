"""Variables that processes of the platform read: its settings, its secrets, and those of Dagster's files in deploy/."""

import re
from pathlib import Path

from forecast_assets.config.dremio_settings import SECRETS
from forecast_assets.config.settings import Settings
from forecast_assets.config.variables import OTHER_VARIABLES, fields_by_variable
from tools.reference_settings import OTHER

ROOT = Path(__file__).parents[2]
# Read by libraries: PostgreSQL's client, clients of https.
OF_LIBRARIES = {"PGSSLMODE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}


def settings_and_secrets() -> set[str]:
    """Return the variables of settings, secrets and the others that the reference lists."""
    return {name for name, _, _ in fields_by_variable(Settings)} | set(SECRETS) | set(OTHER) | set(OTHER_VARIABLES)


def of_dagster_files() -> set[str]:
    """Return the variables that dagster.yaml and workspace.yaml name."""
    return named_in("dagster.yaml") | named_in("workspace.yaml")


def named_in(file: str) -> set[str]:
    """Return the variables that a file of Dagster's configuration in deploy/ names."""
    return set(re.findall(r"\{env: (\w+)\}", (ROOT / "deploy" / file).read_text(encoding="utf-8")))


def every_variable() -> set[str]:
    """Return all of them."""
    return settings_and_secrets() | of_dagster_files() | named_in("celery.yaml") | OF_LIBRARIES
