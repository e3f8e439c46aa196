"""Files of a built image as a root that commands run in: read-only, as the image's user, without a container engine."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUILDAH = Path(__file__).parents[2] / "deploy" / "image" / "buildah"
ENTER = Path(__file__).parent / "enter_image"
# All processes of a command end with its first one: kill the group, which it is in.
NAMESPACE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class ImageRoot:
    """A mounted image.

    Attributes:
        files: Folder that holds the image's files.
        view: Empty folder; each command mounts the files there, seen by itself alone.
        config: Configuration of the image, as Docker names its fields.
        size: Bytes of the image's files.
    """

    files: Path
    view: Path
    config: Mapping[str, Any]
    size: int

    def command(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        mounts: Sequence[str],
    ) -> list[str]:
        """Return the command line of this machine that runs a command of the image.

        Args:
            arguments: Command of the image; empty: the image's own.
            environment: Variables beside those of the image.
            mounts: ``outside:inside`` or ``outside:inside:ro``, as in a compose file.
        """
        own = dict(each.split("=", 1) for each in self.config["Env"])
        variables = [f"{name}={value}" for name, value in {**own, **environment}.items()]
        inside = [*variables, *self.config["Entrypoint"], *(arguments or self.config["Cmd"])]
        return [*NAMESPACE, str(ENTER), str(self.files), str(self.view), self.config["User"], *mounts, "--", *inside]


@contextlib.contextmanager
def mounted_image(name: str) -> Iterator[ImageRoot]:
    """Mount an image of buildah's storage until the body ends."""
    config = json.loads(_buildah("inspect", "--type", "image", name))["Docker"]["config"]
    container = _buildah("from", "--pull-never", name)
    try:
        files = Path(_buildah("mount", container))
        (files / "etc" / "hosts").touch()
        size = sum(path.lstat().st_size for path in files.rglob("*") if path.is_file() and not path.is_symlink())
        with tempfile.TemporaryDirectory(prefix="image-") as view:
            Path(view).chmod(0o755)
            yield ImageRoot(files, Path(view), config, size)
    finally:
        _buildah("rm", container)


def _buildah(*arguments: str) -> str:
    done = subprocess.run([BUILDAH, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"buildah {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
