"""The reference books: accounts, lines and holds as plain dicts, written from the rules.

It is slow and simple on purpose, imports nothing of the bank, and says of each movement whether the
rules allow it and how all books stand afterwards. Amounts are minor units, times microseconds UTC.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.model.reference_products import PRODUCTS

DAY = 86_400_000_000
HOUR = 3_600_000_000
MINUTE = 60_000_000
LARGEST = 10**15
COUNTED = ("payment", "card", "authorisation", "exchange")
"""Kinds of movement that count against an account's limits."""

Row = dict[str, Any]
Move = tuple[str, str, int, str, str]
"""payer, payee, amount, currency, kind."""


class No(Exception):
    """The rules do not allow it; the message is the code of the refusal."""

    @property
    def code(self) -> str:
        return str(self.args[0])


def day_of(at: int) -> int:
    """The bank's calendar day: midnight is at 16:00 UTC."""
    return (at + 8 * HOUR) // DAY


def month_of(day: int) -> int:
    """Months since year 0."""
    when = date(1970, 1, 1) + timedelta(days=day)
    return 12 * when.year + when.month - 1


def own_account(name: str) -> Row | None:
    """One of the bank's own accounts with nothing in it, if that is its name."""
    parts = name.split(":")
    known = ("cash", "clearing", "card_settlement", "fees", "interest_paid", "interest_earned", "exchange")
    if len(parts) != 3 or parts[0] != "bank" or parts[1] not in known:
        return None
    return new_account(name, "bank", "chart@1", parts[2], side="bank")


def new_account(name: str, owner: str, product: str, currency: str, **more: Any) -> Row:
    """An account with nothing in it."""
    never = -(2**40)
    row = {
        "id": name, "owner": owner, "product": product, "currency": currency, "side": "customer",
        "status": "open", "frozen": "", "opened_at": 0, "overdraft_minor": 0, "limit_payment_minor": None,
        "limit_day_minor": None, "limit_month_minor": None, "booked_minor": 0, "held_minor": 0,
        "last_line": -1, "day": never, "spent_day_minor": 0, "month": never, "spent_month_minor": 0,
        "accrued_micro": 0, "accrued_day": never,
    }  # fmt: skip
    return row | more


def available(account: Row) -> int:
    """What may be paid out."""
    return int(account["booked_minor"] - account["held_minor"] + account["overdraft_minor"])


def payment_fee(product: str, amount: int) -> int:
    """What sending this amount costs."""
    flat, points, least, most = PRODUCTS[product]["fee"]
    cost = max(flat + round(Fraction(amount * points, 10_000)), least)
    return int(cost if most is None else min(cost, most))


