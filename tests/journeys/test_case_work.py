"""Work on cases: four eyes, nobody's own payment, the next free case, escalations, naps, races of two."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys.assign_case import AssignCase
from jingwei.journeys.escalate_case import EscalateCase
from jingwei.journeys.note_case import NoteCase
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.review_case_alone import ReviewCaseAlone
from jingwei.journeys.show_masked import SHOWN_FOR, ShowMasked
from jingwei.journeys.snooze_case import SnoozeCase
from jingwei.kernel.clock import HOUR
from jingwei.ledger.casework import CaseNote, CaseWork
from jingwei.ledger.work import Case

HOLDS_ALL = """
name = "outgoing_transfer"
version = 9
[[rules]]
code = "all"
when = "amount_minor >= 1"
verdict = "hold"
weight = 80
says = "Every payment waits."
says_zh = "每笔付款均需核实。"
"""
FOUR_EYES = 5_000_000


class Office:
    """A bank that holds every payment, and the people who work on them."""

    def __init__(self, town: Any) -> None:
        self.town = town
        town.open("carl", 50_000_000)
        assert town.do(PublishPolicy(text=HOLDS_ALL, **town.stamp("system:core"))).answer.result == "done"

    def held(self, amount: int = 10_000, **more: Any) -> str:
        case: str = self.town.do(self.town.pay("carl", "bob", amount, **more)).answer.case
        return case

    def ask(self, kind: Any, who: str, **fields: Any) -> str:
        """Do it and return the refusal's code, or the result."""
        answer = self.town.do(kind(**fields, **self.town.stamp(f"staff:{who}"))).answer
        return answer.refusal.code if answer.refusal else answer.result

    def review(self, who: str, case: str, release: bool = True, **more: Any) -> str:
        return self.ask(ReviewCase, who, case=case, release=release, **more)

    def work(self, case: str) -> CaseWork:
        found = self.town.bank.store.load(CaseWork, [case])
        return found[0] if found else CaseWork(case)

    def case(self, case: str) -> Case:
        return self.town.bank.store.load(Case, [case])[0]

    def event(self, kind: Any, who: str, **fields: Any) -> Any:
        return self.town.do(kind(**fields, **self.town.stamp(f"staff:{who}"))).answer.events[0]


@pytest.fixture
def office(town: Any) -> Office:
    return Office(town)


@pytest.mark.parametrize(("amount", "alone"), [(FOUR_EYES - 1, True), (FOUR_EYES, False)])
@pytest.mark.parametrize("release", [True, False])
def test_from_the_threshold_on_one_person_is_not_enough(
    office: Office, amount: int, alone: bool, release: bool
) -> None:
    case, done = office.held(amount), "allowed" if release else "refused"
    before = office.town.money("carl")
    assert office.review("lin", case, release) == (done if alone else "proposed")
    if not alone:
        assert office.town.money("carl") == before and office.case(case).status == "open"
        assert office.review("may", case, release) == done
    assert office.case(case).status == ("released" if release else "refused")
    assert office.town.money("bob") == (amount if release else 0, 0)


def test_nobody_confirms_the_own_proposal(office: Office) -> None:
    case = office.held(FOUR_EYES)
    assert office.review("lin", case) == "proposed"
    for _ in range(2):
        assert office.review("lin", case) == "second_person_needed"
    assert office.review("lin", case, False) == "proposed", "one may think again"
    assert office.review("lin", case, False) == "second_person_needed"
    assert office.town.money("bob") == (0, 0)
    assert office.review("may", case, False) == "refused"


def test_who_disagrees_proposes_the_opposite(office: Office) -> None:
    case = office.held(FOUR_EYES)
    assert office.review("lin", case, True) == "proposed"
    assert office.review("may", case, False) == "proposed"
    assert office.review("may", case, False) == "second_person_needed"
    assert office.review("lin", case, False) == "refused"
    assert office.town.money("bob") == (0, 0)


def test_nobody_works_on_a_payment_of_their_own(office: Office) -> None:
    asked_for_carl = office.held(actor="staff:lin")
    for who, case in (("carl", office.held()), ("bob", office.held()), ("lin", asked_for_carl)):
        until = office.case(case).due_at
        tries: tuple[tuple[Any, dict[str, Any]], ...] = (
            (ReviewCase, {"release": True}),
            (ReviewCase, {"release": False}),
            (AssignCase, {"to": f"staff:{who}"}),
            (EscalateCase, {"reason": "x"}),
            (SnoozeCase, {"until": until, "reason": "x"}),
            (NoteCase, {"text": "x"}),
        )
        for kind, fields in tries:
            assert office.ask(kind, who, case=case, **fields) == "own_work", (who, kind)
        assert office.ask(AssignCase, "may", case=case, to=f"staff:{who}") == "own_work"
        assert office.review("may", case) == "allowed"


def test_two_reviewers_at_once_the_second_is_told(office: Office) -> None:
    case = office.held()
    asks = [
        ReviewCase(case=case, release=release, **office.town.stamp(f"staff:{who}"))
        for who, release in (("lin", True), ("may", False))
    ]
    first, second = (reply.answer for reply in office.town.bank.do(asks))
    assert first.result == "allowed" and second.refusal.code == "case_closed"
    assert office.case(case).closed_by == "staff:lin"
    assert office.town.money("bob") == (10_000, 0)


