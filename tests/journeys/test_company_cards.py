"""The cards that score companies: learned and made by hand, challenged, watched, and what they are given."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.journeys.borrowers import kept, signing
from tests.journeys.firms import ALL, agree, apply, asking, bring, firm

from jingwei.channels.lending.beside import with_challenger
from jingwei.channels.lending.companies import sources_asked
from jingwei.channels.web.staff.oversight.credit_room import applications
from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.domains.credit.trained_score import table_of
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.use_scorecard import UseScorecard
from jingwei.learning.loan_labels import applied, labelled
from jingwei.learning.tabular import TableError
from jingwei.models.kinds import load_model


@pytest.fixture
def shop(town: Any, tmp_path: Path) -> Any:
    """A town with a company whose records of every source are on the shelf; it agreed to nothing."""
    bring(town, tmp_path / "files", firm(town))
    return town


def test_money_between_its_own_accounts_is_no_turnover(shop: Any) -> None:
    agree(shop)
    before = asking(shop).company.own
    stamp = shop.stamp("system:core")
    opened = OpenAccount(customer="shop", account="shop-2", product="current_cny", **stamp)
    assert shop.do(opened).answer.result == "done"
    sent = shop.do(shop.pay("shop", "shop-2", 10_000, device="till")).answer
    assert sent.result == "allowed", sent.reasons
    shop.later(days=1)
    after = asking(shop).company.own
    assert after["money_in_year"] == before["money_in_year"]


def learned() -> Any:
    """The scorecard for companies that comes with the demo, learned from SIMULATED ones."""
    folder = files("jingwei.channels") / "simulated_models"
    return load_model((folder / "company.model").read_bytes())


def test_an_approved_card_scores_companies_and_names_what_is_asked_for(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    before = apply(shop)
    digest = "ab" * 32
    use = UseScorecard(
        slot="company", digest=digest, table=table_of(learned(), digest), **shop.stamp("system:core")
    )
    assert shop.do(use).answer.refusal is None
    assert sources_asked(shop.home.store) == ("tax", "invoices", "bureau")
    after = apply(shop)
    assert before.score_by == "first_company@1" and after.score_by.endswith("@" + digest[:12])
    parts = dict(msgspec.json.decode(after.contributions, type=list[tuple[str, int]]))
    assert "tax_sales_year" in parts, "a column the card made by hand does not read"


class Challenging:
    """A registry with one model that challenges the company's card."""

    def challenger_digest(self, slot: str) -> str:
        return "cd" * 32 if slot == "company" else ""

    def load(self, digest: str) -> Any:
        return learned()


def test_a_challenger_of_the_companys_card_is_sealed_beside_and_decides_nothing(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    plain = asking(shop)
    ask = with_challenger(Challenging(), shop.home.store, plain)  # type: ignore[arg-type]
    assert ask.beside is not None and ask.beside.slot == "company"
    answer = shop.do(ask).answer
    told = kept(shop, ChallengerScore, answer.made)
    assert (told.slot, told.champion) == ("company", "first_company@1")
    other = kept(shop, LoanApplication, shop.do(replace(plain, key="plain")).answer.made)
    assert other.points == kept(shop, LoanApplication, answer.made).points


def test_a_companys_loan_teaches_no_card_of_people_and_is_watched_in_its_own_slot(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop)
    loan = kept(shop, Loan, shop.do(signing(shop, found)).answer.made)
    signed = kept(shop, LoanApplication, found.id)
    gone_bad = replace(loan, late_since=1)
    told = applied([signed], {loan.id: gone_bad}, 100)
    assert [(one.company, one.bad) for one in told] == [(True, True)]
    assert set(told[0].values) >= {"money_in_year", "tax_late_filings"} and "debts" not in told[0].values
    with pytest.raises(TableError, match="outcome of 0 loans"):
        labelled(told)
    by_slot = applications(shop.home.store, shop.clock.at)
    assert (len(by_slot["company"]), len(by_slot["credit"]), len(by_slot["thin_file"])) == (1, 0, 0)
