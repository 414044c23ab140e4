"""The doors for files: card streams, older books, products and policies, each with one value replaced."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.channels.berka.conftest import SMALL, write
from tests.channels.seeded import MEMORY

from jingwei.channels.berka import plan
from jingwei.channels.berka.problem import BerkaError
from jingwei.channels.berka.reader import read_books
from jingwei.channels.streams.card_file import CardFile, StreamError
from jingwei.channels.streams.card_stream import commands_of
from jingwei.decisions.policy import PolicyError, parse_policy
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.publish_policy import COLUMNS
from jingwei.kernel.command import checked
from jingwei.ledger.product_file import ProductError, parse_product
from jingwei.ledger.products import SHIPPED

CARDS = ("at", "customer", "terminal", "amount_minor", "fraud_scenario")
ROW = ("2026-11-20 08:30:00", "17", "T1", "1250", "0")
NOW = 1_700_000_000_000_000


class Door(NamedTuple):
    """One value of one kind of file: its name, and what is wrong when it is this text."""

    name: str
    wrong: Callable[[str], list[str]]


def said(error: Exception, *names: str) -> list[str]:
    """What is wrong with a refusal: it must be one the bank words, name these, and forge no line."""
    text = str(error)
    found = [f"{name} is not named in {text[:200]!r}" for name in names if name not in text]
    if any(not line.isprintable() for line in text.split("\n")):
        found.append(f"a control character is told: {text[:200]!r}")
    return found


def cards(column: str) -> Callable[[str], list[str]]:
    """A card stream of three rows; the second has the text in this column."""

    def wrong(text: str) -> list[str]:
        place = CARDS.index(column)
        row = [*ROW[:place], text, *ROW[place + 1 :]]
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            path = Path(folder) / "cards.csv"
            with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
                csv.writer(file, quoting=csv.QUOTE_ALL).writerows([CARDS, ROW, row, ROW])
            try:
                found = [checked(one) for one in commands_of(CardFile(path), 9, "cards")]
            except StreamError as error:
                readable = "\x00" not in text and text.isascii()
                return said(error, *(("row 2", column) if readable and "row" in str(error) else ()))
        paid = [one for one in found if isinstance(one, AuthoriseCardPayment)]
        if len(paid) != 3:
            return [f"{len(paid)} of 3 rows came through"]
        kept = {"customer": paid[1].customer[1:], "terminal": paid[1].terminal[1:]}
        if column in kept and kept[column] != text:
            return [f"{kept[column]!r} was kept for {text!r}"]
        if column == "amount_minor" and paid[1].amount_minor != int(text.partition(".")[0]):
            return [f"{paid[1].amount_minor} was kept for {text!r}"]
        return []

    return wrong


def old_books(file: str, column: int) -> Callable[[str], list[str]]:
    """The older books with the text in one column of the first row of one file."""

    def wrong(text: str) -> list[str]:
        head, first, *rest = SMALL[file].split("\n")
        cells = first.split(";")
        cells[column] = '"' + text.replace('"', '""') + '"'
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            books = write(Path(folder) / "books", SMALL)
            lines = "\r\n".join([head, ";".join(cells), *rest])
            (books / file).write_bytes(lines.encode("utf-8", "surrogatepass"))
            try:
                read = read_books(books)
            except BerkaError as error:
                return said(error, ".asc" if file.endswith("asc") else ".")
        for commands in (plan.customers(read, NOW), plan.accounts(read, "current_czk@1", NOW)):
            for one in commands:
                checked(one)
        for fact in plan.facts(read, NOW):
            checked(fact)
        for day in plan.days(read):
            checked(plan.entries(day, NOW))
        return []

    return wrong


def toml(source: str, line: int, quoted: bool, read: Callable[[str], object]) -> Callable[[str], list[str]]:
    """A TOML file with the value of one line replaced by the text, in quotes or as it is."""

    def wrong(text: str) -> list[str]:
        lines = source.split("\n")
        value = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f") if quoted else text
        lines[line] = f"{lines[line].partition('=')[0]}= {value}"
        try:
            read("\n".join(lines))
        except (ProductError, PolicyError) as error:
            return said(error, "x.toml")
        return []

    return wrong


def _product(text: str) -> object:
    return parse_product(text, "x.toml")


def _policy(text: str) -> object:
    return parse_policy(text, "x.toml", COLUMNS)


def doors() -> Iterator[Door]:
    """Every column of every file."""
    for column in CARDS:
        yield Door(f"card stream, {column}", cards(column))
    for file, text in SMALL.items():
        for place, column in enumerate(text.split("\n")[0].split(";")):
            yield Door(f"older books, {file} {column}", old_books(file, place))
    for kind, source, read in (
        ("product", (SHIPPED / "current_usd.toml").read_text("utf-8"), _product),
        ("policy", "\n".join(policy_text("outgoing_transfer").split("\n")[:30]), _policy),
    ):
        for line, text in enumerate(source.split("\n")):
            if "=" in text and not text.startswith("#"):
                for quoted in (True, False):
                    yield Door(f"{kind}, line {line + 1} {quoted}", toml(source, line, quoted, read))
