"""The contract of idempotency keys, cell by cell: what a second request with a known key comes to.

Keys are never pruned: an answer can be had again as long as the bank exists.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace
from tests.model.races import Ring
from tests.model.runs import START, emptied, found, memory_folder, postgres, template
from tests.model.wire import Answered, Call

from jingwei.bank import Reply
from jingwei.channels.rest.joined import LOG
from jingwei.home import Home, open_home
from jingwei.journeys.deposit import Deposit
from jingwei.kernel.clock import HOUR, ManualClock
from jingwei.kernel.command import Command
from jingwei.stores.store import Settled, StoreError


class Broken(AssertionError):
    """A cell of the contract does not hold."""


def must(holds: bool, says: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(says)


class Place:
    """A bank that can be ended, in good order or not, and opened again."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._path = folder / "books" / "bank"
        self._url = emptied(postgres()) if engine == "postgres" else ""
        if self._url:
            home = found(self._path, self._url)
        else:
            shutil.copytree(template(), self._path.parent)
            home = open_home(self._path, ManualClock(START))
        self._take(home)

    def _take(self, home: Home) -> None:
        self.home = home
        self.ring = Ring(home, 7)

    def end(self, *, crash: bool) -> None:
        """Close the bank and open it again; a crash leaves it without its last words."""
        self.ring.close()
        if crash:
            self.home.bank.let_go()
        else:
            self.home.close()
        self._take(open_home(self._path, ManualClock(START + HOUR), store_url=self._url))

    def command(self, key: str, **more: Any) -> Command:
        """A deposit for the customer at hand."""
        stamp = {"actor": "system:core", "at": START, "known_at": START}
        money = {"account": self.ring.name, "amount_minor": 700, "currency": "CNY"}
        return Deposit(key=key, **(money | stamp | more))

    def done(self, command: Command) -> Reply:
        """Do it."""
        return self.home.bank.do([command])[0]

    def booked(self) -> int:
        """What the customer at hand has."""
        return self.ring.money()[0]

    def deposit(self, key: str | bytes, who: str = "system:core", amount: str = "7.00") -> Answered:
        """The same over the wire."""
        body = {"account": self.ring.name, "amount": amount, "currency": "CNY"}
        return self.ring.wire.ask(Call("POST", "/v1/deposits", who, body, key))


@contextmanager
def placed(engine: str) -> Iterator[Place]:
    """A bank for some cells."""
    with tempfile.TemporaryDirectory(prefix="jingwei-model-", dir=memory_folder()) as folder:
        place = Place(Path(folder), engine)
        try:
            yield place
        finally:
            place.ring.close()
            place.home.close()


def told_again(first: Answered, again: Answered) -> None:
    """Both are one answer, the second marked as told again."""
    must(again.replayed and not first.replayed, "the second answer is not marked as told again")
    must((first.status, first.body) == (again.status, again.body), f"{first.body!r} became {again.body!r}")


def same_body(place: Place) -> None:
    call = place.ring.pay("allowed")
    first, again = place.ring.wire.ask(call), place.ring.wire.ask(call)
    told_again(first, again)
    must(place.booked() == 15_000, "it was paid twice")


def same_body_later(place: Place) -> None:
    first = place.deposit(f"{place.ring.name}-later")
    place.home.clock.at += HOUR  # type: ignore[attr-defined]
    told_again(first, place.deposit(f"{place.ring.name}-later"))


def other_body(place: Place) -> None:
    key, size = f"{place.ring.name}-other", place.home.store.size()
    must(place.deposit(key).status == 200, "a deposit failed")
    other = place.deposit(key, amount="7.01")
    must((other.status, other.code) == (422, "key_used_for_another"), f"it came to {other}")
    must((place.home.store.size(), place.booked()) == (size + 1, 20_700), "it was recorded all the same")


def other_route(place: Place) -> None:
    key = f"{place.ring.name}-route"
    must(place.deposit(key).status == 200, "a deposit failed")
    other = place.ring.wire.ask(Call("POST", "/v1/holds/H00000000001/release", "system:core", {}, key))
    must(other.code == "key_used_for_another", f"it came to {other}")


def refusal_too(place: Place) -> None:
    call = place.ring.pay("allowed", "poor")
    place.done(place.command("x" + place.ring.name))
    rich = replace_amount(call, "999.00")
    first = place.ring.wire.ask(rich)
    must(first.json["result"] == "refused", f"it came to {first}")
    place.done(place.command("y" + place.ring.name, amount_minor=10_000_000))
    told_again(first, place.ring.wire.ask(rich))


def replace_amount(call: Call, amount: str) -> Call:
    """The same payment of another amount."""
    return call._replace(body=call.body | {"amount": amount})


