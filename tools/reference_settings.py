"""Page of the settings: every environment variable that the code reads, and the fields of a market's entry.

``python -m tools.reference`` writes the page.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from forecast_assets.config.affects import Affects, affects_of
from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.config.group import SettingsGroup
from forecast_assets.config.markets import FIELDS, REQUIRED, Market, affects_of_market
from forecast_assets.config.settings import ENVIRONMENTS, Settings
from forecast_assets.config.variables import group_of

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
HEAD = """\
<!-- Generated from the settings by `make reference`. -->
# Settings

Every setting is an environment variable. `FORECAST_ENV` picks the defaults, and a variable overrides one of them.
A variable that starts with `FORECAST_` and is not on this page is an error.
The last column names the tables whose rows depend on the value: a change makes their stored partitions stale.
Limits of checks and alarms change no rows.
"""
OTHER_HEAD = """\
## Secrets and other variables

The code reads these variables when it needs them. They are no settings, and no table depends on them.
A secret is read from its variable or from the Key Vault, see [secrets](../secrets.md).
"""
OTHER = {
    "TEAMS_WEBHOOK_URL": "Secret: address of the webhook of the default Teams channel; unset: alerts wait",
    "TEAMS_WEBHOOK_URL_<NAME>": "Secret: address of the webhook of the channel that a market's `teams_channel` names",
    "AZURE_CLIENT_SECRET": "Secret: password of the service principal that opens Azure storage and the Key Vault",
    "AZURE_STORAGE_ACCOUNT_KEY": "Secret: key of the storage account, for `FORECAST_AZURE_CREDENTIAL=key`",
    "AZURE_STORAGE_SAS_TOKEN": "Secret: SAS token of the storage account, for `FORECAST_AZURE_CREDENTIAL=sas`",
    "DREMIO_PASSWORD": "Secret: password of the Dremio user",
    "DREMIO_TOKEN": "Secret: personal access token for Dremio, used instead of user and password",
    "MLFLOW_TRACKING_USERNAME": "Secret: user of an MLflow server with basic authentication",
    "MLFLOW_TRACKING_PASSWORD": "Secret: password of an MLflow server with basic authentication",
    "MLFLOW_TRACKING_TOKEN": "Secret: bearer token of an MLflow server",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "Seconds that a request to MLflow may take; unset: 10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "Number of times that a request to MLflow is repeated; unset: 2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "Factor of the pauses between repeated requests to MLflow; unset: 1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "`true` keeps MLflow from printing its address; unset: `true`",
    "MLFLOW_DISABLE_TELEMETRY": "`true` keeps MLflow from sending usage data to its makers; unset: `true`",
    "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "`true` lets a backfill wait for a code location that cannot "
    "be loaded; unset: `true`",
    "DAGSTER_HOME": "Folder of the Dagster instance; unset: `var/dagster_home`",
    "FORECAST_GIT_SHA": "Commit that an image was built from, stored with every table; unset: read from git",
    "FORECAST_REAL_DATA": "Folder of real data sets; tests that need them are deselected if it is unset",
    "FORECAST_INTEGRATION": "Request for the tests that start real services",
}
MARKETS_HEAD = """\
## Fields of a market

`FORECAST_MARKETS` names a YAML file with one entry per market under the key `markets`.
"""
COLUMNS = ("variable", "meaning", "default", "tables that depend on it")


def render() -> str:
    """Return the page as Markdown."""
    singles = {str(field.validation_alias): field for field in Settings.model_fields.values() if field.validation_alias}
    lines = [HEAD, "## Environment", "", *_table(COLUMNS, _rows(singles)), ""]
    for name, field in Settings.model_fields.items():
        group = group_of(field)
        if group is not None:
            lines += _section(name.capitalize(), group)
        if name == "sources":
            lines += _section("Dremio", DremioSettings)
    others = [(f"`{variable}`", meaning) for variable, meaning in OTHER.items()]
    lines += [OTHER_HEAD, *_table(("variable", "meaning"), others), ""]
    lines += [MARKETS_HEAD, *_table(("field", *COLUMNS[1:]), _market_rows())]
    return "\n".join(lines) + "\n"


def _section(title: str, group: type[SettingsGroup]) -> list[str]:
    fields = {variable: group.model_fields[name] for variable, name in group.variables().items()}
    title = {"Mlflow": "MLflow"}.get(title, title)
    return [
        f"## {title}",
        "",
        (group.__doc__ or "").strip().replace("``", "`"),
        "",
        *_table(COLUMNS, _rows(fields)),
        "",
    ]


def _rows(fields: dict[str, FieldInfo]) -> Iterator[tuple[str, ...]]:
    for variable, field in fields.items():
        yield f"`{variable}`", str(field.description), _default(variable, field), _tables(affects_of(variable, field))


def _default(variable: str, field: FieldInfo) -> str:
    if any(variable in row for row in ENVIRONMENTS.values()):
        return "<br>".join(f"{env}: {_shown(row.get(variable, field.default))}" for env, row in ENVIRONMENTS.items())
    return "required" if field.is_required() else _shown(field.default)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "unset"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _tables(affects: Affects) -> str:
    return ", ".join(f"`{table}`" for table in affects.all_tables) or "none"


def _market_rows() -> Iterator[tuple[str, ...]]:
    text = (Market.__doc__ or "").split("Attributes:")[1]
    meanings = dict(re.findall(r"^ +(\w+): (.+)$", text, re.MULTILINE))
    for name, field in FIELDS.items():
        default = "required" if name in REQUIRED else _shown(field.default)
        yield f"`{name}`", meanings[name].replace("``", "`").rstrip("."), default, _tables(affects_of_market(name))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]
