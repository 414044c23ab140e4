"""A bank in which every page has something to show: what the addresses of the grid are filled with."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from tests.web_stories.conftest import Served

from jingwei.channels.lending.asking import application
from jingwei.channels.signon import codes, enrol
from jingwei.channels.signon.passwords import hashed
from jingwei.channels.signon.people import SignOn
from jingwei.domains.credit.loans import Loan, LoanApplication, PayLaterLine
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.ask_for_person import AskForPerson
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.review_loan import ReviewLoan
from jingwei.journeys.set_limits import SetLimits
from jingwei.kernel.clock import SystemClock
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.appeals import appeal_id
from jingwei.ledger.family import Tie
from jingwei.ledger.work import Case
from jingwei.stores.identities import Client, Person

ALICE = "customer:alice"
INVITED = "dora"
DAY_S = 86_400


class GridBank:
    """The served bank, its things by name, and an open sign-on for whoever is invited."""

    def __init__(self, path: Path) -> None:
        self.served = Served(path, lived=True)
        self.url = self.served.url
        self.signon = SignOn(path, SystemClock(), f"http://localhost:{self.served.port}")
        self.things: dict[str, list[str]] = {}
        self.owner: dict[str, str] = {}
        self._live()

    def close(self) -> None:
        self.signon.close()
        self.served.close()

    def do(self, kind: Any, actor: str, **fields: Any) -> Any:
        """The answer to a command."""
        at = self.served.desk.home.clock.now()
        stamp = {"key": secrets.token_hex(8), "actor": actor, "at": at, "known_at": at}
        return self.served.do(kind(**fields, **stamp)).answer

    def pay(self, payee: str, minor: int, **more: Any) -> Any:
        """A payment of alice's."""
        money = {"amount_minor": minor, "currency": "CNY", "device": "alice-phone"} | more
        return self.do(Pay, ALICE, customer="alice", payer="alice", payee=payee, **money)

    def invitation(self) -> str:
        """A fresh code with which dora can enrol."""
        return str(enrol.invite(self.signon, "system:core", f"customer:{INVITED}"))

    def _live(self) -> None:
        known = self.signon.identities
        known.add(Person(f"customer:{INVITED}", INVITED, "Dora", ("customer",)))
        known.add(Person("customer:bob", "bob", "Bob", ("customer",)))
        known.set_password("customer:bob", hashed("correct horse battery"))
        known.factors.set_totp("customer:bob", codes.new_secret(), self.signon.clock.now())
        enrol.new_recovery(self.signon, "customer:bob")
        known.keep_client(Client("shop", "Shop", ("https://shop.example/back",), ("openid", "bank.read")))
        self._money()
        self._rules()
        self._loans()
        came_in = self.served.desk.home.insight.imports()
        self.things |= {"field": ["name"], "import_id": [came_in[0].id], "product": ["personal_loan"]}

    def _money(self) -> None:
        """Payments in every state there is, and the cases that come of them."""
        paid = self.pay("river_tea", 3_300)
        waits = self.pay("page_one", 8_800, undo_s=DAY_S)
        asked = self.pay("carol", 600_000)
        held = self.pay("mallory", 6_000_000)
        refused = self.pay("mallory", 26_000_000, device="never-seen")
        appeal = self._kept(Case, "code", "appeal")[0]
        ties = self._kept(Tie, "keeper", "carol")
        self.do(AskForPerson, "customer:grace")
        money = {"amount_minor": 60_000_000, "currency": "CNY", "memo": "<b>Inheritance</b> 遗产"}
        self.do(Deposit, "staff:teller", account="grace", **money)
        wide = {"payment_minor": 5_000_000, "day_minor": None, "month_minor": None}
        line = self.do(SetLimits, "staff:teller", account="carol", overdraft_minor=6_000_000, **wide)
        self.do(OpenAccount, "staff:teller", customer="bob", account="bob-usd", product="current_usd")
        rate = {"rate_numerator": 7, "rate_denominator": 50, "margin_bp": 20, "amount_minor": 234_500}
        swap = self.do(Exchange, "staff:lin", customer="bob", payer="bob", payee="bob-usd", **rate)
        assert line.result == swap.result == "proposed", (line, swap)
        assert asked.challenge and held.case and refused.result == "refused", (asked, held, refused)
        payments = [one.id for one in (paid, waits, held, refused)]
        self.things |= {
            "payment": payments, "decision": [paid.id, held.id, refused.id], "challenge": [asked.challenge],
            "case": [held.case], "appeal": [appeal_id(appeal.about)],
            "customer": ["alice", "erin"], "tie": [tie.id for tie in ties],
        }  # fmt: skip

    def _kept(self, kind: Any, field: str, value: str) -> list[Any]:
        reader = self.served.desk.home.store.reader()
        try:
            return [one for one in reader.page(kind, after="", limit=500) if getattr(one, field) == value]
        finally:
            reader.close()

    def _loans(self) -> None:
        """A running loan, a line with a draw, and applications offered, waiting, refused and signed."""
        self.do(GiveConsent, ALICE, customer="alice", purpose=Purpose.CREDIT)
        reader, at = self.served.desk.reader, self.served.desk.home.clock.now()
        asked = {"key": "grid:loan", "actor": ALICE, "at": at, "known_at": at}
        wish = {"product": "personal_loan", "amount_minor": 1_200_000, "months": 12, "purpose": "home"}
        self.served.do(application(reader, asked, customer="alice", account="alice", **wish))
        asked |= {"key": "grid:person"}
        mine = wish | {"customer": "alice", "account": "alice", "person": True}
        held = self.served.do(application(reader, asked, **mine)).answer
        self.do(ReviewLoan, "staff:customer_manager", case=held.case, approve=True, words="Steady. 稳定。")
        people = ("alice", "bob", "carol", "grace")
        applied = [one for who in people for one in self._kept(LoanApplication, "customer", who)]
        loans = [one for who in people for one in self._kept(Loan, "customer", who)]
        lines = self._kept(PayLaterLine, "customer", "bob")
        states = {one.status for one in applied}
        assert states >= {"offered", "waiting", "refused", "signed"} and len(loans) >= 2 and lines, states
        waits = [one.id for one in self._kept(Case, "code", "loan_review")]
        self.owner |= {one.id: f"customer:{one.customer}" for one in (*applied, *loans, *lines)}
        self.things |= {
            "application": [one.id for one in applied], "loan": [one.id for one in loans],
            "line": [one.id for one in lines], "/desk/loans/cases/{case}": waits,
        }  # fmt: skip

    def _rules(self) -> None:
        """A rule somebody proposed."""
        name = "outgoing_transfer"
        text = self.served.desk.home.store.note(f"policy:{name}") or policy_text(name)
        changed = text.replace("version = 1", "version = 2", 1).replace("500_000", "450_000", 2)
        made = self.do(ProposePolicy, "staff:model_owner", text=changed, why="Smaller amounts, too.")
        self.things |= {"draft": [made.made], "name": [name]}
        assert made.made, made
