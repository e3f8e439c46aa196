"""A run of one asset with a check, for tests of an instance."""

import dagster as dg

KEY = dg.AssetKey("sell_in")


def run(instance: dg.DagsterInstance, units: int = 1) -> str:
    """Materialize an asset, with a check; the run's id."""

    @dg.asset(key=KEY, check_specs=[dg.AssetCheckSpec("positive", asset=KEY)])
    def sell_in() -> dg.MaterializeResult:
        return dg.MaterializeResult(
            metadata={"units": units}, check_results=[dg.AssetCheckResult(passed=units > 0, check_name="positive")]
        )

    result = dg.materialize([sell_in], instance=instance)
    assert result.success
    return result.run_id
