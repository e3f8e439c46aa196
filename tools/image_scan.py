"""Known vulnerabilities of the libraries in the built image: ``make image-scan``. Writes a parts list of what is in it.

``--strict``, as in the pipeline: fail where the database of known vulnerabilities cannot be reached.
"""

import argparse
import json
import os
import subprocess
import sys

from tools.audit import BIN, OUT, UNREACHABLE
from tools.stack.image_root import mounted_image

IMAGE = os.environ.get("IMAGE") or "localhost/forecast_assets:latest"


def main() -> None:
    """Scan the image; exit with 1 if a library has a known vulnerability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where the database cannot be reached")
    strict = parser.parse_args().strict
    OUT.mkdir(parents=True, exist_ok=True)
    with mounted_image(IMAGE) as root:
        (packages,) = (root.files / "opt" / "venv" / "lib").glob("python3.*/site-packages")
        debian = (root.files / "var" / "lib" / "dpkg" / "status").read_text(encoding="utf-8").count("\nPackage: ")
        target = OUT / "image-vulnerabilities.json"
        target.unlink(missing_ok=True)
        done = subprocess.run(
            [BIN / "pip-audit", "--path", packages, "--progress-spinner", "off", "--format", "json", "--output", target],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    report = json.loads(target.read_text(encoding="utf-8"))["dependencies"] if target.exists() else []
    known = [f"{each['name']} {vuln['id']}" for each in report for vuln in each.get("vulns", [])]
    unknown = [each["name"] for each in report if "skip_reason" in each]
    if known:
        sys.exit(f"image-scan: {'; '.join(known)}")
    if not report or len(unknown) > 1 or (done.returncode and UNREACHABLE.search(done.stderr)):
        print(f"image-scan: not done: the database cannot be reached ({len(unknown)} of {len(report)} not in it)")
        sys.exit(strict)
    print(
        f"image-scan: {len(report)} libraries, none with a known vulnerability; {debian} packages of Debian not scanned"
    )


if __name__ == "__main__":
    main()
