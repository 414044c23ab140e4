"""Lists of what came last show what came last, however much there is before it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from jingwei.channels.rest.own import purposes_told
from jingwei.channels.rest.rule_versions import next_version
from jingwei.channels.web.customer.consents import checked, used_lately
from jingwei.channels.web.staff.audiences import exports
from jingwei.channels.web.staff.knowing.identity import recent
from jingwei.consent.uses import DataUse, use_id
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.tags.audiences import AudienceExport, export_id
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.links import IdentityLink, link_id
from jingwei.ledger.work import Case

MANY = 1_700
NOW = 20_000 * DAY


class Shelf:
    """A reader of these things, in the order of their ids."""

    def __init__(self, things: list[Any]) -> None:
        self.things = sorted(things, key=lambda one: one.id)

    def page(self, kind: type, *, after: str = "", limit: int = 100) -> list[Any]:
        return [one for one in self.things if isinstance(one, kind) and one.id > after][:limit]

    def find(self, kind: type, column: str, value: str, *, after: str = "", limit: int = 100) -> list[Any]:
        found = self.page(kind, after=after, limit=len(self.things))
        return [one for one in found if getattr(one, column) == value][:limit]

    def load(self, kind: type, ids: list[str]) -> list[Any]:
        return []


def desk(things: list[Any]) -> Any:
    return SimpleNamespace(reader=Shelf(things))


def test_the_exports_shown_are_the_last_ones():
    told = exports(desk([AudienceExport(export_id(n), "a", 1, n, 0, "", n, "", "") for n in range(MANY)]))
    assert [one.at for one in told] == list(range(MANY - 1, MANY - 11, -1))


def test_the_links_shown_are_those_made_last():
    links = [
        IdentityLink(link_id("crm", f"{n:05d}"), "crm", f"{n:05d}", "c", "linked", "weight", 0, n, "system")
        for n in range(MANY)
    ]
    floor: Any = SimpleNamespace(site=SimpleNamespace(desk=desk(links)))
    assert [one.at for one in recent(floor)][:2] == [MANY - 1, MANY - 2]


def uses(days: int) -> list[DataUse]:
    """Four readers a day, up to today."""
    first = bank_day(NOW) - days + 1
    return [
        DataUse(use_id("alice", day, "service", f"staff:{n}"), "alice", day, "service", f"staff:{n}",
                "identity", 1, day * DAY, day * DAY, "")
        for day in range(first, first + days) for n in range(4)
    ]  # fmt: skip


def test_the_uses_of_data_told_are_the_last_ones():
    reader: Any = Shelf(uses(400))
    told = {one.purpose: one.uses for one in purposes_told(reader, "alice", NOW)}
    assert {one.last_at[:10] for one in told["service"]} >= {"2024-10-04"} and len(told["service"]) == 20
    assert used_lately(reader, "alice", Purpose.SERVICE, NOW, "en")[0].day == bank_day(NOW)


def test_the_checks_told_are_the_last_ones():
    cases = [
        Case(f"C{n:011d}", f"D{n:011d}", "alice", "", "refused", "", n * DAY, n * DAY)
        for n in range(300)
    ]
    reader: Any = Shelf(cases)
    assert max(one.day for one in checked(reader, "alice", "en")) == bank_day(299 * DAY)


def test_the_next_version_follows_every_one_that_was_published():
    versions = [PolicyVersion(f"outgoing@{n}", "outgoing", "", "") for n in range(1, MANY)]
    reader: Any = Shelf(versions)
    assert next_version(reader, SimpleNamespace(name="outgoing", version=3)) == MANY  # type: ignore[arg-type]
