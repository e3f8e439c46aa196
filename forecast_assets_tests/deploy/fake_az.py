"""A program `az` that records how it was called and responds from a table; secrets are canaries."""

import json
import os
import sys
from pathlib import Path

PROGRAM = """#!{python} -IS
import json, os, sys
folder = {folder!r}
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + chr(10))
for words, response in json.load(open(os.path.join(folder, "responses"))):
    if all(word in " ".join(sys.argv[1:]) for word in words):
        if response is None:
            sys.exit(3)
        if "--file" in sys.argv and response == "file":
            open(sys.argv[sys.argv.index("--file") + 1], "w").write("content")
        else:
            print(response)
        break
"""


class FakeAz:
    """The program in a folder of its own; ``responses`` are tried in order, None is a failure."""

    def __init__(self, folder: Path, responses: list[tuple[list[str], str | None]]) -> None:
        self.folder = folder
        (folder / "responses").write_text(json.dumps(responses))
        program = folder / "az"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """Every call in order."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def texts(self) -> list[str]:
        """Every call as one text."""
        return [" ".join(each) for each in self.calls]

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of a script that finds this program first."""
        return (
            os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "POLL_SECONDS": "0", "POLLS": "3"} | variables
        )
