"""Read the text in which LightGBM writes a boosted model down; nothing of LightGBM itself is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
import numpy as np

from jingwei.models.compiled import Floats, Ints, Records
from jingwei.models.contract import ModelError
from jingwei.models.walk import NODE

Number = TypeVar("Number", int, float)

CATEGORICAL = 1
MISSING_IS_ZERO = 1 << 2


class Tree(msgspec.Struct, frozen=True):
    """One tree as LightGBM numbers it: splits 0.., leaves as the complement (~leaf) of their number."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    split_rows: list[int]
    leaf_value: list[float]
    leaf_rows: list[int]


class Grown(msgspec.Struct, frozen=True):
    """Trees laid out for the walk: nodes (`walk.NODE`), leaf values, training rows of each node, roots."""

    nodes: Records
    values: Floats
    cover: Floats
    roots: Ints


def read_trees(text: str) -> list[Tree]:
    """Return the trees of a LightGBM model text. ModelError for splits our walk would read otherwise."""
    blocks = text.split("\nend of trees", maxsplit=1)[0].split("\nTree=")
    if not blocks[0].startswith("tree") or "\naverage_output" in blocks[0]:
        raise ModelError("not the text of a boosted LightGBM model (random forests are averaged otherwise)")
    if "\nnum_class=1\n" not in blocks[0]:
        raise ModelError("only models of two classes (one tree per round) are read")
    return [_tree(block) for block in blocks[1:]]


def _tree(block: str) -> Tree:
    lines = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    if lines.get("is_linear", "0") != "0":
        raise ModelError("trees with linear leaves are not read")
    if any(kind & CATEGORICAL for kind in _numbers(lines, "decision_type", int)):
        raise ModelError("a split on a category is not read; give the model numbers")
    if any(kind & MISSING_IS_ZERO for kind in _numbers(lines, "decision_type", int)):
        raise ModelError("zero counts as missing in this model; train it with zero_as_missing=false")
    return Tree(
        feature=_numbers(lines, "split_feature", int),
        threshold=_numbers(lines, "threshold", float),
        left=_numbers(lines, "left_child", int),
        right=_numbers(lines, "right_child", int),
        split_rows=_numbers(lines, "internal_count", int),
        leaf_value=_numbers(lines, "leaf_value", float),
        leaf_rows=_numbers(lines, "leaf_count", int),
    )


def _numbers(lines: dict[str, str], name: str, read: Callable[[str], Number]) -> list[Number]:
    return [read(word) for word in lines.get(name, "").split()]


def lay_out(trees: Sequence[Tree], share: float = 1.0) -> Grown:
    """Lay trees out breadth first, children side by side; leaf values are multiplied by `share`."""
    nodes: list[tuple[float, int, int]] = []
    values: list[float] = []
    cover: list[int] = []
    roots: list[int] = []
    for tree in trees:
        roots.append(len(nodes))
        waiting = [0 if tree.feature else ~0]
        first = len(nodes)
        for at in waiting:
            here = len(nodes)
            if at < 0:
                nodes.append((np.inf, 0, here))
                values.append(tree.leaf_value[~at] * share)
                cover.append(tree.leaf_rows[~at] if tree.leaf_rows else 1)
            else:
                nodes.append((tree.threshold[at], tree.feature[at], first + len(waiting)))
                values.append(0.0)
                cover.append(tree.split_rows[at])
                waiting.extend((tree.left[at], tree.right[at]))
    return Grown(
        np.array(nodes, dtype=NODE),
        np.array(values),
        np.array(cover, dtype=np.float64),
        np.array(roots, dtype=np.int32),
    )
