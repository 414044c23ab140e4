"""Commands of lending: products, applying, the offer in one sentence, signing, repaying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, bank_at, books_of
from jingwei.channels.cli.loan_asking import FIXES, do, owner_of, stamp_of
from jingwei.channels.cli.loan_consents import agree
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import fields, result, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jingwei.channels.rest.told_lending import InstalmentTold, LoanApplicationTold, LoanTold
    from jingwei.domains.credit.loans import Loan, LoanApplication
    from jingwei.journeys.shape import Answer
    from jingwei.stores.store import Reader

MOST = 200
HOWS = ("due", "shorter", "smaller", "all")
Some = Annotated[str, typer.Argument(help="An application (Q...) or a loan (L...).")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    loan = typer.Typer(help="Loans: products, applying, signing, repaying.", no_args_is_help=True)
    for name, run in (
        ("products", products), ("apply", apply), ("show", show), ("sign", sign), ("repay", repay),
        ("list", list_loans), ("agree", agree),
    ):  # fmt: skip
        loan.command(name)(run)
    app.add_typer(loan, name="loan")


def products(as_json: Json = False) -> None:
    """List what can be borrowed: amounts, months, and what each risk grade pays a year."""
    from jingwei.channels.rest.told_lending import product_told
    from jingwei.domains.credit.products import shipped

    told = [product_told(one) for one in shipped().all()]

    def print_them() -> None:
        rows = [
            (one.id, one.borrower, one.kind, one.currency, one.least, one.most,
             ", ".join(map(str, one.terms)),
             "  ".join(f"{price.grade} {price.rate_percent} %" for price in one.prices))
            for one in told
        ]  # fmt: skip
        columns = ("product", "for", "repaid", "currency", "least>", "most>", "months", "a year by grade")
        table(columns, rows, "No loan product is shipped.")

    result({"products": told}, as_json, print_them)


def apply(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The customer's account, to which it is paid out.")],
    wish: Annotated[
        list[str],
        typer.Argument(metavar="PRODUCT AMOUNT MONTHS", help="Such as personal_loan 6000 12."),
    ],
    purpose: Annotated[str, typer.Option(help="What it is for.")] = "",
    person: Annotated[bool, typer.Option("--person", help="A person shall decide.")] = False,
    as_json: Json = False,
) -> None:
    """Apply for a loan in the customer's name; the answer comes at once (the credit bureau is simulated)."""
    from jingwei.channels.lending.asking import application
    from jingwei.channels.rest.told_lending import application_told
    from jingwei.domains.credit.loans import LoanApplication
    from jingwei.domains.credit.products import shipped
    from jingwei.kernel.money import parse_minor

    if len(wish) != 3 or not wish[2].isdecimal():
        fix = "write it like: jingwei loan apply bob personal_loan 6000 12"
        raise Mistake("a wish is PRODUCT AMOUNT MONTHS", fix, code=USAGE)
    product, amount, months = wish[0], wish[1], int(wish[2])
    lent = shipped().find(product)
    if lent is None:
        raise Mistake(f"there is no loan product {product}", FIXES["loan_product_not_found"], code=USAGE)
    asked: dict[str, Any] = {
        "product": product, "account": account, "months": months, "purpose": purpose, "person": person,
        "amount_minor": parse_minor(amount, lent.currency),
    }  # fmt: skip
    with bank_at(context) as home:
        customer = owner_of(home, account)
        stamp = stamp_of(home, customer, f"apply:{product}")
        ask = application(home.store, stamp, home.registry, lambda: home.insight, customer=customer, **asked)
        answer = do(home, ask, product)
        told = application_told(home.store.load(LoanApplication, [answer.made])[0])
    result(told, as_json, lambda: _print_application(told))


def show(context: typer.Context, some: Some, as_json: Json = False) -> None:
    """Show an application or a loan: what it costs in one sentence, the yearly rate, the schedule."""
    from jingwei.channels.lending.companies import as_told
    from jingwei.channels.rest.told_lending import application_told, loan_told
    from jingwei.kernel.clock import SystemClock

    with books_of(context) as reader:
        if some.startswith("L"):
            loan = loan_told(_loan(reader, some), SystemClock().now())
            asked = _found(reader, loan.application) if loan.application else None
            says = application_told(asked).sentence if asked else None
            told = {"loan": loan, "sentence": says, "yearly_percent": _yearly(asked)}
            result(told, as_json, lambda: _print_loan(loan, asked))
        else:
            now = SystemClock().now()
            one = application_told(as_told(reader, _application(reader, some), now, staff=True))
            result(one, as_json, lambda: _print_application(one))


