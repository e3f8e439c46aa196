"""Settings that the code of an asset reads, found in its source text by the annotations that mypy holds.

Reading starts at the statements of the asset's import closure. A name has the type of its annotation, or of what is
assigned to it; a field read from a settings group or a ``Market`` is noted. Methods of a class count once their name is
used. Functions of ``config`` that the closure uses are read too, though the closure itself ends there.
"""

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from forecast_assets.config.group import SettingsGroup
from forecast_assets.config.markets import FIELDS
from forecast_assets.config.settings import Settings
from forecast_assets.storage.import_closure import Closure, SourceTree
from forecast_assets.storage.source_code import Module, parsed_module

# Settings are read with one of these types. MARKETS holds many markets, EACH is one of all of them.
MARKET, EACH, MARKETS = "Market", "each Market", "dict[str, Market]"
GROUPS = {each.__name__: each for each in (Settings, *SettingsGroup.__subclasses__())}
# Functions that need no annotation: they read no field of what they are given.
HARMLESS = {"len", "list", "sorted", "min", "max", "bool", "enumerate"}
PASSED_ON = {"keys", "values", "items", "get"}
FUNCTIONS = ast.FunctionDef | ast.Lambda


class UnreadableError(ValueError):
    """A settings object is used in a way whose reads cannot be told; write it so that an annotation names it."""


def settings_read_by(tree: SourceTree, asset: str) -> set[tuple[str, str]]:
    """Return the settings that the asset's closure reads, as pairs of class and field.

    A field of all markets, not of the run's alone, is noted under ``EACH``.
    """
    return _Reads(tree, tree.closure(asset)).all()


@dataclasses.dataclass(frozen=True)
class _Function:
    """One function or method, with the module and the class that it stands in."""

    module: Module
    node: ast.FunctionDef
    owner: ast.ClassDef | None = None


class _Reads:
    """Reads of one closure, gathered until no method or function of ``config`` is new."""

    def __init__(self, tree: SourceTree, closure: Closure) -> None:
        self._folder = tree.folder
        self._modules = {name: _parsed(tree.folder, name) for name in closure.modules}
        self._waiting: list[_Function] = []
        self._methods: dict[str, list[_Function]] = {}
        self._used_names: set[str] = set()
        self._seen: set[int] = set()
        self.reads: set[tuple[str, str]] = set()
        for module, name in sorted(closure.nodes):
            self._add(self._modules[module], name)

    def all(self) -> set[tuple[str, str]]:
        """Read every function that is waiting, and every method whose name was used."""
        while self._waiting:
            function = self._waiting.pop()
            if id(function.node) not in self._seen:
                self._seen.add(id(function.node))
                _FunctionReads(self, function).gather()
        return self.reads

    def use(self, name: str) -> None:
        """Read the methods of a name that is used as an attribute."""
        if name not in self._used_names:
            self._used_names.add(name)
            self._waiting += self._methods.get(name, [])

    def read_config(self, module: str, name: str) -> ast.FunctionDef | None:
        """Read a function of ``config`` and return it; None for a class or a constant."""
        if module not in self._modules:
            self._modules[module] = _parsed(self._folder, module)
        statements = self._modules[module].statements.get(name, [])
        self._add(self._modules[module], name)
        return next((each for each in statements if isinstance(each, ast.FunctionDef)), None)

    def property_of(self, group: str, name: str) -> ast.FunctionDef:
        """Read a property or method of a settings group and return it."""
        source = GROUPS[group].__module__.partition(".")[2]
        module = self._modules.setdefault(source, _parsed(self._folder, source))
        (owner,) = (each for each in module.statements[group] if isinstance(each, ast.ClassDef))
        node = next((each for each in owner.body if isinstance(each, ast.FunctionDef) and each.name == name), None)
        if node is None:
            raise UnreadableError(f"{group}.{name} is neither a field nor a method")
        self._waiting.append(_Function(module, node, owner))
        return node

    def _add(self, module: Module, name: str) -> None:
        for statement in module.statements.get(name, []):
            if isinstance(statement, ast.FunctionDef):
                self._waiting.append(_Function(module, statement))
            elif isinstance(statement, ast.ClassDef):
                for node in statement.body:
                    if isinstance(node, ast.FunctionDef):
                        self._methods.setdefault(node.name, []).append(_Function(module, node, statement))
                        if node.name.startswith("__") or node.name in self._used_names:
                            self._waiting.append(_Function(module, node, statement))


