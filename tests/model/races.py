"""Races: many ask at once for what only one can have; exactly one wins, the others get a clear answer."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from tests.model.runs import START, opened
from tests.model.wire import Answered, Call, Wire

from jingwei.home import Home
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.preview_offer import PreviewOffer
from jingwei.journeys.shape import Sealed
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.ids import seq_of
from jingwei.ledger.accounts import Balance
from jingwei.stores.store import Store, StoreError

MANY = 50
HAS_WRITER = re.compile("open for writing already|another process writes")
AMOUNT = {"allowed": "50.00", "held": "75.00", "stepped_up": "85.00"}
"""Amounts the model bank's policies treat like this."""


def one_winner(won: Sequence[bool], lost: Sequence[str], reasons: set[str]) -> str:
    """Why these are not one winner and clear answers for all others; "" when they are."""
    if sum(won) != 1:
        return f"{sum(won)} of {len(won)} won"
    strange = Counter(lost) - Counter({reason: len(lost) for reason in reasons})
    return f"the others were told {dict(strange)}" if strange else ""


class Ring:
    """A bank in which races are run, one after the other, each between customers of its own."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home = home
        self.wire = Wire(home)
        self.chance = random.Random(seed)
        self._n = home.store.size()
        self.name = ""

    def start(self, opening_minor: int) -> str:
        """Two new customers, the first with so much money; return the first one's name."""
        self._n += 1
        self.name = f"p{self._n}"
        stamp = {"actor": "system:core", "at": START, "known_at": START}
        self.home.bank.do(
            [
                OpenAccount(
                    customer=who,
                    account=who,
                    product="current_cny",
                    opening_minor=money,
                    key=f"open {who}",
                    **stamp,
                )
                for who, money in ((self.name, opening_minor), (f"{self.name}b", 0))
            ]  # fmt: skip
        )
        return self.name

    def pay(self, result: str, key: str = "pay") -> Call:
        """A transfer that comes to this result."""
        body = {"payer": self.name, "payee": f"{self.name}b", "amount": AMOUNT[result], "currency": "CNY"}
        return Call("POST", "/v1/payments", f"customer:{self.name}", body, f"{self.name}-{key}")

    def paid(self, result: str) -> Any:
        """Make that transfer and read what came of it."""
        answer = self.wire.ask(self.pay(result)).json
        assert answer["result"] == result, answer
        return answer

    def money(self) -> tuple[int, int, int]:
        """Booked and held of the payer, booked of the payee."""
        reader = self.home.store
        payer, payee = (reader.load(Balance, [name])[0] for name in (self.name, f"{self.name}b"))
        return payer.booked_minor, payer.held_minor, payee.booked_minor

    def together(self, calls: list[Call]) -> list[Answered]:
        """All at once, in any order."""
        self.chance.shuffle(calls)
        return self.wire.together(calls, self.chance)

    def close(self) -> None:
        """End."""
        self.wire.close()


def orders(ring: Ring, path: str, bodies: Sequence[tuple[str, Any]]) -> list[Call]:
    """Requests to one address by several, each under its own key."""
    return [Call("POST", path, who, body, f"{ring.name}-{n}-{who}") for n, (who, body) in enumerate(bodies)]


def same_key(ring: Ring) -> str:
    """One payment asked for 50 times under one key: done once, told 50 times in the same bytes."""
    ring.start(20_000)
    answers = ring.together([ring.pay("allowed")] * MANY)
    if {answer.status for answer in answers} != {201} or len({answer.body for answer in answers}) != 1:
        return f"{len({answer.body for answer in answers})} different answers"
    if ring.money() != (15_000, 0, 5_000):
        return f"the money stands at {ring.money()}"
    return one_winner([not answer.replayed for answer in answers], [], set())


def last_money(ring: Ring) -> str:
    """50 payments, each of all the money there is."""
    ring.start(5_000)
    answers = ring.together([ring.pay("allowed", str(n)) for n in range(MANY)])
    won = [answer.json["result"] == "allowed" for answer in answers]
    lost = [answer.code for answer, has in zip(answers, won, strict=True) if not has]
    if ring.money() != (0, 0, 5_000):
        return f"the money stands at {ring.money()}"
    return one_winner(won, lost, {"balance_too_low"})


def double_reversal(ring: Ring) -> str:
    """Two people reverse one payment, four times each."""
    ring.start(5_000)
    path = f"/v1/decisions/{ring.paid('allowed')['id']}/reversal"
    answers = ring.together(orders(ring, path, [("system:core", {})] * 8))
    if ring.money() != (5_000, 0, 0):
        return f"the money stands at {ring.money()}"
    return settled(answers, {"already_reversed"})


def settled(answers: Sequence[Answered], reasons: set[str]) -> str:
    """One answer is 200, all others are refusals with one of these codes."""
    won = [answer.status == 200 for answer in answers]
    return one_winner(won, [answer.code for answer in answers if answer.status != 200], reasons)


