"""The writing routes of lending."""

from __future__ import annotations

from jingwei.channels.rest import asked_lending as asked
from jingwei.channels.rest import making_lending as making
from jingwei.channels.rest.order import Order
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.journeys.pay_later import AnswerPayLater, DrawPayLater
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.journeys.sign_loan import DeclineLoanOffer, SignLoan

LENDING_ORDERS = (
    Order(
        "/loan-applications",
        asked.LoanAsk,
        ApplyForLoan,
        making.loan,
        "Apply for a loan",
        "loans",
        "Ask for a loan; decided at once. `made` is the application, which says what was decided and why.",
    ),
    Order(
        "/loan-applications/{some_id}/signature",
        asked.LoanSignatureAsk,
        SignLoan,
        making.signature,
        "Sign a loan",
        "loans",
        "Sign exactly what was offered; the money is paid out in the same step.",
    ),
    Order(
        "/loan-applications/{some_id}/decline",
        asked.LoanNothingAsk,
        DeclineLoanOffer,
        making.decline,
        "Turn a loan offer down",
        "loans",
        "Close an offer without signing it.",
    ),
    Order(
        "/loan-applications/{some_id}/appeal",
        asked.LoanAppealAsk,
        AskLoanReview,
        making.loan_appeal,
        "Appeal against a refused loan",
        "loans",
        "Ask that a person decides again on the same facts; once for each application.",
    ),
    Order(
        "/loans/{some_id}/repayments",
        asked.RepaymentAsk,
        RepayLoan,
        making.repayment,
        "Pay on a loan",
        "loans",
        "Pay what is due, or repay early: over fewer months, in smaller instalments, or everything.",
    ),
    Order(
        "/loans/{some_id}/cancellation",
        asked.LoanNothingAsk,
        CancelLoan,
        making.cancellation,
        "Give a new loan back",
        "loans",
        "Give a loan back whole in its cooling-off time, free of charge.",
    ),
    Order(
        "/loans/{some_id}/restructuring",
        asked.RestructuringAsk,
        RestructureLoan,
        making.restructuring,
        "Restructure a loan",
        "loans",
        "Spread what a loan owes over other months; staff only, two for large loans.",
    ),
    Order(
        "/loans/{some_id}/write-off",
        asked.WriteOffAsk,
        WriteOffLoan,
        making.write_off,
        "Write a loan off",
        "loans",
        "Give a loan up as lost in the books; staff only, two for large loans.",
    ),
    Order(
        "/cases/{some_id}/loan-review",
        asked.LoanReviewAsk,
        ReviewLoan,
        making.loan_review,
        "Decide on a loan application",
        "loans",
        "Approve, approve less, or refuse an application that waits for a person; two for large ones.",
    ),
    Order(
        "/pay-later/{some_id}/answer",
        asked.PayLaterAsk,
        AnswerPayLater,
        making.pay_later,
        "Open or close a pay-later line",
        "loans",
        "Open the line that is offered, turn it down, or close an open one.",
    ),
    Order(
        "/pay-later/{some_id}/draws",
        asked.DrawAsk,
        DrawPayLater,
        making.drawing,
        "Split a purchase into instalments",
        "loans",
        "Lend the price of a card purchase back to the account, to be repaid in instalments.",
    ),
)
