"""Pools that ``prepare`` knows before the first run."""

import dagster as dg

from forecast_assets.cli.prepare import prepare_pools


def limits(instance):
    return {each.name: each.limit for each in instance.event_log_storage.get_pool_limits()}


def test_each_pool_has_the_default_limit_and_one_that_a_person_set_stays(tmp_path):
    pools = {"concurrency": {"pools": {"default_limit": 8, "granularity": "op"}}}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=pools) as instance:
        instance.event_log_storage.set_concurrency_slots("training", 3)
        prepare_pools(instance)
        prepare_pools(instance)
        assert limits(instance) == {"source": 8, "dremio": 8, "training": 3}


def test_an_instance_without_a_default_limit_gets_no_pools(tmp_path):
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        prepare_pools(instance)
        assert limits(instance) == {}
