"""Security audit of the repository, each part one line: ``make audit``. Reports are written to ``var/audit``.

Code (bandit), secrets (detect-secrets against a baseline), image and templates (hadolint, checkov, models of Azure's
clients), scripts (shellcheck), parts list of the image (CycloneDX), licences, known vulnerabilities. A part whose tool
or database is not to be had says so; with ``--strict``, as in the pipeline, it then fails. ``--offline`` asks no
database: for machines that reach packages alone.
"""

import argparse
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv-audit" / "bin"
OUT = ROOT / "var" / "audit"
LOCK = ROOT / "locks" / "runtime.txt"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
# Licences whose conditions would reach the company's own code.
COPYLEFT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
LESSER = re.compile(r"\b(LGPL|Lesser General Public|Library General Public)", re.IGNORECASE)
# Files of others, hashes by design, and mutants, which repeat lines of code that is searched itself.
NOT_SEARCHED = re.compile(
    r"^locks/|^\.secrets\.baseline$|package-lock\.json$|\.(svg|png|js)$|^docs/vendor/|/vendor/"
    r"|^tools/equivalent_mutants\.yaml$"
)
# Kinds that are guessed from the name of a variable: a line may change without being a secret.
GUESSES = {"Secret Keyword"}
# Tests put canaries into every secret, and digests into what they expect; keys of services are searched for there, too.
LIKE_CANARIES = {"Secret Keyword", "Basic Auth Credentials", "Hex High Entropy String", "Base64 High Entropy String"}
SCRIPTS = ("deploy/image", "deploy/compose", "deploy/azure", "deploy/backup", "tools/stack", ".ci", "locks")


class Finding(Exception):
    """Something that must be corrected."""


class NotToBeHad(Exception):
    """A tool or a database that this machine does not have."""


def main() -> None:
    """Run every part; exit with 1 if one has a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where a tool or a database is not to be had")
    parser.add_argument("--offline", action="store_true", help="leave out the database of known vulnerabilities")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    parts = [part for part in PARTS if part is not vulnerabilities or not options.offline]
    failed = [part.__name__ for part in parts if not _passes(part, options.strict)]
    print(f"audit: failed in {', '.join(failed)}" if failed else "audit: passed")
    sys.exit(bool(failed))


def _passes(part: Callable[[], str], strict: bool) -> bool:
    try:
        print(f"ok {part.__name__}: {part()}", flush=True)
    except NotToBeHad as reason:
        print(f"not done {part.__name__}: {reason}", flush=True)
        return not strict
    except Finding as finding:
        print(f"FAILED {part.__name__}: {finding}", flush=True)
        return False
    return True


def code() -> str:
    """Search the code for dangerous calls; exceptions stand in pyproject.toml with their reasons."""
    done = _run(BIN / "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", "forecast_assets", "tools",
                "deploy", "benchmarks", "--format", "json", "--output", OUT / "bandit.json")  # fmt: skip
    report = json.loads((OUT / "bandit.json").read_text(encoding="utf-8"))
    if done.returncode:
        lines = [f"{each['filename']}:{each['line_number']} {each['test_id']}" for each in report["results"]]
        raise Finding("\n  ".join([f"{len(lines)} findings", *lines]))
    return f"{report['metrics']['_totals']['loc']:,} lines, no finding"


def secrets() -> str:
    """Search every tracked file for secrets that the baseline does not list."""
    listed = _run("git", "ls-files").stdout.splitlines()
    names = [name for name in listed if not NOT_SEARCHED.search(name) and (ROOT / name).is_file()]
    done = _run(BIN / "detect-secrets", "scan", *names)
    if done.returncode:
        raise Finding(f"detect-secrets exited with {done.returncode}: {done.stderr[-1000:]}")
    (OUT / "secrets.json").write_text(done.stdout, encoding="utf-8")
    baseline = json.loads((ROOT / ".secrets.baseline").read_text(encoding="utf-8"))
    new = sorted(_secrets_of(json.loads(done.stdout)) - _secrets_of(baseline))
    if new:
        found = "\n  ".join(f"{name}: {kind}" for name, kind, _ in new)
        raise Finding(f"unknown; if none is a secret, copy var/audit/secrets.json to .secrets.baseline\n  {found}")
    return f"{len(names)} files, nothing that .secrets.baseline does not list"


def dockerfile() -> str:
    """Lint the Dockerfile."""
    done = _run(BIN / "hadolint", "--config", "deploy/image/hadolint.yaml", "Dockerfile")
    if done.returncode:
        raise Finding(done.stdout + done.stderr)
    return "hadolint has no finding"


def templates() -> str:
    """Check image and Azure templates against checkov's rules; exceptions stand in deploy/azure/checkov.yaml."""
    done = _run(BIN / "checkov", "--config-file", "deploy/azure/checkov.yaml", "--output", "json")
    try:
        reports = json.loads(done.stdout)
    except ValueError:
        raise Finding(f"checkov did not run: {(done.stdout + done.stderr)[-1000:]}") from None
    (OUT / "checkov.json").write_text(done.stdout, encoding="utf-8")
    reports = reports if isinstance(reports, list) else [reports]
    failures = [
        f"{each['check_id']} {each['resource']}: {each['check_name']}"
        for report in reports
        for each in report.get("results", {}).get("failed_checks", [])
    ]
    if failures:
        raise Finding("\n  ".join([f"{len(failures)} findings", *failures]))
    passed = sum(report.get("summary", {}).get("passed", 0) for report in reports)
    if not passed:
        raise Finding("checkov checked nothing")
    return f"checkov: {passed} checks pass"


