"""What the pages of the desk share: the board, the trail, who may review, what colleagues are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.demo import STAFF
from jingwei.channels.problems import Problem
from jingwei.channels.roles import LENDING, may, page
from jingwei.channels.web.staff.board import Board
from jingwei.channels.web.staff.trail import Trail
from jingwei.channels.web.visit import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.sessions import Session

REVIEWERS = frozenset({"risk_reviewer", "compliance"})
READERS = REVIEWERS | {"auditor"}
LENDERS = frozenset(LENDING)


class Floor:
    """One for each running server. For one thread."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.board = Board(site.desk)
        self.board.rows()
        self._trail = Trail(site.desk.reader)
        self._trail.catch_up()

    @property
    def trail(self) -> Trail:
        """The trail, read on."""
        self._trail.catch_up()
        return self._trail

    def colleagues(self, session: Session, roles: frozenset[str] = REVIEWERS) -> dict[str, str]:
        """Staff with one of these roles, by actor with their names, the one at the desk first."""
        demo = {one.actor: one.name for one in STAFF if roles & set(one.roles)} if self.site.demo else {}
        return {session.actor: session.name} | demo


def reviewer(visit: Visit) -> Session:
    """The session of somebody who may answer cases. Raises Turned or Problem."""
    session = signed_in(visit, inside=True)
    if not REVIEWERS & set(session.roles):
        raise Problem("not_allowed")
    return session


def worker(visit: Visit) -> Session:
    """The session of somebody who may work on cases of payments or of loans. Raises Turned or Problem."""
    session = signed_in(visit, inside=True)
    if not LENDERS & set(session.roles):
        raise Problem("not_allowed")
    return session


def may_work(session: Session, row: Row) -> bool:
    """Whether this member of staff may work on this case."""
    return bool((LENDERS if row.lending else REVIEWERS) & set(session.roles))


def sees(session: Session) -> Callable[[Row], bool]:
    """Whether a case stands in the queue of this member of staff: if they may open its page."""
    lends, pays = (may(session.roles, page(path)) for path in ("/desk/loans", "/desk/cases"))
    return lambda row: lends if row.lending else pays


def home_of(roles: Iterable[str]) -> str:
    """Where the desk begins for somebody of these roles: at the queue, unless no case is theirs to see."""
    begins = ("/desk/loans", "/desk/cases", "/desk/counter", "/desk/models", "/desk/board")
    first = next((path for path in begins if may(roles, page(path))), "/desk/security")
    return "/desk" if first in ("/desk/loans", "/desk/cases") else first


def may_review(session: Session) -> bool:
    """Whether this member of staff may answer cases."""
    return bool(REVIEWERS & set(session.roles))
