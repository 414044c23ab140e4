"""Appeals and call-backs: once for each decision, never by a stranger, never answered by who decided."""

from __future__ import annotations

import pytest

from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.appeal import AppealDecision
from jingwei.journeys.ask_for_person import CALL_TIME, AnswerCall, AskForPerson
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.review_case import ReviewCase
from jingwei.kernel.clock import DAY, SECOND, bank_day
from jingwei.ledger.appeals import Appeal, appeal_due
from jingwei.ledger.work import Case, Challenge

REVIEWER, SECOND_REVIEWER = "staff:reviewer", "staff:second"


def appeal(town, decision, who="alice"):
    return town.do(AppealDecision(decision=decision, text="mine", **town.stamp(f"customer:{who}"))).answer


def answer(town, number, actor=SECOND_REVIEWER, overturn=True):
    return town.do(AnswerAppeal(appeal=number, overturn=overturn, words="w", **town.stamp(actor))).answer


def kept(town, kind, some_id):
    return next(iter(town.home.store.load(kind, [some_id])), None)


@pytest.fixture
def refused(town):
    """A payment of alice's that was refused: her balance was too low."""
    told = town.do(town.pay("alice", "bob", 9_000_000, device="p")).answer
    if told.result == "held":
        town.do(ReviewCase(case=told.case, release=False, **town.stamp(REVIEWER)))
    return told.id


@pytest.fixture
def held(town):
    """A payment of alice's that waits for a person."""
    told = town.do(town.pay("alice", "bob", 100_000)).answer
    assert told.result == "held"
    return told


def test_an_appeal_opens_a_case_due_in_three_bank_days(town, refused):
    told = appeal(town, refused)
    case, kept_appeal = kept(town, Case, told.case), kept(town, Appeal, told.made)
    assert (case.code, case.status, case.due_at) == ("appeal", "open", kept_appeal.due_at)
    assert bank_day(case.due_at) - bank_day(town.clock.at) == 3
    assert bank_day(case.due_at + 1) - bank_day(town.clock.at) == 4
    assert not kept_appeal.late(case.due_at) and kept_appeal.late(case.due_at + 1)
    assert appeal_due(case.opened_at) == case.due_at


def test_an_appeal_is_made_once(town, refused):
    assert appeal(town, refused).result == "done"
    assert appeal(town, refused).refusal.code == "already_appealed"
    assert len(town.home.store.find(Case, "customer", "alice")) <= 2


def test_what_is_foreign_missing_or_no_payment_is_not_there(town, refused):
    for who, decision in (("bob", refused), ("alice", "D00000099999"), ("alice", "D00000000000")):
        assert appeal(town, decision, who).refusal.code == "decision_not_found"
    assert appeal(town, refused).result == "done", "a stranger's try took nothing away from her"


def test_somebody_else_who_tried_to_pay_with_her_account_cannot_appeal_as_her(town):
    stranger = town.do(town.pay("alice", "bob", 100, actor="customer:bob")).answer
    assert stranger.result == "refused"
    for who in ("alice", "bob"):
        assert appeal(town, stranger.id, who).refusal.code == "decision_not_found"


def test_nothing_to_appeal_when_it_was_done(town):
    told = town.do(town.pay("alice", "bob", 100, device="p")).answer
    assert told.result == "allowed"
    assert appeal(town, told.id).refusal.code == "nothing_to_appeal"


def test_while_a_person_looks_there_is_nothing_to_appeal_yet(town, held):
    assert appeal(town, held.id).refusal.code == "person_looks_already"
    town.do(ReviewCase(case=held.case, release=True, **town.stamp(REVIEWER)))
    assert appeal(town, held.id).refusal.code == "nothing_to_appeal"


def test_who_decided_before_cannot_answer(town, held):
    town.do(ReviewCase(case=held.case, release=False, **town.stamp(REVIEWER)))
    made = appeal(town, held.id).made
    assert answer(town, made, REVIEWER).refusal.code == "decided_before"
    assert answer(town, made, "staff:alice").refusal.code == "own_work"
    assert kept(town, Appeal, made).status == "open"
    assert answer(town, made).result == "done"
    assert answer(town, made, "staff:third").refusal.code == "appeal_closed"


