"""Stages of a cycle in the order in which they run; a cycle, a backfill and the sensors take the order from here.

A stage begins when the one before it has ended. Within a stage over single markets, the markets run side by side. The
rules that find the months of a stage are in ``cycle/steps.py``, ``backfill/backfill.py`` and the sensors.
"""

import dataclasses

from forecast_assets.tags import (
    FORECAST,
    FORECAST_EXCEPTIONS,
    FORECAST_REASONS,
    INGEST,
    JOBS_OVER_ALL_MARKETS,
    MARKET_FEATURES,
    MEASURE,
    MEASURED,
    MONTHLY_CYCLE,
    SOURCES,
)


@dataclasses.dataclass(frozen=True)
class StageJob:
    """Job of a stage and the tables that it builds, each after the tables that it reads."""

    job: str
    tables: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Stage:
    """One or more jobs that run one after the other, per market or once over all markets.

    Attributes:
        name: Noun for readers.
        jobs: In the order in which they run. Over all markets the first builds the table of closed months. A second
            builds the table that the following month reads.
        reads: Table of the markets that a stage over all markets is built from; empty for a stage of single markets.
        is_pooling: True if the stage is left out where no market learns from others.
    """

    name: str
    jobs: tuple[StageJob, ...]
    reads: str = ""
    is_pooling: bool = False

    @property
    def over_all_markets(self) -> bool:
        """True if its runs are over all markets, False if each market has runs of its own."""
        return bool(self.reads)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of all its jobs."""
        return tuple(table for each in self.jobs for table in each.tables)


def _over_all_markets(name: str, reads: str, *tables: str, is_pooling: bool = False) -> Stage:
    jobs = tuple(StageJob(JOBS_OVER_ALL_MARKETS[table], (table,)) for table in tables)
    return Stage(name, jobs, reads, is_pooling)


HISTORY = Stage("history", (StageJob(INGEST, tuple(SOURCES)),))
TOTALS = _over_all_markets("totals", "sell_in", "demand_totals", "demand_totals_known")
FEATURES = Stage("features", (StageJob(MARKET_FEATURES, ("history_marks", "features")),))
POOLING = _over_all_markets("pooling", "features", "pooled_rows", "pooled_model", is_pooling=True)
CYCLES = Stage(
    "cycles",
    (
        StageJob(MEASURE, MEASURED),
        StageJob(MONTHLY_CYCLE, (*FORECAST, FORECAST_REASONS, FORECAST_EXCEPTIONS, "market_report", "mlflow_run")),
    ),
)
# Sums over the markets that are published; no market reads them.
FORECAST_SUMS = Stage(
    "forecast sums",
    (StageJob(JOBS_OVER_ALL_MARKETS["forecast_totals"], ("forecast_totals", "company_report")),),
    reads="forecast_levels",
)
STAGES = (HISTORY, TOTALS, FEATURES, POOLING, CYCLES, FORECAST_SUMS)
# The stages that a market runs before its cycle.
PREPARATION = tuple(stage for stage in STAGES if not stage.over_all_markets and stage is not CYCLES)
# Features of so many markets and months are read by one run of pooled rows: 500 SKUs each are 260 MB.
MARKET_MONTHS_OF_A_RUN = 240


def stages(*, pools: bool) -> tuple[Stage, ...]:
    """Return the stages of a company, without pooling where no market learns from others."""
    return tuple(stage for stage in STAGES if pools or not stage.is_pooling)
