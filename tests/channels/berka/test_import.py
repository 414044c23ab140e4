"""Importing small books: what is on the ledger afterwards, again, after a failure, after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from jingwei.bank import Bank
from jingwei.channels.berka import importer, plan
from jingwei.channels.berka.importer import BerkaReport, Conflict, Mismatch, import_berka
from jingwei.channels.berka.problem import BerkaError
from jingwei.channels.berka.reader import read_books
from jingwei.journeys.import_facts import note_name
from jingwei.journeys.table import BY_COMMAND
from jingwei.kernel.clock import ManualClock
from jingwei.kernel.ids import seq_of
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.products import shipped
from jingwei.ledger.statement import Statement, statement
from jingwei.ledger.work import Customer
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import Batch, StoreError

Files = dict[str, str]
Put = Callable[[Path, Files], Path]
OpenAt = Callable[[Path], Bank]
NOW = ManualClock(1_700_000_000_000_000)


def bring(bank: Bank, folder: Path) -> BerkaReport:
    return import_berka(bank, folder, clock=NOW)


def booked(bank: Bank, some_id: str) -> int:
    return sum(balance.booked_minor for balance in bank.store.load(Balance, [some_id]))


def told(bank: Bank, some_id: str) -> Statement:
    (balance,) = bank.store.load(Balance, [some_id])
    return statement(balance, bank.store.lines, -(2**50), 2**52, limit=1000)


def test_what_came_in_is_counted(bank: Bank, folder: Path) -> None:
    report = bring(bank, folder)
    assert (report.accounts, report.clients, report.dispositions) == (3, 3, 4)
    assert (report.orders, report.loans, report.cards) == (2, 1, 1)
    assert (report.transactions, report.balances_checked) == (11, 11), "22 is in both files and counts once"
    assert (report.exact, report.rounded, report.mismatches, report.unchained) == (7, 2, 2, 1)
    assert report.dropped == ["trans_a.asc:11"]
    assert report.conflicts == [] and report.already_there == 0
    assert bank.store.check() == []
    assert msgspec.json.decode(msgspec.json.encode(report), type=BerkaReport) == report


def test_the_statement_shows_the_recorded_balances_in_the_order_that_chains(bank: Bank, folder: Path) -> None:
    bring(bank, folder)
    lines = [
        (line.kind, line.other, line.amount_minor, line.after_minor) for line in told(bank, "berka-1").entries
    ]
    assert lines == [
        ("cash_deposit", "bank:cash:CZK", 1000_00, 1000_00),
        ("interest", "bank:interest_paid:CZK", 100_10, 1100_10),
        ("rounding", "bank:rounding:CZK", -10, 1100_00),
        ("fee", "bank:fees:CZK", -14_60, 1085_40),
        ("household", "bank:clearing:CZK", -2000_00, -914_60),
        ("penalty_interest", "bank:interest_earned:CZK", -5_40, -920_00),
        ("pension", "bank:clearing:CZK", 1920_10, 1000_10),
        ("rounding", "bank:rounding:CZK", -10, 1000_00),
    ]
    assert told(bank, "berka-1").broken == ()
    assert booked(bank, "bank:rounding:CZK") == 20, "what was rounded stands in an account of its own"


def test_a_gap_is_told_and_never_evened_out(bank: Bank, folder: Path) -> None:
    report = bring(bank, folder)
    assert report.mismatch_rows == [
        Mismatch("berka-2", "1993-01-31", "21", 403_00, 400_00),
        Mismatch("berka-2", "1993-02-01", "22", 400_00, 397_00),
    ]
    assert booked(bank, "berka-2") == 397_00
    assert [(line.kind, line.other) for line in told(bank, "berka-2").entries] == [
        ("cash_deposit", "bank:cash:CZK"),
        ("cash_withdrawal", "bank:cash:CZK"),
        ("card_withdrawal", "bank:card_settlement:CZK"),
    ]


def test_an_account_whose_history_is_missing_begins_with_a_movement_that_says_so(
    bank: Bank, folder: Path
) -> None:
    bring(bank, folder)
    lines = [(line.kind, line.other, line.after_minor) for line in told(bank, "berka-3").entries]
    assert lines[0] == ("opening", "bank:suspense:CZK", 800_00)
    assert [after for _, _, after in lines[1:]] == [850_00, 800_00]
    assert booked(bank, "bank:suspense:CZK") == -800_00, "and nothing else was brought in unexplained"


def test_a_first_balance_that_is_wrong_on_the_day_the_account_was_opened_is_told(
    bank: Bank, folder: Path, small: Files, put: Put
) -> None:
    wrong = small["trans_a.asc"].replace("500.00;500.00", "500.00;900.00")
    report = bring(bank, put(folder, {"trans_a.asc": wrong}))
    assert report.mismatch_rows[0] == Mismatch("berka-2", "1993-01-05", "20", 900_00, 500_00)
    assert booked(bank, "bank:suspense:CZK") == -800_00, (
        "only the account that began earlier brought money in"
    )


def test_the_oldest_day_is_booked_first_whosever_it_is(bank: Bank, folder: Path) -> None:
    bring(bank, folder)
    moments = [line.at for line in bank.store.line_range(0, 2**62)]
    assert len(moments) == 14 and moments == sorted(moments)


def test_people_and_accounts_are_as_the_books_have_them(bank: Bank, folder: Path) -> None:
    bring(bank, folder)
    (woman, man) = sorted(
        bank.store.load(Customer, ["berka-client-1", "berka-client-2"]), key=lambda one: one.id
    )
    assert (woman.born, man.born) == ("1970-12-13", "1945-02-04")
    first, second = sorted(bank.store.load(Account, ["berka-1", "berka-2"]), key=lambda one: one.id)
    assert (first.owner, first.product, first.currency) == ("berka-client-1", "current_czk@1", "CZK")
    assert first.opened_at == plan.moment(date(1993, 1, 1))
    assert (first.overdraft_minor, second.overdraft_minor) == (920_00, 0), (
        "as far as history went, no further"
    )


def test_orders_loans_and_cards_are_sealed_where_a_note_says(bank: Bank, folder: Path) -> None:
    bring(bank, folder)
    kinds = ("district", "disposition", "standing_order", "loan", "card")
    sealed = {}
    for kind in kinds:
        number = bank.store.note(note_name("berka", f"{kind}-1"))
        record = bank.sealed(seq_of(number or "") or 0)
        assert record is not None
        sealed[kind] = record.command.facts
    assert [len(sealed[kind]) for kind in kinds] == [1, 4, 2, 1, 1]
    loan, card = sealed["loan"][0], sealed["card"][0]
    assert (loan.account, loan.granted, loan.amount_minor, loan.status) == (
        "berka-2", "1993-07-05", 96396_00, "finished_unpaid",
    )  # fmt: skip
    assert (card.account, card.customer, card.issued) == ("berka-2", "berka-client-3", "1993-11-07")
    assert sealed["district"][0].figures["A12"] == "?"


def test_importing_again_posts_nothing_twice(bank: Bank, folder: Path) -> None:
    first = bring(bank, folder)
    root = bank.store.root()
    again = import_berka(bank, folder, clock=ManualClock(NOW.at + 5))
    assert bank.store.root() == root
    assert again.already_there == root[0] > 0
    first.seconds, again.seconds, again.already_there = 0, 0, 0
    assert again == first


def test_the_order_of_the_files_lines_changes_nothing(
    tmp_path: Path, bank: Bank, folder: Path, small: Files, put: Put, open_at: OpenAt
) -> None:
    header, *rows, _ = small["trans_a.asc"].split("\n")
    bring(bank, put(tmp_path / "turned", small | {"trans_a.asc": "\n".join([header, *rows[::-1], ""])}))
    other = open_at(tmp_path / "other.db")
    bring(other, folder)
    assert other.store.root() == bank.store.root()
    other.close()


class FailingStore(SqliteStore):
    """Fails to write from the given batch on, as a full disk does."""

    left = 0

    def write(self, batch: Batch) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreError("the disk is full; make room and try again")
        super().write(batch)


@pytest.mark.parametrize("batches", [0, 1, 3, 7, 9])
def test_an_import_that_fails_goes_on_where_it_stopped(
    tmp_path: Path, folder: Path, bank: Bank, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "AT_ONCE", 3)
    report = bring(bank, folder)
    store = FailingStore(tmp_path / "failing.db")
    store.left = batches
    failing = Bank(store, shipped(), bank._court)
    with pytest.raises(StoreError, match="disk is full"):
        bring(failing, folder)
    store.left = 10_000
    again = bring(failing, folder)
    assert store.root() == bank.store.root()
    assert (again.exact, again.rounded, again.mismatches) == (report.exact, report.rounded, report.mismatches)
    assert again.already_there > 0 or batches == 0
    failing.close()


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from conftest import NOW, open_bank
from jingwei.channels.berka import importer
def die(done, total, label):
    if label == "entries":
        os.kill(os.getpid(), signal.SIGKILL)
importer.AT_ONCE = 4
importer.import_berka(open_bank(Path(sys.argv[1])), Path(sys.argv[2]), progress=die, clock=NOW)
"""


