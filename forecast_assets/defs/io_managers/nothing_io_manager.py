"""IO manager of assets that store nothing: the gate ``delivery``, the record in MLflow, an experiment's result."""

import dagster as dg


class NothingIOManager(dg.IOManager):
    """Stores nothing, and nothing can be loaded from it.

    Unlike Dagster's manager in memory it lets a run go on in another process: Dagster refuses to start a run again from
    the middle where a step after ``delivery`` is the first one and ``delivery`` was kept in memory.
    """

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Leave an output where it is."""

    def load_input(self, context: dg.InputContext) -> object:
        """Raise, because there is nothing.

        Raises:
            LookupError: Always.
        """
        name = context.asset_key.path[-1] if context.has_asset_key else context.name
        raise LookupError(f"{name} is not stored: depend on the asset and do not load it")
