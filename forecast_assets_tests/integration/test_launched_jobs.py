"""Jobs that the launchers of deploy/ create with the installed libraries, compared with those that were read through.

After a change on purpose, ``.venv-cluster/bin/python forecast_assets_tests/deploy/launched_jobs.py`` prints the new.
"""

import json
import subprocess

import pytest

from forecast_assets_tests.deploy.known_variables import ROOT

pytestmark = pytest.mark.integration
PROGRAM = ROOT / "forecast_assets_tests" / "deploy" / "launched_jobs.py"
GOLDEN = ROOT / "forecast_assets_tests" / "deploy" / "golden"


@pytest.fixture(scope="module")
def jobs():
    python = ROOT / ".venv-cluster" / "bin" / "python"
    assert python.exists(), "the libraries of clusters are not installed: make integration"
    done = subprocess.run([python, PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["kubernetes-standard", "kubernetes-large", "container-apps"])
def test_the_job_is_the_one_that_was_read_through(jobs, name):
    assert jobs[name] == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