class Books:
    """All accounts, lines and holds. A draft of accounts is kept or thrown away whole."""

    def __init__(self) -> None:
        self.accounts: dict[str, Row] = {}
        self.holds: dict[str, Row] = {}
        self.lines: dict[int, tuple[Any, ...]] = {}
        self.history: dict[str, list[tuple[int, int, int, int, str, str]]] = {}
        """By account, in the order booked: (line, at, signed amount, balance after, kind, other account)."""
        self.day_ends: dict[str, tuple[list[int], list[int]]] = {}
        """By account: the days on which lines were booked, and the balance each of them ended with."""

    def find(self, name: str) -> Row | None:
        """An account, the bank's own too."""
        return self.accounts.get(name) or own_account(name)

    def check(self, move: Move, giving: Row | None, taking: Row | None, at: int, limited: int = -1) -> None:
        """Raise No unless the movement is allowed; `limited` is the part of it that limits look at."""
        payer, payee, amount, currency, kind = move
        if not 0 < amount <= LARGEST:
            raise No("amount_not_possible")
        if giving is None or taking is None:
            raise No("account_not_found")
        if payer == payee:
            raise No("same_account")
        if "closed" in (giving["status"], taking["status"]):
            raise No("account_closed")
        if not giving["currency"] == taking["currency"] == currency:
            raise No("currency_differs")
        if kind != "interest" and (giving["frozen"] in ("out", "both") or taking["frozen"] in ("in", "both")):
            raise No("account_frozen")
        if giving["side"] == "bank":
            return
        if kind in COUNTED:
            check_limits(giving, amount if limited < 0 else limited, at)
        if available(giving) < amount:
            raise No("balance_too_low")

    def post(self, moves: list[Move], seq: int, at: int, draft: dict[str, Row] | None = None) -> list[Any]:
        """Book all movements or raise No; return the lines. `draft` are accounts to be kept with them."""
        drawn = dict(draft or {})
        lines = []
        for n, move in enumerate(moves):
            payer, payee, amount, currency, kind = move
            giving, taking = drawn.get(payer) or self.find(payer), drawn.get(payee) or self.find(payee)
            self.check(move, giving, taking, at)
            assert giving is not None and taking is not None
            number = seq * 65_536 + n
            line = (
                number, at, payer, payee, amount, currency, kind, giving["last_line"], taking["last_line"],
                giving["booked_minor"] - amount, taking["booked_minor"] + amount,
            )  # fmt: skip
            giving = giving | {"booked_minor": line[9], "last_line": number}
            if kind in COUNTED and giving["side"] == "customer":
                giving |= spent(giving, amount, at)
            drawn[payer] = giving
            drawn[payee] = taking | {"booked_minor": line[10], "last_line": number}
            lines.append(line)
        self.accounts.update(drawn)
        for line in lines:
            self._write(line)
        return lines

    def _write(self, line: tuple[Any, ...]) -> None:
        number, at, payer, payee, amount, _, kind, _, _, left, has = line
        self.lines[number] = line
        self.history.setdefault(payer, []).append((number, at, -amount, left, kind, payee))
        self.history.setdefault(payee, []).append((number, at, amount, has, kind, payer))
        self._end_day(payer, day_of(at), left)
        self._end_day(payee, day_of(at), has)

    def _end_day(self, name: str, day: int, balance: int) -> None:
        """A line that comes late counts on the newest day booked so far."""
        days, balances = self.day_ends.setdefault(name, ([], []))
        if not days or day > days[-1]:
            days.append(day)
            balances.append(balance)
        balances[-1] = balance

    def place(self, hold: Row, at: int) -> None:
        """Hold money back or raise No: its fee counts against no limit, as when paid at once."""
        payer, payee = self.find(hold["account"]), self.find(hold["payee"])
        move = (hold["account"], hold["payee"], hold["amount_minor"], hold["currency"], hold["kind"])
        counted = hold["amount_minor"] - hold["fee_minor"]
        self.check(move, payer, payee, at, counted)
        assert payer is not None
        after = payer | {"held_minor": payer["held_minor"] + hold["amount_minor"]}
        self.accounts[payer["id"]] = after | spent(payer, counted, at)
        self.holds[hold["id"]] = hold

    def give_back(self, hold: Row, status: str) -> None:
        """End a hold: the money is available and no longer counts as spent; No if it has ended."""
        if hold["status"] != "active":
            raise No("hold_not_active")
        payer = self.accounts[hold["account"]]
        counted = hold["amount_minor"] - hold["fee_minor"]
        after = payer | {"held_minor": payer["held_minor"] - hold["amount_minor"]}
        day = day_of(hold["placed_at"])
        if day == payer["day"]:
            after["spent_day_minor"] = max(payer["spent_day_minor"] - counted, 0)
        if month_of(day) == payer["month"]:
            after["spent_month_minor"] = max(payer["spent_month_minor"] - counted, 0)
        self.accounts[payer["id"]] = after
        self.holds[hold["id"]] = hold | {"status": status, "amount_minor": 0, "fee_minor": hold["fee_minor"]}

    def take(self, hold: Row, amount: int, seq: int, at: int) -> list[Any]:
        """Capture a part of a hold or all of it (with its fee, when it has one); return the lines."""
        if hold["status"] != "active" or at > hold["expires_at"]:
            raise No("hold_not_active")
        if amount > hold["amount_minor"]:
            raise No("above_held_amount")
        fee = hold["fee_minor"]
        payer = self.accounts[hold["account"]]
        freed = payer | {"held_minor": payer["held_minor"] - amount - fee}
        moves = [(hold["account"], hold["payee"], amount, hold["currency"], "capture")]
        if fee:
            moves.append((hold["account"], f"bank:fees:{hold['currency']}", fee, hold["currency"], "fee"))
        lines = self.post(moves, seq, at, {payer["id"]: freed})
        left = hold["amount_minor"] - amount - fee
        status = "active" if left else "captured"
        self.holds[hold["id"]] = hold | {"status": status, "amount_minor": left}
        return lines


def check_limits(account: Row, amount: int, at: int) -> None:
    """Raise No when the amount is above what is left of a limit."""
    one, day, month = (account[f"limit_{name}_minor"] for name in ("payment", "day", "month"))
    if one is not None and amount > one:
        raise No("above_payment_limit")
    after = spent(account, amount, at)
    if day is not None and after["spent_day_minor"] > day:
        raise No("above_day_limit")
    if month is not None and after["spent_month_minor"] > month:
        raise No("above_month_limit")


def spent(account: Row, amount: int, at: int) -> Row:
    """What an account has spent on its newest day and month once it spends this."""
    today = max(day_of(at), account["day"])
    month = month_of(today) if today > account["day"] else account["month"]
    so_far = account["spent_day_minor"] if today == account["day"] else 0
    in_month = account["spent_month_minor"] if month == account["month"] else 0
    return {
        "day": today, "spent_day_minor": so_far + amount, "month": month,
        "spent_month_minor": in_month + amount,
    }  # fmt: skip
