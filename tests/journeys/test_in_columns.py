"""Card payments done as columns: the same answers, books, features and evidence as one command at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from jingwei.bank import Bank, Replies
from jingwei.decisions.judge import JudgedColumns, Judgement
from jingwei.decisions.policy import Verdict
from jingwei.journeys import in_columns
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.card_leaves import write_leaves
from jingwei.journeys.card_payments import CardPayments, Names, Who
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.set_limits import SetLimits
from jingwei.journeys.table import seal
from jingwei.kernel.command import AHEAD, Command
from jingwei.kernel.ids import decision_id
from jingwei.stores.store import StoreError

OWNERS = [f"p{n}" for n in range(12)]
CUSTOMERS = [*OWNERS, "stranger", "p0"]
PAYERS = [*(f"card-{who}" for who in OWNERS), "card-nobody", "card-p1"]
"""The last two customers may not use the accounts they name."""
TERMINALS = ["t1", "T.2:@-x"]
ODD_STEMS = ("weeks:", 'a "quoted"\\ name ', "每周:", "")


def who(stem: str, actor: str = "system:cards") -> Who:
    return Who(id(stem), actor, "CNY", stem, Names(CUSTOMERS), Names(PAYERS), Names(TERMINALS))


def other(town: Any, draw: random.Random, at: int, first: int, place: int) -> Command:
    """A command between the payments, most of them about an account that pays."""
    account = f"card-{draw.choice(OWNERS)}"
    stamp: dict[str, Any] = {"key": f"o{first + place}", "actor": "staff:lin", "at": at, "known_at": at}
    limits = {"payment_minor": draw.choice((None, 5_000)), "day_minor": None, "month_minor": None}
    return draw.choice((
        lambda: FreezeAccount(account=account, direction="out", on=draw.random() < 0.4, **stamp),
        lambda: SetLimits(account=account, **limits, **stamp),
        lambda: Deposit(account=account, amount_minor=70_000, currency="CNY", **stamp),
        lambda: ReportFraud(
            payment=f"x{first + place}", customer=account, amount_minor=5, terminal="t1", paid_at=at - 9,
            **stamp,
        ),
        lambda: Reverse(decision=decision_id(first + draw.randrange(max(place, 1))), **stamp),
    ))()  # fmt: skip


def weeks(town: Any, seed: int, count: int, stem: str) -> CardPayments:
    """Payments of a few weeks, some of them impossible, with other commands between them."""
    draw = random.Random(seed)
    first, at, columns, others = town.home.store.size(), town.clock.at, [], {}
    for place in range(count):
        at += draw.choice((1, 60_000_000, 7_200_000_000, -3_000_000, 90_000_000_000))
        customer = draw.choice((12, 13, 13)) if draw.random() < 0.15 else draw.randrange(len(OWNERS))
        amount = draw.choice((1, 250, 700, 1_999, 9_000, 60_000, 0))
        known = at + draw.choice((0, 0, 0, 86_400_000_000))
        columns.append((at, known, customer, draw.randrange(2), amount, place))
        if draw.random() < 0.08:
            others[place] = other(town, draw, at, first, place)
    town.clock.at = at
    return CardPayments(who(stem), np.array(columns, np.int64).T, others)


def books(town: Any) -> tuple[Any, ...]:
    store = town.home.store
    return (
        store.root(),
        store.totals(),
        [store.record(seq) for seq in range(store.size())],
        store.line_range(0, 2**60, 10**6),
        {name: town.bank._overlay.standing(f"card-{name}") for name in OWNERS},
        town.bank.judge.live.snapshot(),
    )


@pytest.fixture
def owned(make_town: Callable[[str], Any]) -> Callable[[str], Any]:
    """Towns whose customers p0.. own the accounts card-p0.. with some money each."""
    from jingwei.journeys.open_account import OpenAccount

    def make(name: str) -> Any:
        town = make_town(name)
        for n, person in enumerate(OWNERS):
            stamp = town.stamp("system:core")
            asked = OpenAccount(account=f"card-{person}", customer=person, product="current_cny", **stamp)
            assert town.do(asked).answer.result == "done"
            town.do(
                Deposit(
                    account=f"card-{person}", amount_minor=20_000 * (n + 1) ** 2, currency="CNY",
                    **town.stamp("system:core"),
                )
            )  # fmt: skip
        return town

    return make


def done(bank: Bank, commands: Sequence[Command], size: int) -> bytes:
    """Do the commands so many at a time; their answers as told."""
    told = []
    for start in range(0, len(commands), size):
        replies = bank.commit(bank.prepare(commands[start : start + size]))
        told += [reply.answer for reply in replies]
        bank.wait()
    return msgspec.json.encode(told)


@pytest.mark.parametrize("stem", ODD_STEMS)
def test_columns_come_to_the_same_as_one_command_at_a_time(owned: Callable[[str], Any], stem: str) -> None:
    seen = []
    for name, size in (("one by one", 1), ("all at once", 10_000), ("in columns", 10_000), ("in parts", 37)):
        town = owned(name)
        asked = weeks(town, 3, 400, stem)
        commands: Sequence[Command] = list(asked) if size == 1 or name == "all at once" else asked
        seen.append((done(town.bank, commands, size), *books(town)))
        results = {reply["result"] for reply in msgspec.json.decode(seen[-1][0])}
        assert results == {"allowed", "held", "stepped_up", "refused", "done"}
    assert seen[0] == seen[1] == seen[2] == seen[3]


def test_most_payments_are_ordinary_and_told_when_looked_at(owned: Callable[[str], Any]) -> None:
    town = owned("town")
    town.bank.do(list(weeks(town, 1, 30, "warm:")))
    asked = weeks(town, 3, 400, "weeks:")
    replies = town.bank.commit(town.bank.prepare(asked))
    assert isinstance(replies, Replies)
    assert len(replies.answers.others) < 260
    assert town.bank.sealed(replies[5].seq).command == asked[5]
    on_their_way = [town.bank.sealed(reply.seq).answer for reply in replies]
    town.bank.wait()
    durable = [town.bank.sealed(reply.seq).answer for reply in replies]
    told = msgspec.json.encode([reply.answer for reply in replies])
    assert msgspec.json.encode(on_their_way) == msgspec.json.encode(durable) == told


def test_columns_asked_again_are_answered_alike(owned: Callable[[str], Any]) -> None:
    town = owned("town")
    asked = weeks(town, 4, 200, "weeks:")
    first = town.bank.do(asked[:150])
    again = town.bank.do(asked)
    assert [reply.replayed for reply in again] == [True] * 150 + [False] * 50
    told = [msgspec.json.encode([reply.answer for reply in some[:150]]) for some in (first, again)]
    assert told[0] == told[1]


def test_payments_dated_in_the_future_are_not_recorded_in_columns_either(owned: Callable[[str], Any]) -> None:
    seen = []
    for name in ("one by one", "in columns"):
        town = owned(name)
        asked = weeks(town, 6, 80, "weeks:")
        for place in (3, 40, 41):
            asked.others.pop(place, None)  # type: ignore[attr-defined]
        asked = CardPayments(asked.who, asked.columns, asked.others)
        asked.known[[3, 40]] = asked.at[[3, 40]] - AHEAD - 1
        asked.known[41] = asked.at[41] - AHEAD
        replies = town.bank.do(list(asked) if name == "one by one" else asked)
        told = [place for place, reply in enumerate(replies) if reply.seq < 0]
        codes = {replies[place].answer.refusal.code for place in told}
        seen.append((told, codes, msgspec.json.encode([reply.answer for reply in replies]), *books(town)))
    assert seen[0][0] == [3, 40] and seen[0][1] == {"dated_in_the_future"}
    assert seen[0] == seen[1]


def reports(town: Any, first: int, payments: dict[int, str]) -> CardPayments:
    """Twenty payments with keys from `first` on, and reports of these payments between them."""
    at = town.clock.at
    columns = np.array([(at, at, n % 12, 0, 250, first + n) for n in range(20)], np.int64).T
    others: dict[int, Command] = {
        place: ReportFraud(
            key=f"r{first + place}", actor="staff:lin", at=at, known_at=at, payment=payment, customer="p1",
            amount_minor=250, terminal="t1", paid_at=at,
        )
        for place, payment in payments.items()
    }  # fmt: skip
    return CardPayments(who("weeks:"), columns, others)


def test_what_may_be_done_only_once_is_claimed_among_columns(owned: Callable[[str], Any]) -> None:
    """Reports of one payment in batches on their way, in one batch, and among those that are durable."""
    town, twin = owned("town"), owned("twin")
    steps = ([{5: "w1", 9: "w2"}, {3: "w3", 4: "w1"}], [{7: "w4", 8: "w4", 9: "w5"}], [{1: "w2"}])
    for step, parts in enumerate(steps):
        replies, same = [], []
        prepared = [reports(town, 100 * step + 20 * n, part) for n, part in enumerate(parts)]
        coming = [town.bank.prepare(one) for one in prepared]
        for one in coming:
            replies += town.bank.commit(one)
        town.bank.wait()
        for one in prepared:
            for command in one:
                same += twin.bank.do([command])
        assert msgspec.json.encode(replies) == msgspec.json.encode(same)
        assert books(town) == books(twin)
    told = [reply.answer.refusal.code for reply in replies if reply.seq < 0]
    assert told == ["already_reported"]
    fresh = town.bank.prepare(reports(town, 900, {2: "w6", 5: "w7"}))
    assert isinstance(fresh.judgements, JudgedColumns), "reports are done among the columns"
    town.bank.commit(fresh)
    town.bank.wait()
    assert town.home.store.answered([("!report_fraud", "w7")]), "what was claimed is kept"


def test_a_customer_brings_no_columns(owned: Callable[[str], Any]) -> None:
    """Whether an actor may use an account is asked command by command."""
    town = owned("town")
    asked = weeks(town, 4, 60, "weeks:")
    mine = CardPayments(who("mine:", "customer:p3"), asked.columns, {})
    assert not in_columns.fits(mine)
    paid = [reply.answer for reply in town.bank.do(mine)]
    assert all(a.refusal is not None for a, c in zip(paid, mine, strict=True) if c.customer != "p3")


def test_a_failed_write_of_columns_leaves_nothing_behind(
    owned: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    town = owned("town")
    town.bank.do(weeks(town, 4, 100, "before:"))
    before = books(town)
    asked = weeks(town, 5, 100, "weeks:")
    with monkeypatch.context() as broken:

        def fail(batch: Any) -> None:
            raise StoreError("planted: the disk is full")

        broken.setattr(town.home.store, "write", fail)
        with pytest.raises(StoreError):
            town.bank.do(asked)
    assert books(town) == before
    twin = owned("twin")
    for seed, stem in ((4, "before:"), (5, "weeks:")):
        twin.bank.do(list(weeks(twin, seed, 100, stem)))
    town.bank.do(asked)
    assert books(town) == books(twin)


def test_every_number_is_written_as_it_is_sealed() -> None:
    """Scores and values of any bits, and any whole numbers, come out as the encoder writes them."""
    draw = np.random.default_rng(5)
    count = 2_000
    floats = np.frombuffer(draw.bytes(count * 8 * 4), np.float64).reshape(count, 4).copy()
    floats[:100] = np.array([0.0, -0.0, 1e16, 1e-5])
    floats[100:200] = draw.integers(0, 2**54, (100, 4))
    floats[200:300, 2] = np.nan
    columns = np.stack((
        draw.integers(-(2**52), 2**53, count), draw.integers(-(2**52), 2**53, count),
        draw.integers(0, 14, count), draw.integers(0, 2, count), draw.integers(1, 10**15, count),
        draw.integers(0, 10**9, count),
    ))  # fmt: skip
    asked = CardPayments(who("weeks:"), columns, {})

    class Judged:
        policy, model = "card_payment@1", "0123456789abcdef"

    template = in_columns.template(asked.who, Judged())  # type: ignore[arg-type]
    leaves = write_leaves(template, asked, 99_999_999_990, floats, {3: b"another"})
    assert leaves[3] == b"another"
    for at, command in enumerate(asked):
        score, *values = floats[at].tolist()
        judged = Judgement(Verdict.ALLOW, (), Judged.policy, Judged.model, score, values)
        assert isinstance(command, AuthoriseCardPayment)
        answer = in_columns.sent(command, judged, 99_999_999_990 + at)
        assert at == 3 or leaves[at] == seal(99_999_999_990 + at, command, answer)
