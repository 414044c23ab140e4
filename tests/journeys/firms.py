"""Small companies for tests: SIMULATED ones with a year of takings here and records on the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jingwei.channels.lending.asking import application
from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.shipped import mappings_named
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.simulation.companies import lived
from jingwei.simulation.company_records import PERIOD, Firm, takings, write_files

LIVED = lived(400, 5)
ALL = (DataClass.TAX, DataClass.INVOICES, DataClass.BUREAU)


def firm(town: Any, row: int = 0, who: str = "shop", known_days: int = 500) -> Firm:
    """A company with an account of the same name and a year of takings in it; it agrees to nothing yet."""
    now = town.clock.at
    found = Firm(LIVED, row, who, now)
    began = now - known_days * DAY
    stamp = {"actor": "system:core", "at": began, "known_at": began}
    opened = OpenAccount(
        key=f"open:{who}", customer=who, account=who, name=who, kind="company", product="current_cny", **stamp
    )
    assert town.do(opened).answer.result == "done"
    for month, minor in enumerate(takings(found)):
        at = now - (12 - month) * PERIOD * DAY + DAY
        paid = {"key": f"takings:{who}:{month}", "actor": "system:core", "at": at, "known_at": at}
        town.do(Deposit(account=who, amount_minor=minor, currency="CNY", **paid))
    return found


def bring(town: Any, folder: Path, *firms: Firm) -> None:
    """Have their records brought in by the importer."""
    write_files(folder, firms)
    for one in mappings_named("company"):
        path = str(folder / one.mapping.read.file)
        told = import_at_home(
            at_hand(town.home), town.home.insight, one.mapping, path, resume=False, tell=lambda _, __: None
        )
        assert told.taken and not told.rejected, told


def agree(town: Any, who: str = "shop", *sources: DataClass) -> None:
    """The company lets its accounts be looked at for a loan, and these sources."""
    given = town.stamp(f"customer:{who}")
    town.do(GiveConsent(customer=who, purpose=Purpose.CREDIT, **given))
    if sources:
        more = town.stamp(f"customer:{who}")
        town.do(GiveConsent(customer=who, purpose=Purpose.CREDIT, data=tuple(sources), **more))


def take_back(town: Any, who: str, *sources: DataClass) -> None:
    """The company takes its consent to these sources back."""
    stamp = town.stamp(f"customer:{who}")
    town.do(WithdrawConsent(customer=who, purpose=Purpose.CREDIT, data=tuple(sources), **stamp))


def asking(town: Any, who: str = "shop", records: Any = None, **other: Any) -> Any:
    """The command of an application, with all that may be read of the company."""
    usual = {"product": "shop_loan", "account": who, "amount_minor": 1_000_000, "months": 12, "customer": who}
    shelf = records or town.home.insight
    return application(town.home.store, town.stamp(f"customer:{who}"), None, lambda: shelf, **(usual | other))


def apply(town: Any, who: str = "shop", **other: Any) -> LoanApplication:
    """An application as the bank keeps it."""
    answer = town.do(asking(town, who, **other)).answer
    assert answer.refusal is None, answer.refusal
    found = town.bank._overlay.get(LoanApplication, answer.made)
    assert isinstance(found, LoanApplication)
    return found
