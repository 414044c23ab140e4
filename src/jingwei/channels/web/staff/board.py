"""The board: cases that wait and those of the last weeks, in memory, brought up to date before each look."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from jingwei.domains.credit.loans import LOAN_APPEAL, LOAN_CASES, LoanApplication, application_id
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY, HOUR, bank_day
from jingwei.kernel.ids import case_id, seq_of
from jingwei.ledger.casework import INBOXES, CaseWork
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jingwei.channels.rest.desk import Desk

AT_ONCE = 1_000
DAYS = 14
"""How far back the figures go."""

HISTORY = 28 * DAY
"""Answered cases whose payment is older than this are not kept in memory; each is read when it is opened."""

ALIKE = 5
"""How many similar cases are shown."""

LENDING = LOAN_CASES
"""Codes of cases about a loan: no money is held for them."""

LOAN_POLICY = "loan"
"""What stands for the policy of a case about a loan."""


class Row(msgspec.Struct, frozen=True):
    """A case, the work on it, and the payment or loan it is about. `seen` is what the policy read.

    `not_for` is who may not answer, because they decided before ("" for nobody).
    """

    case: Case
    work: CaseWork
    amount_minor: int
    currency: str
    payer: str
    payee: str
    policy: str
    seen: tuple[float, ...]
    not_for: str = ""

    @property
    def lending(self) -> bool:
        """Whether the case is about a loan."""
        return self.case.code in LENDING

    @property
    def address(self) -> str:
        """The address of its page."""
        return f"/desk/{'loans/' if self.lending else ''}cases/{self.case.id}"

    @property
    def open(self) -> bool:
        """Whether the case waits for an answer."""
        return self.case.status == "open"

    def late(self, now: int) -> bool:
        """Whether the answer should have been given by now."""
        return self.open and self.case.due_at < now

    def asleep(self, now: int) -> bool:
        """Whether the case is put off."""
        return self.open and self.work.snoozed_until > now


class Day(NamedTuple):
    """What was answered on one bank day: how many, and half of them within this many hours."""

    day: int
    answered: int
    median_h: float


class Figures(NamedTuple):
    """How the work stands; `days` are those with answers, oldest first."""

    open: int
    due_today: int
    late: int
    days: tuple[Day, ...]


def queued(case: Case) -> bool:
    """Whether a case stands in the queue: money waits for it, or an application for a loan."""
    return bool(case.hold) or case.code in LENDING


class Board:
    """Cases by id: all that wait, and the answered ones of the last weeks.

    For one thread. The first look reads what waits and the last weeks' records, however old the bank is;
    each later one only what changed.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rows: dict[str, Row] = {}
        self._open: set[str] = set()
        self._last = ""
        self._size = -1

    def rows(self) -> dict[str, Row]:
        """Every case as it stands now."""
        reader, size = self._desk.reader, self._desk.reader.size()
        if size == self._size:
            return self._rows
        if self._size < 0:
            self._begin(size)
        while fresh := reader.page(Case, after=self._last, limit=AT_ONCE):
            for case in fresh:
                if not queued(case):
                    continue  # a call or an appeal about a payment: they have pages of their own
                self._rows[case.id] = self._row(case)
                self._open.add(case.id)
            self._last = fresh[-1].id
        names = list(self._open)
        works = {work.id: work for work in reader.load(CaseWork, names)}
        for case in reader.load(Case, names):
            row = msgspec.structs.replace(
                self._rows[case.id], case=case, work=works.get(case.id, CaseWork(case.id))
            )
            self._rows[case.id] = row
            if not row.open:
                self._open.discard(case.id)
        self._size = size
        return self._rows

    def open_rows(self) -> list[Row]:
        """The cases that wait."""
        rows = self.rows()
        return [rows[name] for name in self._open]

    def find(self, case: str) -> Row | None:
        """One case, or None; an old one is read for this look alone."""
        found = self.rows().get(case)
        if found is not None:
            return found
        reader = self._desk.reader
        for one in reader.load(Case, [case] if seq_of(case) is not None else []):
            if queued(one):
                works = reader.load(CaseWork, [case])
                return msgspec.structs.replace(self._row(one), work=works[0] if works else CaseWork(case))
        return None

    def _begin(self, size: int) -> None:
        """Find where the last weeks begin, and take in what waits from before."""
        since = self._first_after(self._desk.home.clock.now() - HISTORY, size)
        self._last, after = case_id(since - 1) if since else "", ""
        while found := self._desk.reader.find(Case, "status", "open", after=after, limit=AT_ONCE):
            after = found[-1].id
            for case in found:
                if case.id <= self._last and queued(case):
                    self._rows[case.id] = self._row(case)
                    self._open.add(case.id)

    def _first_after(self, at: int, size: int) -> int:
        """The first record asked for at this moment or later, halving; records come in the order of time."""
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            leaf = self._desk.reader.record(middle)
            if leaf is not None and unseal(leaf).command.at >= at:
                high = middle
            else:
                low = middle + 1
        return low

    def _row(self, case: Case) -> Row:
        if case.code in LENDING:
            return self._loan_row(case)
        sealed = self._desk.record(case.about)
        paid, given = sealed.command, sealed.answer
        to = getattr(paid, "payee", "") or getattr(paid, "terminal", "")
        seen = tuple(np.nan if value is None else value for value in given.seen)
        return Row(
            case, CaseWork(case.id), paid.amount_minor, paid.currency, paid.payer, to, given.policy, seen
        )

    def _loan_row(self, case: Case) -> Row:
        number = seq_of(case.about)
        asked = self._desk.reader.load(LoanApplication, [application_id(number or 0)])[0]
        before = asked.decided_by if case.code == LOAN_APPEAL else ""
        return Row(
            case, CaseWork(case.id), asked.amount_minor, asked.currency, asked.customer, "", LOAN_POLICY, (),
            before,
        )  # fmt: skip

    def counts(self, now: int, waiting: Iterable[Row]) -> dict[str, int]:
        """How many of those that wait are in each inbox, how many are put off, and how many are late."""
        counted = dict.fromkeys((*INBOXES, "asleep", "late", "open"), 0)
        for row in waiting:
            counted["open"] += 1
            counted["asleep" if row.asleep(now) else row.work.inbox] += 1
            counted["late"] += row.late(now)
        return counted

    def figures(self, now: int, waiting: Sequence[Row], sees: Callable[[Row], bool]) -> Figures:
        """How the work that waits stands, and how long answers to cases one `sees` took on the last days."""
        today = bank_day(now)
        due = sum(1 for row in waiting if not row.late(now) and bank_day(row.case.due_at) == today)
        took: dict[int, list[int]] = {}
        for row in filter(sees, self._rows.values()):
            case = row.case
            if case.closed_by.startswith("staff:") and case.closed_at > now - DAYS * DAY:
                took.setdefault(bank_day(case.closed_at), []).append(case.closed_at - case.opened_at)
        days = tuple(Day(day, len(took[day]), round(median(took[day]) / HOUR, 1)) for day in sorted(took))
        return Figures(len(waiting), due, sum(row.late(now) for row in waiting), days)

    def alike(self, row: Row) -> list[tuple[Row, float]]:
        """Answered cases most like this one, with how like they are (0 to 1).

        Of the same policy; by what the policy read, each value scaled by its spread over those cases, the
        mean distance d of the values known in both giving 1 / (1 + d).
        """
        past = [one for one in self.rows().values() if not one.open and one.policy == row.policy]
        past = [one for one in past if one.case.id != row.case.id and len(one.seen) == len(row.seen)]
        if not past or not row.seen:
            return []
        table = np.array([one.seen for one in past])
        mine = np.array(row.seen)
        wide = np.where(np.isfinite(table), table, 0.0).std(axis=0)
        apart = np.abs(table - mine) / np.where(wide > 0, wide, 1.0)
        known = np.isfinite(apart)
        distance = np.where(known, np.minimum(apart, 10.0), 0.0).sum(axis=1) / np.maximum(
            known.sum(axis=1), 1
        )
        other_reason = np.array([one.case.code != row.case.code for one in past])
        order = np.argsort(distance + other_reason, kind="stable")[:ALIKE]
        return [(past[i], float(1.0 / (1.0 + distance[i]))) for i in order]
