"""A batch of card payments done as columns; every command that is not ordinary goes through its journey.

Answers, leaves, lines and balances are those of doing the commands one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, overload

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from jingwei.audit.joined import Joined
from jingwei.decisions.judge import Judge, JudgedColumns, Judgement, Observed
from jingwei.decisions.policy import Verdict
from jingwei.features.events import EventColumns
from jingwei.journeys.authorise_card_payment import AUTHORISE_CARD_PAYMENT, AuthoriseCardPayment
from jingwei.journeys.card_leaves import (
    AMOUNT,
    CUSTOMER,
    ID,
    KEY,
    KNOWN,
    MARK_NUMBER,
    MARK_SCORE,
    MARK_SEEN,
    MOMENT,
    PAYER,
    SEQ,
    TERMINAL,
    Template,
    cut,
    mark,
    write_leaves,
)
from jingwei.journeys.card_payments import CardPayments, Who
from jingwei.journeys.doing import do_one
from jingwei.journeys.overlay import SYSTEM_ROLES, Overlay
from jingwei.journeys.payment import SENT, told
from jingwei.journeys.shape import Answer, Outcome
from jingwei.journeys.table import BY_COMMAND, seal
from jingwei.ledger.accounts import Line, Movement, chart_id
from jingwei.ledger.columns import Columns
from jingwei.ledger.sheet import Run, run_of

KIND = "card"


def fits(asked: CardPayments) -> bool:
    """Whether this batch can be done as columns: a trusted actor, payments, nothing else that is judged."""
    trusted = asked.who.actor.partition(":")[0]
    return (
        trusted in SYSTEM_ROLES
        and trusted in AUTHORISE_CARD_PAYMENT.roles
        and BY_COMMAND[AuthoriseCardPayment] is AUTHORISE_CARD_PAYMENT
        and len(asked.others) < len(asked)
        and all(not BY_COMMAND[type(command)].policy for command in asked.others.values())
    )


def accounts(asked: CardPayments, overlay: Overlay) -> list[str]:
    """The accounts the payments name and that do not stand on the sheet yet."""
    new = [asked.who.payers.names[code] for code in _strangers(asked, overlay)]
    return [*new, chart_id("card_settlement", asked.who.currency)]


def _strangers(asked: CardPayments, overlay: Overlay) -> list[int]:
    """Customers whose accounts do not stand on the sheet yet or may not be used by them."""
    places = overlay.sheet.places(asked.who.stream, len(asked.who.payers.names))
    codes: list[int] = np.unique(asked.customer[places[asked.customer] < 0]).tolist()
    return codes


def judge(judge: Judge, asked: CardPayments) -> JudgedColumns:
    """Advance the features by all that the live features watch, and judge the payments."""
    is_payment = asked.is_payment()
    watched, seen = is_payment.copy(), {}
    for place, command in asked.others.items():
        if (observe := BY_COMMAND[type(command)].observe) is not None:
            seen[place] = observe(command)
            watched[place] = True
    rows = np.where(is_payment, np.cumsum(watched) - 1, -1)
    return judge.judge_columns(_events(asked, watched, seen), rows, AUTHORISE_CARD_PAYMENT.policy)


def _events(asked: CardPayments, watched: NDArray[np.bool_], seen: dict[int, Observed]) -> EventColumns:
    """What is watched, as events: payments from their columns, the others as they were observed."""
    who = asked.who
    kind, ref_at, at, amount = (
        np.zeros(len(asked), np.uint8), asked.at.copy(), asked.at.copy(), asked.amount.copy()
    )  # fmt: skip
    names = {
        "customer": [who.customers.names[one] for one in asked.customer.tolist()],
        "terminal": [who.terminals.names[one] for one in asked.terminal.tolist()],
    }
    for place, one in seen.items():
        kind[place], at[place], ref_at[place], amount[place] = one.kind, one.at, one.ref_at, one.amount_minor
        for entity in ("customer", "payee", "device", "terminal", "place"):
            name: str = getattr(one, entity)
            if name or entity in names:
                names.setdefault(entity, [""] * len(asked))[place] = name
    if not watched.all():
        places = np.flatnonzero(watched)
        kind, ref_at, at, amount = kind[places], ref_at[places], at[places], amount[places]
        chosen = places.tolist()
        names = {entity: [values[i] for i in chosen] for entity, values in names.items()}
    return EventColumns(kind, at, ref_at, amount, names)


class Answers(Sequence[Answer]):
    """The answers of a batch, of which those of ordinary payments are made when somebody looks."""

    def __init__(self, asked: CardPayments, judged: JudgedColumns, first_seq: int) -> None:
        self.others: dict[int, Answer] = {}
        """The answers of everything that was not an ordinary payment, by position."""
        self._asked = asked
        self._judged = judged
        self.first_seq = first_seq

    def __len__(self) -> int:
        return len(self._asked)

    @overload
    def __getitem__(self, at: int) -> Answer: ...
    @overload
    def __getitem__(self, at: slice) -> list[Answer]: ...
    def __getitem__(self, at: int | slice) -> Answer | list[Answer]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        return self.others.get(at) or self._sent(at)

    def _sent(self, at: int) -> Answer:
        command, judgement = self._asked[at], self._judged.one(at)
        assert isinstance(command, AuthoriseCardPayment) and judgement is not None, "an ordinary payment"
        return sent(command, judgement, self.first_seq + at)


def sent(ask: AuthoriseCardPayment, judged: Judgement, seq: int) -> Answer:
    """The answer to an ordinary payment, as `payment.carry_out` gives it."""
    settlement = chart_id("card_settlement", ask.currency)
    movement = Movement(ask.payer, settlement, ask.amount_minor, ask.currency, KIND)
    return told(judged, seq, "allowed", None, (movement,), events=SENT)


class Done(NamedTuple):
    """What a batch came to."""

    leaves: Joined
    lines: Columns[Line]
    notes: dict[str, str]


def do(asked: CardPayments, judged: JudgedColumns, overlay: Overlay, answers: Answers) -> Done:
    """Do all commands in order over the books; the answers get those that are not ordinary payments."""
    first_seq = answers.first_seq
    run = _run(asked, judged, overlay, first_seq)
    leaves: dict[int, bytes] = {}
    outcomes: list[Outcome] = []
    at = 0
    while (at := overlay.sheet.pay(run, at) if run.payee >= 0 else at) < len(asked):
        command = asked[at]
        outcome = do_one(command, overlay, first_seq + at, judged.one(at))
        outcomes.append(outcome)
        answers.others[at] = outcome.answer
        leaves[at] = seal(first_seq + at, command, outcome.answer)
        at += 1
    lines = Columns.of(Line, list(chain.from_iterable(outcome.lines for outcome in outcomes)))
    if run.payee >= 0:
        lines = overlay.sheet.lines(run, asked.who.currency, KIND).followed_by(lines)
    written = write_leaves(template(asked.who, judged), asked, first_seq, judged.seen(), leaves)
    _compare_one(asked, written, answers)
    notes = {name: value for outcome in outcomes for name, value in outcome.notes.items()}
    return Done(written, lines, notes)


def _run(asked: CardPayments, judged: JudgedColumns, overlay: Overlay, first_seq: int) -> Run:
    """The payments with their payers' rows: those who may pay from the accounts they name."""
    who = asked.who
    places = overlay.sheet.places(who.stream, len(who.payers.names))
    for code in _strangers(asked, overlay):
        row = overlay.row(who.payers.names[code])
        places[code] = row if row >= 0 and _may(overlay, row, who, code) else -1
    payee = overlay.row(chart_id("card_settlement", who.currency))
    ordinary = judged.ordinary() & asked.is_payment()
    return run_of(asked.at, places[asked.customer], asked.amount, ordinary, payee, first_seq)


