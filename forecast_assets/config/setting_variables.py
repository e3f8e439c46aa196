"""What the variables of settings are called, and what is said of one that cannot be used."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from forecast_assets.config.dremio_settings import VARIABLES

PREFIX = "FORECAST_"
# Fields whose variable bears the name that other tools know it by.
OTHER_NAMES = {
    "mlflow_tracking_uri": "MLFLOW_TRACKING_URI",
    "azure_key_vault_url": "AZURE_KEY_VAULT_URL",
    "azure_tenant_id": "AZURE_TENANT_ID",
    "azure_client_id": "AZURE_CLIENT_ID",
}
# Read elsewhere: the commit of an image (storage), the folder of real data and the request for services (tests).
OTHER_VARIABLES = {"FORECAST_GIT_SHA", "FORECAST_REAL_DATA", "FORECAST_INTEGRATION"}


def variable_of(name: str, inner: str = "") -> str:
    """The environment variable that sets a field of ``Settings``, or a field of its part ``dremio``."""
    if name == "dremio" and inner:
        return next(variable for variable, field in VARIABLES.items() if field == inner)
    return OTHER_NAMES.get(name, PREFIX + name.upper())


def unknown_variable(name: str, known: Mapping[str, str]) -> str:
    """What is wrong with a variable that no setting has. ``known``: variable -> field."""
    # Without the prefix that all share: with it, every name is close to some other.
    by_ending = {variable.removeprefix(PREFIX): variable for variable in known if variable.startswith(PREFIX)}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), by_ending, n=1)
    hint = f" Did you mean {by_ending[close[0]]}?" if close else ""
    return f"{name}: unknown.{hint} Known: {', '.join(sorted(by_ending.values()))}"


def invalid_value(item: Any) -> str:
    """What is wrong with a value, from one of pydantic's errors."""
    message = item["msg"].removeprefix("Value error, ")
    if not item["loc"]:
        return message
    variable = variable_of(*map(str, item["loc"][:2]))
    if item["type"] == "missing":
        return f"{variable}: not set, and needed where FORECAST_SOURCE is dremio"
    # An address that is refused for the user or query in it is likely to hold a password.
    shown = "(not shown)" if re.search(r"[@?]", str(item["input"])) else repr(item["input"])
    return f"{variable} = {shown}: {message}"
