"""Known vulnerabilities of the libraries in the built image: ``make image-scan``. Writes a parts list of what is in it.

``--strict``, as in the pipeline: fail where the database of known vulnerabilities cannot be reached.
"""

import argparse
import os
import subprocess
import sys

from tools.audit import BIN, OUT, Finding, NotToBeHad, judged
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
        command = [BIN / "pip-audit", "--path", packages, "--progress-spinner", "off", "--format", "json"]
        done = subprocess.run([*command, "--output", target], capture_output=True, text=True, check=False)
    try:
        print(f"image-scan: {judged(target, done.stderr)}; {debian} packages of Debian were not scanned")
    except NotToBeHad as reason:
        print(f"image-scan: not done: {reason}")
        sys.exit(strict)
    except Finding as finding:
        sys.exit(f"image-scan: {finding}")


if __name__ == "__main__":
    main()
