"""ARM templates against the models of Azure's own client libraries: a part of ``make audit``.

Each literal of a resource must be a property that the service knows and lets callers set, of its type, and one of its
named values; required properties must be there. Expressions are not evaluated. The libraries follow the latest version
of an API, so a property that was removed since is named, too.
"""

import datetime
import enum
import importlib
import json
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

AZURE = Path(__file__).parents[1] / "deploy" / "azure"
TEMPLATES = ("platform.json", "applications.json")
# Of the template, or of the request's address; the service's body has none of them.
OF_TEMPLATE = {"type", "apiVersion", "name", "dependsOn", "condition", "copy", "scope", "comments"}
# Body of the request that creates a resource, by its type.
MODELS = {
    "Microsoft.App/containerApps": ("appcontainers", "ContainerApp"),
    "Microsoft.App/containerApps/authConfigs": ("appcontainers", "AuthConfig"),
    "Microsoft.App/jobs": ("appcontainers", "Job"),
    "Microsoft.App/managedEnvironments": ("appcontainers", "ManagedEnvironment"),
    "Microsoft.Authorization/roleAssignments": ("authorization.v2022_04_01", "RoleAssignmentCreateParameters"),
    "Microsoft.ContainerRegistry/registries": ("containerregistry", "Registry"),
    "Microsoft.DBforPostgreSQL/flexibleServers": ("postgresqlflexibleservers", "Server"),
    "Microsoft.DBforPostgreSQL/flexibleServers/databases": ("postgresqlflexibleservers", "Database"),
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules": ("postgresqlflexibleservers", "FirewallRule"),
    "Microsoft.Insights/components": ("applicationinsights.v2020_02_02", "ApplicationInsightsComponent"),
    "Microsoft.Insights/diagnosticSettings": ("monitor.v2021_05_01_preview", "DiagnosticSettingsResource"),
    "Microsoft.KeyVault/vaults": ("keyvault", "VaultCreateOrUpdateParameters"),
    "Microsoft.KeyVault/vaults/secrets": ("keyvault", "SecretCreateOrUpdateParameters"),
    "Microsoft.MachineLearningServices/workspaces": ("machinelearningservices", "Workspace"),
    "Microsoft.MachineLearningServices/workspaces/computes": ("machinelearningservices", "ComputeResource"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("msi", "Identity"),
    "Microsoft.Network/networkSecurityGroups": ("network", "NetworkSecurityGroup"),
    "Microsoft.Network/privateDnsZones": ("privatedns", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": ("privatedns", "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": ("network", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": ("network", "PrivateDnsZoneGroup"),
    "Microsoft.Network/virtualNetworks": ("network", "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("loganalytics", "Workspace"),
    "Microsoft.Storage/storageAccounts": ("storage", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": ("storage", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("storage", "BlobContainer"),
}
# Known to the service in the templates' version, and to no library of its own: azure-ai-ml 1.35 has them in its client.
LATER = {
    ("Microsoft.MachineLearningServices/workspaces", ".properties.managedNetwork"),
    ("Microsoft.MachineLearningServices/workspaces", ".properties.systemDatastoresAuthMode"),
    ("Microsoft.MachineLearningServices/workspaces/computes", ".properties.properties.idleTimeBeforeShutdown"),
}
PLAIN = {"str": str, "bool": bool, "int": int, "long": int, "float": float}


def main() -> None:
    """Print what is wrong in the templates; exit with 1 if anything is."""
    count, problems = 0, []
    for name in TEMPLATES:
        template = json.loads((AZURE / name).read_text(encoding="utf-8"))
        for resource in template["resources"]:
            count += 1
            problems += [f"{name}: {resource['type']}{problem}" for problem in problems_of(resource)]
    print("\n".join(problems) or f"{count} resources of {len(MODELS)} types")
    sys.exit(bool(problems))


def problems_of(resource: Mapping[str, Any]) -> list[str]:
    """Return what Azure's client library does not know of a resource."""
    if resource["type"] not in MODELS:
        return [": no model is named for this type"]
    module, name = MODELS[resource["type"]]
    models = importlib.import_module(f"azure.mgmt.{module}.models")
    body = {key: value for key, value in resource.items() if key not in OF_TEMPLATE}
    problems = _of_model(body, getattr(models, name), models, "")
    return [each for each in problems if (resource["type"], each.partition(":")[0]) not in LATER]


def _of_value(value: Any, hint: Any, models: types.ModuleType, where: str) -> Iterator[str]:
    """Yield the problems of a value under a type: a typing hint, or a name as the older libraries write it."""
    if _is_expression(value) or hint is Any:
        return
    if isinstance(hint, str):
        yield from _of_named(value, hint, models, where)
        return
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        yield from _of_union(value, [each for each in inner if each is not type(None)], models, where)
    elif origin is list:
        yield from _of_list(value, inner[0], models, where)
    elif origin is dict:
        yield from _of_dict(value, inner[1], models, where)
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield from _of_enum(value, hint, where)
    elif _is_model(hint):
        yield from _of_model(value, hint, models, where)
    elif isinstance(hint, type) and hint in PLAIN.values() and not _is_plain(value, hint):
        yield f"{where}: {value!r} is no {hint.__name__}"


def _of_union(value: Any, kinds: list[Any], models: types.ModuleType, where: str) -> Iterator[str]:
    """Yield the problems under the narrowest of several types: named values before text."""
    named = [each for each in kinds if isinstance(each, type) and issubclass(each, enum.Enum)]
    yield from _of_value(value, (named or kinds)[0], models, where)


def _of_list(value: Any, inner: Any, models: types.ModuleType, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: expected a list"
        return
    for at, each in enumerate(value):
        yield from _of_value(each, inner, models, f"{where}[{at}]")


def _of_dict(value: Any, inner: Any, models: types.ModuleType, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: expected an object"
        return
    for name, each in value.items():
        yield from _of_value(each, inner, models, f"{where}.{name}")


def _of_enum(value: Any, hint: type[enum.Enum], where: str) -> Iterator[str]:
    values = [str(each.value) for each in hint]
    if str(value).lower() not in map(str.lower, values):
        yield f"{where}: {value!r} is none of {', '.join(values)}"


def _of_named(value: Any, name: str, models: types.ModuleType, where: str) -> Iterator[str]:
    """Yield the problems under a type of an older library: ``str``, ``[Sku]``, ``{str}`` or the name of a model."""
    if match := re.fullmatch(r"\[(.+)\]", name):
        yield from _of_list(value, match[1], models, where)
    elif match := re.fullmatch(r"\{(.+)\}", name):
        yield from _of_dict(value, match[1], models, where)
    elif name in PLAIN:
        yield from _of_value(value, PLAIN[name], models, where)
    elif isinstance(model := getattr(models, name, None), type):
        yield from _of_value(value, model, models, where)


def _of_model(value: Any, model: Any, models: types.ModuleType, where: str) -> Iterator[str]:
    """Yield the problems of an object under a model, the subtype that its discriminator names included."""
    if not isinstance(value, dict):
        yield f"{where}: expected an object"
        return
    fields = fields_of(_subtype(value, model, models), models)
    yield from _of_fields(value, fields, models, where)


def _of_fields(
    value: Mapping[str, Any], fields: Mapping[str, Any], models: types.ModuleType, where: str
) -> Iterator[str]:
    spelt = {name.lower(): name for name in fields}
    for name, each in value.items():
        if name in ("copy", "$schema"):
            continue
        if name.lower() not in spelt:
            yield f"{where}.{name}: unknown; known: {', '.join(sorted(fields))}"
            continue
        field = fields[spelt[name.lower()]]
        if isinstance(field, dict):
            yield from _of_fields(each, field, models, f"{where}.{name}")
        elif field[1]:
            yield f"{where}.{name}: is set by Azure alone"
        else:
            yield from _of_value(each, field[0], models, f"{where}.{name}")
    copied = {each["name"].lower() for each in value.get("copy", []) if isinstance(each, dict)}
    given = {name.lower() for name in value} | copied
    for name, field in fields.items():
        if not isinstance(field, dict) and field[2] and not field[1] and name.lower() not in given:
            yield f"{where}.{name}: required"


def fields_of(model: Any, models: types.ModuleType) -> dict[str, Any]:
    """Return a model's fields by their names in JSON: type, whether Azure alone sets it, whether it is required.

    A flattened field of an older library, such as ``properties.principalId``, is in a dictionary of its own.
    """
    if hasattr(model, "_attribute_map"):
        return _older_fields(model)
    model.__new__(model)  # resolves the fields
    space = {"_models": models, "datetime": datetime, "_types": models, "_enums": models}
    hints: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        own = vars(sys.modules[base.__module__])
        if "__annotations__" in vars(base):
            hints |= typing.get_type_hints(base, {**own, **space}, space)
    return {
        field._rest_name: (hints[name], field._visibility == ["read"], type(None) not in typing.get_args(hints[name]))
        for name, field in model._attr_to_rest_field.items()
    }


def _older_fields(model: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, described in model._attribute_map.items():
        rules = model._validation.get(name, {})
        # A dot within a name is written with backslashes.
        *groups, last = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", described["key"]))
        target = fields
        for group in groups:
            target = target.setdefault(group, {})
        target[last] = (described["type"], rules.get("readonly", False), rules.get("required", False))
    return fields


def _subtype(value: Mapping[str, Any], model: Any, models: types.ModuleType) -> Any:
    for attribute, kinds in getattr(model, "_subtype_map", {}).items():
        key = model._attribute_map[attribute]["key"]
        if value.get(key) in kinds:
            return getattr(models, kinds[value[key]])
    return model


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and (hasattr(hint, "_attribute_map") or hasattr(hint, "_deserialize"))


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("[") and not value.startswith("[[")


def _is_plain(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


if __name__ == "__main__":
    main()
