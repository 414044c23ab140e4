"""Small made-up books in the older bank's format, and a bank to bring them into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from jingwei.bank import Bank
from jingwei.decisions.judge import Judge, Judgement, Observed
from jingwei.kernel.clock import ManualClock
from jingwei.ledger.products import shipped
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import Reader

NOW = ManualClock(1_700_000_000_000_000)
TRANS = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"'

SMALL = {
    "district.asc": 'A1;A2;A3;A4;A5;A6;A7;A8;A9;A10;A11;A12;A13;A14;A15;A16\n'
    '1;"Hl.m. Praha";"Prague";1204953;0;0;0;1;1;100.0;12541;?;0.43;167;?;99107\n',
    "client.asc": '"client_id";"birth_number";"district_id"\n1;"706213";1\n2;"450204";1\n3;"110505";1\n',
    "account.asc": '"account_id";"district_id";"frequency";"date"\n'
    '1;1;"POPLATEK MESICNE";930101\n2;1;"POPLATEK TYDNE";930105\n3;1;"POPLATEK PO OBRATU";930101\n',
    "disp.asc": '"disp_id";"client_id";"account_id";"type"\n'
    '1;1;1;"OWNER"\n2;2;2;"OWNER"\n3;3;2;"DISPONENT"\n4;3;3;"OWNER"\n',
    "order.asc": '"order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"\n'
    '7;1;"YZ";"87144583";2452.00;"SIPO"\n8;2;"ST";"89597016";3372.70;" "\n',
    "loan.asc": '"loan_id";"account_id";"date";"amount";"duration";"payments";"status"\n'
    '5;2;930705;96396;12;8033.00;"B"\n',
    "card.asc": '"card_id";"disp_id";"type";"issued"\n6;3;"classic";931107 00:00:00\n',
    "trans_a.asc": TRANS + "\n" + """\
13;1;930131;"VYDAJ";"VYBER";14.60;1085.40;"SLUZBY";;
10;1;930101;"PRIJEM";"VKLAD";1000.00;1000.00;"";;
12;1;930131;"PRIJEM";"";100.10;1100.00;"UROK";;
14;1;930202;"VYDAJ";"PREVOD NA UCET";2000.00;-914.60;"SIPO";"YZ";"87144583"
15;1;930228;"VYDAJ";"VYBER";5.40;-920.00;"SANKC. UROK";;
16;1;930301;"PRIJEM";"PREVOD Z UCTU";1920.10;1000.00;"DUCHOD";"AB";"123"
20;2;930105;"PRIJEM";"VKLAD";500.00;500.00;"";;
21;2;930131;"VYBER";"VYBER";100.00;403.00;" ";;
22;2;930201;"VYDAJ";"VYBER KARTOU";3.00;400.00;"";;
23;2;930202;"VYD""",
    "trans_b.csv": TRANS.replace('"', "") + "\n" + """\
22;2;930201;withdrawal;credit card withdrawal;3.00;400.00;;;
30;3;930401;credit;credit in cash;50.00;850.00;;;0
31;3;930401;withdrawal;remittance to another bank;50.00;800.00;insurrance payment;QR;77""",
}  # fmt: skip
"""1: a day out of order, two roundings, below zero. 2: 3.00 of interest is missing. 3: began earlier."""


class NoCourt:
    """Nothing is judged here: history is posted, not decided."""

    def assemble(self, reader: Reader) -> Judge:
        return NoJudge()  # type: ignore[return-value]

    def appoint(self, judge: Judge, reader: Reader) -> None:
        raise AssertionError("an import publishes nothing")

    def adjourn(self, judge: Judge, size: int) -> None:
        """There is nothing to keep."""


class NoJudge:
    def judge(self, observed: Sequence[Observed], benches: Sequence[str]) -> list[Judgement | None]:
        assert not observed, "history is not seen by the live features"
        return []


@pytest.fixture
def small() -> dict[str, str]:
    return dict(SMALL)


@pytest.fixture
def put() -> Callable[[Path, dict[str, str]], Path]:
    return write


@pytest.fixture
def open_at() -> Callable[[Path], Bank]:
    return open_bank


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "books", SMALL)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    bank = open_bank(tmp_path / "bank.db")
    yield bank
    bank.close()


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.replace("\n", "\r\n").encode())
    return folder


def open_bank(path: Path) -> Bank:
    return Bank(SqliteStore(path), shipped(), NoCourt())
