"""Program for the environment of the extra ``cluster``: prints the jobs that the launchers of deploy/ would create.

Launchers come from the installed libraries, with the configuration as it stands in deploy/. Kubernetes and Azure are
replaced by objects that keep what they are sent.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._serdes import ConfigurableClassData

DEPLOY = Path(__file__).parents[2] / "deploy"
RUN_ID = "00000000-0000-4000-8000-000000000001"
ENVIRONMENT = {
    "DAGSTER_HOME": "/opt/forecast_assets/var/dagster_home",
    "DAGSTER_K8S_INSTANCE_CONFIG_MAP": "forecast-instance",
    "AZURE_SUBSCRIPTION_ID": "subscription",
    "AZURE_JOBS_RESOURCE_GROUP": "forecast-runs",
    "AZURE_REGION": "westeurope",
    "AZURE_CONTAINER_APPS_ENVIRONMENT_ID": "/subscriptions/s/environment",
    "AZURE_RUN_IDENTITY_ID": "/subscriptions/s/identity",
}


class Kept:
    """Keeps the calls of a client; every attribute is a client, too."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> "Kept":
        return self.__dict__.setdefault(name, Kept())

    def __call__(self, *arguments: Any, **named: Any) -> "Kept":
        self.calls.append((arguments, named))
        return Kept()


def launcher_of(section: dict[str, Any]) -> Any:
    """Return the launcher of a section of dagster.yaml, its configuration checked by the library."""
    data = ConfigurableClassData(section["module"], section["class"], yaml.safe_dump(section["config"]))
    return data.rehydrate(as_type=object)


def launched(instance: dg.DagsterInstance, launcher: Any, image: str, tags: dict[str, str]) -> None:
    """Launch a run of the monthly cycle."""
    pointer = ModuleCodePointer("forecast_assets.definitions", "defs", working_directory="/opt/forecast_assets")
    repository = RepositoryPythonOrigin("/opt/venv/bin/python", pointer, container_image=image, container_context={})
    run = dg.DagsterRun(
        "monthly_cycle", run_id=RUN_ID, tags=tags, job_code_origin=JobPythonOrigin("monthly_cycle", repository)
    )
    instance.add_run(run)
    launcher.register_instance(instance)
    launcher.launch_run(LaunchRunContext(run, workspace=None))
    instance.delete_run(RUN_ID)


def kubernetes_job(values: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """Return the job that Kubernetes would be sent."""
    from kubernetes.client import ApiClient

    image = values["dagsterWebserver"]["image"]
    batch = Kept()
    with mock.patch("dagster_k8s.launcher.load_kubernetes_config"), dg.DagsterInstance.ephemeral() as instance:
        launcher = launcher_of(values["runLauncher"]["config"]["customRunLauncher"])
        launcher._api_client.batch_api = batch
        with mock.patch.object(instance, "get_ref", return_value=None):
            launched(instance, launcher, f"{image['repository']}:{image['tag']}", tags)
    _, named = batch.create_namespaced_job.calls[0]
    return {"namespace": named["namespace"], **ApiClient().sanitize_for_serialization(named["body"])}


def container_apps_job() -> dict[str, Any]:
    """Return the job that Azure would be sent."""
    section = yaml.safe_load((DEPLOY / "azure" / "container-apps-runs.yaml").read_text(encoding="utf-8"))
    named = {name: f"value of {name}" for name in section["run_launcher"]["config"]["env_vars"]}
    client = Kept()
    with mock.patch.dict(os.environ, {**named, **ENVIRONMENT}), dg.DagsterInstance.ephemeral() as instance:
        launcher = launcher_of(section["run_launcher"])
        launcher._get_client = lambda: client
        with mock.patch.object(instance, "get_ref", return_value=None):
            launched(instance, launcher, "forecast.azurecr.io/forecast_assets@sha256:abc", {})
    group, name, job = client.jobs.begin_create_or_update.calls[0][0]
    return {"resource_group": group, "name": name, **job.as_dict()}


def main() -> None:
    """Print the jobs as JSON."""
    os.environ.update(ENVIRONMENT)
    values = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
    large = json.loads((DEPLOY / "kubernetes" / "large-run-tags.json").read_text(encoding="utf-8"))
    jobs = {
        "kubernetes-standard": kubernetes_job(values, {"forecast/market": "FR"}),
        "kubernetes-large": kubernetes_job(values, {"forecast/market": "US", **large}),
        "container-apps": container_apps_job(),
    }
    json.dump(jobs, sys.stdout, indent=2, sort_keys=True)


if __name__ == "__main__":
    main()
