"""The asset graph as a page: a diagram by group, and a table of what each asset reads.

Reads the definitions of a company on files. A stored asset is a node; what stands between two of them (staging SQL) is
followed through to the deliveries.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from forecast_assets.definitions import defs
from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND

# Top to bottom as a cycle runs.
GROUPS = ("sources", "demand", "features", "models", "forecasts", "evaluation", "publication")
DELIVERIES = "landing_"
SPACING = '%%{init: {"flowchart": {"nodeSpacing": 18, "rankSpacing": 32, "padding": 8}}}%%'

HEAD = """\
<!-- Generated from the definitions by `make reference`. -->
# Asset graph

Every stored asset and what it reads, from the definitions of the code location.
The diagram leaves an arrow out where a path of other arrows says the same. The table has all of them.
Assets look up a few partitions in the store besides: [look-ups](../decisions/look-ups.md).
"""


def render() -> str:
    """Return the page as Markdown."""
    parents = stored_parents(defs)
    groups = _groups(defs, parents)
    diagram = ['<div class="wide" markdown="1">', "", "```mermaid", *_diagram(parents, groups), "```", "", "</div>"]
    return "\n".join([HEAD, *diagram, "", "## What each asset reads", "", *_table(parents, groups), ""])


def stored_parents(definitions: dg.Definitions) -> dict[str, set[str]]:
    """Return for each stored asset the stored assets and deliveries that it reads, staging followed through."""
    graph = definitions.get_repository_def().asset_graph
    nodes = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}

    def upstream(name: str) -> set[str]:
        found: set[str] = set()
        for key in nodes[name].parent_keys:
            parent = key.to_user_string()
            is_end = nodes[parent].is_materializable or parent.startswith(DELIVERIES)
            found |= {parent} if is_end else upstream(parent)
        return found

    return {name: upstream(name) for name, node in sorted(nodes.items()) if node.is_materializable}


def without_implied(parents: Mapping[str, set[str]], optional: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Return the parents of each asset less those that another parent reads, directly or through others.

    Args:
        parents: What each asset reads.
        optional: Assets that are not always there, so that a path through them implies nothing.
    """

    def ancestors(name: str) -> set[str]:
        direct = parents.get(name, set())
        return direct.union(*(ancestors(parent) for parent in direct - optional))

    def is_implied(parent: str, direct: set[str]) -> bool:
        return any(parent in ancestors(other) for other in direct - optional - {parent})

    return {name: {p for p in direct if not is_implied(p, direct)} for name, direct in parents.items()}


def _groups(definitions: dg.Definitions, parents: Iterable[str]) -> dict[str, list[str]]:
    graph = definitions.get_repository_def().asset_graph
    by_group: dict[str, list[str]] = {name: [] for name in GROUPS}
    for name in parents:
        by_group[str(graph.get(dg.AssetKey(name)).group_name)].append(name)
    return by_group


def _diagram(parents: Mapping[str, set[str]], groups: Mapping[str, list[str]]) -> list[str]:
    lines = [SPACING, "flowchart TB"]
    for group, names in groups.items():
        lines += [f'  subgraph {group}_group ["{group}"]', *(f"    {name}" for name in names), "  end"]
    for name, direct in without_implied(parents, ON_DEMAND).items():
        lines += [f"  {parent} --> {name}" for parent in sorted(direct) if not parent.startswith(DELIVERIES)]
    return lines


def _table(parents: Mapping[str, set[str]], groups: Mapping[str, list[str]]) -> list[str]:
    lines = ["| asset | group | partitions | reads |", "|---|---|---|---|"]
    for group, names in groups.items():
        for name in names:
            partitions = "month" if name in MONTH_ONLY else "month x country"
            reads = ", ".join(f"`{parent}`" for parent in sorted(parents[name])) or "nothing in the graph"
            lines.append(f"| `{name}` | {group} | {partitions} | {reads} |")
    return lines
