"""Code version of each asset: what an edit of a file makes stale, and what it leaves alone."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.backfill.asset_nodes import asset_nodes
from forecast_assets.schemas import TABLES
from forecast_assets.storage.code_version import (
    PACKAGE,
    SQL,
    TEMPLATES,
    code_version,
    code_versions,
    digest_of,
    sql_files_of,
)
from forecast_assets.storage.import_closure import FOUND_BY_NAME, SourceTree, UnknownAssetError
from forecast_assets.storage.source_code import Module, Part, parsed_module
from forecast_assets_tests.repository_settings import loaded

ASSETS = [*TABLES, "market_report", "company_report", "mlflow_run", "delivery"]
# Where the closure of a table may end, by the folder that uses it, and what records the rest instead.
ENDS_USED = {
    "domain": set(),
    "schemas": set(),
    "reports": set(),
    # Limits of checks, and months stored before: they decide whether a table is stored.
    "validation": {"config", "storage"},
    # The configuration digest; the stored inputs, look-ups and answers; the run's tags.
    "market_state": {"config", "storage", "tags"},
    # How deliveries are reached; what they hold is compared by content.
    "sources": {"config", "storage"},
    # The same, with the run's partition and tags, and the windows that are recorded as inputs. Findings are announced.
    "defs": {"config", "storage", "partitions", "tags", "defs", "alerts"},
}
# They compute no row: a gate, a record elsewhere, and a page that also counts numbers that wait for approval.
WITHOUT_ROWS = {"mlflow_run", "delivery", "company_report"}


class Sources:
    """A copy of the package and its SQL files that a test edits."""

    def __init__(self, folder: Path) -> None:
        self.package, self.sql = folder / "forecast_assets", folder / "dbt_like_sql"
        kept = {".py", *TEMPLATES}
        for path in (path for path in PACKAGE.rglob("*") if path.suffix in kept):
            copy = self.package / path.relative_to(PACKAGE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        shutil.copytree(SQL, self.sql, ignore=shutil.ignore_patterns("__pycache__"))
        self.before = self.versions()

    def versions(self) -> dict[str, str]:
        return code_versions(ASSETS, self.package, self.sql, cache=None)

    def changed(self) -> set[str]:
        """Assets whose code version is another one since the copy was made."""
        return {asset for asset, version in self.versions().items() if version != self.before[asset]}


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """Read a file again only once its text has changed: a process reads each file once, the tests twenty times."""
    known: dict[tuple[Path, str], Module] = {}
    parts: dict[tuple[int, str], Part] = {}
    read_part = Module.part

    def parsed(name: str, path: Path, package: str) -> Module:
        key = path, path.read_text(encoding="utf-8")
        if key not in known:
            known[key] = parsed_module(name, path, package)
        return known[key]

    def part(module: Module, name: str) -> Part:
        key = id(module), name
        if key not in parts:
            parts[key] = read_part(module, name)
        return parts[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast_assets.storage.import_closure.parsed_module", parsed)
        patch.setattr(Module, "part", part)
        yield


@pytest.fixture(scope="module")
def copied(tmp_path_factory, read_once) -> Sources:
    return Sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def sources(copied):
    """Give the copy and restore what the test has edited."""
    files = {path: path.read_text(encoding="utf-8") for path in copied.package.parent.rglob("*") if path.is_file()}
    yield copied
    for path, text in files.items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def edit(path: Path, *functions: str) -> None:
    """Add a statement to the functions of these names, or to all of the file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    nodes = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and (node.name in functions or not functions)
    ]
    assert {node.name for node in nodes} >= set(functions)
    assert nodes
    for node in sorted(nodes, key=lambda node: -node.body[-1].lineno):
        first = node.body[-1]
        decorators = getattr(first, "decorator_list", [])
        at = min([first.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        lines.insert(at, " " * first.col_offset + "edited = 1")
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("file", ["config/key_vault.py", "tracking/mlflow_tracking.py", "alerts/teams.py", "tags.py"])
def test_an_edit_of_what_connects_records_or_notifies_makes_nothing_stale(sources, file):
    path = sources.package / file
    if file != "tags.py":
        edit(path)
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = 1\n", encoding="utf-8")
    assert sources.changed() == set()


@pytest.mark.parametrize(
    ("file", "function", "stale"),
    [
        ("reports/page.py", "render_market_report", {"market_report"}),
        ("domain/features/lags.py", "same_month_features", {"features"}),
        ("domain/cleaning/history_marks.py", "history_marks", {"features", "history_marks"}),
        ("validation/evaluation_checks.py", "performance_figures", {"performance"}),
    ],
)
def test_an_edited_function_makes_stale_what_is_computed_with_it(sources, file, function, stale):
    edit(sources.package / file, function)
    assert sources.changed() == stale


def test_an_edited_mart_makes_its_table_stale_and_an_edited_staging_file_all_that_read_it(sources):
    mart, staging = sources.sql / "marts" / "sell_in.sql", sources.sql / "staging" / "stg_products_known.sql"
    text = mart.read_text(encoding="utf-8")
    mart.write_text(text.replace("<= 12)", "<= 13)"), encoding="utf-8")
    assert sources.changed() == {"sell_in"}
    mart.write_text(text, encoding="utf-8")
    staging.write_text(staging.read_text(encoding="utf-8") + "\nLIMIT 1", encoding="utf-8")
    readers = {mart.stem for mart in (SQL / "marts").glob("*.sql") if staging.stem in names_of(mart.stem)}
    assert sources.changed() == readers
    assert {"sell_in", "products"} <= readers < set(TABLES)


def names_of(mart: str) -> set[str]:
    return {path.stem for path in sql_files_of(mart)}


def test_what_follows_an_edited_feature_is_rebuilt_and_sales_are_not():
    """A backfill follows the windows of the graph: Dagster itself looks one asset ahead."""
    nodes = asset_nodes(build_definitions(loaded()))
    stale = {"features"}
    for name, node in nodes.items():
        if stale & {window.table for window in node.windows}:
            stale.add(name)
    assert {"model", "backtest", "forecasts", "published_forecasts", "market_report"} <= stale
    assert not {"sell_in", "history_marks", "baseline_forecasts"} & stale


def test_docstrings_and_comments_make_nothing_stale(sources):
    path = sources.package / "domain" / "features" / "lags.py"
    text = path.read_text(encoding="utf-8")
    path.write_text("# A remark.\n" + text.replace('"""', '"""Edited: ', 1), encoding="utf-8")
    mart = sources.sql / "marts" / "sell_in.sql"
    mart.write_text("-- grain: another remark\n" + mart.read_text(encoding="utf-8"), encoding="utf-8")
    assert sources.changed() == set()


def test_a_page_template_belongs_to_the_report(sources):
    template = next(path for path in (sources.package / "reports").rglob("*") if path.suffix in TEMPLATES)
    template.write_text(template.read_text(encoding="utf-8") + "\n/* */", encoding="utf-8")
    assert sources.changed() == {"market_report", "company_report"}


def test_an_import_inside_a_function_is_followed(sources):
    path = sources.package / "domain" / "features" / "lags.py"
    helper = sources.package / "domain" / "features" / "helper.py"
    helper.write_text("def helped():\n    return 1\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    call = "    from forecast_assets.domain.features.helper import helped\n    helped()\n    features: dict"
    path.write_text(text.replace("    features: dict", call, 1), encoding="utf-8")
    sources.before, before = sources.versions(), sources.before
    helper.write_text("def helped():\n    return 2\n", encoding="utf-8")
    changed = sources.changed()
    sources.before = before
    assert changed == {"features"}


def test_every_table_depends_on_its_own_model_alone():
    tree = SourceTree(PACKAGE)
    for table, model in TABLES.items():
        nodes = tree.closure(table).nodes
        models = {name for module, name in nodes if module.startswith("schemas.") and name in names_of_models()}
        assert models == {model.__name__, "Table"}, table


def names_of_models() -> set[str]:
    return {"Table", *(model.__name__ for model in TABLES.values())}


def test_rows_depend_on_what_the_closure_leaves_out_by_recorded_ways_alone():
    """Nothing of tracking, alerts and operations; nothing at all in what computes; see ``ENDS_USED`` for the rest."""
    tree = SourceTree(PACKAGE)
    used: dict[str, set[str]] = {folder: set() for folder in ENDS_USED}
    for asset in set(ASSETS) - WITHOUT_ROWS:
        for (module, _), node in tree.closure(asset).nodes.items():
            used[module.split(".")[0]] |= {end.split(".")[0] for end in node.ends}
    assert {folder: ends - ENDS_USED[folder] for folder, ends in used.items()} == {folder: set() for folder in used}


def test_names_are_followed_in_the_text_so_no_code_in_a_closure_finds_names_at_run_time():
    tree = SourceTree(PACKAGE)
    texts = {name: text for asset in ASSETS for name, text in tree.closure(asset).texts.items()}
    # An object's own fields by name are in the text of its class.
    dynamic = re.compile(r"\b(?:getattr\((?!self, )|(?:globals|locals|vars|eval|exec|__import__|import_module)\()")
    found_by_name = {f"{module}:member_of" for module in FOUND_BY_NAME}
    assert {name for name, text in texts.items() if dynamic.search(text)} - {
        "domain.models.member_registry:"
    } == found_by_name


def test_a_new_member_of_the_blend_changes_what_models_make_and_nothing_else(sources):
    member = sources.package / "domain/models/members/always_zero.py"
    member.write_text("class AlwaysZero:\n    pass\n", encoding="utf-8")
    changed = sources.changed()
    member.unlink()
    assert changed >= {"model", "forecasts", "backtest", "tuned_recipe", "pooled_model"}
    assert not changed & {"sell_in", "features", "baseline_forecasts", "history_marks"}


def test_an_asset_that_is_not_of_the_package_has_no_code_version():
    with pytest.raises(UnknownAssetError, match="must have a function something_new, found: none"):
        SourceTree(PACKAGE).closure("something_new")
    assert code_version("something_new") == ""


def test_definitions_give_dagster_the_code_version_of_each_asset():
    graph = build_definitions(loaded()).resolve_asset_graph()
    given = {key.path[-1]: graph.get(key).code_version for key in graph.materializable_asset_keys}
    assert given == code_versions(ASSETS, cache=None)
    assert all(re.fullmatch("[0-9a-f]{16}", version) for version in given.values())


def test_versions_are_kept_until_a_file_changes(sources, tmp_path):
    cache = tmp_path / "kept" / "versions.json"

    def versions() -> dict[str, str]:
        return code_versions(["features"], sources.package, sources.sql, cache)

    first = versions()
    cache.write_text(cache.read_text(encoding="utf-8").replace(first["features"], "from the cache"), encoding="utf-8")
    assert versions() == {"features": "from the cache"}
    edit(sources.package / "config" / "key_vault.py")
    assert versions() == first
    cache.write_text("{", encoding="utf-8")
    assert versions() == first


def test_the_digest_is_that_of_contents_and_libraries_whatever_their_order():
    first = digest_of({"a.py": "1", "b.py": "2"}, {"numpy": "2"})
    assert first == digest_of({"b.py": "2", "a.py": "1"}, {"numpy": "2"})
    assert first != digest_of({"a.py": "2", "b.py": "1"}, {"numpy": "2"})
    assert first != digest_of({"a.py": "1", "b.py": "2"}, {"numpy": "3"})
