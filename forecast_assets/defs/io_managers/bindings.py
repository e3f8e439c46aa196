"""Objects that the IO managers of one set of definitions share and Dagster's configuration cannot hold.

Table specs, the storage account, and the inputs that steps have loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.defs.io_managers.loaded_inputs import LoadedInputs
from forecast_assets.market_state.damaged_inputs import DamagedInputs
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.market_state.market_lease import MarketLease
from forecast_assets.storage import TableReader, TableSpec
from forecast_assets.storage.lease import Hold


def no_configuration(asset: str, country: str | None) -> str:
    """Return the configuration digest of an asset without a description: empty, which never counts as equal."""
    return ""


@dataclass(frozen=True)
class Bindings:
    """Table specs by asset name, the account of a store on Azure, and loaded inputs.

    Attributes:
        specs: Table specs by asset name.
        account: Account of a store on Azure.
        lease: Lease that a run holds while it is under way; None: no lease.
        configuration: Returns the configuration digest of an asset and market.
        lookups: Look-ups of steps beside their inputs.
        inputs: Store that steps read from; None: the one that they write to.
        loaded: Inputs that steps have loaded.
        damaged: Inputs that steps have left out because they are damaged.
        holds: Leases of the runs under way, by run id.
    """

    specs: Mapping[str, TableSpec]
    account: AzureAccount | None = None
    lease: MarketLease | None = None
    configuration: Callable[[str, str | None], str] = no_configuration
    lookups: Lookups = field(default_factory=Lookups)
    inputs: TableReader | None = None
    loaded: LoadedInputs = field(default_factory=LoadedInputs)
    damaged: DamagedInputs = field(default_factory=DamagedInputs)
    holds: dict[str, Hold] = field(default_factory=dict)