def in_flight(place: Place) -> None:
    bank, ask = place.home.bank, place.command("fly" + place.ring.name)
    one, two = bank.prepare([ask]), bank.prepare([ask, replace(ask, amount_minor=1)])
    (first,), (again, other) = bank.commit(one), bank.commit(two)
    bank.wait()
    must(
        (again.seq, again.answer, again.replayed) == (first.seq, first.answer, True),
        f"{first} became {again}",
    )
    must(other.seq == -1, f"another body under a key in flight came to {other}")
    must(place.booked() == 20_700, "it was booked twice")


def in_one_batch(place: Place) -> None:
    ask = place.command("batch" + place.ring.name)
    first, again, other = place.home.bank.do([ask, ask, replace(ask, memo="other")])
    must(
        (again.seq, again.answer, again.replayed) == (first.seq, first.answer, True),
        f"{first} became {again}",
    )
    must(other.seq == -1 and place.booked() == 20_700, f"another body in the batch came to {other}")


def write_failed(place: Place) -> None:
    key, size = f"{place.ring.name}-failed", place.home.store.size()
    full = patch.object(place.home.store, "submit", lambda batch: Settled(StoreError("the disk is full")))
    with full, patch.object(LOG, "disabled", True):
        failed = place.deposit(key)
    must((failed.status, failed.code) == (503, "store_failed"), f"it came to {failed}")
    first, again = place.deposit(key), place.deposit(key)
    must(first.status == 200, f"asking again came to {first}")
    told_again(first, again)
    must((place.home.store.size(), place.booked()) == (size + 1, 20_700), "it was not done exactly once")


def after_end(place: Place, *, crash: bool) -> None:
    call = place.ring.pay("allowed", "end")
    name, first = place.ring.name, place.ring.wire.ask(call)
    place.end(crash=crash)
    place.ring.name = name
    told_again(first, place.ring.wire.ask(call))
    must(place.booked() == 15_000, "it was paid twice")


def after_crash(place: Place) -> None:
    after_end(place, crash=True)


def after_restart(place: Place) -> None:
    after_end(place, crash=False)


def per_actor(place: Place) -> None:
    key = f"{place.ring.name}-actor"
    answers = [place.deposit(key, who) for who in ("system:core", "staff:teller")]
    must([(a.status, a.replayed) for a in answers] == [(200, False)] * 2, f"they came to {answers}")
    must(answers[0].json["id"] != answers[1].json["id"] and place.booked() == 21_400, "keys are not by actor")


def long_keys(place: Place) -> None:
    key, size = place.ring.name.ljust(255, "x"), place.home.store.size()
    told_again(place.deposit(key), place.deposit(key))
    refused_key(place.deposit(key + "x"), "key_not_valid")
    must(place.home.store.size() == size + 1, "a key too long was recorded")


def refused_key(answer: Answered, code: str) -> None:
    """A request is not taken for its key."""
    must((answer.status, answer.code) == (400, code), f"a key not valid came to {answer}")


def empty_key(place: Place) -> None:
    size = place.home.store.size()
    refused = place.deposit("")
    must(refused.status == 400 and refused.code in ("key_missing", "key_not_valid"), f"it came to {refused}")
    must(place.home.store.size() == size, "a request without a key was recorded")


def strange_keys_on_the_wire(place: Place) -> None:
    size = place.home.store.size()
    for key in ("付款".encode(), b"a b", b"a\x00b", b"a\tb", "é".encode("latin-1"), b"\x7f"):
        refused_key(place.deposit(key), "key_not_valid")
    must(place.home.store.size() == size, "a key that cannot be was recorded")


def unicode_keys_within(place: Place) -> None:
    for key in ("付款一", "é", "e\u0301", "É", "🧾"):
        ask = place.command(key + place.ring.name)
        first, again = place.done(ask), place.done(ask)
        must(
            not first.replayed and again.replayed and first.seq == again.seq,
            f"{key!r} came to {first}, {again}",
        )
    must(place.booked() == 20_000 + 5 * 700, "keys that differ in one character were taken for one")


CELLS: dict[str, Callable[[Place], None]] = {
    cell.__name__: cell
    for cell in (
        same_body, same_body_later, other_body, other_route, refusal_too, in_flight, in_one_batch,
        write_failed,
        after_crash, after_restart, per_actor, long_keys, empty_key, strange_keys_on_the_wire,
        unicode_keys_within,
    )
}  # fmt: skip


def check_cells(seed: int, trials: int, engine: str, *names: str) -> list[str]:
    """Check so many cells, each in its turn and in a new order each round; return those that do not hold."""
    chance, bad, left = random.Random(seed), [], trials
    with placed(engine) as place:
        while left:
            order = list(names or CELLS)
            chance.shuffle(order)
            for name in order[:left]:
                left -= 1
                place.ring.start(20_000)
                try:
                    CELLS[name](place)
                except Broken as broken:
                    bad.append(f"{name}: {broken}")
    return bad
