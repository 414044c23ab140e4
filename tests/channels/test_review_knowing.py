"""Tags follow what source systems tell, also of records found later to be somebody's, or not to be."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from tests.channels.sources.conftest import quiet

from jingwei.channels.demo import settle
from jingwei.channels.knowing import following
from jingwei.channels.knowing.following import Knowing, follow
from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.who import resolve_at_home
from jingwei.domains.insight.mapping import read_mapping
from jingwei.home import open_home
from jingwei.journeys.link_identity import KeepApart, Link, LinkIdentity, UnlinkIdentity
from jingwei.journeys.open_account import OpenAccount
from jingwei.kernel.clock import bank_day, iso
from jingwei.stores.store import StoreError

CLUB = """
source = "club"
title = { en = "Club", zh = "会员" }
[read]
format = "csv"
[subject]
column = "member"
[[event]]
kind = "item_bought"
at = "when"
category = "what"
"""

@pytest.fixture
def home(tmp_path):
    home = open_home(tmp_path / "home")
    assert settle(home) == []
    yield home
    home.close()


@pytest.fixture
def knowing(home):
    knowing = Knowing(home.store.reader(), home.path)
    yield knowing
    knowing.close()


def bring(home, tmp_path, rows: int, mapping: str = CLUB, member: str = "m-1") -> None:
    """Have so many happenings of a member come in."""
    path = tmp_path / f"club-{rows}.csv"
    when = iso(home.clock.now() - 3_600_000_000)
    path.write_text("member,when,what\n" + f"{member},{when},baby\n" * rows)
    import_at_home(at_hand(home), home.insight, read_mapping(mapping), str(path), resume=False, tell=quiet)


def say(home, kind, **fields) -> None:
    now = home.clock.now()
    (reply,) = home.bank.do([kind(key=f"{kind.__name__}{now}", actor="staff:customer_manager", at=now,
                                  known_at=now, **fields)])  # fmt: skip
    assert reply.answer.refusal is None
    home.insight.people.follow(home.store)


def bought(home, knowing, who: str) -> int:
    today = bank_day(home.clock.now())
    return knowing.facts_of(who, ["bought_baby_count_30d"], today)["bought_baby_count_30d"]


def test_what_came_in_before_it_was_known_whose_it_is_counts_once_it_is_known(home, knowing, tmp_path):
    knowing.catch_up_all()
    bring(home, tmp_path, 3)
    knowing.catch_up_all()
    assert bought(home, knowing, "alice") == 0
    say(home, LinkIdentity, links=(Link("club", "m-1", "alice", "person"),))
    knowing.catch_up_all()
    assert bought(home, knowing, "alice") == 3
    bring(home, tmp_path, 4)
    knowing.catch_up_all()
    assert bought(home, knowing, "alice") == 7, "each counts once"
    fresh = Knowing(home.store.reader(), home.path)
    fresh.catch_up_all()
    assert bought(home, fresh, "alice") == 7, "a start reads the same"
    assert not knowing.stale
    fresh.close()


def test_what_turns_out_to_be_another_persons_is_read_anew(home, knowing, tmp_path):
    bring(home, tmp_path, 3)
    say(home, LinkIdentity, links=(Link("club", "m-1", "alice", "person"),))
    knowing.catch_up_all()
    assert bought(home, knowing, "alice") == 3 and not knowing.stale
    say(home, UnlinkIdentity, source="club", subject="m-1")
    knowing.catch_up_all()
    assert knowing.stale
    desk = SimpleNamespace(home=home, reader=home.store.reader(), writing=None, knowing=knowing)

    async def until_read_anew():
        task = asyncio.create_task(follow(desk))
        while desk.knowing is knowing:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(until_read_anew(), 30))
    assert bought(home, desk.knowing, "alice") == 0
    desk.knowing.close()
    desk.reader.close()


def test_books_that_cannot_be_read_for_a_while_end_nothing(home, knowing, tmp_path, monkeypatch):
    knowing.catch_up_all()
    knowing.stale = True
    desk = SimpleNamespace(home=home, reader=home.store.reader(), writing=None, knowing=knowing)
    whole, failed = Knowing.catch_up_all, []

    def fails_once(self):
        if not failed:
            failed.append(self)
            raise StoreError("the books cannot be read")
        whole(self)

    monkeypatch.setattr(following, "TICK_S", 0.01)
    monkeypatch.setattr(Knowing, "catch_up_all", fails_once)

    async def until_read_anew():
        task = asyncio.create_task(follow(desk))
        while desk.knowing is knowing and not task.done():
            await asyncio.sleep(0.01)
        assert not task.done(), "it goes on following"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(until_read_anew(), 30))
    assert failed and desk.knowing is not failed[0]
    desk.knowing.close()
    desk.reader.close()


def test_a_record_that_is_not_the_first_of_two_alike_is_found_to_be_the_second(home, tmp_path):
    """What a person said of one customer takes that one out, and lets the search go on."""
    now = home.clock.now()
    for who in ("wei1", "wei2"):
        fields = {"key": who, "actor": "system:core", "at": now, "known_at": now, "customer": who}
        home.bank.do(
            [OpenAccount(**fields, product="current_cny", account=who, name="欧阳伟", born="1990-05-12")]
        )
    path = tmp_path / "crm.csv"
    path.write_text("member,name,born\nm-1,欧阳伟,1990-05-12\n")
    crm = CLUB.partition("[[event]]")[0] + '[profile]\nname = "name"\nborn = "born"\n'
    import_at_home(at_hand(home), home.insight, read_mapping(crm), str(path), resume=False, tell=quiet)
    assert resolve_at_home(at_hand(home), home.insight, quiet).doubtful == 1, "it may be either"
    (doubt,) = home.insight.people.doubts()
    say(home, KeepApart, source="club", subject="m-1", customer=doubt.customer)
    told = resolve_at_home(at_hand(home), home.insight, quiet)
    assert (told.apart, told.linked, told.nobody) == (1, 1, 0)
    (stands,) = home.insight.people.profiles(linked=True)
    assert {stands.customer, doubt.customer} == {"wei1", "wei2"}


def test_nothing_is_counted_before_all_that_came_in_is_read(home, knowing, tmp_path, monkeypatch):
    """A piece of which nothing counts is not the end: the days are counted in the order of time."""
    monkeypatch.setattr("jingwei.channels.knowing.following.STEP", 10)
    fraud = CLUB.replace("item_bought", "fraud_report").replace('source = "club"', 'source = "other"')
    bring(home, tmp_path, 250, fraud)
    assert knowing.catch_up(100_000) > 0 and knowing.percent < 100
    knowing.catch_up_all()
    assert knowing.percent == 100
