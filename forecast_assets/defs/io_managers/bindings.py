"""What the IO managers of one set of definitions share and Dagster's configuration cannot hold.

Table specs, the storage account, and the inputs that steps have loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.defs.io_managers.loaded_inputs import LoadedInputs
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.market_state.market_lease import MarketLease
from forecast_assets.storage import TableReader, TableSpec


def no_configuration(asset: str, country: str | None) -> str:
    """Configuration of an asset that nobody has described: none, which is never taken for equal."""
    return ""


@dataclass(frozen=True)
class Bindings:
    """Table specs by asset name, the account of a store on Azure, and loaded inputs.

    ``lease`` is what a run holds while it goes on; None: nothing. ``configuration`` gives the digest of what an asset
    of a market is configured by; ``lookups`` is what steps have looked up beside their inputs. ``inputs`` is what steps
    read from; None: the store that they write to.
    """

    specs: Mapping[str, TableSpec]
    account: AzureAccount | None = None
    lease: MarketLease | None = None
    configuration: Callable[[str, str | None], str] = no_configuration
    lookups: Lookups = field(default_factory=Lookups)
    inputs: TableReader | None = None
    loaded: LoadedInputs = field(default_factory=LoadedInputs)
