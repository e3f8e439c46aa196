"""Import closure of an asset: the statements of the package that its rows are computed with, found in the source text.

The closure starts at the names that the asset's function uses and follows them through definitions and imports, those
inside of functions too. Where modules are found by name (``FOUND_BY_NAME``), it takes all of them. It ends at the
packages of ``ENDS``: they connect, store, record or launch, and compute no row.
A digest of the closure is made in ``forecast_assets.storage.code_version``.
"""

import ast
import dataclasses
import functools
from pathlib import Path

from forecast_assets.storage.source_code import Binding, Module, parsed_module

# Below the package. What of them decides a row is recorded apart: the configuration digest, stored inputs and answers.
ENDS = {
    "config", "storage", "tracking", "alerts", "operations", "sample", "cli", "definitions", "instances",
    "partitions", "tags", "defs",
}  # fmt: skip
ASSETS = "defs.assets"
# Modules that import others by name, which no text shows, and the package of those.
FOUND_BY_NAME = {"domain.models.member_registry": "domain.models.members"}
# Lists the models of all tables. An asset depends on its own one, which is added to its closure.
MODEL_LIST, MODELS_BY_TABLE = "schemas", "TABLES"


class UnknownAssetError(LookupError):
    """Raised where not exactly one module of ``defs/assets`` has a function of the asset's name."""


@dataclasses.dataclass(frozen=True)
class Node:
    """Statements of one name in a module, and what they lead to.

    ``ends`` are the names used of packages at which the closure ends; ``libraries`` the top-level packages used.
    """

    text: str
    leads_to: frozenset[tuple[str, str]] = frozenset()
    ends: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Closure:
    """Nodes by module and name, with the folders of their files."""

    nodes: dict[tuple[str, str], Node]
    folders: frozenset[Path]

    @property
    def texts(self) -> dict[str, str]:
        """Source text by module and name."""
        return {f"{module}:{name}": node.text for (module, name), node in self.nodes.items()}

    @property
    def modules(self) -> set[str]:
        """Names of the modules, below the package."""
        return {module for module, _ in self.nodes}

    @property
    def ends(self) -> set[str]:
        """Names used of packages at which the closure ends."""
        return {end for node in self.nodes.values() for end in node.ends}

    @property
    def libraries(self) -> set[str]:
        """Top-level packages used."""
        return {library for node in self.nodes.values() for library in node.libraries}


class SourceTree:
    """The package in ``folder``; every file is parsed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: dict[str, Module | None] = {}
        self._nodes: dict[tuple[str, str], Node] = {}

    def closure(self, asset: str) -> Closure:
        """Return the closure of an asset's function and of the model of its table.

        Raises:
            UnknownAssetError: If no module has the function, or two have.
        """
        nodes: dict[tuple[str, str], Node] = {}
        waiting = [(self._asset_module(asset), asset), *self._model(asset)]
        while waiting:
            key = waiting.pop()
            if key not in nodes:
                nodes[key] = self._node(*key)
                waiting += nodes[key].leads_to
        modules = [self._modules[name] for name, _ in nodes]
        return Closure(nodes, frozenset(module.path.parent for module in modules if module))

    def _asset_module(self, asset: str) -> str:
        modules = self._asset_functions.get(asset, [])
        if len(modules) != 1:
            raise UnknownAssetError(
                f"one module of defs/assets must have a function {asset}, found: {', '.join(modules) or 'none'}"
            )
        return modules[0]

    @functools.cached_property
    def _asset_functions(self) -> dict[str, list[str]]:
        """Modules of ``defs/assets`` by the name of each function in them."""
        functions: dict[str, list[str]] = {}
        for path in sorted(self.folder.joinpath(*ASSETS.split(".")).glob("*.py")):
            module = self._module(f"{ASSETS}.{path.stem}")
            for name, statements in (module.statements if module else {}).items():
                if isinstance(statements[0], ast.FunctionDef):
                    functions.setdefault(name, []).append(f"{ASSETS}.{path.stem}")
        return functions

    def _model(self, asset: str) -> list[tuple[str, str]]:
        """Return the model that the list of models names for a table; none for an asset that is no table."""
        models = self._module(MODEL_LIST)
        listed = models.statements.get(MODELS_BY_TABLE, [None])[0] if models else None
        if not isinstance(listed, ast.Assign | ast.AnnAssign) or not isinstance(listed.value, ast.Dict):
            return []
        return [
            target
            for key, value in zip(listed.value.keys, listed.value.values, strict=True)
            if models and isinstance(key, ast.Constant) and key.value == asset and isinstance(value, ast.Name)
            for target in self._targets(models.imports[value.id], None)
        ]

    def _module(self, name: str) -> Module | None:
        if name not in self._modules:
            stem = self.folder.joinpath(*name.split(".")) if name else self.folder
            files = [stem / "__init__.py", *([stem.with_suffix(".py")] if name else [])]
            path = next((file for file in files if file.is_file()), None)
            self._modules[name] = parsed_module(name, path, self.folder.name) if path else None
        return self._modules[name]

    def _node(self, module_name: str, name: str) -> Node:
        key = module_name, name
        if key not in self._nodes:
            module = self._module(module_name)
            self._nodes[key] = self._built(module, name) if module else Node("")
        return self._nodes[key]

    def _built(self, module: Module, name: str) -> Node:
        if name not in module.statements:
            return Node("")
        part = module.computing_part(name) if module.name.startswith(f"{ASSETS}.") else module.part(name)
        # Statements that define no name run whenever the module is imported.
        targets = {(module.name, "")} if name else set()
        ends: set[str] = set()
        for used, attribute in part.names:
            if used in module.statements:
                targets.add((module.name, used))
            elif used in module.imports:
                binding = module.imports[used]
                if _is_end(binding.module):
                    ends.add(f"{binding.module}.{binding.attribute or attribute}")
                else:
                    targets |= self._targets(binding, attribute)
        targets |= self._found_by_name(module.name)
        libraries = {module.libraries[used] for used, _ in part.names if used in module.libraries}
        return Node(part.text, frozenset(targets), frozenset(ends), frozenset(libraries))

    def _found_by_name(self, module: str) -> set[tuple[str, str]]:
        """Return everything in the modules that a module finds by name."""
        if module not in FOUND_BY_NAME:
            return set()
        package = FOUND_BY_NAME[module]
        paths = sorted(self.folder.joinpath(*package.split(".")).glob("*.py"))
        modules = [self._module(f"{package}.{path.stem}") for path in paths if path.stem != "__init__"]
        return {(each.name, name) for each in modules if each for name in each.statements}

    def _targets(self, binding: Binding, attribute: str | None) -> set[tuple[str, str]]:
        """Return the nodes that an import leads to; ``attribute`` is what is used of an imported module.

        A module that is used as a whole leads to everything in it, a package to what its ``__init__.py`` imports.
        """
        if _is_end(binding.module):
            return set()
        if binding.attribute is not None:
            submodule = f"{binding.module}.{binding.attribute}".lstrip(".")
            if self._module(submodule):
                return self._targets(Binding(submodule, None), attribute)
        module, name = self._module(binding.module), binding.attribute or attribute
        if module is None or (binding.module == MODEL_LIST and name in module.statements):
            return set()
        if name is None:
            return {(module.name, each) for each in module.statements}
        if name in module.imports and module.is_package:
            return self._targets(module.imports[name], None)
        return {(module.name, name)}


def _is_end(module: str) -> bool:
    return module.split(".")[0] in ENDS and not f"{module}.".startswith(f"{ASSETS}.")
