"""Commands on the books: accounts, statements, cases, day-end, import."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, bank_at, books_of
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import progress, result, table

if TYPE_CHECKING:
    from jingwei.channels.identity import Caller
    from jingwei.ledger.accounts import Standing
    from jingwei.stores.store import Reader

REVIEWER = "staff:reviewer"
Account = Annotated[str, typer.Argument(help="The account's number.")]
CaseId = Annotated[str, typer.Argument(help="The case's number, such as C00000000042.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
After = Annotated[str, typer.Option(help="Go on after this one (`next` of the page before).")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    accounts = typer.Typer(help="Accounts and statements.", no_args_is_help=True)
    accounts.command("list")(list_accounts)
    accounts.command("show")(show_account)
    accounts.command("statement")(statement)
    cases = typer.Typer(help="Held payments that wait for a person.", no_args_is_help=True)
    cases.command("list")(list_cases)
    cases.command("release")(release_case)
    cases.command("refuse")(refuse_case)
    day_end = typer.Typer(help="Closing a bank day.", no_args_is_help=True)
    day_end.command("run")(run_day_end)
    imports = typer.Typer(help="Bring another bank's books onto the ledger.", no_args_is_help=True)
    imports.command("berka")(berka)
    for name, group in (("accounts", accounts), ("cases", cases), ("day-end", day_end), ("import", imports)):
        app.add_typer(group, name=name)


def _teller() -> Caller:
    from jingwei.channels.identity import caller_of

    return caller_of("staff:teller")


def _standing(reader: Reader, account: str) -> Standing:
    from jingwei.channels.problems import Problem
    from jingwei.channels.rest.views import standing_of

    try:
        return standing_of(reader, account, _teller())
    except Problem:
        raise Mistake(
            f"there is no account {account}", "see the accounts with: jingwei accounts list"
        ) from None


def list_accounts(
    context: typer.Context,
    owner: Annotated[str, typer.Option(help="Only this customer's.")] = "",
    after: After = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List accounts with their balances."""
    from jingwei.channels.rest.told import account_told
    from jingwei.channels.rest.views import standings

    with books_of(context) as reader:
        found = standings(reader, owner, after, limit + 1)
    told = [account_told(standing) for standing in found[:limit]]
    more = told[-1].id if len(found) > limit else None

    def show() -> None:
        rows = [
            (a.id, a.owner, a.product, a.currency, a.booked, a.held, a.available, a.frozen or a.status)
            for a in told
        ]
        columns = ("account", "owner", "product", "currency", "booked>", "held>", "available>", "status")
        table(columns, rows, "There are no accounts yet; `jingwei serve` takes on demo customers.")
        if more:
            print(f"More: jingwei accounts list --after {more}")

    result({"accounts": told, "next": more}, as_json, show)


def show_account(context: typer.Context, account: Account, as_json: Json = False) -> None:
    """Show one account."""
    from jingwei.channels.rest.told import account_told

    with books_of(context) as reader:
        result(account_told(_standing(reader, account)), as_json)


def statement(
    context: typer.Context, account: Account, after: After = "", limit: Limit = 50, as_json: Json = False
) -> None:
    """Show an account's lines, newest first, with the balance after each."""
    from jingwei.channels.problems import Problem
    from jingwei.channels.rest.told import StatementTold, entry_told
    from jingwei.channels.rest.views import walk

    with books_of(context) as reader:
        standing = _standing(reader, account)
        try:
            entries, older = walk(reader, standing.balance, after, limit)
        except Problem:
            fix = "leave --after out, or give the number the page before ended with"
            raise Mistake(f"--after {after} is not a line of account {account}", fix, code=USAGE) from None
    code = standing.account.currency
    told = StatementTold(account, code, [entry_told(entry, code) for entry in entries], older)

    def show() -> None:
        rows = [(e.at[:19], e.kind, e.other, e.amount, e.after, e.decision) for e in told.items]
        table(
            ("at (UTC)", "kind", "other side", f"{code}>", "after>", "decision"),
            rows,
            "Nothing was booked yet.",
        )
        if older:
            print(f"Older: jingwei accounts statement {account} --after {older}")

    result(told, as_json, show)


