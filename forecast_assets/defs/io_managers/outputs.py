"""Handling of outputs by both IO managers: match them with the partitions of the run, and record their provenance.

An asset returns ``{month: value}``, for one partition and for a range alike.
"""

from collections.abc import Iterable, Mapping

import dagster as dg
import pandas as pd

from forecast_assets.defs.io_managers.bindings import Bindings
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.storage import PartitionKey, Provenance, git_sha
from forecast_assets.storage.partition_key import describe_partitions
from forecast_assets.tags import CYCLE_ID_TAG


def by_partition(context: dg.OutputContext, returned: object) -> dict[PartitionKey, object]:
    """Match the months an asset returned with the partitions of the run, in month order.

    Raises:
        TypeError: If the asset did not return a mapping of months.
        ValueError: If the run has several markets, or months are missing or too many.
    """
    name = table_name(context.asset_key)
    wanted = [PartitionKey.from_dagster(key) for key in context.asset_partition_keys]
    countries = sorted({partition.country for partition in wanted if partition.country is not None})
    if len(countries) > 1:
        raise ValueError(
            f"{name}: a run writes one market, this one has {', '.join(countries)}. Launch one run per market, each"
            " over a range of months."
        )
    if not isinstance(returned, Mapping):
        raise TypeError(f"{name} must return {{month: value}}, one entry per partition, got {type(returned).__name__}")
    values = {pd.Timestamp(month): value for month, value in returned.items()}
    by_month = {partition.month: partition for partition in wanted}
    absent = [partition for month, partition in by_month.items() if month not in values]
    extra = [PartitionKey(month, wanted[0].country) for month in values if month not in by_month]
    if absent or extra:
        differences = (("lacks", absent), ("has", extra))
        parts = [f"{word} {describe_partitions(partitions)}" for word, partitions in differences if partitions]
        raise ValueError(
            f"{name}: what the asset returned {' and '.join(parts)}; the run is for {describe_partitions(wanted)}. "
            "Nothing was stored."
        )
    return {by_month[month]: values[month] for month in sorted(by_month)}


def provenance_for(context: dg.OutputContext, partition: PartitionKey, env: str, bindings: Bindings) -> Provenance:
    """Return run, cycle, code, configuration, inputs in the partition's window, and look-ups of a partition."""
    step = context.step_context
    name = table_name(context.asset_key)
    looked_up = [bindings.lookups.of(step.run_id, name, month) for month in (None, partition.month)]
    return Provenance(
        run_id=step.run_id,
        cycle_id=cycle_id_of(env, partition.month, step.dagster_run.tags.get(CYCLE_ID_TAG)),
        git_sha=git_sha(),
        inputs=_united(
            [bindings.loaded.of(step.run_id, step.step.key, partition), *(each.inputs for each in looked_up)]
        ),
        code_version=context.asset_spec.code_version or "",
        configuration=bindings.configuration(name, partition.country),
        answers={name: answer for each in looked_up for name, answer in each.answers.items()},
    )


def _united(inputs: Iterable[Mapping[str, Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    """Return the content hashes of several inputs by table and partition."""
    united: dict[str, dict[str, str]] = {}
    for each in inputs:
        for table, hashes in each.items():
            united.setdefault(table, {}).update(hashes)
    return united


def add_metadata(context: dg.OutputContext, partition: PartitionKey, metadata: Mapping[str, object]) -> None:
    """Put metadata on the event of one partition; ``add_output_metadata`` would put it on all of the run's."""
    context.step_context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=partition.to_dagster())


def table_name(asset_key: dg.AssetKey) -> str:
    """Return the table that an asset is stored as: the last part of its key."""
    return asset_key.path[-1]
