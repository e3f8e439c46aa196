"""The one-line mutants of a module: a condition turned round, a bound moved by one, a call or an error left out."""

import ast
import dataclasses
import difflib
from collections.abc import Iterator

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.number_replacer import NumberReplacer
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

# One neighbour of each comparison is enough: a test that tells < from <= also tells it from the others.
OPERATORS = [
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "BitAnd_BitOr", "BitOr_BitAnd")),
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_Invert", "AddNot", "ReplaceAndWithOr",
    "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceContinueWithBreak",
    "ZeroIterationForLoop",
]  # fmt: skip


OPPOSITES = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
# Off by one matters in counts of months; seconds and sizes are not tested to the unit.
LARGEST_COUNT = 24


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        module: Path from the top of the repository.
        line: Number of the first changed line.
        was: That line, or lines, without indentation.
        now: What stands there instead.
        source: The whole module with the change.
    """

    module: str
    line: int
    was: str
    now: str
    source: str


class StatementRemoval(Operator):
    """Leaves out a statement that is a call, or that raises; not one that only writes to a log."""

    def mutation_positions(self, node: parso.tree.NodeOrLeaf) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield the place of a statement that can be left out."""
        is_statement = node.parent is not None and node.parent.type == "simple_stmt"
        if is_statement and node.type in ("atom_expr", "raise_stmt") and "log" not in node.get_code().partition("(")[0]:
            yield node.start_pos, node.end_pos

    def mutate(self, node: parso.tree.NodeOrLeaf, index: int) -> parso.tree.Leaf:
        """Return ``pass`` in the place of the statement."""
        return parso.python.tree.Name("pass", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: cosmic-ray tests its own operators by these."""
        return ()


class CountReplacement(NumberReplacer):
    """Moves a whole number by one, up and down, if it is a count of months or less.

    Not the ``limit`` of a query: Dagster takes 0 for none, and callers use the first record alone.
    """

    def mutation_positions(self, node: parso.tree.NodeOrLeaf) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Yield the place of a small number, once up and once down."""
        is_count = node.type == "number" and node.value.isdigit() and int(node.value) <= LARGEST_COUNT
        if is_count and not (node.parent.type == "argument" and node.parent.children[0].get_code(False) == "limit"):
            yield from super().mutation_positions(node)


def mutants(module: str, source: str) -> list[Mutant]:
    """Return the mutants of a module that can be compiled, by line; types in signatures stay as they are."""
    provider = OperatorProvider()
    operators = [*(provider[name]() for name in OPERATORS), StatementRemoval(), CountReplacement()]
    seen: dict[str | None, Mutant | None] = {None: None, _meaning(source): None}
    for operator in operators:
        count = sum(len(list(operator.mutation_positions(node))) for node in ast_nodes(get_ast(source)))
        for occurrence in range(count):
            text = mutate_code(source, operator, occurrence)
            if text is not None and (meaning := _meaning(text)) not in seen:
                seen[meaning] = Mutant(module, *_change(source, text), text)
    return sorted(filter(None, seen.values()), key=lambda mutant: (mutant.line, mutant.now))


def _change(source: str, text: str) -> tuple[int, str, str]:
    """Return the first changed line's number, the lines that changed, and what they are now."""
    before, after = source.splitlines(), text.splitlines()
    for tag, first, last, new_first, new_last in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if tag != "equal":
            was, now = before[first:last], after[new_first:new_last]
            return first + 1, " ".join(" ".join(was).split()), " ".join(" ".join(now).split())
    raise ValueError("the two sources are the same")


class _Meaning(ast.NodeTransformer):
    """Leaves out annotations, and writes ``not a == b`` as ``a != b``."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return self.generic_visit(ast.AnnAssign(node.target, ast.Constant(None), node.value, node.simple))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        compare = node.operand
        if isinstance(node.op, ast.Not) and isinstance(compare, ast.Compare) and len(compare.ops) == 1:
            opposite = OPPOSITES.get(type(compare.ops[0]))
            if opposite is not None:
                return self.visit(ast.Compare(compare.left, [opposite()], compare.comparators))
        return self.generic_visit(node)


def _meaning(source: str) -> str | None:
    """Return the module's syntax without what changes nothing; None if it cannot be compiled."""
    try:
        return ast.dump(_Meaning().visit(ast.parse(source)))
    except SyntaxError:
        return None