def test_an_import_that_is_killed_goes_on_where_it_stopped(
    tmp_path: Path, bank: Bank, folder: Path, open_at: OpenAt
) -> None:
    path = tmp_path / "killed.db"
    asked = [sys.executable, "-c", KILLED, str(path), str(folder), str(Path(__file__).parent)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run(asked, capture_output=True, env=env, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    bring(bank, folder)
    other = open_at(path)
    assert 0 < other.store.size() < bank.store.size()
    assert bring(other, folder).already_there == 11, "7 that bring people, accounts and facts; 4 days"
    assert other.store.root() == bank.store.root()
    other.close()


def test_a_day_that_is_here_with_other_entries_is_told_and_left_alone(
    bank: Bank, folder: Path, small: Files, put: Put
) -> None:
    bring(bank, folder)
    root = bank.store.root()
    changed = small["trans_a.asc"].replace("3.00;400.00", "4.00;399.00")
    report = bring(
        bank,
        put(folder, {"trans_a.asc": changed, "trans_b.csv": small["trans_b.csv"].replace("22;2", "99;2")}),
    )
    assert report.conflicts == [Conflict("berka-2", "1993-02-01", "key_used_for_another")]
    assert report.balances_checked == 10
    assert bank.store.root() == root


def test_a_customer_who_is_here_and_differs_ends_the_import(
    bank: Bank, folder: Path, small: Files, put: Put
) -> None:
    bring(bank, folder)
    size = bank.store.size()
    with pytest.raises(BerkaError, match="berka-client-2 is here already") as error:
        bring(bank, put(folder, {"client.asc": small["client.asc"].replace("450204", "450205")}))
    assert "berka-client-2" in error.value.words.zh
    assert bank.store.size() == size + 1, "the refusal is sealed, nothing else is"


def test_only_staff_and_the_system_import(bank: Bank, folder: Path) -> None:
    bring(bank, folder)
    (day, *_) = plan.days(read_books(folder))
    ask = msgspec.structs.replace(plan.entries(day, NOW.at), key="again", actor="customer:berka-client-1")
    (reply,) = bank.do([ask])
    assert reply.answer.refusal is not None and reply.answer.refusal.code == "not_allowed"
    entry = msgspec.structs.replace(ask.entries[0], chart="nowhere")
    (reply,) = bank.do([msgspec.structs.replace(ask, actor="staff:eva", entries=(entry,))])
    assert reply.answer.refusal is not None and reply.answer.refusal.code == "account_not_found"


def test_progress_reaches_its_total(bank: Bank, folder: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    import_berka(bank, folder, clock=NOW, progress=lambda *step: steps.append(step))
    assert list(dict.fromkeys(label for _, _, label in steps)) == [
        "reading", "customers", "accounts", "facts", "entries",
    ]  # fmt: skip
    done = [step[0] for step in steps]
    assert done == sorted(done) and steps[-1][0] == steps[-1][1]


def test_every_import_is_a_journey_of_the_table() -> None:
    names = {command.__name__ for command in BY_COMMAND}
    assert {"ImportCustomers", "ImportAccounts", "ImportFacts", "ImportEntries"} <= names
