"""A payment under each verdict, and what becomes of money that waits."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.capture import CaptureCardPayment
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.review_case import ReviewCase
from jingwei.ledger.work import Case, Challenge

RULES = """
name = "outgoing_transfer"
version = 9
[[rules]]
code = "from_three_thousand"
when = "amount_minor >= 300_000"
verdict = "refuse"
weight = 90
says = "The amount is 3,000.00 or more."
says_zh = "金额达到3,000.00或以上。"
[[rules]]
code = "from_two_thousand"
when = "amount_minor >= 200_000"
verdict = "hold"
weight = 80
says = "The amount is 2,000.00 or more."
says_zh = "金额达到2,000.00或以上。"
[[rules]]
code = "from_one_thousand"
when = "amount_minor >= 100_000"
verdict = "step_up"
weight = 70
says = "The amount is 1,000.00 or more."
says_zh = "金额达到1,000.00或以上。"
"""


@pytest.fixture
def ruled(town: Any) -> Any:
    """The town under rules that look at the amount alone."""
    answer = town.do(PublishPolicy(text=RULES, **town.stamp("system:core"))).answer
    assert answer.result == "done", answer
    return town


@pytest.mark.parametrize(
    ("amount", "result", "reasons", "booked", "held"),
    [
        (99_999, "allowed", (), 4_900_001, 0),
        (100_000, "stepped_up", ("from_one_thousand",), 5_000_000, 100_000),
        (199_999, "stepped_up", ("from_one_thousand",), 5_000_000, 199_999),
        (200_000, "held", ("from_two_thousand", "from_one_thousand"), 5_000_000, 200_000),
        (299_999, "held", ("from_two_thousand", "from_one_thousand"), 5_000_000, 299_999),
        (300_000, "refused", ("from_three_thousand", "from_two_thousand", "from_one_thousand"), 5_000_000, 0),
    ],
)
def test_each_verdict_on_both_sides_of_its_edge(
    ruled: Any, amount: int, result: str, reasons: tuple[str, ...], booked: int, held: int
) -> None:
    answer = ruled.do(ruled.pay("alice", "bob", amount)).answer
    assert (answer.result, answer.reasons) == (result, reasons)
    assert answer.policy == "outgoing_transfer@9"
    assert ruled.money("alice") == (booked, held)
    assert ruled.money("bob") == (5_000_000 - booked, 0)


def review(town: Any, case: str, release: bool, actor: str = "staff:lin") -> Any:
    return town.do(ReviewCase(case=case, release=release, **town.stamp(actor))).answer


def test_a_released_case_posts_the_payment_once(ruled: Any) -> None:
    held = ruled.do(ruled.pay("alice", "bob", 250_000)).answer
    case = ruled.bank._overlay.get(Case, held.case)
    assert (case.status, case.about, case.code) == ("open", held.id, "from_two_thousand")
    assert review(ruled, held.case, True).result == "allowed"
    assert ruled.money("alice") == (4_750_000, 0)
    assert ruled.money("bob") == (250_000, 0)
    again = review(ruled, held.case, True)
    assert again.refusal.code == "case_closed"
    assert ruled.money("bob") == (250_000, 0)


def test_a_refused_case_gives_the_money_back(ruled: Any) -> None:
    held = ruled.do(ruled.pay("alice", "bob", 250_000)).answer
    assert review(ruled, held.case, False).result == "refused"
    assert ruled.money("alice") == (5_000_000, 0)
    assert ruled.bank._overlay.get(Case, held.case).status == "refused"


def test_held_money_cannot_be_spent(ruled: Any) -> None:
    ruled.open("dora", 250_000)
    assert ruled.do(ruled.pay("dora", "bob", 249_999)).answer.result == "held"
    assert ruled.do(ruled.pay("dora", "bob", 1)).answer.result == "allowed"
    answer = ruled.do(ruled.pay("dora", "bob", 1)).answer
    assert (answer.result, answer.refusal.code) == ("refused", "balance_too_low")


def test_only_staff_review_and_never_their_own_payment(ruled: Any) -> None:
    held = ruled.do(ruled.pay("alice", "bob", 250_000)).answer
    assert review(ruled, held.case, True, "customer:alice").refusal.code == "not_allowed"
    assert review(ruled, held.case, True, "staff:alice").refusal.code == "own_work"
    assert review(ruled, "C99999999999", True).refusal.code == "case_not_found"
    assert ruled.money("bob") == (0, 0)


def confirm(town: Any, challenge: str, actor: str = "customer:alice", **other: Any) -> Any:
    shown = {"payee": "bob", "amount_minor": 150_000, "currency": "CNY", "confirm": True} | other
    return town.do(AnswerStepUp(challenge=challenge, **shown, **town.stamp(actor))).answer


def test_a_confirmed_step_up_posts_the_payment_once(ruled: Any) -> None:
    asked = ruled.do(ruled.pay("alice", "bob", 150_000)).answer
    assert confirm(ruled, asked.challenge).result == "allowed"
    assert ruled.money("alice") == (4_850_000, 0)
    assert confirm(ruled, asked.challenge).refusal.code == "challenge_closed"
    assert ruled.money("bob") == (150_000, 0)


@pytest.mark.parametrize(
    "other",
    [{"payee": "mallory"}, {"amount_minor": 149_999}, {"currency": "USD"}],
    ids=str,
)
def test_what_is_confirmed_must_be_what_was_shown(ruled: Any, other: dict[str, Any]) -> None:
    asked = ruled.do(ruled.pay("alice", "bob", 150_000)).answer
    assert confirm(ruled, asked.challenge, **other).refusal.code == "what_was_signed_differs"
    assert ruled.money("alice") == (5_000_000, 150_000)


def test_a_denied_step_up_gives_the_money_back(ruled: Any) -> None:
    asked = ruled.do(ruled.pay("alice", "bob", 150_000)).answer
    assert confirm(ruled, asked.challenge, confirm=False).result == "refused"
    assert ruled.money("alice") == (5_000_000, 0)


@pytest.mark.parametrize(("seconds", "result"), [(598, "allowed"), (601, "refused")])
def test_a_step_up_must_be_answered_in_ten_minutes(ruled: Any, seconds: int, result: str) -> None:
    asked = ruled.do(ruled.pay("alice", "bob", 150_000)).answer
    ruled.later(seconds=seconds)
    answer = confirm(ruled, asked.challenge)
    assert answer.result == result
    assert (answer.refusal is None) == (result == "allowed")
    assert ruled.bank._overlay.get(Challenge, asked.challenge).status == (
        "confirmed" if result == "allowed" else "expired"
    )


def test_nobody_else_answers_a_step_up(ruled: Any) -> None:
    asked = ruled.do(ruled.pay("alice", "bob", 150_000)).answer
    assert confirm(ruled, asked.challenge, "customer:bob").refusal.code == "challenge_not_found"


def test_an_unknown_score_or_feature_goes_to_a_person(town: Any) -> None:
    """Without a device the shipped rules cannot look at it: unknown is never yes."""
    answer = town.do(town.pay("alice", "bob", 1_000)).answer
    assert (answer.result, answer.reasons[0]) == ("held", "input_missing")
    assert town.do(town.pay("alice", "bob", 1_000, device="phone-1")).answer.result == "allowed"


@pytest.mark.parametrize(
    ("payer", "payee", "actor", "code"),
    [
        ("bob", "alice", "customer:bob", "balance_too_low"),
        ("alice", "alice", "customer:alice", "same_account"),
        ("alice", "nobody", "customer:alice", "account_not_found"),
        ("nobody", "alice", "customer:nobody", "account_not_found"),
        ("alice", "bob", "customer:bob", "account_not_found"),
        ("alice", "bob", "robot:x", "not_allowed"),
        ("alice", "bank:cash:CNY", "customer:alice", "account_not_found"),
        ("bank:cash:CNY", "bob", "staff:lin", "account_not_found"),
    ],
)
def test_what_cannot_be_paid_is_refused_by_its_name(
    town: Any, payer: str, payee: str, actor: str, code: str
) -> None:
    answer = town.do(town.pay(payer, payee, 1_000, actor=actor, device="phone-1")).answer
    assert (answer.result, answer.refusal.code) == ("refused", code)
    assert town.money("alice") == (5_000_000, 0)


def test_a_card_payment_is_held_for_a_capture_or_posted_at_once(town: Any) -> None:
    posted = town.do(town.card("alice", "shop", 2_000)).answer
    assert (posted.result, len(posted.movements)) == ("allowed", 1)
    waiting = town.do(town.card("alice", "shop", 3_000, capture=False)).answer
    assert (waiting.result, waiting.movements) == ("allowed", ())
    assert town.money("alice") == (4_998_000, 3_000)


@pytest.mark.parametrize("release", [True, False])
def test_a_held_transfer_holds_its_fee_and_pays_it_when_it_goes(ruled: Any, release: bool) -> None:
    ruled.open("carla", 1_000_000, product="current_usd", currency="USD")
    ruled.open("dave", product="current_usd", currency="USD")
    held = ruled.do(ruled.pay("carla", "dave", 250_000, currency="USD")).answer
    booked, waiting = ruled.money("carla")
    fee = waiting - 250_000
    assert (held.result, booked) == ("held", 1_000_000)
    assert fee > 0, "the product charges for transfers"
    answer = review(ruled, held.case, release)
    assert answer.result == ("allowed" if release else "refused")
    assert ruled.money("carla") == ((750_000 - fee, 0) if release else (1_000_000, 0))
    assert ruled.money("dave") == ((250_000, 0) if release else (0, 0))
    assert ruled.money("bank:fees:USD") == ((fee, 0) if release else (0, 0))


def test_a_reviewed_authorisation_stays_held_until_its_capture(town: Any) -> None:
    answer = town.do(town.card("alice", "shop", 30_000, capture=False)).answer
    assert answer.result == "stepped_up", answer
    shown = {"payee": "bank:card_settlement:CNY", "amount_minor": 30_000}
    assert confirm(town, answer.challenge, **shown).result == "allowed"
    assert town.money("alice") == (5_000_000, 30_000)
    town.later(days=1)
    ask = CaptureCardPayment(
        hold=answer.hold, amount_minor=12_000, currency="CNY", **town.stamp("system:cards")
    )
    assert town.do(ask).answer.refusal is None
    assert town.money("alice") == (4_988_000, 18_000)


def test_a_card_payment_of_nothing_verifies_the_card_and_moves_nothing(town: Any) -> None:
    answer = town.do(town.card("alice", "shop", 0)).answer
    assert (answer.result, answer.movements, answer.hold) == ("allowed", (), "")
    assert town.do(town.card("bob", "shop", 0)).answer.refusal.code == "balance_too_low"
    assert town.money("alice") == (5_000_000, 0)


SCORED = """
name = "card_payment"
version = 9
[[rules]]
code = "any_score"
when = "fraud_score >= 0 and amount_minor >= 5_000"
verdict = "step_up"
weight = 50
says = "The model was asked."
says_zh = "已由模型评分。"
[[rules]]
code = "large"
when = "amount_minor >= 1_000"
verdict = "step_up"
weight = 40
says = "The amount is 10.00 or more."
says_zh = "金额达到10.00或以上。"
"""


def test_the_model_explains_only_what_its_score_decided(town: Any) -> None:
    """What raised the score is sealed, exactly, and adds up; a verdict of other rules has no such reasons."""
    town.do(PublishPolicy(text=SCORED, **town.stamp("system:core")))
    by_rule = town.do(town.card("alice", "shop", 4_000)).answer
    assert (by_rule.reasons, by_rule.because) == (("large",), ())
    by_score = town.do(town.card("alice", "shop", 30_000)).answer
    assert by_score.reasons == ("any_score", "large")
    raised = {part.feature: part.log_odds for part in by_score.because}
    assert raised["amount_minor"] == pytest.approx(3.5)
    assert all(log_odds > 0 for log_odds in raised.values())
