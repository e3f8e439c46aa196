"""The compose file: who can be reached, what each process may, and that every variable is one that is read."""

import pytest
import yaml

from forecast_assets_tests.deploy.known_variables import ROOT, every_variable, named_in, of_dagster_files
from tools.stack.compose import fill_in, read_services

DEPLOY = ROOT / "deploy"
FILLED = {"POSTGRES_PASSWORD": "p", "AZURE_STORAGE_ACCOUNT_KEY": "k"}


@pytest.fixture(scope="module")
def services():
    return read_services(FILLED)


def test_only_the_proxy_publishes_ports(services):
    assert [name for name, each in services.items() if each.extra.get("ports")] == ["proxy"]
    assert {each.split(":")[0] for each in services["proxy"].extra["ports"]} == {"127.0.0.1"}


def test_the_network_inside_has_no_way_out(services):
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    assert networks["inside"]["internal"] is True
    assert {name for name, each in services.items() if "outside" in each.extra["networks"]} == {"proxy"}


def test_each_process_of_the_platform_has_the_least_rights(services):
    own = [each for each in services.values() if each.runs_platform]
    assert {each.name for each in own} == {
        "teams-sink", "containers", "prepare", "mlflow", "code", "webserver", "planners", "daemon", "worker"
    }  # fmt: skip
    for each in own:
        extra = each.extra
        assert (extra["user"], extra["read_only"], extra["cap_drop"]) == ("10001:10001", True, ["ALL"]), each.name
        assert extra["security_opt"] == ["no-new-privileges:true"]
        assert extra["image"] == "localhost/forecast_assets:latest"


def test_planners_get_the_read_only_web_server(services):
    assert "--read-only" in services["planners"].command
    assert "--read-only" not in services["webserver"].command


def test_each_dependency_is_a_service_that_can_become_what_is_waited_for(services):
    for each in services.values():
        for name, condition in each.depends_on.items():
            assert name in services, f"{each.name} waits for {name}"
            if condition == "service_healthy":
                assert services[name].health, f"{each.name} waits for the health of {name}"


def test_every_variable_of_a_process_is_one_that_is_read(services):
    for name in ("code", "webserver", "planners", "daemon", "prepare", "worker"):
        assert set(services[name].environment) - every_variable() == set()
    assert of_dagster_files() - set(services["code"].environment) == set()


def test_workers_have_what_the_launcher_names_and_read_the_queue_that_it_fills(services):
    filled = read_services({**FILLED, "DAGSTER_CELERY_BROKER": "redis://elsewhere:1/0"})
    launcher = yaml.safe_load((DEPLOY / "celery.yaml").read_text())["run_launcher"]
    worker = filled["worker"]
    assert worker.environment["DAGSTER_CELERY_BROKER"] == "redis://elsewhere:1/0"
    assert worker.command.count("redis://elsewhere:1/0") == 2
    assert worker.command[worker.command.index("--queues") + 1] == launcher["config"]["default_queue"]
    assert worker.command[worker.command.index("--prefetch-multiplier") + 1] == "1"
    assert worker.command[worker.command.index("--pool") + 1] == "solo"
    assert named_in("celery.yaml") <= set(filled["daemon"].environment)
    assert {services[name].extra["profiles"][0] for name in ("redis", "worker")} == {"celery"}
    # Without the profile nothing reaches Redis.
    assert services["daemon"].environment["DAGSTER_CELERY_BROKER"] == ""


def test_what_is_appended_for_workers_replaces_nothing():
    kinds = (DEPLOY / "dagster.yaml", DEPLOY.parent / "forecast_assets" / "instances" / "laptop.yaml")
    appended = yaml.safe_load((DEPLOY / "celery.yaml").read_text())
    assert list(appended) == ["run_launcher"]
    for kind in kinds:
        # The last of two keys wins without a word.
        assert not set(appended) & set(yaml.safe_load(kind.read_text()))


def test_the_example_names_every_variable_without_a_default(services):
    text = (DEPLOY / ".env.example").read_text()
    named = {line.split("=")[0] for line in text.splitlines() if "=" in line and not line.startswith("#")}
    for name in FILLED:
        assert name in named
        with pytest.raises(ValueError, match=name):
            read_services({other: "x" for other in FILLED if other != name})


def test_a_secret_of_the_example_is_empty():
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    assert {"POSTGRES_PASSWORD=", "AZURE_STORAGE_ACCOUNT_KEY="} <= set(lines)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "1"), ("${B}", ""), ("${B:-x}", "x"), ("${E:-x}", "x"), ("${E-x}", ""), ("${A:-x}/${A}", "1/1"),
        ("${A:?}", "1"),
    ],
)  # fmt: skip
def test_variables_are_filled_in_as_compose_does(text, filled):
    assert fill_in(text, {"A": "1", "E": ""}) == filled


def test_the_proxy_asks_for_a_login_on_every_port(services):
    lines = (DEPLOY / "compose" / "nginx.conf").read_text().splitlines()
    assert [line for line in lines if "auth_basic off" in line] == []
    servers = [line.split()[1] for line in lines if line.strip().startswith("listen")]
    assert servers == ["8443", "8444", "8445"]
    assert sum("auth_basic_user_file" in line for line in lines) == len(servers)
    assert any(line.strip().startswith("auth_basic ") and not line.startswith("    ") for line in lines)
