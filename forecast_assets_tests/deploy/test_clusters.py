"""Configuration of clusters: it agrees with the queue of one server, and its jobs have the limits that are stated."""

import json
import re
import subprocess

import pytest
import yaml

from forecast_assets_tests.deploy.fake_az import FakeAz
from forecast_assets_tests.deploy.known_variables import OF_LIBRARIES, ROOT, of_dagster_files, settings_and_secrets
from forecast_assets_tests.repository_settings import loaded

DEPLOY, GOLDEN = ROOT / "deploy", ROOT / "forecast_assets_tests" / "deploy" / "golden"
# Read by the identity's client and by Dagster itself.
NO_SETTING = {"AZURE_CLIENT_ID", "DAGSTER_HOME"}


@pytest.fixture(scope="module")
def values():
    return yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server():
    return yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_the_queue_keeps_the_runs_of_a_market_apart_as_on_a_server(values, server):
    queue = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert queue["tagConcurrencyLimits"] == server["concurrency"]["runs"]["tag_concurrency_limits"]


def test_a_job_lives_longer_than_dagster_lets_its_run(values, server):
    monitoring = values["dagsterDaemon"]["runMonitoring"]
    assert monitoring["maxRuntimeSeconds"] == server["run_monitoring"]["max_runtime_seconds"]
    assert golden("kubernetes-standard")["spec"]["activeDeadlineSeconds"] > monitoring["maxRuntimeSeconds"]
    assert golden("container-apps")["configuration"]["replica_timeout"] > monitoring["maxRuntimeSeconds"]


def test_no_cluster_starts_a_run_again_by_itself(values):
    assert golden("kubernetes-standard")["spec"]["backoffLimit"] == 0
    assert golden("kubernetes-standard")["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert golden("container-apps")["configuration"]["replica_retry_limit"] == 0
    assert values["dagsterDaemon"]["runMonitoring"]["maxResumeRunAttempts"] == 0
    assert values["dagsterDaemon"]["runRetries"]["maxRetries"] == 3


def test_a_run_is_the_user_of_the_image_on_a_read_only_root():
    container = golden("kubernetes-standard")["spec"]["template"]["spec"]["containers"][0]
    assert container["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": 10001, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip


def test_a_large_market_has_memory_and_a_node_pool_of_its_own_and_keeps_the_rest():
    pods = [golden(f"kubernetes-{name}")["spec"]["template"]["spec"] for name in ("standard", "large")]
    assert [pod["nodeSelector"] for pod in pods] == [{"forecast/pool": "standard"}, {"forecast/pool": "large"}]
    assert [pod["containers"][0]["resources"]["limits"]["memory"] for pod in pods] == ["4Gi", "32Gi"]
    assert [each["value"] for each in pods[1]["tolerations"]] == ["large"]
    for name in ("volumeMounts", "securityContext", "envFrom"):
        assert pods[0]["containers"][0][name] == pods[1]["containers"][0][name]


def test_the_tags_of_large_runs_are_a_value_of_their_setting():
    text = (DEPLOY / "kubernetes" / "large-run-tags.json").read_text(encoding="utf-8")
    automation = loaded(FORECAST_LARGE_RUN_TAGS=text).automation
    assert set(automation.tags_of_runs("large")) == {"dagster-k8s/config"}
    assert automation.tags_of_runs("") == {}


def test_no_secret_stands_in_a_kubernetes_job():
    for name in ("standard", "large"):
        for each in golden(f"kubernetes-{name}")["spec"]["template"]["spec"]["containers"][0]["env"]:
            assert not re.search("PASSWORD|KEY|WEBHOOK", each["name"]) or "secretKeyRef" in each["valueFrom"]


def test_a_job_of_azure_gets_what_dagster_needs_and_no_secret_but_the_database_password():
    section = yaml.safe_load((DEPLOY / "azure" / "container-apps-runs.yaml").read_text(encoding="utf-8"))
    named = set(section["run_launcher"]["config"]["env_vars"])
    assert named - settings_and_secrets() - of_dagster_files() - OF_LIBRARIES - NO_SETTING == set()
    of_instance = set(re.findall(r"\{env: (\w+)\}", (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")))
    assert of_instance - named == set()
    assert {name for name in named if "PASSWORD" in name or "WEBHOOK" in name} == {"DAGSTER_POSTGRES_PASSWORD"}


def test_jobs_of_azure_are_deleted_a_week_after_their_end_and_not_while_they_run(tmp_path):
    fake = FakeAz(tmp_path, [
        [["job list"], "run-old\nrun-new\nrun-going"],
        [["execution list", "run-old"], "2020-01-01T00:00:00+00:00"],
        [["execution list", "run-new"], "2999-01-01T00:00:00+00:00"],
        [["execution list", "run-going"], ""],
    ])  # fmt: skip
    script = DEPLOY / "azure" / "clean-jobs"
    done = subprocess.run([script, "runs"], env=fake.environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "1 jobs deleted, 2 kept\n"
    deleted = [text for text in fake.texts() if "job delete" in text]
    assert deleted == ["containerapp job delete --resource-group runs --name run-old --yes --output none"]


def test_a_wrong_number_of_days_deletes_nothing(tmp_path):
    fake = FakeAz(tmp_path, [])
    done = subprocess.run(
        [DEPLOY / "azure" / "clean-jobs", "runs", "-1"], env=fake.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, fake.calls) == (2, [])
