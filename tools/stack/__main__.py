"""Start of every process of ``deploy/compose.yaml`` from the built image, a cycle through the login, and the end.

``make stack`` runs it. It needs root, PostgreSQL, nginx, Node.js with Azurite, and the image of ``make image``. All
ports are in a network of its own: nothing of this machine is in the way, and nothing outside can be reached.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from forecast_assets.sample import write_sample_company
from forecast_assets_tests.integration.azurite_server import KEY
from tools.quick_training import QUICK_TRAINING
from tools.stack.compose import read_services
from tools.stack.image_root import mounted_image
from tools.stack.own_network import enter_own_network
from tools.stack.processes import DEPLOY, Stack, StackError
from tools.stack.screenshots import take_screenshots
from tools.stack.web import LAUNCH, LOCATIONS, STATUS, Login, Proxy, execution

OPERATOR, PLANNER = Login("operator", "canary-of-operators"), Login("planner", "canary-of-planners")
OPERATORS_PORT, PLANNERS_PORT, MLFLOW_PORT = 8443, 8444, 8445
MONTH = "2024-12"
# Jobs of a market's cycle with the first and the last month of their partitions.
RUNS = (
    ("ingest", "2022-07-01", "2024-12-01"),
    ("market_features", "2023-06-01", "2024-11-01"),
    ("monthly_cycle", "2024-12-01", "2024-12-01"),
)
SECONDS_OF_A_RUN = 420
CLOSED_PATHS = ("/", "/graphql", "/server_info", "/runs", "/health", "/api/2.0/mlflow/experiments/list")


def main() -> None:
    """Run the stack; exit with 1 if anything does not hold."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    folder.chmod(0o755)
    variables = _variables(folder / "company")
    services = read_services(variables)
    with contextlib.ExitStack() as kept:
        kept.callback(shutil.rmtree, folder, ignore_errors=True)
        _make_company(folder / "company")
        enter_own_network([*services, "devstoreaccount1.blob.core.azurite"])
        root = kept.enter_context(mounted_image(variables["FORECAST_IMAGE"]))
        _show_company(folder / "company")
        stack = Stack(services, root, folder)
        kept.callback(stack.stop)
        try:
            for name in ("containers", "teams-sink", "daemon", "proxy"):
                stack.start(name)
            code = _deliver(stack, folder / "company")
            _check(stack, Proxy(folder / "company" / "certificates" / "ca.pem"), code)
            if pictures := os.environ.get("STACK_SCREENSHOTS"):
                print(f"ok {', '.join(take_screenshots(Path(pictures), OPERATORS_PORT, OPERATOR))} in {pictures}")
        except StackError as failure:
            sys.exit(f"stack: {failure}")
    print("stack: passed, everything is stopped")


def _check(stack: Stack, proxy: Proxy, code: str) -> None:
    _check_closed(stack, proxy)
    data = proxy.graphql(OPERATORS_PORT, OPERATOR, LOCATIONS)
    entries = data["workspaceOrError"]["locationEntries"]
    if [each["loadStatus"] for each in entries] != ["LOADED"]:
        raise StackError(f"the code location is not loaded: {entries}")
    for job, first, last in RUNS:
        started = time.monotonic()
        run = _launch(stack, proxy, job, code, first, last)
        print(f"ok {job} of {code} through the login: run {run} ({time.monotonic() - started:.0f} s)", flush=True)
    _check_planners(proxy, code)
    _check_records(stack, proxy)


def _check_closed(stack: Stack, proxy: Proxy) -> None:
    """Check that every port of the proxy rejects who has no login, or that of another port."""
    published = [
        name for name, each in read_services(os.environ | _variables(DEPLOY)).items() if each.extra.get("ports")
    ]
    if published != ["proxy"]:
        raise StackError(f"ports are published by {published}, not by the proxy alone")
    wrong = Login("operator", "guess")
    for port, others in ((OPERATORS_PORT, [PLANNER]), (PLANNERS_PORT, [OPERATOR]), (MLFLOW_PORT, [PLANNER])):
        for path in CLOSED_PATHS:
            for login in (None, wrong, *others):
                status = proxy.status(port, path, login)
                if status != 401:
                    raise StackError(f"port {port}{path} responds {status} to {login.user if login else 'no login'}")
    print("ok without a login of its own, each of the three ports responds 401 on every path", flush=True)


