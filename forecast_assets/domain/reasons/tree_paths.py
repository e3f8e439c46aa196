"""Contributions of groups of features to the raw predictions of LightGBM boosters, along the paths of their trees.

A tree's prediction is the mean of its leaves plus the steps on the path to a leaf. Each step is the change of the mean
of the leaves below, and belongs to the feature that splits there. LightGBM's own ``pred_contrib`` (Shapley values)
has the same mean and the same total. It takes 40 times as long, because it weighs every order of the features.
"""

import re
from collections.abc import Sequence

import numpy as np

from forecast_assets.domain.arrays import Floats, Floats32, Ints

FIELD = re.compile(r"^(split_feature|left_child|right_child|leaf_value|leaf_count)=(.*)$", re.MULTILINE)


def path_contributions(text: str, rows: Floats32, group_of_column: Ints, groups: int, threads: int = 1) -> Floats:
    """Return the contribution of each group of columns to the raw prediction of each row.

    Args:
        text: A booster as text.
        rows: (n, columns) as the booster was trained on.
        group_of_column: (columns,) number of each column's group, 0 .. groups - 1.
        groups: Number of groups.
        threads: Threads of LightGBM; they change no number.

    Returns:
        (n, groups + 1): the groups, then the mean of the trees. The sum of a row is its raw prediction.
    """
    from forecast_assets.domain.models.boosting_library import lightgbm

    leaves = np.asarray(lightgbm.Booster(model_str=text).predict(rows, pred_leaf=True, num_threads=threads))
    leaves = leaves.reshape(len(rows), -1).astype(np.int64)
    total = np.zeros((len(rows), groups + 1))
    for tree, tree_text in enumerate(text.split("\nTree=")[1:]):
        total += _of_leaves(tree_text, group_of_column, groups)[leaves[:, tree]]
    return total


def _of_leaves(tree_text: str, group_of_column: Ints, groups: int) -> Floats:
    """Return the contributions at each leaf of a tree, (leaves, groups + 1)."""
    fields = dict(FIELD.findall(tree_text))
    values = np.array(fields["leaf_value"].split(), dtype=float)
    if len(values) == 1:
        return np.concatenate([np.zeros((1, groups)), values[:, None]], axis=1)
    split, left, right = (
        np.array(fields[name].split(), dtype=int) for name in ("split_feature", "left_child", "right_child")
    )
    counts = np.array(fields["leaf_count"].split(), dtype=float)
    means = _node_means(left, right, values, counts)
    contributions = np.zeros((len(values), groups + 1))
    contributions[:, groups] = means[0]
    at_node = np.zeros((len(split), groups))
    # A child is numbered after its parent, so each node is complete when its children are visited.
    for node, group in enumerate(group_of_column[split]):
        for child in (left[node], right[node]):
            reached = at_node[node].copy()
            reached[group] += (values[~child] if child < 0 else means[child]) - means[node]
            if child < 0:
                contributions[~child, :groups] = reached
            else:
                at_node[child] = reached
    return contributions


def _node_means(left: Ints, right: Ints, values: Floats, counts: Floats) -> Floats:
    """Return the mean of the leaves below each node, (nodes,), weighted by the rows that were trained on."""
    total, weight = np.zeros((2, len(left)))
    for node in range(len(left) - 1, -1, -1):
        for child in (left[node], right[node]):
            total[node] += values[~child] * counts[~child] if child < 0 else total[child]
            weight[node] += counts[~child] if child < 0 else weight[child]
    means: Floats = total / weight
    return means


def columns_by_group(columns: Sequence[str], groups: Sequence[str], of_column: dict[str, str]) -> Ints:
    """Return the number of each column's group, (columns,)."""
    numbers = {group: number for number, group in enumerate(groups)}
    return np.array([numbers[of_column[column]] for column in columns], dtype=int)
