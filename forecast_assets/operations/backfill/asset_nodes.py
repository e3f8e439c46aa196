"""Assets of the code location: the tables and months that each reads, and the assets that a selection names."""

import dataclasses
import re

import dagster as dg

from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND

NOT_STORED = "nothing"


@dataclasses.dataclass(frozen=True)
class Window:
    """Months m+first .. m+last of a table. ``required``: a step fails if one of them is missing."""

    table: str
    first: int
    last: int
    required: bool


@dataclasses.dataclass(frozen=True)
class AssetNode:
    """One asset that runs can build.

    Attributes:
        windows: The tables it reads; none for a source, which reads deliveries.
        months_in_one_run: True if one run builds a range of months of a market.
        by_month_alone: True if the asset is over all markets.
        is_stored: False for an asset that leaves nothing in the store.
    """

    name: str
    windows: tuple[Window, ...]
    months_in_one_run: bool
    by_month_alone: bool
    is_stored: bool

    @property
    def is_source(self) -> bool:
        """True if the asset is built from deliveries."""
        return not self.windows and self.is_stored and self.name not in ON_DEMAND


class SelectionError(ValueError):
    """A selection of assets that cannot be read or names an asset that does not exist."""


def asset_nodes(definitions: dg.Definitions) -> dict[str, AssetNode]:
    """Return the assets that runs can build, by name, each after the assets that it reads."""
    graph = definitions.resolve_asset_graph()
    executable = [key for key in graph.toposorted_asset_keys if graph.get(key).is_executable]
    return {key.path[-1]: _node(key, graph.get(key).assets_def) for key in executable}


def _node(key: dg.AssetKey, asset: dg.AssetsDefinition) -> AssetNode:
    name = key.path[-1]
    policy = asset.backfill_policy
    return AssetNode(
        name=name,
        windows=tuple(
            Window(
                asset.keys_by_input_name[declared.name].path[-1],
                declared.metadata["first_offset"],
                declared.metadata["last_offset"],
                declared.metadata["required"] in {"last", "last_unless_fallback"},
            )
            for declared in asset.node_def.input_defs
            # Files and SQL are inputs without months: they are read, not loaded.
            if "first_offset" in declared.metadata
        ),
        months_in_one_run=policy is not None and policy.max_partitions_per_run is None,
        by_month_alone=name in MONTH_ONLY,
        is_stored=asset.get_io_manager_key_for_asset_key(key) != NOT_STORED,
    )


def selected_assets(definitions: dg.Definitions, text: str) -> list[str]:
    """Return the assets of a selection in Dagster's syntax, each after the assets that it reads.

    A bare name stands for ``key:name``, as in the UI: ``features+`` is the asset and everything downstream.

    Raises:
        SelectionError: If it cannot be parsed or selects no asset that runs can build.
    """
    nodes = asset_nodes(definitions)
    keyed = re.sub(r'(?<![\w:"])([A-Za-z_]\w*)(?![\w:"(])', lambda match: _keyed(match[1], nodes), text)
    try:
        keys = dg.AssetSelection.from_string(keyed).resolve(definitions.resolve_asset_graph())
    except dg.DagsterError as error:
        reason = str(error).splitlines()[0]
        raise SelectionError(f"--assets {text!r}: {reason} Known: {', '.join(nodes)}") from error
    chosen = {key.path[-1] for key in keys}
    if not chosen & set(nodes):
        raise SelectionError(f"--assets {text!r} selects no asset that can be built. Known: {', '.join(nodes)}")
    return [name for name in nodes if name in chosen]


def _keyed(word: str, nodes: dict[str, AssetNode]) -> str:
    return f'key:"{word}"' if word in nodes else word
