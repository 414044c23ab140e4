"""Family: ties need both sides and end at once; guardians limit and answer, helpers only see."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from jingwei.channels.problems import Problem
from jingwei.channels.rest.family_views import seen, tie_through
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.look_after import LookAfter
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.prefer import Prefer
from jingwei.journeys.table import JOURNEYS
from jingwei.journeys.ties import AcceptTie, EndTie, OfferTie
from jingwei.kernel.command import checked
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.family import ELDER_UNDO_S, USUAL_UNDO_S, Preference, Tie
from jingwei.ledger.work import Challenge

LIMITS = {"payment_minor": 5_000, "day_minor": 8_000, "month_minor": 20_000}


def newcomer(town, who, born, money=100_000, product="current_cny"):
    stamp = town.stamp("system:core")
    person = {"customer": who, "account": who, "name": who, "born": born, "product": product}
    assert town.do(OpenAccount(opening_minor=money, **person, **stamp)).answer.result == "done"


@pytest.fixture
def family(make_town):
    """alice (grown up), her child kid, her mother gran, and bob, who is nobody's."""
    town = make_town("family")
    newcomer(town, "alice", "1985-03-03")
    newcomer(town, "kid", "2014-06-01", product="youth_cny")
    newcomer(town, "gran", "1950-01-01")
    newcomer(town, "bob", "")
    return town


def tie(town, kind, whose, keeper, *, offered_by="", active=True):
    offerer = offered_by or keeper
    asked = OfferTie(kind=kind, whose=whose, keeper=keeper, **town.stamp(f"customer:{offerer}"))
    made = town.do(asked).answer
    assert made.result == "done", made.refusal
    if active:
        other = whose if offerer == keeper else keeper
        assert town.do(AcceptTie(tie=made.made, **town.stamp(f"customer:{other}"))).answer.result == "done"
    return made.made


def code(town, command):
    answer = town.do(command).answer
    return answer.refusal.code if answer.refusal else answer.result


def look_after(town, number, actor="customer:alice", account="kid", **more: Any):
    return LookAfter(tie=number, account=account, **(LIMITS | more), **town.stamp(actor))


def end(town, number, who):
    return code(town, EndTie(tie=number, **town.stamp(who if ":" in who else f"customer:{who}")))


@pytest.fixture
def guarded(family):
    """(town, tie): alice is kid's guardian and set limits of 50, 80 and 200 yuan."""
    number = tie(family, "guardian", "kid", "alice")
    assert code(family, look_after(family, number)) == "done"
    return family, number


def test_a_tie_needs_the_other_sides_yes(family):
    number = tie(family, "guardian", "kid", "alice", active=False)
    for who in ("alice", "bob"):
        told = code(family, AcceptTie(tie=number, **family.stamp(f"customer:{who}")))
        assert told == ("tie_not_open" if who == "alice" else "tie_not_found")
    assert code(family, look_after(family, number)) == "tie_ended"
    with pytest.raises(Problem, match="tie_not_found"):
        tie_through(family.home.store, number, "alice")


@pytest.mark.parametrize(
    ("kind", "whose", "keeper", "actor", "refusal"),
    [
        ("guardian", "kid", "alice", "bob", "tie_not_yours"),
        ("helper", "gran", "gran", "gran", "tie_with_oneself"),
        ("helper", "gran", "ghost", "gran", "customer_not_found"),
        ("guardian", "gran", "alice", "alice", "not_a_child"),
        ("guardian", "bob", "alice", "alice", "not_a_child"),
        ("guardian", "kid", "kid2", "kid", "guardian_too_young"),
        ("guardian", "kid", "ageless", "kid", "guardian_too_young"),
    ],
)
def test_offers_that_make_no_sense(family, kind, whose, keeper, actor, refusal):
    newcomer(family, "kid2", "2012-06-01", product="youth_cny")
    newcomer(family, "ageless", "")
    asked = OfferTie(kind=kind, whose=whose, keeper=keeper, **family.stamp(f"customer:{actor}"))
    assert code(family, asked) == refusal


def test_a_tie_stands_once_and_can_come_again_after_its_end(family):
    number = tie(family, "helper", "gran", "alice")
    again = OfferTie(kind="helper", whose="gran", keeper="alice", **family.stamp("customer:gran"))
    assert code(family, again) == "tie_exists"
    assert end(family, number, "gran") == "done" and end(family, number, "gran") == "tie_ended"
    assert tie(family, "helper", "gran", "alice") != number


