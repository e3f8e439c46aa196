"""Writer of the pip configuration for an image's build, from the output of ``pip config list`` on standard input.

usage: pip config list | python3 pip_settings.py FOLDER

FOLDER gets ``pip.conf``, the certificates as ``ca.pem`` and ``folders``: local folders that pip reads, one a line.
"""

import shutil
import sys
from pathlib import Path

FOUND_IN = ("index-url", "extra-index-url", "find-links")


def main(folder: Path, lines: list[str]) -> None:
    """Write the three files."""
    values = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    values = {name.rsplit(".", 1)[-1]: value.strip("'") for name, value in values.items()}
    written, folders = ["[global]"], set()
    for name in FOUND_IN:
        if name in values:
            written.append(f"{name} = {values[name]}")
            places = [place.removeprefix("file://") for place in values[name].split()]
            # The pages of an index link to files beside its folder.
            folders |= {place.removesuffix("/simple") for place in places if Path(place).is_dir()}
    if "cert" in values:
        shutil.copy(values["cert"], folder / "ca.pem")
        written.append("cert = /run/pip/ca.pem")
    (folder / "pip.conf").write_text("\n".join(written) + "\n", encoding="utf-8")
    (folder / "folders").write_text("".join(f"{each}\n" for each in sorted(folders)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdin.readlines())
