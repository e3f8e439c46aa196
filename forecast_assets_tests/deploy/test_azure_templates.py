"""The ARM templates: settings, rights, names and parameter files agree. Azure itself is not asked."""

import json
import re

import pytest

from forecast_assets.config.connection_groups import (
    AzureSettings,
    MarketsSettings,
    MlflowSettings,
    SourceSettings,
    StoreSettings,
)
from forecast_assets.config.settings import Settings
from forecast_assets.config.variables import fields_by_variable
from forecast_assets_tests.deploy.known_variables import OF_LIBRARIES, ROOT, of_dagster_files, settings_and_secrets

AZURE = ROOT / "deploy" / "azure"
KINDS, ENVIRONMENTS = ("platform", "applications"), ("dev", "test", "prod")
# Groups whose settings say where something is: Azure's places have no default. The defaults of all other groups serve
# there as anywhere, and `settings` of a parameter file changes one.
CONNECTIONS = (StoreSettings, SourceSettings, MarketsSettings, MlflowSettings, AzureSettings)
AT_DEFAULT = {
    "FORECAST_LEASE_SECONDS", "FORECAST_LEASE_WAIT_SECONDS", "FORECAST_SOURCE", "FORECAST_FIRST_MONTH",
    "FORECAST_AZURE_ACCOUNT_URL",
}  # fmt: skip
OF_LIBRARY_CLIENTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT",
}  # fmt: skip
# Set by the image.
BY_IMAGE = {
    "DAGSTER_HOME", "FORECAST_GIT_SHA", "MLFLOW_DISABLE_TELEMETRY", "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR"
}  # fmt: skip
# Read from the Key Vault when used, where the company has them; or of credentials that Azure does without.
FROM_VAULT = {
    "TEAMS_WEBHOOK_URL", "TEAMS_WEBHOOK_URL_<NAME>", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN", "DREMIO_PASSWORD", "DREMIO_TOKEN", "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN",
}  # fmt: skip
DEVELOPMENT = {"FORECAST_REAL_DATA", "FORECAST_INTEGRATION"}


@pytest.fixture(scope="module")
def templates():
    return {kind: json.loads((AZURE / f"{kind}.json").read_text()) for kind in KINDS}


def set_by_template(templates):
    return {each["name"] for each in templates["applications"]["variables"]["environmentOfPlatform"]}


def resources(templates, kind, type_name):
    return [each for each in templates[kind]["resources"] if each["type"] == type_name]


def test_every_place_and_every_secret_is_set_by_the_template_image_or_vault(templates):
    places = {name for group in CONNECTIONS for name in group.variables()}
    places |= {"FORECAST_ENV", "FORECAST_DAGSTER_URL", "FORECAST_TIME_ZONE"}
    of_groups = {name for name, field, _ in fields_by_variable(Settings)}
    secrets_and_others = settings_and_secrets() - of_groups
    stated = set_by_template(templates) | AT_DEFAULT | BY_IMAGE | FROM_VAULT | DEVELOPMENT | OF_LIBRARY_CLIENTS
    assert (places | secrets_and_others) - stated == set()
    assert of_dagster_files() - set_by_template(templates) == set()


def test_every_variable_that_the_template_sets_is_read(templates):
    assert set_by_template(templates) - settings_and_secrets() - of_dagster_files() - OF_LIBRARIES == set()
    assert (AT_DEFAULT | BY_IMAGE | OF_LIBRARY_CLIENTS) - settings_and_secrets() == set()


def test_settings_of_the_parameter_files_exist():
    for environment in ENVIRONMENTS:
        content = json.loads((AZURE / f"applications.{environment}.json").read_text())["parameters"]
        assert content["environment"]["value"] == environment
        assert set(content["settings"]["value"]) - settings_and_secrets() == set()


