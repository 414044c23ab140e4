"""The reference bank: what each command must come to, as plain dicts; it imports nothing of the bank.

`Reference.expect(command)` reads the command's fields by name, changes the reference books and returns
what the reply must say. A refusal is raised as `No` before anything changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.model.reference_books import (
    DAY,
    HOUR,
    LARGEST,
    MINUTE,
    Books,
    Move,
    No,
    Row,
    available,
    new_account,
    payment_fee,
)
from tests.model.reference_orders import Orders, not_their_own
from tests.model.reference_products import PRODUCTS, verdict_of

__all__ = ["DAY", "LARGEST", "Expected", "No", "Reference", "available"]

ROLES = {
    "ReviewCase": ("staff",),
    "AnswerStepUp": ("customer",),
    **dict.fromkeys(("Pay", "AuthoriseCardPayment", "OpenAccount", "SetLimits", "CloseAccount"), ()),
}
"""Who may ask, where it is not staff and systems alone; () is everybody."""


@dataclass(frozen=True)
class Expected:
    """What a reply must say. `seq` -1: the key belongs to another request."""

    seq: int
    result: str
    code: str = ""
    moves: tuple[Move, ...] = ()
    lines: tuple[Any, ...] = ()
    hold: str = ""
    case: str = ""
    challenge: str = ""
    about: str = ""
    made: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False


class Reference(Orders):
    """The whole bank as it must be after the commands so far."""

    def __init__(self, size: int) -> None:
        """`size` is how many records the bank has before the first command."""
        self.books = Books()
        self.size = size
        self.customers: dict[str, Row] = {}
        self.cases: dict[str, Row] = {}
        self.challenges: dict[str, Row] = {}
        self.reversals: dict[str, str] = {}
        self.reported: dict[str, int] = {}
        self.askers: dict[str, str] = {}
        """By decision: who asked for the payment that waits for a person."""
        self.proposed: dict[str, tuple[str, bool]] = {}
        """By case: who answered first where two must agree, and whether the answer was to release."""
        self.wishes: dict[tuple[Any, ...], tuple[str, str]] = {}
        """By a change that nobody makes alone: its newest case, and who proposed it."""
        self.answers: dict[int, Expected] = {}
        self.amounts: dict[str, tuple[int, str]] = {}
        """By decision: the amount asked for and its currency, of payments kept back for a person."""
        self.asked: dict[tuple[str, str], tuple[int, tuple[Any, ...]]] = {}

    def expect(self, command: Any) -> Expected:
        """What the reply to this command must be; the reference stands after it from now on."""
        name = type(command).__name__
        stamps = ("at", "known_at", "key", "actor")
        body = (
            name,
            *(getattr(command, part) for part in command.__struct_fields__ if part not in stamps),
        )
        earlier = self.asked.get((command.actor, command.key))
        if earlier is not None:
            seq, asked = earlier
            if asked != body:
                return Expected(-1, "refused", "key_used_for_another")
            return Expected(**(self.answers[seq].__dict__ | {"replayed": True}))
        if name == "ReportFraud" and not command.actor.startswith("customer:"):
            if (before := self.reported.get(command.payment)) is not None:
                return Expected(-1, "refused", "already_reported", about=f"D{before:011d}")
            self.reported[command.payment] = self.size
        seq = self.size
        self.asked[command.actor, command.key] = (seq, body)
        self.size += 1
        self.answers[seq] = found = self._new(name, command, seq)
        return found

    def _new(self, name: str, ask: Any, seq: int) -> Expected:
        roles = ROLES.get(name, ("staff", "system"))
        if roles and ask.actor.partition(":")[0] not in roles:
            return Expected(seq, "refused", "not_allowed")
        act: Callable[[Any, int], dict[str, Any]] = getattr(self, "do_" + snake(name))
        self.about = ""
        try:
            said = act(ask, seq)
        except No as no:
            return Expected(seq, "refused", no.code, about=self.about)
        lines = tuple(said.pop("lines", ()))
        moves = said.pop("moves", None)
        if moves is None:
            moves = tuple((line[2], line[3], line[4], line[5], line[6]) for line in lines)
        return Expected(seq, said.pop("result", "done"), lines=lines, moves=tuple(moves), **said)

    # -- accounts and payments ----------------------------------------------------------------

    def own(self, name: str, actor: str) -> Row | None:
        """A customer's account the actor may dispose of; the bank's own are nobody's."""
        account = self.books.accounts.get(name)
        if account is None or account["side"] == "bank":
            return None
        role, _, who = actor.partition(":")
        return account if role in ("staff", "system") or account["owner"] == who else None

    def do_open_account(self, ask: Any, seq: int) -> dict[str, Any]:
        """A new account under a product, with money in it from the start or without."""
        role, _, who = ask.actor.partition(":")
        if role == "customer" and (who != ask.customer or (ask.opening_minor and not ask.source)):
            raise No("not_allowed")
        code = ask.product.removesuffix("@1")
        if code not in PRODUCTS:
            raise No("product_not_found")
        product = PRODUCTS[code]
        source = self.own(ask.source, ask.actor) if ask.source else None
        if source is not None and source["owner"] != ask.customer:
            raise No("account_not_found")
        name = ask.account or f"A{seq:011d}"
        if ask.account.startswith("bank:") or re.fullmatch(r"A\d{11}", ask.account):
            raise No("account_number_reserved")
        if self.books.find(name) is not None:
            raise No("account_exists")
        if ask.opening_minor < product["least_opening"]:
            raise No("opening_too_small")
        one, day, month = product["limits"]
        account = new_account(
            name, ask.customer, f"{code}@1", product["currency"], opened_at=ask.at,
            overdraft_minor=product["overdraft"], limit_payment_minor=one, limit_day_minor=day,
            limit_month_minor=month,
        )  # fmt: skip
        lines = self._fund(ask, seq, account)
        self.books.accounts.setdefault(name, account)
        person = {"id": ask.customer, "name": ask.name, "kind": ask.kind, "born": ask.born, "since": ask.at}
        self.customers.setdefault(ask.customer, person)
        return {"lines": lines, "made": name}

    def _fund(self, ask: Any, seq: int, account: Row) -> list[Any]:
        if not ask.opening_minor:
            return []
        source, kind = f"bank:cash:{account['currency']}", "deposit"
        if ask.source:
            source, kind = ask.source, "payment"
            if self.own(ask.source, ask.actor) is None:
                raise No("account_not_found")
        move = (source, account["id"], ask.opening_minor, account["currency"], kind)
        return self.books.post([move], seq, ask.at, {account["id"]: account})

    def do_deposit(self, ask: Any, seq: int) -> dict[str, Any]:
        """Money from outside."""
        account = self.books.find(ask.account)
        if account is None or account["side"] == "bank":
            raise No("account_not_found")
        not_their_own(ask.actor, account)
        move = (f"bank:{ask.source}:{ask.currency}", ask.account, ask.amount_minor, ask.currency, "deposit")
        return {"lines": self.books.post([move], seq, ask.at)}

    def do_pay(self, ask: Any, seq: int) -> dict[str, Any]:
        """A transfer with its fee: sent, kept back or refused."""
        payer = self.own(ask.payer, ask.actor)
        if payer is None or payer["owner"] != ask.customer or ask.payee.startswith("bank:"):
            raise No("account_not_found")
        fee = payment_fee(payer["product"].removesuffix("@1"), ask.amount_minor)
        verdict = verdict_of(ask.amount_minor)
        if verdict == "refused_band":
            raise No("payment_refused")
        if verdict == "allow":
            moves = [(ask.payer, ask.payee, ask.amount_minor, ask.currency, "payment")]
            if fee:
                moves.append((ask.payer, f"bank:fees:{ask.currency}", fee, ask.currency, "fee"))
            return {"result": "allowed", "lines": self.books.post(moves, seq, ask.at)}
        return self._keep_back((ask, seq, "payment"), verdict, ask.payee, fee, ask.at)

    def do_authorise_card_payment(self, ask: Any, seq: int) -> dict[str, Any]:
        """A card payment: posted at once, held for a capture, or kept back."""
        payer = self.own(ask.payer, ask.actor)
        if payer is None or payer["owner"] != ask.customer:
            raise No("account_not_found")
        verdict = verdict_of(ask.amount_minor)
        if verdict == "refused_band":
            raise No("payment_refused")
        kind = "card" if ask.capture else "authorisation"
        shop = f"bank:card_settlement:{ask.currency}"
        until = ask.at + PRODUCTS[payer["product"].removesuffix("@1")]["hours"] * HOUR
        move = (ask.payer, shop, ask.amount_minor, ask.currency, kind)
        if verdict != "allow":
            return self._keep_back((ask, seq, kind), verdict, shop, 0, until)
        if not ask.amount_minor:
            self.books.check((*move[:2], 1, *move[3:]), payer, self.books.find(shop), ask.at)
            return {"result": "allowed"}
        if ask.capture:
            return {"result": "allowed", "lines": self.books.post([move], seq, ask.at)}
        hold = self._hold((ask, seq, kind), shop, 0, until)
        return {"result": "allowed", "hold": hold["id"]}

    def _hold(self, what: tuple[Any, int, str], payee: str, fee: int, until: int) -> Row:
        ask, seq, kind = what
        hold = {
            "id": f"H{seq:011d}", "account": ask.payer, "payee": payee,
            "amount_minor": ask.amount_minor + fee,
            "currency": ask.currency, "status": "active", "kind": kind, "placed_at": ask.at,
            "expires_at": until, "fee_minor": fee,
        }  # fmt: skip
        self.books.place(hold, ask.at)
        return hold

    def _keep_back(
        self, what: tuple[Any, int, str], verdict: str, payee: str, fee: int, until: int
    ) -> dict[str, Any]:
        ask, seq, _ = what
        asks_again = verdict == "confirmed_band"
        late = ask.at + (10 * MINUTE if asks_again else DAY)
        hold = self._hold(what, payee, fee, late if asks_again else max(late, until))
        waiting = {"about": f"D{seq:011d}", "customer": ask.customer, "hold": hold["id"], "status": "open"}
        if asks_again:
            name = f"S{seq:011d}"
            self.challenges[name] = waiting | {
                "id": name, "payee": payee, "amount_minor": ask.amount_minor, "currency": ask.currency,
                "asked_at": ask.at, "expires_at": late,
            }  # fmt: skip
            return {"result": "stepped_up", "hold": hold["id"], "challenge": name}
        name = f"C{seq:011d}"
        self.askers[waiting["about"]] = ask.actor
        self.amounts[waiting["about"]] = (ask.amount_minor, ask.currency)
        self.cases[name] = waiting | {
            "id": name, "code": verdict, "opened_at": ask.at, "due_at": late, "closed_by": "", "closed_at": 0,
        }  # fmt: skip
        return {"result": "held", "hold": hold["id"], "case": name}


def snake(name: str) -> str:
    """OpenAccount -> open_account."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
