"""Whatever is done to the books in whatever order: money is conserved, holds add up, no line is crossed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace
from tests.ledger.notation import World

from jingwei.kernel.clock import DAY, bank_day, bank_month
from jingwei.kernel.money import format_minor
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Balance, Movement, Standing, line_id
from jingwei.ledger.posting import SPENDING, check, post
from jingwei.ledger.statement import statement

PEOPLE = ("alice", "bob", "carol")
names = st.sampled_from(PEOPLE)
amounts = st.one_of(st.integers(-1, 3), st.integers(1, 60_000))


class Books(RuleBasedStateMachine):
    """Three accounts, everything that can be done to them, and a second count kept by hand."""

    @initialize()
    def begin(self) -> None:
        self.world = World()
        for name in PEOPLE:
            self.do(f"account {name} 500.00 CNY")
        self.spent: list[tuple[str, int, int]] = []
        self.holds = 0

    def do(self, line: str) -> str:
        """Do a line, whatever it comes to, and return that; refused lines are checked to change nothing."""
        try:
            self.world.do(line)
        except AssertionError as told:
            if "came to" not in str(told):
                raise
            return str(told).split("came to ")[1]
        return "done"

    def count(self, payer: str, minor: int, came_to: str) -> None:
        if came_to == "done":
            self.spent.append((payer, minor, self.world.at))

    @rule(payer=names, payee=names, minor=amounts)
    def pay(self, payer: str, payee: str, minor: int) -> None:
        self.count(payer, minor, self.do(f"move {payer} -> {payee} {format_minor(minor, 'CNY')}"))

    @rule(payer=names, payee=names, other=names, minor=amounts, fee=amounts)
    def pay_with_fee(self, payer: str, payee: str, other: str, minor: int, fee: int) -> None:
        first = f"{payer} -> {payee} {format_minor(minor, 'CNY')}"
        came_to = self.do(f"move {first} ; {payer} -> {other} {format_minor(fee, 'CNY')} as fee")
        self.count(payer, minor, came_to)

    @rule(payer=names, payee=names, minor=amounts)
    def hold(self, payer: str, payee: str, minor: int) -> None:
        self.holds += 1
        came_to = self.do(f"hold h{self.holds} {payer} -> {payee} {format_minor(minor, 'CNY')}")
        self.count(payer, minor, came_to)

    @precondition(lambda self: self.world.holds)
    @rule(data=st.data(), minor=amounts, what=st.sampled_from(["capture", "release", "expire"]))
    def end_hold(self, data: st.DataObject, minor: int, what: str) -> None:
        hold = self.world.holds[data.draw(st.sampled_from(sorted(self.world.holds)))]
        amount = f" {format_minor(minor, 'CNY')}" if what == "capture" else ""
        if self.do(f"{what} {hold.id}{amount}") == "done" and what != "capture":
            self.spent.append((hold.account, -hold.amount_minor, hold.placed_at))

    @rule(name=names, minor=st.integers(0, 30_000))
    def overdraft(self, name: str, minor: int) -> None:
        self.do(f"overdraft {name} {format_minor(minor, 'CNY')}")

    @rule(
        name=names, way=st.sampled_from(["in", "out", "both"]), verb=st.sampled_from(["freeze", "unfreeze"])
    )
    def freeze(self, name: str, way: str, verb: str) -> None:
        self.do(f"{verb} {name} {way}")

    @rule(name=names, which=st.sampled_from(["payment", "day", "month"]), minor=st.integers(0, 90_000))
    def limit(self, name: str, which: str, minor: int) -> None:
        self.do(f"limit {name} {which} {format_minor(minor, 'CNY')}")

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        self.world.at += days * DAY + 1

    @invariant()
    def spending_is_what_was_counted_by_hand(self) -> None:
        """Time only goes forward here, so each counter holds its newest day and month."""
        for name in PEOPLE:
            balance = self.world.standings[name].balance
            mine = [(bank_day(at), minor) for who, minor, at in self.spent if who == name]
            day = sum(minor for when, minor in mine if when == balance.day)
            month = sum(minor for when, minor in mine if bank_month(when) == balance.month)
            assert (balance.spent_day_minor, balance.spent_month_minor) == (day, month)

    @invariant()
    def statements_chain(self) -> None:
        lines = self.world.lines
        for name in PEOPLE:
            balance = self.world.standings[name].balance
            told = statement(balance, lambda ids: [lines[i] for i in ids], -(2**50), 2**52, limit=10_000)
            assert not told.broken and told.opening_minor == 0 and told.closing_minor == balance.booked_minor


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBooks = Books.TestCase


money = st.integers(0, 10**6)


@given(money, money, money, st.integers(1, 3 * 10**6))
def test_a_payment_is_made_exactly_when_the_money_is_there(booked, held, overdraft, amount):
    alice = Standing(
        Account("alice", "a", "p@1", "CNY", overdraft_minor=overdraft), Balance("alice", booked, held)
    )
    bob = Standing(Account("bob", "b", "p@1", "CNY"), Balance("bob"))
    posted = post((Movement("alice", "bob", amount, "CNY", "payment"),), {"alice": alice, "bob": bob}, 1, 0)
    assert isinstance(posted, Refusal) == (amount > booked - held + overdraft)
    if not isinstance(posted, Refusal):
        assert posted.standings["alice"].available_minor == alice.available_minor - amount
        assert posted.standings["bob"].balance.booked_minor == amount


@given(
    st.lists(
        st.tuples(names, names, st.integers(1, 60), st.sampled_from(["card", "fee"])), min_size=1, max_size=4
    ),
    st.integers(0, 100),
)
def test_an_entry_is_its_movements_one_after_the_other(moves, limit):
    movements = tuple(Movement(payer, payee, minor, "CNY", kind) for payer, payee, minor, kind in moves)
    books = {
        name: Standing(Account(name, name, "p@1", "CNY", limit_day_minor=limit), Balance(name, 70))
        for name in PEOPLE
    }
    whole, step = post(movements, books, 5, 0), dict(books)
    for n, movement in enumerate(movements):
        posted = post((movement,), step, 5, 0)
        if isinstance(posted, Refusal):
            assert whole == posted
            return
        step |= {
            name: replace(after, balance=replace(after.balance, last_line=line_id(5, n)))
            for name, after in posted.standings.items()
        }
        assert not isinstance(whole, Refusal) or n + 1 < len(movements)
        if not isinstance(whole, Refusal):
            assert whole.lines[n] == replace(posted.lines[0], id=line_id(5, n))
    assert step == books | whole.standings


limits = st.none() | st.integers(0, 100)


@given(limits, limits, limits, st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), max_size=12))
def test_limits_are_the_plain_sums_they_say(payment, day_limit, month_limit, spends):
    account = Account(
        "alice", "a", "p@1", "CNY", limit_payment_minor=payment, limit_day_minor=day_limit,
        limit_month_minor=month_limit,
    )  # fmt: skip
    books = {"alice": Standing(account, Balance("alice", 10**6)), "bob": None}
    books["bob"] = Standing(Account("bob", "b", "p@1", "CNY"), Balance("bob"))
    at, done = 1_780_000_000_000_000, []
    for amount, days in spends:
        at += days * DAY // 4
        movement = Movement("alice", "bob", amount, "CNY", "card")
        today = sum(minor for when, minor in done if bank_day(when) == bank_day(at))
        month = sum(minor for when, minor in done if bank_month(bank_day(when)) == bank_month(bank_day(at)))
        fits = (
            (payment is None or amount <= payment)
            and (day_limit is None or today + amount <= day_limit)
            and (month_limit is None or month + amount <= month_limit)
        )
        assert (check(movement, books["alice"], books["bob"], at) is None) == fits
        if fits:
            posted = post((movement,), books, len(done), at)
            books |= posted.standings
            done.append((at, amount))
    assert movement_kinds_are_known()


def movement_kinds_are_known() -> bool:
    """The kinds that count are those a customer chooses to pay with."""
    return {"payment", "card", "authorisation", "exchange"} == SPENDING
