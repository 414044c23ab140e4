"""What offers bring, for business staff: the experiment as it was laid down, and what came of it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from jingwei.channels.rest.offer_effect import counted
from jingwei.channels.web.staff.pictures import bars
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.domains.offers.experiment import effect, people_needed
from jingwei.domains.offers.outcomes import Came, Group
from jingwei.domains.offers.showing import OfferArm
from jingwei.journeys.offer_rules import catalogue
from jingwei.kernel.clock import MINUTE
from jingwei.kernel.refusal import Words

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

FRESH = 10 * MINUTE
"""What was counted is shown for so long before it is counted again."""


class Line(NamedTuple):
    """One offer: its name, what counts as taking it, both groups, how often it was shown and answered yes."""

    name: Words
    counts: str
    shown: Group
    control: Group
    times: int
    yes: int


def add_offers(router: Router, site: Site) -> None:
    """Add /desk/offers."""
    kept: dict[int, Came] = {}

    async def show(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        slot = site.now() // FRESH
        if slot not in kept:
            came = await counted(site.desk)
            kept.clear()
            kept[slot] = came
        return site.page(visit, "desk/offers.html", values(site, visit, kept[slot]))

    site.add(router, "/desk/offers", show)


def values(site: Site, visit: Visit, came: Came) -> dict[str, Any]:
    """What the page shows."""
    rules = catalogue()
    plan, control = rules.experiment, rules.control_percent
    found = effect(plan, came.arms, control)
    needed = people_needed(plan, control)
    picture = [
        (visit.say(f"offers.{name}"), share, _of(visit, group, share))
        for name, group, share in (
            ("shown", came.shown, found.shown_share),
            ("control", came.control, found.control_share),
        )
    ]
    return {
        "plan": plan, "control_percent": control, "needed": needed, "came": came, "found": found,
        "picture": bars(picture, visit.say("offers.picture")),
        "lines": lines(site, came),
    }  # fmt: skip


def _of(visit: Visit, group: Group, share: float) -> str:
    if not group.people:
        return "—"
    numbers = {"took": f"{group.took:,}", "people": f"{group.people:,}", "percent": f"{100 * share:.1f}"}
    return visit.say("offers.of", **numbers)


def lines(site: Site, came: Came) -> list[Line]:
    """Every offer of the catalogue, in its order."""
    times: dict[str, tuple[int, int]] = {}
    after = ""
    while page := site.desk.reader.page(OfferArm, after=after, limit=500):
        after = page[-1].id
        for arm in page:
            shown, yes = times.get(arm.offer, (0, 0))
            times[arm.offer] = shown + arm.shown, yes + arm.taken
    return [
        Line(one.name, one.counts, *came.offers[one.id], *times.get(one.id, (0, 0)))
        for one in catalogue().offer
    ]
