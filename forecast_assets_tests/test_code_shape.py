"""Limits a reader feels: size of files and functions, and nothing in the repository that holds on one machine only."""

import ast
import re
import subprocess
from pathlib import Path

import forecast_assets

PACKAGE = Path(forecast_assets.__file__).parent
REPOSITORY = PACKAGE.parent
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50
# Put together here so that this file does not hold what it looks for.
FOLDERS_OF_ONE_MACHINE = ["work", "tmp", "root", "Users", "home"]
REGISTRY_HOSTS = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("golang", "org"), ("crates", "io")]
MACHINE_PATH = re.compile(rf"(?<![\w.$}}~<>*-])/(?:{'|'.join(FOLDERS_OF_ONE_MACHINE)})/\w")
REGISTRY = re.compile("|".join(r"\.".join(host) for host in REGISTRY_HOSTS), re.IGNORECASE)


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def text_files() -> dict[str, str]:
    """Text of what git tracks or would track; without git, of the package."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, check=False,
    )  # fmt: skip
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    paths = [REPOSITORY / name for name in names if name] or list(PACKAGE.rglob("*.py"))
    contents = {path: path.read_bytes() for path in paths if path.is_file()}
    return {
        path.relative_to(REPOSITORY).as_posix(): content.decode(errors="replace")
        for path, content in contents.items()
        if b"\0" not in content[:8192]
    }


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in text_files().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_is_longer_than_a_reader_holds_in_mind():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    too_long = {path.name: length for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE}
    assert too_long == {}


def test_no_function_is_longer_than_a_screen():
    functions = {
        f"{path.relative_to(PACKAGE)}:{node.name}": lines_without_docstring(node)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_the_docstring_of_a_function_does_not_count_as_length():
    function = ast.parse('def f():\n    """One\n\n    two.\n    """\n    return 1\n').body[0]
    assert lines_without_docstring(function) == 2


def test_no_path_of_a_single_machine_is_written_down():
    assert MACHINE_PATH.search("see /" + "home/somebody/data")
    assert lines_with(MACHINE_PATH) == []


def test_no_package_registry_is_written_down():
    assert REGISTRY.search("https://" + "pypi" + ".org/simple")
    assert lines_with(REGISTRY) == []


def test_no_test_module_is_imported_by_another():
    """Helpers that several test modules use are in support modules, named by purpose."""
    imports = re.compile(
        r"^\s*(from|import) forecast_assets_tests\S*\.test_\w+|^\s*from forecast_assets_tests\S* import test_"
    )
    lines = {
        f"{name}:{number}"
        for name, text in text_files().items()
        if name.startswith("forecast_assets_tests/") and name.endswith(".py")
        for number, line in enumerate(text.splitlines(), start=1)
        if imports.search(line)
    }
    assert lines == set()
