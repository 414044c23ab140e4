"""Follows the books record by record, keeps tags and needs up to date, and answers what pages ask of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from jingwei.channels.knowing.systems import happening
from jingwei.channels.knowing.told import happenings, person
from jingwei.consent.consents import Consent, consent_id
from jingwei.consent.grounds import REGISTER
from jingwei.domains.insight.happenings import Told
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import LiveTags
from jingwei.domains.tags.needs import BY_NAME, Found, Watch
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import bank_day
from jingwei.kernel.durable import write_whole
from jingwei.kernel.ids import seq_of
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.accounts import Account
from jingwei.ledger.work import Customer
from jingwei.stores.insight import Insight, insight_path
from jingwei.stores.store import Reader, StoreError
from jingwei.stores.tagged import TagShelf
from jingwei.stores.whole import told_of

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk
    from jingwei.journeys.shape import Sealed
    from jingwei.learning.tag_batch import Learned

LOG = logging.getLogger("jingwei.knowing")
STEP = 250
"""Records read in one go; pages wait no longer than these take."""

FEW = 25
BUSY_PER_S = 300
SHARE = 0.05
"""While more records than that are written in a second, payments come first: few are read in one go, in so
small a share of the time. Tags are behind then, and catch up when there is room."""

TICK_S = 1.0
ASKED_AT_ONCE = 256
"""Customers whose consents are read in one go for the day list."""

BREATH_S = 0.002
"""So long others come first between two steps."""

RECENT = 14
"""A need counts for offers and the day list for so many days."""

MOST_FOUND = 20_000
OFFERS = REGISTER[Purpose.MARKETING]
SHOPS = "shops.json"
"""In the home: the kind of shop behind each terminal, as the acquirer lists it."""

NEEDS = "needs.json"
"""In the home: the needs known when the bank was closed, a view like the rest; it may be lost at any time."""


class Knowing:
    """Tags and needs of the bank's customers. `catch_up` may run on a thread of its own."""

    def __init__(self, reader: Reader, home: Path) -> None:
        self.shelf = TagShelf()
        self.tags = LiveTags()
        self.found: list[Found] = kept_found(home)
        """The needs found; until the books are read, those that were kept when the bank was closed."""

        self._finding: list[Found] = []
        self.learned: Learned | None = None
        self.learned_on = -1
        self._watch = Watch(self.tags)
        self._reader = reader
        self._following, self._lock = Lock(), Lock()
        """One follows at a time; tags are read and changed by one at a time, a day at most."""

        self._seq = 0
        self._history: list[Happening] | None = []
        """What the books held at the start, until all of it is read: it is counted in the order of time."""

        self._owners: dict[str, str] = {}
        self._insight: Insight | None = None
        self._home, self._insight_path, self._arrived = home, insight_path(home), 0
        self._shops = shops_of(home)
        self._shelf_version = 0
        self._whose: dict[tuple[str, str], str] = {}
        """(source, subject) that told something, with the customer it was counted for; "" for nobody yet."""

        self.stale = False
        """Something was counted for a customer who is not the one: all is to be read again."""

    def close(self) -> None:
        """Keep what the next start shows before it has read the books, and let go of everything."""
        with self._following, self._lock:
            if self._history is None:
                keep_found(self._home, self.found)
            self.shelf.close()
            self._reader.close()
            if self._insight is not None:
                self._insight.close()

    def catch_up(self, most: int = STEP) -> int:
        """Read what was written since; return how many records are still to be read."""
        with self._following:
            end = self._reader.size()
            until = min(end, self._seq + most)
            told: list[Happening] = []
            for _, leaf in self._reader.records(self._seq, until):
                told += self._told(unseal(leaf))
            self._seq = until
            read, fresh = self._from_systems()
            told += fresh
            behind = end - until + read
            if self._history is not None:
                self._history += told
                if behind:
                    return behind
                told, self._history = self._history, None
            self.count(told)
            return behind

    def catch_up_all(self) -> None:
        """Read everything there is."""
        while self.catch_up():
            time.sleep(BREATH_S)

    @property
    def percent(self) -> int:
        """How much of what the books held at the start is read; nothing is counted before all of it is."""
        return 100 if self._history is None else 99 * self._seq // max(self._reader.size(), 1)

    def _from_systems(self) -> tuple[int, list[Happening]]:
        """How much source systems told since, and what of it is of customers that are known.

        What is nobody's is counted when it is found whose it is.
        """
        if self._insight is None and self._insight_path.exists():
            self._insight = Insight(self._insight_path)
        if self._insight is None:
            return 0, []
        with told_of("the insight shelf"), self._insight.people.at_one_moment() as version:
            late = self._found_whose(self._insight, version)
            arrived = self._insight.arrived(self._arrived, 20 * STEP)
        self._arrived = arrived[-1].id if arrived else self._arrived
        for one in arrived:
            self._whose[one.source, one.subject] = one.customer
        fresh = [happened for told in (*late, *arrived) if (happened := happening(told)) is not None]
        return len(arrived), fresh

    def _found_whose(self, shelf: Insight, version: int) -> list[Told]:
        """What was told, before it was known whose it is, of subjects that are somebody's now.

        When a subject is another's than it was counted for, all is to be counted anew: `stale`.
        """
        if version == self._shelf_version:
            return []
        self._shelf_version = version
        now = {subject: who for subject, who in shelf.people.whose().items() if subject in self._whose}
        moved = [one for one, before in self._whose.items() if before and now.get(one, "") != before]
        self.stale = self.stale or bool(moved)
        found = [one for one in now if not self._whose[one]]
        self._whose.update({one: now[one] for one in found})
        return [told for one in found for told in shelf.told_by(one, self._arrived)]

    def _told(self, sealed: Sealed) -> list[Happening]:
        if not sealed.answer.movements:
            return []
        about = None
        number = seq_of(sealed.answer.about) if sealed.answer.about[:1] == "D" else None
        if number is not None and (leaf := self._reader.record(number)) is not None:
            about = unseal(leaf)
        return list(happenings(sealed, about, self._owner, self._shops))

    def count(self, told: list[Happening]) -> None:
        """Count happenings and find the needs they show; one of a day that is closed is counted alone."""
        self._meet({one.customer for one in told})
        for one in sorted(told, key=lambda one: one.at):
            while one.day > self._watch.today > 0:
                with self._lock:
                    self._finding.extend(self._watch.close())
                self._watch.today += 1
            self._watch.today = max(self._watch.today, one.day)
            with self._lock:
                if one.day == self._watch.today:
                    self._finding.extend(self._watch.add(one))
                else:
                    self.tags.add(one)
        self.found = self._finding = self._finding[-MOST_FOUND:]
        self.shelf.add(told)

    def _meet(self, customers: Iterable[str]) -> None:
        fresh = [name for name in customers if name not in self.tags.people]
        for start in range(0, len(fresh), 500):
            rows = [(one.id, person(one)) for one in self._reader.load(Customer, fresh[start : start + 500])]
            for name, known in rows:
                self.tags.know(name, known)
            self.shelf.know(rows)

    def _owner(self, account_id: str) -> str:
        if account_id not in self._owners:
            found = self._reader.load(Account, [account_id])
            self._owners[account_id] = "" if not found or found[0].side == "bank" else found[0].owner
        return self._owners[account_id]

    def learn(self, today: int, among: Iterable[str]) -> Learned:
        """Learn tiers, value and segments of these customers and keep them as tags, as of a day."""
        from jingwei.learning.tag_batch import learn_tags  # takes a second to load, and a start has none

        learned = learn_tags(self.shelf, today, among)
        self.shelf.learn(learned.rows)
        self.learned, self.learned_on = learned, today
        return learned

    def needs_of(self, customer: str, today: int) -> tuple[str, ...]:
        """What a customer's needs were of late, the newest first, each once."""
        lately = [
            one for one in reversed(self.found) if one.customer == customer and today - one.day < RECENT
        ]
        return tuple(dict.fromkeys(one.need for one in lately))

    def facts_of(self, customer: str, names: Iterable[str], today: int) -> dict[str, int]:
        """Tags of a customer that have a value."""
        with self._lock:
            told = self.tags.values(customer, names, today)
        return {name: value for name, value in told.items() if value is not None}


