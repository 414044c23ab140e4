"""Experiments laid down before they begin: how many people they need, and what came of it."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from jingwei.domains.offers.catalogue import Registered

PPM = 1_000_000


class Arms(NamedTuple):
    """How many were in each group and how many of them did what the metric counts."""

    shown: int
    shown_took: int
    control: int
    control_took: int


class Effect(NamedTuple):
    """The difference of the two shares with its interval, and whether it may be read yet."""

    shown_share: float
    control_share: float
    difference: float
    low: float
    high: float
    readable: bool


def people_needed(plan: Registered, control_percent: int) -> tuple[int, int]:
    """How many people the two groups (shown, control) need to find the least difference with the power asked.

    Two shares, two-sided, groups of unequal size (Fleiss, Levin, Paik 2003, section 4.3, without the
    correction for continuity).
    """
    z = NormalDist()
    a, b = z.inv_cdf(1 - plan.alpha_ppm / PPM / 2), z.inv_cdf(plan.power_ppm / PPM)
    p0, p1 = plan.base_ppm / PPM, (plan.base_ppm + plan.least_ppm) / PPM
    ratio = (100 - control_percent) / control_percent
    middle = (p0 + ratio * p1) / (1 + ratio)
    pooled = a * math.sqrt(middle * (1 - middle) * (1 + 1 / ratio))
    apart = b * math.sqrt(p0 * (1 - p0) + p1 * (1 - p1) / ratio)
    control = math.ceil(((pooled + apart) / (p1 - p0)) ** 2)
    return math.ceil(control * ratio), control


def effect(plan: Registered, arms: Arms, control_percent: int) -> Effect:
    """The difference of shares with Newcombe's interval (1998, method 10); readable once enough took part."""
    p, q = (took / of if of else 0.0 for took, of in ((arms[1], arms[0]), (arms[3], arms[2])))
    z = NormalDist().inv_cdf(1 - plan.alpha_ppm / PPM / 2)
    (l1, u1), (l0, u0) = wilson(arms.shown_took, arms.shown, z), wilson(arms.control_took, arms.control, z)
    low = p - q - math.hypot(p - l1, u0 - q)
    high = p - q + math.hypot(u1 - p, q - l0)
    needed = people_needed(plan, control_percent)
    return Effect(p, q, p - q, low, high, arms.shown >= needed[0] and arms.control >= needed[1])


def wilson(took: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share (Wilson 1927); (0, 1) for a share of nothing."""
    if not of:
        return 0.0, 1.0
    p = took / of
    middle = p + z * z / (2 * of)
    wide = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, (middle - wide) / (1 + z * z / of)), min(1.0, (middle + wide) / (1 + z * z / of))
