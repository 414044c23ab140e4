"""What the oversight pages share: the facts, the work under way, the drafts in the shadow, who may look."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jingwei.channels.problems import Problem
from jingwei.channels.roles import LOG, RULES, WATCH
from jingwei.channels.web.staff.oversight.facts import Facts
from jingwei.channels.web.staff.oversight.jobs import Jobs
from jingwei.channels.web.staff.oversight.shadows import Shadows
from jingwei.channels.web.visit import signed_in
from jingwei.kernel.refusal import Words

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk
    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.visit import Visit
    from jingwei.kernel.refusal import Refusal
    from jingwei.stores.sessions import Session

__all__ = ["LOG", "RULES", "WATCH", "Room", "asked", "field", "refusal_says", "who", "whole"]

WARM_S = 1.0
"""So long after the server's start the facts are read: first those who wait for it to open."""

FEW = 2_000
"""So many records are read at once; more are read on another thread."""


class Room:
    """One for each running server."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.facts = Facts()
        self.jobs = Jobs()
        self.shadows = Shadows(site)
        self._reading = asyncio.Lock()

    @property
    def desk(self) -> Desk:
        """The bank, its reader and its words."""
        return self.site.desk

    def enter(self, visit: Visit, *roles: str) -> Session:
        """The session of staff with one of these roles; raises Turned for strangers, Problem for others."""
        session = signed_in(visit, inside=True)
        if not set(roles) & set(session.roles):
            raise Problem("not_allowed")
        return session

    async def look(self) -> Facts:
        """The facts up to the last record."""
        reader = self.desk.reader
        if self.facts.behind(reader.size()) > FEW:
            async with self._reading:
                if self.facts.behind(reader.size()) > FEW:
                    await asyncio.to_thread(self._catch_up)
        self.facts.take(reader, reader.size())
        return self.facts

    async def warm(self) -> None:
        """Read the facts once beside the server, so that nobody's first look waits for them."""
        await asyncio.sleep(WARM_S)
        await self.look()

    def _catch_up(self) -> None:
        reader = self.desk.home.store.reader()
        try:
            self.facts.take(reader, reader.size())
        finally:
            reader.close()

    def reason_says(self, policy: str, code: str, lang: str) -> str:
        """A reason's sentence as that policy version told it; the code when it has none."""
        found = self.desk.sentences.policy(policy)
        for rule in found.rules if found else ():
            if rule.code == code:
                return rule.says_zh if lang == "zh" else rule.says
        return (
            MISSING.zh
            if lang == "zh" and code == "input_missing"
            else (MISSING.en if code == "input_missing" else code)
        )


MISSING = Words(
    "Something needed to decide was missing, so a person looked at it.",
    "作出决定所需的信息不完整，已交由工作人员处理。",
)


def who(actor: str) -> str:
    """An actor as staff read it."""
    kind, _, name = actor.partition(":")
    return name or kind


def refusal_says(refusal: Refusal, lang: str) -> str:
    """A refusal in words."""
    words = refusal.words()
    return words.zh if lang == "zh" else words.en


def asked(visit: Visit, name: str, default: str = "") -> str:
    """A short value from the address."""
    return visit.request.query_params.get(name, default)[:100]


def whole(text: str, default: int, least: int = 0, most: int = 2**53) -> int:
    """A whole number from the address or a form; `default` when it is none, or out of bounds."""
    if text.isascii() and text.isdigit() and len(text) < 17 and least <= int(text) <= most:
        return int(text)
    return default


def field(form: Any, name: str, most: int = 500) -> str:
    """A posted text, its line ends as one character."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n")[:most] if isinstance(value, str) else ""