def kept_found(home: Path) -> list[Found]:
    """The needs known when the bank was closed last; none when they were not kept."""
    try:
        return msgspec.json.decode((home / NEEDS).read_bytes(), type=list[Found])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def keep_found(home: Path, found: list[Found]) -> None:
    """Keep needs for the next start."""
    write_whole(home / NEEDS, msgspec.json.encode(found))


def shops_of(home: Path) -> dict[str, str]:
    """The kind of shop behind each terminal, from the home's file; empty when there is none."""
    try:
        return msgspec.json.decode((home / SHOPS).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}


def list_shops(home: Path, kinds: dict[str, str]) -> None:
    """Add to the list of terminals which kind of shop is behind each."""
    write_whole(home / SHOPS, msgspec.json.encode(shops_of(home) | kinds))


def agreeing(reader: Reader, data: Iterable[DataClass], now: int) -> set[str]:
    """The customers who agree that these kinds of their data are read for marketing, as it stands now."""
    needed, found = set(data), dict[str, set[str]]()
    after = ""
    while page := reader.find(Consent, "purpose", Purpose.MARKETING.value, after=after, limit=5_000):
        after = page[-1].id
        for one in page:
            if one.holds(now):
                found.setdefault(one.customer, set()).add(one.data)
    return {who for who, agreed in found.items() if needed <= {DataClass(one) for one in agreed}}


