"""Rules change on two people's word: proposed, run in the shadow, approved by another, rolled back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jingwei.channels.rest.rule_versions import next_version
from jingwei.decisions.drafts import SHADOWS, PolicyDraft
from jingwei.decisions.policy import parse_policy
from jingwei.decisions.published import PolicyVersion
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.answer_draft import ApprovePolicy, RejectPolicy
from jingwei.journeys.propose_policy import ProposePolicy
from jingwei.journeys.roll_back_policy import RollBackPolicy
from jingwei.journeys.shadow_policy import ShadowPolicy

SHIPPED = policy_text("outgoing_transfer")
STRICT = (
    SHIPPED.replace("version = 1", "version = 2", 1)
    + '\n[[rules]]\ncode = "everything"\nwhen = "amount_minor >= 1"\nverdict = "refuse"\nweight = 99\n'
    + 'says = "Nothing goes out now."\nsays_zh = "目前暂停一切转账。"\n'
)
LIN, WEI = "staff:lin", "staff:wei"


@pytest.fixture
def ruled(town: Any) -> Any:
    """The town, under the shipped rules."""
    return town


def propose(town: Any, text: str = STRICT, why: str = "a wave of scams", who: str = LIN) -> Any:
    return town.do(ProposePolicy(text=text, why=why, **town.stamp(who))).answer


def approve(town: Any, draft: str, who: str, text: str = STRICT) -> Any:
    return town.do(ApprovePolicy(draft=draft, text=text, **town.stamp(who))).answer


def state(town: Any, draft: str) -> PolicyDraft:
    return town.home.store.load(PolicyDraft, [draft])[0]


def code(answer: Any) -> str:
    return answer.refusal.code if answer.refusal else answer.result


def test_a_second_person_lets_a_proposal_judge(ruled: Any) -> None:
    made = propose(ruled)
    assert ruled.do(ruled.pay("alice", "bob", 100, device="p")).answer.policy == "outgoing_transfer@1"
    assert code(approve(ruled, made.made, WEI)) == "done"
    paid = ruled.do(ruled.pay("alice", "bob", 100, device="p")).answer
    assert (paid.policy, paid.result, paid.reasons[0]) == ("outgoing_transfer@2", "refused", "everything")
    draft = state(ruled, made.made)
    assert (draft.state, draft.proposed_by, draft.answered_by) == ("published", LIN, WEI)


def test_nobody_approves_what_they_proposed(ruled: Any) -> None:
    made = propose(ruled).made
    assert code(approve(ruled, made, LIN)) == "own_work"
    assert state(ruled, made).state == "proposed"
    assert ruled.do(ruled.pay("alice", "bob", 100, device="p")).answer.policy == "outgoing_transfer@1"


def test_only_staff_change_rules(ruled: Any) -> None:
    assert code(propose(ruled, who="customer:alice")) == "not_allowed"
    made = propose(ruled).made
    for who in ("customer:alice", "system:core"):
        assert code(approve(ruled, made, who)) == "not_allowed"


def test_what_is_approved_is_what_was_proposed(ruled: Any) -> None:
    made = propose(ruled).made
    other = STRICT.replace('amount_minor >= 1"', 'amount_minor >= 2"')
    assert code(approve(ruled, made, WEI, other)) == "policy_differs"
    assert code(approve(ruled, "P00000000001", WEI)) == "draft_not_found"


def test_a_draft_is_answered_once(ruled: Any) -> None:
    first, second = propose(ruled).made, propose(ruled).made
    assert code(approve(ruled, first, WEI)) == "done"
    assert code(approve(ruled, first, WEI)) == "draft_closed"
    assert code(approve(ruled, second, WEI)) == "policy_version_used"
    reject = RejectPolicy(draft=second, reason="the number is taken", **ruled.stamp(LIN))
    assert code(ruled.do(reject).answer) == "done"
    assert state(ruled, second).state == "rejected"
    assert code(approve(ruled, second, WEI)) == "draft_closed"


def test_a_proposal_must_be_usable_new_and_reasoned(ruled: Any) -> None:
    assert code(propose(ruled, SHIPPED)) == "policy_version_used"
    assert code(propose(ruled, why=" ")) == "reason_missing"
    broken = propose(ruled, STRICT.replace('verdict = "refuse"\nweight = 99', 'verdict = "no"\nweight = 99'))
    assert code(broken) == "policy_not_valid" and "line" in broken.refusal.detail["error"]
    unknown = STRICT.replace('amount_minor >= 1"', 'shoe_size >= 1"')
    assert "shoe_size" in propose(ruled, unknown).refusal.detail["error"]


def test_rules_that_nothing_would_be_judged_by_are_not_proposed(ruled: Any) -> None:
    misspelt = STRICT.replace('"outgoing_transfer"', '"outgoing_transfers"', 1)
    assert misspelt != STRICT and code(propose(ruled, misspelt)) == "policy_not_used"


def test_a_shadow_judges_nothing_and_keeps_its_beginning(ruled: Any) -> None:
    made = propose(ruled).made
    shadow = lambda on: ruled.do(ShadowPolicy(draft=made, on=on, **ruled.stamp(LIN)))  # noqa: E731
    began = shadow(True).seq
    assert (state(ruled, made).state, state(ruled, made).shadow_from) == ("shadow", began)
    assert ruled.do(ruled.pay("alice", "bob", 100, device="p")).answer.result == "allowed"
    shadow(True)
    assert state(ruled, made).shadow_from == began
    shadow(False)
    assert state(ruled, made).state == "proposed"
    assert code(approve(ruled, made, WEI)) == "done"
    assert code(shadow(True).answer) == "draft_closed"


def test_rolling_back_takes_one_step_a_reason_and_only_rules_that_judged_before(ruled: Any) -> None:
    assert code(approve(ruled, propose(ruled).made, WEI)) == "done"
    text = SHIPPED.replace("version = 1", "version = 3", 1)

    def back(text: str, to: str = "outgoing_transfer@1", reason: str = "it stops everybody") -> str:
        ask = RollBackPolicy(text=text, back_to=to, reason=reason, **ruled.stamp(LIN))
        return code(ruled.do(ask).answer)

    assert back(text, reason="") == "reason_missing"
    assert back(text, to="outgoing_transfer@9") == "version_not_found"
    assert back(text, to="card_payment@1") == "version_not_found"
    assert back(text.replace("weight = 100", "weight = 1")) == "policy_differs"
    assert back(SHIPPED.replace("version = 1", "version = 2", 1)) == "policy_version_used"
    same = STRICT.replace("version = 2", "version = 3", 1)
    assert back(same, to="outgoing_transfer@2") == "nothing_to_go_back_to"
    assert back(text) == "done"
    paid = ruled.do(ruled.pay("alice", "bob", 100, device="p")).answer
    assert (paid.policy, paid.result) == ("outgoing_transfer@3", "allowed")
    assert parse_policy(ruled.home.store.note("policy:outgoing_transfer")).version == 3


def test_a_fourth_shadow_is_refused_when_it_is_asked_for(ruled: Any) -> None:
    made = [propose(ruled, STRICT.replace("version = 2", f"version = {n}", 1)).made for n in range(2, 7)]

    def shadow(draft: str, on: bool = True) -> str:
        return code(ruled.do(ShadowPolicy(draft=draft, on=on, **ruled.stamp(LIN))).answer)

    assert [shadow(draft) for draft in made[:SHADOWS]] == ["done"] * SHADOWS
    assert shadow(made[SHADOWS]) == "shadows_taken" and state(ruled, made[SHADOWS]).state == "proposed"
    assert shadow(made[0]) == "done", "one that runs already goes on"
    assert shadow(made[0], False) == "done" and shadow(made[SHADOWS]) == "done"
    assert shadow(made[4]) == "shadows_taken"


def test_the_next_version_is_after_every_one_however_many(ruled: Any) -> None:
    kept = [PolicyVersion(f"many@{n}", "many", "0" * 64, "D00000000000") for n in range(1, 1_203)]

    class Reader:
        def find(self, kind: Any, column: str, value: str, *, after: str = "", limit: int = 100) -> Any:
            return [one for one in sorted(kept, key=lambda one: one.id) if one.id > after][:limit]

    policy = msgspec.structs.replace(parse_policy(SHIPPED), name="many")
    assert next_version(Reader(), policy) == 1_203  # type: ignore[arg-type]
