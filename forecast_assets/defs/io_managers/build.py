"""Builders of the IO managers: bind table specs, the storage account and loaded inputs to configured managers.

Dagster rebuilds a configured resource for every run from its fields alone. Whatever is no configuration is therefore
bound to a subclass.
"""

from collections.abc import Callable, Mapping

import dagster as dg

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.defs.io_managers.bindings import Bindings, no_configuration
from forecast_assets.defs.io_managers.documents_io_manager import DocumentsIOManager
from forecast_assets.defs.io_managers.parquet_io_manager import ParquetIOManager
from forecast_assets.market_state.damaged_inputs import DamagedInputs
from forecast_assets.market_state.lookups import Lookups
from forecast_assets.market_state.market_lease import MarketLease
from forecast_assets.storage import TableReader, TableSpec
from forecast_assets.storage.lease import Hold


def build_io_managers(
    store: str,
    specs: Mapping[str, TableSpec],
    env: str,
    account: AzureAccount | None = None,
    lease: MarketLease | None = None,
    configuration: Callable[[str, str | None], str] = no_configuration,
    lookups: Lookups | None = None,
    inputs: TableReader | None = None,
    holds: dict[str, Hold] | None = None,
    damaged: DamagedInputs | None = None,
) -> dict[str, dg.ConfigurableIOManager]:
    """Return the resources ``io_manager`` (tables) and ``documents_io_manager``, which share the inputs of a step.

    ``account`` opens a store on Azure; it holds no secret, and none is fetched before the store is used. The other
    arguments are explained in ``Bindings``.
    """
    bindings = Bindings(
        specs, account, lease, configuration, lookups or Lookups(), inputs,
        holds={} if holds is None else holds, damaged=damaged or DamagedInputs(),
    )  # fmt: skip
    return {
        "io_manager": _bound(ParquetIOManager, bindings)(store=store, env=env),
        "documents_io_manager": _bound(DocumentsIOManager, bindings)(store=store, env=env),
    }


def build_parquet_io_manager(
    store: str,
    specs: Mapping[str, TableSpec],
    env: str,
    account: AzureAccount | None = None,
) -> ParquetIOManager:
    """Return the IO manager of tables alone, for definitions without documents."""
    return _bound(ParquetIOManager, Bindings(specs, account))(store=store, env=env)


def _bound(manager: type, bindings: Bindings) -> type:
    return type(
        manager.__name__, (manager,), {"bindings": classmethod(lambda cls: bindings), "__module__": manager.__module__}
    )
