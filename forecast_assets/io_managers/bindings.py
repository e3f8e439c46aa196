"""What the IO managers of one set of definitions share and Dagster's configuration cannot hold.

Table specs, the storage account, and the inputs that steps have loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from forecast_assets.io_managers.loaded_inputs import LoadedInputs
from forecast_assets.resources.market_lease import MarketLease
from forecast_assets.storage import TableSpec
from forecast_assets.storage.azure_account import AzureAccount


def no_configuration(asset: str, country: str | None) -> str:
    """Configuration of an asset that nobody has described: none, which is never taken for equal."""
    return ""


@dataclass(frozen=True)
class Bindings:
    """Table specs by asset name, the account of a store on Azure, and loaded inputs.

    ``lease`` is what a run holds while it goes on; None: nothing. ``configuration`` gives the digest of what an asset
    of a market is configured by.
    """

    specs: Mapping[str, TableSpec]
    account: AzureAccount | None = None
    lease: MarketLease | None = None
    configuration: Callable[[str, str | None], str] = no_configuration
    loaded: LoadedInputs = field(default_factory=LoadedInputs)
