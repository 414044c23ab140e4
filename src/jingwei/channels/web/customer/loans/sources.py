"""Switches of a company's loan: each source of its records allowed or stopped by itself, and what for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.lending.companies import agreed_now, is_company, sources_asked
from jingwei.channels.lending.figures import WHY
from jingwei.channels.web.pages import worded
from jingwei.domains.credit.company import SOURCE_NAMES
from jingwei.domains.credit.company_inputs import DATA
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.purpose import DataClass, Purpose

if TYPE_CHECKING:
    from collections.abc import Collection

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.visit import Visit
    from jingwei.kernel.refusal import Refusal
    from jingwei.stores.sessions import Session


class Switch(NamedTuple):
    """One source: what it is called, what it is for, and whether it may be read now."""

    name: str
    title: str
    says: str
    on: bool


def switches(site: Site, visit: Visit, who: str, typed: Collection[str] | None = None) -> list[Switch]:
    """The sources a company is asked for, and those it agreed to before; `typed` are those just ticked.

    A person is asked for none.
    """
    if not is_company(site.desk.reader, who):
        return []
    held = agreed_now(site.desk.reader, who, site.now())
    asked = sources_asked(site.desk.reader)
    shown = [name for name in DATA if name in asked or name in held]
    on = held if typed is None else typed
    return [
        Switch(name, worded(SOURCE_NAMES[name], visit.lang), worded(WHY[name], visit.lang), name in on)
        for name in shown
    ]


async def set_switches(site: Site, session: Session, key: str, wanted: Collection[str]) -> Refusal | None:
    """Agree to the sources that are ticked, take back those that are not any more."""
    held = agreed_now(site.desk.reader, session.who, site.now())
    known = [name for name in DATA if name in wanted]
    given = tuple(DATA[name] for name in known if name not in held)
    ended = tuple(DATA[name] for name in held if name not in wanted)
    for kind, data, what in ((GiveConsent, given, "give"), (WithdrawConsent, ended, "stop")):
        if refusal := await _say(site, session, f"{key}:{what}", kind, data):
            return refusal
    return None


async def _say(
    site: Site,
    session: Session,
    key: str,
    kind: type[GiveConsent] | type[WithdrawConsent],
    data: tuple[DataClass, ...],
) -> Refusal | None:
    if not data:
        return None
    stamp = site.stamp(session, key)
    return (
        await site.do(kind(customer=session.who, purpose=Purpose.CREDIT, data=data, **stamp))
    ).answer.refusal
