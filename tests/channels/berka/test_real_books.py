"""The real books, where they are at hand: every recorded balance comes out, or is known not to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jingwei.bank import Bank
from jingwei.channels.berka import plan
from jingwei.channels.berka.importer import import_berka
from jingwei.channels.berka.reader import read_books
from jingwei.journeys.import_entries import ImportEntries, walk
from jingwei.ledger.accounts import Balance

DATA = Path(os.environ.get("JINGWEI_DATA") or Path(__file__).parents[4] / "shared" / "data") / "berka"


@pytest.mark.skipif(not DATA.is_dir(), reason="the Berka data are not at hand")
def test_the_real_books_come_out_but_for_the_rows_whose_interest_was_cut_off() -> None:
    books = read_books(DATA)
    assert books.dropped == ["trans_1993-01_1994-03_first49103.asc:49104"]
    ours: dict[int, int] = {}
    exact = rounded = unchained = 0
    differs = []
    for day in plan.days(books):
        assert day.opening == 0, "every history begins on the day its account was opened"
        ask: ImportEntries = plan.entries(day, 0)
        found = walk(ask, ours.get(day.account, 0))
        ours[day.account] = found.ours
        exact, rounded, unchained = exact + found.exact, rounded + found.rounded, unchained + found.unchained
        differs += [day.day.isoformat() for _ in found.differs]
    assert (len(books.transactions), exact, rounded, unchained) == (79_302, 75_650, 3_620, 28)
    assert differs == ["1994-03-31"] * 32, "all on the day on which the file was cut"


@pytest.mark.skipif(not DATA.is_dir(), reason="the Berka data are not at hand")
def test_some_of_the_real_accounts_on_the_ledger(tmp_path: Path, bank: Bank) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    for path in DATA.iterdir():
        header, *rows = path.read_text().splitlines()
        if path.name.startswith("trans"):
            rows = [row for row in rows if row.count(";") == 9 and int(row.split(";")[1]) % 20 == 1]
        (folder / path.name).write_text("\n".join([header, *rows, ""]))
    report = import_berka(bank, folder)
    assert report.accounts == 4_500 and report.mismatches == 5
    assert (
        report.exact + report.rounded + report.mismatches
        == report.balances_checked
        == report.transactions
        > 3000
    )
    assert [(code, total) for code, total, _ in bank.store.totals()] == [("CZK", 0)]
    wrong = {row.account for row in report.mismatch_rows}
    assert wrong == {"berka-2881", "berka-11021"}
    last: dict[int, int] = {day.account: day.rows[-1].balance_minor for day in plan.days(read_books(folder))}
    balances = {one.id: one.booked_minor for one in bank.store.load(Balance, [f"berka-{n}" for n in last])}
    assert {n for n, recorded in last.items() if balances[f"berka-{n}"] != recorded} == {
        int(account.partition("-")[2]) for account in wrong
    }