class _FunctionReads:
    """Reads of one function: types of its names first, then the fields that it takes of them."""

    def __init__(self, reads: _Reads, function: _Function) -> None:
        self._reads, self._function = reads, function
        self._types: dict[str, str] = {}

    def gather(self) -> None:
        """Note the reads of the function and pass on the names that it uses."""
        owner, node = self._function.owner, self._function.node
        if owner is not None:
            self._note_own_attributes(owner)
        self._note_types(node)
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                self._type(part)
                self._reads.use(part.attr)
            elif isinstance(part, ast.Call):
                self._type(part)
                self._check_arguments(part)

    def _note_own_attributes(self, owner: ast.ClassDef) -> None:
        """Note types of ``self``, and of its attributes as the fields and the ``__init__`` of the class state them."""
        if owner.name in GROUPS:
            self._types["self"] = owner.name
        for node in owner.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self._set(f"self.{node.target.id}", _annotated(node.annotation))
            elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
                self._note_types(node)

    def _note_types(self, node: ast.FunctionDef) -> None:
        for each in ast.walk(node):
            if isinstance(each, ast.arg) and each.annotation is not None:
                self._set(each.arg, _annotated(each.annotation))
        # Twice: a name may be used above the line that gives it a type, as in a nested function.
        for each in [*ast.walk(node)] * 2:
            for target, value, iterates in _assignments(each):
                self._assign(target, self._type(value), iterates)

    def _assign(self, target: ast.expr, kind: str | None, iterates: bool) -> None:
        if isinstance(target, ast.Tuple) and iterates and kind == MARKETS:
            # for code, market in markets.items()
            self._assign(target.elts[-1], MARKETS, iterates)
        elif isinstance(target, ast.Tuple) and kind is None:
            return
        elif isinstance(target, ast.Name | ast.Attribute):
            self._set(_name(target), EACH if iterates and kind == MARKETS else kind)

    def _set(self, name: str, kind: str | None) -> None:
        if kind is not None and name:
            self._types[name] = kind

    def _type(self, node: ast.expr) -> str | None:
        """Return the type of an expression, None if it holds no settings; note the fields that it reads."""
        if isinstance(node, ast.Name):
            return self._types.get(node.id)
        if isinstance(node, ast.Attribute):
            return self._types.get(_name(node)) or self._field(self._type(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            kind = self._type(node.value)
            return MARKET if kind == MARKETS else None
        if isinstance(node, ast.Call):
            return self._returned(node)
        if isinstance(node, ast.BoolOp):
            return next((kind for value in node.values if (kind := self._type(value))), None)
        if isinstance(node, ast.IfExp):
            return self._type(node.body) or self._type(node.orelse)
        return None

    def _field(self, kind: str | None, name: str) -> str | None:
        if kind in (MARKET, EACH):
            if name not in FIELDS:
                raise UnreadableError(f"{self._place}: Market.{name} is no field")
            self._reads.reads.add((kind, name))
            return None
        if kind == MARKETS or kind is None:
            return MARKETS if kind and name in PASSED_ON else None
        fields = GROUPS[kind].model_fields
        if name not in fields:
            return _annotated(self._reads.property_of(kind, name).returns)
        group = getattr(fields[name].annotation, "__name__", "")
        if group in GROUPS:
            return group
        self._reads.reads.add((kind, name))
        return None

    def _returned(self, call: ast.Call) -> str | None:
        if isinstance(call.func, ast.Attribute):
            kind = self._type(call.func)
            return MARKET if kind == MARKETS and call.func.attr == "get" else kind
        binding = self._function.module.imports.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if binding and binding.module.split(".")[0] == "config" and binding.attribute:
            node = self._reads.read_config(binding.module, binding.attribute)
        else:
            own = call.func.id if isinstance(call.func, ast.Name) else ""
            statements = self._function.module.statements.get(own, [])
            node = next((each for each in statements if isinstance(each, ast.FunctionDef)), None)
            if node and self._function.module.name.startswith("config"):
                self._reads.read_config(self._function.module.name, node.name)
        return _annotated(node.returns) if node else None

    def _check_arguments(self, call: ast.Call) -> None:
        """Raise for settings that are handed to code whose reads are not followed."""
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            value = argument.value if isinstance(argument, ast.Starred) else argument
            if self._type(value) is not None and not self._is_followed(call.func):
                raise UnreadableError(f"{self._place}: {ast.unparse(call)}")

    def _is_followed(self, function: ast.expr) -> bool:
        module = self._function.module
        name = ast.unparse(function).split(".")[0]
        return name in HARMLESS or name in module.imports or name in module.statements or name in ("self", "cls")

    @property
    def _place(self) -> str:
        return f"{self._function.module.name}:{self._function.node.name}"


@functools.cache
def _parsed(folder: Path, name: str) -> Module:
    stem = folder.joinpath(*name.split(".")) if name else folder
    path = stem.with_suffix(".py") if name and stem.with_suffix(".py").is_file() else stem / "__init__.py"
    return parsed_module(name, path, folder.name)


def _name(node: ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.Name):
        return node.id
    is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return f"self.{node.attr}" if is_own else ""


@functools.cache
def _annotated(annotation: ast.expr | None) -> str | None:
    text = ast.unparse(annotation) if annotation is not None else ""
    names = re.findall(r"\w+", text)
    group = next((name for name in names if name in GROUPS), None)
    return group or (MARKET if names[:1] == [MARKET] else MARKETS if MARKET in names else None)


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """Yield target, value, and True if the target takes one element of the value after the other."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from ((*pair, False) for pair in zip(target.elts, node.value.elts, strict=False))
            else:
                yield target, node.value, False
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value, False
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter, True
