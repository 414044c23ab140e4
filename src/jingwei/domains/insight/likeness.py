"""How alike two records of people are: a level for each field, and the weight of evidence they add up to.

The model is that of Fellegi and Sunter, "A Theory for Record Linkage" (JASA 64, 1969): given that two
records are of one person each field reaches a level with probability m, given that they are not with
probability u; fields count as independent, and a level's weight is log2(m / u) bits. u is counted on pairs
of different customers, m and the share of matches among all pairs are found by expectation maximisation
on the pairs that share a block (Winkler, "Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model", 1988). A name that many people have counts less (Winkler's adjustment by frequency).

Phone, address and device belong to households: relatives share them together, so they are not independent
of each other. Where neither name, nor birth, nor certificate speaks for one person, nothing else does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from jingwei.domains.insight.names import near, place, simplified, sounds, surname_sound

LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("same", "sounds_same", "near", "surname", "other"),
    "born": ("same", "near", "year", "other"),
    "certificate": ("same", "other"),
    "phone": ("same", "near", "other"),
    "email": ("same", "near", "other"),
    "address": ("same", "near", "other"),
    "device": ("same", "other"),
}
"""The levels of each field, the most alike first. A field that one of the two lacks has no level ("")."""

Pattern = tuple[str, ...]
"""One level for each field, in the order of LEVELS."""


class Record(NamedTuple):
    """What is compared: who a record says somebody is; "" where it says nothing. `key` names the record."""

    key: str
    name: str = ""
    born: str = ""
    certificate: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    device: str = ""
    account: str = ""


class Weights(NamedTuple):
    """What levels are worth: m and u of every field and level, and the share of matches among all pairs."""

    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    prior: float

    def bits(self, field: str, level: str) -> float:
        """The weight of a level; a field without one weighs nothing."""
        return math.log2(self.m[field][level] / self.u[field][level]) if level else 0.0

    def total(self, pattern: Pattern) -> float:
        """The weight of a whole pattern, with the prior."""
        own = math.log2(self.prior / (1 - self.prior))
        return own + sum(self.bits(field, level) for field, level in zip(LEVELS, pattern, strict=True))


def probability(bits: float) -> float:
    """The probability that records are of one person, of their weight."""
    return 1.0 / (1.0 + math.pow(2.0, -max(-500.0, min(500.0, bits))))


# -- the levels -----------------------------------------------------------------------------------


def name_level(one: str, other: str) -> str:
    """How alike two names are; "" when one of them has no letter in it, which tells nothing."""
    a, b = simplified(one), simplified(other)
    if not a or not b:
        return ""
    if a == b:
        return "same"
    sound, others = sounds(one), sounds(other)
    if sound & others:
        return "sounds_same"
    if _nearly(a, b) or any(near(x, y) and min(len(x), len(y)) >= 5 for x in sound for y in others):
        return "near"
    return "surname" if surname_sound(one) == surname_sound(other) else "other"


def _nearly(a: str, b: str) -> bool:
    """One sign of three is other."""
    return min(len(a), len(b)) >= 3 and near(a, b)


def born_level(one: str, other: str) -> str:
    """How alike two dates of birth are: a year alone can only agree in the year."""
    if one == other:
        return "same" if len(one) == 10 else "year"
    if len(one) != 10 or len(other) != 10:
        return "year" if one[:4] == other[:4] else "other"
    swapped = one[:4] + one[7:10] + one[4:7]
    if swapped == other or near(one, other):
        return "near"
    return "year" if one[:4] == other[:4] else "other"


def number_level(one: str, other: str) -> str:
    """How alike two phone numbers are."""
    return "same" if one == other else "near" if near(one, other) else "other"


def email_level(one: str, other: str) -> str:
    """How alike two addresses of mail are: the same name at another provider is near."""
    if one == other:
        return "same"
    return "near" if one.partition("@")[0] == other.partition("@")[0] or near(one, other) else "other"


def address_level(one: str, other: str) -> str:
    """How alike two addresses are, by the pairs of neighbouring letters they share (Jaccard)."""
    a, b = place(one), place(other)
    if a == b:
        return "same"
    first, second = _pairs(a), _pairs(b)
    return "near" if len(first & second) >= 0.6 * max(len(first | second), 1) else "other"


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _equal(one: str, other: str) -> str:
    return "same" if one == other else "other"


COMPARE: Final[dict[str, Callable[[str, str], str]]] = {
    "name": name_level,
    "born": born_level,
    "certificate": _equal,
    "phone": number_level,
    "email": email_level,
    "address": address_level,
    "device": _equal,
}


def personal(levels: Mapping[str, str]) -> bool:
    """Whether something that belongs to one person alone speaks for the two being the same."""
    return (
        levels["name"] in ("same", "sounds_same", "near")
        or levels["born"] in ("same", "near")
        or levels["certificate"] == "same"
    )


def pattern_of(one: Record, other: Record) -> Pattern:
    """The level each field reaches."""
    levels = []
    for field, compare in COMPARE.items():
        a, b = getattr(one, field), getattr(other, field)
        levels.append(compare(a, b) if a and b else "")
    return tuple(levels)


# -- what levels are worth ------------------------------------------------------------------------


def counted_u(records: Sequence[Record], pairs: Iterable[Pattern]) -> dict[str, dict[str, float]]:
    """u: how often two different customers reach each level.

    `records` are one for each customer: how often two of them have the same value is counted exactly;
    the other levels are counted on `pairs` of different customers. Half a pair is added to each count.
    """
    counts = {field: dict.fromkeys(levels, 0.5) for field, levels in LEVELS.items()}
    for pattern in pairs:
        for field, level in zip(LEVELS, pattern, strict=True):
            if level:
                counts[field][level] += 1
    shares = {field: _shares(counts[field]) for field in LEVELS}
    for field, levels in shares.items():
        same = _same_by_chance([getattr(one, field) for one in records if getattr(one, field)])
        rest = 1 - levels["same"]
        shares[field] = {level: share * (1 - same) / rest for level, share in levels.items()} | {"same": same}
    return shares


def _same_by_chance(values: Sequence[str]) -> float:
    """How often two different customers have the very same value."""
    pairs = len(values) * (len(values) - 1)
    equal = sum(count * (count - 1) for count in Counter(values).values())
    return (equal + 0.5) / (pairs + 1)


def fitted(
    patterns: Mapping[Pattern, int], pairs: int, u: Mapping[str, Mapping[str, float]], start: Weights
) -> Weights:
    """m and the prior by expectation maximisation over patterns with how often each occurs; u stays.

    The patterns are those of pairs that share a block, `pairs` is how many there are in all: the others
    are taken for pairs of different people. Stops when the prior moves by less than one part in
    100,000, or after 200 rounds.
    """
    now = Weights(start.m, u, max(start.prior, 1 / max(pairs, 2)))
    for _ in range(200):
        sums = {field: dict.fromkeys(levels, 0.5) for field, levels in LEVELS.items()}
        whole = 0.0
        for pattern, count in patterns.items():
            if not personal(dict(zip(LEVELS, pattern, strict=True))):
                continue
            expected = probability(now.total(pattern)) * count
            whole += expected
            for field, level in zip(LEVELS, pattern, strict=True):
                if level:
                    sums[field][level] += expected
        prior = min(max(whole / pairs, 1e-12), 0.5)
        after = Weights({field: _shares(some) for field, some in sums.items()}, u, prior)
        if abs(prior - now.prior) < 1e-5 * now.prior:
            return after
        now = after
    return now


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    whole = sum(counts.values())
    return {level: max(count / whole, 1e-9) for level, count in counts.items()}


class Frequencies:
    """How common names are, so that sharing a rare one counts more than sharing a common one."""

    MOST_BITS: Final = 6.0

    def __init__(self, names: Sequence[str]) -> None:
        self._counts = Counter(min(sounds(name), default="") for name in names)
        self._size = max(len(names), 1)
        self._mean = sum(count * count for count in self._counts.values()) / self._size**2 if names else 1.0

    def bits(self, name: str, level: str) -> float:
        """What is added to the weight of a name that is the same or sounds the same."""
        if level not in ("same", "sounds_same"):
            return 0.0
        share = max(self._counts[min(sounds(name), default="")], 1) / self._size
        return max(-self.MOST_BITS, min(self.MOST_BITS, math.log2(self._mean / share)))
