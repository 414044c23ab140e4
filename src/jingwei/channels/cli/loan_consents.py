"""`jingwei loan agree`: what may be read for a loan, agreed to or taken back in the customer's name."""

from __future__ import annotations

from typing import Annotated

import typer

from jingwei.channels.cli.asking import Json, bank_at
from jingwei.channels.cli.loan_asking import do, owner_of, stamp_of
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import result, table

ACCOUNTS = "accounts"


def agree(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="An account of the customer.")],
    what: Annotated[
        list[str] | None, typer.Argument(help="accounts, tax, invoices, bureau ...; none shows what stands.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Take it back instead.")] = False,
    as_json: Json = False,
) -> None:
    """Agree that accounts, or one source of a company's records, are read to work out a loan; or stop it."""
    from jingwei.channels.rest.told_company import loan_sources
    from jingwei.consent.grounds import REGISTER
    from jingwei.domains.credit.company_inputs import DATA
    from jingwei.journeys.give_consent import GiveConsent
    from jingwei.journeys.withdraw_consent import WithdrawConsent
    from jingwei.kernel.purpose import Purpose
    from jingwei.stores.bound import reader_for

    if strange := [one for one in what or () if one not in (ACCOUNTS, *DATA)]:
        fix = f"write some of: {', '.join((ACCOUNTS, *DATA))}"
        raise Mistake(f"nothing is read as {strange[0]!r}", fix, code=USAGE)
    kind = WithdrawConsent if stop else GiveConsent
    with bank_at(context) as home:
        who = owner_of(home, account)
        for one in what or ():
            data = REGISTER[Purpose.CREDIT].data if one == ACCOUNTS else (DATA[one],)
            command = kind(
                **stamp_of(home, who, f"agree:{one}"), customer=who, purpose=Purpose.CREDIT, data=data
            )
            do(home, command, one)
        now = home.clock.now()
        bound = reader_for(Purpose.CREDIT, home.store, now)
        own = all(bound.may(who, data) for data in REGISTER[Purpose.CREDIT].data)
        sources = loan_sources(home.store, who, now)
    told = {"customer": who, "accounts": own, "sources": sources}

    def print_them() -> None:
        rows = [(ACCOUNTS, "yes" if own else "no", "its accounts here; without them nothing is decided")]
        rows += [(one.source, "yes" if one.agreed else "no", one.why_en) for one in sources]
        table(("may be read", "now", "what it is for (sources are asked of companies only)"), rows, "")

    result(told, as_json, print_them)
