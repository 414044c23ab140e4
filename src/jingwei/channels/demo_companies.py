"""Companies of the demo: one has a loan, one was refused, one waits for a person. All of it is made up.

Their takings, tax returns, invoices and bills are SIMULATED (`simulation/companies.py`) and come in as any
bank's would: as deposits, and by the importer from files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from jingwei.channels.demo import ACTOR, people
from jingwei.channels.lending.applicants import signing, stamp
from jingwei.channels.lending.asking import application
from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.shipped import mappings_named
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.kernel.clock import DAY, HOUR, MINUTE, bank_day, day_start
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.simulation.companies import lived
from jingwei.simulation.company_records import PERIOD, Firm, takings, write_files

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command

FOLDER = "demo-companies"
COUNT, SEED = 400, 5
SUPPLIER = "wholesale"
KNOWN_AGO = 520
RECORDS_AGO = 3
"""So many days ago the records were drawn up."""

MOST_PAID = 700_000
"""Bills are paid in parts of at most so much."""

SPENT_PERCENT = 88
"""So much of what comes in goes to suppliers and wages within the month."""


class Shop(NamedTuple):
    """A made-up company: which of the simulated ones it is, what it lets be read, and what it asks for."""

    who: str
    row: int
    agreed: tuple[DataClass, ...]
    ask: dict[str, Any]


SHOPS = (
    Shop(
        "teahouse", 46, (DataClass.TAX, DataClass.INVOICES, DataClass.BUREAU),
        {"product": "shop_loan", "amount_minor": 2_000_000, "months": 12, "purpose": "stock"},
    ),
    Shop(
        "needle", 33, (DataClass.TAX, DataClass.BUREAU),
        {"product": "shop_loan", "amount_minor": 6_000_000, "months": 12, "purpose": "equipment"},
    ),
    Shop(
        "harbour", 378, (DataClass.TAX, DataClass.BUREAU),
        {"product": "shop_loan", "amount_minor": 52_000_000, "months": 36, "purpose": "season"},
    ),
)  # fmt: skip


def companies_open(home: Home) -> None:
    """The companies open their accounts and a year of takings comes in; the importer brings their records."""
    now, rows = home.clock.now(), lived(COUNT, SEED)
    began = day_start(bank_day(now) - KNOWN_AGO) + 9 * HOUR
    opened = {one.customer: one for one in people(home.clock)}
    places = stamp("demo-company:supplier", ACTOR, began)
    _do(home, OpenAccount(**places, customer=SUPPLIER, account=SUPPLIER, product="current_cny",
                          name="Wholesale 批发市场", kind="company"))  # fmt: skip
    firms = [Firm(rows, shop.row, shop.who, now - RECORDS_AGO * DAY) for shop in SHOPS]
    for firm in firms:
        _do(home, replace(opened[firm.number], at=began, known_at=began))
        _live(home, firm)
    write_files(home.path / FOLDER, firms)
    for one in mappings_named("company"):
        path = str(home.path / FOLDER / one.mapping.read.file)
        import_at_home(
            at_hand(home), home.insight, one.mapping, path, resume=True, tell=lambda _, __: None
        )  # fmt: skip


def companies_borrow(home: Home) -> None:
    """Each says what may be read and asks; who is offered a loan signs it."""
    now = home.clock.now()
    for hours, shop in zip((50, 7, 3), SHOPS, strict=True):
        at, me = now - hours * HOUR, f"customer:{shop.who}"
        for what, data in (("accounts", ()), ("sources", shop.agreed)):
            given = stamp(f"demo-company:{what}:{shop.who}", me, at)
            _do(home, GiveConsent(**given, customer=shop.who, purpose=Purpose.CREDIT, data=data))
        asked = stamp(f"demo-company:ask:{shop.who}", me, at)
        ask = application(
            home.store, asked, home.registry, lambda: home.insight, customer=shop.who, account=shop.who,
            **shop.ask,
        )  # fmt: skip
        found = home.store.load(LoanApplication, [_do(home, ask).made])[0]
        if found.status == "offered":
            _do(home, signing(found, at + 10 * MINUTE, f"demo-company:sign:{shop.who}"))


def _live(home: Home, firm: Firm) -> None:
    """What comes in each month, and what most of it is spent on."""
    for month, minor in enumerate(takings(firm)):
        at = firm.month_end(month) - (PERIOD - 3) * DAY
        money: dict[str, Any] = {"amount_minor": minor, "currency": "CNY", "memo": "Takings 营业款"}
        _do(home, Deposit(**stamp(f"demo-company:in:{firm.number}:{month}", ACTOR, at), account=firm.number,
                          source="clearing", **money))  # fmt: skip
        for part, spent in enumerate(_parts(minor * SPENT_PERCENT // 100)):
            bill = money | {"amount_minor": spent, "memo": "Stock and wages 货款与工资"}
            key = f"demo-company:out:{firm.number}:{month}:{part}"
            paid = stamp(key, f"customer:{firm.number}", at + (2 + part) * DAY + part * HOUR)
            pay = Pay(**paid, customer=firm.number, payer=firm.number, payee=SUPPLIER,
                      device=f"{firm.number}-desk", **bill)  # fmt: skip
            answer = home.bank.do([pay])[0].answer
            if answer.challenge:
                _do(home, _yes(pay, answer.challenge))


def _parts(minor: int) -> list[int]:
    """An amount in parts of at most MOST_PAID."""
    return [min(MOST_PAID, minor - done) for done in range(0, minor, MOST_PAID)]


def _yes(asked: Pay, challenge: str) -> AnswerStepUp:
    """The company says that it was it who paid."""
    at = asked.at + MINUTE
    return AnswerStepUp(
        key=f"yes:{asked.key}", actor=asked.actor, at=at, known_at=at, challenge=challenge, confirm=True,
        payee=asked.payee, amount_minor=asked.amount_minor, currency=asked.currency,
    )  # fmt: skip


def _do(home: Home, command: Command) -> Answer:
    answer = home.bank.do([command])[0].answer
    assert answer.refusal is None or isinstance(command, AnswerStepUp), answer.refusal
    return answer
