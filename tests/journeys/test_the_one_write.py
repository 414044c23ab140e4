"""Bank.do: batch size does not matter, a key is answered once, a crash or a bug loses nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from jingwei.bank import Reply
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.policy import policy_text
from jingwei.features.live import LiveFeatures
from jingwei.home import HomeCourt, open_home
from jingwei.journeys import pay
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.table import BY_COMMAND, seal, unseal
from jingwei.kernel.command import Command
from jingwei.stores.store import StoreError

PEOPLE = ("alice", "bob", "carol", "dan")


def busy_day(town: Any, seed: int, count: int) -> list[Command]:
    """Random commands of many kinds, some of them repeated or refused."""
    draw = random.Random(seed)
    commands: list[Command] = []
    for _ in range(count):
        payer, payee = draw.choice(PEOPLE), draw.choice(PEOPLE)
        amount = draw.choice((1, 999, 50_000, 600_000, 6_000_000))
        kind = draw.random()
        if kind < 0.5:
            device = draw.choice(("", "phone-1", "phone-2"))
            commands.append(town.pay(payer, payee, amount, device=device, actor=f"customer:{payer}"))
        elif kind < 0.85:
            capture = draw.random() < 0.8
            commands.append(town.card(payer, f"t{draw.randrange(3)}", amount, capture=capture))
        elif kind < 0.9:
            paid_at = town.clock.at - draw.randrange(10**12)
            report = {"payment": "x", "customer": payer, "amount_minor": amount, "terminal": "t1"}
            commands.append(ReportFraud(paid_at=paid_at, **report, **town.stamp("staff:lin")))
        elif kind < 0.95 and commands:
            commands.append(draw.choice(commands))
        else:
            direction = draw.choice(("in", "out", "both"))
            commands.append(
                FreezeAccount(
                    account=payer, direction=direction, on=draw.random() < 0.4, **town.stamp("staff:lin")
                )
            )
    return commands


def batches(commands: list[Command], size: int) -> list[list[Command]]:
    return [commands[i : i + size] for i in range(0, len(commands), size)]


def test_batch_size_does_not_matter(make_town: Callable[[str], Any]) -> None:
    """The same commands give the same answers, books, features and audit root 1, 7 or 5,000 at a time."""
    seen = {}
    for size in (1, 7, 5_000):
        town = make_town(f"by-{size}")
        for who in PEOPLE:
            town.open(who, 2_000_000)
        commands = busy_day(town, 7, 300)
        answers = [reply.answer for part in batches(commands, size) for reply in town.bank.do(part)]
        results = {answer.result for answer in answers}
        assert {"allowed", "held", "stepped_up", "refused", "done"} <= results
        seen[size] = (
            msgspec.json.encode(answers),
            town.home.store.root(),
            town.home.store.totals(),
            town.bank.judge.live.snapshot(),
            [town.money(who) for who in PEOPLE],
        )
    assert seen[1] == seen[7] == seen[5_000]


def test_the_same_key_is_answered_once_and_alike(town: Any) -> None:
    command = town.pay("alice", "bob", 1_000, device="phone-1", key="once")
    first, second = town.bank.do([command, command])
    third = town.do(msgspec.structs.replace(command, at=command.at + 5, known_at=command.at + 5))
    assert [reply.replayed for reply in (first, second, third)] == [False, True, True]
    assert msgspec.json.encode(first.answer) == msgspec.json.encode(third.answer)
    assert first.seq == second.seq == third.seq
    assert town.money("bob") == (1_000, 0)


def test_a_key_used_for_another_request_is_refused(town: Any) -> None:
    size = town.home.store.size()
    town.do(town.pay("alice", "bob", 1_000, device="phone-1", key="mine"))
    other = town.do(town.pay("alice", "bob", 1_001, device="phone-1", key="mine"))
    assert other.answer.refusal.code == "key_used_for_another"
    assert town.money("bob") == (1_000, 0)
    assert town.home.store.size() == size + 1


def test_keys_belong_to_the_actor(town: Any) -> None:
    town.do(town.pay("alice", "bob", 1_000, device="phone-1", key="same"))
    town.do(town.pay("alice", "bob", 1_000, device="phone-1", key="same", actor="staff:lin"))
    assert town.money("bob") == (2_000, 0)


def keep(content: bytes) -> bytes | None:
    return content


RESTARTS: dict[str, Callable[[bytes], bytes | None]] = {
    "kept": keep,
    "lost": lambda content: None,
    "not one": lambda content: b"damaged",
    "cut short": lambda content: content[: len(content) // 2],
    "altered": lambda content: content[:-9] + b"x" + content[-8:],
    "of a later log": lambda content: (10**6).to_bytes(8, "big") + LiveFeatures(FRAUD).snapshot(),
}
"""What has become of the features' snapshot when the bank starts again."""


def half_a_day_each(town: Any, snapshot: Callable[[bytes], bytes | None] | None) -> tuple[Any, bytes]:
    """Do a day's commands, with a restart at noon; return root and features at the end."""
    for who in PEOPLE:
        town.open(who, 2_000_000)
    commands = busy_day(town, 11, 200)
    for part in batches(commands[:100], 30):
        town.bank.do(part)
    if snapshot is not None:
        town.home.bank.close()
        file = town.path / "features.snapshot"
        content = snapshot(file.read_bytes())
        file.unlink() if content is None else file.write_bytes(content)
        town.home = open_home(town.path, town.clock)
    for part in batches(commands[100:], 30):
        town.bank.do(part)
    return town.home.store.root(), town.bank.judge.live.snapshot()


