"""What came of the offers: who did what the card was about, of those shown one and of the control group.

Everybody counts once, with the first offer made to them (or withheld), once its 30 days are over: so neither
who came late nor who was shown much weighs more, and both groups are counted alike, from the books. That
customers who were shown an offer are counted whatever they answered is what makes the groups comparable
(by intention to treat).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from jingwei.domains.offers.catalogue import Catalogue
from jingwei.domains.offers.experiment import Arms
from jingwei.domains.offers.showing import Offering
from jingwei.kernel.clock import DAY

WINDOW = 30 * DAY
"""How long somebody has to do what the card was about."""

CONTROL = "control"

DidAt = Callable[[str, str, int, int], bool]
"""(customer, what counts, from, until): whether they did that then. Moments are microseconds UTC."""


class Group(NamedTuple):
    """Of one group: whose 30 days are over, who of them did it, and who still has time."""

    people: int = 0
    took: int = 0
    waiting: int = 0


class Came(NamedTuple):
    """What came of all offers, and of each: (shown, control) by the offer's id."""

    shown: Group
    control: Group
    offers: Mapping[str, tuple[Group, Group]]

    @property
    def arms(self) -> Arms:
        """The two groups as the experiment compares them."""
        return Arms(self.shown.people, self.shown.took, self.control.people, self.control.took)


def firsts(offerings: Iterable[Offering]) -> dict[str, Offering]:
    """The first offer made to each customer, or withheld from them."""
    found: dict[str, Offering] = {}
    for one in offerings:
        earlier = found.get(one.customer)
        if earlier is None or (one.shown_at, one.id) < (earlier.shown_at, earlier.id):
            found[one.customer] = one
    return found


def came_of(first: Iterable[Offering], rules: Catalogue, did: DidAt, now: int) -> Came:
    """Count the groups; offers that the catalogue no longer names are left out."""
    groups: dict[str, dict[bool, Group]] = {one.id: {False: Group(), True: Group()} for one in rules.offer}
    for one in first:
        offer = rules.by_id.get(one.offer)
        if offer is None:
            continue
        withheld, until = one.state == CONTROL, one.shown_at + WINDOW
        before = groups[offer.id][withheld]
        if now < until:
            after = before._replace(waiting=before.waiting + 1)
        else:
            took = did(one.customer, offer.counts, one.shown_at, until)
            after = before._replace(people=before.people + 1, took=before.took + took)
        groups[offer.id][withheld] = after
    parts = {name: (both[False], both[True]) for name, both in groups.items()}
    return Came(_sum(shown for shown, _ in parts.values()), _sum(held for _, held in parts.values()), parts)


def _sum(groups: Iterable[Group]) -> Group:
    return Group(*map(sum, zip(*groups, strict=True)))
