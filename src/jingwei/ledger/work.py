"""Work and people the books keep beside money: customers, cases, step-up challenges, reversals."""

from __future__ import annotations

from jingwei.kernel.refusal import Words, declare
from jingwei.ledger.accounts import Kept


class Customer(Kept, frozen=True):
    """A customer of the bank. `kind` is "person" or "company"; `born` is an ISO date or ""."""

    name: str
    kind: str = "person"
    born: str = ""
    since: int = 0


class Case(Kept, frozen=True):
    """Work for a person: a decision that waits for an answer.

    `status` is "open", "released" or "refused"; `about` is the decision, `hold` the money that
    waits, `code` the weightiest reason, `due_at` when an answer is due.
    """

    about: str
    customer: str
    hold: str
    status: str
    code: str
    opened_at: int
    due_at: int
    closed_by: str = ""
    closed_at: int = 0


class Challenge(Kept, frozen=True):
    """A step-up the customer must answer before `expires_at`.

    It is bound to what was shown: payee, amount and currency ("what you see is what you sign").
    `status` is "open", "confirmed", "denied" or "expired".
    """

    about: str
    customer: str
    hold: str
    payee: str
    amount_minor: int
    currency: str
    status: str
    asked_at: int
    expires_at: int


class Reversal(Kept, frozen=True):
    """That an entry was reversed; `id` is the reversed decision, `by` the decision that did it."""

    by: str


declare(
    {
        "case_not_found": Words("There is no such case.", "没有这个案件。"),
        "case_closed": Words("The case was already answered.", "该案件已处理完毕，不能再次处理。"),
        "challenge_not_found": Words("There is no such confirmation to answer.", "没有这个待确认事项。"),
        "challenge_closed": Words(
            "This confirmation was already answered, or has expired.", "该确认已处理完毕，不能再次处理。"
        ),
        "challenge_expired": Words(
            "The confirmation came too late; pay again.", "确认已超时，请重新发起付款。"
        ),
        "what_was_signed_differs": Words(
            "What was confirmed is not this payment: payee or amount differ.",
            "确认的内容与该笔付款不符：收款方或金额不同。",
        ),
        "not_allowed": Words("You may not do this.", "您没有办理此项业务的权限。"),
        "own_work": Words(
            "Someone else must review what you asked for yourself.", "本人发起的业务须由他人复核。"
        ),
        "already_reversed": Words("This entry was already reversed.", "该笔记账已冲正，不能再次冲正。"),
        "nothing_to_reverse": Words("There is no entry to reverse.", "没有可冲正的记账。"),
        "customer_not_found": Words("There is no such customer.", "没有这位客户。"),
        "account_exists": Words("An account with this number exists already.", "该账号已存在。"),
        "dated_in_the_future": Words(
            "This is dated in the future; it can be asked when the time has come.",
            "该业务的发生时间晚于当前时间，请到时再办理。",
        ),
        "key_used_for_another": Words(
            "This idempotency key was used for another request; use a new key.",
            "该幂等键已用于另一请求，请换用新的键。",
        ),
    }
)
