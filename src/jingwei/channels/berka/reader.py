"""The older books as a whole: every file read, every reference between them followed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from jingwei.channels.berka import codes
from jingwei.channels.berka.problem import BerkaError
from jingwei.channels.berka.table import Column, Table, read_table
from jingwei.kernel.refusal import Words


class Client(NamedTuple):
    """A client; `born` from the birth number."""

    id: int
    born: date
    district: int
    line: int


class OldAccount(NamedTuple):
    """An account; `statements` is how often the client gets one."""

    id: int
    district: int
    statements: str
    opened: date
    line: int


class Disposition(NamedTuple):
    """A client's right over an account: "owner" (one for each account) or "disponent"."""

    id: int
    client: int
    account: int
    role: str
    line: int


class StandingOrder(NamedTuple):
    """A standing order; amount in minor units."""

    id: int
    account: int
    to_bank: str
    to_account: str
    amount_minor: int
    purpose: str
    line: int


class Loan(NamedTuple):
    """A loan; amounts in minor units."""

    id: int
    account: int
    granted: date
    amount_minor: int
    months: int
    payment_minor: int
    status: str
    line: int


class Card(NamedTuple):
    """A card issued for a disposition."""

    id: int
    disposition: int
    kind: str
    issued: date
    line: int


class Transaction(NamedTuple):
    """An entry with the balance recorded after it; `amount_minor` is below zero when the account paid."""

    id: int
    account: int
    day: date
    amount_minor: int
    balance_minor: int
    operation: str
    purpose: str
    bank: str
    partner: str


class OldBooks(NamedTuple):
    """Everything the directory holds, by number; `dropped` names lines left out because they were cut."""

    clients: dict[int, Client]
    accounts: dict[int, OldAccount]
    dispositions: dict[int, Disposition]
    orders: dict[int, StandingOrder]
    loans: dict[int, Loan]
    cards: dict[int, Card]
    districts: dict[int, tuple[str, str, dict[str, str]]]
    transactions: dict[int, Transaction]
    owners: dict[int, int]
    dropped: list[str]


ID, C = codes.number, Column
CLIENT = (C("client_id", ID), C("birth_number", codes.born), C("district_id", ID))
ACCOUNT = (
    C("account_id", ID), C("district_id", ID), C("frequency", codes.code(codes.STATEMENTS)),
    C("date", codes.day),
)  # fmt: skip
DISPOSITION = (
    C("disp_id", ID), C("client_id", ID), C("account_id", ID), C("type", codes.code(codes.ROLES)),
)  # fmt: skip
ORDER = (
    C("order_id", ID), C("account_id", ID), C("bank_to", codes.text_of), C("account_to", codes.text_of),
    C("amount", codes.positive), C("k_symbol", codes.code(codes.PURPOSES)),
)  # fmt: skip
LOAN = (
    C("loan_id", ID), C("account_id", ID), C("date", codes.day), C("amount", codes.positive),
    C("duration", ID), C("payments", codes.positive), C("status", codes.code(codes.LOAN_STATES)),
)  # fmt: skip
CARD = (
    C("card_id", ID), C("disp_id", ID), C("type", codes.code(codes.CARD_KINDS)), C("issued", codes.day),
)  # fmt: skip
FIGURES = tuple(f"A{n}" for n in range(4, 17))
DISTRICT = (
    C("A1", ID), C("A2", codes.text_of), C("A3", codes.text_of), *(C(name, codes.figure) for name in FIGURES),
)  # fmt: skip
TRANSACTION = (
    C("trans_id", ID), C("account_id", ID), C("date", codes.day), C("type", codes.code(codes.DIRECTIONS)),
    C("operation", codes.code(codes.OPERATIONS)), C("amount", codes.amount), C("balance", codes.balance),
    C("k_symbol", codes.code(codes.PURPOSES)), C("bank", codes.text_of), C("account", codes.text_of),
)  # fmt: skip

R = TypeVar("R", Client, OldAccount, Disposition, StandingOrder, Loan, Card)


