"""Reading of the settings' environment variables, and messages about variables that are unknown or not allowed."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from forecast_assets.config.dremio_settings import SECRETS, DremioSettings
from forecast_assets.config.group import SettingsGroup
from forecast_assets.domain.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX, DREMIO_PREFIX = "FORECAST_", "DREMIO_"
# Read elsewhere: the commit of an image (storage), the folder of real data and the request for services (tests).
OTHER_VARIABLES = {"FORECAST_GIT_SHA", "FORECAST_REAL_DATA", "FORECAST_INTEGRATION"}
# Dremio's own tools have variables that begin alike: only a near miss counts as misspelt.
NEAR_MISS = 0.85


class VariableSource(PydanticBaseSettingsSource):
    """Source of settings: each field of each group has the variable that is its alias."""

    def __init__(self, settings_class: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_class)
        self._environment = environment

    @property
    def variables(self) -> list[str]:
        """The variables of all groups, without those of Dremio."""
        return [variable for variable, _, _ in fields_by_variable(self.settings_cls)]

    @property
    def reads_dremio(self) -> bool:
        """True if deliveries are read from Dremio, so that its variables count."""
        return self._environment.get("FORECAST_SOURCE") == "dremio"

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value of a field, the key it is passed by, and if it is a group."""
        group = group_of(field)
        if group is None:
            variable = str(field.validation_alias)
            return self._environment.get(variable), variable, False
        values: dict[str, Any] = self._given(group)
        if field_name == "sources" and self.reads_dremio:
            # An empty variable of Dremio counts as unset.
            values["dremio"] = {name: value for name, value in self._given(DremioSettings).items() if value != ""}
        return values, field_name, True

    def __call__(self) -> dict[str, Any]:
        """Return the given values, nested by group."""
        fields = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {key: value for value, key, _ in fields if value is not None}

    def _given(self, group: type[SettingsGroup]) -> dict[str, Any]:
        return {name: self._environment[name] for name in group.variables() if name in self._environment}


def group_of(field: FieldInfo) -> type[SettingsGroup] | None:
    """Return the group that a field of the settings holds, None for a single value."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, SettingsGroup) else None


def fields_by_variable(settings_class: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo, tuple[str, ...]]]:
    """Yield each variable with its field and the field's path of attributes; without the variables of Dremio."""
    for name, field in settings_class.model_fields.items():
        group = group_of(field)
        if group is None:
            yield str(field.validation_alias), field, (name,)
            continue
        for variable, inner in group.variables().items():
            yield variable, group.model_fields[inner], (name, inner)


def unknown_variables(environment: Mapping[str, str], known: list[str]) -> list[str]:
    """Return a message for each ``FORECAST_*`` variable that no setting has."""
    # Without the prefix that all share: with it, every name is close to some other.
    endings = {name.removeprefix(PREFIX): name for name in known if name.startswith(PREFIX)}
    problems = []
    for name in environment:
        if not name.startswith(PREFIX) or name in known or name in OTHER_VARIABLES:
            continue
        hint = did_you_mean(name.removeprefix(PREFIX), endings).replace("Did you mean ", f" Did you mean {PREFIX}")
        problems.append(f"{name}: unknown.{hint} Known: {', '.join(sorted(endings.values()))}")
    return problems


def misspelt_dremio_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a message for each ``DREMIO_*`` variable that is nearly spelt like one of ours."""
    known = [*DremioSettings.variables(), *SECRETS]
    problems = []
    for name in sorted(environment):
        if name.startswith(DREMIO_PREFIX) and name not in known:
            hint = did_you_mean(name, known, cutoff=NEAR_MISS)
            problems += [f"{name}: unknown. {hint} Known: {', '.join(known)}"] if hint else []
    return problems


def invalid_value(item: "ErrorDetails") -> str:
    """Return the message for a value that is not allowed, from one of pydantic's errors."""
    message = item["msg"].removeprefix("Value error, ")
    # The path ends in the variable for an error of a field, in a group's name or in nothing for one of several fields.
    variable = str(item["loc"][-1]) if item["loc"] else ""
    if not variable.isupper():
        return message
    if item["type"] == "missing":
        return f"{variable}: not set, and needed where FORECAST_SOURCE is dremio"
    # An address that is rejected for its user or query is likely to hold a password.
    shown = "(not shown)" if re.search(r"[@?]", str(item["input"])) else repr(item["input"])
    return f"{variable} = {shown}: {message}"
