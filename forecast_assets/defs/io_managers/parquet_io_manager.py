"""IO manager of tables: stores an output partition by partition, loads an input as one frame over its partitions.

Thin over ``TableStore``. ``build_parquet_io_manager`` builds it and binds the table specs: they are code, not
configuration.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property

import dagster as dg
import pandas as pd

from forecast_assets.defs.data_versions import set_data_version
from forecast_assets.defs.io_managers.bindings import Bindings
from forecast_assets.defs.io_managers.event_metadata import describe_table
from forecast_assets.defs.io_managers.loaded_inputs import LoadedInput
from forecast_assets.defs.io_managers.outputs import add_metadata, by_partition, provenance_for, table_name
from forecast_assets.defs.io_managers.required_inputs import require_declared
from forecast_assets.defs.retries import transient_errors_again
from forecast_assets.market_state.damaged_inputs import DamagedInput
from forecast_assets.storage import PartitionKey, StoredProvenance, TableSpec, TableStore
from forecast_assets.storage.stored_window import StoredWindow


class ParquetIOManager(dg.ConfigurableIOManager):
    """IO manager that stores ``{month: frame}`` as partitions of the asset's table, and loads inputs as one frame.

    Attributes:
        store: Base of the store, a folder or an fsspec address.
        env: dev, test or prod: the first part of a derived cycle id.
    """

    store: str
    env: str

    @classmethod
    def bindings(cls) -> Bindings:
        """Return the objects that ``build_parquet_io_manager`` binds."""
        raise NotImplementedError("build it with build_parquet_io_manager(store, specs, env), which knows the tables")

    @cached_property
    def tables(self) -> TableStore:
        """Store that tables are written to."""
        return TableStore(self.store, self.bindings().account)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["ParquetIOManager"]:
        """Hold the run's market from before its first step to after its last."""
        lease, holds = self.bindings().lease, self.bindings().holds
        if lease is None or context.run is None:
            yield self
            return
        with lease.held_by(context.run) as hold:
            holds[context.run.run_id] = hold
            try:
                yield self
            finally:
                holds.pop(context.run.run_id, None)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store every partition of the run with its provenance and metadata; all are checked before any is stored."""
        spec = self._spec(table_name(context.asset_key))
        frames: dict[PartitionKey, pd.DataFrame] = {}
        for partition, frame in by_partition(context, obj).items():
            if not isinstance(frame, pd.DataFrame):
                raise TypeError(f"{spec.name} [{partition}] must be a DataFrame, got {type(frame).__name__}")
            frames[partition] = frame
        provenances = {partition: provenance_for(context, partition, self.env, self.bindings()) for partition in frames}
        with transient_errors_again(context.step_context.previous_attempt_count):
            versions = self.tables.write_all(spec, frames, provenances, self.bindings().holds.get(context.run_id))
        for written in versions:
            set_data_version(context, written)
            add_metadata(context, written.partition, describe_table(written, spec, frames[written.partition]))

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | StoredWindow:
        """Read all partitions of an input, with ``country`` and ``month`` restored, and remember their hashes.

        The ``AssetIn`` declares columns, the partitions that it requires, the window, and whether the asset reads the
        rows itself: see ``forecast_assets.defs.partition_windows``.

        Raises:
            MissingInput: If partitions are absent that the input is declared to require.
        """
        name = table_name(context.asset_key)
        declared = context.definition_metadata
        with transient_errors_again(context.step_context.previous_attempt_count):
            loaded, provenances = self._load(context, self._spec(name))
        damaged = list(self._damaged(context, name, provenances))
        if damaged and not provenances:
            # Nothing is left: the error of the first file says more than that the table has no partition.
            self.tables.read(name, damaged, missing="skip")
        require_declared(context, name, provenances)
        for partition in damaged:
            left_out = DamagedInput(name, partition, self.tables.path(name, partition))
            self.bindings().damaged.note(context.step_context.run_id, context.step_context.step.key, left_out)
        hashes = {partition: stored.content_hash for partition, stored in provenances.items()}
        remembered = LoadedInput(name, hashes, declared.get("first_offset", 0), declared.get("last_offset", 0))
        step = context.step_context
        self.bindings().loaded.remember(step.run_id, step.step.key, remembered)
        return loaded

    def _load(
        self, context: dg.InputContext, spec: TableSpec
    ) -> tuple[pd.DataFrame | StoredWindow, dict[PartitionKey, StoredProvenance]]:
        """Return the rows of an input, or the window to read them from later, and what is stored."""
        reader, declared = self.bindings().inputs or self.tables, context.definition_metadata
        partitions = [PartitionKey.from_dagster(key) for key in context.asset_partition_keys]
        columns = declared.get("columns")
        if not declared.get("read_later"):
            return reader.read_with_provenance(spec, partitions, columns, declared.get("missing", "skip"))
        stored = reader.provenances(spec.name, partitions)
        return StoredWindow(reader, spec, {key: each.content_hash for key, each in stored.items()}, columns), stored

    def _damaged(self, context: dg.InputContext, name: str, loaded: Collection[PartitionKey]) -> Iterator[PartitionKey]:
        """Generate the partitions of an input that exist and were left out because their file is damaged."""
        if context.definition_metadata.get("missing") == "skip_damaged":
            for partition in map(PartitionKey.from_dagster, context.asset_partition_keys):
                if partition not in loaded and self.tables.exists(name, partition):
                    yield partition

    def _spec(self, name: str) -> TableSpec:
        specs = self.bindings().specs
        if name not in specs:
            raise KeyError(
                f"asset {name!r} has no table spec; there are {', '.join(sorted(specs))}. "
                "Add one in forecast_assets/schemas."
            )
        return specs[name]