def read_books(directory: Path) -> OldBooks:
    """Read and check every file of the directory. Raises BerkaError; nothing outside it is touched."""
    if not directory.is_dir():
        raise BerkaError(Words(f"there is no directory {directory}", f"没有目录{directory}"))
    dropped: list[str] = []

    def table(name: str, columns: tuple[Column, ...]) -> Table:
        found = read_table(directory / name, columns)
        if found.cut:
            dropped.append(f"{name}:{found.cut}")
        return found

    books = OldBooks(
        _rows(Client, table("client.asc", CLIENT)),
        _rows(OldAccount, table("account.asc", ACCOUNT)),
        _rows(Disposition, table("disp.asc", DISPOSITION)),
        _rows(StandingOrder, table("order.asc", ORDER)),
        _rows(Loan, table("loan.asc", LOAN)),
        _rows(Card, table("card.asc", CARD)),
        _districts(table("district.asc", DISTRICT)),
        {}, {}, dropped,
    )  # fmt: skip
    _follow(books)
    for path in transaction_files(directory):
        _add(books, table(path.name, TRANSACTION))
    return books


def transaction_files(directory: Path) -> list[Path]:
    """The files of transactions, trans*.asc and trans*.csv. Raises BerkaError when there is none."""
    found = sorted({*directory.glob("trans*.asc"), *directory.glob("trans*.csv")})
    if not found:
        says = Words(f"there is no such file in {directory}", f"{directory}中没有该文件")
        raise BerkaError(says, "trans*.asc")
    return found


def _rows(kind: type[R], table: Table) -> dict[int, R]:
    rows: dict[int, R] = {}
    for values in table.rows:
        row = kind(*values)
        if row.id in rows:
            raise BerkaError(_twice(row.id, rows[row.id].line), table.file, row.line)
        rows[row.id] = row
    return rows


def _twice(some_id: int, first: int) -> Words:
    return Words(f"number {some_id} stands already on line {first}", f"编号{some_id}已出现在第{first}行")


def _districts(table: Table) -> dict[int, tuple[str, str, dict[str, str]]]:
    found: dict[int, tuple[str, str, dict[str, str]]] = {}
    for number, name, region, *rest in table.rows:
        if number in found:
            says = Words(f"number {number} stands there twice", f"编号{number}重复")
            raise BerkaError(says, table.file, rest[-1], "A1")
        found[number] = (name, region, dict(zip(FIGURES, rest[:-1], strict=True)))
    return found


def _follow(books: OldBooks) -> None:
    """Check that every number named in one file is in the other, and that each account has one owner."""
    _each("client.asc", "district_id", books.clients.values(), "district", books.districts)
    _each("account.asc", "district_id", books.accounts.values(), "district", books.districts)
    _each("disp.asc", "client_id", books.dispositions.values(), "client", books.clients)
    _each("disp.asc", "account_id", books.dispositions.values(), "account", books.accounts)
    _each("order.asc", "account_id", books.orders.values(), "account", books.accounts)
    _each("loan.asc", "account_id", books.loans.values(), "account", books.accounts)
    _each("card.asc", "disp_id", books.cards.values(), "disposition", books.dispositions)
    for row in books.dispositions.values():
        if row.role == "owner" and books.owners.setdefault(row.account, row.client) != row.client:
            says = Words(f"account {row.account} has a second owner", f"账户{row.account}有第二个所有人")
            raise BerkaError(says, "disp.asc", row.line, "type")
    for account in books.accounts.values():
        if account.id not in books.owners:
            says = Words(
                f"account {account.id} has no owner in disp.asc", f"账户{account.id}在disp.asc中没有所有人"
            )
            raise BerkaError(says, "account.asc", account.line, "account_id")


def _each(file: str, column: str, rows: Iterable[Any], field: str, known: dict[int, Any]) -> None:
    for row in rows:
        if getattr(row, field) not in known:
            raise BerkaError(_unknown(getattr(row, field)), file, row.line, column)


def _unknown(number: int) -> Words:
    return Words(f"number {number} is in no other file", f"编号{number}在其他文件中不存在")


def _add(books: OldBooks, table: Table) -> None:
    """Take in one file of transactions; one that another file has too, the same, counts once."""
    for trans, account, when, sign, operation, amount, balance, purpose, bank, partner, line in table.rows:
        if account not in books.accounts:
            raise BerkaError(_unknown(account), table.file, line, "account_id")
        if codes.RECEIVES.get(operation, sign) != sign:
            says = Words("the operation does not go with the type", "操作与类型不符")
            raise BerkaError(says, table.file, line, "operation")
        row = Transaction(
            trans,
            account,
            when,
            sign * amount,
            balance,
            operation,
            purpose,
            bank,
            "" if partner == "0" else partner,
        )
        if books.transactions.setdefault(trans, row) != row:
            says = Words(
                f"transaction {trans} stands already in these files, and differs",
                f"交易{trans}已出现且内容不同",
            )
            raise BerkaError(says, table.file, line, "trans_id")
