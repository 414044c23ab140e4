"""Companies borrow: each source read only while they agree to it, reviewed without what they took back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.journeys.borrowers import agree as books_agree
from tests.journeys.borrowers import ask as ask_as_person
from tests.journeys.borrowers import borrower, code, kept, signing
from tests.journeys.firms import ALL, LIVED, agree, apply, asking, bring, firm, take_back

from jingwei.channels.lending.companies import records_of, sources_asked
from jingwei.consent.uses import DataUse
from jingwei.domains.credit.advice import changed
from jingwei.domains.credit.applying import inputs_of
from jingwei.domains.credit.company import FIRST
from jingwei.domains.credit.company_again import again, company_in, taken_back
from jingwei.domains.credit.company_inputs import SOURCES
from jingwei.domains.credit.company_records import KINDS, measured
from jingwei.domains.credit.deciding import Asked, decide
from jingwei.domains.credit.inputs import NOT_READ
from jingwei.domains.credit.letter import FOR_COMPANIES, letter
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.domains.credit.products import shipped
from jingwei.home import open_home, verify_home
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import DataClass
from jingwei.simulation.company_records import Firm

GOOD, LARGE, WEAK = 0, 378, 33


class Watched:
    """A shelf that remembers which kinds of happenings were asked of it."""

    def __init__(self, shelf: Any) -> None:
        self.shelf, self.asked = shelf, list[str]()

    def timeline(self, customer: str, kinds: Any = (), **more: Any) -> Any:
        self.asked += kinds or ["everything"]
        return self.shelf.timeline(customer, kinds, **more)


@pytest.fixture
def shop(town: Any, tmp_path: Path) -> Any:
    """A town with a company whose records of every source are on the shelf; it agreed to nothing."""
    bring(town, tmp_path / "files", firm(town, GOOD))
    return town


def review(
    town: Any, found: LoanApplication, approve: bool = True, who: str = "staff:rita", **more: Any
) -> Any:
    return town.do(
        ReviewLoan(case=found.case_number, approve=approve, words="looked at", **more, **town.stamp(who))
    )


def test_records_come_to_the_very_columns_the_cards_learned_from(town: Any, tmp_path: Path) -> None:
    firms = [firm(town, row, f"f{row}") for row in range(12)]
    bring(town, tmp_path / "files", *firms)
    near = {"invoices_late_share": 0.011, "invoices_largest_buyer": 0.002, "power_year": 7.0}
    for one in firms:
        for source, columns in SOURCES.items():
            records = [
                record
                for record, _ in records_of(town.home.insight, one.number, source, town.clock.at, "CNY")
            ]
            found = measured(source, records, town.clock.at, "CNY")
            for name in columns:
                assert abs(found[name] - one.value(name)) <= near.get(name, 0.0011), (one.row, name)
        agree(town, one.number)
        own = asking(town, one.number).company.own
        assert abs(own["money_in_year"] - one.value("money_in_year")) <= 1
        assert (own["account_days"], own["refused"]) == (500.0, 0.0)


def test_a_company_is_offered_a_loan_signs_it_and_has_the_money(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop)
    company = company_in(found)
    assert found.status == "offered" and company is not None and found.score_by == "first_company@1"
    assert company.agreed == company.asked == ("tax", "invoices", "bureau")
    assert company.told_by == {"tax": "simulated_tax", "invoices": "simulated_invoices"}
    assert inputs_of(found).bureau.source == "simulated bureau"
    before = shop.money("shop")[0]
    loan = kept(shop, Loan, shop.do(signing(shop, found)).answer.made)
    assert shop.money("shop")[0] == before + 1_000_000 and loan.status == "running"
    books_agree(shop)


def test_no_source_is_opened_without_the_companys_own_consent_to_it(shop: Any) -> None:
    watched = Watched(shop.home.insight)
    assert asking(shop, records=watched).company is None and watched.asked == []
    agree(shop)
    ask = asking(shop, records=watched)
    assert watched.asked == [] and ask.bureau is None
    assert (ask.company.agreed, ask.company.sources) == ((), {})
    agree(shop, "shop", DataClass.INVOICES)
    ask = asking(shop, records=watched)
    assert watched.asked == [KINDS["invoices"]] and set(ask.company.sources) == {"invoices"}


def test_a_source_that_helps_no_score_is_not_read_even_when_it_is_agreed_to(shop: Any) -> None:
    watched = Watched(shop.home.insight)
    agree(shop, "shop", DataClass.POWER, DataClass.SUPPLY_CHAIN)
    ask = asking(shop, records=watched)
    assert watched.asked == [] and ask.company.agreed == ()
    assert sources_asked(shop.home.store) == ("tax", "invoices", "bureau")


def test_what_was_read_before_a_consent_ended_decides_nothing_after_it(shop: Any) -> None:
    """The command carries the figures; the decision asks the consents as they stand when it is done."""
    agree(shop, "shop", *ALL)
    ask = asking(shop)
    take_back(shop, "shop", DataClass.TAX, DataClass.BUREAU)
    late = replace(ask, at=shop.clock.at, known_at=shop.clock.at)
    found = kept(shop, LoanApplication, shop.do(late).answer.made)
    company = company_in(found)
    assert company is not None and company.agreed == ("invoices",) and "tax" not in company.sources
    assert inputs_of(found).bureau.source == NOT_READ and found.status == "waiting"
    neutral = {line.feature: line.neutral for line in FIRST.lines}
    assert f'["tax_late_filings",{neutral["tax_late_filings"]}]' in found.contributions


def test_a_refused_source_counts_as_average_and_is_told_apart(shop: Any) -> None:
    agree(shop, "shop", DataClass.TAX, DataClass.BUREAU)
    found = apply(shop)
    neutral = {line.feature: line.neutral for line in FIRST.lines}
    for name in SOURCES["invoices"]:
        assert f'["{name}",{neutral[name]}]' in found.contributions
    company = company_in(found)
    assert company is not None and company.asked == ("tax", "invoices", "bureau")


def test_each_source_read_is_counted_where_the_company_sees_it(shop: Any) -> None:
    agree(shop, "shop", DataClass.TAX)
    apply(shop)
    uses = shop.home.store.find(DataUse, "customer", "shop")
    assert [one.data for one in uses] == ["behaviour,identity,tax,transactions"]


def test_debts_that_may_not_be_seen_go_to_a_person(shop: Any) -> None:
    agree(shop, "shop", DataClass.TAX, DataClass.INVOICES)
    found = apply(shop)
    assert (found.status, found.policy_reasons) == ("waiting", "debts_not_known")


def test_a_source_taken_back_before_the_review_is_gone_from_it(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop, person=True)
    take_back(shop, "shop", DataClass.TAX)
    assert taken_back(found, ("invoices", "bureau")) == ("tax",)
    assert review(shop, found).answer.result == "done"
    after = kept(shop, LoanApplication, found.id)
    assert after.status == "offered" and "tax_sales" not in after.inputs
    assert after.points != found.points and company_in(after).agreed == ("invoices", "bureau")
    asked, same = again(found, shipped().find("shop_loan"), (), inputs_of(after))
    assert (after.points, after.grade, after.limit_minor) == (
        same.score.points, same.score.grade, same.limit_minor,
    )  # fmt: skip
    assert after.rate_ppm == asked.product.price(after.grade).rate_ppm


def test_a_review_without_anything_taken_back_decides_on_the_sealed_inputs(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop, person=True)
    assert review(shop, found).answer.result == "done"
    after = kept(shop, LoanApplication, found.id)
    assert (after.inputs, after.points, after.contributions) == (
        found.inputs,
        found.points,
        found.contributions,
    )


def test_a_bureau_taken_back_before_the_review_is_not_looked_at(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop, person=True)
    take_back(shop, "shop")
    assert review(shop, found).answer.result == "done"
    after = kept(shop, LoanApplication, found.id)
    assert inputs_of(after).bureau.source == NOT_READ and company_in(after).sources == {}
    assert "debts_not_known" in after.policy_reasons


def test_half_a_million_waits_for_two_people(town: Any, tmp_path: Path) -> None:
    bring(town, tmp_path / "files", firm(town, LARGE))
    agree(town, "shop", *ALL)
    found = apply(town, amount_minor=50_000_000, months=36)
    assert found.status == "waiting" and "large_amount" in found.policy_reasons
    assert review(town, found, amount_minor=20_000_000).answer.result == "proposed"
    assert review(town, found, who="staff:sam", amount_minor=20_000_000).answer.result == "done"
    assert kept(town, LoanApplication, found.id).amount_minor == 20_000_000


def test_a_refusal_tells_exact_reasons_and_advice_that_flips_and_no_law_of_persons(
    town: Any, tmp_path: Path
) -> None:
    bring(town, tmp_path / "files", firm(town, WEAK, known_days=100))
    agree(town, "shop", *ALL)
    found = apply(town, amount_minor=10_000_000)
    assert found.status == "refused"
    told = letter(found)
    assert told.law == FOR_COMPANIES and "Personal Information" not in told.law.en
    inputs = inputs_of(found)
    asked = Asked(shipped().find("shop_loan"), 10_000_000, 12, company=True)
    assert decide(asked, inputs).result == "refuse"
    from jingwei.domains.credit.advice import advise

    for advice in advise(asked, inputs):
        case = (asked, inputs)
        for change in advice.changes:
            case = changed(case, change)
        assert decide(*case).result == advice.leads_to


def test_an_appeal_is_decided_by_a_person_without_what_was_taken_back(town: Any, tmp_path: Path) -> None:
    bring(town, tmp_path / "files", firm(town, WEAK, known_days=100))
    agree(town, "shop", *ALL)
    found = apply(town, amount_minor=10_000_000)
    take_back(town, "shop", DataClass.TAX)
    town.do(AskLoanReview(application=found.id, text="returns were late once", **town.stamp("customer:shop")))
    waiting = kept(town, LoanApplication, found.id)
    assert review(town, waiting).answer.result in ("done", "proposed")
    review(town, waiting, who="staff:sam")
    after = kept(town, LoanApplication, found.id)
    assert after.status == "offered" and "tax" not in company_in(after).sources


def test_people_and_companies_each_have_their_own_products(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    mine = apply(shop, product="personal_loan")
    assert mine.status == "refused" and mine.policy_reasons == "not_a_person" and company_in(mine) is None
    assert letter(mine).law == FOR_COMPANIES
    borrower(shop)
    ask = ask_as_person(shop, product="shop_loan")
    found = kept(shop, LoanApplication, shop.do(ask).answer.made)
    assert (found.status, found.policy_reasons) == ("refused", "not_a_company")
    assert "Personal Information" in letter(found).law.en


def test_figures_of_a_company_that_are_missing_decide_nothing(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    ask = replace(asking(shop), company=None)
    assert code(shop.do(ask)) == "loan_inputs_missing"
    assert code(shop.do(replace(asking(shop), bureau=None))) == "loan_inputs_missing"


def test_asking_twice_with_one_key_asks_once(shop: Any) -> None:
    """Measured again later, the same request is known again by its key."""
    agree(shop, "shop", *ALL)
    first = asking(shop)
    one = shop.do(first)
    shop.later(days=1)
    again_asked = replace(asking(shop), key=first.key)
    other = shop.do(again_asked)
    assert other.replayed and other.answer.made == one.answer.made
    assert len(shop.home.store.page(LoanApplication)) == 1


def test_only_what_was_known_then_is_read(shop: Any) -> None:
    """A return is filed ten days after its month: five days after it, the bank could not know it."""
    ended = Firm(LIVED, GOOD, "shop", shop.clock.at).month_end(8)
    moments = [ended + days * DAY for days in (5, 11)]
    counts = [len(records_of(shop.home.insight, "shop", "tax", at, "CNY")) for at in moments]
    assert counts == [8, 9]


def test_the_books_of_a_bank_that_lends_to_companies_can_be_done_again(shop: Any) -> None:
    agree(shop, "shop", *ALL)
    found = apply(shop, person=True)
    take_back(shop, "shop", DataClass.TAX)
    review(shop, found)
    shop.do(signing(shop, kept(shop, LoanApplication, found.id)))
    shop.home.close()
    told = verify_home(shop.path)
    shop.home = open_home(shop.path, shop.clock)
    assert told.sound, told


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(("tax", "invoices", "bureau", "-tax", "-invoices", "-bureau", "ask")), max_size=8
    )
)
def test_whatever_was_agreed_and_taken_back_only_what_holds_is_read(steps: list[str]) -> None:
    town = STANDING[0]
    holds: set[str] = set()
    take_back(town, "shop")
    agree(town)
    for step in steps:
        source = DataClass(step.removeprefix("-")) if step != "ask" else None
        if source is None:
            company = company_in(apply(town))
            assert company is not None and set(company.agreed) == holds
            assert set(company.sources) == holds - {"bureau"}
        elif step.startswith("-"):
            take_back(town, "shop", source)
            holds.discard(source.value)
        else:
            agree(town, "shop", source)
            holds.add(source.value)


STANDING: list[Any] = []


@pytest.fixture(autouse=True, scope="module")
def standing_bank(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One bank for the property that asks many times."""
    from tests.journeys.conftest import Town

    folder = tmp_path_factory.mktemp("companies")
    town = Town(folder / "home")
    bring(town, folder / "files", firm(town, GOOD))
    STANDING.append(town)
    yield
    town.home.close()