def sign(
    context: typer.Context,
    some: Annotated[str, typer.Argument(metavar="APPLICATION", help="The application (Q...).")],
    terms: Annotated[str, typer.Option(help="The digest of the terms, as `loan show` gives it.")],
    as_json: Json = False,
) -> None:
    """Sign exactly what was offered, in the customer's name; the money is paid out in the same step."""
    from jingwei.channels.rest.told_lending import loan_told
    from jingwei.domains.credit.loans import Loan
    from jingwei.journeys.sign_loan import SignLoan, signed_text
    from jingwei.kernel.command import checked

    with bank_at(context) as home:
        offer = _application(home.store, some)
        signed = signed_text(offer.id, offer.account, offer.amount_minor, offer.currency)
        command = SignLoan(
            **stamp_of(home, offer.customer, f"sign:{some}"), customer=offer.customer, application=offer.id,
            account=offer.account, amount_minor=offer.amount_minor, currency=offer.currency,
            terms_sha256=terms, proof=f"command line {signed}",
        )  # fmt: skip
        answer = do(home, checked(command), some)
        told = loan_told(home.store.load(Loan, [answer.made])[0], home.clock.now())
    result(told, as_json, lambda: _print_loan(told, offer))


def repay(
    context: typer.Context,
    loan: Annotated[str, typer.Argument(help="The loan (L...).")],
    amount: Annotated[str, typer.Argument(help="How much; left out, what is due today.")] = "",
    how: Annotated[
        str,
        typer.Option(help="due; or early: shorter (fewer months), smaller (instalments), all."),
    ] = "due",
    as_json: Json = False,
) -> None:
    """Pay on a loan from its account, in the customer's name: what is due, or more of it early."""
    from jingwei.channels.rest.told_lending import loan_told
    from jingwei.domains.credit.loans import Loan
    from jingwei.journeys.repay_loan import RepayLoan
    from jingwei.kernel.money import parse_minor

    if how not in HOWS:
        raise Mistake(f"--how {how!r} is not known", f"write one of: {', '.join(HOWS)}", code=USAGE)
    if not amount and how in ("shorter", "smaller"):
        fix = f"name it: jingwei loan repay {loan} AMOUNT --how {how}"
        raise Mistake(f"--how {how} needs an amount", fix, code=USAGE)
    with bank_at(context) as home:
        kept, now = _loan(home.store, loan), home.clock.now()
        minor = parse_minor(amount or loan_told(kept, now).owed_now, kept.currency)
        if not minor and not amount and how == "due":
            says = f"nothing is due on {loan} today"
            raise Mistake(says, f"to repay early: jingwei loan repay {loan} AMOUNT --how shorter")
        stamp = stamp_of(home, kept.customer, f"repay:{loan}")
        answer = do(
            home, RepayLoan(**stamp, customer=kept.customer, loan=loan, amount_minor=minor, how=how),  # type: ignore[arg-type]
            loan,
        )  # fmt: skip
        told = loan_told(home.store.load(Loan, [loan])[0], home.clock.now())
        asked = _found(home.store, told.application)
    paid = _paid(answer, told)
    result({"paid": paid, "loan": told}, as_json, lambda: _print_paid(paid, told, asked))


def list_loans(
    context: typer.Context,
    owner: Annotated[str, typer.Option(help="Only this customer's.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of each at most.")] = MOST,
    as_json: Json = False,
) -> None:
    """List loans and applications, newest first."""
    from jingwei.channels.lending.companies import as_told
    from jingwei.channels.rest.told_lending import application_told, loan_told
    from jingwei.domains.credit.loans import Loan, LoanApplication
    from jingwei.kernel.clock import SystemClock

    with books_of(context) as reader:
        now = SystemClock().now()
        loans = [loan_told(one, now) for one in _newest(reader, Loan, owner, limit)]
        newest = _newest(reader, LoanApplication, owner, limit)
        asked = [application_told(as_told(reader, one, now, staff=True)) for one in newest]

    def print_them() -> None:
        rows = [
            (one.id, one.customer, one.product, one.currency, one.amount, one.all_owed, one.owed_now,
             one.next_day, one.next_amount, one.bucket or one.status)
            for one in loans
        ]  # fmt: skip
        names = ("loan", "customer", "product", "currency", "lent>", "owed>", "due now>", "next", "amount>")
        table((*names, "status"), rows, "No loan was paid out yet.")
        print()
        waiting = [
            (one.id, one.customer, one.product, one.amount, one.months, one.status, one.loan or one.case)
            for one in asked
        ]
        columns = ("application", "customer", "product", "amount>", "months>", "status", "loan or case")
        table(columns, waiting, "Nobody applied yet; apply with: jingwei loan apply")

    result({"loans": loans, "applications": asked}, as_json, print_them)