def test_either_side_ends_a_tie_but_a_child_not_a_guardians(guarded):
    town, number = guarded
    assert end(town, number, "bob") == "tie_not_found"
    assert end(town, number, "kid") == "child_cannot_end"
    town.later(days=8 * 366)
    assert end(town, number, "kid") == "done", "grown up by now"


def test_a_child_can_turn_an_offer_down_and_the_bank_can_end_a_tie(family):
    offered = tie(family, "guardian", "kid", "alice", active=False)
    assert end(family, offered, "kid") == "done"
    active = tie(family, "guardian", "kid", "alice")
    assert end(family, active, "staff:teller") == "done"


def test_a_guardian_sets_limits_and_freezes(guarded):
    town, number = guarded
    account = town.home.store.load(Account, ["kid"])[0]
    assert (account.limit_payment_minor, account.limit_day_minor) == (5_000, 8_000)
    assert code(town, look_after(town, number, frozen=True)) == "done"
    assert code(town, town.pay("kid", "bob", 100, device="p")) == "account_frozen"
    assert code(town, look_after(town, number)) == "done"
    assert code(town, town.pay("kid", "bob", 100, device="p")) == "allowed"


@pytest.mark.parametrize("direction", ["out", "both"])
@pytest.mark.parametrize("guardian_first", [False, True])
def test_what_the_bank_froze_no_guardian_frees(guarded, direction, guardian_first):
    town, number = guarded
    if guardian_first:
        assert code(town, look_after(town, number, frozen=True)) == "done"
    order = {"account": "kid", "direction": direction}
    assert code(town, FreezeAccount(**order, **town.stamp("staff:reviewer"))) == "done"
    assert code(town, look_after(town, number)) == "frozen_by_bank"
    assert code(town, look_after(town, number, frozen=True, day_minor=7_000)) == "done", "limits still change"
    assert code(town, look_after(town, number)) == "frozen_by_bank", "and nobody claims the bank's freeze"
    assert code(town, town.pay("kid", "bob", 100, device="p")) == "account_frozen"
    assert code(town, FreezeAccount(on=False, **order, **town.stamp("staff:reviewer"))) == "done"
    assert code(town, look_after(town, number, frozen=True)) == "done"
    assert code(town, look_after(town, number)) == "done", "one's own freeze is one's to lift"
    assert code(town, town.pay("kid", "bob", 100, device="p")) == "allowed"


def test_nobody_but_the_guardian_looks_after_and_only_the_childs_own_account(guarded):
    town, number = guarded
    for actor in ("customer:bob", "customer:kid", "customer:gran"):
        assert code(town, look_after(town, number, actor)) == "tie_not_found"
    for account in ("alice", "bob", "ghost", "bank:cash:CNY"):
        assert code(town, look_after(town, number, account=account)) == "account_not_found"
    helper = tie(town, "helper", "gran", "alice")
    assert code(town, look_after(town, helper, account="gran")) == "not_the_guardian"
    end(town, number, "alice")
    assert code(town, look_after(town, number)) == "tie_ended"


def asked_guardian(town, amount=6_000):
    told = town.do(town.pay("kid", "bob", amount, device="p")).answer
    assert told.result == "stepped_up" and told.challenge, told
    return town.home.store.load(Challenge, [told.challenge])[0]


def reply(town, challenge, who, confirm=True):
    shown = {"payee": challenge.payee, "amount_minor": challenge.amount_minor, "currency": "CNY"}
    return AnswerStepUp(challenge=challenge.id, confirm=confirm, **shown, **town.stamp(f"customer:{who}"))


def test_a_childs_payment_above_the_limit_asks_the_guardian(guarded):
    town, _ = guarded
    assert code(town, town.pay("kid", "bob", 5_000, device="p")) == "allowed"
    challenge = asked_guardian(town)
    assert challenge.customer == "alice"
    assert town.money("kid") == (95_000, 6_000) and town.money("bob") == (105_000, 0)
    for who in ("kid", "bob", "gran"):
        assert code(town, reply(town, challenge, who)) == "challenge_not_found"
    assert code(town, reply(town, challenge, "alice")) == "allowed"
    assert town.money("kid") == (89_000, 0) and town.money("bob") == (111_000, 0)


def test_a_guardian_says_no_and_the_money_is_the_childs_again(guarded):
    town, _ = guarded
    assert code(town, reply(town, asked_guardian(town), "alice", confirm=False)) == "refused"
    assert town.money("kid") == (100_000, 0)
    assert code(town, town.pay("kid", "bob", 5_000, device="p")) == "allowed", "the limit is whole"


