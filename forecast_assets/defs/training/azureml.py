"""Training jobs on Azure ML, by dagster-azure's ``PipesAzureMLClient``; request and messages through a container.

The job is a command of the image of this release. It gets the addresses of the store and no secret: it opens the store
by the managed identity of its compute.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from forecast_assets.config.azure_account import AzureAccount, secret_of
from forecast_assets.config.azure_credential import azure_credential
from forecast_assets.config.settings import Settings
from forecast_assets.defs.training.jobs import PROGRAM, Listening, Start, heard, places
from forecast_assets.market_state.training_request import TrainingRequest

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import Command
    from azure.storage.blob import BlobServiceClient

# Below the longest run of deploy/dagster.yaml, so that the job is not left running without its run.
JOB_SECONDS = 7_000
# Between two looks at a job and its messages.
POLL_SECONDS = 5.0


def azureml_start(settings: Settings) -> Start:
    """Return the way of starting a job on Azure ML."""

    def start(context: dg.AssetExecutionContext, request: TrainingRequest, listening: Listening) -> None:
        from dagster_azure.pipes import (
            PipesAzureBlobStorageContextInjector,
            PipesAzureBlobStorageMessageReader,
            PipesAzureMLClient,
        )

        account, container = settings.azure.storage, settings.azureml.container
        if account is None:
            raise ValueError("FORECAST_AZURE_ACCOUNT is not set: a job of Azure ML reads and writes a store on Azure")
        blobs = blob_service(account)
        reader = heard(PipesAzureBlobStorageMessageReader, listening)(
            interval=POLL_SECONDS, container=container, client=blobs, include_stdio_in_messages=True
        )
        pipes = PipesAzureMLClient(
            client=workspace(settings),
            context_injector=PipesAzureBlobStorageContextInjector(container=container, client=blobs),
            message_reader=reader,
            poll_interval_seconds=POLL_SECONDS,
        )
        pipes.run(context=context, command=job_command(settings, request), extras=request.values())

    return start


def workspace(settings: Settings) -> "MLClient":
    """Return the client of the settings' workspace, by the identity of this process."""
    from azure.ai.ml import MLClient

    subscription, group, name = settings.azureml.workspace.split("/")
    return MLClient(azure_credential(), subscription, group, name)


def job_command(settings: Settings, request: TrainingRequest) -> "Command":
    """Return the job's specification: image, compute, identity, addresses."""
    from azure.ai.ml import command
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    chosen = settings.azureml
    job: Command = command(
        command=" ".join(["python", *PROGRAM]),
        display_name=f"{request.work} {request.country} {request.origin[:7]}",
        experiment_name=f"forecast_assets_{settings.env}",
        environment=chosen.environment,
        compute=chosen.compute,
        environment_variables=job_variables(settings),
        identity=ManagedIdentityConfiguration(client_id=chosen.client_id or None),
        tags={"country": request.country, "month": request.origin[:7], "work": request.work},
    )
    job.set_limits(timeout=JOB_SECONDS)
    return job


def job_variables(settings: Settings) -> dict[str, str]:
    """Return the environment of the job: where its store is, and by which identity it opens it."""
    return {
        **places(settings),
        "FORECAST_AZURE_CREDENTIAL": "managed_identity",
        "AZURE_CLIENT_ID": settings.azureml.client_id,
        "MLFLOW_TRACKING_URI": "",
    }


def blob_service(account: AzureAccount) -> "BlobServiceClient":
    """Return the plain client of the account, which Dagster's Pipes classes take; by the account's own credential."""
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
    from azure.storage.blob import BlobServiceClient

    secret = secret_of(account)
    value = secret.get_secret_value() if secret else ""
    credential: Any
    if account.credential == "key":
        credential = AzureNamedKeyCredential(account.name, value)
    elif account.credential == "sas":
        credential = AzureSasCredential(value.lstrip("?"))
    else:
        credential = azure_credential()
    return BlobServiceClient(account.address, credential=credential)
