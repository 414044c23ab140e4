"""Errors planted into the bank, each for one test alone: what the model must catch and tell in few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from jingwei.journeys import release_hold, review_case, set_limits
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.shape import Outcome
from jingwei.journeys.table import BY_COMMAND
from jingwei.kernel.command import Command
from jingwei.ledger import exchange, posting
from jingwei.ledger.accounts import Account, Standing


@contextmanager
def journey(command: type[Command], **other: Any) -> Iterator[None]:
    """Another `look` or `act` for one journey."""
    with patch.dict(BY_COMMAND, {command: replace(BY_COMMAND[command], **other)}):
        yield


@contextmanager
def money_through_floats() -> Iterator[None]:
    """An amount goes through a float: 0.29 becomes 28 minor units."""
    true = posting.book

    def book(movement: Any, *rest: Any) -> Any:
        return true(replace(movement, amount_minor=int(movement.amount_minor / 100 * 100) or 1), *rest)

    with patch.object(posting, "book", book):
        yield


@contextmanager
def limit_off_by_one() -> Iterator[None]:
    """One minor unit above a limit still passes."""
    true = posting.check_limits
    with patch.object(posting, "check_limits", lambda payer, much, at: true(payer, much - 1, at)):
        yield


@contextmanager
def release_forgets_the_hold() -> Iterator[None]:
    """A hold is marked as released, and the account goes on holding the money."""

    def release(hold: Any, payer: Any, status: str) -> Any:
        if hold.status != "active":
            return true(hold, payer, status)
        return replace(hold, status=status, amount_minor=0), payer

    true = release_hold.release
    with patch.object(release_hold, "release", release), patch.object(review_case, "release", release):
        yield


@contextmanager
def reversal_twice() -> Iterator[None]:
    """Nobody looks whether an entry was reversed before."""
    look = BY_COMMAND[Reverse].look
    with journey(Reverse, look=lambda ask, books: replace(look(ask, books), before=None)):
        yield


@contextmanager
def refused_payment_counts() -> Iterator[None]:
    """A refused payment still counts against the day's limit."""
    act = BY_COMMAND[Pay].act

    def leaves_a_trace(ask: Any, seen: Any) -> Outcome:
        outcome = act(ask, seen)
        if outcome.answer.result != "refused" or seen.payer is None:
            return outcome
        balance = replace(seen.payer.balance, spent_day_minor=seen.payer.balance.spent_day_minor + 1)
        return replace(outcome, standings=(Standing(seen.payer.account, balance),))

    with journey(Pay, act=leaves_a_trace):
        yield


@contextmanager
def exchange_rounds_up() -> Iterator[None]:
    """The part of a unit goes to the customer instead of the bank."""
    true = exchange.bought_minor
    with patch.object(exchange, "bought_minor", lambda rate, sold: true(rate, sold) + 1):
        yield


@contextmanager
def freeze_replaces() -> Iterator[None]:
    """A second freeze takes the place of the first one."""
    act = BY_COMMAND[FreezeAccount].act

    def forgets(ask: Any, seen: Any) -> Outcome:
        if seen.standing is None:
            return act(ask, seen)
        account: Account = replace(seen.standing.account, frozen="")
        return act(ask, replace(seen, standing=Standing(account, seen.standing.balance)))

    with journey(FreezeAccount, act=forgets):
        yield


@contextmanager
def accrual_forgotten() -> Iterator[None]:
    """What had accrued before the day is forgotten."""
    look = BY_COMMAND[RunDayEnd].look

    def opens_again(ask: Any, books: Any) -> Any:
        seen = look(ask, books)
        again = tuple(
            replace(
                one, standing=replace(one.standing, balance=replace(one.standing.balance, accrued_micro=0))
            )
            for one in seen.accounts
        )
        return replace(seen, accounts=again)

    with journey(RunDayEnd, look=opens_again):
        yield


@contextmanager
def own_limits() -> Iterator[None]:
    """Staff may change the limits of an account of their own."""
    with patch.object(set_limits, "owns", lambda actor, standings, rules: False):
        yield


PLANTED: dict[str, Callable[[], Any]] = {
    "amounts go through floats": money_through_floats,
    "a limit is off by one": limit_off_by_one,
    "a release forgets the hold": release_forgets_the_hold,
    "an entry is reversed twice": reversal_twice,
    "a refused payment leaves a trace": refused_payment_counts,
    "an exchange rounds up": exchange_rounds_up,
    "a freeze takes the place of another": freeze_replaces,
    "a day-end forgets what had accrued": accrual_forgotten,
    "staff work on an account of their own": own_limits,
}
"""Each error by name, with how it is planted."""