def resources() -> str:
    """Compare the Azure templates with the models of Azure's client libraries."""
    done = _run(BIN / "python", "-m", "tools.arm_models")
    if done.returncode:
        raise Finding((done.stdout + done.stderr)[-3000:])
    return f"{done.stdout.strip()} are as Azure's clients know them"


def scripts() -> str:
    """Lint the shell scripts."""
    if not shutil.which("shellcheck"):
        raise NotToBeHad("apt-get install shellcheck")
    names = _run("git", "ls-files", *SCRIPTS).stdout.split()
    shells = [name for name in names if (ROOT / name).is_file() and _is_shell(ROOT / name)]
    done = _run("shellcheck", "--external-sources", "--source-path", "SCRIPTDIR", *shells)
    if done.returncode:
        raise Finding(done.stdout)
    return f"shellcheck has no finding in {len(shells)} scripts"


def parts_list() -> str:
    """Write the image's parts as a CycloneDX file."""
    target, root = OUT / "sbom.cdx.json", OUT / "root.toml"
    # The project's own file leaves its version to git.
    version = _run(sys.executable, "-m", "setuptools_scm").stdout.strip() or "0.0.0"
    root.write_text(f'[project]\nname = "forecast_assets"\nversion = "{version}"\n', encoding="utf-8")
    done = _run(BIN / "cyclonedx-py", "requirements", LOCK, "--pyproject", root, "--output-reproducible",
                "--of", "JSON", "-o", target)  # fmt: skip
    if done.returncode:
        raise Finding(f"cyclonedx-py exited with {done.returncode}: {done.stderr[-1000:]}")
    named = {each["name"].lower() for each in json.loads(target.read_text(encoding="utf-8"))["components"]}
    missing = {name.lower() for name in _locked()} - named
    if missing:
        raise Finding(f"the parts list lacks {sorted(missing)}")
    return f"{len(named)} parts in {target.relative_to(ROOT)}"


def licences() -> str:
    """List the licence of every locked package; fail on one whose conditions would reach the company's own code."""
    rows, forbidden, absent = [], [], []
    for name, version in sorted(_locked().items()):
        try:
            text = _licence(name)
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        rows.append(f"{name},{version},{text}")
        if COPYLEFT.search(text) and not LESSER.search(text):
            forbidden.append(f"{name}: {text}")
    (OUT / "licences.csv").write_text("\n".join(["package,version,licence", *rows, ""]), encoding="utf-8")
    if forbidden:
        raise Finding("; ".join(forbidden))
    unstated = sum(row.endswith(",") for row in rows)
    return f"{len(rows)} packages, {unstated} without a statement; not installed here: {', '.join(absent) or 'none'}"


def vulnerabilities() -> str:
    """Compare the lock file with the database of known vulnerabilities."""
    (OUT / "vulnerabilities.json").unlink(missing_ok=True)
    done = _run(BIN / "pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--requirement",
                LOCK, "--format", "json", "--output", OUT / "vulnerabilities.json")  # fmt: skip
    return judged(OUT / "vulnerabilities.json", done.stderr)


def judged(report: Path, errors: str) -> str:
    """Return how many packages have no known vulnerability, from a report of pip-audit.

    Raises:
        Finding: If a package has one.
        NotToBeHad: If the database could not be asked.
    """
    try:
        packages = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    except (OSError, ValueError, KeyError):
        raise NotToBeHad(f"the database of known vulnerabilities does not respond: {errors[-200:]}") from None
    known = [f"{each['name']} {vuln['id']}" for each in packages for vuln in each.get("vulns", [])]
    if known:
        raise Finding("; ".join(known))
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    # The package of the project itself is in no database.
    if len(skipped) > 1 or not packages:
        raise NotToBeHad(
            f"the database of known vulnerabilities does not know {len(skipped)} of {len(packages)} packages"
        )
    return f"{len(packages)} packages, none with a known vulnerability"


PARTS = (code, secrets, dockerfile, templates, resources, scripts, parts_list, licences, vulnerabilities)


def _run(*command: object) -> subprocess.CompletedProcess[str]:
    words = [str(each) for each in command]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def _locked() -> dict[str, str]:
    return dict(PINNED.findall(LOCK.read_text(encoding="utf-8")))


def _secrets_of(report: dict[str, dict[str, list[dict[str, str]]]]) -> set[tuple[str, str, str]]:
    """Return file, kind and digest of each secret; of a guess by a name, only the file and the kind."""
    return {
        (name, each["type"], "" if each["type"] in GUESSES else each["hashed_secret"])
        for name, found in report["results"].items()
        for each in found
        if not (each["type"] in LIKE_CANARIES and name.startswith("forecast_assets_tests/"))
    }


def _is_shell(path: Path) -> bool:
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return first.startswith("#!") and first.endswith("sh")


def _licence(name: str) -> str:
    about = importlib.metadata.metadata(name)
    classifiers = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier", []) if "License ::" in each]
    stated = (
        about.get("License-Expression") or "; ".join(classifiers) or (about.get("License") or "").partition("\n")[0]
    )
    return stated.replace(",", ";")[:120]


if __name__ == "__main__":
    main()
