"""The card stream through the whole bank: same root for every batch size, and history judged again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from jingwei.channels.streams.card_file import CardFile, StreamError
from jingwei.channels.streams.card_stream import commands_of
from jingwei.channels.streams.replay import replay
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.policy import CARD_PAYMENT, policy_text
from jingwei.features.live import LiveFeatures
from jingwei.home import MODEL_SLOTS, open_home
from jingwei.kernel.clock import DAY, ManualClock
from jingwei.learning.whatif import History, whatif

COUNTED = ("decisions", "allowed", "stepped_up", "held", "refused", "postings", "audit_root", "last_decision")


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """600 made-up card payments over 20 days, some of them fraud."""
    draw = random.Random(5)
    at, rows = 1_522_540_800, []
    for _ in range(600):
        at += draw.randrange(1, 5_800)
        fraud = draw.random() < 0.03
        amount = draw.randrange(20_000, 90_000) if fraud else draw.randrange(100, 12_000)
        who, where = draw.randrange(40), draw.randrange(25)
        rows.append(f"(to_timestamp({at})::timestamp, {who}, {where}, {amount}, {int(fraud)})")
    path = tmp_path / "cards.parquet"
    duckdb.execute(
        f"copy (select * from (values {', '.join(rows)}) "
        't("at", customer, terminal, amount_minor, fraud_scenario)) '
        f"to '{path}' (format parquet)"
    )
    return path


def test_the_stream_has_one_audit_root_for_every_batch_size(tmp_path: Path, cards: Path) -> None:
    seen = [replay(tmp_path / f"by-{size}", cards, batch=size) for size in (1, 7, 5_000)]
    first = {name: seen[0][name] for name in COUNTED}
    assert first["decisions"] == 600
    assert first["allowed"] + first["stepped_up"] + first["held"] + first["refused"] == 600
    assert first["stepped_up"] and first["allowed"] > 500
    assert all({name: result[name] for name in COUNTED} == first for result in seen)


def test_a_stream_brought_twice_posts_nothing_twice(tmp_path: Path, cards: Path) -> None:
    half = replay(tmp_path / "home", cards, limit=300, batch=100)
    whole = replay(tmp_path / "home", cards, batch=100)
    again = replay(tmp_path / "home", cards, batch=64)
    at_once = replay(tmp_path / "other", cards, batch=600)
    assert half["decisions"] == 300
    assert whole["audit_root"] == again["audit_root"] == at_once["audit_root"]
    assert again["replayed"] > 600


def looked_again(home_path: Path, text: str) -> dict[str, Any]:
    home = open_home(home_path, ManualClock(0))
    try:
        history = History(LiveFeatures(FRAUD), home.registry, MODEL_SLOTS, parse_policy(text))
        return whatif(home.store, history)
    finally:
        home.close()


def test_history_is_judged_again_bit_for_bit_and_under_a_new_rule(tmp_path: Path, cards: Path) -> None:
    replay(tmp_path / "home", cards, batch=100)
    same = looked_again(tmp_path / "home", policy_text(CARD_PAYMENT))
    assert same["payments"] == 600
    assert same["recorded_differences"] == 0
    assert same["changed"] == {"payments": 0, "customers": 0, "money_minor": {}}
    rule = """