def _may(overlay: Overlay, row: int, who: Who, customer: int) -> bool:
    account = overlay.sheet.account(row)
    return (
        account.side != "bank"
        and account.owner == who.customers.names[customer]
        and account.currency == who.currency
        and overlay.products.find(account.product) is not None
    )


def template(who: Who, judged: JudgedColumns) -> Template:
    """The text of an ordinary payment's leaf, cut where it differs from payment to payment."""
    ask = AuthoriseCardPayment(
        key=mark(KEY), actor=who.actor, at=MARK_NUMBER + MOMENT, known_at=MARK_NUMBER + KNOWN,
        customer=mark(CUSTOMER), payer=mark(PAYER), terminal=mark(TERMINAL),
        amount_minor=MARK_NUMBER + AMOUNT, currency=who.currency,
    )  # fmt: skip
    judgement = Judgement(Verdict.ALLOW, (), judged.policy, judged.model, MARK_SCORE, [MARK_SEEN])
    return cut(seal(MARK_NUMBER + SEQ, ask, replace(sent(ask, judgement, 0), id=mark(ID))))


def _compare_one(asked: CardPayments, leaves: Joined, answers: Answers) -> None:
    """Seal one ordinary payment the long way too: the short way must write the same."""
    at = next((i for i in range(len(asked)) if i not in answers.others), None)
    if at is not None:
        long_way = seal(answers.first_seq + at, asked[at], answers[at])
        assert leaves[at] == long_way, f"a leaf differs from its seal: {leaves[at]!r} {long_way!r}"
