"""Killing a bank while loans are signed: no money without a contract, no contract without money."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from jingwei.channels.lending.applicants import Kind, asking, settling, signing
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.home import open_home
from jingwei.journeys.sign_loan import SignLoan
from jingwei.ledger.accounts import Balance, Line, chart_id
from jingwei.simulation.soak_life import Death, Told, killed
from jingwei.stores.store import Reader

MOST_SECONDS = 0.12
LINES = 10_000


class Killed(msgspec.Struct, frozen=True):
    """Lives that ended by SIGKILL while they signed, and what did not hang together afterwards (none should).

    `contracts` are the loans there are, `paid_out` the payments that paid one out; `lost` are signatures
    that were acknowledged and are not there.
    """

    rounds: int
    contracts: int
    paid_out: int
    money_without_contract: int
    contract_without_money: int
    lost: int


WISHES: dict[Kind, dict[str, object]] = {
    "person": {},
    "company": {"product": "shop_loan", "amount_minor": 500_000},
}
"""What people and companies ask for, beside what is usual."""


def kill_rounds(path: Path, rounds: int, chance: random.Random, kind: Kind = "person") -> Killed:
    """Let a bank sign loans of people or of companies, kill it at a random moment, look, and begin again on
    the same books."""
    acknowledged: set[str] = set()
    found = Killed(0, 0, 0, 0, 0, 0)
    for n in range(rounds):
        _settle(path, n, kind)
        death = Death(chance.random() * MOST_SECONDS, True, ("bank",))
        heard = killed(lambda tell, n=n: sign_for_ever(path, n, tell, kind), death)  # type: ignore[misc]
        acknowledged |= {
            reply.answer.made
            for command, reply in heard.acknowledged
            if isinstance(command, SignLoan) and reply.answer.made
        }
        home = open_home(path)
        try:
            found = looked(home.store, n + 1, acknowledged)
        finally:
            home.close()
    return found


def _settle(path: Path, n: int, kind: Kind) -> None:
    """Take on the people of this round before it begins."""
    home = open_home(path)
    try:
        now = home.clock.now()
        home.bank.do([command for who in _people(n) for command in settling(who, now, 6, kind=kind)])
    finally:
        home.close()


def _people(n: int) -> list[str]:
    return [f"k{n}-{i}" for i in range(60)]


def sign_for_ever(path: Path, n: int, tell: Callable[[Told], None], kind: Kind = "person") -> None:
    """Apply and sign for one person after the other, telling what is asked and what was answered."""
    tell(Told("opening"))
    home = open_home(path)
    for who in _people(n):
        asked = asking(home.store, who, home.clock.now(), f"ask:{who}", person=False, **WISHES[kind])
        made = home.bank.do([asked])[0].answer.made
        offer = home.store.load(LoanApplication, [made])[0]
        if offer.status != "offered":
            continue
        command = signing(offer, home.clock.now(), f"sign:{who}")
        tell(Told("asking", [command]))
        tell(Told("asked", [command], home.bank.do([command])))
    home.close()


def looked(reader: Reader, rounds: int, acknowledged: set[str]) -> Killed:
    """Compare every contract with every payment on bank:loans."""
    loans = {loan.id: loan for loan in _all(reader)}
    paid = {f"L{line.id >> 16:011d}": line for line in paid_out(reader)}
    signed = {one.loan for one in _signed(reader)}
    wrong = [some_id for some_id, line in paid.items() if not _same(loans.get(some_id), line)]
    unsigned, unpaid = paid.keys() - signed, loans.keys() - paid.keys()
    lost = acknowledged - loans.keys()
    return Killed(rounds, len(loans), len(paid), len(wrong) + len(unsigned), len(unpaid), len(lost))


def _same(loan: Loan | None, line: Line) -> bool:
    return loan is not None and (loan.account, loan.amount_minor) == (line.payee, line.amount_minor)


def _all(reader: Reader) -> list[Loan]:
    found: list[Loan] = []
    while page := reader.page(Loan, after=found[-1].id if found else "", limit=1_000):
        found += page
    return found


def _signed(reader: Reader) -> list[LoanApplication]:
    return reader.find(LoanApplication, "status", "signed", limit=LINES)


def paid_out(reader: Reader) -> list[Line]:
    """Every line that paid a loan out, walked back from the newest of bank:loans."""
    held = reader.load(Balance, [chart_id("loans", "CNY")])
    number, found = (held[0].last_line if held else -1), list[Line]()
    while number >= 0:
        line = reader.lines([number])[0]
        mine = line.payer == chart_id("loans", "CNY")
        found += [line] if mine and line.kind == "loan" else []
        number = line.payer_previous if mine else line.payee_previous
    return found
