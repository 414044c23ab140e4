"""The bank: wires the rooms; `Bank.do` is the one way anything is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

import msgspec

from jingwei.decisions.judge import Judge, Judgement
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.shape import Answer, Sealed, refused
from jingwei.journeys.table import BY_COMMAND, claimed, seal, unseal
from jingwei.kernel.command import Command, dated_ahead, fingerprint_equal
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Line
from jingwei.ledger.products import Products
from jingwei.stores.store import Batch, Reader, Store, StoreError, Ticket

KEY_USED = Refusal("key_used_for_another")
DATED_AHEAD = Refusal("dated_in_the_future")
NOT_ALLOWED = Refusal("not_allowed")


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a command came to.

    `seq` -1: nothing was recorded. Its key belongs to another request, or it is dated in the future: the
    features must not learn of a moment that has not come, and what was recorded must replay bit for bit.
    """

    seq: int
    answer: Answer
    replayed: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """Commands that are new, judged, numbered from `first_seq`; those already answered, by position;
    and those turned away because they are dated in the future."""

    commands: Sequence[Command]
    first_seq: int
    fresh: list[int]
    keys: list[tuple[str, str]]
    judgements: list[Judgement | None]
    again: dict[int, int]
    ahead: list[int] = []
    """Positions of commands dated in the future, which are not recorded."""
    marks: list[tuple[str, str, int]] = []
    """What the new commands claim to be the only ones for, each with its record's number."""


NO_MEMORY = "there is not enough memory to do this now; ask again with the same key"

SNAPSHOT_EVERY = 100_000
"""After how many records the features are kept, so that a restart after a crash need not replay more."""

OnTheirWay = tuple[int, Sequence[Command], list[int], list[Answer]]
"""A batch not durable yet: its first record number, the commands, which of them are new, their answers."""


