"""The routes that only read; customers see what is theirs, and missing and foreign things look alike."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from jingwei.channels.identity import Caller
from jingwei.channels.problems import PROBLEMS, Problem, kind_of
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.told import (
    AccountTold,
    CaseTold,
    ChallengeTold,
    Page,
    PolicyTold,
    ProblemTold,
    RuleTold,
    StatementTold,
    account_told,
    case_told,
    challenge_told,
    encoded,
    entry_told,
)
from jingwei.channels.rest.whose_cases import cases_of, check_case
from jingwei.decisions.policy import parse_policy
from jingwei.domains.credit.loans import LOAN_CASES, LoanApplication, application_id
from jingwei.kernel.ids import seq_of
from jingwei.kernel.refusal import REFUSALS
from jingwei.ledger.accounts import Account, Balance, Hold, Kept, Line, Standing, chart_account
from jingwei.ledger.statement import Entry
from jingwei.ledger.work import Case, Challenge
from jingwei.stores.store import Reader, StoreError

K = TypeVar("K", bound=Kept)
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Cursor = Annotated[
    str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.:@-]*$", description="`next` of the page before")
]
Owner = Annotated[
    str, Query(max_length=64, pattern=r"^[A-Za-z0-9_.:@-]*$", description="Whose; for staff alone")
]


def answer(thing: object) -> Response:
    """A 200 answer."""
    return Response(encoded(thing), media_type="application/json")


def add_accounts(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show accounts and statements."""

    @router.get("/accounts", **tells(Page[AccountTold], "Accounts", "accounts"))
    async def accounts(
        request: Request, owner: Owner = "", after: Cursor = "", limit: Limit = 50
    ) -> Response:
        """One's own accounts; staff see all, or one customer's with `?owner=`."""
        caller = desk.caller(request)
        owner = owner if caller.inside else caller.id
        found = standings(desk.reader, owner, after, limit + 1)
        return answer(Page([account_told(standing) for standing in found[:limit]], _next(found, limit)))

    @router.get("/accounts/{account}", **tells(AccountTold, "One account", "accounts"))
    async def account(account: str, request: Request) -> Response:
        """An account with its balances."""
        return answer(account_told(standing_of(desk.reader, account, desk.caller(request))))

    @router.get("/accounts/{account}/statement", **tells(StatementTold, "A statement", "accounts"))
    async def statement(account: str, request: Request, after: Cursor = "", limit: Limit = 50) -> Response:
        """The account's lines, newest first, each with the balance after it."""
        standing = standing_of(desk.reader, account, desk.caller(request))
        entries, older = walk(desk.reader, standing.balance, after, limit)
        code = standing.account.currency
        return answer(StatementTold(account, code, [entry_told(entry, code) for entry in entries], older))


def standings(reader: Reader, owner: str, after: str, limit: int) -> list[Standing]:
    """Accounts with their balances, by id; of one owner, or of everybody when `owner` is empty."""
    if owner:
        accounts = reader.find(Account, "owner", owner, after=after, limit=limit)
    else:
        accounts = reader.page(Account, after=after, limit=limit)
    balances = {balance.id: balance for balance in reader.load(Balance, [account.id for account in accounts])}
    return [Standing(account, balances[account.id]) for account in accounts if account.id in balances]


def standing_of(reader: Reader, account_id: str, caller: Caller) -> Standing:
    """One account, if it is the caller's to see. Raises Problem `not_found`, foreign and missing alike."""
    accounts = (
        reader.load(Account, [account_id]) if len(account_id) <= 64 and account_id.isprintable() else []
    )
    balances = reader.load(Balance, [account_id]) if accounts else []
    if balances and (caller.inside or accounts[0].owner == caller.id):
        return Standing(accounts[0], balances[0])
    if caller.inside and (own := chart_account(account_id)):
        kept = reader.load(Balance, [account_id])
        return Standing(own.account, kept[0] if kept else own.balance)
    raise Problem("account_not_found")


def walk(reader: Reader, balance: Balance, after: str, limit: int) -> tuple[list[Entry], str | None]:
    """Return at most `limit` lines of an account, newest first, and the cursor from which to go on.

    Raises Problem when the cursor is not one of this account.
    """
    number = balance.last_line
    if after:
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else -1
        line = _line(reader, number)
        if line is None or balance.id not in (line.payer, line.payee):
            raise Problem("field_not_valid", "/after", why="this is not a cursor of this statement")
    entries: list[Entry] = []
    while number >= 0 and len(entries) < limit:
        line = _line(reader, number)
        if line is None:
            raise StoreError(f"ledger line {number} of account {balance.id} is missing; run `jingwei doctor`")
        paid = line.payer == balance.id
        other, signed = (line.payee, -line.amount_minor) if paid else (line.payer, line.amount_minor)
        after_minor = line.payer_after_minor if paid else line.payee_after_minor
        entries.append(Entry(line.id, line.at, line.kind, other, signed, after_minor))
        number = line.payer_previous if paid else line.payee_previous
    return entries, str(number) if number >= 0 else None


