"""The board: how much is paid, what is decided and why, what waits, what turned out to be fraud."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from jingwei.channels.web.pages import money
from jingwei.channels.web.staff.oversight.charts import Column, bar, columns
from jingwei.channels.web.staff.oversight.room import WATCH, asked
from jingwei.journeys.shape import every
from jingwei.kernel.clock import BANK_OFFSET, DAY, HOUR, local_text
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.facts import Fact, Facts
    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit

PERIODS = {"6h": (6, HOUR), "24h": (24, HOUR), "7d": (7, DAY), "30d": (30, DAY)}
RESULTS = ("allowed", "stepped_up", "held", "refused")
REASONS = 10
CASES = 1_000
SOON = 4 * HOUR
REFRESH_S = "10"


class Slot(NamedTuple):
    """One hour or day: [start, end) and what happened in it."""

    start: int
    end: int
    label: str
    results: Counter[str]
    money_minor: int
    fraud: int

    @property
    def payments(self) -> int:
        """How many payments were judged."""
        return self.results.total()

    @property
    def href(self) -> str:
        """The list behind it."""
        return f"/desk/decisions?from={self.start}&until={self.end}"


class Share(NamedTuple):
    """A row with a bar: what it says, how many, which share, where it leads."""

    says: str
    many: int
    share: float
    href: str
    bar: Markup


def add_board(router: Router, room: Room) -> None:
    """Add /desk/board."""

    async def board(visit: Visit) -> Response:
        room.enter(visit, *WATCH)
        period = asked(visit, "period")
        period = period if period in PERIODS else "24h"
        facts, now = await room.look(), room.site.now()
        seen = slots(facts, now, *PERIODS[period])
        start = seen[0].start
        code = main_currency(facts, start)
        seen = [slot._replace(money_minor=paid(facts, slot, code)) for slot in seen]
        values = {
            "slots": seen,
            "period": period,
            "periods": PERIODS,
            "currency": code,
            "charts": drawn(visit, seen, code),
            "results": result_shares(visit, seen),
            "reasons": reason_shares(room, visit, facts, start),
            "holds": holds(room, visit, now),
            "answered": answered(room, facts, start),
            "live": asked(visit, "live") == "1",
        }
        page = room.site.page(visit, "desk/board.html", values)
        if values["live"]:
            page.headers["refresh"] = REFRESH_S
        return page

    room.site.add(router, "/desk/board", board)


def slots(facts: Facts, now: int, count: int, width: int) -> list[Slot]:
    """The last `count` hours or days of the bank's own clock, the present one last."""
    end = (now + BANK_OFFSET) // width * width - BANK_OFFSET + width
    first = end - count * width
    results: list[Counter[str]] = [Counter() for _ in range(count)]
    for fact in facts.between(first, end):
        results[(fact.known_at - first) // width][fact.result] += 1
    fraud = Counter((at - first) // width for at, _ in facts.reported if at >= first)
    form = "%H" if width == HOUR else "%d"
    return [
        Slot(start, start + width, local_text(start, form), results[place], 0, fraud[place])
        for place, start in enumerate(range(first, end, width))
    ]


def main_currency(facts: Facts, start: int) -> str:
    """The currency most payments since then are in."""
    counted = Counter(fact.currency for fact in facts.between(start, 2**62))
    return counted.most_common(1)[0][0] if counted else "CNY"


def paid(facts: Facts, slot: Slot, code: str) -> int:
    """Money of the payments let through in a slot, in minor units of one currency."""
    return sum(
        fact.amount_minor
        for fact in facts.between(slot.start, slot.end)
        if fact.currency == code and fact.result == "allowed"
    )


def drawn(visit: Visit, seen: list[Slot], code: str) -> dict[str, Markup]:
    """The three charts over time."""
    says = visit.say
    payments = [
        Column(
            slot.label,
            says("board.column_payments", n=slot.payments, at=local_text(slot.start)),
            tuple((name, slot.results[name]) for name in RESULTS),
            slot.href,
        )
        for slot in seen
    ]
    flows = [
        Column(
            slot.label,
            f"{local_text(slot.start)}: {plain(slot.money_minor, code)}",
            (("allowed", slot.money_minor),),
            f"{slot.href}&result=allowed",
        )
        for slot in seen
    ]
    frauds = [
        Column(
            slot.label,
            says("board.column_fraud", n=slot.fraud, at=local_text(slot.start)),
            (("refused", slot.fraud),),
            f"/desk/decisions?from={slot.start}&until={slot.end}&reported=1",
        )
        for slot in seen
    ]
    most = {
        "payments": str(max(slot.payments for slot in seen)),
        "money": plain(max(slot.money_minor for slot in seen), code),
        "fraud": str(max(slot.fraud for slot in seen)),
    }
    series = {"payments": payments, "money": flows, "fraud": frauds}
    return {name: columns(says(f"board.{name}"), series[name], most[name]) for name in series}


def plain(minor: int, code: str) -> str:
    """An amount without markup."""
    return money(minor, code).striptags()


def result_shares(visit: Visit, seen: list[Slot]) -> list[Share]:
    """How many payments came to which result."""
    counted: Counter[str] = sum((slot.results for slot in seen), Counter())
    total = counted.total() or 1
    span = f"/desk/decisions?from={seen[0].start}&until={seen[-1].end}"
    return [
        Share(
            visit.say(f"result.{name}"), counted[name], counted[name] / total, f"{span}&result={name}",
            bar(counted[name] / total, name),
        )
        for name in RESULTS
    ]  # fmt: skip


def reason_shares(room: Room, visit: Visit, facts: Facts, start: int) -> list[Share]:
    """The reasons given most."""
    counted: Counter[str] = Counter()
    told: dict[str, Fact] = {}
    total = 0
    for fact in facts.between(start, 2**62):
        total += 1
        counted.update(fact.reasons)
        for code in fact.reasons:
            told.setdefault(code, fact)
    return [
        Share(
            room.reason_says(told[code].policy, code, visit.lang), count, count / total,
            f"/desk/decisions?from={start}&reason={code}", bar(count / counted.most_common(1)[0][1]),
        )
        for code, count in counted.most_common(REASONS)
    ]  # fmt: skip


def holds(room: Room, visit: Visit, now: int) -> list[Share]:
    """Open cases by how much time is left: in time, due within hours, late."""
    cases = every(room.desk.reader, Case, "status", "open")
    counted = Counter(
        "late" if case.due_at < now else "soon" if case.due_at < now + SOON else "in_time" for case in cases
    )
    total = len(cases) or 1
    names = {"in_time": "allowed", "soon": "stepped_up", "late": "refused"}
    return [
        Share(
            visit.say(f"board.{name}"), counted[name], counted[name] / total, "/desk",
            bar(counted[name] / total, names[name]),
        )
        for name in names
    ]  # fmt: skip


def answered(room: Room, facts: Facts, start: int) -> tuple[int, int]:
    """(cases answered by people since then, how many of them when due)."""
    found = {one.case: one.at for one in facts.answered if one.at >= start and one.by.startswith("staff:")}
    cases = room.desk.reader.load(Case, list(found)[-CASES:])
    return len(cases), sum(found[case.id] <= case.due_at for case in cases)
