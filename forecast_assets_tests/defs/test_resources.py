"""Resources that belong together share what they must."""

from forecast_assets.defs.resources import default_resources
from forecast_assets_tests.repository_settings import loaded


def test_all_that_a_run_writes_is_checked_against_the_one_lease_that_it_holds():
    resources = default_resources(loaded())
    holds = resources["tables"].bindings().holds
    assert resources["documents"].bindings().holds is holds
    assert resources["delivery_findings"].holds is holds
    assert resources["mlflow_runs"].holds is holds
