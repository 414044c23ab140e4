"""Tags mean the same in every execution: the literal words, event by event, and as SQL."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from jingwei.domains.tags.declared import DYNAMIC, TAGS, WINDOWS, Sort, Tag
from jingwei.domains.tags.happenings import BY_SERIES, KINDS, Happening, series_of
from jingwei.domains.tags.live import LiveTags, Person, written
from jingwei.domains.tags.sql import all_tags, write_sql
from jingwei.kernel.clock import BANK_OFFSET, DAY, bank_day
from jingwei.kernel.purpose import DataClass, Purpose

TODAY = 20_500
SOME = ("age_years", "customer_days", "is_company", "card_baby_count_30d", "page_all_rise_7d",
        "income_wage_gap_days", "card_all_most_365d", "out_rent_days_90d")  # fmt: skip


def history(seed: int, people: int = 5, size: int = 900) -> list[Happening]:
    """Made-up happenings, unsorted, with what is undeclared, at the edges of days and windows, and later."""
    rng = random.Random(seed)
    kinds = [kind.code for kind in KINDS]
    made = []
    for _ in range(size):
        kind = rng.choice([*kinds, "card", "page", "no_such_kind"])
        known = BY_SERIES.get(f"{kind}_all")
        category = rng.choice([code for code, _ in known.kind.categories] if known else ["x"])
        if rng.random() < 0.05:
            category = rng.choice(["", "all", "no_such", "it's"])
        back = rng.choice([0, 1, 6, 7, 8, 13, 14, 29, 30, 31, 60, 89, 90, 180, 364, 365, 730, -1])
        back += rng.choice([0, 0, rng.randrange(40)])
        edge = rng.choice([0, DAY - 1, rng.randrange(DAY)])
        amount = rng.choice([0, 1, rng.randrange(1, 10**7), 10**14]) if known and known.kind.money else 0
        at = (TODAY - back) * DAY - BANK_OFFSET + edge
        made.append(Happening(f"p{rng.randrange(people)}", at, kind, category, amount, "test"))
    return made


def by_series(events: list[Happening]) -> dict[tuple[str, str], list[Happening]]:
    found: dict[tuple[str, str], list[Happening]] = {}
    for one in events:
        for series in series_of(one.kind, one.category):
            found.setdefault((one.customer, series), []).append(one)
    return found


def literal(tag: Tag, events: list[Happening], today: int) -> int | None:
    """What the declaration says, word by word, over the happenings of one customer in the tag's series."""
    mine = [one for one in events if one.day <= today]
    if tag.measure == "gap":
        return today - max(one.day for one in mine) if mine else None
    now = [one for one in mine if today - tag.window < one.day]
    before = [one for one in mine if today - 2 * tag.window < one.day <= today - tag.window]
    total = sum if BY_SERIES[tag.series].kind.money else len
    add = lambda some: total([one.amount_minor for one in some])  # noqa: E731
    return {
        "count": lambda: len(now),
        "sum": lambda: sum(one.amount_minor for one in now),
        "most": lambda: max((one.amount_minor for one in now), default=0),
        "days": lambda: len({one.day for one in now}),
        "rise": lambda: add(now) - add(before),
    }[tag.measure]()


def test_over_a_thousand_tags_are_live_with_their_own_words():
    assert len(DYNAMIC) > 1_000
    for lang in ("en", "zh"):
        said = [getattr(tag.words, lang) for tag in TAGS.values()]
        assert len(set(said)) == len(said)
    assert all(re.search("[一-鿿]", tag.words.zh) and "{" not in tag.words.en for tag in TAGS.values())


def test_every_tag_says_whose_data_it_is_and_what_it_may_serve():
    assert all(tag.purposes for tag in TAGS.values())
    for tag in DYNAMIC:
        assert tag.data is BY_SERIES[tag.series].kind.data
        if tag.data is DataClass.DEVICES:
            assert tag.purposes == {Purpose.RISK}
    assert Purpose.SERVICE not in TAGS["page_mortgage_count_30d"].purposes


def loaded(events: list[Happening], people: dict[str, Person]) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect()
    duck.execute("CREATE TABLE events (customer VARCHAR, \"at\" BIGINT, kind VARCHAR, category VARCHAR, "
                 "amount_minor BIGINT, source VARCHAR)")  # fmt: skip
    duck.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", events)
    duck.execute("CREATE TABLE people (customer VARCHAR, born INTEGER, joined BIGINT, company INTEGER)")
    rows = [(who, one.born, one.joined, int(one.company)) for who, one in people.items()]
    duck.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
    return duck


@pytest.mark.parametrize("seed", range(3))
def test_live_is_literal_is_sql_to_the_last_bit(seed):
    events = history(seed)
    live = LiveTags()
    live.add_all(events)
    who = sorted({one.customer for one in events})
    people = {name: Person(19_900_615 if n % 2 else 0, TODAY - n, n == 3) for n, name in enumerate(who)}
    found = by_series(events)
    with loaded(events, people) as duck:
        for today in (TODAY, TODAY + 3):
            told = {(a, b): c for a, b, c in duck.execute(all_tags("events", today)).fetchall()}
            assert set(told) <= {(name, tag.name) for name in who for tag in DYNAMIC}
            for name in who:
                for tag in DYNAMIC:
                    means = literal(tag, found.get((name, tag.series), []), today)
                    assert live.value(name, tag.name, today) == means, (name, tag.name)
                    assert told.get((name, tag.name), None if tag.measure == "gap" else 0) == means


def test_named_tags_as_columns_are_the_same_for_everybody_also_who_did_nothing():
    events = history(9)
    live, people = LiveTags(), {f"p{n}": Person(20_000_101 + n, n, n == 2) for n in range(9)}
    people["quiet"] = Person()
    live.add_all(events)
    for name, person in people.items():
        live.know(name, person)
    with loaded(events, people) as duck:
        rows = duck.execute(write_sql(SOME, "events", "people", TODAY)).fetchall()
    assert {row[0] for row in rows} == set(people) and len(rows) == len(people)
    for name, *values in rows:
        assert dict(zip(SOME, values, strict=True)) == live.values(name, SOME, TODAY)


def test_age_turns_on_the_birthday():
    tag = TAGS["age_years"]
    born = Person(20_000_301)
    eve = bank_day(0) + 20_148  # 2025-03-01
    assert written(eve) == 20_250_301
    assert (born.measure(tag, eve - 1), born.measure(tag, eve)) == (24, 25)


def test_tables_have_plain_names_and_tags_are_declared():
    with pytest.raises(ValueError, match="plain name"):
        write_sql(SOME, "events; DROP TABLE people", "people", TODAY)
    with pytest.raises(KeyError):
        write_sql(["no_such_tag"], "events", "people", TODAY)
    with pytest.raises(ValueError, match="batch"):
        LiveTags().value("a", "rfm_tier", TODAY)
    assert all(TAGS[name].sort for name in SOME) and Sort.MODEL and WINDOWS
