"""Demo customers with play money, taken on by ordinary commands: the first payment is one request away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from jingwei.channels.demo_models import bring
from jingwei.channels.rates import make_up
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.ties import AcceptTie, OfferTie
from jingwei.kernel.clock import Clock
from jingwei.kernel.refusal import Refusal

if TYPE_CHECKING:
    from jingwei.bank import Reply
from jingwei.home import Home

ACTOR = "system:core"
PRODUCT = "current_cny"


class Person(NamedTuple):
    """A made-up customer; the account has the same name as its owner."""

    id: str
    name: str
    opening_minor: int
    born: str = ""
    product: str = PRODUCT
    kind: Literal["person", "company"] = "person"

    @property
    def actor(self) -> str:
        """As commands name this person."""
        return f"customer:{self.id}"

    @property
    def roles(self) -> tuple[str, ...]:
        """What this person may do."""
        return ("customer",)


class Member(NamedTuple):
    """A made-up member of staff."""

    actor: str
    name: str
    roles: tuple[str, ...]


PEOPLE = (
    Person("alice", "Alice 爱丽丝", 100_000_000, "1991-03-14"),
    Person("bob", "Bob 鲍勃", 5_000_000, "1979-10-05"),
    Person("carol", "Carol 卡萝", 500_000, "1984-07-21"),
    Person("mallory", "Mallory 马洛里", 0),
    Person("erin", "Erin 小艾", 100_000, "2014-06-01", "youth_cny"),
    Person("grace", "Grace 葛奶奶", 3_000_000, "1948-04-12"),
    Person("dana", "Dana 戴娜", 2_000_000, "1993-03-08"),
    Person("teahouse", "Willow Teahouse 柳岸茶馆", 0, kind="company"),
    Person("needle", "Needle and Thread 针线坊", 0, kind="company"),
    Person("harbour", "Harbour Hardware 港湾五金", 0, kind="company"),
)
"""alice pays, bob and carol are paid, nobody ever paid mallory; carol's child is erin, her mother grace;
dana expects a child. The last three are companies."""

TIES: tuple[tuple[Literal["guardian", "helper"], str, str], ...] = (
    ("guardian", "erin", "carol"),
    ("helper", "grace", "carol"),
)
"""Kind, whose accounts, and who looks after or sees them: carol offers, the others have said yes."""

STAFF = (
    Member("staff:teller", "Teller 柜员", ("teller",)),
    Member("staff:reviewer", "Risk reviewer 风险审核", ("risk_reviewer",)),
    Member("staff:customer_manager", "Customer manager 客户经理", ("customer_manager",)),
    Member("staff:compliance", "Compliance 合规", ("compliance",)),
    Member("staff:model_owner", "Model owner 模型负责人", ("model_owner",)),
    Member("staff:auditor", "Auditor 审计", ("auditor",)),
    Member("staff:admin", "Administrator 系统管理员", ("admin",)),
    Member("staff:senior", "Senior reviewer 高级审核", ("risk_reviewer", "compliance")),
)
"""One member of staff for every role."""


def made_up_roles(actor: str) -> tuple[str, ...]:
    """The fine roles of an actor nobody keeps an identity for: the bank's own, customers, made-up staff."""
    kind = actor.partition(":")[0]
    if kind in ("customer", "system"):
        return (kind,)
    return next((one.roles for one in STAFF if one.actor == actor), ())


def people(clock: Clock) -> list[OpenAccount]:
    """The commands that take on the demo customers; asking twice changes nothing."""
    now = clock.now()
    return [
        OpenAccount(
            key=f"demo:{one.id}",
            actor=ACTOR,
            at=now,
            known_at=now,
            customer=one.id,
            product=one.product,
            account=one.id,
            name=one.name,
            born=one.born,
            kind=one.kind,
            opening_minor=one.opening_minor,
        )
        for one in PEOPLE
    ]


def tie_families(home: Home) -> list[Reply]:
    """Tie the demo families, unless that was done before; what was ended since stays ended."""
    replies: list[Reply] = []
    for kind, whose, keeper in TIES:
        now, key = home.clock.now(), f"demo:{kind}:{whose}"
        who = f"customer:{keeper}"
        offered = home.bank.do(
            [OfferTie(key=key, actor=who, at=now, known_at=now, kind=kind, whose=whose, keeper=keeper)]
        )[0]
        replies.append(offered)
        if offered.answer.made and not offered.replayed:
            yes = AcceptTie(key=key, actor=f"customer:{whose}", at=now, known_at=now, tie=offered.answer.made)
            replies += home.bank.do([yes])
    return replies


TAKEN_ON = ("account_exists", "key_used_for_another")
"""What is told of people who were taken on before, by this or an earlier version of the demo."""


def settle(home: Home) -> list[Refusal]:
    """Take on who is missing of the demo, and the simulated scorecards; return what was refused.

    Accounts already there are not told.
    """
    bring(home.registry)
    make_up(home.path)
    replies = home.bank.do(people(home.clock))
    replies += tie_families(home)
    refusals = (reply.answer.refusal for reply in replies)
    return [refusal for refusal in refusals if refusal is not None and refusal.code not in TAKEN_ON]
