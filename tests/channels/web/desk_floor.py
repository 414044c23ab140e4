"""A bank whose payments wait for a person, seen from the desk: cases to order, and words for its forms."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from tests.channels.web.browser import Browser

from jingwei.journeys.pay import Pay
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.kernel.clock import SECOND

RULES = """
name = "outgoing_transfer"
version = 9
[[rules]]
code = "large"
when = "amount_minor >= 100_000"
verdict = "hold"
weight = 80
says = "The amount is 1,000.00 or more."
says_zh = "金额达到1,000.00或以上。"
[[rules]]
code = "score"
when = "fraud_score >= 0.0"
verdict = "step_up"
weight = 10
says = "The score was looked at."
says_zh = "已查看评分。"
"""
FOUR_EYES = 5_000_000


class Floor(Browser):
    """A browser at a bank in which transfers of 1,000.00 and more wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._paid = 0
        self.do(PublishPolicy(text=RULES, **self.stamp("system:core")))

    def stamp(self, actor: str) -> dict[str, object]:
        self.clock.advance(SECOND)
        self._paid += 1
        return {"key": f"f{self._paid}", "actor": actor, "at": self.clock.at, "known_at": self.clock.at}

    def do(self, command):
        return self.home.bank.do([command])[0].answer

    def held(self, amount: int = 200_000, payee: str = "bob", device: str = "phone-1") -> str:
        """A payment of alice that waits; returns its case."""
        fields = {"customer": "alice", "payer": "alice", "payee": payee, "amount_minor": amount}
        answer = self.do(Pay(**fields, currency="CNY", device=device, **self.stamp("customer:alice")))
        assert answer.case, answer
        return answer.case

    def act(self, case: str, what: str, **fields: str) -> httpx.Response:
        """Send one of a case's forms as the page has it."""
        page = self.get(f"/desk/cases/{case}").text
        key = re.search(r'name="key" value="([^"]+)"', page)[1]
        token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
        return self.post(f"/desk/cases/{case}/{what}", form_token=token, key=key, **fields)
