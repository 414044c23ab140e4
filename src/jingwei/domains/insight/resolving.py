"""Who is who: a record of a source is one of our customers, nobody of ours, or a person must say.

Sure signs come first: the same account, or the same certificate, phone or mail with a name that does not
speak against it. Everything else is weighed (see `likeness`). Only records that share a block are compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from jingwei.domains.insight.likeness import (
    LEVELS,
    Frequencies,
    Pattern,
    Record,
    Weights,
    pattern_of,
    personal,
    probability,
)
from jingwei.domains.insight.names import place, sounds, surname_sound

SURE: Final = 0.995
"""Records at least as probably of one person as this are linked without asking anybody."""

DOUBTFUL: Final = 0.10
"""Below this nobody is asked either."""

MOST_IN_BLOCK: Final = 400
"""A block with more records says too little (a shared default phone, say) and is left out."""

How = Literal["account", "certificate", "phone", "email", "weight", "person"]


class Finding(NamedTuple):
    """What is thought of one record: whose it is, by what, how probably, and the levels that say so."""

    key: str
    customer: str
    how: How
    probability: float
    bits: float
    pattern: Pattern
    sure: bool


class Known(NamedTuple):
    """A record of a customer of ours."""

    customer: str
    record: Record


def blocks(record: Record) -> Iterator[tuple[str, str]]:
    """The blocks a record belongs to: records that share none are not compared."""
    for field in ("certificate", "phone", "email", "account", "device"):
        if value := getattr(record, field):
            yield field, value
    if record.name:
        year = record.born[:4]
        for sound in sounds(record.name):
            yield "sound", f"{sound} {year}"
        if len(record.born) == 10:
            yield "surname", f"{surname_sound(record.name)} {record.born}"
        if record.address:
            yield "home", f"{surname_sound(record.name)} {place(record.address)[:12]}"
    if len(record.born) == 10 and record.address:
        yield "born", f"{record.born} {place(record.address)[:6]}"


class Resolver:
    """Compares records with those of known customers."""

    def __init__(self, known: Sequence[Known], weights: Weights) -> None:
        self._known = known
        self._weights = weights
        self._names = Frequencies([one.record.name for one in known if one.record.name])
        self._blocks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, one in enumerate(known):
            for block in blocks(one.record):
                self._blocks[block].append(number)

    def candidates(self, record: Record) -> Iterator[Known]:
        """The known records that share a block with this one, each once."""
        seen: set[int] = set()
        for block in blocks(record):
            some = self._blocks.get(block, ())
            if len(some) <= MOST_IN_BLOCK:
                seen.update(some)
        return (self._known[number] for number in sorted(seen))

    def best(self, record: Record, but: Collection[str] = ()) -> Finding | None:
        """What is thought of a record; None when nobody comes near. The second best takes part in doubt.

        Customers in `but` are known not to be it.
        """
        best: dict[str, Finding] = {}
        for one in self.candidates(record):
            found = self._compared(record, one) if one.customer not in but else None
            if found is None:
                continue
            if one.customer not in best or found.bits > best[one.customer].bits:
                best[one.customer] = found
        ranked = sorted(best.values(), key=lambda one: (-one.bits, one.customer))
        if not ranked or ranked[0].probability < DOUBTFUL:
            return None
        first = ranked[0]
        rival = len(ranked) > 1 and ranked[1].probability >= DOUBTFUL
        return first._replace(sure=first.sure and not rival)

    def _compared(self, record: Record, one: Known) -> Finding | None:
        """What is thought of one pair; None when nothing personal speaks for it."""
        pattern = pattern_of(record, one.record)
        levels = dict(zip(LEVELS, pattern, strict=True))
        if not personal(levels) and not (record.account and record.account == one.record.account):
            return None
        how = _certain(record, one.record, levels)
        bits = self._weights.total(pattern) + self._names.bits(one.record.name, levels["name"])
        if how is not None:
            bits = max(bits, 20.0)
        share = probability(bits)
        return Finding(record.key, one.customer, how or "weight", share, bits, pattern, share >= SURE)

    def patterns(self, records: Iterable[Record]) -> Counter[Pattern]:
        """How often each pattern occurs among the pairs that share a block; what weights are fitted to."""
        return Counter(
            pattern_of(record, one.record) for record in records for one in self.candidates(record)
        )


AGAINST: Final = ("other", "surname")


def _certain(record: Record, other: Record, levels: Mapping[str, str]) -> How | None:
    """The sure sign two records share; None when there is none or name and birth speak against it."""
    if record.account and record.account == other.account:
        return "account"
    name_speaks = levels["name"] in ("same", "sounds_same")
    birth_speaks = levels["born"] in ("same", "near")
    if levels["certificate"] == "same" and (name_speaks or birth_speaks):
        return "certificate"
    if levels["certificate"] == "other" or levels["born"] == "other" or not name_speaks:
        return None
    if levels["phone"] == "same":
        return "phone"
    return "email" if levels["email"] == "same" else None


def resolved(records: Sequence[Record], known: Sequence[Known], weights: Weights) -> list[Finding]:
    """What is thought of each record that comes near a customer, in their order."""
    resolver = Resolver(known, weights)
    return [found for record in records if (found := resolver.best(record)) is not None]