@pytest.mark.parametrize("found", RESTARTS)
def test_a_restart_changes_nothing(make_town: Callable[[str], Any], found: str) -> None:
    """Books, features and answers after a restart are those without one, whatever became of the snapshot."""
    straight = half_a_day_each(make_town("straight"), None)
    assert half_a_day_each(make_town("restarted"), RESTARTS[found]) == straight


def test_a_bug_spares_the_other_commands_of_its_batch(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ask: pay.Pay, seen: pay.Seen) -> Any:
        if ask.memo == "boom":
            raise ZeroDivisionError("planted")
        return pay.act(ask, seen)

    journey = msgspec.structs.replace(BY_COMMAND[pay.Pay], act=broken)
    monkeypatch.setitem(BY_COMMAND, pay.Pay, journey)
    size = town.home.store.size()
    memos = ("", "boom", "")
    results = town.bank.do_each(
        [town.pay("alice", "bob", 1_000, device="phone-1", memo=memo) for memo in memos]
    )
    assert isinstance(results[1], ZeroDivisionError)
    assert [getattr(r, "answer", None) and r.answer.result for r in results] == ["allowed", None, "allowed"]
    assert town.money("bob") == (2_000, 0)
    assert town.home.store.size() == size + 2


def test_a_failed_write_leaves_nothing_behind(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (town.home.store.root(), town.bank.judge.live.snapshot(), town.money("alice"))
    command = town.pay("alice", "bob", 1_000, device="phone-1")
    with monkeypatch.context() as broken:

        def fail(batch: Any) -> None:
            raise StoreError("planted: the disk is full")

        broken.setattr(town.home.store, "write", fail)
        with pytest.raises(StoreError):
            town.do(command)
    assert (town.home.store.root(), town.bank.judge.live.snapshot(), town.money("alice")) == before
    reply = town.do(command)
    assert (reply.answer.result, reply.replayed) == ("allowed", False)
    assert town.money("bob") == (1_000, 0)


@pytest.mark.parametrize("also", [(), ("records", "size")], ids=["once", "and at standing up again"])
def test_a_failed_read_inside_a_batch_leaves_nothing_behind(
    town: Any, monkeypatch: pytest.MonkeyPatch, also: tuple[str, ...]
) -> None:
    """The first command of the batch was acted on, but is not durable: asking again does it, once."""
    before = (town.home.store.root(), town.money("alice"))
    first = town.pay("alice", "bob", 1_000, device="phone-1")
    second = Reverse(decision="D00000000003", **town.stamp("staff:lin"))
    with monkeypatch.context() as broken:

        def fail(*_: Any) -> Any:
            raise StoreError("planted: the disk cannot be read")

        for name in ("load", *also):
            broken.setattr(town.home.store, name, fail)
        with pytest.raises(StoreError):
            town.bank.do([first, second])
    assert (town.home.store.root(), town.money("alice")) == before
    reply = town.do(first)
    assert (reply.answer.result, reply.replayed) == ("allowed", False)
    assert town.money("bob") == (1_000, 0)
    live = town.bank.judge.live.snapshot()
    town.bank.wait()
    town.bank._start_again()
    assert town.bank.judge.live.snapshot() == live, "the features hold a payment that never was"


def test_a_snapshot_that_cannot_be_kept_spoils_no_answer(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError("planted: no space left")

    monkeypatch.setattr(town.bank, "_snapshot_every", 1)
    with monkeypatch.context() as broken:
        broken.setattr(HomeCourt, "keep_snapshot", fail)
        (reply,) = town.bank.do_each([town.pay("alice", "bob", 1_000, device="phone-1")])
    assert isinstance(reply, Reply)
    assert (reply.answer.result, reply.replayed) == ("allowed", False)


def test_a_record_reads_back_as_it_was_sealed(town: Any) -> None:
    town.bank.do(busy_day(town, 3, 60))
    for seq, leaf in town.home.store.records(0, town.home.store.size()):
        sealed = unseal(leaf)
        assert sealed.seq == seq
        assert seal(sealed.seq, sealed.command, sealed.answer) == leaf


def test_a_bank_left_by_another_version_opens_and_says_what_replaced_its_rules(town: Any) -> None:
    """A published policy that reads a feature the bank no longer has gives way to the shipped one."""
    gone = policy_text("outgoing_transfer").replace("payee_age_s", "payee_mood")
    size = town.home.store.size()
    town.home.store.set_notes({"policy:outgoing_transfer": gone})
    town.reopen()
    assert town.home.store.size() == size + 1
    assert unseal(town.home.store.record(size)).command.text == policy_text("outgoing_transfer")
    assert town.do(town.pay("alice", "bob", 1_000, device="phone-1")).answer.result == "allowed"


def test_a_published_policy_version_never_changes(town: Any) -> None:
    text = policy_text("outgoing_transfer")
    again = town.do(PublishPolicy(text=text, **town.stamp("staff:lin"))).answer
    assert (again.result, again.made) == ("done", "outgoing_transfer@1")
    other = text.replace("amount_minor >= 5_000_000", "amount_minor >= 5_000_001")
    assert (
        town.do(PublishPolicy(text=other, **town.stamp("staff:lin"))).answer.refusal.code
        == "policy_version_used"
    )
    newer = other.replace("version = 1", "version = 2")
    assert town.do(PublishPolicy(text=newer, **town.stamp("staff:lin"))).answer.made == "outgoing_transfer@2"
