"""The audit: what counts as a finding, and what counts as not asked."""

import json

import pytest

from tools.audit import COPYLEFT, LESSER, Finding, NotToBeHad, _secrets_of, judged


def report(tmp_path, *packages):
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"dependencies": list(packages)}))
    return path


CLEAN = {"name": "numpy", "version": "2.4", "vulns": []}
UNKNOWN = {"name": "x", "skip_reason": "Dependency not found"}


def test_a_known_vulnerability_is_a_finding(tmp_path):
    with pytest.raises(Finding, match="numpy CVE-1"):
        judged(report(tmp_path, UNKNOWN, UNKNOWN, CLEAN | {"vulns": [{"id": "CVE-1"}]}), "")


def test_packages_that_the_database_does_not_know_are_not_clean(tmp_path):
    # One may be unknown: the project itself.
    assert judged(report(tmp_path, CLEAN, UNKNOWN), "") == "2 packages, none with a known vulnerability"
    for packages in ([CLEAN, UNKNOWN, UNKNOWN], []):
        with pytest.raises(NotToBeHad):
            judged(report(tmp_path, *packages), "")
    with pytest.raises(NotToBeHad, match="no route"):
        judged(tmp_path / "absent.json", "no route")


def test_a_secret_is_known_by_its_file_and_digest_and_a_guess_by_its_file():
    def found(kind, digest):
        return {"type": kind, "hashed_secret": digest}

    listed = {"results": {"a.py": [found("Secret Keyword", "1"), found("AWS Access Key", "2")]}}
    now = {
        "results": {
            "a.py": [found("Secret Keyword", "9"), found("AWS Access Key", "3")],
            "b.py": [found("Secret Keyword", "1")],
            "forecast_assets_tests/c.py": [found("Secret Keyword", "4"), found("AWS Access Key", "5")],
        }
    }
    assert _secrets_of(now) - _secrets_of(listed) == {
        ("a.py", "AWS Access Key", "3"),
        ("b.py", "Secret Keyword", ""),
        ("forecast_assets_tests/c.py", "AWS Access Key", "5"),
    }


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [
        ("GPL-3.0-only", True), ("GNU Affero General Public License v3", True), ("AGPL-3.0", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False), ("LGPL-2.1", False), ("MIT", False),
    ],
)  # fmt: skip
def test_licences_that_reach_the_companys_code_are_refused(text, is_refused):
    assert bool(COPYLEFT.search(text) and not LESSER.search(text)) is is_refused
