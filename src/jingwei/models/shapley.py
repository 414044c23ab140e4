"""Exact Shapley contributions of a forest, computed leaf by leaf.

The value of a coalition T of features is the tree's expectation when only T is known (path-dependent
TreeSHAP, Lundberg et al. 2018, as LightGBM's `pred_contrib`). A leaf with value v is reached by way of D
different features, each with a range (lower, upper] and the share z of training rows that stay on the path at
its splits. For the m features whose range holds the row's value, let P(y) = product of (y + z) over them, and
let Z be the product of z over the others. With weights w[D, k] = k! (D - k - 1)! / D!:
  a feature outside its range gets  -v Z sum_k w[D, k] P_k,
  a feature inside gets             v Z (1 - z) sum_k w[D, k] Q_k,  Q(y) = P(y) / (y + z).
This follows by sorting the coalitions of the Shapley sum by size; it costs O(D + m^2) for a leaf.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from jingwei.models.compiled import Floats, Ints, Records, compiled

PART = np.dtype([("lower", "<f8"), ("upper", "<f8"), ("share", "<f8"), ("feature", "<i4"), ("place", "<i4")])


class Paths(msgspec.Struct, frozen=True):
    """The ways to all leaves: parts[starts[i]:starts[i + 1]] lead to the leaf with values[i]."""

    parts: Records
    starts: Ints
    values: Floats
    weights: Floats


def shapley_weights(most: int) -> Floats:
    """float64[most + 1, most + 1]: w[D, k] = k! (D - k - 1)! / D! for k < D, else 0."""
    table = np.zeros((most + 1, most + 1))
    for d in range(1, most + 1):
        for k in range(d):
            table[d, k] = math.factorial(k) * math.factorial(d - k - 1) / math.factorial(d)
    return table


def paths_of(nodes: Records, values: Floats, cover: Floats, roots: Ints) -> Paths:
    """Return the ways to every leaf of a forest whose nodes hold the model's own feature numbers."""
    parts: list[tuple[float, float, float, int, int]] = []
    starts, leaf_values = [0], []
    for root in roots:
        waiting: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(int(root), {})]
        while waiting:
            at, way = waiting.pop()
            left = int(nodes["left"][at])
            if left == at:
                parts.extend((low, up, share, f, f) for f, (low, up, share) in way.items())
                starts.append(len(parts))
                leaf_values.append(values[at])
                continue
            feature, threshold = int(nodes["feature"][at]), float(nodes["threshold"][at])
            low, up, share = way.get(feature, (-math.inf, math.inf, 1.0))
            left_share, right_share = cover[left] / cover[at], cover[left + 1] / cover[at]
            waiting.append((left, way | {feature: (low, min(up, threshold), share * left_share)}))
            waiting.append((left + 1, way | {feature: (max(low, threshold), up, share * right_share)}))
    most = max((b - a for a, b in zip(starts, starts[1:], strict=False)), default=0)
    return Paths(
        np.array(parts, dtype=PART),
        np.array(starts, dtype=np.int32),
        np.array(leaf_values, dtype=np.float64),
        shapley_weights(most),
    )


@compiled
def gather(row: Floats, parts: Records, inside: Floats, is_inside: Ints) -> tuple[int, float]:
    """Split a leaf's features by whether their range holds the row's value: how many do, Z of the others."""
    held = 0
    others = 1.0
    for i in range(len(parts)):
        part = parts[i]
        value = row[part.place]
        if value > part.lower and value <= part.upper:
            inside[held] = part.share
            held += 1
            is_inside[i] = 1
        else:
            others *= part.share
            is_inside[i] = 0
    return held, others


@compiled
def multiply_out(shares: Floats, count: int, product: Floats) -> None:
    """Coefficients of the product of (y + z) over the first `count` shares, lowest power first."""
    product[0] = 1.0
    for j in range(count):
        z = shares[j]
        product[j + 1] = product[j]
        for k in range(j, 0, -1):
            product[k] = product[k - 1] + z * product[k]
        product[0] *= z


@compiled
def weigh_without(product: Floats, count: int, z: float, weights: Floats) -> float:
    """Sum of w_k Q_k where Q is the product divided by (y + z), from the highest power down."""
    total = 0.0
    carry = 0.0
    for k in range(count, 0, -1):
        carry = product[k] - z * carry
        total += weights[k - 1] * carry
    return total


@compiled
def add_row(row: Floats, parts: Records, starts: Ints, values: Floats, weights: Floats, out: Floats) -> None:
    """Add every leaf's contributions for one row to out float64[f + 1]; the last place is the base."""
    most = len(weights)
    inside, product, is_inside = np.empty(most), np.empty(most + 1), np.empty(most, np.int32)
    for leaf in range(len(values)):
        way = parts[starts[leaf] : starts[leaf + 1]]
        count = len(way)
        held, others = gather(row, way, inside, is_inside)
        multiply_out(inside, held, product)
        table = weights[count]
        scale = values[leaf] * others
        out[-1] += scale * product[0]
        outside = 0.0
        for k in range(held + 1):
            outside += table[k] * product[k]
        for i in range(count):
            if is_inside[i] == 1:
                z = way[i].share
                out[way[i].feature] += scale * (1.0 - z) * weigh_without(product, held, z, table)
            else:
                out[way[i].feature] -= scale * outside


@compiled
def add_rows(
    cases: Floats, parts: Records, starts: Ints, values: Floats, weights: Floats, out: Floats
) -> None:
    """Contributions of all rows, added to out float64[n, f + 1]."""
    for r in range(len(cases)):
        add_row(cases[r], parts, starts, values, weights, out[r])
