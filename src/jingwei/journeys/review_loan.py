"""AskLoanReview and ReviewLoan: a person decides on an application, at first or because of an appeal."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.applying import offered
from jingwei.domains.credit.company_again import company_in, decided_again
from jingwei.domains.credit.deciding import HARD
from jingwei.domains.credit.loans import LOAN_APPEAL, LOAN_REVIEW, LoanApplication, application_id
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.trained_score import TrainedCard
from jingwei.journeys.appeal import Appealed, Said
from jingwei.journeys.apply_for_loan import sources_of
from jingwei.journeys.case_work import SeenCase, look_at_case, not_workable, note
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.journeys.use_scorecard import cards_in_use
from jingwei.kernel.command import AmountOrZero, Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id, seq_of
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.appeals import Appeal, appeal_due, appeal_id
from jingwei.ledger.casework import CaseWork, needs_two
from jingwei.ledger.work import Case

declare(
    {
        "loan_counter_offer_differs": Words(
            "A person can offer less than was asked, within the product, not more.",
            "人工审批金额只能在产品范围内低于申请金额，不得高于申请金额。",
        ),
    }
    | {
        f"loan_{code}": Words(
            f"This cannot be lent by anybody: {words.en}", f"该笔贷款依规不能发放：{words.zh}"
        )
        for code, words in HARD.items()
    }
)


class AskLoanReview(Command, frozen=True, kw_only=True, tag="ask_loan_review"):
    """Appeal against the refusal of `application`: a person decides again on the same inputs."""

    application: Id
    text: Said


class ReviewLoan(Command, frozen=True, kw_only=True, tag="review_loan"):
    """Approve or refuse the application that `case` waits for; `words` are told to the customer.

    `amount_minor` 0 approves what was asked, else less. Large amounts need a second person who answers the
    same; until then the first answer is a proposal.
    """

    case: Id
    approve: bool
    words: Said
    amount_minor: AmountOrZero = 0


class LoanReviewed(Event, frozen=True, kw_only=True, tag="loan_reviewed"):
    """A person decided on an application; `appeal` says that it had been refused before."""

    application: str
    approved: bool
    appeal: bool


class LoanReviewProposed(Event, frozen=True, kw_only=True, tag="loan_review_proposed"):
    """A first person answered; a second one must answer the same."""

    application: str
    approved: bool


class Asking(msgspec.Struct, frozen=True):
    """The application appealed about, and an appeal made before."""

    seq: int
    application: LoanApplication | None
    before: Appeal | None


class Seen(msgspec.Struct, frozen=True):
    """The case, the application it is about, its product and appeal; who answered or proposed to before.

    Of a company's application the sources it lets be read now, and the cards that score.
    """

    seen: SeenCase
    application: LoanApplication | None
    product: LoanProduct | None
    appeal: Appeal | None
    before: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    cards: tuple[TrainedCard, ...] = ()


def look_at_refusal(ask: AskLoanReview, books: Books) -> Asking:
    """Read the application and an earlier appeal."""
    found = books.get(LoanApplication, ask.application)
    before = books.get(Appeal, appeal_id(found.decision)) if found else None
    return Asking(books.seq, found, before)


def appeal(ask: AskLoanReview, seen: Asking) -> Outcome:
    """Keep the appeal and open a case for a person, due in three bank days."""
    number, found = decision_id(seen.seq), seen.application
    if found is None or ask.actor != f"customer:{found.customer}":
        return refused(number, Refusal("application_not_found"))
    if seen.before is not None:
        return refused(number, Refusal("already_appealed"), about=found.decision)
    if found.status != "refused":
        return refused(number, Refusal("nothing_to_appeal"), about=found.decision)
    due = appeal_due(ask.at)
    case = Case(case_id(seen.seq), found.decision, found.customer, "", "open", LOAN_APPEAL, ask.at, due)
    kept = Appeal(
        appeal_id(found.decision), found.decision, found.customer, ask.text, case.id, "open", ask.at, due
    )  # fmt: skip
    answer = Answer(
        number, "done", case=case.id, about=found.decision, made=kept.id,
        events=(Appealed(about=found.decision),),
    )  # fmt: skip
    return Outcome(answer, kept=(case, kept, replace(found, case_number=case.id)))


def look(ask: ReviewLoan, books: Books) -> Seen:
    """Read the case with its application and appeal."""
    seen = look_at_case(ask.case, books)
    about = seen.case.about if seen.case else ""
    number = seq_of(about)
    found = books.get(LoanApplication, application_id(number)) if number is not None else None
    product = shipped().find(found.product) if found else None
    appealed = books.get(Appeal, appeal_id(about)) if about else None
    before = decided_before(ask.case, about, books)
    if found is None or company_in(found) is None:
        return Seen(seen, found, product, appealed, before)
    sources = sources_of(found.customer, ask.at, books)
    return Seen(seen, found, product, appealed, before, sources, cards_in_use(books))


def decided_before(case_number: str, about: str, books: Books) -> frozenset[str]:
    """Everybody who proposed or gave an answer in another case about the same decision."""
    others = [one for one in every(books, Case, "about", about) if one.id != case_number] if about else []
    work = (books.get(CaseWork, one.id) for one in others)
    proposed = (one.proposed_by for one in work if one is not None)
    return frozenset(proposed) | {one.closed_by for one in others}


def check(ask: ReviewLoan, seen: Seen) -> Refusal | None:
    """Return why this answer cannot be taken, or None: never who decided before."""
    if refusal := not_workable(ask.actor, seen.seen):
        return refusal
    case, found = seen.seen.case, seen.application
    assert case is not None
    if case.code not in (LOAN_REVIEW, LOAN_APPEAL) or found is None or seen.product is None:
        return Refusal("case_is_not_this")
    if case.code == LOAN_APPEAL and ask.actor in seen.before | {found.decided_by}:
        return Refusal("decided_before")
    hard = [code for code in found.policy_reasons.split(",") if code in HARD]
    if ask.approve and hard:
        return Refusal(f"loan_{hard[0]}")
    lower = ask.amount_minor
    if lower and not seen.product.least_minor <= lower <= found.amount_minor:
        return Refusal("loan_counter_offer_differs")
    return None


def act(ask: ReviewLoan, seen: Seen) -> Outcome:
    """Offer or refuse, alone or with a second person."""
    number = decision_id(seen.seen.seq)
    case = seen.seen.case
    if refusal := check(ask, seen):
        return refused(number, refusal, about=case.about if case else "")
    found, product = seen.application, seen.product
    assert case is not None and found is not None and product is not None
    work, answered = seen.seen.work, answer_text(ask)
    agreed = work.proposed == answered and work.proposed_by != ask.actor
    if needs_two(ask.amount_minor or found.amount_minor, found.currency) and not agreed:
        return propose(ask, seen, answered)
    found = decided_again(found, product, seen.cards, seen.sources)
    after = replace(found, decided_by=ask.actor, words=ask.words)
    if ask.approve:
        price = product.price(found.grade) or product.prices[-1]
        after = replace(after, amount_minor=ask.amount_minor or found.amount_minor)
        after = offered(after, product, price.rate_ppm, ask.at)
    else:
        after = replace(after, status="refused")
    status = "released" if ask.approve else "refused"
    closed: list[Kept] = [replace(case, status=status, closed_by=ask.actor, closed_at=ask.at)]
    if case.code == LOAN_APPEAL and seen.appeal is not None:
        stands = "overturned" if ask.approve else "stands"
        closed.append(
            replace(seen.appeal, status=stands, answered_by=ask.actor, answered_at=ask.at, words=ask.words)
        )
    event = LoanReviewed(application=found.id, approved=ask.approve, appeal=case.code == LOAN_APPEAL)
    answer = Answer(number, "done", case=case.id, about=case.about, events=(event,))
    remark = note(seen.seen, ask.actor, ask.at, status, ask.words)
    return Outcome(answer, kept=(after, *closed, replace(work, snoozed_until=0), remark))


def answer_text(ask: ReviewLoan) -> str:
    """The answer as a proposal keeps it."""
    return f"approve {ask.amount_minor}" if ask.approve else "refuse"


def propose(ask: ReviewLoan, seen: Seen, answered: str) -> Outcome:
    """The outcome of a first answer where two are needed."""
    case, work, found = seen.seen.case, seen.seen.work, seen.application
    assert case is not None and found is not None
    number = decision_id(seen.seen.seq)
    if (work.proposed_by, work.proposed) == (ask.actor, answered):
        return refused(number, Refusal("second_person_needed"), about=case.about)
    work = replace(
        work, proposed_by=ask.actor, proposed=answered, snoozed_until=0,
        assignee="" if work.assignee == ask.actor else work.assignee,
    )  # fmt: skip
    event = LoanReviewProposed(application=found.id, approved=ask.approve)
    remark = note(seen.seen, ask.actor, ask.at, f"proposed_{answered.partition(' ')[0]}", ask.words)
    return Outcome(
        Answer(number, "proposed", case=case.id, about=case.about, events=(event,)), kept=(work, remark)
    )


ASK_LOAN_REVIEW = Journey(AskLoanReview, look_at_refusal, appeal, roles=("customer",))
REVIEW_LOAN = Journey(ReviewLoan, look, act, roles=("staff",))
