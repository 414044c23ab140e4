"""Files that are wrong: the first mistake is named by file, line and column, and nothing is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jingwei.bank import Bank
from jingwei.channels.berka.importer import import_berka
from jingwei.channels.berka.problem import BerkaError

Files = dict[str, str]
Bad = tuple[str, Callable[[str], str], int, str, str]


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


BAD: list[Bad] = [
    ("client.asc", swap("birth_number", "born"), 1, "birth_number", "missing"),
    ("client.asc", swap("district_id", "client_id"), 1, "client_id", "twice"),
    ("client.asc", swap("706213", "701313"), 2, "birth_number", "not a birth number"),
    ("client.asc", swap("706213", "707213"), 2, "birth_number", "not a birth number"),
    ("client.asc", swap("2;", "1;"), 3, "", "stands already on line 2"),
    ("client.asc", swap('1;"706213";1', '1;"706213";9'), 2, "district_id", "number 9 is in no other file"),
    ("account.asc", swap("930101", "930230"), 2, "date", "not a date"),
    ("account.asc", swap("930101", "٩٣٠١٠١"), 2, "date", "not a date"),
    ("account.asc", swap("TYDNE", "NIKDY"), 3, "frequency", "unknown code"),
    ("account.asc", swap("2;1;", "2;1;7;"), 3, "", "5 fields where the header has 4"),
    ("account.asc", lambda _: "", 0, "", "empty"),
    ("disp.asc", swap('"OWNER"', '"DISPONENT"'), 2, "account_id", "no owner"),
    ("disp.asc", swap('"DISPONENT"', '"OWNER"'), 4, "type", "second owner"),
    ("disp.asc", swap("1;1;1", "1;8;1"), 2, "client_id", "number 8"),
    ("loan.asc", swap("96396", "-96396"), 2, "amount", "below zero"),
    ("loan.asc", swap("8033.00", "8033.001"), 2, "payments", "decimal places"),
    ("loan.asc", swap('"B"', '"E"'), 2, "status", "unknown code"),
    ("order.asc", swap("2452.00", "0.00"), 2, "amount", "above zero"),
    ("card.asc", swap("00:00:00", "08:00:00"), 2, "issued", "not a date"),
    ("card.asc", swap("6;3;", "6;9;"), 2, "disp_id", "number 9"),
    ("district.asc", swap("12541", "many"), 2, "A11", "not a number"),
    ("trans_a.asc", swap("1085.40", "1e3"), 2, "balance", "not an amount"),
    ("trans_a.asc", swap("14.60", "NaN"), 2, "amount", "not an amount"),
    ("trans_a.asc", swap("14.60", "-14.60"), 2, "amount", "below zero"),
    ("trans_a.asc", swap("14.60", "99999999999999.00"), 2, "amount", "largest amount"),
    ("trans_a.asc", swap('"VYDAJ"', '"?"'), 2, "type", "unknown code"),
    ("trans_a.asc", swap('"VKLAD"', '"VYBER"'), 3, "operation", "does not go with the type"),
    ("trans_a.asc", swap("20;2;", "20;4;"), 8, "account_id", "number 4"),
    ("trans_a.asc", swap("12;1;", "garbage\n12;1;"), 4, "", "1 fields"),
    ("trans_a.asc", swap('"VKLAD"', '"VKL\0AD"'), 3, "", "zero byte"),
    ("trans_a.asc", lambda text: text + "\n", 11, "", "4 fields where the header has 10"),
    ("trans_a.asc", swap('"VKLAD"', '"VKLAD'), 3, "", "fields"),
    ("trans_a.asc", swap('"VKLAD"', f'"{"x" * 200_000}"'), 3, "", "1 fields where the header has 10"),
    ("trans_b.csv", swap("22;2;930201", "22;2;930202"), 2, "trans_id", "differs"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad[0]}: {bad[4]}")
def test_a_mistake_is_named_and_nothing_is_imported(bank: Bank, folder: Path, small: Files, bad: Bad) -> None:
    name, change, line, column, says = bad
    (folder / name).write_text(change(small[name]))
    if column == "account_id" and "no owner" in says:
        name = "account.asc"
    with pytest.raises(BerkaError, match=says) as error:
        import_berka(bank, folder)
    assert (error.value.file, error.value.line, error.value.column) == (name, line, column)
    assert name in error.value.words.zh and str(error.value) == error.value.words.en
    assert bank.store.size() == 0


@pytest.mark.parametrize("name", ["client.asc", "order.asc", "district.asc"])
def test_a_missing_file_is_named(bank: Bank, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BerkaError, match=f"{name}: there is no such file"):
        import_berka(bank, folder)


def test_no_transactions_no_directory_another_encoding(bank: Bank, folder: Path, small: Files) -> None:
    (folder / "district.asc").write_bytes(small["district.asc"].replace("Praha", "Plzeň").encode("cp1250"))
    with pytest.raises(BerkaError, match="district.asc, line 2: byte 0xf2 is not UTF-8"):
        import_berka(bank, folder)
    (folder / "district.asc").write_text(small["district.asc"])
    for name in ("trans_a.asc", "trans_b.csv"):
        (folder / name).unlink()
    with pytest.raises(BerkaError, match=r"trans\*.asc"):
        import_berka(bank, folder)
    with pytest.raises(BerkaError, match="no directory"):
        import_berka(bank, folder / "nowhere")
    assert bank.store.size() == 0
