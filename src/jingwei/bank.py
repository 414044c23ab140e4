"""The bank: wires the rooms; `Bank.do` is the one way anything is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Protocol

from msgspec.structs import replace

from jingwei.decisions.judge import Judge, JudgedColumns, Judgement
from jingwei.journeys import in_columns
from jingwei.journeys.card_payments import CardPayments
from jingwei.journeys.doing import do_one
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.prepared import (
    Prepared,
    Replies,
    Reply,
    check_readable,
    claims_of,
    keys_of,
    numbered,
    split_at_barriers,
    tell_apart,
)
from jingwei.journeys.shape import Answer, Sealed
from jingwei.journeys.table import BY_COMMAND, seal, unseal
from jingwei.kernel.command import Command, CommandError, fingerprint_equal
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Line
from jingwei.ledger.products import Products
from jingwei.stores.store import Batch, Reader, Store, StoreError, Ticket

__all__ = ["Bank", "Court", "Prepared", "Replies", "Reply"]

KEY_USED = Refusal("key_used_for_another")
DATED_AHEAD = Refusal("dated_in_the_future")
NO_MEMORY = "there is not enough memory to do this now; ask again with the same key"

SNAPSHOT_EVERY = 100_000
"""After how many records the features are kept, so that a restart after a crash need not replay more."""

OnTheirWay = tuple[int, Sequence[Command], Sequence[int], Sequence[Answer]]
"""A batch not durable yet: its first record number, the commands, which of them are new, their answers."""


class Court(Protocol):
    """Seats the judge: its live features, policies and models."""

    def assemble(self, reader: Reader) -> Judge:
        """A judge as of the last committed record."""
        ...

    def appoint(self, judge: Judge, reader: Reader) -> None:
        """Let the policies and models published last judge from now on."""
        ...

    def refuses(self, command: Command) -> Refusal | None:
        """Why a barrier command cannot take effect here, whatever the books say; it is not recorded then."""
        ...

    def keep_up(self, judge: Judge, size: int) -> None:
        """Like `adjourn`, but the bank does not wait for it."""
        ...

    def adjourn(self, judge: Judge, size: int) -> None:
        """Keep the features as of `size` records, so that the next start need not replay them."""
        ...


class Bank:
    """One institution's bank over one store. Not thread-safe: one writer calls it.

    `do` is prepare + commit + wait. A stream may prepare the next batch on another thread while
    this one commits; batches must be committed in the order they were prepared.
    """

    def __init__(
        self, store: Store, products: Products, court: Court, *, snapshot_every: int = SNAPSHOT_EVERY
    ) -> None:
        self.store = store
        self.products = products
        self._court = court
        self._snapshot_every = snapshot_every
        self._door = store.reader()
        self._forget()
        try:
            self._start()
        except BaseException:
            self._door.close()
            raise

    def _forget(self) -> None:
        """Drop everything that is not durable; until `_start` has gone through, nothing new is prepared."""
        self._lost = True
        self._in_flight: deque[tuple[Ticket, Prepared]] = deque()
        self._recent: deque[OnTheirWay] = deque()
        self._keys: dict[tuple[str, str], int] = {}
        self._overlay = Overlay(self.store, self, self.products)

    def _start(self) -> None:
        """Stand where the store stands."""
        self._next = self._kept_at = self.store.size()
        self.judge = self._court.assemble(self.store)
        self._lost = False

    def _start_again(self) -> None:
        """Forget everything that is not durable and stand where the store stands.

        A store that cannot even be read now is asked again before the next commands are prepared.
        """
        self._forget()
        with suppress(StoreError, MemoryError):
            self._start()

    @contextmanager
    def _undivided(self) -> Iterator[None]:
        """Work that a failure of any kind leaves half done: all of it that is not durable is forgotten.

        Whoever goes on afterwards stands behind the batches on their way: those that were done before the
        failure hold when they became durable. A process that is to end waits for nothing.
        """
        try:
            yield
        except BaseException as error:
            if isinstance(error, Exception):
                self._let_land()
            self._start_again()
            raise

    def _let_land(self) -> None:
        """Wait until each batch on its way is durable or is known not to be."""
        for ticket, _ in tuple(self._in_flight):
            with suppress(StoreError, MemoryError):
                ticket.wait()

    def _stand(self) -> None:
        """Stand where the store stands, when something broke off and that is not certain."""
        if self._lost:
            self._start()

    # -- the one write ------------------------------------------------------------------------

    def do(self, commands: Sequence[Command], wait: bool = True) -> list[Reply]:
        """Do the commands in order and return one reply for each, once all of it is durable.

        Without `wait` the replies hold once `newest()` is done and has raised nothing, not before.
        CommandError, before anything is done, for a command whose record could not be read again; StoreError
        when the engine could not write or read, or memory was too short: what is not durable did not happen.
        """
        try:
            return self._do(commands, wait)
        except MemoryError as error:
            raise StoreError(NO_MEMORY) from error

    def _do(self, commands: Sequence[Command], wait: bool = True) -> list[Reply]:
        check_readable(commands)
        replies: list[Reply] = []
        for part in split_at_barriers(commands):
            barrier = BY_COMMAND[type(part[0])].barrier
            if barrier:
                self.wait()
                if (why := self._court.refuses(part[0])) is not None:
                    replies.append(Reply(-1, Answer("", "refused", refusal=why)))
                    continue
            replies += self.commit(self.prepare(part))
            if wait or barrier:
                self.wait()
            if barrier:
                self._appoint()
        if self._next - self._kept_at >= self._snapshot_every and not self._lost:
            self.wait()
            self._kept_at = self._next
            with suppress(OSError):  # a shortcut for the next start; the replies are durable without it
                self._court.keep_up(self.judge, self._next)
        return replies

    def _appoint(self) -> None:
        with self._undivided():
            self._court.appoint(self.judge, self.store)

    def do_each(self, commands: Sequence[Command], wait: bool = True) -> list[Reply | Exception]:
        """Like `do`, but a bug met by one command is returned in its place and spares the others."""
        try:
            return list(self.do(commands, wait))
        except StoreError:
            raise
        except CommandError as wrong:
            if len(commands) == 1:
                return [wrong]
        except Exception as bug:
            self._start_again()
            if len(commands) == 1:
                return [bug]
        return [reply for command in commands for reply in self.do_each([command])]

    def prepare(self, commands: Sequence[Command]) -> Prepared:
        """Tell new commands from repeated ones and judge the new ones; features advance here."""
        self._stand()
        with self._undivided():
            return self._prepare(commands)

    def _prepare(self, commands: Sequence[Command]) -> Prepared:
        keys, claims, first = keys_of(commands), claims_of(commands), self._next
        answered = self._known([*keys, *claims.values()] if claims else keys)
        known = tell_apart(commands, keys, claims, answered, first)
        whole = len(known.fresh) == len(keys)
        new_keys = keys if whole else [keys[i] for i in known.fresh]
        self._next = first + len(new_keys)
        self._keys.update(zip(new_keys, range(first, self._next), strict=True))
        marks = [(*claims[i], first + n) for n, i in enumerate(known.fresh) if i in claims] if claims else []
        self._keys.update(((actor, mark), seq) for actor, mark, seq in marks)
        asked = commands if whole else [commands[i] for i in known.fresh]
        return Prepared(commands, first, known, new_keys, marks, self._judge(asked))

    def _known(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Record numbers of the keys that were answered before, durably or on their way."""
        pending = self._keys
        found: dict[tuple[str, str], int] = {}
        for key in pending.keys() & set(keys) if pending else ():
            if (seq := pending.get(key)) is not None:
                found[key] = seq
        door = self._door if self._in_flight else self.store
        return door.answered([key for key in keys if key not in found] if found else keys) | found

    def _judge(self, commands: Sequence[Command]) -> list[Judgement | None] | JudgedColumns:
        if isinstance(commands, CardPayments) and in_columns.fits(commands):
            return in_columns.judge(self.judge, commands)
        watched, benches, where = [], [], []
        for i, command in enumerate(commands):
            journey = BY_COMMAND[type(command)]
            if journey.observe is not None:
                watched.append(journey.observe(command))
                benches.append(journey.policy)
                where.append(i)
        judgements: list[Judgement | None] = [None] * len(commands)
        for i, judgement in zip(where, self.judge.judge(watched, benches), strict=True):
            judgements[i] = judgement
        return judgements

    def commit(self, prepared: Prepared) -> Sequence[Reply]:
        """Act on prepared commands and hand the write to the store; `wait` makes sure it is durable.

        Raises StoreError when the store cannot be read or written: what is not durable is forgotten.
        """
        with self._undivided():
            return self._commit(prepared)

    def _commit(self, prepared: Prepared) -> Sequence[Reply]:
        self._expect(prepared)
        if isinstance(prepared.judgements, JudgedColumns):
            return self._commit_columns(prepared, prepared.judgements)
        return self._commit_each(prepared, prepared.judgements)

    def _commit_columns(self, prepared: Prepared, judged: JudgedColumns) -> Replies:
        commands, first = prepared.commands, prepared.first_seq
        assert isinstance(commands, CardPayments), "only card payments are judged as columns"
        told = in_columns.Answers(commands, judged, first)
        self._recent.append((first, commands, prepared.known.fresh, told))
        done = in_columns.do(commands, judged, self._overlay, told)
        self._submit(Batch(first, done.leaves, numbered(prepared), done.lines, {}, done.notes), prepared)
        return Replies(told)

    def _commit_each(self, prepared: Prepared, judged: list[Judgement | None]) -> list[Reply]:
        commands, fresh, first = prepared.commands, prepared.known.fresh, prepared.first_seq
        lines: list[Line] = []
        notes: dict[str, str] = {}
        leaves: list[bytes] = []
        answers: list[Answer] = []
        self._recent.append((first, commands, fresh, answers))
        for seq, (i, judgement) in enumerate(zip(fresh, judged, strict=True), first):
            outcome = do_one(commands[i], self._overlay, seq, judgement)
            lines += outcome.lines
            if outcome.notes:
                notes |= outcome.notes
            leaves.append(seal(seq, commands[i], outcome.answer))
            answers.append(outcome.answer)
        if leaves:
            self._submit(Batch(first, leaves, numbered(prepared), lines, {}, notes), prepared)
        else:
            self._recent.pop()
        return self._replies(prepared, answers)

    def _replies(self, prepared: Prepared, answers: list[Answer]) -> list[Reply]:
        first, known = prepared.first_seq, prepared.known
        if not known.again and not known.ahead:
            return [Reply(first + n, answer) for n, answer in enumerate(answers)]
        replies = {i: Reply(first + n, answers[n]) for n, i in enumerate(known.fresh)}
        for i, earlier in known.again.items():
            replies[i] = self._again(prepared.commands[i], earlier)
        for i in known.ahead:
            replies[i] = Reply(-1, Answer("", "refused", refusal=DATED_AHEAD))
        return [replies[i] for i in range(len(prepared.commands))]

    def _expect(self, prepared: Prepared) -> None:
        """Read all accounts that the commands name at once."""
        asked = prepared.commands
        commands: Iterable[Command] = (asked[i] for i in prepared.known.fresh)
        named: Iterable[str] = ()
        if isinstance(prepared.judgements, JudgedColumns) and isinstance(asked, CardPayments):
            named, commands = in_columns.accounts(asked, self._overlay), asked.others.values()
        fields = ((command, BY_COMMAND[type(command)].accounts) for command in commands)
        self._overlay.expect(chain(named, (getattr(one, field) for one, names in fields for field in names)))

    def _submit(self, batch: Batch, prepared: Prepared) -> None:
        ticket = self.store.submit(replace(batch, kept=self._overlay.take_changed()))
        self._in_flight.append((ticket, prepared))
        while len(self._in_flight) > 1 and self._in_flight[0][0].done():
            self._settle()

    def _settle(self) -> None:
        """Wait until the oldest batch in flight is durable. Raises StoreError when it was not written."""
        ticket, prepared = self._in_flight.popleft()
        ticket.wait()
        for key in prepared.keys:
            del self._keys[key]
        for actor, mark, _ in prepared.marks:
            del self._keys[actor, mark]
        self._recent.popleft()
        self._overlay.settle()

    def newest(self) -> Ticket | None:
        """The ticket of the newest batch on its way, None when all is durable; never waits.

        Takes note of what became durable. Raises StoreError when a batch was not written: those behind
        it are not written either.
        """
        with self._undivided():
            while self._in_flight and self._in_flight[0][0].done():
                self._settle()
        return self._in_flight[-1][0] if self._in_flight else None

    def wait(self) -> None:
        """Return once everything committed so far is durable. Raises StoreError; what is not is forgotten."""
        with self._undivided():
            while self._in_flight:
                self._settle()

    def _again(self, command: Command, seq: int) -> Reply:
        """The earlier reply to this key, or a refusal when it was for another request.

        What can be done only once and was done under another key is refused too; neither is recorded.
        """
        earlier = self.sealed(seq)
        assert earlier is not None, f"record {seq} answers a key but is not stored"
        if (earlier.command.actor, earlier.command.key) != (command.actor, command.key):
            done_before = BY_COMMAND[type(command)].done_before
            return Reply(-1, Answer("", "refused", refusal=done_before, about=earlier.answer.id))
        if type(earlier.command) is not type(command) or not fingerprint_equal(earlier.command, command):
            return Reply(-1, Answer("", "refused", refusal=KEY_USED))
        return Reply(seq, earlier.answer, replayed=True)

    # -- reading back -------------------------------------------------------------------------

    def owner_of(self, account_id: str) -> str | None:
        """Whose account this is, or None when there is no such customer's account."""
        self._stand()
        found = self._overlay.standing(account_id)
        return found.account.owner if found is not None and found.account.side != "bank" else None

    def warm(self) -> None:
        """Read accounts into memory, as many as stay there, so that first payments need not wait for them."""
        self._stand()
        self._overlay.warm()
        self.store.warm()

    def sealed(self, seq: int) -> Sealed | None:
        """The record with this number, durable or still on its way."""
        for first, commands, fresh, answers in self._recent:
            if first <= seq < first + len(answers):
                command = commands[fresh[seq - first]]
                return Sealed(seq, command, answers[seq - first], BY_COMMAND[type(command)].rules)
        leaf = self.store.record(seq)
        return None if leaf is None else unseal(leaf)

    def close(self) -> None:
        """Make everything durable, keep a snapshot of the features (unless what failed is in them), close."""
        try:
            self.wait()
            if not self._lost:
                self._court.adjourn(self.judge, self.store.size())
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close what is open and write nothing more: what a bank that dies leaves is all there is."""
        try:
            self._door.close()
        finally:
            self.store.close()
