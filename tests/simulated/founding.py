"""The bank as it stands before a run: light policies, the first models, five customers with money."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.simulated.books import Books
from tests.simulated.disk import Disk, Session
from tests.simulated.plan import draw
from tests.simulated.world import World

from jingwei.bank import Bank
from jingwei.decisions.judge import Judge
from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.home import HomeCourt
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.use_model import UseModel
from jingwei.kernel.clock import DAY, SECOND
from jingwei.kernel.command import Command
from jingwei.ledger.products import shipped
from jingwei.models.contract import Model

PEOPLE = ("alice", "bob", "carol", "dave", "erin")
PRODUCT = {"bob": "savings_cny", "dave": "overdraft_cny"}
MONEY_MINOR = {"alice": 500_000, "bob": 9_000_000, "carol": 30_000, "dave": 100_000, "erin": 200_000}
LARGE_MINOR, VERY_LARGE_MINOR = 90_000, 200_000
DIGESTS = {"fraud": "f" * 64, "scam": "5" * 64}
LONG = 240
"""Records before a run with a long log: the first tile of the evidence is then completed in the run."""

POLICY = """
name = "{name}"
version = 1
[[rules]]
code = "very_large"
when = "amount_minor >= {very_large}"
verdict = "hold"
weight = 90
says = "A very large amount."
says_zh = "金额特别大。"
[[rules]]
code = "large"
when = "amount_minor >= {large} and amount_minor < {very_large}"
verdict = "step_up"
weight = 50
says = "A large amount."
says_zh = "金额较大。"
[[rules]]
code = "much_in_a_day"
when = "payments_24h >= 4 and paid_24h_minor > 60_000 and amount_minor < {large}"
verdict = "step_up"
weight = 40
says = "More than three payments and much money within a day."
says_zh = "一天内付款超过三笔且金额较多。"
[[rules]]
code = "many_at_once"
when = "payments_1h >= 7"
verdict = "refuse"
weight = 99
says = "The seventh payment within an hour."
says_zh = "一小时内的第七笔付款。"
"""


class Models:
    """The first models, by the digests the bank was told."""

    def load(self, digest: str) -> Model:
        """The model of this slot."""
        return FIRST_MODELS[next(slot for slot, known in DIGESTS.items() if known == digest)]


class SimulatedCourt(HomeCourt):
    """The home's own court; its snapshot lies on the simulated disk."""

    def __init__(self, world: World, disk: Disk, name: str) -> None:
        super().__init__(Path("simulated"), Models())  # type: ignore[arg-type]
        self._world, self._disk, self._name, self._times = world, disk, name, 0

    def keep_up(self, judge: Judge, size: int) -> None:
        """At once: one seed is one run."""
        self.adjourn(judge, size)

    def read_snapshot(self) -> bytes:
        """The snapshot kept last."""
        return self._disk.snapshot

    def keep_snapshot(self, content: bytes) -> None:
        """Keep a snapshot, or fail."""
        self._times += 1
        if self._world.fault("snapshot_refused", f"{self._name}.{self._times}"):
            raise OSError("no space left on the simulated disk")
        self._disk.snapshot = content


@lru_cache(maxsize=16)
def founded(start: int, long_log: bool) -> Books:
    """The books before a run that begins at this moment; to be copied, not changed."""
    world = World(draw(0))
    world.quiet = True
    disk = Disk()
    session = Session(world, disk, "founding")
    bank = Bank(session, shipped(), SimulatedCourt(world, disk, "founding"))
    at = start - 2 * DAY
    for n, (kind, fields) in enumerate(orders(long_log)):
        at += 20 * 60 * SECOND if kind is Deposit else SECOND
        command = kind(key=f"founding:{n}", actor="system:core", at=at, known_at=at, **fields)
        (reply,) = bank.do([command])
        assert reply.answer.result == "done", reply.answer
    return disk.books


def orders(long_log: bool) -> list[tuple[type[Command], dict[str, Any]]]:
    """What founds the bank, as commands without their stamps."""
    large = {"large": LARGE_MINOR, "very_large": VERY_LARGE_MINOR}
    found: list[tuple[type[Command], dict[str, Any]]] = []
    for name, slot in (("card_payment", "fraud"), ("outgoing_transfer", "scam")):
        found.append((PublishPolicy, {"text": POLICY.format(name=name, **large)}))
        found.append((UseModel, {"slot": slot, "digest": DIGESTS[slot]}))
    for who in PEOPLE:
        fields = {"account": who, "customer": who, "product": PRODUCT.get(who, "current_cny")}
        found.append((OpenAccount, fields | {"name": who, "opening_minor": MONEY_MINOR[who]}))
    while long_log and len(found) < LONG:
        found.append((Deposit, {"account": "erin", "amount_minor": 1, "currency": "CNY"}))
    return found
