"""Offers: only with consent, never too many, chosen by known chances, and done again the same."""

from __future__ import annotations

import random

import pytest
from tests.offers.office import FACTS, HELD, RULES, SHOWN, START, Office, code

from jingwei.domains.offers.bandit import PPM, Arm, best_chances, chances, choose
from jingwei.domains.offers.catalogue import CatalogueError, read_catalogue, spread
from jingwei.domains.offers.experiment import Arms, effect, people_needed
from jingwei.domains.offers.showing import OfferArm, Offering, fitting
from jingwei.domains.tags.audiences import Audience, AudienceExport
from jingwei.journeys.answer_offer import AnswerOffer
from jingwei.journeys.export_audience import ExportAudience
from jingwei.journeys.save_audience import SaveAudience
from jingwei.journeys.show_offer import ShowOffer
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import DataClass, Purpose


def test_no_offer_without_consent_to_every_kind_of_data_it_rests_on(office: Office):
    assert code(office.show(SHOWN)) == "consent_missing"
    office.agree(SHOWN, data=(DataClass.IDENTITY, DataClass.TRANSACTIONS))
    assert code(office.show(SHOWN)) == "consent_missing"
    office.agree(SHOWN)
    assert office.show(SHOWN).made
    office.do(WithdrawConsent, f"customer:{SHOWN}", customer=SHOWN, purpose=Purpose.MARKETING)
    office.clock.advance(60 * DAY)
    assert code(office.show(SHOWN)) == "consent_missing"


def test_an_offer_is_counted_rests_and_is_not_shown_again_once_turned_down(office: Office):
    office.agree(SHOWN)
    first = office.show(SHOWN)
    shown = office.home.store.load(Offering, [first.made])[0]
    assert shown.state == "open" and shown.need == "payday"
    event = first.events[0]
    assert shown.offer in event.among and 0 < event.chance_ppm <= PPM
    assert code(office.show(SHOWN)) == "offer_none"  # rests for days
    no = office.do(AnswerOffer, f"customer:{SHOWN}", offering=first.made, answer="not_interested")
    assert code(no) == ""
    again = office.do(AnswerOffer, f"customer:{SHOWN}", offering=first.made, answer="taken")
    assert code(again) == "offer_answered"
    seen = set()
    for _ in range(3):
        office.clock.advance(11 * DAY)
        told = office.show(SHOWN)
        seen |= {event.offer for event in told.events}
    assert shown.offer not in seen and seen


def test_an_offer_taken_counts_for_its_context_and_who_is_foreign_sees_nothing(office: Office):
    office.agree(SHOWN)
    made = office.show(SHOWN).made
    foreign = office.do(AnswerOffer, f"customer:{HELD}", offering=made, answer="taken")
    assert code(foreign) == "offer_not_found"
    assert code(office.do(AnswerOffer, "staff:customer_manager", offering=made, answer="no_answer")) == ""
    assert code(office.do(AnswerOffer, "staff:customer_manager", offering=made, answer="taken")) == ""
    offering = office.home.store.load(Offering, [made])[0]
    arm = office.home.store.load(OfferArm, [f"{offering.cell}~{offering.offer}"])[0]
    assert (arm.shown, arm.taken, offering.state, offering.tries) == (1, 1, "taken", 1)


def test_the_control_group_is_shown_nothing_and_counts_for_no_offer(office: Office):
    office.agree(HELD)
    answer = office.show(HELD)
    offering = office.home.store.load(Offering, [answer.made])[0]
    assert offering.state == "control" and answer.events[0].withheld
    assert not office.home.store.page(OfferArm)
    told = office.do(AnswerOffer, f"customer:{HELD}", offering=answer.made, answer="taken")
    assert code(told) == "offer_not_found"


def test_what_no_offer_reads_is_not_taken_and_others_are_not_asked_for(office: Office):
    office.agree(SHOWN)
    assert code(office.show(SHOWN, card_baby_sum_7d=3)) == "offer_facts_unknown"
    told = office.do(ShowOffer, f"customer:{HELD}", customer=SHOWN, facts=FACTS)
    assert code(told) == "customer_not_found"


def test_unknown_facts_are_never_a_yes():
    known = fitting(RULES, FACTS, ("payday",), [], START)
    assert "payday_pot" in {one.id for one in known}
    less = {name: value for name, value in FACTS.items() if name != "income_wage_count_90d"}
    assert "payday_pot" not in {one.id for one in fitting(RULES, less, ("payday",), [], START)}
    assert not any(one.needs for one in fitting(RULES, FACTS, (), [], START))


def test_the_limits_hold_on_both_sides_of_their_edges():
    def made(days: int, offer: str = "home_talk", state: str = "open") -> Offering:
        at = START - days * DAY
        return Offering(f"O{days}", "a", offer, "", "", state, at, at if state != "open" else 0, 1)

    fits = lambda *before: fitting(RULES, FACTS, ("payday",), before, START)  # noqa: E731
    assert not fits(made(2)) and fits(made(3))
    assert not fits(made(29), made(20), made(10)) and fits(made(30), made(20), made(10))
    ids = lambda *before: {one.id for one in fits(*before)}  # noqa: E731
    assert "payday_pot" not in ids(made(89, "payday_pot", "not_interested"))
    assert "payday_pot" in ids(made(90, "payday_pot", "not_interested"))
    assert "payday_pot" not in ids(made(9, "payday_pot"), made(5, "payday_pot"))


