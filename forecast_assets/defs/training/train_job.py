"""Program of a training job: ``python -m forecast_assets.defs.training.train_job``, started by a step.

The request and the way back for messages come by Dagster Pipes: through files on one machine, through a container from
Azure ML. The store is that of the settings in the environment.
"""

import sys
from typing import Any

from dagster_pipes import (
    PipesAzureBlobStorageContextLoader,
    PipesAzureBlobStorageMessageWriter,
    PipesContext,
    PipesEnvVarParamsLoader,
    open_dagster_pipes,
)

from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.defs.training.azureml import blob_service
from forecast_assets.defs.training.jobs import REFUSED
from forecast_assets.market_state.training_request import TrainingRequest, carry_out
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.transient_errors import is_transient

MESSAGE_SECONDS = 2.0


def main() -> int:
    """Carry out the request of the step that started this process; return the exit code."""
    settings = load_settings(with_markets=False)
    with open_dagster_pipes(**_channel(settings)) as pipes:
        try:
            _train(settings, pipes)
        except Exception as error:
            # A transient error ends the job without a reason: the step starts another.
            if not is_transient(error):
                pipes.report_custom_message({REFUSED: f"{type(error).__name__}: {error}"})
            raise
    return 0


def _train(settings: Settings, pipes: PipesContext) -> None:
    request = TrainingRequest(**{name: pipes.get_extra(name) for name in TrainingRequest.__dataclass_fields__})
    store = open_store(settings)
    pipes.log.info(f"{request.partition}: {request.work}, recipes: {len(request.recipes)}, {settings.store.address}")
    carry_out(request, store, AnchorMemory(store), settings.training.threads, pipes.log.info)


def _channel(settings: Settings) -> dict[str, Any]:
    """Return loader and writer of the messages: of a container if the step has named one, else of files."""
    account = settings.azure.storage
    if account is None or "bucket" not in PipesEnvVarParamsLoader().load_messages_params():
        return {}
    client = blob_service(account)
    return {
        "context_loader": PipesAzureBlobStorageContextLoader(client),
        "message_writer": PipesAzureBlobStorageMessageWriter(client, interval=MESSAGE_SECONDS),
    }


if __name__ == "__main__":
    sys.exit(main())
