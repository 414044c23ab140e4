"""Loans as the bank keeps them: applications with all that decided them, loans, and pay-later lines."""

from __future__ import annotations

from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare

LOAN_REVIEW, LOAN_APPEAL = "loan_review", "loan_appeal"
LOAN_CASES = (LOAN_REVIEW, LOAN_APPEAL)
"""The codes of cases about a loan: a first answer by a person, and an appeal against a refusal."""

RUNNING, REPAID, CANCELLED, WRITTEN_OFF = "running", "repaid", "cancelled", "written_off"
BUCKETS: tuple[tuple[int | None, str], ...] = (
    (0, ""), (30, "1-30"), (60, "31-60"), (90, "61-90"), (None, "90+"),
)  # fmt: skip
"""How late a loan is: up to so many days, and what that is called; the last has no end."""


class LoanApplication(Kept, frozen=True):
    """What a customer asked to borrow, how it was decided and what was offered; `id` begins with Q.

    `status` is "offered" (until `expires_at`), "waiting" (for a person), "refused", "declined" (by the
    customer), "signed" or "expired". `account` is where the money goes and instalments come from. Amounts are
    minor units, rates millionths a year, moments microseconds UTC, 0 for never. `policy_reasons` are codes,
    comma-separated; `by_score` is 1 when the score alone would refuse; `inputs`, `contributions`, `advice`
    and `plan` are JSON texts: CreditInputs, a list of [name, points], a list of Advice, and the packed
    schedule as if paid out on the day of the offer. `terms_sha256` is the digest of the terms to be signed.
    """

    customer: str
    product: str
    account: str
    amount_minor: int
    currency: str
    months: int
    status: str
    asked_at: int
    decision: str
    purpose: str = ""
    points: int = 0
    grade: str = ""
    score_by: str = ""
    limit_minor: int = 0
    policy_reasons: str = ""
    by_score: int = 0
    inputs: str = ""
    contributions: str = ""
    advice: str = ""
    rate_ppm: int = 0
    effective_ppm: int = 0
    instalment_minor: int = 0
    interest_minor: int = 0
    fee_minor: int = 0
    total_minor: int = 0
    plan: str = ""
    terms_sha256: str = ""
    offered_at: int = 0
    expires_at: int = 0
    case_number: str = ""
    decided_by: str = ""
    words: str = ""
    loan: str = ""


class Loan(Kept, frozen=True):
    """A loan that was paid out; `id` begins with L.

    `kind` is how it is repaid, as of its product unless it was restructured.
    `status` is "running", "repaid", "cancelled" (given back in the cooling-off time) or "written_off".
    `principal_minor` is what is still lent, `due_minor` interest, fees and penalty booked and not paid.
    Both together are exactly what the ledger holds for it on bank:loans and bank:loan_interest_due.
    `plan` is the packed schedule (`schedule.unpack`). `accrued_minor` is interest earned since the last due
    day, not booked yet; `penalty_micro` penalty in millionths of a minor unit, less than one, not booked yet;
    `penalty_minor` the part of `due_minor` that is penalty. Every day up to `closed_day` is closed.
    `late_since` is the first due day that is not fully paid, 0 when nothing is late.
    `proposed` with `proposed_by` is what one person wants done to it and a second must confirm.
    """

    customer: str
    application: str
    product: str
    kind: str
    account: str
    currency: str
    amount_minor: int
    rate_ppm: int
    status: str
    signed_at: int
    terms_sha256: str
    contract_sha256: str
    principal_minor: int
    plan: str
    closed_day: int
    due_minor: int = 0
    penalty_minor: int = 0
    penalty_micro: int = 0
    accrued_minor: int = 0
    late_since: int = 0
    written_off_minor: int = 0
    recovered_minor: int = 0
    interest_paid_minor: int = 0
    ended_at: int = 0
    line: str = ""
    purchase: str = ""
    proposed: str = ""
    proposed_by: str = ""

    def late_days(self, day: int) -> int:
        """For how many days something has been due and not paid, as of the end of this bank day."""
        return max(day - self.late_since, 0) if self.late_since else 0

    def bucket(self, day: int) -> str:
        """For how long something is late: one of BUCKETS, or nothing when nothing is late."""
        late = self.late_days(day)
        return next(name for most, name in BUCKETS if most is None or late <= most)


class PayLaterLine(Kept, frozen=True):
    """A pay-later line; `id` begins with Y. `status` is "offered", "open", "declined" or "closed".

    `limit_minor` is the most that may be drawn at one time; what is drawn are loans naming this `line`.
    """

    customer: str
    product: str
    account: str
    currency: str
    limit_minor: int
    rate_ppm: int
    grade: str
    status: str
    offered_at: int
    inputs: str = ""
    contributions: str = ""
    purchases: int = 0
    answered_at: int = 0


def application_id(seq: int) -> str:
    """Id of the application that record `seq` made."""
    return f"Q{seq:011d}"


def loan_id(seq: int) -> str:
    """Id of the loan that record `seq` paid out."""
    return f"L{seq:011d}"


def line_number(seq: int) -> str:
    """Id of the pay-later line that record `seq` offered."""
    return f"Y{seq:011d}"


declare(
    {
        "loan_not_found": Words("There is no such loan.", "没有这笔贷款。"),
        "application_not_found": Words("There is no such loan application.", "没有这项贷款申请。"),
        "loan_offer_over": Words(
            "There is no offer to answer: it was answered, or it has expired. Ask again.",
            "没有待确认的贷款方案：已处理或已过期，请重新申请。",
        ),
        "loan_terms_differ": Words(
            "What was signed is not what was offered. Nothing was paid out; read the terms again and sign.",
            "所签内容与贷款方案不一致，未放款；请重新阅读条款后签署。",
        ),
        "loan_proof_missing": Words(
            "A loan is signed with your own proof for exactly this loan and amount.",
            "签署贷款须由本人就该笔贷款及金额完成身份验证。",
        ),
        "loan_not_running": Words("This loan is not running any more.", "该笔贷款已结束。"),
        "loan_amount_not_possible": Words(
            "From {least} to {most} can be lent under this product.", "该产品可借金额为{least}至{most}。"
        ),
        "loan_term_not_possible": Words("The term must be one of {terms} months.", "期限可选：{terms}个月。"),
        "loan_consent_missing": Words(
            "We may look at your income and spending only if you agree. Agree to 'Working out a loan for you'"
            " under My data, then apply again.",
            "测算贷款需要查看您的收支，须经您同意。请在“我的数据”中同意“为您测算贷款”，然后重新申请。",
        ),
        "loan_inputs_missing": Words(
            "What the decision needs is missing: {missing}. Nothing was decided; ask again.",
            "缺少作出决定所需的信息：{missing}。未作任何决定，请重新申请。",
        ),
    }
)
