"""Reports: an asset returns ``{month: {file name: bytes}}``, stored with the layout and versions of tables.

Documents are for people: no asset reads them.
"""

from collections.abc import Mapping
from functools import cached_property

import dagster as dg

from forecast_assets.defs.data_versions import set_data_version
from forecast_assets.defs.io_managers.bindings import Bindings
from forecast_assets.defs.io_managers.outputs import add_metadata, by_partition, provenance_for, table_name
from forecast_assets.defs.retries import transient_errors_again
from forecast_assets.operations.health.event_metadata import describe_version
from forecast_assets.storage import TableStore


class DocumentsIOManager(dg.ConfigurableIOManager):
    """IO manager of the documents of each partition. ``store`` and ``env`` as in ``ParquetIOManager``."""

    store: str
    env: str

    @classmethod
    def bindings(cls) -> Bindings:
        """Return the objects that ``build_io_managers`` binds."""
        raise NotImplementedError(
            "build it with build_io_managers(store, specs, env), so that it knows what a step loaded"
        )

    @cached_property
    def documents(self) -> TableStore:
        """Store that the documents are written to."""
        return TableStore(self.store, self.bindings().account)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store the documents of every partition of the run; event metadata has path and size of each."""
        name = table_name(context.asset_key)
        for partition, documents in by_partition(context, obj).items():
            if not isinstance(documents, Mapping):
                raise TypeError(f"{name} [{partition}] must be {{file name: bytes}}, got {type(documents).__name__}")
            provenance = provenance_for(context, partition, self.env, self.bindings())
            with transient_errors_again(context.step_context.previous_attempt_count):
                written = self.documents.write_documents(
                    name, partition, documents, provenance, self.bindings().holds.get(context.run_id)
                )
            set_data_version(context, written)
            files = {
                document: {"path": f"{written.path}/{document}", "bytes": len(content)}
                for document, content in documents.items()
            }
            add_metadata(context, partition, {**describe_version(written), "documents": dg.MetadataValue.json(files)})

    def load_input(self, context: dg.InputContext) -> object:
        """Raise TypeError: documents are not an input of assets."""
        raise TypeError(
            f"{table_name(context.asset_key)} is stored as documents, which no asset reads; depend on it with deps=[]"
            " or read one with TableStore.read_document"
        )