def test_without_a_guardian_or_money_a_payment_above_the_limit_is_refused(guarded):
    town, number = guarded
    assert code(town, town.pay("kid", "bob", 200_000, device="p")) == "balance_too_low"
    end(town, number, "alice")
    assert code(town, town.pay("kid", "bob", 6_000, device="p")) == "above_payment_limit"


def test_what_a_tie_shows_ends_with_it(guarded):
    town, number = guarded
    town.do(town.pay("kid", "bob", 1_000, device="p"))
    (standing, entries), *_ = seen(town.home.store, tie_through(town.home.store, number, "alice"), 5)
    assert standing.account.id == "kid" and entries[0].amount_minor == -1_000
    for who in ("kid", "bob", ""):
        with pytest.raises(Problem):
            tie_through(town.home.store, number, who)
    end(town, number, "alice")
    with pytest.raises(Problem, match="tie_not_found"):
        tie_through(town.home.store, number, "alice")


FIELDS = {
    "customer": "gran", "payer": "gran", "account": "gran", "payee": "alice", "currency": "CNY",
    "amount_minor": 100, "source": "gran", "whose": "gran", "keeper": "alice", "product": "current_cny",
    "confirm": True, "rate_numerator": 1, "rate_denominator": 1, "text": "x", "payment_minor": 1,
    "day_minor": 1, "month_minor": 1, "opening_minor": 100, "first_day": 20_500,
    "months": 12, "facts": {}, "terms_sha256": "0" * 64, "accept": True,
}  # fmt: skip


def is_choice(hint):
    """Whether a field takes one of some words."""
    return get_origin(hint) is Literal


def tried(town, command, number):
    """This command as the helper alice would try it on gran's account."""
    hints = {field.name: field for field in msgspec.structs.fields(command)}
    fields = {name: FIELDS[name] for name in hints if name in FIELDS}
    fields |= {"tie": number} if "tie" in hints else {}
    fields |= {"kind": "helper"} if command is OfferTie else {}
    named = {name for name, field in hints.items() if field.required} - {"key", "actor", "at", "known_at"}
    fields |= {name: get_args(hints[name].type)[0] for name in named if is_choice(hints[name].type)}
    kinds = {name: hints[name].type for name in named}
    words = {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Enum)}
    fields |= {name: next(iter(kind)) for name, kind in words.items() if name not in fields}
    fields |= {name: "C00000000001" for name in named - set(fields)}
    return checked(command(**fields, **town.stamp("customer:alice")))


def test_a_helper_never_moves_or_changes_anything(family):
    """Every command that customers can give, tried by the helper on the elder's account: nothing changes."""
    number = tie(family, "helper", "gran", "alice")

    def state():
        store = family.home.store
        owned = store.find(Account, "owner", "gran")
        return owned, store.load(Balance, ["gran"]), store.load(Tie, [number])

    before, tries = state(), 0
    for journey in JOURNEYS:
        if "customer" in journey.roles and journey.command is not EndTie:
            family.do(tried(family, journey.command, number))
            assert state() == before, journey.command
            tries += 1
    assert tries >= 12


def test_elder_mode_turns_the_wait_on_and_off_unless_chosen(family):
    def prefer(**chosen):
        family.do(Prefer(**chosen, **family.stamp("customer:gran")))
        kept = family.home.store.load(Preference, ["gran"])[0]
        return bool(kept.elder), kept.undo_s

    assert prefer(elder=True) == (True, ELDER_UNDO_S)
    assert prefer(undo_s=10) == (True, 10)
    assert prefer(elder=True) == (True, 10), "already on: what was chosen stays"
    assert prefer(elder=False) == (False, USUAL_UNDO_S)
    assert prefer(elder=True, undo_s=0) == (True, 0)


@pytest.mark.parametrize("confirm", [True, False])
def test_who_is_no_guardian_any_more_answers_nothing_that_was_asked_before(guarded, confirm):
    town, number = guarded
    challenge = asked_guardian(town)
    end(town, number, "alice")
    assert code(town, reply(town, challenge, "alice", confirm)) == "tie_ended"
    assert town.money("kid") == (100_000, 6_000) and town.money("bob") == (100_000, 0), "it waits to expire"
    tie(town, "guardian", "kid", "gran")
    assert code(town, reply(town, challenge, "gran", confirm)) == "challenge_not_found"
    tie(town, "guardian", "kid", "alice")
    assert code(town, reply(town, challenge, "alice", confirm)) in ("allowed", "refused"), "a guardian again"
    assert town.home.verify().sound
