import subprocess

import pytest

from forecast_assets.storage import git_sha, provenance


@pytest.fixture(autouse=True)
def nothing_remembered():
    git_sha.cache_clear()
    yield
    git_sha.cache_clear()


def answers(**by_command: str):
    def run(command, **options):
        answer = by_command.get(command[1].replace("-", "_"))
        if answer is None:
            raise subprocess.CalledProcessError(128, command)
        return subprocess.CompletedProcess(command, 0, stdout=answer)

    return run


def test_the_commit_stamped_into_an_image_goes_first(monkeypatch):
    monkeypatch.setenv("FORECAST_GIT_SHA", "abc123")
    assert git_sha() == "abc123"


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        (answers(rev_parse="abc123\n", status=""), "abc123"),
        (answers(rev_parse="abc123\n", status=" M config/settings.py\n"), "abc123-dirty"),
        (answers(), "unknown"),
    ],
)
def test_otherwise_git_gives_the_commit_and_local_changes(monkeypatch, git, expected):
    monkeypatch.delenv("FORECAST_GIT_SHA", raising=False)
    monkeypatch.setattr(provenance.subprocess, "run", git)
    assert git_sha() == expected
