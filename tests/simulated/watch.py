"""What must hold, looked at after every batch that became durable, after every start, and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
from tests.simulated.books import Books
from tests.simulated.disk import Disk, Session
from tests.simulated.founding import PEOPLE, SimulatedCourt, founded
from tests.simulated.node import Anchors, Node
from tests.simulated.orders import Order
from tests.simulated.story import expired, line_of
from tests.simulated.world import Broken, World

from jingwei.audit.merkle import MerkleLog
from jingwei.bank import Bank
from jingwei.decisions.judge import Observed, columns_of
from jingwei.domains.fraud.features import FRAUD
from jingwei.features.live import LiveFeatures
from jingwei.journeys.expire_holds import ExpireHolds
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.run_day_end import RunDayEnd
from jingwei.journeys.shape import Sealed
from jingwei.journeys.table import BY_COMMAND, unseal
from jingwei.ledger.accounts import Account, Balance, Hold
from jingwei.ledger.products import shipped
from jingwei.stores.store import Batch

CHANGES_ALL_THE_SAME = ("challenge_expired",)
"""Refusals that close what waited for the answer: nothing moves, but the money is available again."""


class Watch:
    """Keeps its own account of the money, made from the records alone, and compares."""

    def __init__(self, world: World, disk: Disk, anchors: Anchors) -> None:
        self.world, self.disk, self.anchors = world, disk, anchors
        self._booked = {one.id: one.booked_minor for one in disk.books.shelves[Balance].values()}
        self._closed = {one.id: one.accrued_day for one in disk.books.shelves[Balance].values()}
        self._undone: set[str] = set()
        self._keys = Counter((s.command.actor, s.command.key) for s in map(unseal, disk.books.records))

    # -- after every batch --------------------------------------------------------------------

    def applied(self, batch: Batch) -> None:
        """Look at a batch that has just become durable."""
        records = [unseal(leaf) for leaf in batch.leaves]
        counts = self.world.counts
        counts["batches of several"] += len(batch.leaves) > 1
        counts["interest and fees"] += sum(line.kind in ("interest", "fee") for line in batch.lines)
        counts["tiles completed"] += len(self.disk.books.records) // 256 > batch.first_seq // 256
        for record, leaf in zip(records, batch.leaves, strict=True):
            self.world.note(leaf)
            self.world.counts["records"] += 1
            self.world.tell("books", line_of(record, self.disk.books))
            counts["refused"] += record.answer.result == "refused"
            counts["holds expired"] += isinstance(record.command, ExpireHolds) and len(expired(record.answer))
            self._one_effect(record)
            self._lines_are_the_answer(record, batch)
        self._money(batch)
        self._days(records, batch)

    def _one_effect(self, record: Sealed) -> None:
        place = (record.command.actor, record.command.key)
        self._keys[place] += 1
        if self._keys[place] > 1:
            raise Broken("done_twice", f"{place[1]} of {place[0]} was done again as record {record.seq}")

        if isinstance(record.command, Reverse) and record.answer.result == "done":
            if record.answer.about in self._undone:
                raise Broken("reversed_twice", f"{record.answer.about} was reversed again: {record.seq}")
            self._undone.add(record.answer.about)

    def _lines_are_the_answer(self, record: Sealed, batch: Batch) -> None:
        """The ledger moved what the answer says, in its order; what was refused moved nothing."""
        said = [(m.payer, m.payee, m.amount_minor, m.kind) for m in record.answer.movements]
        lines = [line for line in batch.lines if line.id >> 16 == record.seq]
        done = [(line.payer, line.payee, line.amount_minor, line.kind) for line in lines]
        if said != done:
            raise Broken("ledger_differs", f"record {record.seq} says {said}, the ledger moved {done}")
        if record.answer.result == "refused" and (said or record.answer.made):
            raise Broken("refused_but_done", f"record {record.seq} was refused and moved {said}")
        why = record.answer.refusal
        alone = len(batch.leaves) == 1 and why is not None and why.code not in CHANGES_ALL_THE_SAME
        if alone and any(batch.kept.values()):
            raise Broken("refused_but_changed", f"record {record.seq} was refused and changed the books")

    def _money(self, batch: Batch) -> None:
        """Conservation, parts that are not negative, balances explained, overdraft lines, holds add up."""
        for line in batch.lines:
            self._booked[line.payer] = self._booked.get(line.payer, 0) - line.amount_minor
            self._booked[line.payee] = self._booked.get(line.payee, 0) + line.amount_minor
        if sum(self._booked.values()):
            raise Broken("money_made", f"the sum of all money is {sum(self._booked.values())}")
        self._balances()

    def _balances(self) -> None:
        """Every balance is what its lines and holds make it."""
        books = self.disk.books
        held: Counter[str] = Counter()
        for hold in books.shelves[Hold].values():
            if hold.amount_minor < 0 or (hold.status == "active") != (hold.amount_minor > 0):
                raise Broken("hold_wrong", f"hold {hold.id} is {hold.status} with {hold.amount_minor}")
            held[hold.account] += hold.amount_minor
        for balance in books.shelves[Balance].values():
            self._balance(books, balance, held[balance.id])

    def _balance(self, books: Books, balance: Balance, held: int) -> None:
        if balance.booked_minor != self._booked.get(balance.id, 0):
            made = self._booked.get(balance.id, 0)
            raise Broken(
                "balance_unexplained", f"{balance.id} has {balance.booked_minor}, its lines make it {made}"
            )
        if balance.held_minor != held or held < 0:
            raise Broken("holds_differ", f"{balance.id} has {balance.held_minor} held, its holds are {held}")
        account = books.shelves[Account].get(balance.id)
        if account is not None and account.side == "customer":
            left = balance.booked_minor - held + account.overdraft_minor
            if left < 0:
                raise Broken("overdrawn", f"{balance.id} is {-left} beyond its line")

    def _days(self, records: list[Sealed], batch: Batch) -> None:
        """A day-end closes each day of an account once: interest moves only when the closed day does."""
        if not any(isinstance(record.command, RunDayEnd) for record in records):
            return
        moved = [line for line in batch.lines if line.kind in ("interest", "fee")]
        paid = {name for line in moved for name in (line.payer, line.payee)}
        for balance in batch.kept.get(Balance, []):
            assert isinstance(balance, Balance)
            before = self._closed.get(balance.id)
            mine = before is not None and not balance.id.startswith("bank:")
            if mine and balance.id in paid and balance.accrued_day <= before:
                raise Broken("day_closed_twice", f"{balance.id} was paid again for day {balance.accrued_day}")
            self._closed[balance.id] = balance.accrued_day

    # -- after every start --------------------------------------------------------------------

    def started(self, orders: Iterable[Order]) -> None:
        """Look at the books a bank process begins with."""
        self._nothing_lost(orders)
        self._heads_hold()
        self._balances()

    def _nothing_lost(self, orders: Iterable[Order]) -> None:
        """Whatever somebody was told is in the log as it was told."""
        records = self.disk.books.records
        for order in orders:
            if order.seq < 0:
                continue
            record = unseal(records[order.seq]) if order.seq < len(records) else None
            if record is None or record.command.key != order.fields["key"]:
                raise Broken("answer_lost", f"{order.id} was told it is record {order.seq}, which it is not")
            if msgspec.json.encode(record.answer) != order.outcome:
                told = f"{order.id} was told {order.outcome!r}"
                raise Broken("answer_changed", f"{told}, {record.answer} is kept")

    def _heads_hold(self) -> None:
        """No head anchored elsewhere is contradicted."""
        log, done = MerkleLog(), 0
        for head in sorted(self.anchors.heads, key=lambda head: head.size):
            log.append_many(self.disk.books.records[done : head.size])
            done = max(done, head.size)
            if log.size != head.size or log.root().hex() != head.root:
                raise Broken("head_contradicted", f"the head over {head.size} records is not of this log")

    # -- at the end ---------------------------------------------------------------------------

    def finished(self, node: Node, orders: Iterable[Order]) -> None:
        """Look at everything, once more and all together."""
        home = node.home
        assert home is not None, "the bank is up at the end of a run"
        self.started(orders)
        if found := home.store.check():
            raise Broken("books_damaged", "; ".join(found))
        verdict = home.verdict()
        if not verdict.sound:
            raise Broken("evidence_damaged", "; ".join(damage.says for damage in verdict.damage))
        self._done_again()
        self.features_are_replayed(home.bank)

    def _done_again(self) -> None:
        """The same commands, one by one in a bank where nothing fails, give the same records."""
        plan = self.world.plan
        quiet = World(plan)
        quiet.quiet = True
        disk = Disk(founded(plan.start, plan.long_log).copy())
        bank = Bank(Session(quiet, disk, "again"), shipped(), SimulatedCourt(quiet, disk, "again"))
        first = len(disk.books.records)
        bank.do([unseal(leaf).command for leaf in self.disk.books.records[first:]])
        for seq, (one, other) in enumerate(zip(self.disk.books.records, disk.books.records, strict=True)):
            if one != other:
                raise Broken("not_repeatable", f"record {seq}: {differing(one, other)}")

    def features_are_replayed(self, bank: Bank) -> None:
        """The live features are those that a replay of the log gives, for every customer and terminal."""
        if bank._lost or bank._in_flight:
            return
        watched = []
        for record in map(unseal, self.disk.books.records):
            if (observe := BY_COMMAND[type(record.command)].observe) is not None:
                watched.append(observe(record.command))
        replayed, running = LiveFeatures(FRAUD), LiveFeatures(FRAUD)
        assert isinstance(bank.judge.live, LiveFeatures)
        running.restore(bank.judge.live.snapshot())
        if watched:
            replayed.advance(columns_of(watched))
        probe = columns_of(self._probes())
        if not np.array_equal(replayed.advance(probe), running.advance(probe), equal_nan=True):
            raise Broken("features_differ", "the live features are not those of the log")

    def _probes(self) -> list[Observed]:
        now = self.world.now
        return [
            Observed(0, now, now, 100, who, payee, f"phone-{who}", f"t{n % 3}")
            for n, (who, payee) in enumerate(zip(PEOPLE, PEOPLE[1:] + PEOPLE[:1], strict=True))
        ]


def differing(one: bytes, other: bytes) -> str:
    """The part of a record in which it differs from what it would be without faults."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    part = slice(max(at - 40, 0), at + 40)
    return f"...{one[part].decode()}... would be ...{other[part].decode()}... without faults"
