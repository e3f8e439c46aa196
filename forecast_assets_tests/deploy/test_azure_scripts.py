"""The scripts of deploy/azure with a fake az: what they ask of Azure, in which order, and what they never show."""

import subprocess

import pytest

from forecast_assets_tests.deploy.fake_az import FakeAz
from forecast_assets_tests.deploy.known_variables import ROOT

AZURE = ROOT / "deploy" / "azure"
NEW, OLD = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
CANARY = "canary-of-the-webhook it's"
OUTPUTS = ([["outputs.registry"], "r.azurecr.io"], [["outputs.postgresHost"], "pg.example"], [["outputs."], "value"])
HEALTHY = ([["job start"], "e1"], [["execution show"], "Succeeded"])


def run(script, fake, *arguments, **variables):
    return subprocess.run(
        [AZURE / script, *arguments], env=fake.environment(**variables), capture_output=True, text=True, check=False
    )


@pytest.fixture
def instance(tmp_path):
    """A compute instance whose creation script has run; pip and venv are recorded, not run."""
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\nprintf "#!/bin/sh\\n" > "$3/bin/python"\nchmod +x "$3/bin/python"\n'
    )
    python.chmod(0o755)
    responses = [
        [["secrets/teams-webhook-url"], CANARY], [["secrets/markets-yaml"], "markets: []"], [["secret show"], None],
        [["blob download"], "file"],
    ]  # fmt: skip
    fake, home = FakeAz(tmp_path, responses), tmp_path / "home"
    done = run("compute-instance", fake, "https://v", "account", "test", "client", FORECAST_HOME=str(home),
               PYTHON=str(python))  # fmt: skip
    return fake, home, done


def test_the_creation_script_logs_in_with_the_identity_before_it_reads_a_secret(instance):
    fake, _, done = instance
    assert done.returncode == 0, done.stderr
    assert fake.texts()[0] == "login --identity --client-id client --output none"
    assert fake.texts()[1].startswith("keyvault secret show --id https://v/secrets/teams-webhook-url")


def test_no_secret_is_printed_or_passed_on(instance):
    fake, _, done = instance
    assert CANARY not in done.stdout + done.stderr
    assert all(CANARY not in text for text in fake.texts())


def test_secrets_are_read_by_their_owner_alone_and_survive_the_shell(instance):
    _, home, _ = instance
    assert (home / "secrets.env").stat().st_mode & 0o777 == 0o600
    told = subprocess.run(
        ["bash", "-c", f'source {home}/secrets.env; printf %s "$TEAMS_WEBHOOK_URL"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == CANARY
    assert "DREMIO" not in (home / "secrets.env").read_text()


def test_settings_of_the_instance_are_settings_of_the_platform(instance):
    from forecast_assets_tests.deploy.known_variables import settings_and_secrets

    _, home, _ = instance
    named = {line.removeprefix("export ").split("=")[0] for line in (home / "settings.env").read_text().splitlines()}
    assert named - settings_and_secrets() == set()
    assert (home / "markets.yaml").read_text() == "markets: []\n"


def released(tmp_path, *responses):
    return FakeAz(tmp_path, [*responses, *OUTPUTS])


def test_a_release_migrates_after_the_deployment_and_ends_with_doctor(tmp_path):
    fake = released(tmp_path, *HEALTHY, [["job show"], f"r/forecast_assets@{NEW}"])
    done = run("release", fake, "dev", "group", NEW)
    assert done.returncode == 0, done.stderr
    texts = fake.texts()
    deployed = next(i for i, text in enumerate(texts) if text.startswith("deployment group create"))
    commands = [text.partition("--args ")[2].partition(" --query")[0] for text in texts if "job start" in text]
    assert commands == ["dagster instance migrate", "forecast-assets migrate", "forecast-assets doctor"]
    assert deployed < next(i for i, text in enumerate(texts) if "job start" in text)
    assert f"image=r.azurecr.io/forecast_assets@{NEW}" in texts[deployed]


def test_prod_is_backed_up_before_anything_changes(tmp_path):
    fake = released(tmp_path, *HEALTHY, [["job show"], f"r/forecast_assets@{NEW}"])
    assert run("release", fake, "prod", "group", NEW, "other.azurecr.io").returncode == 0
    kinds = [" ".join(each[:4]) for each in fake.calls]
    assert kinds.index("postgres flexible-server backup create") < kinds.index(
        "deployment group create --resource-group"
    )
    assert any(
        text.startswith("acr import") and f"other.azurecr.io/forecast_assets@{NEW}" in text for text in fake.texts()
    )


def test_a_release_whose_doctor_fails_returns_to_the_image_before(tmp_path):
    fake = released(
        tmp_path,
        [["containerapp show"], f"r.azurecr.io/forecast_assets@{OLD}"], [["job show"], f"r/forecast_assets@{NEW}"],
        [["job start", "doctor"], "of-doctor"], [["job start"], "e1"],
        [["execution show", "of-doctor"], "Failed"], [["execution show"], "Succeeded"],
    )  # fmt: skip
    done = run("release", fake, "dev", "group", NEW)
    assert done.returncode == 1
    updated = [text for text in fake.texts() if text.startswith("containerapp update")]
    assert [text.split()[5] for text in updated] == ["code", "webserver", "planners", "daemon"]
    assert all(text.endswith(f"@{OLD} --output none") for text in updated)


@pytest.mark.parametrize("digest", ["latest", "sha256:abc", ""])
def test_a_tag_is_no_digest(tmp_path, digest):
    fake = released(tmp_path)
    for script in ("release", "rollback"):
        done = run(script, fake, "dev", "group", digest or "x")
        assert done.returncode == 2, done.stderr
    assert fake.calls == []


def test_a_command_that_does_not_end_fails(tmp_path):
    fake = FakeAz(tmp_path, [[["job start"], "e1"], [["execution show"], "Running"], [["job show"], "image"]])
    done = run("run-command", fake, "group", "forecast-assets", "doctor")
    assert (done.returncode, "did not end" in done.stderr) == (1, True)
