"""Compiled walks over a forest: one row through eight trees at a time, or eight rows through one tree.

A node is 16 bytes: `threshold`, `feature` (a column of the matrix) and `left`; its right child stands beside
the left. A row goes right where its value is above the threshold. A leaf points to itself with the threshold
infinity, so every tree is walked for its whole depth without asking where its leaves are. Leaf values are
added in the order of the trees in both walks, so that a row scores the same bits alone and in a batch.
"""

from __future__ import annotations

import math

import numpy as np

from jingwei.models.compiled import Floats, Ints, Records, compiled

NODE = np.dtype([("threshold", "<f8"), ("feature", "<i4"), ("left", "<i4")])
BLOCK = 64


@compiled
def step(nodes: Records, row: Floats, at: int) -> int:
    """Return the next node of a row."""
    node = nodes[at]
    return node.left + np.int32(row[node.feature] > node.threshold)  # type: ignore[no-any-return]


@compiled
def probability(margin: float, calibration: Floats) -> float:
    """Platt's calibration of a margin: 1 / (1 + exp(-(slope * margin + offset)))."""
    return 1.0 / (1.0 + math.exp(-(calibration[0] * margin + calibration[1])))


@compiled
def finite(row: Floats, used: Ints) -> bool:
    """Whether every column the model reads holds a finite number."""
    rest = 0.0
    for column in used:
        rest += row[column] * 0.0
    return rest == 0.0


@compiled
def margin_of_row(row: Floats, nodes: Records, values: Floats, trees: Ints) -> float:
    """Sum of the leaf values of one row; `trees` is int32[t, 3]: root, depth, deepest of its eight."""
    total = 0.0
    count = len(trees)
    eights = count - count % 8
    for t in range(0, eights, 8):
        a, b, c, d = trees[t, 0], trees[t + 1, 0], trees[t + 2, 0], trees[t + 3, 0]
        e, f, g, h = trees[t + 4, 0], trees[t + 5, 0], trees[t + 6, 0], trees[t + 7, 0]
        for _ in range(trees[t, 2]):
            a, b = step(nodes, row, a), step(nodes, row, b)
            c, d = step(nodes, row, c), step(nodes, row, d)
            e, f = step(nodes, row, e), step(nodes, row, f)
            g, h = step(nodes, row, g), step(nodes, row, h)
        total += values[a]
        total += values[b]
        total += values[c]
        total += values[d]
        total += values[e]
        total += values[f]
        total += values[g]
        total += values[h]
    for t in range(eights, count):
        a = trees[t, 0]
        for _ in range(trees[t, 1]):
            a = step(nodes, row, a)
        total += values[a]
    return total


@compiled
def add_tree(cases: Floats, nodes: Records, values: Floats, tree: Ints, out: Floats) -> None:
    """Add one tree's leaf values to the margins of all rows; the number of rows divides by eight."""
    root, depth = tree[0], tree[1]
    for r in range(0, len(cases), 8):
        a = b = c = d = e = f = g = h = root
        for _ in range(depth):
            a, b = step(nodes, cases[r], a), step(nodes, cases[r + 1], b)
            c, d = step(nodes, cases[r + 2], c), step(nodes, cases[r + 3], d)
            e, f = step(nodes, cases[r + 4], e), step(nodes, cases[r + 5], f)
            g, h = step(nodes, cases[r + 6], g), step(nodes, cases[r + 7], h)
        out[r] += values[a]
        out[r + 1] += values[b]
        out[r + 2] += values[c]
        out[r + 3] += values[d]
        out[r + 4] += values[e]
        out[r + 5] += values[f]
        out[r + 6] += values[g]
        out[r + 7] += values[h]


@compiled
def margins(cases: Floats, nodes: Records, values: Floats, trees: Ints) -> Floats:
    """Margins float64[n]: all trees over blocks of rows that stay near; the last few rows one by one."""
    count = len(cases)
    out = np.zeros(count)
    eights = count - count % 8
    for first in range(0, eights, BLOCK):
        until = min(first + BLOCK, eights)
        for t in range(len(trees)):
            add_tree(cases[first:until], nodes, values, trees[t], out[first:until])
    for r in range(eights, count):
        out[r] = margin_of_row(cases[r], nodes, values, trees)
    return out


@compiled
def score_row(
    row: Floats, nodes: Records, values: Floats, trees: Ints, used: Ints, calibration: Floats
) -> float:
    """Calibrated score of one row, NaN where a feature is missing."""
    if not finite(row, used):
        return math.nan
    return probability(margin_of_row(row, nodes, values, trees), calibration)


@compiled
def score_rows(
    cases: Floats, nodes: Records, values: Floats, trees: Ints, used: Ints, calibration: Floats
) -> Floats:
    """Calibrated scores float64[n], NaN where a feature is missing."""
    out = margins(cases, nodes, values, trees)
    for r in range(len(cases)):
        out[r] = probability(out[r], calibration) if finite(cases[r], used) else math.nan
    return out
