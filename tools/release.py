"""Dry run of a release: ``make release``. Checks tree and changelog, builds the wheel, prints what would follow.

The version is that of the git tag of the commit, or the latest tag's next patch with the number of commits since.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "release"
DESCRIBED = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-(\d+)-g([0-9a-f]+))?")


def main() -> None:
    """Print the plan; exit with 1 if the release could not be made."""
    described, commit = _git("describe", "--tags", "--long", "--match", "v*"), _git("rev-parse", "HEAD")
    version = version_of(described, commit)
    problems = problems_of(version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), _git("status", "--porcelain"))
    for problem in problems:
        print(f"release: {problem}")
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.whl"):
        old.unlink()
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        OUT,
        ROOT,
    ]
    subprocess.run(command, check=True)
    (wheel,) = OUT.glob("*.whl")
    print(f"release {version} of {commit[:12]} would publish, from this commit:")
    print(f"  {wheel.relative_to(ROOT)}, {wheel.stat().st_size:,} bytes")
    print(f"  the image with the labels version={version} revision={commit}, by digest (azure-pipelines.yml)")
    sys.exit(bool(problems))


def version_of(described: str, commit: str) -> str:
    """Return the version that ``git describe --long`` stands for; without a tag 0.0.0 with the commit.

    >>> version_of("v1.4.0-0-gabc1234", "abc1234")
    '1.4.0'
    >>> version_of("v1.4.0-3-gabc1234", "abc1234")
    '1.4.1.dev3+abc1234'
    """
    match = DESCRIBED.fullmatch(described)
    if match is None:
        return f"0.0.0+{commit[:7]}"
    major, minor, patch, since, short = match.groups()
    if not since or since == "0":
        return f"{major}.{minor}.{patch}"
    return f"{major}.{minor}.{int(patch) + 1}.dev{since}+{short}"


def problems_of(version: str, changelog: str, status: str) -> list[str]:
    """Return why a version cannot be released."""
    problems = ["the working tree has changes"] if status else []
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        problems.append(f"the commit has no tag like v1.4.0; it is {version}")
    elif f"## [{version}]" not in changelog:
        problems.append(f"CHANGELOG.md has no section [{version}]")
    return problems


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
