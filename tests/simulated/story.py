"""A run told in the bank's notation: one line for each thing the books did, comments for what befell it."""

from __future__ import annotations

from typing import Any

from tests.simulated.books import Books
from tests.simulated.founding import MONEY_MINOR, PEOPLE
from tests.simulated.world import Told

from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.release_hold import ReleaseHold
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.shape import Answer, Sealed
from jingwei.kernel.clock import BANK_OFFSET, day_start, iso
from jingwei.kernel.money import format_minor
from jingwei.ledger.accounts import Hold, Movement

DULL = ("# holds expire: none", "nothing moves   # day-end:")
"""Lines left out of a story, except among its last."""
LAST = 2


def line_of(record: Sealed, books: Books) -> str:
    """A record as one line of notation; its order's id follows as a comment."""
    command, answer = record.command, record.answer
    return f"{_what(command, answer, books)}   # {command.key.removeprefix('key ')}, {answer.id}"


def _what(command: Any, answer: Answer, books: Books) -> str:
    if isinstance(command, RunDayEnd):
        return f"# day-end of {_day(command.day)} after {command.after or 'nothing'}: {_moves(answer)}"
    if isinstance(command, ExpireHolds):
        return f"# holds expire: {', '.join(expired(answer)) or 'none'}"
    if answer.refusal is not None:
        return f"# {type(command).__name__} = {answer.refusal.code}"
    if isinstance(command, CaptureCardPayment):
        return f"capture {command.hold} {_amount(command)} = captured"
    if isinstance(command, ReleaseHold):
        return f"release {command.hold} = released"
    if isinstance(command, AnswerStepUp | ReviewCase):
        return f"# {type(command).__name__}: {_moves(answer)}"
    if answer.hold:
        hold: Hold = books.shelves[Hold][answer.hold]
        return f"hold {hold.id} {hold.account} -> {hold.payee} {_amount(command)} = held"
    if answer.movements:
        return f"{_moves(answer)} = posted"
    return f"# {type(command).__name__} = {answer.result}"


def expired(answer: Answer) -> list[str]:
    """The holds that expired with this answer."""
    event = answer.events[0]
    return list(event["holds"] if isinstance(event, dict) else event.holds)


def _amount(command: Any) -> str:
    return format_minor(command.amount_minor, command.currency)


def _moves(answer: Answer) -> str:
    return "move " + " ; ".join(map(_move, answer.movements)) if answer.movements else "nothing moves"


def _move(movement: Movement) -> str:
    kind = "" if movement.kind == "payment" else f" as {movement.kind}"
    amount = format_minor(movement.amount_minor, movement.currency)
    return f"{movement.payer} -> {movement.payee} {amount}{kind}"


def _again(line: Told) -> str:
    """The order that is asked again, or nothing."""
    what, again, _ = line.says.partition(" is asked again")
    return what if again else ""


def _day(day: int) -> str:
    return iso(day_start(day) + BANK_OFFSET)[:10]


def tell(lines: list[Told], end: str, *, brief: bool = False) -> str:
    """The story of a run, with the accounts it names in front and how it ended below.

    A brief one leaves out what clients were told, except of the order that the end is about.
    """
    text, shown = [], ""
    before: Told | None = None
    for n, line in enumerate(lines):
        if n < len(lines) - LAST and any(dull in line.says for dull in DULL):
            continue
        if brief and " is told " in line.says and f"{line.says.split()[1]} " not in end:
            continue
        if before is not None and line.who == before.who and _again(line) and _again(line) == _again(before):
            continue
        before = line
        when = iso(line.at + BANK_OFFSET)[:16].replace("T", " ")
        if when != shown:
            text.append(f"day {when}")
            shown = when
        text.append(line.says)
    body = "\n".join(text)
    named = [who for who in PEOPLE if f"{who} " in body]
    accounts = [f"account {who} {format_minor(MONEY_MINOR[who], 'CNY')} CNY" for who in named]
    return "\n".join([*accounts, body, end])