class Court(Protocol):
    """Seats the judge: its live features, policies and models."""

    def assemble(self, reader: Reader) -> Judge:
        """A judge as of the last committed record."""
        ...

    def appoint(self, judge: Judge, reader: Reader) -> None:
        """Let the policies and models published last judge from now on."""
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
        """Work that a failure of any kind leaves half done: all of it that is not durable is forgotten."""
        try:
            yield
        except BaseException:
            self._start_again()
            raise

    def _stand(self) -> None:
        """Stand where the store stands, when something broke off and that is not certain."""
        if self._lost:
            self._start()

    # -- the one write ------------------------------------------------------------------------

    def do(self, commands: Sequence[Command]) -> list[Reply]:
        """Do the commands in order and return one reply for each, once all of it is durable.

        Raises StoreError when the engine could not write or read, or memory was too short: whatever of it is
        not durable did not happen, and the same commands may be asked again.
        """
        try:
            return self._do(commands)
        except MemoryError as error:
            raise StoreError(NO_MEMORY) from error

    def _do(self, commands: Sequence[Command]) -> list[Reply]:
        replies: list[Reply] = []
        for part in split_at_barriers(commands):
            replies += self.commit(self.prepare(part))
            self.wait()
            if BY_COMMAND[type(part[0])].barrier:
                self._appoint()
        if self._next - self._kept_at >= self._snapshot_every:
            self._kept_at = self._next
            with suppress(OSError):  # a shortcut for the next start; the replies are durable without it
                self._court.adjourn(self.judge, self._next)
        return replies

    def _appoint(self) -> None:
        with self._undivided():
            self._court.appoint(self.judge, self.store)

    def do_each(self, commands: Sequence[Command]) -> list[Reply | Exception]:
        """Like `do`, but a bug met by one command is returned in its place and spares the others."""
        try:
            return list(self.do(commands))
        except StoreError:
            raise
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
        keys = [(command.actor, command.key) for command in commands]
        claims = claimed(commands)
        known = self._known([*keys, *claims.values()] if claims else keys)
        first = self._next
        fresh: list[int] = []
        again: dict[int, int] = {}
        ahead: list[int] = []
        if known or claims or len(set(keys)) < len(keys) or any(map(dated_ahead, commands)):
            for i, key in enumerate(keys):
                seq = known.get(key, known.get(claims[i]) if i in claims else None)
                if seq is not None:
                    again[i] = seq
                    continue
                if dated_ahead(commands[i]):
                    ahead.append(i)
                    continue
                known[key] = known[claims.get(i, key)] = first + len(fresh)
                fresh.append(i)
        else:
            fresh = list(range(len(keys)))
        whole = len(fresh) == len(keys)
        new_keys = keys if whole else [keys[i] for i in fresh]
        self._next = first + len(fresh)
        self._keys.update(zip(new_keys, range(first, self._next), strict=True))
        marks = [(*claims[i], first + n) for n, i in enumerate(fresh) if i in claims] if claims else []
        self._keys.update(((actor, mark), seq) for actor, mark, seq in marks)
        asked = commands if whole else [commands[i] for i in fresh]
        return Prepared(commands, first, fresh, new_keys, self._judge(asked), again, ahead, marks)

    def _known(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Record numbers of the keys that were answered before, durably or on their way."""
        pending = self._keys
        found: dict[tuple[str, str], int] = {}
        for key in pending.keys() & set(keys) if pending else ():
            if (seq := pending.get(key)) is not None:
                found[key] = seq
        return self._door.answered([key for key in keys if key not in found]) | found

    def _judge(self, commands: Sequence[Command]) -> list[Judgement | None]:
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

    def commit(self, prepared: Prepared) -> list[Reply]:
        """Act on prepared commands and hand the write to the store; `wait` makes sure it is durable.

        Raises StoreError when the store cannot be read or written: what is not durable is forgotten.
        """
        with self._undivided():
            return self._commit(prepared)

    def _commit(self, prepared: Prepared) -> list[Reply]:
        commands, overlay, seq = prepared.commands, self._overlay, prepared.first_seq
        self._expect([commands[i] for i in prepared.fresh])
        lines: list[Line] = []
        notes: dict[str, str] = {}
        leaves: list[bytes] = []
        answers: list[Answer] = []
        self._recent.append((seq, commands, prepared.fresh, answers))
        for i, judgement in zip(prepared.fresh, prepared.judgements, strict=True):
            command = commands[i]
            journey = BY_COMMAND[type(command)]
            if overlay.begin(command, seq, judgement) in journey.roles and not journey.past:
                outcome = journey.act(command, journey.look(command, overlay))
            else:
                outcome = refused(decision_id(seq), NOT_ALLOWED)
            overlay.apply(outcome)
            lines += outcome.lines
            if outcome.notes:
                notes |= outcome.notes
            leaves.append(seal(seq, command, outcome.answer))
            answers.append(outcome.answer)
            seq += 1
        if leaves:
            self._submit(Batch(prepared.first_seq, leaves, numbered(prepared), lines, {}, notes), prepared)
        else:
            self._recent.pop()
        return self._replies(prepared, answers)

    def _replies(self, prepared: Prepared, answers: list[Answer]) -> list[Reply]:
        first = prepared.first_seq
        if not prepared.again and not prepared.ahead:
            return [Reply(first + n, answer) for n, answer in enumerate(answers)]
        replies = {i: Reply(first + n, answers[n]) for n, i in enumerate(prepared.fresh)}
        for i, earlier in prepared.again.items():
            replies[i] = self._again(prepared.commands[i], earlier)
        for i in prepared.ahead:
            replies[i] = Reply(-1, Answer("", "refused", refusal=DATED_AHEAD))
        return [replies[i] for i in range(len(prepared.commands))]

    def _expect(self, commands: list[Command]) -> None:
        names = ((command, BY_COMMAND[type(command)].accounts) for command in commands)
        self._overlay.expect(getattr(command, field) for command, fields in names for field in fields)

    def _submit(self, batch: Batch, prepared: Prepared) -> None:
        batch = msgspec.structs.replace(batch, kept=self._overlay.take_changed())
        ticket = self.store.submit(batch)
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
        return None if found is None or found.account.side == "bank" else found.account.owner

    def warm(self) -> None:
        """Read accounts into memory, as many as stay there, so that first payments need not wait for them."""
        self._stand()
        self._overlay.warm()

    def sealed(self, seq: int) -> Sealed | None:
        """The record with this number, durable or still on its way."""
        for first, commands, fresh, answers in self._recent:
            if first <= seq < first + len(answers):
                return Sealed(seq, commands[fresh[seq - first]], answers[seq - first])
        leaf = self.store.record(seq)
        return None if leaf is None else unseal(leaf)

    def close(self) -> None:
        """Make everything durable, keep a snapshot of the features, and close the store."""
        try:
            self.wait()
            self._court.adjourn(self.judge, self.store.size())
        finally:
            self._door.close()
            self.store.close()


def numbered(prepared: Prepared) -> list[tuple[str, str, int]]:
    """The new keys, and what the new commands claim, with the record that answers each."""
    first = prepared.first_seq
    return [(actor, key, first + n) for n, (actor, key) in enumerate(prepared.keys)] + prepared.marks


def split_at_barriers(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    """Cut the commands so that each barrier command (a new policy or model) stands alone."""
    start = 0
    for i, command in enumerate(commands):
        if BY_COMMAND[type(command)].barrier:
            if start < i:
                yield commands[start:i]
            yield commands[i : i + 1]
            start = i + 1
    if start < len(commands):
        yield commands[start:]
