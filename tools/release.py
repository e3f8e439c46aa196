"""Dry run of a release: ``make release``. Checks tree and changelog, builds the wheel, prints what would follow.

The version is that of setuptools-scm, which the wheel and the image have too: the git tag of the commit, or the latest
tag's next patch with the number of commits since. ``var/release/release.json`` names the commit and its parts.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "release"
IMAGE = "localhost/forecast_assets:latest"
LABELS = "org.opencontainers.image."


def main() -> None:
    """Print the plan; exit with 1 if the release could not be made."""
    version, commit = _run(sys.executable, "-m", "setuptools_scm"), _run("git", "rev-parse", "HEAD")
    labels = _image_labels()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    problems = problems_of(version, changelog, _run("git", "status", "--porcelain"))
    problems += image_problems(labels, version, commit)
    wheel = _wheel()
    if wheel.name.split("-")[1] != version:
        problems.append(f"the wheel is {wheel.name}, not of version {version}")
    for problem in problems:
        print(f"release: {problem}")
    release = {"version": version, "commit": commit, "wheel": wheel.name, "wheel_sha256": _digest(wheel)}
    (OUT / "release.json").write_text(json.dumps(release, indent=2) + "\n", encoding="utf-8")
    print(f"release {version} of {commit[:12]} would publish, from this commit:")
    print(f"  {wheel.relative_to(ROOT)}, {wheel.stat().st_size:,} bytes, sha256 {release['wheel_sha256'][:12]}")
    print(f"  the image with the labels version={version} revision={commit}, by digest (azure-pipelines.yml)")
    print("  an image of this commit is here" if labels else "  no image is here: make image")
    sys.exit(bool(problems))


def problems_of(version: str, changelog: str, status: str) -> list[str]:
    """Return why a version cannot be released."""
    problems = ["the working tree has changes"] if status else []
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        problems.append(f"the commit has no tag like v1.4.0; it is {version}")
    elif f"## [{version}]" not in changelog:
        problems.append(f"CHANGELOG.md has no section [{version}]")
    return problems


def image_problems(labels: dict[str, str], version: str, commit: str) -> list[str]:
    """Return where the labels of an image differ from the release; none without an image."""
    wanted = {"revision": commit, "version": version} if labels else {}
    return [
        f"the image {IMAGE} has the {name} {labels.get(LABELS + name)}, the release {value}: make image"
        for name, value in wanted.items()
        if labels.get(LABELS + name) != value
    ]


def _image_labels() -> dict[str, str]:
    """Return the labels of the image that was built here; empty without one."""
    text = _run(
        "deploy/image/buildah", "inspect", "--type", "image", "--format", "{{json .OCIv1.Config.Labels}}", IMAGE
    )
    return json.loads(text) if text else {}


def _wheel() -> Path:
    """Build the wheel and return its path."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.whl"):
        old.unlink()
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(OUT)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True)
    (wheel,) = OUT.glob("*.whl")
    return wheel


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(*command: str) -> str:
    """Return what a command prints; nothing if it fails or is not to be had."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    main()
