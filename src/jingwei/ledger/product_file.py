"""Reading a product from its TOML file: every field checked, all problems told at once, with lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

import msgspec

from jingwei.kernel.money import CURRENCIES, MoneyError, format_minor, parse_minor
from jingwei.kernel.refusal import Words
from jingwei.ledger.product import DayCount, Fee, Interest, Kind, Posting, Product, Rounding, Tier, Tiering
from jingwei.ledger.product_lines import Path, key_lines, line_of

T = TypeVar("T")

MAX_RATE_PPM = 10_000_000
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_SYNTAX = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in a product file: where it stands, which field, and what would be right."""

    line: int
    field: str
    says: str


class ProductError(ValueError):
    """A product file that cannot be used; `problems` lists everything wrong in it, by line."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.field))
        super().__init__("\n".join(f"{name}:{p.line}: {p.field}: {p.says}" for p in self.problems))


def parse_product(text: str, name: str) -> Product:
    """Return the product this TOML text describes; `name` stands for the file in messages.

    Raises ProductError listing every problem: syntax, a missing, unknown or impossible field.
    """
    problems: list[Problem] = []
    product = _product(open_table(text, name, problems))
    if problems:
        raise ProductError(name, problems)
    return product


def open_table(text: str, name: str, problems: list[Problem]) -> Table:
    """Return the whole of this TOML text to be read field by field; what is wrong is added to `problems`.

    Raises ProductError for what is not TOML.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        line = int(found[2]) if found and found[2] else text.count("\n") + 1
        raise ProductError(name, [Problem(line, "syntax", found[1] if found else str(error))]) from None
    except (RecursionError, ValueError):
        says = "a value is nested too deeply, or a number has too many digits"
        raise ProductError(name, [Problem(1, "syntax", says)]) from None
    return Table(values, (), key_lines(text), problems)


