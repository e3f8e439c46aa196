"""Source files of the package as statements and the names that they use, read from the text: nothing is imported.

What an asset needs of them is decided in ``forecast_assets.storage.import_closure``.
"""

import ast
import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

# Arguments of an asset's decorator that decide what its function is given; the others are for people and the scheduler.
COMPUTING_ARGUMENTS = {"ins"}


_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclasses.dataclass(frozen=True)
class Binding:
    """Import of a name: ``attribute`` of ``module`` (below the package); None where the module itself is bound."""

    module: str
    attribute: str | None


@dataclasses.dataclass(frozen=True)
class Part:
    """Top-level statements of one name: their text without docstrings and comments, and the names they use.

    ``names`` come with the attribute taken of them; None where the name stands alone.
    """

    text: str
    names: frozenset[tuple[str, str | None]]


@dataclasses.dataclass(frozen=True)
class Module:
    """One parsed source file.

    Attributes:
        name: Below the package, with dots; empty for the package itself.
        path: Of the file.
        imports: Imports from the package by local name, those inside of functions too.
        libraries: Top-level package of each other import by local name.
        statements: Top-level statements by the name they define; under the empty name those that define none.
        lines: Lines of the file; None for docstrings, comments and empty lines.
    """

    name: str
    path: Path
    imports: dict[str, Binding]
    libraries: dict[str, str]
    statements: dict[str, list[ast.stmt]]
    lines: list[str | None]

    @property
    def is_package(self) -> bool:
        """True for an ``__init__.py``."""
        return self.path.name == "__init__.py"

    def part(self, name: str) -> Part:
        """Return the statements that define a name, whole."""
        nodes = self.statements[name]
        return Part("\n".join(map(self._text, nodes)), _names(nodes))

    def computing_part(self, name: str) -> Part:
        """Return an asset's function without what its decorator says for people and the scheduler."""
        functions: list[ast.FunctionDef] = []
        for statement in self.statements[name]:
            if not isinstance(statement, ast.FunctionDef):
                return self.part(name)
            functions.append(_without_decorators(statement))
        texts = [self._text(node) for each in functions for node in (each.args, *each.body, *each.decorator_list)]
        return Part("\n".join(texts), _names(functions))

    def _text(self, node: ast.AST) -> str:
        if not isinstance(node, ast.stmt | ast.expr):
            return ast.dump(node)
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        return "\n".join(line for line in self.lines[first - 1 : node.end_lineno] if line is not None)


def parsed_module(name: str, path: Path, package: str) -> Module:
    """Parse a source file of ``package``."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports: dict[str, Binding] = {}
    libraries: dict[str, str] = {}
    docstrings: list[ast.Constant] = []
    for node in _all_statements(tree):
        if isinstance(node, ast.ImportFrom):
            _note_import_from(node, package, imports, libraries)
        elif isinstance(node, ast.Import):
            _note_import(node, package, imports, libraries)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings.append(node.value)
    return Module(name, path, imports, libraries, _by_name(tree), _lines(text, docstrings))


def _note_import_from(
    node: ast.ImportFrom, package: str, imports: dict[str, Binding], libraries: dict[str, str]
) -> None:
    source = node.module or ""
    is_ours = source == package or source.startswith(f"{package}.")
    for alias in node.names:
        if is_ours:
            imports[alias.asname or alias.name] = Binding(source.removeprefix(package).lstrip("."), alias.name)
        else:
            libraries[alias.asname or alias.name] = source.split(".")[0]


def _note_import(node: ast.Import, package: str, imports: dict[str, Binding], libraries: dict[str, str]) -> None:
    for alias in node.names:
        top = alias.name.split(".")[0]
        if top != package:
            libraries[alias.asname or top] = top
        elif alias.asname:
            imports[alias.asname] = Binding(alias.name.removeprefix(package).lstrip("."), None)
        else:
            raise ValueError(
                f"import {alias.name}: write `from {package} import ...`, so that the name can be followed"
            )


def _all_statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of functions, classes and branches too; expressions are not entered."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        children = getattr(node, field, ())
        for child in children if isinstance(children, list) else ():
            if isinstance(child, ast.stmt):
                yield child
            yield from _all_statements(child)


def _by_name(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    statements: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        for name in _defined_names(statement):
            statements.setdefault(name, []).append(statement)
    return statements


def _defined_names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        names = [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        return names or [""]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return [""]


def _lines(text: str, docstrings: Iterable[ast.Constant]) -> list[str | None]:
    """Return the lines of a file; None for docstrings, comments and empty lines.

    Comments stay where the file has a text of several lines that is no docstring: they may be part of it.
    """
    lines = text.splitlines()
    documented = {line for node in docstrings for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    triple = sum('"""' in (lines[number - 1]) for number in documented)
    has_other_texts = sum('"""' in line or "'''" in line for line in lines) != triple
    return [
        None
        if number in documented or not line.strip() or (line.lstrip().startswith("#") and not has_other_texts)
        else line
        for number, line in enumerate(lines, start=1)
    ]


def _without_decorators(function: ast.FunctionDef) -> ast.FunctionDef:
    """Return a function with the computing arguments of its decorators in their place."""
    kept = [
        keyword.value
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg in COMPUTING_ARGUMENTS
    ]
    return ast.FunctionDef(function.name, function.args, function.body, kept, function.returns, None)


def _names(nodes: Iterable[ast.AST]) -> frozenset[tuple[str, str | None]]:
    used: set[tuple[str, str | None]] = set()
    for node in nodes:
        _note_names(node, frozenset(), used)
    return frozenset(used)


def _note_names(node: ast.AST, local: frozenset[str], used: set[tuple[str, str | None]]) -> None:
    """Note the names of the module that a node uses; those of ``local`` belong to a function around it."""
    if isinstance(node, ast.Name):
        if node.id not in local:
            used.add((node.id, None))
        return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id not in local:
            used.add((node.value.id, node.attr))
        return
    inner = local
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        body = node.body if isinstance(node.body, list) else [node.body]
        outer = [child for child in ast.iter_child_nodes(node) if child not in body]
        for child in outer:
            _note_names(child, local, used)
        inner = local | _arguments(node.args) | _assigned(body)
        for child in body:
            _note_names(child, inner, used)
        return
    if isinstance(node, _COMPREHENSIONS):
        _note_names(node.generators[0].iter, local, used)
        inner = local | _assigned([generator.target for generator in node.generators])
    for child in ast.iter_child_nodes(node):
        _note_names(child, inner, used)


def _arguments(arguments: ast.arguments) -> set[str]:
    all_of_them = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {argument.arg for argument in all_of_them if argument}


def _assigned(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that a function binds itself; imports are left out, for they lead to another module."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | _COMPREHENSIONS):
            names |= _assigned(ast.iter_child_nodes(node))
    return names