def capture_or_release(ring: Ring) -> str:
    """A hold is captured and released at the same time."""
    ring.start(5_000)
    body = {"type": "card", "payer": ring.name, "terminal": "T1", "amount": "50.00", "currency": "CNY"}
    call = Call("POST", "/v1/payments", "system:core", body | {"capture": False}, f"{ring.name}-hold")
    hold = ring.wire.ask(call).json["hold"]
    money = {"amount": "50.00", "currency": "CNY"}
    calls = orders(ring, f"/v1/holds/{hold}/captures", [("system:core", money)] * 2)
    calls += orders(ring, f"/v1/holds/{hold}/release", [("staff:reviewer", {})] * 2)
    answers = ring.together(calls)
    if ring.money() not in ((0, 0, 0), (5_000, 0, 0)):
        return f"the money stands at {ring.money()}"
    return settled(answers, {"hold_not_active"})


def step_up_twice(ring: Ring) -> str:
    """A step-up is confirmed and denied at the same time."""
    ring.start(20_000)
    challenge = ring.paid("stepped_up")["challenge"]
    shown = {"payee": f"{ring.name}b", "amount": AMOUNT["stepped_up"], "currency": "CNY"}
    who = f"customer:{ring.name}"
    bodies = [(who, shown | {"confirm": confirm}) for confirm in (True, False, True, False)]
    answers = ring.together(orders(ring, f"/v1/step-ups/{challenge}", bodies))
    if ring.money() not in ((11_500, 0, 8_500), (20_000, 0, 0)):
        return f"the money stands at {ring.money()}"
    return settled(answers, {"challenge_closed"})


def case_by_two(ring: Ring) -> str:
    """Two people review a case at the same time, one to release and one to refuse."""
    ring.start(20_000)
    case = ring.paid("held")["case"]
    asks = [("staff:reviewer", {"release": True}), ("staff:reviewer", {"release": False})] * 2
    answers = ring.together(orders(ring, f"/v1/cases/{case}/review", asks))
    if ring.money() not in ((12_500, 0, 7_500), (20_000, 0, 0)):
        return f"the money stands at {ring.money()}"
    return settled(answers, {"case_closed"})


def told(done: Sealed) -> dict[str, Any]:
    """What the first event of a record says."""
    found: dict[str, Any] = msgspec.to_builtins(done.answer.events[0])
    return found


def consent_withdrawn(ring: Ring) -> str:
    """A consent is taken back three times while it is read under and money is paid.

    Whatever is done behind the first withdrawal in the log reads nothing; whatever is before it does.
    """
    who = ring.start(40_000)
    agree = Call("POST", "/v1/consents", f"customer:{who}", {"purpose": "marketing"}, f"{who}-agree")
    assert ring.wire.ask(agree).status == 200
    readers = orders(ring, "/v1/offers", [("staff:teller", {"customer": who, "account": who})] * 8)
    withdrawals = [
        Call("POST", "/v1/consents/withdrawal", f"customer:{who}", {"purpose": "marketing"}, f"{who}-{n}")
        for n in range(3)
    ]
    payments = [ring.pay("allowed", f"pay{n}") for n in range(6)]
    answers = ring.together([*readers, *withdrawals, *payments])
    ended, read, unread = [], [], []
    for answer in answers:
        seq = seq_of(answer.json.get("id") or answer.json["decision"])
        done = None if seq is None else ring.home.bank.sealed(seq)
        assert done is not None, answer.body
        if isinstance(done.command, WithdrawConsent):
            ended += [done.seq] if told(done)["data"] else []
        elif isinstance(done.command, PreviewOffer):
            (read if answer.code == "done" else unread).append(done.seq)
    if ring.money() != (10_000, 0, 30_000):
        return f"the money stands at {ring.money()}"
    if len(ended) != 1:
        return f"{len(ended)} of 3 withdrawals ended the consent"
    late, early = [seq for seq in read if seq > ended[0]], [seq for seq in unread if seq < ended[0]]
    return f"withdrawn at {ended[0]}, read at {late}, not read at {early}" if late or early else ""


RACES: dict[str, Callable[[Ring], str]] = {
    "same key": same_key,
    "last money": last_money,
    "double reversal": double_reversal,
    "capture or release": capture_or_release,
    "step-up twice": step_up_twice,
    "case by two": case_by_two,
    "consent withdrawn": consent_withdrawn,
}


def run_races(name: str, seed: int, trials: int, engine: str = "sqlite") -> list[str]:
    """Run a race so many times; return what went wrong."""
    bad = []
    with opened(engine) as home:
        ring = Ring(home, seed)
        try:
            for n in range(trials):
                if says := RACES[name](ring):
                    bad.append(f"{name}, race {n} of seed {seed}: {says}")
            if any(booked for _, booked, _ in home.store.totals()):
                bad.append(f"{name}: money was made or lost: {home.store.totals()}")
        finally:
            ring.close()
    return bad


def race_to_open(make: Callable[[], Store], writers: int = 4) -> str:
    """Several threads, each with its own connection, want to be the bank's writer at the same time."""
    ready, leave = threading.Barrier(writers), threading.Barrier(writers)
    won, lost = [], []

    def write() -> None:
        ready.wait()
        try:
            store = make()
        except StoreError as error:
            lost.append("has a writer" if HAS_WRITER.search(str(error)) else str(error))
            won.append(False)
            leave.wait()
            return
        won.append(True)
        leave.wait()
        store.close()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return one_winner(won, lost, {"has a writer"})