def test_no_secret_stands_in_a_plain_variable(templates):
    by_name = {each["name"]: each for each in templates["applications"]["variables"]["environmentOfPlatform"]}
    assert by_name["DAGSTER_POSTGRES_PASSWORD"] == {
        "name": "DAGSTER_POSTGRES_PASSWORD", "secretRef": "postgres-password"
    }  # fmt: skip
    assert templates["platform"]["parameters"]["postgresPassword"]["type"] == "securestring"
    assert "postgresPassword" not in json.dumps(templates["platform"]["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_that_an_expression_uses_is_declared(templates, kind):
    text = json.dumps(templates[kind])
    used = set(re.findall(r"parameters\('(\w+)'\)", text))
    assert used == set(templates[kind]["parameters"])
    assert set(re.findall(r"variables\('(\w+)'\)", text)) == set(templates[kind]["variables"])
    # Azure evaluates variables before there is a resource to refer to.
    assert "reference(" not in json.dumps(templates[kind]["variables"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_parameter_file_fits_its_template(templates, kind, environment):
    given = json.loads((AZURE / f"{kind}.{environment}.json").read_text())["parameters"]
    declared = templates[kind]["parameters"]
    assert set(given) - set(declared) == set()
    types = {"string": str, "array": list, "object": dict, "bool": bool, "int": int}
    for name, each in given.items():
        assert isinstance(each["value"], types[declared[name]["type"]]), name


def test_parameters_of_the_applications_come_from_outputs_files_or_the_pipeline(templates):
    outputs = set(templates["platform"]["outputs"])
    given = set(json.loads((AZURE / "applications.dev.json").read_text())["parameters"])
    needed = {name for name, each in templates["applications"]["parameters"].items() if "defaultValue" not in each}
    assert needed - outputs - given == {"image"}
    release = (AZURE / "release").read_text()
    assert outputs & needed <= set(re.search(r"for name in ([\w ]+); do", release)[1].split())


def test_storage_has_a_hierarchical_namespace_and_no_keys(templates):
    first, second = resources(templates, "platform", "Microsoft.Storage/storageAccounts")
    assert (first["properties"]["isHnsEnabled"], second["properties"]["isHnsEnabled"]) == (True, False)
    for each in (first, second):
        assert each["properties"]["allowSharedKeyAccess"] is False
        assert each["properties"]["allowBlobPublicAccess"] is False
        assert each["properties"]["networkAcls"]["defaultAction"] == "Deny"


def test_containers_of_all_environments_are_the_default(templates):
    assert templates["platform"]["parameters"]["containers"]["defaultValue"] == [
        f"forecast-{each}" for each in ENVIRONMENTS
    ]


def test_no_one_reaches_a_web_server_without_a_login(templates):
    applications = {each["name"]: each for each in templates["applications"]["variables"]["applications"]}
    assert {name for name, each in applications.items() if each["external"]} == {"webserver", "planners"}
    assert all(applications[name]["group"] for name in ("webserver", "planners"))
    (login,) = resources(templates, "applications", "Microsoft.App/containerApps/authConfigs")
    assert login["condition"] == "[variables('applications')[copyIndex()].external]"
    assert login["properties"]["platform"]["enabled"] is True
    assert login["properties"]["globalValidation"]["unauthenticatedClientAction"] == "RedirectToLoginPage"


def test_the_identity_has_four_roles_each_on_one_resource(templates):
    assignments = resources(templates, "platform", "Microsoft.Authorization/roleAssignments")
    own = [each for each in assignments if "identityId" in each["properties"]["principalId"]]
    roles = sorted(re.search(r"roles'\)\.(\w+)", each["properties"]["roleDefinitionId"])[1] for each in own)
    assert roles == ["blobs", "blobs", "experiments", "pull", "secrets"]
    assert all(each["scope"].startswith("[resourceId(") for each in own)
    blobs = [each["scope"] for each in own if "roles').blobs" in each["properties"]["roleDefinitionId"]]
    assert all("blobServices/containers" in scope for scope in blobs)


def test_commands_of_the_applications_are_those_of_the_compose_file(templates):
    from tools.stack.compose import read_services

    services = read_services({"POSTGRES_PASSWORD": "p", "AZURE_STORAGE_ACCOUNT_KEY": "k"})
    for each in templates["applications"]["variables"]["applications"]:
        ours = [word for word in services[each["name"]].command if not word.startswith("300")]
        assert [word for word in each["command"] if not word.startswith("300")] == ours