def lately(knowing: Knowing, reader: Reader, now: int, most: int) -> list[Found]:
    """The newest needs of customers who agree to the data each rests on, newest first.

    Consents are read of those alone who come into question, some at a time.
    """
    today = bank_day(now)
    told = [one for one in knowing.found[::-1] if today - one.day < RECENT]
    found: dict[tuple[str, str], Found] = {}
    for first in range(0, len(told), ASKED_AT_ONCE):
        part = told[first : first + ASKED_AT_ONCE]
        agreed = agreed_by(reader, {one.customer for one in part}, now)
        for one in part:
            if agreed.get(one.customer, frozenset()) >= set(BY_NAME[one.need].data):
                found.setdefault((one.customer, one.need), one)
        if len(found) >= most:
            break
    return list(found.values())[:most]


def agreed_by(reader: Reader, customers: Iterable[str], now: int) -> dict[str, frozenset[DataClass]]:
    """Which kinds of their data these customers agree to be read for marketing, as it stands now."""
    purpose, found = Purpose.MARKETING, dict[str, set[DataClass]]()
    ids = [consent_id(who, purpose, data) for who in customers for data in REGISTER[purpose].data]
    for one in reader.load(Consent, ids):
        if one.holds(now):
            found.setdefault(one.customer, set()).add(DataClass(one.data))
    return {who: frozenset(data) for who, data in found.items()}


def knowing_of(desk: Desk) -> Knowing:
    """The one that belongs to a running bank; it begins with the first call."""
    if desk.knowing is None:
        desk.knowing = Knowing(desk.home.store.reader(), desk.home.path)
    assert isinstance(desk.knowing, Knowing)
    return desk.knowing


def begin_anew(desk: Desk) -> None:
    """Read the books from their beginning and put what is known then in place of what was known before.

    For a past that was written while the bank was open: its days come in the order of time this way. And for
    records that were taken for another's. Raises StoreError: what was known before stays then.
    """
    fresh = Knowing(desk.home.store.reader(), desk.home.path)
    try:
        fresh.catch_up_all()
    except StoreError:
        fresh.close()
        raise
    before, desk.knowing = desk.knowing, fresh
    if before is not None:
        before.close()


class Pace:
    """Tells whether so much is written that others should wait."""

    def __init__(self, written: int, at_s: float) -> None:
        self._written, self._at_s = written, at_s

    def busy(self, written: int, at_s: float) -> bool:
        """Whether more than BUSY_PER_S records a second were written since the last look."""
        more, seconds = written - self._written, at_s - self._at_s
        self._written, self._at_s = written, at_s
        return more > BUSY_PER_S * max(seconds, 0.001)


async def follow(desk: Desk) -> None:
    """Keep up with the books for as long as the server runs, on a thread beside it."""
    store = desk.home.store
    pace = Pace(store.size(), time.perf_counter())
    while True:
        if desk.writing is not None:
            await asyncio.sleep(TICK_S)
            continue
        knowing = knowing_of(desk)
        if knowing.stale:
            try:
                await asyncio.to_thread(begin_anew, desk)
            except StoreError:
                LOG.exception("what was taken for another's is read anew when the books can be read")
                await asyncio.sleep(TICK_S)
            continue
        began = time.perf_counter()
        busy = pace.busy(store.size(), began)
        try:
            behind = await asyncio.to_thread(knowing.catch_up, FEW if busy else STEP)
        except StoreError:
            LOG.exception("tags wait until the books can be read")
            behind = 0
        today = bank_day(desk.home.clock.now())
        if not behind and knowing.learned_on != today:
            among = agreeing(desk.reader, OFFERS.data, desk.home.clock.now()) & knowing.tags.people.keys()
            learned = await asyncio.to_thread(knowing.learn, today, among)
            for one in learned.left_out:
                LOG.info("not learned today: %s", one)
        if busy:
            await asyncio.sleep((time.perf_counter() - began) / SHARE)
        else:
            await asyncio.sleep(0.02 if behind else TICK_S)
