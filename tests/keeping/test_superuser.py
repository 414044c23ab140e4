"""Whatever a superuser does to log, tiles or books is found; a few rounds of each row of the plan."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.keeping.small_bank import run_bank, small_bank
from tests.keeping.superuser import InSqlite, Rows, make_up
from tests.soak.row import Row
from tests.soak.rows_evidence import ROWS, check

from jingwei.audit.anchors import AnchorFile
from jingwei.home import open_home, verify_home
from jingwei.keeping.redo import NotRepeatable, redo
from jingwei.ledger.products import shipped
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import SHELVES

TAMPERING = [row for row in ROWS if row.id.startswith("R16")]


@pytest.mark.parametrize("row", TAMPERING, ids=lambda row: row.id)
def test_tampering_is_found_and_the_planted_error_too(row: Row) -> None:
    short = 2 if "sqlite" in row.id else 1
    tally = row.run(7, short)
    assert (tally.bad, tally.trials) == ((), short)
    assert row.control(7), row.control_says


@pytest.fixture
def bank(tmp_path: Path) -> InSqlite:
    return InSqlite(small_bank(), tmp_path)


def test_a_sound_bank_is_sound_and_nothing_is_written(bank: InSqlite) -> None:
    before = {path: path.read_bytes() for path in bank.path.parent.rglob("*") if path.is_file()}
    report = check(bank)
    assert report is not None and report.sound and report.books == "compared"
    assert report.anchored_to == report.log.records == report.log.signed_to
    after = {path: path.read_bytes() for path in bank.path.parent.rglob("*") if path.is_file()}
    new = {path.name for path in after.keys() - before.keys()}
    assert new <= {"bank.db-wal", "bank.db-shm"}
    assert all(after[path] == before[path] for path in before)


def _kinds(bank: InSqlite) -> set[str]:
    report = check(bank)
    assert report is not None and not report.sound
    assert all(damage.says and damage.zh for damage in report.damage)
    return {damage.kind for damage in report.damage}


def _lines(bank: InSqlite) -> tuple[Path, list[bytes]]:
    path = AnchorFile(bank.path.parent / "home-anchors", "bank").path
    return path, path.read_bytes().splitlines(keepends=True)


def test_anchors_that_were_cut_or_taken_away_are_damage(bank: InSqlite) -> None:
    path, lines = _lines(bank)
    path.write_bytes(b"".join(lines[:-1]))
    assert _kinds(bank) == {"anchors_cut"}
    path.unlink()
    assert _kinds(bank) == {"anchors_cut"}


def test_anchors_that_were_edited_or_damaged_are_damage(bank: InSqlite) -> None:
    path, lines = _lines(bank)
    first = json.loads(lines[0])
    path.write_bytes(json.dumps(first | {"size": first["size"] - 1}).encode() + b"\n" + b"".join(lines[1:]))
    assert _kinds(bank) == {"head_forged"}
    path.write_bytes(lines[0].replace(b"size", b"seze") + b"".join(lines[1:]))
    assert _kinds(bank) == {"anchor_damaged"}
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:50])
    assert _kinds(bank) == {"anchors_cut"}
    path.write_bytes(b"".join(reversed(lines)))
    assert _kinds(bank) == {"anchor_out_of_order"}


@pytest.mark.parametrize(
    "torn", [b"{", b"\0" * 90, b'{"log":"bank","si\0\0\0\0'], ids=("cut", "hole", "both")
)
def test_an_anchor_that_a_power_cut_tore_is_no_damage(bank: InSqlite, torn: bytes) -> None:
    path, lines = _lines(bank)
    for content in ([*lines[:-1], torn, b"\n", lines[-1]], [*lines, torn]):
        path.write_bytes(b"".join(content))
        report = check(bank)
        assert report is not None and report.sound, report


def test_a_changed_balance_is_told_with_field_and_record(bank: InSqlite) -> None:
    def richer(rows: Rows, draw: random.Random) -> int:
        rows.run("UPDATE balances SET booked_minor = booked_minor + 500 WHERE id = 'bob'")
        rows.run("UPDATE balances SET booked_minor = booked_minor - 500 WHERE id = 'bank:cash:CNY'")
        return int(rows.run("SELECT last_line >> 16 FROM balances WHERE id = 'bob'")[0][0])

    record = bank.touch(richer, random.Random(1))
    report = check(bank)
    assert report is not None
    told = {damage.says.split()[1]: damage for damage in report.damage}
    assert set(told) == {"bob", "bank:cash:CNY"} and told["bob"].where == record
    assert "booked_minor" in told["bob"].says and "余额" in told["bob"].zh


def test_a_made_up_row_is_told_in_every_table_in_both_languages(bank: InSqlite) -> None:
    empty: list[str] = []

    def everywhere(rows: Rows, draw: random.Random) -> None:
        empty.extend(name for name, _ in SHELVES.values() if not rows.run(f"SELECT 1 FROM {name}"))
        for name in empty:
            make_up(rows, name)

    bank.touch(everywhere, random.Random(1))
    report = check(bank)
    assert report is not None and len(empty) > 15
    assert {damage.says.split(":")[0] for damage in report.damage} == set(empty)
    assert len({damage.zh.split("：")[0] for damage in report.damage}) == len(empty)


def test_a_running_bank_can_be_checked_beside(tmp_path: Path) -> None:
    clock = run_bank(tmp_path / "home", payments=40)
    home = open_home(tmp_path / "home", clock)
    try:
        assert verify_home(tmp_path / "home").sound
    finally:
        home.close()
    assert verify_home(tmp_path / "home").sound


def test_a_record_that_comes_out_otherwise_is_not_done_again(bank: InSqlite, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "again.db")
    true = SqliteStore(bank.place)
    rows = list(true.records(0, true.size()))
    at = next(seq for seq, leaf in rows if b'"result":"allowed"' in leaf)
    rows[at] = (at, rows[at][1].replace(b'"result":"allowed"', b'"result":"refused"'))
    with pytest.raises(NotRepeatable, match=f"Record {at} comes out otherwise"):
        redo(rows, store, shipped())
    true.close()
    store.close()
