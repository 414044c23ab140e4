"""From the bank's own loans to a card that decides the next one: lent, repaid or not, learned, approved by a
second person, challenged, served and sealed. The borrowers are made up."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from jingwei.channels.cli.program import main
from jingwei.channels.lending.beside import with_challenger
from jingwei.domains.credit.beside import ChallengerScore
from jingwei.domains.credit.inputs import Behaviour, Bureau
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.home import open_home
from jingwei.journeys import run_loan_day
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.sign_loan import SignLoan, signed_text
from jingwei.kernel.clock import DAY, ManualClock, bank_day, day_start
from jingwei.kernel.purpose import Purpose

BORROWERS = 300
BEGIN = day_start(20_089)


def stamp(key, actor, at):
    return {"key": key, "actor": actor, "at": at, "known_at": at}


def asking(who, at, drawn):
    """An application; `drawn` are days with money in the account, refused payments and inquiries."""
    days, failed, asked = (int(one) for one in drawn)
    seen = Behaviour(
        until=bank_day(at) - 1, account_days=800, balance_days=days, income_months=6,
        income_minor=2_000_000, spending_minor=900_000, overdrawn_days=0, refused=failed, purchases=8,
    )  # fmt: skip
    report = Bureau(
        source="simulated bureau", reported_at=at, debts=1, monthly_minor=9_000, late_marks=0,
        inquiries=asked,
    )  # fmt: skip
    return ApplyForLoan(
        **stamp(f"ask:{who}:{at}", f"customer:{who}", at), customer=who, product="personal_loan", account=who,
        amount_minor=300_000, months=3, behaviour=seen, bureau=report,
    )  # fmt: skip


def signing(found, at):
    text = signed_text(found.id, found.account, found.amount_minor, found.currency)
    return SignLoan(
        **stamp(f"sign:{found.id}", f"customer:{found.customer}", at), customer=found.customer,
        application=found.id, account=found.account, amount_minor=found.amount_minor, currency=found.currency,
        terms_sha256=found.terms_sha256, proof=f"made up {text}",
    )  # fmt: skip


def settled(who, at):
    """Opens an account with money in it, and agrees to loans and to research."""
    yield OpenAccount(
        **stamp(f"open:{who}", "system:core", at), customer=who, product="current_cny", account=who, name=who,
        born="1990-05-01", opening_minor=2_000_000,
    )  # fmt: skip
    for purpose in (Purpose.CREDIT, Purpose.RESEARCH):
        yield GiveConsent(
            **stamp(f"agree:{who}:{purpose}", f"customer:{who}", at), customer=who, purpose=purpose
        )


def lend(home, clock):
    """Lend to everybody the bank makes an offer; those who will not pay have their accounts frozen."""
    rng = np.random.default_rng(11)
    drawn = np.column_stack([rng.integers(low, high, BORROWERS) for low, high in ((45, 91), (0, 3), (0, 4))])
    people = [f"b{n:03d}" for n in range(BORROWERS)]
    home.bank.do([command for who in people for command in settled(who, BEGIN)])
    moments = [BEGIN + DAY + n * 10_000_000 for n in range(BORROWERS)]
    clock.at = BEGIN + 2 * DAY
    home.bank.do([asking(who, at, row) for who, at, row in zip(people, moments, drawn, strict=True)])
    offers = [one for one in home.store.page(LoanApplication, limit=1_000) if one.status == "offered"]
    home.bank.do([signing(one, clock.at) for one in offers])
    chance = 1 / (1 + np.exp((drawn[:, 0] - 62) / 5.0 - 1.2 * drawn[:, 1]))
    fails = rng.random(BORROWERS) < chance
    frozen = [who for who, bad in zip(people, fails, strict=True) if bad]
    home.bank.do(
        [
            FreezeAccount(**stamp(f"freeze:{who}", "staff:reviewer", clock.at), account=who, direction="out")
            for who in frozen
        ]
    )
    for ago in (35, 70, 105, 140):
        clock.at = day_start(bank_day(BEGIN) + ago + 1) + 1
        list(run_loan_day.run(bank_day(clock.at) - 1, clock.at, lambda one: home.bank.do([one])[0].answer))


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train_loans") / "h"
    clock = ManualClock(BEGIN)
    home = open_home(folder, clock)
    lend(home, clock)
    loans = home.store.page(Loan, limit=1_000)
    home.close()
    return folder, loans, clock.at


@pytest.fixture
def jingwei(bank, monkeypatch, capsys):
    """Runs a command in this process on the bank; returns what it told as JSON."""
    monkeypatch.setenv("JINGWEI_HOME", str(bank[0]))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["jingwei", *words, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        return json.loads(told.out.splitlines()[-1])

    return run


def test_the_banks_own_loans_become_a_card_that_decides_the_next_one(bank, jingwei):
    folder, loans, at = bank
    late = [one for one in loans if one.late_since]
    repaid = [one for one in loans if one.status == "repaid"]
    assert len(late) + len(repaid) == len(loans) >= 200 and len(late) > 60

    told = jingwei("train", "loans", "--by", "staff:ana")
    card, trees = told["scorecard"], told["boosting"]
    assert told["slot"] == "credit" and not told["approved"] and "latest fifth" in told["held_out"]
    assert card["intervals"]["auc"][0] > 0.55 and set(told["canaries"]) and card["metrics"]["auc"] > 0.65
    learned = jingwei("model", "card", card["digest"])
    assert (learned["span"]["rows"], learned["span"]["positives"]) == (len(loans), len(late))
    assert "balance_days" in learned["features"]

    why = ("--slot", "credit", "--why", "read the card")
    jingwei("model", "approve", card["digest"], *why, "--who", "staff:bo")
    jingwei("model", "challenge", trees["digest"], "--slot", "credit", "--why", "try", "--who", "staff:bo")
    served(folder, at, card["digest"], trees["digest"])


def served(folder, at, card, trees):
    """The next applications are decided by the card; the trees are sealed beside."""
    clock = ManualClock(at + 600 * DAY)
    home = open_home(folder, clock)
    try:
        new = [command for who in ("good", "poor") for command in settled(who, clock.at)]
        home.bank.do(new)
        asked = [
            with_challenger(home.registry, home.store, asking(who, clock.at, drawn))
            for who, drawn in (("good", (90, 0, 0)), ("poor", (45, 2, 3)))
        ]
        made = [reply.answer.made for reply in home.bank.do(asked)]
        good, poor = home.store.load(LoanApplication, made)
        beside = {one.id: one for one in home.store.load(ChallengerScore, made)}
        assert good.score_by == poor.score_by and good.score_by.endswith(f"@{card[:12]}")
        assert good.points > poor.points
        assert {one.digest for one in beside.values()} == {trees} and set(beside) == set(made)
        assert beside[good.id].chance_ppm < beside[poor.id].chance_ppm
        assert home.verify().sound
    finally:
        home.close()
