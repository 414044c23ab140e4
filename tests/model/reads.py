"""Reads against the reference's own lists: every page and filter, while writing goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from unittest.mock import patch

import msgspec
from tests.model.dice import Recorded
from tests.model.reference_books import DAY, HOUR, Row, available
from tests.model.reference_products import PLACES
from tests.model.runs import Run, opened
from tests.model.wire import Wire

from jingwei.channels.rest import views
from jingwei.home import Home
from jingwei.ledger.accounts import Account, Balance, Hold, Kept
from jingwei.ledger.statement import statement
from jingwei.ledger.work import Case, Challenge
from jingwei.stores.sqlite_reads import SqliteReads

HISTORY = 400
"""Commands before the first read."""

A_BANK = 10_000
"""Reads of one bank; then a new one is founded."""


class Missed(AssertionError):
    """A read did not give what the reference has."""


def same(got: Any, want: Any, what: str) -> None:
    """Raise Missed when a read gave something else."""
    if got != want:
        raise Missed(f"{what}\n  gave {str(got)[:600]}\n  not  {str(want)[:600]}")


def decimal(minor: int, code: str) -> str:
    """-12.30"""
    places, size = PLACES[code], abs(minor)
    text = f"{size // 10**places}.{size % 10**places:0{places}d}" if places else str(size)
    return "-" + text if minor < 0 else text


def moment(at: int) -> str:
    """ISO 8601 with microseconds."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Reading:
    """A bank that is read while it is written."""

    def __init__(self, home: Home, seed: int) -> None:
        self.chance = random.Random(seed)
        self.run = Run(home)
        self.dice = Recorded(seed)
        self.books = self.run.teller.reference.books
        self.reference = self.run.teller.reference
        self.wire = Wire(home)
        self.reader = home.store.reader()
        self.reads = 0
        self.write(HISTORY)

    def write(self, most: int) -> None:
        """Some more commands."""
        for n in range(most):
            self.run.ask(self.dice)
            if n % 7 == 6:
                self.run.flush()
        self.run.flush()

    def get(self, path: str, who: str = "staff:reviewer", status: int = 200) -> Any:
        """One read over the wire."""
        self.reads += 1
        answer = self.wire.get(path, who)
        same(answer.status, status, f"GET {path} as {who} ({answer.body[:200]!r})")
        return answer.json

    def pages(self, first: str, rows: Callable[[], dict[str, Any]], who: str = "staff:reviewer") -> None:
        """Turn page after page with writes between; each is what the reference has then, none twice."""
        limit = self.chance.choice((1, 2, 3, 7, 50))
        seen: list[str] = []
        at_first, after = rows().keys(), ""
        while True:
            page = self.get(f"{first}limit={limit}&after={after}", who)
            known = rows()
            due = sorted(name for name in known if name > after)
            same(page["items"], [known[name] for name in due[:limit]], f"the page of {first} after {after!r}")
            same(page["next"], due[limit - 1] if len(due) > limit else None, f"the cursor of {first}")
            seen += due[:limit]
            if page["next"] is None:
                break
            after = page["next"]
            if self.chance.random() < 0.2:
                self.write(self.chance.randrange(1, 4))
        if len(set(seen)) != len(seen):
            raise Missed(f"{first} gave a row twice: {seen}")
        missing = (at_first & rows().keys()) - set(seen)
        if missing:
            raise Missed(f"{first} never gave {sorted(missing)}")

    # -- accounts and statements ------------------------------------------------------------------

    def accounts(self) -> None:
        """All accounts, one owner's, and one's own."""
        owner = self.chance.choice(("", "ann", "bob", "nobody"))
        inside = self.chance.random() < 0.6 or not owner

        def rows() -> dict[str, Any]:
            chosen = self.books.accounts.values()
            return {row["id"]: account_told(row) for row in chosen if owner in ("", row["owner"])}

        if inside:
            self.pages(f"/v1/accounts?owner={owner}&" if owner else "/v1/accounts?", rows)
        else:
            self.pages("/v1/accounts?owner=dot&", rows, f"customer:{owner}")

    def account(self) -> None:
        """One account, seen by staff, its owner, and somebody else."""
        row = self.some_account()
        self_told = account_told(row)
        same(self.get(f"/v1/accounts/{row['id']}"), self_told, "an account")
        if row["side"] == "customer":
            same(
                self.get(f"/v1/accounts/{row['id']}", f"customer:{row['owner']}"),
                self_told,
                "one's own account",
            )
            self.get(f"/v1/accounts/{row['id']}", "customer:stranger", 404)

    def some_account(self) -> Row:
        return self.books.accounts[self.chance.choice(sorted(self.books.accounts))]

    def statement(self) -> None:
        """A statement from the newest line to the first; what is booked meanwhile does not shift it."""
        row = self.some_account()
        name, limit = row["id"], self.chance.choice((1, 3, 10, 100, 500))
        due = [line_told(line, row["currency"]) for line in reversed(self.books.history.get(name, []))]
        due = due[: limit * 12]
        got: list[Any] = []
        after = ""
        while len(got) < len(due) or not after:
            page = self.get(f"/v1/accounts/{name}/statement?limit={limit}&after={after}")
            got += page["items"]
            if page["next"] is None:
                break
            after = page["next"]
            if self.chance.random() < 0.1:
                self.write(2)
        same(got, due, f"the statement of {name} in pages of {limit}")

    def period(self) -> None:
        """A period of a statement, page by page, straight from the ledger."""
        row = self.some_account()
        name, limit = row["id"], self.chance.choice((2, 5, 40))
        lines = self.books.history.get(name, [])
        whens = list(accumulate((line[1] for line in lines), max))
        middle = self.chance.choice(whens) if whens else DAY
        start, end = (
            middle - self.chance.choice((0, HOUR, DAY, 9 * DAY)),
            middle + self.chance.choice((1, HOUR, DAY)),
        )
        due = [line for line, when in zip(lines, whens, strict=True) if start <= when < end]
        balance = self.reader.load(Balance, [name])[0]
        got: list[Any] = []
        older: int | None = None
        while older is None or older >= 0:
            self.reads += 1
            page = statement(balance, self.reader.lines, start, end, limit=limit, older=older)
            same(
                page.opening_minor + sum(e.amount_minor for e in page.entries),
                page.closing_minor,
                "a page's sums",
            )
            same(page.broken, (), "a statement's chain")
            entries = [msgspec.structs.astuple(entry) for entry in page.entries]
            got = [(n, at, much, after, kind, other) for n, at, kind, other, much, after in entries] + got
            older = page.older
        same(got, due, f"the statement of {name} from {start} to {end} in pages of {limit}")

    # -- work and records -------------------------------------------------------------------------

    def cases(self) -> None:
        """Cases by status, while some are opened and closed."""
        status = self.chance.choice(("open", "released", "refused"))

        def rows() -> dict[str, Any]:
            found = {name: row for name, row in self.reference.cases.items() if row["status"] == status}
            return {name: self.case_told(row) for name, row in found.items()}

        self.pages(f"/v1/cases?status={status}&", rows)

    def case_told(self, row: Row) -> Row:
        hold = self.books.holds.get(row["hold"], {"account": "", "payee": ""})
        told = {name: row[name] for name in ("id", "status", "about", "customer", "code", "closed_by")}
        asked = self.reference.amounts.get(row["about"], (0, ""))
        return told | {
            "payer": hold["account"], "payee": hold["payee"], "amount": decimal(*asked) if asked[1] else "",
            "amount_minor": asked[0],
            "currency": asked[1], "opened_at": moment(row["opened_at"]), "due_at": moment(row["due_at"]),
            "closed_at": moment(row["closed_at"]) if row["closed_at"] else "",
        }  # fmt: skip

    def one_case(self) -> None:
        """One case, one step-up and one decision."""
        if self.reference.cases:
            row = self.reference.cases[self.chance.choice(list(self.reference.cases))]
            same(self.get(f"/v1/cases/{row['id']}"), self.case_told(row), "a case")
        if self.reference.challenges:
            row = self.reference.challenges[self.chance.choice(list(self.reference.challenges))]
            told = self.get(f"/v1/step-ups/{row['id']}", f"customer:{row['customer']}")
            want = {
                name: row[name] for name in ("id", "status", "about", "payee", "amount_minor", "currency")
            }
            want |= {name: moment(row[name]) for name in ("asked_at", "expires_at")}
            same(told, want | {"amount": decimal(row["amount_minor"], row["currency"])}, "a step-up")
            self.get(f"/v1/step-ups/{row['id']}", "customer:stranger", 404)

    def decision(self) -> None:
        """What a decision says it moved."""
        seq = self.chance.choice(list(self.reference.answers))
        want = self.reference.answers[seq]
        told = self.get(f"/v1/decisions/D{seq:011d}")
        moves = [
            (m["payer"], m["payee"], m["amount_minor"], m["currency"], m["kind"]) for m in told["movements"]
        ]
        refusal = (told["refusal"] or {}).get("code", "")
        same((told["result"], refusal, moves), (want.result, want.code, list(want.moves)), f"decision {seq}")

    def finds(self) -> None:
        """Every indexed column, page by page, straight from the store."""
        kind, known, column = self.chance.choice(self.indexed())
        value = self.chance.choice(sorted({row[column] for row in known.values()}) or ["nothing"])
        limit, after = self.chance.choice((1, 3, 100)), ""
        while True:
            self.reads += 1
            found = [thing.id for thing in self.reader.find(kind, column, value, after=after, limit=limit)]
            due = sorted(name for name, row in known.items() if row[column] == value and name > after)
            same(found, due[:limit], f"{kind.__name__} by {column} {value!r} after {after!r}")
            if len(found) < limit:
                return
            after = found[-1]
            if self.chance.random() < 0.1:
                self.write(1)

    def indexed(self) -> Sequence[tuple[type[Kept], dict[str, Row], str]]:
        reference = self.reference
        return [
            (Account, self.books.accounts, "owner"),
            *((Hold, self.books.holds, column) for column in ("account", "status")),
            *((Case, reference.cases, column) for column in ("status", "customer", "about")),
            *((Challenge, reference.challenges, column) for column in ("status", "customer", "about")),
        ]

    def lines(self) -> None:
        """Ranges of the ledger, and which keys were answered."""
        start = self.chance.randrange(self.reference.size) << 16
        end, limit = start + (self.chance.randrange(1, 60) << 16), self.chance.choice((1, 10, 1000))
        self.reads += 2
        found = [line.id for line in self.reader.line_range(start, end, limit)]
        same(found, sorted(n for n in self.books.lines if start <= n < end)[:limit], "a range of lines")
        keys = self.chance.sample(list(self.reference.asked), 5) + [("system:core", "never asked")]
        answered = self.reader.answered(keys)
        same(answered, {key: self.reference.asked[key][0] for key in keys[:-1]}, "keys answered before")

    def close(self) -> None:
        """Let go of every connection."""
        self.reader.close()
        self.wire.close()
        self.run.close()