def test_two_proposals_at_once_are_one_answer_of_two_people(office: Office) -> None:
    case = office.held(FOUR_EYES)
    asks = [
        ReviewCase(case=case, release=True, **office.town.stamp(f"staff:{who}")) for who in ("lin", "may")
    ]
    assert [reply.answer.result for reply in office.town.bank.do(asks)] == ["proposed", "allowed"]


def test_what_an_alert_was_worth_becomes_a_label(office: Office) -> None:
    rows = (
        (True, "false_alarm", False), (True, "valuable", False), (True, "", False),
        (False, "confirmed_risk", True), (False, "valuable", False), (False, "", True),
    )  # fmt: skip
    for release, outcome, fraud in rows:
        case = office.held()
        event = office.event(ReviewCase, "lin", case=case, release=release, outcome=outcome, reason="other")
        assert (event.fraud, event.outcome, event.reason) == (fraud, outcome, "other")
        assert office.work(case).outcome == outcome
    for release, outcome in ((True, "confirmed_risk"), (False, "false_alarm")):
        assert office.review("lin", office.held(), release, outcome=outcome) == "outcome_contradicts"


def test_the_label_of_the_first_of_two_people_is_kept(office: Office) -> None:
    case = office.held(FOUR_EYES)
    fields = {"case": case, "release": False}
    office.event(ReviewCase, "lin", **fields, outcome="confirmed_risk", reason="mule", comment="known ring")
    event = office.event(ReviewCase, "may", **fields)
    assert (event.fraud, event.outcome, event.reason) == (True, "confirmed_risk", "mule")
    notes = office.town.bank.store.find(CaseNote, "about", case)
    assert [(note.kind, note.text) for note in notes] == [("proposed_refuse", "known ring")]


def test_nobody_may_ask_by_the_rules_of_before(office: Office) -> None:
    case = office.held(FOUR_EYES)
    assert office.ask(ReviewCaseAlone, "lin", case=case, release=True) == "not_allowed"
    assert office.town.money("bob") == (0, 0) and office.case(case).status == "open"


def test_a_free_case_is_taken_once(office: Office) -> None:
    case = office.held()
    assert office.ask(AssignCase, "lin", case=case, to="staff:lin", free_only=True) == "done"
    assert office.ask(AssignCase, "may", case=case, to="staff:may", free_only=True) == "case_taken"
    assert (office.work(case).assignee, office.work(case).inbox) == ("staff:lin", "risk")
    assert office.ask(AssignCase, "may", case=case, to="staff:may") == "done"
    assert office.ask(AssignCase, "may", case=case) == "done"
    assert (office.work(case).assignee, office.work(case).inbox) == ("", "new")
    assert office.ask(AssignCase, "may", case=case, to="customer:carl") == "not_staff"


def test_an_escalated_case_is_free_in_the_second_line(office: Office) -> None:
    case = office.held()
    office.ask(AssignCase, "lin", case=case, to="staff:lin")
    assert office.ask(EscalateCase, "lin", case=case, reason="a ring of mules") == "done"
    work = office.work(case)
    assert (work.inbox, work.assignee, work.escalated) == ("second_line", "", 1)
    assert office.ask(EscalateCase, "lin", case=case, reason="again") == "case_escalated"
    assert office.ask(AssignCase, "may", case=case, to="staff:may") == "done"
    assert office.work(case).inbox == "second_line"


def test_a_case_sleeps_only_until_it_is_due(office: Office) -> None:
    case = office.held()
    due = office.case(case).due_at
    for until, said in ((0, "snooze_not_possible"), (due + 1, "snooze_not_possible"), (due, "done")):
        assert office.ask(SnoozeCase, "lin", case=case, until=until, reason="awaiting a call") == said
    now = office.town.clock.at + 1_000_000
    assert office.ask(SnoozeCase, "lin", case=case, until=now, reason="x") == "snooze_not_possible"
    assert office.work(case).snoozed_until == due
    assert office.ask(AssignCase, "lin", case=case, to="staff:lin") == "done"
    assert office.work(case).snoozed_until == 0, "taking a case wakes it"


def test_an_answered_case_takes_remarks_and_nothing_else(office: Office) -> None:
    case = office.held()
    office.review("lin", case)
    until = office.town.clock.at + HOUR
    assert office.ask(AssignCase, "may", case=case, to="staff:may") == "case_closed"
    assert office.ask(EscalateCase, "may", case=case, reason="x") == "case_closed"
    assert office.ask(SnoozeCase, "may", case=case, until=until, reason="x") == "case_closed"
    assert office.ask(NoteCase, "may", case=case, text="she called to thank us") == "done"
    assert office.ask(NoteCase, "may", case="C99999999999", text="x") == "case_not_found"


def test_a_look_at_an_identity_is_sealed(office: Office) -> None:
    event = office.event(ShowMasked, "lin", customer="carl", purpose="complaint")
    assert (event.customer, event.purpose) == ("carl", "complaint")
    assert event.until == office.town.clock.at + SHOWN_FOR
    assert office.ask(ShowMasked, "lin", customer="nobody", purpose="complaint") == "customer_not_found"
    sealed = office.town.bank.sealed(office.town.bank.store.size() - 2)
    assert (sealed.command.actor, sealed.command.purpose) == ("staff:lin", "complaint")
