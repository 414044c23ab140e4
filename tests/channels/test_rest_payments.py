"""Payments over HTTP: decided once, answered the same bytes, joined into batches without any difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.channels.counter import Counter, Talk

from jingwei.kernel.clock import DAY


def test_a_small_payment_is_allowed_and_booked(town: Talk):
    before = town.get("/v1/accounts/bob").json()["booked_minor"]
    told = town.pay()
    assert told.status_code == 201
    body = told.json()
    assert body["result"] == "allowed"
    assert (body["amount"], body["amount_minor"], body["currency"]) == ("12.30", 1230, "CNY")
    assert body["zh"] == "付款已完成。"
    assert town.get("/v1/accounts/bob").json()["booked_minor"] == before + 1230


def test_a_large_payment_to_a_new_payee_is_stepped_up_with_reasons_in_both_languages(town: Talk):
    body = town.pay(to="carol", amount="6000.00").json()
    assert body["result"] == "stepped_up"
    assert body["challenge"].startswith("S") and body["hold"].startswith("H")
    reason = body["reasons"][0]
    assert reason["code"] and "您" in reason["zh"] and reason["en"].isascii()


def test_a_very_large_payment_to_a_new_payee_waits_for_a_person(town: Talk):
    town.pay(amount="1.00")
    town.counter.clock.at += 2 * DAY
    body = town.pay(to=town.newcomer(), amount="60000.00").json()
    assert (body["result"], body["case"][:1]) == ("held", "C")


def test_a_takeover_is_refused_in_words(town: Talk):
    told = town.pay(to=town.newcomer(), amount="200000.00", device="never-seen")
    assert told.status_code == 201
    body = told.json()
    assert body["result"] == "refused"
    assert body["refusal"]["code"] == "payment_refused"
    assert body["reasons"][0]["code"] == "takeover_pattern"


def test_too_little_money_is_a_decision_too(town: Talk):
    body = town.pay("carol", "bob", "4999.00").json()
    assert body["result"] in ("allowed", "stepped_up")
    body = town.pay("carol", "bob", "4999.00").json()
    assert (body["result"], body["refusal"]["code"]) == ("refused", "balance_too_low")
    assert "1.00 CNY" in body["refusal"]["en"] and "1.00 CNY" in body["refusal"]["zh"]


def test_a_customer_never_sees_a_score(town: Talk):
    mine = town.pay().json()
    assert "score" not in mine and "model" not in mine
    theirs = town.card().json()
    assert 0 <= theirs["score"] <= 1 and theirs["model"]
    seen = town.get(f"/v1/decisions/{mine['id']}", "customer:alice").text
    assert "score" not in seen and "because" not in seen


def test_missing_and_foreign_accounts_look_alike(town: Talk):
    missing = town.pay("alice", payer="nobody")
    foreign = town.pay("alice", payer="bob")
    assert missing.status_code == foreign.status_code == 404
    first, second = missing.json(), foreign.json()
    assert first.pop("decision") != second.pop("decision")
    assert first == second


def test_a_foreign_payer_does_not_count_against_its_owner(town: Talk):
    """Whoever tries bob's account as payer must not fill bob's windows: features follow who asks."""
    for _ in range(30):
        assert town.pay("mallory", "alice", "1.00", payer="bob").status_code == 404
    assert town.pay("bob", "alice", "1.00").json()["result"] == "allowed"


@pytest.mark.parametrize("amount", ["12.30", "6000.00", "200000.00"])
def test_the_same_key_gives_the_same_bytes(town: Talk, amount: str):
    body: dict[str, Any] = {"to": "mallory", "amount": amount, "key": town.counter.key(), "device": "new"}
    first, again = town.pay(**body), town.pay(**body)
    assert first.content == again.content and first.status_code == again.status_code == 201
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_a_problem_is_replayed_with_the_same_bytes_too(town: Talk):
    key = town.counter.key()
    first, again = town.pay(to="nobody", key=key), town.pay(to="nobody", key=key)
    assert first.content == again.content and first.status_code == 404
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_used_for_another_request_is_refused(town: Talk):
    key = town.counter.key()
    town.pay(key=key)
    told = town.pay(key=key, amount="12.31")
    assert told.status_code == 422
    assert told.json()["code"] == "key_used_for_another"
    assert told.headers["content-type"] == "application/problem+json"


def test_keys_are_each_actors_own(town: Talk):
    key = town.counter.key()
    assert (
        town.pay("alice", "bob", "1.00", key).json()["id"]
        != town.pay("bob", "alice", "1.00", key).json()["id"]
    )


def test_a_payer_opened_between_two_tries_does_not_spoil_the_key(town: Talk):
    """The same bytes come back even though the payer's owner is known by now."""
    key = town.counter.key()
    first = town.card("late", key=key)
    assert first.status_code == 404
    opened = town.post(
        "/v1/customers", {"customer": "late", "name": "Late", "product": "current_cny", "account": "late"}
    )
    assert opened.status_code == 201
    again = town.card("late", key=key)
    assert again.content == first.content and again.headers["idempotent-replayed"] == "true"


