"""ApplyForLoan: a customer asks for a loan and is told at once: an offer, a person decides, or why not."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from jingwei.consent.consents import Consent, lacking, permitted
from jingwei.consent.grounds import REGISTER
from jingwei.consent.uses import DataUse, today, used
from jingwei.domains.credit.applying import age_on, decided, not_in_product, offered
from jingwei.domains.credit.beside import Beside, ChallengerScore, scored
from jingwei.domains.credit.company_inputs import BUREAU, DATA, CompanyInputs, only
from jingwei.domains.credit.deciding import Asked, decide
from jingwei.domains.credit.inputs import Behaviour, Bureau, CreditInputs, not_read
from jingwei.domains.credit.limits import monthly_minor
from jingwei.domains.credit.loans import LOAN_REVIEW, RUNNING, Loan, LoanApplication, application_id
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.trained_score import TrainedCard
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, every, refused
from jingwei.journeys.use_scorecard import cards_in_use
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.command import Amount, Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.work import Case, Customer

REVIEW_TIME = 1 * DAY
"""How long the bank has when a person decides."""

STALE = 30 * DAY
"""A bureau's report older than this decides nothing."""

LATELY = 90 * DAY

HELD = 1
"""From this version of the rules on a company is lent no more than the limit it is told."""


class ApplyForLoan(Command, frozen=True, kw_only=True, tag="apply_for_loan"):
    """Ask for `amount_minor` of the product's currency over `months`, to be paid out to `account`.

    `person`: a person shall decide, whatever the program would say. `behaviour` and `bureau` are measured and
    queried by the channel before the command is asked, with the customer's consent; they are sealed with it.
    `company` is what a small company is scored on, from each source only with its own consent.
    `beside` is what a challenger makes of the same inputs: it is sealed too, and decides nothing.
    """

    MEASURED: ClassVar[tuple[str, ...]] = ("behaviour", "bureau", "beside", "company")

    customer: Id
    product: Id
    account: Id
    amount_minor: Amount
    months: int
    purpose: Text = ""
    person: bool = False
    behaviour: Behaviour | None = None
    bureau: Bureau | None = None
    beside: Beside | None = None
    company: CompanyInputs | None = None


class LoanApplied(Event, frozen=True, kw_only=True, tag="loan_applied"):
    """A loan was applied for; `result` is "offer", "person" or "refuse"."""

    application: str
    result: str


class Seen(msgspec.Struct, frozen=True):
    """The customer, the account, loans so far, whether everything may be read, and the cards that score.

    `sources` are those of a company that may be read as of this command.
    """

    seq: int
    agreed: bool
    customer: Customer | None = None
    standing: Standing | None = None
    product: LoanProduct | None = None
    loans: tuple[Loan, ...] = ()
    count: DataUse | None = None
    cards: tuple[TrainedCard, ...] = ()
    sources: tuple[str, ...] = ()
    rules: int = TODAYS

    @property
    def company(self) -> bool:
        """Whether a company asks for what is for companies."""
        meant = self.product is not None and self.product.borrower == "company"
        return meant and self.customer is not None and self.customer.kind == "company"


def consented(customer: str, at: int, books: Books) -> bool:
    """Whether the customer agreed to all that working out a loan reads."""
    data = REGISTER[Purpose.CREDIT].data
    return lacking(customer, Purpose.CREDIT, data, at, lambda some_id: books.get(Consent, some_id)) is None


def sources_of(customer: str, at: int, books: Books) -> tuple[str, ...]:
    """The sources of a company's records that it lets the bank read now."""
    find = lambda some_id: books.get(Consent, some_id)  # noqa: E731
    return tuple(name for name, data in DATA.items() if permitted(customer, Purpose.CREDIT, data, at, find))


def look(ask: ApplyForLoan, books: Books) -> Seen:
    """Read nothing without consent; else the customer, the account and the loans so far."""
    if not consented(ask.customer, ask.at, books):
        return Seen(books.seq, False)
    return Seen(
        books.seq, True, books.get(Customer, ask.customer), books.own(ask.account),
        shipped().find(ask.product),
        tuple(every(books, Loan, "customer", ask.customer)),
        books.get(DataUse, today(ask.customer, Purpose.CREDIT, ask.actor, ask.at)),
        cards_in_use(books),
        sources_of(ask.customer, ask.at, books) if ask.company is not None else (),
        books.rules,
    )  # fmt: skip


def check(ask: ApplyForLoan, seen: Seen) -> Refusal | None:
    """Return why nothing is decided at all, or None."""
    if ask.actor != f"customer:{ask.customer}":
        return Refusal("not_allowed")
    if not seen.agreed:
        return Refusal("loan_consent_missing")
    if seen.customer is None:
        return Refusal("customer_not_found")
    if seen.product is None or seen.product.kind == "revolving":
        return Refusal("loan_product_not_found", {"product": ask.product})
    if refusal := not_in_product(seen.product, ask.amount_minor, ask.months):
        return refusal
    if refusal := wrong_account(seen.standing, ask.customer, seen.product.currency):
        return refusal
    if seen.company and ask.company is None:
        return Refusal("loan_inputs_missing", {"missing": "company"})
    return not_measured(ask.behaviour, report_of(ask, seen), ask.at)


