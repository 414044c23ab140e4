"""Balances on a statement are those of its period; names of payees are no register to try."""

from __future__ import annotations

from typing import Any

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.web.history import Row, Wanted, chosen, span
from jingwei.channels.web.name_checks import MOST_CHECKS, Checks
from jingwei.kernel.clock import DAY, day_start

DAY_1 = 20_000


def row(line: int, day: int, minor: int, after: int) -> Row:
    return Row(line, day_start(day) + 5, "payment", "bob", "Bob", "", minor, after)


ROWS = [
    row(4, DAY_1 + 9, -5, 75),
    row(3, DAY_1 + 2, 50, 80),
    row(2, DAY_1 + 2, -70, 30),
    row(1, DAY_1, 100, 100),
]


def told(rows: list[Row], **wanted: Any) -> tuple[int | None, int | None]:
    asked = Wanted(**wanted)
    return span(rows, chosen(rows, asked, "CNY", "en"), asked)


@pytest.mark.parametrize(
    ("first", "last", "before", "after"),
    [
        (DAY_1 + 2, DAY_1 + 2, 100, 80),
        (None, None, 0, 75),
        (DAY_1 + 4, DAY_1 + 6, 80, 80),
        (DAY_1 + 10, DAY_1 + 20, 75, 75),
        (DAY_1 - 9, DAY_1 - 3, 0, 0),
        (None, DAY_1 - 3, 0, 0),
        (DAY_1 + 10, None, 75, 75),
    ],
)
def test_a_period_begins_and_ends_with_the_balances_it_had(first, last, before, after):
    """Also one in which nothing happened: the balance of today is not that of last March."""
    assert told(ROWS, first_day=first, last_day=last) == (before, after)
    assert told([], first_day=first, last_day=last) == (0, 0)


def test_no_balances_stand_on_a_piece_that_does_not_add_up():
    """A payment that came in late belongs to an older day than its neighbours: the days are no one piece."""
    late = [row(3, DAY_1 + 2, 50, 80), row(2, DAY_1 + 1, -70, 30), row(1, DAY_1 + 2, 100, 100)]
    assert told(late, first_day=DAY_1 + 2) == (None, None)
    assert told(late) == (0, 80)


def test_one_name_counts_once_and_another_counts_again():
    checks = Checks()
    for number in range(MOST_CHECKS):
        for _ in range(3):
            assert checks.allow("alice", ("bob", f"name {number}"), number)
    assert not checks.allow("alice", ("bob", "one more"), MOST_CHECKS)
    assert checks.allow("alice", ("bob", "name 3"), MOST_CHECKS), "what was tried may be sent"
    assert checks.allow("mallory", ("bob", "one more"), MOST_CHECKS)
    assert checks.allow("alice", ("bob", "one more"), DAY)


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("paper") / "home")
    one.sign_in("customer:alice")
    yield one
    one.close()


@pytest.mark.parametrize("path", ["/app/pay/check", "/app/pay/send", "/app/schedules"])
def test_every_form_that_compares_a_name_counts_it(bank, path):
    """A form sent past its first step is no way around the limit."""
    bank.clock.advance(DAY)
    bank.sign_in("customer:alice")
    token = bank.token()
    fields = {"to": "mallory", "amount": "1", "form_token": token, "every": "once", "first": "2030-01-01"}
    last = None
    for number in range(MOST_CHECKS + 1):
        key = f"web:{path[-5:].replace('/', '_')}{number:06d}"
        last = bank.post(path, name=f"Mallor {number}", key=key, fee="7", **fields)
    assert last.status_code == 429, path
