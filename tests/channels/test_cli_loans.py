"""The command line of lending: a loan from the products to the last payment, mistakes that name their fix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jingwei.channels.lending.applicants import settling, stamp
from jingwei.domains.credit.loans import Loan
from jingwei.home import open_home
from jingwei.journeys.open_account import OpenAccount
from jingwei.ledger.accounts import Balance

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a customer who can borrow, and one who never agreed to be looked at."""
    path = tmp_path_factory.mktemp("loan_cli") / "home"
    bank = open_home(path)
    now = bank.clock.now()
    bank.bank.do(list(settling("ana", now)))
    stranger = stamp("ben", "system:core", now)
    bank.bank.do([OpenAccount(**stranger, customer="ben", account="ben", name="ben", product="current_cny")])
    bank.close()
    return path


def told(run: Run, *words: object) -> Any:
    """What a command answers to a program."""
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out.splitlines()[-1])


def test_a_loan_lives_on_the_command_line(jingwei: Run, home: Path):
    names = [one["id"] for one in told(jingwei, "loan", "products")["products"]]
    assert "personal_loan@1" in names
    offer = told(jingwei, "loan", "apply", "ana", "personal_loan", "6000", "12", "--purpose", "a bicycle")
    assert (offer["status"], offer["amount"], offer["customer"]) == ("offered", "6000.00", "ana")
    _, out, _ = jingwei("loan", "show", offer["id"])
    assert offer["sentence"]["en"] in out and offer["sentence"]["zh"] in out
    assert f"{offer['effective_percent']} %" in out and f"--terms {offer['terms_sha256']}" in out
    assert out.count("ahead") == 12
    code, _, err = jingwei("loan", "sign", offer["id"], "--terms", "0" * 64)
    assert code == 1 and "Nothing was paid out" in err and "loan show" in err
    assert not told(jingwei, "loan", "list")["loans"]
    loan = told(jingwei, "loan", "sign", offer["id"], "--terms", offer["terms_sha256"])
    assert (loan["status"], loan["principal"]) == ("running", "6000.00")
    shown = told(jingwei, "loan", "show", loan["id"])
    assert shown["sentence"] == offer["sentence"]
    assert shown["yearly_percent"] == offer["effective_percent"]
    code, _, err = jingwei("loan", "repay", loan["id"])
    assert code == 1 and "nothing is due" in err and "--how shorter" in err
    paid = told(jingwei, "loan", "repay", loan["id"], "1000", "--how", "smaller")
    assert (paid["paid"], paid["loan"]["principal"]) == ("1000.00", "5000.00")
    code, out, _ = jingwei("loan", "repay", loan["id"], "--how", "all")
    assert code == 0 and out.startswith("Paid 5000.00 CNY")
    listed = told(jingwei, "loan", "list", "--owner", "ana")
    assert [(one["id"], one["status"]) for one in listed["loans"]] == [(loan["id"], "repaid")]
    assert [one["status"] for one in listed["applications"]] == ["signed"]
    assert jingwei("loan", "list")[1].count("ana") == 2
    bank = open_home(home)
    kept, balance = bank.store.load(Loan, [loan["id"]])[0], bank.store.load(Balance, ["ana"])[0]
    bank.close()
    assert kept.principal_minor == kept.due_minor == 0
    salaries = sum(getattr(one, "amount_minor", 0) for one in settling("ana", kept.signed_at))
    assert balance.booked_minor == 200_000 + salaries


def test_a_refusal_and_a_person_are_told(jingwei: Run):
    held = told(jingwei, "loan", "apply", "ana", "education_loan", "3000", "6", "--person")
    assert held["status"] == "waiting" and held["case"].startswith("C")
    assert held["case"] in jingwei("loan", "show", held["id"])[1]
    refused = told(jingwei, "loan", "apply", "ana", "personal_loan", "800000", "3")
    assert refused["status"] in ("refused", "waiting")
    for one in (refused["letter"] or {}).get("policy", ()):
        assert one["en"] in jingwei("loan", "show", refused["id"])[1]


MISTAKES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("loan apply ana nothing 6000 12", 2, ("there is no loan product nothing", "loan products")),
    ("loan apply nobody personal_loan 6000 12", 1, ("no customer's account nobody", "accounts list")),
    ("loan apply bank:loans:CNY personal_loan 6000 12", 1, ("no customer's account", "accounts list")),
    ("loan apply ben personal_loan 6000 12", 1, ("only if you agree", "/v1/consents")),
    ("loan apply ana personal_loan 1 12", 1, ("can be lent under this product", "loan products")),
    ("loan apply ana personal_loan 6000 13", 1, ("must be one of", "as MONTHS")),
    ("loan apply ana personal_loan six 12", 1, ("six", "12.30")),
    ("loan apply ana personal_loan 6000", 2, ("PRODUCT AMOUNT MONTHS", "personal_loan 6000 12")),
    ("loan apply ana personal_loan 6000 year", 2, ("PRODUCT AMOUNT MONTHS",)),
    ("loan show Q99999999999", 1, ("there is no loan application Q99999999999", "loan list")),
    ("loan show L99999999999", 1, ("there is no loan L99999999999", "loan list")),
    ("loan sign Q99999999999 --terms x", 1, ("there is no loan application", "loan list")),
    ("loan repay L99999999999", 1, ("there is no loan", "loan list")),
    ("loan repay L99999999999 5 --how later", 2, ("'later' is not known", "due, shorter, smaller, all")),
    ("loan repay L99999999999 --how shorter", 2, ("needs an amount", "AMOUNT --how shorter")),
)


@pytest.mark.parametrize(("line", "code", "named"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_fix(jingwei: Run, line: str, code: int, named: tuple[str, ...]):
    found, out, err = jingwei(*line.split())
    assert found == code, out + err
    assert "Traceback" not in err
    for part in named:
        assert part in " ".join(err.split()), err