def _newest(reader: Reader, kind: Any, owner: str, limit: int) -> list[Any]:
    """Things of one kind, newest first: one customer's or all."""
    if owner:
        return reader.find(kind, "customer", owner, limit=10_000)[::-1][:limit]
    found: list[Any] = []
    after = ""
    while page := reader.page(kind, after=after, limit=5_000):
        found, after = (found + page)[-limit:], page[-1].id
    return found[::-1]


def _application(reader: Reader, some: str) -> LoanApplication:
    found = _found(reader, some)
    if found is None:
        raise Mistake(f"there is no loan application {some}", "see them with: jingwei loan list")
    return found


def _found(reader: Reader, some: str) -> LoanApplication | None:
    from jingwei.domains.credit.loans import LoanApplication

    return next(iter(reader.load(LoanApplication, [some])), None)


def _loan(reader: Reader, some: str) -> Loan:
    from jingwei.domains.credit.loans import Loan

    found = reader.load(Loan, [some])
    if not found:
        raise Mistake(f"there is no loan {some}", "see them with: jingwei loan list")
    return found[0]


def _yearly(asked: LoanApplication | None) -> str:
    """The effective yearly rate of the offer a loan was paid out by, "" for one drawn on a line."""
    from jingwei.domains.credit.offer import percent

    return percent(asked.effective_ppm) if asked else ""


def _paid(answer: Answer, told: LoanTold) -> str:
    """What left the customer's account, in digits."""
    from jingwei.kernel.money import format_minor

    paid = sum(one.amount_minor for one in answer.movements if one.payer == told.account)
    return format_minor(paid, told.currency)


def _print_application(one: LoanApplicationTold) -> None:
    if one.sentence:
        print(f"{one.sentence.zh}\n{one.sentence.en}\n")
    shown: dict[str, Any] = {
        "application": one.id, "customer": one.customer, "product": one.product,
        "amount": f"{one.amount} {one.currency} over {one.months} months", "status": one.status,
        "bureau": one.bureau,
    }  # fmt: skip
    for source in one.company.sources if one.company else ():
        by = f" ({source.told_by})" if source.told_by else ""
        shown[source.source] = f"{source.en.partition(': ')[2]}{by}"
    if one.schedule:
        shown |= {
            "yearly rate": f"{one.effective_percent} % (nominal {one.rate_percent} %)",
            "repaid in all": one.total, "terms": one.terms_sha256, "open until": one.expires_at,
        }  # fmt: skip
    if one.case:
        shown |= {"a person decides": one.case}
    fields(shown | {"loan": one.loan} if one.loan else shown)
    if one.letter:
        print()
        letter = one.letter
        for said in letter.policy:
            print(f"- {said.zh} {said.en}")
        for part in letter.score:
            print(f"- {part.zh} {part.en}")
        for words in (*letter.advice, letter.law, letter.appeal):
            print(f"- {words.zh} {words.en}")
    _print_schedule(one.schedule)
    if one.status == "offered":
        print(f"\nTo sign: jingwei loan sign {one.id} --terms {one.terms_sha256}")


def _print_loan(one: LoanTold, asked: LoanApplication | None) -> None:
    from jingwei.channels.rest.told_lending import application_told

    if asked and (sentence := application_told(asked).sentence):
        print(f"{sentence.zh}\n{sentence.en}\n")
    fields(
        {
            "loan": one.id, "customer": one.customer, "product": one.product, "status": one.status,
            "lent": f"{one.amount} {one.currency}",
            "yearly rate": f"{_yearly(asked) or one.rate_percent} % (nominal {one.rate_percent} %)",
            "due now": one.owed_now, "to repay all today": one.all_owed,
            "next": f"{one.next_amount} on {one.next_day}" if one.next_day else "nothing",
            "late": f"{one.late_days} days" if one.late_days else "no",
        }
    )  # fmt: skip
    _print_schedule(one.schedule)


def _print_paid(paid: str, told: LoanTold, asked: LoanApplication | None) -> None:
    print(f"Paid {paid} {told.currency} on {told.id}.\n")
    _print_loan(told, asked)


def _print_schedule(rows: Iterable[InstalmentTold]) -> None:
    told = [(one.day, one.principal, one.interest, one.fee, one.amount, one.left, one.state) for one in rows]
    if told:
        print()
        columns = ("due", "principal>", "interest>", "fee>", "instalment>", "left to pay>", "state")
        table(columns, told, "")
