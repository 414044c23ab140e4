"""One's own data: all the bank keeps of a customer as a file, and what can be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from jingwei.channels.rest.own import purposes_told
from jingwei.channels.rest.views import standings
from jingwei.channels.web.customer.statement import sent
from jingwei.channels.web.history import Histories
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.consent.consents import Consent
from jingwei.consent.uses import DataUse
from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.loans import Loan, LoanApplication, PayLaterLine
from jingwei.domains.credit.warnings import EarlyWarning
from jingwei.domains.offers.showing import Offering
from jingwei.journeys.ask_erasure import AskErasure
from jingwei.journeys.shape import every
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import iso
from jingwei.kernel.ids import seq_of
from jingwei.kernel.kept import Kept
from jingwei.ledger.accounts import Account
from jingwei.ledger.appeals import Appeal
from jingwei.ledger.cards import Card
from jingwei.ledger.family import Preference, Tie
from jingwei.ledger.links import IdentityLink
from jingwei.ledger.planned import Payee, PendingPayment, Schedule
from jingwei.ledger.pots import Pot
from jingwei.ledger.work import Case, Challenge, Customer, Erasure
from jingwei.stores.store import Reader, Store

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

HERE = "/app/my-data"
KEPT: dict[str, type[Kept]] = {
    "consents": Consent,
    "uses_of_my_data": DataUse,
    "cards": Card,
    "pots": Pot,
    "confirmations": Challenge,
    "checks": Case,
    "deletion_requests": Erasure,
    "payees": Payee,
    "planned_payments": Schedule,
    "payments_to_undo": PendingPayment,
    "appeals": Appeal,
    "loan_applications": LoanApplication,
    "loans": Loan,
    "pay_later_lines": PayLaterLine,
    "second_scores": ChallengerScore,
    "links": IdentityLink,
    "offers": Offering,
}
"""Every kind of kept thing that names a customer, by what the file calls it."""

PREFERENCES = ("lang", "theme", "elder")


def add_my_data(router: Router, site: Site) -> None:
    """Add /app/my-data, the file, and the wish to delete."""

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        found = kept_of(site.desk.reader, session.who)
        counts = {name: len(part) for name, part in found.items() if part}
        person = next(iter(site.desk.reader.load(Customer, [session.who])), None)
        wishes = found["deletion_requests"]
        values = {
            "counts": counts,
            "name": person.name if person else "",
            "wish": wishes[-1] if wishes else None,
        }
        return site.page(visit, "app/my_data.html", values)

    async def download(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        text = await run_in_threadpool(as_file, site.desk.home.store, session.who, site.now())
        return sent(text, "application/json", "my-data.json")

    async def delete(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        form = await form_of(visit, session)
        if form.get("sure") != "yes":
            return RedirectResponse(f"{HERE}?error=not_sure", 303)
        stamp = site.stamp(session, str(form.get("key", "")))
        await site.do(AskErasure(customer=session.who, **stamp))
        response = RedirectResponse(f"{HERE}?told=erased", 303)
        for name in PREFERENCES:
            response.delete_cookie(name)
        return response

    site.add(router, HERE, show)
    site.add(router, f"{HERE}.json", download)
    site.add(router, f"{HERE}/delete", delete, "POST")


def kept_of(reader: Reader, who: str) -> dict[str, list[Any]]:
    """What names the customer directly, by what the file calls it; not what staff write on a check."""
    found: dict[str, list[Any]] = {"accounts": every(reader, Account, "owner", who)}
    found |= {name: every(reader, kind, "customer", who) for name, kind in KEPT.items()}
    found["ties"] = [*every(reader, Tie, "whose", who), *every(reader, Tie, "keeper", who)]
    found["early_warnings"] = [
        one for loan in found["loans"] for one in every(reader, EarlyWarning, "loan", loan.id)
    ]
    found["preference"] = reader.load(Preference, [who])
    return found


def as_file(store: Store, who: str, now: int) -> bytes:
    """The file, read on a connection of its own so that payments need not wait for it."""
    reader = store.reader()
    try:
        with reader.frozen():
            found = everything(reader, who, now)
    finally:
        reader.close()
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def everything(reader: Reader, who: str, now: int) -> dict[str, Any]:
    """All the books keep of a customer: as plain values, moments as ISO 8601 in UTC."""
    person = next(iter(reader.load(Customer, [who])), None)
    kept = kept_of(reader, who)
    own = standings(reader, who, "", len(kept["accounts"]))
    histories = Histories(reader)
    entries = [
        {"account": one.account.id, "currency": one.account.currency, "decision": row.decision} | plain(row)
        for one in own
        for row in histories.of(one)
    ]
    found: dict[str, Any] = {
        "made_at": iso(now),
        "customer": plain(person) if person else {"id": who},
        "purposes": [msgspec.to_builtins(one) for one in purposes_told(reader, who, now)],
        "accounts": [plain(one.account) | {"balance": plain(one.balance)} for one in own],
        "entries": entries,
    }
    found = {name: [plain(one) for one in part] for name, part in kept.items()} | found
    found["decisions"] = decisions(reader, found)
    return found


def plain(thing: msgspec.Struct) -> dict[str, Any]:
    """A kept thing as plain values, with moments people can read."""
    fields: dict[str, Any] = msgspec.to_builtins(thing)
    return {
        name: iso(value) if is_moment(name, value) else value
        for name, value in fields.items()
        if name != "line" or isinstance(value, str)
    }


def is_moment(name: str, value: object) -> bool:
    """Whether a field holds a moment: `at`, or a name that ends in it."""
    return isinstance(value, int) and value > 0 and (name in ("at", "since", "until") or name.endswith("_at"))


def decisions(reader: Reader, found: dict[str, Any]) -> list[Any]:
    """The sealed records behind the entries, confirmations and checks: what was asked and decided."""
    ids = {one["decision"] for one in found["entries"]}
    ids |= {one["about"] for part in ("confirmations", "checks") for one in found[part]}
    own = {one["id"] for one in found["accounts"]}
    told = []
    for number in sorted(seq for some_id in ids if (seq := seq_of(some_id)) is not None):
        leaf = reader.record(number)
        if leaf is not None:
            told.append(own_record(msgspec.to_builtins(unseal(leaf)), found["customer"]["id"], own))
    return told


def own_record(record: dict[str, Any], who: str, own: set[str]) -> dict[str, Any]:
    """A record as its customer may read it: of what another asked, only what moved on their `own` accounts.

    A day-end or a file of payments is one record about many customers.
    """
    if record["command"].get("customer") == who or record["command"].get("actor") == f"customer:{who}":
        return record
    moved = record["answer"].get("movements", [])
    mine = [one for one in moved if one["payer"] in own or one["payee"] in own]
    return {"seq": record["seq"], "type": record["command"]["type"], "movements": mine}
