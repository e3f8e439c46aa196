"""Specs of landing sources and SQL staging files in the asset graph: they are read, never stored."""

import dagster as dg

from forecast_assets.sources.sql import SqlProject

SOURCE_PREFIX = "source."
START_HERE = """\
**Start here.** The graph reads from left to right, one market and month a partition; the month is the last closed one.

1. `landing_*` are deliveries. `sell_in`, `sell_out`, `products`, `promotions` and `overrides` are read from them.
2. `features` hold what was known at the end of the month; `model` learns from those of earlier months.
3. `forecasts` are the model's. `champion` decides what is published; `published_forecasts` is what planners read.
4. `market_report` is a market's page and workbook, `company_report` the page over all markets.
5. `performance` and `forecast_value_added` measure each month what was published for it.

To run a month: job `monthly_cycle` with a partition, or `forecast-assets cycle --month 2024-06`. If a run failed, open
it and read the failed check: it names rows, and what to do.
"""


def landing_key(source: str) -> str:
    """Return the asset name of a delivered source."""
    return f"landing_{source}"


def lineage_specs(project: SqlProject, source: str = "files") -> list[dg.AssetSpec]:
    """Return one spec per landing source and per staging file, linked as the SQL files refer to each other.

    ``source`` is ``files`` or ``dremio``; the tracker's file is in the landing folder in any case.
    """
    lineage = project.lineage()
    staging = [file for file in project.files.values() if file.folder == "staging"]
    read = sorted({name for reads in lineage.values() for name in reads if name.startswith(SOURCE_PREFIX)})
    delivered = [name.removeprefix(SOURCE_PREFIX) for name in read]
    return [
        start_here(),
        *(_table_spec(name) if source == "dremio" else _files_spec(name) for name in delivered),
        _files_spec("oxcgrt"),
        *(
            dg.AssetSpec(
                file.name,
                deps=upstream_of(project, file.name),
                group_name="sources",
                kinds={"sql", "view"},
                description=f"{file.description}\n\nGrain: {file.grain}. Units: {file.units}.",
            )
            for file in staging
        ),
    ]


def start_here() -> dg.AssetSpec:
    """Return the node that explains the graph; it stores nothing and reads nothing."""
    return dg.AssetSpec("start_here", group_name="start_here", description=START_HERE)


def upstream_of(project: SqlProject, name: str) -> list[str]:
    """Return the assets that a SQL file reads: staging files by name, sources as landing assets."""
    return sorted(
        landing_key(read.removeprefix(SOURCE_PREFIX)) if read.startswith(SOURCE_PREFIX) else read
        for read in project.lineage()[name]
    )


def _table_spec(source: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        landing_key(source),
        group_name="landing",
        kinds={"dremio"},
        description=f"The table or view `{source}` that the company keeps in Dremio.",
    )


def _files_spec(source: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        landing_key(source),
        group_name="landing",
        kinds={"csv", "parquet"},
        description=f"Files that the company delivers under `<landing>/{source}/`.",
    )