def report_of(ask: ApplyForLoan, seen: Seen) -> Bureau | None:
    """The bureau's report; of a company that did not agree to it one that says that none was read."""
    if seen.company and BUREAU not in seen.sources:
        return not_read(ask.at)
    return ask.bureau


def wrong_account(standing: Standing | None, customer: str, currency: str) -> Refusal | None:
    """Why a loan cannot be paid out to this account, or None."""
    if standing is None or standing.account.owner != customer:
        return ACCOUNT_NOT_FOUND
    if standing.account.status != "open":
        return Refusal("account_closed")
    if standing.account.currency != currency:
        return Refusal("currency_differs", {"account_currency": standing.account.currency})
    return None


def not_measured(behaviour: Behaviour | None, bureau: Bureau | None, at: int) -> Refusal | None:
    """What the decision needs and does not have: unknown is never yes. None when all is there."""
    if behaviour is None or behaviour.until < bank_day(at) - 1:
        return Refusal("loan_inputs_missing", {"missing": "behaviour"})
    if bureau is None or not at - STALE <= bureau.reported_at <= at:
        return Refusal("loan_inputs_missing", {"missing": "bureau"})
    return None


def inputs(
    behaviour: Behaviour,
    bureau: Bureau,
    loans: tuple[Loan, ...],
    at: int,
    company: CompanyInputs | None = None,
) -> CreditInputs:
    """Everything the decision is made on."""
    running = [loan for loan in loans if loan.status == RUNNING]
    return CreditInputs(
        behaviour=behaviour,
        bureau=bureau,
        own_monthly_minor=sum(monthly_minor(loan, bank_day(at)) for loan in running),
        own_loans=len(running),
        own_late=any(loan.bucket(bank_day(at)) for loan in running),
        loans_90d=sum(loan.signed_at > at - LATELY and not loan.line for loan in loans),
        company=UNSET if company is None else company,
    )


def act(ask: ApplyForLoan, seen: Seen) -> Outcome:
    """Decide, and keep the application with all it was decided on."""
    number = decision_id(seen.seq)
    if refusal := check(ask, seen):
        return refused(number, refusal)
    report = report_of(ask, seen)
    assert seen.product and seen.customer and ask.behaviour and report
    known = seen.customer
    who = known.kind == "company", age_on(known.born, ask.at)
    held = seen.rules >= HELD
    asked = Asked(seen.product, ask.amount_minor, ask.months, ask.person, *who, seen.cards, held)
    company = only(ask.company, seen.sources) if seen.company and ask.company else None
    facts = inputs(ask.behaviour, report, seen.loans, ask.at, company)
    found = decide(asked, facts)
    application = decided(
        LoanApplication(
            application_id(seen.seq), ask.customer, seen.product.id, ask.account, ask.amount_minor,
            seen.product.currency, ask.months, "", ask.at, number, ask.purpose, decided_by=ask.actor,
        ),
        asked, facts, found,
    )  # fmt: skip
    case: tuple[Case, ...] = ()
    if found.result == "offer":
        assert found.price is not None
        application = offered(application, seen.product, found.price.rate_ppm, ask.at)
    elif found.result == "person":
        due = ask.at + REVIEW_TIME
        case = (Case(case_id(seen.seq), number, ask.customer, "", "open", LOAN_REVIEW, ask.at, due),)
        application = replace(application, case_number=case[0].id, decided_by="")
    some_id = today(ask.customer, Purpose.CREDIT, ask.actor, ask.at)
    read = (*REGISTER[Purpose.CREDIT].data, *(DATA[name] for name in (company.agreed if company else ())))
    counted = used(seen.count, some_id, read, ask.at, "loan application")
    answer = Answer(
        number, RESULT[found.result], reasons=found.policy, made=application.id,
        case=case[0].id if case else "",
        events=(LoanApplied(application=application.id, result=found.result),),
    )  # fmt: skip
    return Outcome(answer, kept=(application, counted, *case, *challenged(ask, application, facts)))


def challenged(
    ask: ApplyForLoan, application: LoanApplication, facts: CreditInputs
) -> tuple[ChallengerScore, ...]:
    """What the challenger made of the inputs just decided on, to be kept; nothing when it saw others."""
    told = scored(ask.beside, facts)
    if told is None:
        return ()
    score = (told.slot, told.digest, told.chance_ppm, application.score_by)
    return (ChallengerScore(application.id, ask.customer, *score, ask.at),)


RESULT = {"offer": "done", "person": "held", "refuse": "refused"}
"""What an answer calls each result of a decision."""

APPLY_FOR_LOAN = Journey(
    ApplyForLoan, look, act, roles=("customer",), accounts=("account",), purpose=Purpose.CREDIT, rules=HELD
)