def test_staff_who_made_the_payment_cannot_answer_the_appeal(town):
    told = town.do(town.pay("alice", "bob", 9_000_000, actor=REVIEWER, device="p")).answer
    if told.result == "held":
        town.do(ReviewCase(case=told.case, release=False, **town.stamp(SECOND_REVIEWER)))
    made = appeal(town, told.id).made
    assert answer(town, made, REVIEWER).refusal.code == "decided_before"


def test_a_payment_refused_wrongly_waits_for_its_customer_and_is_then_paid(town, held):
    town.do(ReviewCase(case=held.case, release=False, **town.stamp(REVIEWER)))
    made = appeal(town, held.id).made
    told = answer(town, made)
    waiting = kept(town, Challenge, told.challenge)
    assert (waiting.customer, waiting.payee, waiting.amount_minor) == ("alice", "bob", 100_000)
    assert town.money("alice") == (5_000_000, 100_000) and town.money("bob") == (0, 0)
    shown = {"payee": "bob", "amount_minor": 100_000, "currency": "CNY"}
    town.later(days=2)
    yes = AnswerStepUp(challenge=waiting.id, confirm=True, **shown, **town.stamp("customer:alice"))
    assert town.do(yes).answer.result == "allowed"
    assert town.money("alice") == (4_900_000, 0) and town.money("bob") == (100_000, 0)


def test_when_the_money_is_no_longer_there_the_answer_is_words_alone(town, refused):
    made = appeal(town, refused).made
    told = answer(town, made)
    assert (told.result, told.challenge) == ("done", "")
    assert kept(town, Appeal, made).status == "overturned" and town.money("alice") == (5_000_000, 0)


def test_a_decision_that_stands_moves_nothing(town, held):
    town.do(ReviewCase(case=held.case, release=False, **town.stamp(REVIEWER)))
    made = appeal(town, held.id).made
    told = answer(town, made, overturn=False)
    closed = kept(town, Appeal, made)
    assert (closed.status, closed.words, told.hold) == ("stands", "w", "")
    assert kept(town, Case, closed.case_number).status == "refused" and town.money("alice") == (5_000_000, 0)


def test_a_late_answer_is_known_to_be_late(town, refused):
    made = appeal(town, refused).made
    town.clock.advance(5 * DAY)
    answer(town, made)
    assert kept(town, Appeal, made).late(0)


def test_one_call_back_waits_at_a_time(town):
    first = town.do(AskForPerson(**town.stamp("customer:alice"))).answer
    again = town.do(AskForPerson(topic="now", **town.stamp("customer:alice"))).answer
    assert first.case == again.case
    case = kept(town, Case, first.case)
    assert case.due_at == case.opened_at + CALL_TIME and case.opened_at < town.clock.at + SECOND
    assert town.do(AnswerCall(case=case.id, **town.stamp(REVIEWER))).answer.result == "done"
    closed = town.do(AnswerCall(case=case.id, **town.stamp(REVIEWER))).answer
    assert closed.refusal.code == "case_closed"
    assert town.do(AskForPerson(**town.stamp("customer:alice"))).answer.case != case.id


def test_a_held_payment_is_not_a_call_back(town, held):
    told = town.do(AnswerCall(case=held.case, **town.stamp(REVIEWER))).answer
    assert told.refusal.code == "case_is_not_this"
    assert kept(town, Case, held.case).status == "open"


def test_who_proposed_the_refusal_or_would_be_paid_does_not_answer_the_appeal(town):
    more = {"account": "alice", "amount_minor": 9_000_000, "currency": "CNY"}
    town.do(Deposit(**more, **town.stamp("system:core")))
    told = town.do(town.pay("alice", "bob", 6_000_000)).answer
    assert told.result == "held"
    for actor in (REVIEWER, SECOND_REVIEWER):
        town.do(ReviewCase(case=told.case, release=False, **town.stamp(actor)))
    assert kept(town, Case, told.case).closed_by == SECOND_REVIEWER
    number = appeal(town, told.id).made
    for actor in (REVIEWER, SECOND_REVIEWER):
        assert answer(town, number, actor).refusal.code == "decided_before"
    for actor in ("staff:alice", "staff:bob"):
        assert answer(town, number, actor).refusal.code == "own_work"
    assert answer(town, number, "staff:third").result == "done"
