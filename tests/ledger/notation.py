"""Ledger tests in the language of the bank: one line for each thing that happens, with what it comes to.

    account alice 100.00 CNY            opens an account and pays the money in
    move alice -> bob 1.00 ; ... = ...  one entry of payments; `as KIND` changes the kind of a movement
    hold h1 alice -> shop 30.00 = held  `until 2026-11-05` sets when it expires
    capture h1 20.00 / release h1 / expire h1 / close alice
    freeze alice out / unfreeze alice out / limit alice day 50.00 / overdraft alice 10.00
    exchange alice -> alice_usd 70.00 at 10/71 margin 50
    day 2026-11-01 23:59                moves the bank's clock (time in the bank's own zone)
    alice 100.00 / available alice 70.00 / held alice 30.00

Without `= result` a line must succeed. After every line the books are checked: nothing made or
lost, holds add up, no account beyond its overdraft line; a refused line must change nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

from jingwei.kernel.clock import BANK_OFFSET, DAY, parse_iso
from jingwei.kernel.money import format_minor, parse_minor
from jingwei.kernel.refusal import REFUSALS, Refusal
from jingwei.ledger import exchange as exchanges
from jingwei.ledger import holds, terms
from jingwei.ledger.accounts import Account, Balance, Hold, Line, Movement, Standing, chart_account
from jingwei.ledger.posting import Posted, post

_MOVE = re.compile(r"(\S+) -> (\S+) (-?[\d.]+)(?: as (\w+))?")


class World:
    """The books of one test."""

    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        self.holds: dict[str, Hold] = {}
        self.lines: dict[int, Line] = {}
        self.at = parse_iso("2026-11-01T12:00:00") - BANK_OFFSET
        self.seq = 0

    def see(self, name: str) -> Standing | None:
        """The account as it stands; the bank's own exist without being opened."""
        return self.standings.get(name) or chart_account(name)

    def do(self, line: str) -> None:
        """Do one line and check the books."""
        order, _, wanted = (part.strip() for part in line.partition(" = "))
        verb, *rest = order.split()
        before = dict(self.standings), dict(self.holds), dict(self.lines)
        act: Callable[[list[str]], Refusal | str | None] | None = getattr(self, f"do_{verb}", None)
        got = act(rest) if act else self.do_booked([verb, *rest])
        code = got.code if isinstance(got, Refusal) else got
        if isinstance(got, Refusal):
            assert (self.standings, self.holds, self.lines) == before, (
                f"{line}\n  was refused but changed the books"
            )
            words = REFUSALS[got.code].told(got.detail)
            assert "…" not in words.en + words.zh, f"{line}\n  {got} leaves a blank in its sentence"
        if wanted or isinstance(got, Refusal):
            assert code == (wanted or "done"), f"{line}\n  came to {code}"
        self.seq += 1
        self.balanced(line)

    def balanced(self, line: str) -> None:
        """Assert everything that must hold of any books at any time."""
        sums: dict[str, int] = {}
        for standing in self.standings.values():
            account, balance = standing.account, standing.balance
            sums[account.currency] = sums.get(account.currency, 0) + balance.booked_minor
            held = sum(h.amount_minor for h in self.holds.values() if h.account == account.id)
            assert balance.held_minor == held, (
                f"{line}\n  {account.id} holds {balance.held_minor}, not {held}"
            )
            available = balance.booked_minor - held + account.overdraft_minor
            assert standing.available_minor == available, line
            assert account.side == "bank" or available >= 0, (
                f"{line}\n  {account.id} is beyond its overdraft line"
            )
        assert not any(sums.values()), f"{line}\n  money was made or lost: {sums}"

    def take(self, posted: Posted | Refusal, success: str = "posted") -> Refusal | str:
        """Write down what was posted."""
        if isinstance(posted, Refusal):
            return posted
        self.standings.update(posted.standings)
        self.lines.update((line.id, line) for line in posted.lines)
        return success

    def money(self, name: str, text: str) -> int:
        """An amount in the currency of this account."""
        standing = self.see(name)
        return parse_minor(text, standing.account.currency if standing else "CNY")

    def do_account(self, words: list[str]) -> None:
        name, amount, currency = words
        account = Account(name, "owner", "test@1", currency, opened_at=self.at)
        self.standings[name] = Standing(account, Balance(name))
        if minor := parse_minor(amount, currency):
            cash = f"bank:cash:{currency}"
            money = Movement(cash, name, minor, currency, "deposit")
            self.take(post((money,), {cash: self.see(cash), name: self.see(name)}, self.seq, self.at))

    def do_move(self, words: list[str]) -> Refusal | str:
        movements, standings = [], {}
        for part in " ".join(words).split(" ; "):
            match = _MOVE.fullmatch(part)
            assert match, f"not a movement: {part}"
            payer, payee, amount, kind = match.groups()
            paying = self.see(payer)
            currency = paying.account.currency if paying else "CNY"
            movements.append(Movement(payer, payee, self.money(payer, amount), currency, kind or "payment"))
            standings |= {payer: paying, payee: self.see(payee)}
        return self.take(post(tuple(movements), standings, self.seq, self.at))

    def do_hold(self, words: list[str]) -> Refusal | str:
        name, payer, _, payee, amount, *until = words
        ends = parse_iso(until[1]) - BANK_OFFSET if until else self.at + 7 * DAY
        standing = self.see(payer)
        currency = standing.account.currency if standing else "CNY"
        minor = self.money(payer, amount)
        hold = Hold(name, payer, payee, minor, currency, "active", "card", self.at, ends)
        placed = holds.place(hold, standing, self.see(payee), self.at)
        if isinstance(placed, Refusal):
            return placed
        self.holds[name], self.standings[payer] = hold, placed
        return "held"

    def do_capture(self, words: list[str]) -> Refusal | str:
        hold = self.holds[words[0]]
        payer, payee = self.see(hold.account), self.see(hold.payee)
        assert payer and payee
        amount = self.money(hold.account, words[1])
        captured = holds.capture(hold, amount, payer, payee, self.seq, self.at)
        if isinstance(captured, Refusal):
            return captured
        self.holds[hold.id] = captured[0]
        return self.take(captured[1], "captured")

    def do_release(self, words: list[str], status: str = "released") -> Refusal | str:
        hold = self.holds[words[0]]
        payer = self.see(hold.account)
        assert payer
        released = holds.release(hold, payer, status)
        if isinstance(released, Refusal):
            return released
        self.holds[hold.id], self.standings[hold.account] = released
        return status

    def do_expire(self, words: list[str]) -> Refusal | str:
        return self.do_release(words, "expired")

    def change(self, name: str, account: Account | Refusal, success: str) -> Refusal | str:
        """Put an account's new terms in its place."""
        if isinstance(account, Refusal):
            return account
        self.standings[name] = Standing(account, self.standings[name].balance)
        return success

    def do_freeze(self, words: list[str]) -> Refusal | str:
        return self.change(words[0], terms.freeze(self.standings[words[0]].account, words[1], True), "frozen")  # type: ignore[arg-type]

    def do_unfreeze(self, words: list[str]) -> Refusal | str:
        return self.change(words[0], terms.freeze(self.standings[words[0]].account, words[1], False), "free")  # type: ignore[arg-type]

    def do_limit(self, words: list[str]) -> Refusal | str:
        name, which, amount = words
        account = self.standings[name].account
        limits = {w: getattr(account, f"limit_{w}_minor") for w in ("payment", "day", "month")}
        limits[which] = None if amount == "none" else self.money(name, amount)
        return self.change(name, terms.set_limits(account, *limits.values()), "limited")

    def do_overdraft(self, words: list[str]) -> Refusal | str:
        name, amount = words
        return self.change(
            name, terms.set_overdraft(self.standings[name], self.money(name, amount)), "allowed"
        )

    def do_close(self, words: list[str]) -> Refusal | str:
        return self.change(words[0], terms.close(self.standings[words[0]]), "closed")

    def do_exchange(self, words: list[str]) -> Refusal | str:
        payer, _, payee, amount, _, fraction, *margin = words
        sold, bought = self.standings[payer].account.currency, self.standings[payee].account.currency
        above, below = fraction.split("/")
        rate = exchanges.Rate(sold, bought, int(above), int(below), int(margin[1]) if margin else 0)
        movements = exchanges.exchange(payer, payee, self.money(payer, amount), rate)
        if isinstance(movements, Refusal):
            return movements
        named = {side for m in movements for side in (m.payer, m.payee)}
        return self.take(post(movements, {name: self.see(name) for name in named}, self.seq, self.at))

    def do_day(self, words: list[str]) -> None:
        self.at = parse_iso("T".join(words)) - BANK_OFFSET

    def do_available(self, words: list[str]) -> None:
        self.expect(words[0], "available", self.standings[words[0]].available_minor, words[1])

    def do_held(self, words: list[str]) -> None:
        self.expect(words[0], "held", self.standings[words[0]].balance.held_minor, words[1])

    def do_booked(self, words: list[str]) -> None:
        standing = self.see(words[0])
        assert standing, f"no such line or account: {' '.join(words)}"
        self.expect(words[0], "booked", standing.balance.booked_minor, words[1])

    def expect(self, name: str, what: str, minor: int, text: str) -> None:
        """Assert that an amount reads like this."""
        standing = self.see(name)
        assert standing
        got = format_minor(minor, standing.account.currency)
        assert got == text, f"{name} has {got} {what}, not {text}"


def check(story: str) -> World:
    """Do every line of a story and return the books it ends with."""
    world = World()
    for line in textwrap.dedent(story).splitlines():
        text = line.split("#")[0].strip()
        if text:
            world.do(re.sub(r"\s+", " ", text))
    return world