[[rules]]
code = "ten_euros_or_more"
when = "amount_minor >= 1_000"
verdict = "refuse"
weight = 99
says = "The amount is 10.00 or more."
says_zh = "金额达到10.00或以上。"
"""
    stricter = looked_again(tmp_path / "home", policy_text(CARD_PAYMENT) + rule)
    large = f"select amount_minor from '{cards}' where amount_minor >= 1000"
    amounts = [row[0] for row in duckdb.execute(large).fetchall()]
    assert stricter["recorded_differences"] == 0
    assert stricter["changed"]["payments"] == len(amounts)
    assert stricter["changed"]["money_minor"] == {"EUR": sum(amounts)}
    assert set(stricter["changes"]) <= {"allow -> refuse", "step_up -> refuse", "hold -> refuse"}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("1 as customer", "lacks the column(s) at, terminal, amount_minor"),
        ("NOON, 1 customer, 1 terminal, -1 amount_minor", "not be negative"),
        ("NOON, 1 customer, 1 terminal, 1000000000000001 amount_minor", "at most"),
        ("NOON, null::int customer, 1 terminal, 5 amount_minor", "row 1: customer is empty"),
        (
            "'yesterday' as \"at\", 1 customer, 1 terminal, 5 amount_minor",
            "row 1: at 'yesterday' is not a moment",
        ),
        ("NOON, 'a b''; --' customer, 1 terminal, 5 amount_minor", "not an id"),
    ],
)
def test_a_file_that_is_no_card_stream_is_refused_by_what_is_wrong(
    tmp_path: Path, columns: str, says: str
) -> None:
    path = tmp_path / "cards.parquet"
    select = "select " + columns.replace("NOON", "timestamp '2020-01-01' as \"at\"")
    duckdb.execute(f"copy ({select}) to '{path}' (format parquet)")
    with pytest.raises(StreamError) as refused:
        list(commands_of(CardFile(path), 10, "cards"))
    assert says in str(refused.value)


def test_a_file_that_is_missing_or_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="there is no file"):
        CardFile(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(StreamError, match="cannot be read as parquet"):
        CardFile(tmp_path / "text.parquet")


def written(path: Path, rows: list[str]) -> Path:
    """A CSV file of card payments."""
    path.write_text("\n".join(["at,customer,terminal,amount_minor", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("2026-01-01 10:00,7,T1,12.5", "row 2: amount_minor '12.5' is not a whole number"),
        ("2026-01-01 10:00,7,T1,1e3", "row 2: amount_minor '1e3' is not a whole number"),
        ("2026-01-01 10:00,7,T1,", "row 2: amount_minor is empty"),
        ("2026-01-01 10:00,,T1,5", "row 2: customer is empty"),
        ("2026-02-30 10:00,7,T1,5", "row 2: at '2026-02-30 10:00' is not a moment"),
        ("9999-01-01 10:00,7,T1,5", "row 2: at is not between 1900 and 2200"),
        ("2026-01-01 10:00,7,T 1,5", "row 2: terminal 'T 1' is not an id"),
        ("2026-01-01 10:00,7,T1,-5", "row 2: amount_minor must not be negative"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_row_and_column(tmp_path: Path, bad: str, says: str) -> None:
    good = "2026-01-01 09:00,7,T1,500"
    path = written(tmp_path / "cards.csv", [good, bad, good])
    with pytest.raises(StreamError) as refused:
        list(commands_of(CardFile(path), 10, "cards"))
    assert says in str(refused.value)
    with pytest.raises(StreamError, match="row 2"):
        replay(tmp_path / "home", path, batch=1)
    home = open_home(tmp_path / "home", ManualClock(0))
    founded = home.store.size()
    home.close()
    assert founded == open_home_size(tmp_path / "other"), "a file that cannot be read left something behind"


def open_home_size(path: Path) -> int:
    """How many records a new bank has."""
    home = open_home(path, ManualClock(0))
    try:
        return home.store.size()
    finally:
        home.close()


def test_ids_of_a_csv_file_are_kept_letter_by_letter(tmp_path: Path) -> None:
    path = written(tmp_path / "cards.csv", [f"2026-01-01 09:00,{who},T1,500" for who in ("007", "7", "0x7")])
    found = [one.customer for one in commands_of(CardFile(path), 9, "c") if hasattr(one, "terminal")]
    assert found == ["c007", "c7", "c0x7"]


def test_a_late_payment_is_known_when_it_came_and_none_is_lost(tmp_path: Path) -> None:
    rows = [f"2026-01-0{day} 09:00,7,T1,{day}00" for day in (1, 3, 2, 3, 1)]
    path = written(tmp_path / "cards.csv", rows)
    found = [one for one in commands_of(CardFile(path), 9, "c") if hasattr(one, "terminal")]
    assert [one.known_at - one.at for one in found] == [0, 0, DAY, 0, 2 * DAY]
    one_by_one = replay(tmp_path / "a", path, batch=1)
    together = replay(tmp_path / "b", path, batch=100)
    assert one_by_one["decisions"] == 5 and one_by_one["not_taken"] == 0
    assert one_by_one["audit_root"] == together["audit_root"]


def test_a_file_changed_under_its_name_is_told(tmp_path: Path) -> None:
    first = written(tmp_path / "cards.csv", ["2026-01-01 09:00,7,T1,500", "2026-01-01 09:01,7,T1,600"])
    assert replay(tmp_path / "home", first)["not_taken"] == 0
    written(first, ["2026-01-01 09:00,7,T1,500", "2026-01-01 09:01,7,T1,999"])
    again = replay(tmp_path / "home", first)
    assert (again["decisions"], again["not_taken"]) == (1, 1)


def test_a_name_that_cannot_be_a_key_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a\nb.csv", ["2026-01-01 09:00,7,T1,500"])
    with pytest.raises(StreamError, match="control character"):
        CardFile(path)


def test_a_stream_that_arrives_late_and_reported_has_one_root_for_every_batch_size(tmp_path: Path) -> None:
    """Days late, so that reports come due early, and more rows than one batch holds."""
    draw, at, rows = random.Random(8), 0, []
    for _ in range(4_500):
        at += draw.randrange(900)
        late = draw.choice((0, 0, 0, 40_000, 900_000)) if at > 1_000_000 else 0
        fraud = int(draw.random() < 0.02)
        rows.append(
            f"(to_timestamp({1_522_540_800 + at - late})::timestamp, {draw.randrange(60)}, "
            f"{draw.randrange(9)}, {draw.randrange(1, 9_000)}, {fraud})"
        )
    path = tmp_path / "cards.parquet"
    names = '"at", customer, terminal, amount_minor, fraud_scenario'
    duckdb.execute(f"copy (select * from (values {', '.join(rows)}) t({names})) to '{path}' (format parquet)")
    few = [replay(tmp_path / f"few-by-{size}", path, batch=size, limit=800) for size in (1, 7, 4_096)]
    all_ = [replay(tmp_path / f"all-by-{size}", path, batch=size) for size in (63, 4_096)]
    for seen, decisions in ((few, 800), (all_, 4_500)):
        first = {name: seen[0][name] for name in (*COUNTED, "not_taken")}
        assert (first["decisions"], first["not_taken"]) == (decisions, 0)
        assert all({name: result[name] for name in first} == first for result in seen)
