"""A bank with borrowers, seen in a browser: half a year of wages, a clean report, and the ways to a loan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
from tests.channels.web.browser import Browser

from jingwei.channels.lending import asking
from jingwei.domains.credit import deciding
from jingwei.domains.credit.inputs import Bureau
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.journeys import run_loan_day
from jingwei.journeys.deposit import Deposit
from jingwei.kernel.clock import DAY, SECOND, bank_day

WAGES = {"alice": 2_000_000, "bob": 900_000, "carol": 150_000}


ODD = 123_457
"""The clock of a bank never stands at a whole second."""


class CleanBureau:
    """Reports nothing bad about anybody."""

    def report(self, customer: str, at: int) -> Bureau:
        return Bureau(source="clean", reported_at=at, debts=0, monthly_minor=0, late_marks=0, inquiries=0)


class Lender(Browser):
    """A browser at a bank whose customers have had wages for half a year."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._asked = 0
        self.clock.advance(ODD)
        for _ in range(7):
            for who, minor in WAGES.items():
                self.do(Deposit(account=who, amount_minor=minor, currency="CNY", **self.stamp("system:core")))
            self.clock.advance(30 * DAY)

    def stamp(self, actor: str) -> dict[str, Any]:
        self.clock.advance(SECOND)
        self._asked += 1
        return {"key": f"b{self._asked}", "actor": actor, "at": self.clock.at, "known_at": self.clock.at}

    def do(self, command: Any) -> Any:
        """Have a command done beside the pages."""
        return self.home.bank.do([command])[0].answer

    def booked(self, account: str) -> int:
        """What is in an account (minor units)."""
        return self.home.bank._overlay.standing(account).balance.booked_minor

    def kept(self, kind: Any, some_id: str) -> Any:
        return self.home.bank._overlay.get(kind, some_id)

    def form(self, path: str, page: str = "", **fields: Any) -> httpx.Response:
        """Send a form of this page with its token and key; fields the page hides are sent along."""
        text = self.get(page or path).text
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form_in(text, path)))
        return self.post(path, **(hidden | fields))

    def apply(self, who: str, amount: str = "12000", months: int = 12, **more: Any) -> LoanApplication:
        """An application through the form."""
        self.clock.advance(SECOND)
        self.sign_in(f"customer:{who}")
        fields = {"amount": amount, "months": str(months), "purpose": "home", "agree": "1"} | more
        sent = self.form("/app/loans/apply/personal_loan", **fields)
        assert sent.status_code == 303, sent.text
        return self.kept(LoanApplication, sent.headers["location"].rpartition("/")[2])

    def sign(self, found: LoanApplication, **other: Any) -> httpx.Response:
        """Sign an offer as the page has it."""
        page = f"/app/loans/applications/{found.id}"
        return self.form(f"{page}/sign", page, **({"read": "1", "proof_demo": "1"} | other))

    def lend(self, who: str, amount: str = "12000", months: int = 12) -> Loan:
        """A loan, from the form to the money."""
        signed = self.sign(self.apply(who, amount, months))
        assert signed.status_code == 303, signed.text
        return self.kept(Loan, signed.headers["location"].partition("?")[0].rpartition("/")[2])

    def close_days(self, days: int) -> None:
        """So many days go by, and every loan's day is closed."""
        for _ in range(days):
            self.clock.advance(DAY)
            day = bank_day(self.clock.at) - 1
            list(run_loan_day.run(day, self.clock.at, self.do))


def form_in(text: str, action: str) -> str:
    """The form of a page that posts to this address."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}"[^>]*>(.*?)</form>', text, re.S)
    assert found, f"no form to {action}"
    return found[1]


def clean(monkeypatch: Any) -> None:
    """A bureau that reports nothing bad, and a bank that lends to the same few people again and again."""
    monkeypatch.setattr(asking, "BUREAU", CleanBureau())
    monkeypatch.setattr(deciding, "OFTEN", 99)
