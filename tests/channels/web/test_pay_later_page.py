"""Pay later in the app: the line is opened with a proof, a purchase split, and nothing without either."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.channels.web.lending_floor import Lender, clean

from jingwei.channels.lending.asking import pay_later_offer
from jingwei.domains.credit.loans import Loan, PayLaterLine
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.give_consent import GiveConsent
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import Purpose

VERIFIER = str(Path(__file__).resolve().parents[3] / "tools" / "verify_proof.py")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Lender(tmp_path_factory.mktemp("line") / "home")
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    clean(monkeypatch)


@pytest.fixture(scope="module")
def offered(bank):
    """Alice has bought six times by card and lets the bank look: it offers a line."""
    with pytest.MonkeyPatch.context() as patch:
        clean(patch)
        agreed = GiveConsent(customer="alice", purpose=Purpose.CREDIT, **bank.stamp("customer:alice"))
        assert bank.do(agreed).result == "done"
        for _ in range(6):
            bank.clock.advance(DAY)
            money = {"amount_minor": 12_000, "currency": "CNY", "terminal": "book-shop"}
            bought = AuthoriseCardPayment(
                customer="alice", payer="alice", device="d", **money, **bank.stamp("system:core")
            )
            assert bank.do(bought).result == "allowed"
        bank.clock.advance(DAY)
        offer = pay_later_offer(bank.home.store, "alice", "alice", bank.clock.at, "offer")
        made = bank.do(offer).made
    return bank.kept(PayLaterLine, made)


def test_a_line_is_opened_with_a_proof_and_a_purchase_is_split(bank, offered):
    bank.sign_in("customer:alice")
    assert "A pay-later line of up to" in bank.get("/app/loans").text
    page = f"/app/loans/line/{offered.id}"
    without = bank.form(f"{page}/answer", page, answer="yes", proof="none")
    assert without.status_code == 422 and bank.kept(PayLaterLine, offered.id).status == "offered"
    opened = bank.form(f"{page}/answer", page, answer="yes", proof_demo="1")
    assert opened.headers["location"] == f"{page}?told=line_opened"
    text = bank.get(page).text
    assert text.count("book-shop") == 6 and "12 times about" in text
    before = bank.booked("alice")
    first = re.search(r'name="purchase" value="(D\d+)"', text)[1]
    wrong = bank.form(f"{page}/draw", page, purchase=first, months="5")
    assert wrong.status_code == 422 and bank.booked("alice") == before
    drawn = bank.form(f"{page}/draw", page, purchase=first, months="3")
    assert drawn.status_code == 303, drawn.text
    loan = bank.kept(Loan, drawn.headers["location"].partition("?")[0].rpartition("/")[2])
    assert (loan.amount_minor, loan.line, loan.purchase) == (12_000, offered.id, first)
    assert bank.booked("alice") == before + 12_000
    after = bank.get(page).text
    assert f"¥{(offered.limit_minor - 12_000) / 100:,.2f}" in after, "what is drawn is off the line"
    assert f'value="{first}"' not in after and f"/app/loans/{loan.id}" in after
    assert bank.get(f"/app/loans/{loan.id}").status_code == 200


def holds(file: Path) -> bool:
    """Whether the program that shares no code with the bank takes the proof."""
    told = subprocess.run([sys.executable, VERIFIER, str(file)], capture_output=True, check=False)
    return told.returncode == 0


def test_every_draw_is_an_outcome_of_its_own_with_a_proof_that_stands_alone(bank, offered, tmp_path):
    """The leaf of a draw names line, purchase and months; a program that shares no code with us checks it."""
    bank.sign_in("customer:alice")
    page = bank.get(f"/app/loans/line/{offered.id}").text
    loans = [one for one in bank.home.store.find(Loan, "customer", "alice", limit=9) if one.line]
    assert loans, "a purchase was split"
    for loan in loans:
        record = f"D{loan.id[1:]}"
        assert f'href="/app/proof/{record}"' in page
        assert f'href="/app/proof/{record}"' in bank.get(f"/app/loans/{loan.id}").text
        assert bank.get(f"/app/proof/{record}").status_code == 200
        assert f"/app/proof/{loan.purchase}" in bank.get(f"/app/loans/{loan.id}").text
        file = tmp_path / f"{record}.json"
        file.write_bytes(bank.get(f"/app/proof/{record}/file").content)
        found = msgspec.json.decode(file.read_bytes())
        for part in ("draw_pay_later", offered.id, loan.purchase, loan.id):
            assert f'"{part}"' in found["record"], part
        assert holds(file)
        file.write_bytes(msgspec.json.encode(found | {"record": found["record"].replace(offered.id, "Y1")}))
        assert not holds(file), "a changed draw is seen"
    assert f'href="/app/proof/D{offered.id[1:]}"' in page
    assert bank.get(f"/app/proof/D{offered.id[1:]}").status_code == 200, "the offer is provable too"
    bank.sign_in("customer:bob")
    assert bank.get(f"/app/proof/D{loans[0].id[1:]}").status_code == 404


def test_a_line_is_its_owners_alone(bank, offered):
    bank.sign_in("customer:bob")
    assert bank.get(f"/app/loans/line/{offered.id}").status_code == 404
