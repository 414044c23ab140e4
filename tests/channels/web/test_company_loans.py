"""A company borrows in the app: a switch for each source, a desk that sees what it may, and the letter."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.channels.web.lending_floor import Lender, clean

from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.shipped import mappings_named
from jingwei.channels.web.lending.papers import contract
from jingwei.domains.credit.company_again import company_in
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.journeys.deposit import Deposit
from jingwei.kernel.clock import DAY
from jingwei.simulation.companies import lived
from jingwei.simulation.company_records import Firm, takings, write_files

SHOPS = {"teahouse": 46, "needle": 33, "harbour": 378}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("company-loans")
    one = Lender(folder / "home")
    rows = lived(400, 5)
    firms = [Firm(rows, row, who, one.clock.at) for who, row in SHOPS.items()]
    for firm in firms:
        for month, minor in enumerate(takings(firm)[-6:]):
            at = one.clock.at - (6 - month) * 30 * DAY + DAY
            stamp = {"key": f"{firm.number}:{month}", "actor": "system:core", "at": at, "known_at": at}
            one.do(Deposit(account=firm.number, amount_minor=minor, currency="CNY", **stamp))
    write_files(folder / "files", firms)
    for named in mappings_named("company"):
        path = str(folder / "files" / named.mapping.read.file)
        home = at_hand(one.home)
        import_at_home(home, one.home.insight, named.mapping, path, resume=False, tell=lambda _, __: None)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    clean(monkeypatch)


FORM = "/app/loans/apply/shop_loan"


def apply(
    bank: Any, who: str, sources: tuple[str, ...], amount: str = "10000", **more: str
) -> LoanApplication:
    """An application through the form, with these switches on."""
    bank.sign_in(f"customer:{who}")
    fields = {"amount": amount, "months": "12", "purpose": "stock", "agree": "1"} | more
    sent = bank.form(FORM, source=list(sources), **fields)
    assert sent.status_code == 303, sent.text
    found = bank.kept(LoanApplication, sent.headers["location"].rpartition("/")[2])
    assert isinstance(found, LoanApplication)
    return found


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="source" value="(\w+)" checked', page))


def test_nothing_is_ticked_beforehand_and_each_source_is_its_own_switch(bank: Any) -> None:
    bank.sign_in("customer:harbour")
    page = bank.get(FORM).text
    assert ticked(page) == set() and page.count('name="source"') == 3
    assert "are simulated" in page and "power" not in page.lower()
    found = apply(bank, "harbour", ("tax", "bureau"))
    company = company_in(found)
    assert company is not None and company.agreed == ("tax", "bureau")
    assert ticked(bank.get(FORM).text) == {"tax", "bureau"}
    found = apply(bank, "harbour", ("invoices",))
    company = company_in(found)
    assert company is not None and company.agreed == ("invoices",), "what is switched off is taken back"


def test_people_and_companies_see_their_own_products(bank: Any) -> None:
    bank.sign_in("customer:alice")
    assert "shop_loan" not in bank.get("/app/loans/apply").text
    away = bank.get("/app/loans/apply/shop_loan", follow_redirects=False)
    assert (away.status_code, away.headers.get("location")) == (303, "/app/loans/apply")
    bank.sign_in("customer:teahouse")
    shown = bank.get("/app/loans/apply").text
    assert "shop_loan" in shown and "stock_loan" in shown and "personal_loan" not in shown
    assert bank.get("/app/loans/apply/personal_loan", follow_redirects=False).status_code == 303
    assert bank.get("/app/loans/apply/shop_loan", follow_redirects=False).status_code == 200


def test_from_the_form_to_the_money_and_what_was_read_is_told(bank: Any) -> None:
    found = apply(bank, "teahouse", ("tax", "invoices", "bureau"))
    assert found.status == "offered"
    page = bank.get(f"/app/loans/applications/{found.id}").text
    assert "What was read of your company" in page and "simulated records" in page
    before = bank.booked("teahouse")
    signed = bank.sign(found)
    loan = bank.kept(Loan, signed.headers["location"].partition("?")[0].rpartition("/")[2])
    assert loan.status == "running" and bank.booked("teahouse") == before + 1_000_000
    paper = bank.get(f"/app/loans/applications/{found.id}/contract.pdf")
    assert paper.status_code == 200 and paper.content[:4] == b"%PDF"
    said = str(contract(bank.home.store, found))
    assert "this bank's own rule" in said and "Personal Information" not in said


def points_listed(bank: Any, found: LoanApplication) -> str:
    """The points of an application as the list of those that wait shows them."""
    row = bank.get("/desk/loans").text.partition(f"/desk/loans/cases/{found.case_number}")[2]
    return re.search(r"(\d+) points", row.partition("</tr>")[0])[1]


def test_the_desk_sees_what_it_may_and_a_source_taken_back_is_gone_at_once(bank: Any) -> None:
    found = apply(bank, "harbour", ("tax", "invoices", "bureau"), person="1")
    assert found.status == "waiting"
    case = f"/desk/loans/cases/{found.case_number}"
    bank.sign_in("staff:customer_manager")
    page = bank.get(case).text
    assert "the first scorecard for companies, made by hand" in page and "first_company@1" not in page
    assert "The company" in page and "the sales of a year in the tax returns" in page
    assert "The program comes to the same" in page and "Turnover of a year" in page
    assert "Income in a month" not in page and "What was read of the company" in page
    bank.sign_in("customer:harbour")
    stopped = {"purpose": "credit", "data": "tax", "do": "withdraw"}
    told = bank.post(
        "/app/consents/change", form_token=bank.token("/app/consents"), key="stop-tax", **stopped
    )
    assert told.status_code == 303 and "source_withdrawn" in told.headers["location"]
    assert "nobody reads these records" in bank.get(told.headers["location"]).text
    bank.sign_in("staff:customer_manager")
    page = bank.get(case).text
    assert points_listed(bank, found) == re.search(r"Score: (\d+) points", page)[1] != str(found.points)
    assert "Taken back since the application: tax records." in page
    sources = page.partition("What was read")[2].partition("</section>")[0]
    assert "the sales of a year in the tax returns" not in sources and "invoices the buyers" in sources
    assert "The program comes to the same" in page
    fields = {"words": "As agreed.", "amount": "", "approve": "1"}
    assert bank.form(case, **fields).headers["location"] == "/desk/loans?told=loan_approved"
    after = bank.kept(LoanApplication, found.id)
    assert "tax_sales" not in after.inputs and after.status == "offered"
    assert "The program comes to the same" in bank.get(case).text


def test_a_source_taken_back_after_the_answer_leaves_the_decision_as_it_is(bank: Any) -> None:
    found = apply(bank, "harbour", ("tax", "invoices", "bureau"), person="1")
    case = f"/desk/loans/cases/{found.case_number}"
    bank.sign_in("staff:customer_manager")
    bank.form(case, words="As agreed.", amount="", approve="1")
    bank.sign_in("customer:harbour")
    for name in ("tax", "bureau"):
        stopped = {"purpose": "credit", "data": name, "do": "withdraw", "key": f"late-{name}"}
        bank.post("/app/consents/change", form_token=bank.token("/app/consents"), **stopped)
    bank.sign_in("staff:customer_manager")
    page = bank.get(case).text
    assert "Taken back since: tax records, the credit bureau." in page and "made with them" in page
    assert "comes to something else" not in page and "Not decided again" in page
    assert "征信来源：未读取" in bank.get(f"{case}?lang=zh").text


def test_the_consents_page_has_a_switch_for_each_source_of_a_company_alone(bank: Any) -> None:
    bank.sign_in("customer:needle")
    page = bank.get("/app/consents").text
    assert page.count('name="data"') == 3 and "Read tax records" in page
    bank.sign_in("customer:alice")
    assert 'name="data"' not in bank.get("/app/consents").text
    strange = {"purpose": "credit", "data": "dreams", "do": "give"}
    token = bank.token("/app/consents")
    told = bank.post("/app/consents/change", form_token=token, key="strange", **strange)
    assert "error=consent" in told.headers["location"]
    other = {"purpose": "marketing", "data": "tax", "do": "give"}
    told = bank.post("/app/consents/change", form_token=token, key="other", **other)
    assert "error=consent" in told.headers["location"], "nothing was agreed to, and nothing says it was"


def test_a_refused_company_reads_why_and_what_would_help(bank: Any) -> None:
    found = apply(bank, "needle", ("tax", "bureau"), amount="60000")
    assert found.status == "refused"
    page = bank.get(f"/app/loans/applications/{found.id}").text
    assert "turnover" in page and "Commercial Bank Law, article 35" in page
    assert "Personal Information Protection Law" not in page
    pdf = bank.get(f"/app/loans/applications/{found.id}/letter.pdf")
    assert pdf.status_code == 200 and pdf.content[:4] == b"%PDF"
    zh = bank.get(f"/app/loans/applications/{found.id}", headers={"accept-language": "zh"}).text
    assert "营业额" in zh