def list_cases(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="open, released or refused.")] = "open",
    after: After = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List held payments, oldest first."""
    from jingwei.kernel.clock import iso
    from jingwei.ledger.work import Case

    if status not in ("open", "released", "refused"):
        raise Mistake(f"--status {status!r} is not known", "write open, released or refused", code=USAGE)
    with books_of(context) as reader:
        found = reader.find(Case, "status", status, after=after, limit=limit)

    def show() -> None:
        rows = [(c.id, c.about, c.customer, c.code, iso(c.opened_at)[:19], iso(c.due_at)[:19]) for c in found]
        table(
            ("case", "decision", "customer", "heaviest reason", "opened", "due"),
            rows,
            f"No case is {status}.",
        )

    result({"cases": found}, as_json, show)


def release_case(
    context: typer.Context,
    case: CaseId,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    who: Annotated[str, typer.Option(help="Who decides.")] = REVIEWER,
    as_json: Json = False,
) -> None:
    """Let a held payment go: it is posted."""
    _review(context, case, True, comment, who, as_json)


def refuse_case(
    context: typer.Context,
    case: CaseId,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    who: Annotated[str, typer.Option(help="Who decides.")] = REVIEWER,
    as_json: Json = False,
) -> None:
    """Refuse a held payment: the money stays with the payer."""
    _review(context, case, False, comment, who, as_json)


def _review(context: typer.Context, case: str, release: bool, comment: str, who: str, as_json: bool) -> None:
    from jingwei.channels.rest.desk import order_told
    from jingwei.journeys.review_case import ReviewCase
    from jingwei.kernel.command import checked

    with bank_at(context) as home:
        now = home.clock.now()
        key = f"cli:{case}:{'release' if release else 'refuse'}:{now}"
        ask = checked(
            ReviewCase(key=key, actor=who, at=now, known_at=now, case=case, release=release, comment=comment)
        )
        answer = home.bank.do([ask])[0].answer
    if answer.refusal is not None:
        words = answer.refusal.words()
        raise Mistake(f"{case}: {words.zh} {words.en}", "see what waits with: jingwei cases list")
    result(order_told(answer, now), as_json)


def run_day_end(
    context: typer.Context,
    day: Annotated[str, typer.Option(help="The bank day, YYYY-MM-DD (UTC+8); by default yesterday.")] = "",
    as_json: Json = False,
) -> None:
    """Accrue and post interest, take fees, close the loans' day; run again, it does only what is left."""
    from functools import partial

    from jingwei.channels.lending.warning import give
    from jingwei.channels.rest.day_ends import day_end_told
    from jingwei.channels.rest.reading import FIRST
    from jingwei.channels.streams.planned_work import waiting
    from jingwei.journeys.expire_holds import run as expire
    from jingwei.journeys.run_day_end import run
    from jingwei.journeys.run_loan_day import run as run_loans
    from jingwei.journeys.settle_payment import run as settle
    from jingwei.keeping.day_bounds import day_bounds
    from jingwei.kernel.clock import bank_day, day_start

    with bank_at(context) as home:
        now = home.clock.now()
        number = _day(day) if day else bank_day(now) - 1
        if now < day_start(number + 1):
            fix = "choose a day that has ended; the bank's day ends at midnight UTC+8"
            raise Mistake(f"bank day {day} is not over yet", fix, code=USAGE)
        with progress("day-end") as tell:
            settle(now, partial(waiting, home.store), lambda ask: home.bank.do([ask])[0].answer)
            expire(now, lambda ask: home.bank.do([ask])[0].answer)
            pages = []
            since = day_bounds(home.store, number)
            for page in run(number, now, lambda ask: home.bank.do([ask])[0].answer, since):
                pages.append(page)
                tell(sum(one.accounts for one in pages), 0)
            loans = list(run_loans(number, now, lambda ask: home.bank.do([ask])[0].answer))
            give(home)
    result(day_end_told((FIRST + timedelta(days=number)).isoformat(), pages, loans), as_json)


def _day(text: str) -> int:
    try:
        number = (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        number = -1
    if number < 0:
        raise Mistake(f"--day {text!r} is not a date", "write it like 2026-11-20", code=USAGE)
    return number


def berka(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="The folder with the original files.")],
    verbose: Annotated[bool, typer.Option(help="List every balance that differs.")] = False,
    as_json: Json = False,
) -> None:
    """Import the books of the Czech bank (1993-98) and check every recorded balance."""
    import msgspec

    from jingwei.channels.berka.importer import import_berka

    if not directory.is_dir():
        fix = "name the folder that holds account.asc, trans*.asc and the others"
        raise Mistake(f"there is no folder {directory}", fix, code=USAGE)
    with bank_at(context) as home, progress("import") as tell:
        report = import_berka(home.bank, directory, progress=lambda done, total, label: tell(done, total))
    told: dict[str, Any] = msgspec.to_builtins(report)
    if not verbose:
        told.pop("mismatch_rows", None)
    result(told, as_json)
