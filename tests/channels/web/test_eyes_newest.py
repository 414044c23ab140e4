"""What happened last is shown to somebody with a long history too: no list stops at so many of the oldest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jingwei.channels.lending.asking import failed_payments
from jingwei.channels.rest.family_views import ties_of
from jingwei.channels.rest.loan_views import theirs
from jingwei.channels.web.customer import front, people
from jingwei.channels.web.customer.loans import mine
from jingwei.channels.web.offers import made_to
from jingwei.channels.web.staff.loans.book import open_cases
from jingwei.domains.credit.loans import LOAN_REVIEW
from jingwei.kernel.clock import DAY

MANY = 6_000
NOW = 1_000 * DAY


class Shelf:
    """A reader of one customer's long history: what was made last has the greatest id."""

    def find(self, kind: type, column: str, value: str, *, after: str = "", limit: int = 100) -> list[Any]:
        first = int(after) + 1 if after else 0
        return [self.one(number) for number in range(first, min(first + limit, MANY))]

    def one(self, number: int) -> Any:
        last = number == MANY - 1
        return SimpleNamespace(
            id=f"{number:06d}",
            name=f"{number:06d}",
            status=("open" if last else "confirmed"),
            expires_at=NOW + DAY,
            settle_at=NOW,
            last_result="",
            why="",
            code=LOAN_REVIEW if last else "other",
            due_at=NOW,
        )


SITE: Any = SimpleNamespace(desk=SimpleNamespace(reader=Shelf()))
LAST = f"{MANY - 1:06d}"


@pytest.mark.parametrize(
    "look",
    [
        lambda: front.asked(SITE, "alice", NOW)[-1].id,
        lambda: people.payees(SITE, "alice")[-1].id,
        lambda: ties_of(SITE.desk.reader, "alice")[0].id,
        lambda: theirs(SITE.desk.reader, object, "alice")[0].id,
        lambda: mine.theirs(SITE, object, "alice")[0].id,
        lambda: made_to(SITE, "alice")[-1].id,
        lambda: open_cases(SITE)[-1].id,
    ],
)
def test_the_newest_is_there(look):
    assert look() == LAST


def test_a_payment_that_failed_last_counts_for_credit():
    class Failed(Shelf):
        def one(self, number: int) -> Any:
            fields = vars(super().one(number))
            failed = {"status": "failed", "why": "balance_too_low"} if number == MANY - 1 else {}
            return SimpleNamespace(**(fields | failed))

    reader: Any = Failed()
    assert failed_payments(reader, "alice", NOW) == 1
