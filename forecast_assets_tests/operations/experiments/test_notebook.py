"""The notebook of the documentation runs from the first cell to the last on a store, and keeps no output."""

import ast
import json
from pathlib import Path

import pytest

import forecast_assets

NOTEBOOK = Path(forecast_assets.__file__).parents[1] / "docs" / "notebooks" / "market.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    return ["".join(cell["source"]) for cell in code]


def last_value(source: str, names: dict[str, object]) -> object:
    """Execute a cell and return the value of its last expression, as a notebook shows it; None without one."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_every_cell_of_the_notebook_runs(cells, variables, monkeypatch):
    for name, value in (variables | {"MPLBACKEND": "Agg"}).items():
        monkeypatch.setenv(name, value)
    names: dict[str, object] = {}
    shown = [last_value(source, names) for source in cells]
    assert shown[0].loc["FR", "max"].strftime("%Y-%m") == "2020-09"
    # 33 of the 34 SKUs have sell-in in the last month; a third of them has no category.
    assert names["categories"]["skus"].sum() == 33
    assert names["result"].changes == ("with last_month_above_year",)
    assert len(names["result"].outcome.origins) == 2
    assert set(names["overall"]["method"]) == {"experiment", "champion", "baseline"}
    assert list(names["wape"].index) == list(range(1, 19))
    names["plt"].close("all")
