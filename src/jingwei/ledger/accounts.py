"""Accounts, their balances and holds: flat records, one database column for each field."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from jingwei.kernel.kept import Kept as Kept  # noqa: PLC0414 (told on to the rooms that read accounts)
from jingwei.kernel.money import CURRENCIES, currency
from jingwei.kernel.refusal import Refusal, Words, declare

AUTHORISATION = "authorisation"
"""The kind of a hold whose money goes only when it is captured later."""

NEVER = -(2**40)
"""A day or month number before all others: nothing was spent yet."""


class Account(Kept, frozen=True):
    """Whose account this is, under which product, and what may be done with it.

    `side` is "customer" or "bank"; `frozen` is "", "in", "out" or "both"; limits are minor
    units, None meaning no limit; `product` is "code@version".
    """

    owner: str
    product: str
    currency: str
    side: str = "customer"
    status: str = "open"
    frozen: str = ""
    opened_at: int = 0
    overdraft_minor: int = 0
    limit_payment_minor: int | None = None
    limit_day_minor: int | None = None
    limit_month_minor: int | None = None


class Balance(Kept, frozen=True):
    """The money of one account as it stands; `id` is the account's.

    `booked_minor` is what the bank owes the owner (negative: the owner owes), `held_minor` what
    holds keep back. `last_line` is the account's newest ledger line, from which a statement walks
    back. `accrued_micro` is interest earned but not yet posted, in millionths of a minor unit,
    complete up to and including bank day `accrued_day`.
    """

    booked_minor: int = 0
    held_minor: int = 0
    last_line: int = -1
    day: int = NEVER
    spent_day_minor: int = 0
    month: int = NEVER
    spent_month_minor: int = 0
    accrued_micro: int = 0
    accrued_day: int = NEVER


class Hold(Kept, frozen=True):
    """Money kept back for a payee until it is captured, released or expires.

    `status` is "active", "captured", "released" or "expired"; `amount_minor` is what is still held,
    `fee_minor` the part of it that is the bank's fee.
    """

    account: str
    payee: str
    amount_minor: int
    currency: str
    status: str
    kind: str
    placed_at: int
    expires_at: int
    fee_minor: int = 0


class Movement(msgspec.Struct, frozen=True, gc=False):
    """Money going from one account to another; both in `currency`."""

    payer: str
    payee: str
    amount_minor: int
    currency: str
    kind: str


class Line(msgspec.Struct, frozen=True, gc=False):
    """A movement as it stands in the ledger, linked to its accounts' previous lines (-1: none)."""

    id: int
    at: int
    payer: str
    payee: str
    amount_minor: int
    currency: str
    kind: str
    payer_previous: int
    payee_previous: int
    payer_after_minor: int
    payee_after_minor: int


def line_id(seq: int, n: int) -> int:
    """Number of the n-th line (0..65535) that record `seq` wrote; grows with time."""
    return seq << 16 | n


class Standing(msgspec.Struct, frozen=True, gc=False):
    """An account and its balance at one moment."""

    account: Account
    balance: Balance

    @property
    def available_minor(self) -> int:
        """What can be paid out now: booked less held plus the overdraft line."""
        return self.balance.booked_minor - self.balance.held_minor + self.account.overdraft_minor


CHART: dict[str, str] = {
    "cash": "Cash and central bank",
    "card_settlement": "Owed to card schemes",
    "clearing": "Payments in clearing",
    "fees": "Fee income",
    "interest_paid": "Interest paid to customers",
    "interest_earned": "Interest earned from customers",
    "exchange": "Currency positions",
    "rounding": "Rounding differences",
    "suspense": "Not yet explained",
    "loans": "Lent to customers",
    "loan_interest_due": "Interest and charges due on loans",
    "loan_losses": "Loans written off",
    "loan_recoveries": "Come in on loans written off",
}
"""The bank's own chart of accounts; each exists once for every currency."""


@lru_cache(maxsize=1024)
def chart_id(code: str, currency_code: str) -> str:
    """Id of one of the bank's own accounts, e.g. bank:cash:CNY."""
    assert code in CHART, f"{code} is not in the bank's chart of accounts"
    return f"bank:{code}:{currency(currency_code).code}"


def chart_account(account_id: str) -> Standing | None:
    """The bank's own account with this id with nothing booked yet, or None when the id is not one."""
    parts = account_id.split(":")
    if len(parts) != 3 or parts[0] != "bank" or parts[1] not in CHART or parts[2] not in CURRENCIES:
        return None
    account = Account(account_id, "bank", "chart@1", parts[2], side="bank")
    return Standing(account, Balance(account_id))


declare(
    {
        "account_not_found": Words("There is no such account.", "没有这个账户。"),
        "account_closed": Words("The account is closed.", "该账户已销户。"),
        "account_frozen": Words(
            "The account is frozen for this kind of payment.", "该账户已被冻结，不能办理此类收付。"
        ),
        "currency_differs": Words(
            "The account is kept in {account_currency}; exchange the money first.",
            "该账户币种为{account_currency}，请先兑换。",
        ),
        "above_payment_limit": Words(
            "The amount is above the limit for one payment, {limit}.", "金额超过单笔限额{limit}。"
        ),
        "above_day_limit": Words(
            "The amount is above what is left of today's limit, {left}.", "金额超过今日剩余限额{left}。"
        ),
        "above_month_limit": Words(
            "The amount is above what is left of this month's limit, {left}.", "金额超过本月剩余限额{left}。"
        ),
        "balance_too_low": Words(
            "The available balance, {available}, is too low.", "可用余额{available}不足。"
        ),
        "amount_not_possible": Words(
            "The amount must be above zero and not above the largest amount.",
            "金额必须大于零，且不能超过最大金额。",
        ),
        "balance_too_large": Words(
            "The account cannot hold that much money.", "账户余额将超过可记账的上限。"
        ),
        "same_account": Words("Payer and payee are the same account.", "付款账户与收款账户相同。"),
    }
)

ACCOUNT_NOT_FOUND = Refusal("account_not_found")
