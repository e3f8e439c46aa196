"""Program for the environment of the extra ``cluster``: hands a run to the launcher of deploy/celery.yaml.

Arguments: job and partition. The instance is that of DAGSTER_HOME. Prints the run's last status.
"""

import sys
import time

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.utils import make_new_run_id

SECONDS_OF_A_RUN = 400
ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


def main(job: str, partition: str) -> None:
    country, month = partition.split("|")
    tags = {
        "dagster/partition": partition,
        "dagster/partition/country": country,
        "dagster/partition/month": month,
    }
    pointer = ModuleCodePointer("forecast_assets.definitions", "defs", working_directory=None)
    repository = RepositoryPythonOrigin(sys.executable, pointer, container_image=None, container_context={})
    with dg.DagsterInstance.get() as instance:
        run = instance.add_run(
            dg.DagsterRun(
                job, run_id=make_new_run_id(), tags=tags, status=dg.DagsterRunStatus.STARTING,
                job_code_origin=JobPythonOrigin(job, repository),
            )
        )  # fmt: skip
        instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
        give_up_at = time.monotonic() + SECONDS_OF_A_RUN
        while (status := instance.get_run_by_id(run.run_id).status) not in ENDED and time.monotonic() < give_up_at:
            time.sleep(0.5)
        tags = instance.get_run_by_id(run.run_id).tags
    sys.stdout.write(f"{status.value} {'task' if any('celery' in name for name in tags) else 'no task'}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