class Table:
    """One table of the file while it is read: a problem is noted and a harmless value returned."""

    def __init__(
        self, values: dict[str, Any], path: Path, lines: dict[Path, int], problems: list[Problem]
    ) -> None:
        self.values = values
        self.path = path
        self.lines = lines
        self.problems = problems
        self.asked: list[str] = []

    def problem(self, key: str, says: str) -> None:
        """Note what is wrong with this field."""
        path = (*self.path, key)
        field = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
        self.problems.append(Problem(line_of(path, self.lines), field.lstrip("."), says))

    def take(self, key: str, kind: type[T], wanted: str, default: T | None) -> T:
        """Return the field when it has this type; without a default it must be there."""
        self.asked.append(key)
        value = self.values.get(key)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        if value is not None:
            self.problem(key, f"must be {wanted}, not {value!r:.40}")
        elif default is None:
            self.problem(key, f"is missing; give {wanted}")
        return kind() if default is None else default

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from low to high, both included."""
        value = self.take(key, int, f"a whole number from {low:,} to {high:,}", default)
        if isinstance(self.values.get(key), int) and not low <= value <= high:
            self.problem(key, f"must be from {low:,} to {high:,}, not {value:,}")
        return value

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self.take(key, str, "a text in quotes", None)
        if self.values.get(key) == "":
            self.problem(key, "must not be empty")
        return value

    def choice(self, key: str, options: Any, default: Any = None) -> Any:
        """Return one of the words the Literal type `options` allows."""
        allowed = get_args(options)
        value = self.take(key, str, f"one of {', '.join(allowed)}", default)
        if isinstance(self.values.get(key), str) and value not in allowed:
            says = f"must be one of {', '.join(allowed)}, not {value!r:.40}"
            self.problem(key, says + _nearest(value, allowed))
        return value if value in allowed else allowed[0]

    def money(self, key: str, currency: str, default: int | None = 0) -> int | None:
        """Return an amount of at least zero in minor units, written as a text such as "12.30"."""
        if self.values.get(key) is None:
            self.asked.append(key)
            return default
        text = self.take(key, str, 'an amount in quotes such as "10.00"', None)
        if not isinstance(self.values[key], str) or not currency:
            return default
        try:
            minor = parse_minor(text, currency)
        except MoneyError as error:
            self.problem(key, str(error))
            return default
        if minor < 0:
            self.problem(key, f"must not be below zero, not {text}")
        return minor

    def table(self, key: str) -> Table:
        """Return a table inside this one; an absent one reads as empty."""
        values = self.take(key, dict, f"a table, [{key}]", {})
        return Table(values, (*self.path, key), self.lines, self.problems)

    def tables(self, key: str) -> list[Table]:
        """Return the tables of an array of tables; an absent one reads as empty."""
        rows: list[Table] = []
        for n, row in enumerate(self.take(key, list, f"tables, each beginning [[{key}]]", [])):
            if isinstance(row, dict):
                rows.append(Table(row, (*self.path, key, n), self.lines, self.problems))
            else:
                self.problem(key, f"must be tables, not {row!r:.40}")
        return rows

    def done(self) -> None:
        """Note every field that nobody asked for, with the nearest known name."""
        for key in self.values:
            if key not in self.asked:
                known = f"; known: {', '.join(self.asked)}"
                self.problem(key, f"unknown field{_nearest(key, self.asked) or known}")


def _nearest(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _product(top: Table) -> Product:
    code = top.text("code")
    if code and not _CODE.fullmatch(code):
        top.problem("code", "must be small letters, digits and _, beginning with a letter, at most 40")
    currency = top.text("currency")
    if currency and currency not in CURRENCIES:
        top.problem("currency", f"unknown currency {currency!r:.20}; known: {', '.join(CURRENCIES)}")
        currency = ""
    name = top.table("name")
    names = Words(en=name.text("en"), zh=name.text("zh"))
    name.done()
    overdraft = top.table("overdraft")
    overdraft_line = overdraft.money("line", currency) or 0
    overdraft_rate = overdraft.whole("rate_ppm", 0, MAX_RATE_PPM, 0)
    overdraft.done()
    fees = top.table("fees")
    limits = _limits(top.table("limits"), currency)
    product = Product(
        code=code,
        version=top.whole("version", 1, 9_999),
        name=names,
        currency=currency,
        kind=top.choice("kind", Kind),
        interest=_interest(top.table("interest"), currency, overdraft_rate),
        payment_fee=_fee(fees.table("payment"), currency),
        monthly_fee_minor=fees.money("monthly", currency) or 0,
        limit_payment_minor=limits[0],
        limit_day_minor=limits[1],
        limit_month_minor=limits[2],
        overdraft_minor=overdraft_line,
        minimum_opening_minor=top.money("minimum_opening", currency) or 0,
        hold_hours=top.whole("hold_hours", 1, 8_760, 168),
    )
    fees.done()
    top.done()
    return product


def _interest(table: Table, currency: str, overdraft_ppm: int) -> Interest:
    tiers: list[Tier] = []
    for row in table.tables("tier"):
        start = row.money("from", currency, None)
        tier = Tier(start or 0, row.whole("rate_ppm", -MAX_RATE_PPM, MAX_RATE_PPM))
        row.done()
        if "from" not in row.values:
            row.problem("from", 'is missing; give the balance it begins at, such as "0.00"')
        elif start is not None and not tiers and start:
            row.problem("from", "the first tier must begin at zero")
        elif start is not None and tiers and start <= tiers[-1].from_minor:
            row.problem("from", "must be above the tier before it")
        tiers.append(tier)
    interest = Interest(
        tiers=tuple(tiers),
        overdraft_ppm=overdraft_ppm,
        day_count=table.choice("day_count", DayCount, "actual/365"),
        tiering=table.choice("tiering", Tiering, "slice"),
        rounding=table.choice("rounding", Rounding, "down"),
        posting=table.choice("posting", Posting, "month_end"),
    )
    table.done()
    return interest


def _fee(table: Table, currency: str) -> Fee:
    maximum = table.money("maximum", currency, None)
    fee = Fee(
        flat_minor=table.money("flat", currency) or 0,
        basis_points=table.whole("basis_points", 0, 10_000, 0),
        minimum_minor=table.money("minimum", currency) or 0,
        maximum_minor=maximum,
    )
    if maximum is not None and maximum < fee.minimum_minor:
        minimum = format_minor(fee.minimum_minor, currency)
        table.problem("maximum", f"must not be below the minimum, {minimum}")
    table.done()
    return fee


def _limits(table: Table, currency: str) -> tuple[int | None, int | None, int | None]:
    names = ("payment", "day", "month")
    limits = [table.money(name, currency, None) for name in names]
    table.done()
    for shorter, longer in ((0, 1), (1, 2), (0, 2)):
        low, high = limits[shorter], limits[longer]
        if low is not None and high is not None and high < low:
            limit = format_minor(low, currency)
            table.problem(names[longer], f"must not be below the limit for one {names[shorter]}, {limit}")
            break
    return limits[0], limits[1], limits[2]
