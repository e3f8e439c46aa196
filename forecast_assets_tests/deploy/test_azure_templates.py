"""The ARM templates: settings, rights, names and parameter files agree. Azure itself is not asked."""

import json
import re

import pytest

from forecast_assets_tests.deploy.known_variables import OF_LIBRARIES, ROOT, of_dagster_files, settings_and_secrets

AZURE = ROOT / "deploy" / "azure"
KINDS, ENVIRONMENTS = ("platform", "applications"), ("dev", "test", "prod")
# Settings whose defaults serve on Azure as anywhere; `settings` of a parameter file changes one.
AT_DEFAULT = {
    "FORECAST_HORIZON_MONTHS", "FORECAST_LEASE_SECONDS", "FORECAST_LEASE_WAIT_SECONDS", "FORECAST_SOURCE",
    "FORECAST_FIRST_MONTH", "FORECAST_AZURE_ACCOUNT_URL", "FORECAST_TRAINING_ROWS", "FORECAST_BACKTEST_TRAINING_ROWS",
    "FORECAST_BOOSTING_ROUNDS", "FORECAST_MAX_THREADS", "FORECAST_POOLED_SKUS", "FORECAST_ALERT_GROUPING_MINUTES",
    "FORECAST_ALERT_AFTER_UNCLEAR", "FORECAST_HEARTBEAT_DAY", "FORECAST_MAX_WAPE", "FORECAST_MAX_BIAS",
    "FORECAST_ALARM_LAG_MONTHS", "FORECAST_MAX_UNKNOWN_SKU_SHARE", "FORECAST_MAX_TOTAL_CHANGE",
    "FORECAST_MAX_RETURN_RATIO", "FORECAST_MAX_FORECAST_RATIO", "FORECAST_ARRIVAL_DEADLINE_DAYS",
    "FORECAST_SENSOR_SECONDS", "FORECAST_RETUNE_TRIALS", "FORECAST_RETUNES_PER_MONTH", "FORECAST_RETENTION_DAYS",
    "FORECAST_RETENTION_VERSIONS", "FORECAST_ORPHAN_GRACE_DAYS", "FORECAST_PROMOTION_TOLERANCE",
    "FORECAST_PROMOTION_BASELINE_TOLERANCE", "FORECAST_PROMOTION_MAX_BIAS", "FORECAST_PROMOTION_CLASS_TOLERANCE",
    "FORECAST_PROMOTION_CLASS_CELLS", "FORECAST_FALLBACK_MONTHS", "FORECAST_SUCCESSORS_ACCEPTED",
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


def test_every_setting_that_the_code_reads_is_set_or_left_at_its_default_on_purpose(templates):
    dremio = {name for name in settings_and_secrets() if name.startswith("DREMIO_")} - FROM_VAULT
    stated = set_by_template(templates) | AT_DEFAULT | BY_IMAGE | FROM_VAULT | DEVELOPMENT | dremio
    assert settings_and_secrets() - stated == set()
    assert of_dagster_files() - set_by_template(templates) == set()


def test_every_variable_that_the_template_sets_is_read(templates):
    assert set_by_template(templates) - settings_and_secrets() - of_dagster_files() - OF_LIBRARIES == set()
    assert (AT_DEFAULT | BY_IMAGE) - settings_and_secrets() == set()


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