def test_a_card_payment_can_be_held_then_captured_in_parts_and_released(town: Talk):
    held = town.card(amount="50.00", capture=False).json()
    assert (held["result"], held["zh"]) == ("allowed", "金额已预授权。")
    part = town.post(f"/v1/holds/{held['hold']}/captures", {"amount": "20.00", "currency": "CNY"})
    assert part.json()["movements"][0]["amount_minor"] == 2000
    over = town.post(f"/v1/holds/{held['hold']}/captures", {"amount": "30.01", "currency": "CNY"})
    assert (over.status_code, over.json()["code"]) == (422, "above_held_amount")
    assert town.post(f"/v1/holds/{held['hold']}/release", {}).status_code == 200
    late = town.post(f"/v1/holds/{held['hold']}/release", {})
    assert (late.status_code, late.json()["code"]) == (409, "hold_not_active")


# ---- joining: many requests waiting together


def asked(counter: Counter, number: int) -> dict[str, Any]:
    """The n-th request of a fixed mixture of transfers, cards, repeated keys and mistakes."""
    amounts = ("1.00", "7000.00", "99999.00", "0.01")
    body: dict[str, Any] = {"payer": "alice", "amount": amounts[number % 4], "currency": "CNY"}
    if number % 3 == 0:
        body |= {"type": "card", "terminal": f"T{number % 5}"}
    else:
        body |= {"payee": ("bob", "carol", "nobody")[number % 3], "device": "phone"}
    head = counter.head("system:core", f"mix-{number - (number % 7 == 6)}")
    return {"method": "POST", "url": "/v1/payments", "json": body, "headers": head}


def test_joined_requests_come_out_as_one_by_one(tmp_path: Path):
    """Same answers, same records, same root: how requests fall into batches makes no difference."""
    roots, answers, sizes = [], [], []
    for together in (True, False):
        talk = Talk(Counter(tmp_path / str(together)))
        calls = [asked(talk.counter, number) for number in range(60)]
        told = talk.together(calls) if together else [talk.ask(**call) for call in calls]
        answers.append([(one.status_code, one.content) for one in told])
        roots.append(talk.counter.home.store.root())
        figures = dict(line.rsplit(" ", 1) for line in talk.get("/metrics").text.splitlines())
        alone, all_of_them = 'jingwei_batch_commands_bucket{le="1.0"}', "jingwei_batch_commands_count"
        sizes.append(figures[alone] == figures[all_of_them])
        talk.close()
    assert sizes == [False, True]
    assert answers[0] == answers[1]
    assert roots[0] == roots[1]
    assert {status for status, _ in answers[0]} >= {201, 404, 422}


def test_fifty_waiting_with_one_key_are_paid_once(tmp_path: Path):
    talk = Talk(Counter(tmp_path))
    body = {"payer": "alice", "payee": "bob", "amount": "5.00", "currency": "CNY", "device": "phone"}
    call = {
        "method": "POST",
        "url": "/v1/payments",
        "json": body,
        "headers": talk.counter.head("customer:alice", "one"),
    }
    told = talk.together([call] * 50)
    assert len({one.content for one in told}) == 1
    assert sum("idempotent-replayed" not in one.headers for one in told) == 1
    assert talk.get("/v1/accounts/bob").json()["booked"] == "50005.00"
    talk.close()