WAYS = ("accounts", "account", "statement", "period", "cases", "one_case", "decision", "finds", "lines")


def account_told(row: Row) -> Row:
    """An account as the interface must tell it."""
    told = {name: row[name] for name in ("id", "owner", "product", "currency", "status", "frozen")}
    told |= {"opened_at": moment(row["opened_at"])}
    money = {"booked": row["booked_minor"], "held": row["held_minor"], "available": available(row)}
    for name, minor in money.items():
        told |= {name: decimal(minor, row["currency"]), f"{name}_minor": minor}
    return told


def line_told(line: tuple[Any, ...], code: str) -> Row:
    """A line of a statement as the interface must tell it."""
    number, at, amount, after, kind, other = line
    return {
        "at": moment(at), "kind": kind, "other": other, "amount": decimal(amount, code),
        "amount_minor": amount,
        "after": decimal(after, code), "after_minor": after, "decision": f"D{number >> 16:011d}",
    }  # fmt: skip


def check_reads(seed: int, trials: int, engine: str = "sqlite") -> tuple[int, list[str]]:
    """Read so many times; return how many reads were made and what was wrong."""
    chance, done = random.Random(seed), 0
    while done < trials:
        with opened(engine) as home:
            reading = Reading(home, chance.getrandbits(32))
            try:
                while reading.reads < min(A_BANK, trials - done):
                    reading.write(chance.choice((0, 0, 1, 5)))
                    getattr(reading, chance.choice(WAYS))()
            except Missed as missed:
                return done + reading.reads, [f"seed {seed}: {missed}"]
            finally:
                reading.close()
        done += reading.reads
    return done, []


@contextmanager
def page_off_by_one() -> Iterator[None]:
    """A page after a cursor begins one row too late."""
    page = SqliteReads._page

    def late(self: SqliteReads, kind: Any, where: str, values: tuple[Any, ...]) -> list[Any]:
        rows = page(self, kind, where, (*values[:-1], values[-1] + 1))
        return rows[1:] if values[-2] else rows[: values[-1]]

    with patch.object(SqliteReads, "_page", late):
        yield


@contextmanager
def cursor_off_by_one() -> Iterator[None]:
    """A statement's next page begins with the last line of the page before."""
    walk = views.walk

    def early(*given: Any) -> Any:
        entries, older = walk(*given)
        return entries, str(entries[-1].line) if older else None

    with patch.object(views, "walk", early):
        yield
