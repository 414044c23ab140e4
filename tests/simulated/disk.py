"""A simulated disk with its sessions: the whole Store protocol, tickets that are not durable yet, and faults.

The disk outlives every bank process. A session is one opening of it for writing; there is one at a time, and
a session that lost the disk to a newer one is fenced off for good, as with PostgreSQL's lock and token.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.simulated.books import Books
from tests.simulated.world import Died, World

from jingwei.kernel.clock import SECOND
from jingwei.ledger.accounts import Balance, Line
from jingwei.stores.inspection import inspect
from jingwei.stores.store import Batch, K, Settled, StoreError, Ticket

READ_US = 20

Applied = Callable[[Batch], None]


class Coming(Ticket):
    """A batch on its way, durable at `due`.

    Its fate is "ok", "refused" (nothing is written), or "unknown": written, but it looks lost.
    """

    def __init__(self, session: Session, batch: Batch, due: int, fate: str) -> None:
        self.session, self.batch, self.due, self.fate = session, batch, due, fate
        self.error: StoreError | None = None
        self.settled = False

    def done(self) -> bool:
        """Whether it is durable or failed by now; to ask takes a moment."""
        self.session.spend(1)
        self.session.catch_up()
        return self.settled

    def wait(self) -> None:
        """Let time pass until it is durable; the process may die meanwhile."""
        session = self.session
        if not self.settled:
            first = self.batch.keys[0][1] if self.batch.keys else "nothing"
            if session.world.fault("died_writing", session.site(first)):
                whole = self.due - session.now()
                session.spend(session.world.chance.whole(f"when {first} {session.now()}", 0, max(whole, 0)))
                raise Died("dies while it writes")
            session.spend(max(0, self.due - session.now()))
        session.catch_up()
        assert self.settled, "its time has come"
        if self.error is not None:
            raise self.error

    def settle(self, disk: Disk) -> None:
        """Put the batch on the disk, or not."""
        self.settled = True
        if self.fate == "refused":
            self.error = StoreError("the disk reported an error; it was not written, ask again")
            return
        try:
            disk.put(self.batch)
        except StoreError as error:
            self.error = error
            return
        if self.fate == "unknown":
            self.error = StoreError("the connection was lost while it wrote; ask again with the same keys")


class Disk:
    """What is durable, the batches on their way to it, and the files beside it."""

    def __init__(self, books: Books | None = None, applied: Applied = lambda batch: None) -> None:
        self.books = books or Books()
        self.applied = applied
        self.coming: deque[Coming] = deque()
        self.writer: Session | None = None
        self.snapshot = b""
        self.sites: dict[str, int] = {}
        self.lies = False
        """Planted: a power cut takes back the newest batch that was durable."""
        self._before: Books | None = None
        self.tears = False
        """Planted: a power cut may leave half a batch."""

    def put(self, batch: Batch) -> None:
        """Make a batch durable and have it checked."""
        if self.lies:
            self._before = self.books.copy()
        self.books.put(batch)
        self.applied(batch)

    def catch_up(self, now: int) -> None:
        """Settle every batch whose time has come, in order."""
        while self.coming and self.coming[0].due <= now:
            self.coming.popleft().settle(self)

    def lose_power(self, world: World, now: int, name: str) -> None:
        """The writing process is gone: of the batches not durable yet, any number of first ones are kept."""
        self.catch_up(now)
        kept = world.chance.whole(f"kept of {len(self.books.records)} {name}", 0, len(self.coming))
        lost = len(self.coming) - kept
        world.counts["writes kept by chance"] += kept
        world.counts["writes lost"] += lost
        for n in range(kept):
            coming = self.coming[n]
            if coming.fate != "refused":
                coming.settle(self)
        if self._before is not None:
            self.books, self._before = self._before, None
        if lost and self.tears:
            self.books.shelves[Balance].update((one.id, one) for one in self.coming[kept].batch.kept[Balance])
        self.coming.clear()
        if self.writer is not None:
            self.writer.cut = True
        self.writer = None
        if kept or lost:
            world.note(f"kept {kept} lost {lost}".encode())


class Session:
    """One opening of the disk, by one bank process. Raises StoreError while another one writes."""

    def __init__(self, world: World, disk: Disk, name: str, *, pipelined: bool = False) -> None:
        if disk.writer is not None:
            raise StoreError("the bank is open for writing already; stop that process first")
        self.world, self.disk, self.name, self.pipelined = world, disk, name, pipelined
        self.cut = self.closed = False
        self.busy_until = 0
        disk.writer = self

    # -- time and faults ----------------------------------------------------------------------

    def now(self) -> int:
        """Simulated time as this process feels it: later than the world's while it waits for the disk."""
        return max(self.world.now, self.busy_until)

    def spend(self, duration: int) -> None:
        """Let time pass for this process."""
        self.busy_until = self.now() + duration

    def site(self, first: str) -> str:
        """A name for this occasion: the key a batch begins with, and how often it was met."""
        self.disk.sites[first] = met = self.disk.sites.get(first, 0) + 1
        return f"{first} {met}"

    def catch_up(self) -> None:
        """See what has become durable by now."""
        if self.disk.writer is self:
            self.disk.catch_up(self.now())

    def _ready(self, what: str = "") -> Books:
        """The books, unless they cannot be reached or this read fails. A lost session may come back."""
        if self.closed:
            raise StoreError("this bank was closed; open it again")
        if self.cut:
            if self.disk.writer is not None:
                raise StoreError("the connection was lost and there is a newer writer; this one must stop")
            self.disk.writer, self.cut = self, False
            self.world.counts["disk regained"] += 1
        self.catch_up()
        if what:
            self.spend(READ_US)
            if self.world.fault("read_error", self.site(what)):
                raise StoreError(f"the disk reported an error while reading {what}; check it and ask again")
        return self.disk.books

    # -- the one write ------------------------------------------------------------------------

    def submit(self, batch: Batch) -> Ticket:
        """Begin to write; without a pipeline it is done when this returns."""
        try:
            self._ready()
        except StoreError as error:
            return Settled(error)
        world = self.world
        site = self.site(batch.keys[0][1] if batch.keys else "nothing")
        if world.fault("died_before_write", site):
            raise Died("dies before it writes")
        fate = "ok"
        if world.fault("write_refused", site):
            fate = "refused"
        elif world.fault("write_unknown", site):
            fate = "unknown"
        took = world.plan.write_us * world.chance.whole(f"write {site}", 50, 150) // 100
        if world.fault("write_slow", site):
            took += world.chance.whole(f"slow {site}", 0, SECOND)
        last = self.disk.coming[-1].due if self.disk.coming else 0
        ticket = Coming(self, batch, max(self.now(), last) + took, fate)
        self.disk.coming.append(ticket)
        if not self.pipelined:
            try:
                ticket.wait()
            except StoreError as error:
                return Settled(error)
        return ticket

    def write(self, batch: Batch) -> None:
        """Make the batch durable before returning; StoreError: nothing was written (or that is not known)."""
        self.submit(batch).wait()

    def set_notes(self, notes: dict[str, str]) -> None:
        """Durably keep small named values, behind the batches submitted so far."""
        books = self._ready("notes")
        while self.disk.coming:
            self.spend(max(0, self.disk.coming[0].due - self.now()))
            self.catch_up()
        self.spend(self.world.plan.write_us)
        if self.world.fault("write_refused", self.site("notes")):
            raise StoreError("the disk reported an error; nothing was written, ask again")
        books.notes.update(notes)

    # -- reads --------------------------------------------------------------------------------

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Return those of the kept things with these ids that exist."""
        shelf = self._ready(f"{kind.__name__}s").shelves[kind]
        return [shelf[some_id] for some_id in dict.fromkeys(ids) if some_id in shelf]

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things whose indexed column has this value, by id."""
        found = self._ready("index").find(kind, column, value)
        return [thing for thing in found if thing.id.encode() > after.encode()][:limit]

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things by id, after this id."""
        things = self._ready("page").by_id(kind)
        return [thing for thing in things if thing.id.encode() > after.encode()][:limit]

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the record number of each key that was answered before."""
        answers = self._ready("keys").answers
        return {key: answers[key] for key in keys if key in answers}

    def record(self, seq: int) -> bytes | None:
        """Return the bytes of one record, or None."""
        records = self._ready("record").records
        return records[seq] if 0 <= seq < len(records) else None

    def records(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, bytes) of the records start <= number < end."""
        records = self._ready("records").records
        return iter(list(enumerate(records[:end]))[max(start, 0) :])

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Return the ledger lines with these numbers."""
        lines = self._ready("lines").lines
        return [lines[number] for number in dict.fromkeys(ids) if number in lines]

    def line_range(self, start: int, end: int, limit: int = 1000) -> list[Line]:
        """Return the lines start <= id < end in order."""
        lines = self._ready("lines").lines
        return [lines[number] for number in sorted(lines) if start <= number < end][:limit]

    def size(self) -> int:
        """How many records are committed."""
        return len(self._ready().records)

    def note(self, name: str) -> str | None:
        """Return a small named value, or None."""
        return self._ready("note").notes.get(name)

    def totals(self) -> list[tuple[str, int, int]]:
        """Return (currency, booked, held) over all balances."""
        return self._ready().totals()

    def tile(self, level: int, index: int) -> bytes | None:
        """Return one full tile of the Merkle log, or None."""
        return self._ready("tile").tile(level, index)

    def root(self) -> tuple[int, bytes]:
        """Return (size, Merkle root) of the committed records, once all batches on their way are settled."""
        self._ready("root")
        while self.disk.coming:
            self.spend(max(0, self.disk.coming[0].due - self.now()))
            self.catch_up()
        log = self.disk.books.log()
        return log.size, log.root()

    def check(self) -> list[str]:
        """Return what does not hang together, as sentences."""
        return inspect(self)

    def reader(self) -> Door:
        """Another way to read the same session: one thread does everything here."""
        return Door(self)

    def close(self) -> None:
        """Wait for what was submitted and let another writer in; closing twice is harmless."""
        if not self.closed and self.disk.writer is self:
            while self.disk.coming:
                self.spend(max(0, self.disk.coming[0].due - self.now()))
                self.catch_up()
            self.disk.writer = None
        self.closed = True


class Door:
    """A reader that can be closed by itself."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def close(self) -> None:
        """Nothing to let go of."""