def _line(reader: Reader, number: int) -> Line | None:
    return next(iter(reader.lines([number])), None) if number >= 0 else None


def _next(found: list[Standing], limit: int) -> str | None:
    return found[limit - 1].account.id if len(found) > limit else None


def add_work(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show cases and step-ups."""

    @router.get("/cases", **tells(Page[CaseTold], "Cases that wait", "cases"))
    async def cases(
        request: Request,
        status: Annotated[str, Query(pattern="^(open|released|refused)$")] = "open",
        after: Cursor = "",
        limit: Limit = 50,
    ) -> Response:
        """Held payments and loans that wait for a person, oldest first; staff only, who lend see loans."""
        caller = desk.caller(request, "staff", "system")
        found = cases_of(desk.reader, caller, status, after, limit + 1)
        more = found[limit - 1].id if len(found) > limit else None
        return answer(Page([_case(desk, case) for case in found[:limit]], more))

    @router.get("/cases/{case}", **tells(CaseTold, "One case", "cases"))
    async def case(case: str, request: Request) -> Response:
        """A case with the payment it is about; staff only."""
        check_case(desk, desk.caller(request, "staff", "system"), case)
        return answer(_case(desk, _one(desk.reader, Case, case, "case_not_found")))

    @router.get("/step-ups/{challenge}", **tells(ChallengeTold, "One step-up", "step-ups"))
    async def step_up(challenge: str, request: Request) -> Response:
        """A step-up exactly as it must be confirmed; its customer and staff see it."""
        caller = desk.caller(request)
        found = _one(desk.reader, Challenge, challenge, "challenge_not_found")
        if not caller.inside and found.customer != caller.id:
            raise Problem("challenge_not_found")
        return answer(challenge_told(found))


def _one(reader: Reader, kind: type[K], some_id: str, code: str) -> K:
    found = reader.load(kind, [some_id]) if seq_of(some_id) is not None else []
    if not found:
        raise Problem(code)
    return found[0]


def _case(desk: Desk, case: Case) -> CaseTold:
    hold = next(iter(desk.reader.load(Hold, [case.hold])), None)
    paid: Any = desk.record(case.about).command
    if case.code in LOAN_CASES:
        paid = next(iter(desk.reader.load(LoanApplication, [application_id(seq_of(case.about) or 0)])), paid)
    asked = (getattr(paid, "amount_minor", 0), getattr(paid, "currency", ""))
    return case_told(case, hold, asked)


def add_policies(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show what judges, and every code's words."""

    @router.get("/policies", **tells(list[PolicyTold], "Policies in force", "policies"))
    async def policies(request: Request) -> Response:
        """The rules in force, in the words customers are told; staff only."""
        desk.caller(request, "staff", "system")
        return answer(policies_told(desk.reader))

    @router.get("/problems", **tells(list[ProblemTold], "All codes", "words", token=False))
    async def problems() -> Response:
        """Every code a problem or refusal can carry, with its words."""
        return answer([_problem(code) for code in sorted({*PROBLEMS, *REFUSALS})])

    @router.get("/problems/{code}", **tells(ProblemTold, "One code", "words", token=False))
    async def problem(code: str) -> Response:
        """What one code means."""
        if code not in PROBLEMS and code not in REFUSALS:
            raise Problem("not_found")
        return answer(_problem(code))


def _problem(code: str) -> ProblemTold:
    status, words = kind_of(code)
    return ProblemTold(code, status, words.zh, words.en)


def policies_told(reader: Reader) -> list[PolicyTold]:
    """The policies in force with their rules and the model that scores for them."""
    from jingwei.home import MODEL_SLOTS

    told = []
    for name, slot in MODEL_SLOTS.items():
        text = reader.note(f"policy:{name}")
        if text is None:
            continue
        policy = parse_policy(text)
        rules = [
            RuleTold(rule.code, rule.when, rule.verdict.code, rule.weight, rule.says_zh, rule.says, rule.law)
            for rule in policy.rules
        ]
        told.append(
            PolicyTold(policy.name, policy.version, policy.digest, reader.note(f"model:{slot}") or "", rules)
        )
    return told