def _launch(stack: Stack, proxy: Proxy, job: str, code: str, first: str, last: str) -> str:
    """Start a run as the UI does and wait for its success; return its id."""
    if first == last:
        tags = {
            "dagster/partition": f"{code}|{first}",
            "dagster/partition/country": code,
            "dagster/partition/month": first,
        }
    else:
        tags = {
            "dagster/asset_partition_range_start": f"{code}|{first}",
            "dagster/asset_partition_range_end": f"{code}|{last}",
        }
    data = proxy.graphql(OPERATORS_PORT, OPERATOR, LAUNCH, params=execution(job, tags))["launchRun"]
    if "run" not in data:
        raise StackError(f"{job} was not started: {data}")
    run, give_up_at = data["run"]["runId"], time.monotonic() + SECONDS_OF_A_RUN
    while True:
        status = proxy.graphql(OPERATORS_PORT, OPERATOR, STATUS, id=run)["runOrError"]["status"]
        if status == "SUCCESS":
            return str(run)
        if status in ("FAILURE", "CANCELED") or time.monotonic() > give_up_at:
            raise StackError(f"{job}, run {run}, is {status}: {stack.tail('code')}")
        time.sleep(1)


def _check_planners(proxy: Proxy, code: str) -> None:
    """Check that planners see the runs and can start none."""
    proxy.graphql(PLANNERS_PORT, PLANNER, LOCATIONS)
    refused = proxy.graphql(PLANNERS_PORT, PLANNER, LAUNCH, params=execution("ingest", {}))["launchRun"]["__typename"]
    if refused != "UnauthorizedError":
        raise StackError(f"the planners' web server responds {refused} to a launch")
    print(f"ok planners see {code} and can start nothing", flush=True)


def _check_records(stack: Stack, proxy: Proxy) -> None:
    """Check that MLflow has the cycle, Azurite the logs of steps, and that every connection works."""
    experiments = proxy.post(MLFLOW_PORT, "/api/2.0/mlflow/experiments/search", OPERATOR, {"max_results": 50})
    names = [each["experiment_id"] for each in experiments["experiments"]]
    content = {"experiment_ids": names, "max_results": 50}
    runs = proxy.post(MLFLOW_PORT, "/api/2.0/mlflow/runs/search", OPERATOR, content).get("runs", [])
    if not runs:
        raise StackError("MLflow has no record of the cycle")
    script = (
        "import os; from azure.storage.blob import BlobServiceClient as S; a=os.environ; "
        "s=S(a['FORECAST_AZURE_ACCOUNT_URL'], credential={'account_name': a['FORECAST_AZURE_ACCOUNT'], "
        "'account_key': a['AZURE_STORAGE_ACCOUNT_KEY']}); "
        "print(sum(1 for _ in s.get_container_client(a['DAGSTER_LOGS_CONTAINER']).list_blobs()))"
    )
    logs = stack.run("code", "python", "-c", script).stdout.strip()
    if not logs.isdigit() or not int(logs):
        raise StackError(f"no log of a step is in Azurite: {logs}")
    doctor = stack.run("code", "forecast-assets", "doctor")
    if doctor.returncode:
        raise StackError(f"doctor exits with {doctor.returncode}: {doctor.stdout[-2000:]}")
    if stack.run("daemon", "dagster-daemon", "liveness-check").returncode:
        raise StackError("a part of the daemon sends no heartbeat")
    print(
        f"ok MLflow has {len(runs)} runs, Azurite {logs} logs, doctor and the daemon's liveness check pass", flush=True
    )


def _variables(company: Path) -> dict[str, str]:
    """Return the values of ``.env.example`` with the blanks filled in, for a small company and no schedule."""
    lines = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()
    variables = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return variables | {
        "FORECAST_IMAGE": os.environ.get("IMAGE") or variables["FORECAST_IMAGE"],
        "COMPANY_FOLDER": str(company),
        "POSTGRES_PASSWORD": "canaryOfPostgres",
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "FORECAST_ENV": "dev",
        **QUICK_TRAINING,
    }


def _make_company(folder: Path) -> None:
    """Make the folder that the services mount: certificates and logins."""
    folder.mkdir()
    subprocess.run([DEPLOY / "compose" / "certificates", folder], check=True)
    for file, login in (("operators", OPERATOR), ("planners", PLANNER)):
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", "-stdin"], input=login.password, capture_output=True, text=True, check=True
        )
        (folder / f"{file}.htpasswd").write_text(f"{login.user}:{hashed.stdout}", encoding="utf-8")
    write_sample_company(folder / "landing", markets=1, skus=6, months=30, last_month=f"{MONTH}-01",
                         markets_file=folder / "markets.yaml")  # fmt: skip


def _show_company(folder: Path) -> None:
    """Mount the folder where nginx and Azurite expect it, seen by this process and its children alone."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    Path("/run/company").mkdir()
    subprocess.run(["mount", "--bind", str(folder), "/run/company"], check=True)


def _deliver(stack: Stack, folder: Path) -> str:
    """Upload the sample's deliveries; return the market's code."""
    done = stack.run("containers", "python", "/run/deploy/deliver.py", "/run/company/landing", "forecast-test")
    if done.returncode:
        raise StackError(f"no deliveries: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    listed = yaml.safe_load((folder / "markets.yaml").read_text(encoding="utf-8"))["markets"]
    return str(listed[0]["code"])


if __name__ == "__main__":
    main()