def test_chances_add_up_favour_the_better_and_leave_everyone_a_part():
    arms = [Arm("a", 1000, 100), Arm("b", 1000, 20), Arm("c", 0, 0)]
    shares = chances(arms, 50_000)
    assert sum(shares) == PPM and min(shares) >= 16_666
    assert shares[0] > 5 * shares[1]
    equal = chances([Arm("a", 50, 3), Arm("b", 50, 3)], 0)
    assert equal == [500_000, 500_000]
    assert chances([Arm("a", 5, 5)], 50_000) == [PPM]


def test_integrated_chances_are_what_drawing_gives():
    rng = random.Random(1)
    counts = ((40, 3), (25, 3), (200, 9))
    wins = [0, 0, 0]
    for _ in range(20_000):
        drawn = [rng.betavariate(1 + taken, 19 + shown - taken) for shown, taken in counts]
        wins[drawn.index(max(drawn))] += 1
    for chance, won in zip(best_chances(counts), wins, strict=True):
        assert chance == pytest.approx(won / 20_000, abs=0.012)


def test_the_draw_falls_in_proportion():
    shares, fell = [700_000, 250_000, 50_000], [0, 0, 0]
    for n in range(20_000):
        fell[choose(shares, spread("salt", str(n)))] += 1
    assert [one / 20_000 for one in fell] == pytest.approx([0.7, 0.25, 0.05], abs=0.015)
    assert choose(shares, 0) == 0 and choose(shares, 2**64 - 1) == 2
    held = sum(RULES.in_control(f"p{n:06d}") for n in range(10_000))
    assert held == pytest.approx(1_000, abs=100)


def test_a_catalogue_with_a_mistake_says_where():
    good = "needs = []\n"
    text = """
version = 1
salt = "s"
control_percent = 10
explore_ppm = 1
limits = {shows = 1, days = 1, rest_days = 1}
experiment = {name = "n", metric = "m", base_ppm = 1, least_ppm = 1, alpha_ppm = 1, power_ppm = 1}
[[offer]]
id = "a"
eligible = "age > 1"
suitable = "age > 1"
cap = 1
quiet_days = 1
name = {en = "a", zh = "a"}
reason = {en = "a", zh = "a"}
text = {en = "a", zh = "a"}
to = "/app"
counts = "pot"
"""
    assert read_catalogue(text + good, ["age"], [])
    with pytest.raises(CatalogueError, match="a, eligible: .*unknown name"):
        read_catalogue(text, ["ages"], [])
    with pytest.raises(CatalogueError, match="'x' is not a need"):
        read_catalogue(text + 'needs = ["x"]\n', ["age"], [])
    with pytest.raises(CatalogueError):
        read_catalogue(text + "colour = 1\n", ["age"], [])


def test_an_experiment_is_read_only_when_enough_took_part():
    shown, control = people_needed(RULES.experiment, RULES.control_percent)
    assert shown == pytest.approx(control * 9, abs=9)
    few = effect(RULES.experiment, Arms(shown, 300, control - 1, 8), RULES.control_percent)
    enough = effect(RULES.experiment, Arms(shown, 300, control, 8), RULES.control_percent)
    assert enough.readable and not few.readable
    # Newcombe 1998, Table II, example (a): 56/70 - 48/80 by method 10: 0.0524 to 0.3339
    told = effect(RULES.experiment, Arms(70, 56, 80, 48), 10)
    assert (told.low, told.high) == pytest.approx((0.0524, 0.3339), abs=2e-4)


def test_audiences_are_saved_in_versions_and_exports_are_sealed(office: Office):
    staff = "staff:customer_manager"
    save = lambda text: office.do(SaveAudience, staff, name="有娃家庭", condition=text)  # noqa: E731
    assert code(save("card_baby_count_30d >= 2")) == ""
    assert code(save("card_baby_count_30d >= 2")) == "audience_same"
    assert code(save("card_baby_count_30d >= 3")) == ""
    assert code(save("sign_in_second_count_7d >= 3")) == "audience_not_valid"
    assert code(save("1; drop table")) == "audience_not_valid"
    kept = office.home.store.find(Audience, "name", "有娃家庭")
    assert [one.version for one in kept] == [1, 2]
    fields = {"rows": 3, "withheld": 9, "digest": "0" * 64, "why": "letters"}
    assert code(office.do(ExportAudience, staff, audience="none.00001", **fields)) == "audience_not_found"
    made = office.do(ExportAudience, staff, audience=kept[1].id, **fields).made
    export = office.home.store.load(AudienceExport, [made])[0]
    assert (export.by, export.rows, export.withheld, export.version) == (staff, 3, 9, 2)
