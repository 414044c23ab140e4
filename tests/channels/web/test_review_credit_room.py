"""Which applications a model is watched on: those it scores, by the very rule that decides."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.channels.web.browser import Browser
from tests.learning.test_credit_training import asked

from jingwei.channels.web.staff.oversight.credit_room import applications
from jingwei.domains.credit.applying import text_of
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.trained_score import CREDIT, THIN_FILE, ScorecardInUse
from jingwei.kernel.clock import SECOND
from jingwei.models.card import Card
from jingwei.models.points import Points, PointsModel
from jingwei.models.registry import Approval


def applied(at: int, loans: int = 0, **bureau: int) -> LoanApplication:
    """An application decided on these inputs."""
    inputs = replace(asked(debts=0, **bureau) if "debts" not in bureau else asked(**bureau), own_loans=loans)
    return LoanApplication(
        f"Q{at}", "dora", "personal_loan@1", "dora", 1, "CNY", 12, "refused", at, "D1", inputs=text_of(inputs)
    )


@pytest.fixture
def browser(tmp_path):
    one = Browser(tmp_path / "home")
    yield one
    one.close()


def approved(browser, slot: str, bases: tuple[float, ...]) -> list[str]:
    """Small cards put into a slot one after the other; the last one scores."""
    registry, digests = browser.home.registry, []
    (registry.root / "slots").mkdir(parents=True, exist_ok=True)
    for base in bases:
        says = ("A card made for a test.", "测试用评分卡。")
        card = Card(f"card {base}", "1", *says, ("balance_days",), "a test", 1)
        line = Points("balance_days", (30.0,), (0.8, -0.7))
        digests.append(registry.save(PointsModel(card, base, (line,))))
        registry._append(Approval(0, slot, "approve", digests[-1], "system:training", "for a test", 1, ""))
    browser.home.found()
    return digests


def test_one_can_step_back_twice_and_each_step_is_what_it_says(browser):
    """Each time by somebody else; the books and the registry say the same."""
    first, second, third = approved(browser, CREDIT, (-3.0, -2.0, -1.0))

    def in_use() -> str:
        return browser.home.store.load(ScorecardInUse, [CREDIT])[0].digest

    assert in_use() == third
    for actor, wanted in (("staff:model_owner", second), ("staff:reviewer", first)):
        browser.clock.advance(SECOND)
        browser.sign_in(actor)
        here = {"form_token": browser.token("/desk"), "key": f"form-{browser.clock.now()}"}
        told = browser.post(f"/desk/models/credit/{CREDIT}/back", reason="worse", **here)
        assert told.status_code == 303 and in_use() == wanted
        assert browser.home.registry.champion(CREDIT).digest == wanted


class Kept:
    """A reader that knows these things alone."""

    def __init__(self, *things):
        self.things = things

    def page(self, kind, *, after="", limit=100):
        return [one for one in self.things if type(one) is kind and one.id > after][:limit]

    def load(self, kind, ids):
        return [one for one in self.things if type(one) is kind and one.id in ids]


@pytest.mark.parametrize("in_use", [False, True])
def test_a_thin_file_is_what_the_decision_takes_for_one(in_use):
    """Asked about by other lenders, or with a loan here: not thin, though no debt is reported."""
    told = [applied(0), applied(1, inquiries=2), applied(2, loans=1), applied(3, debts=1)]
    card = [ScorecardInUse(THIN_FILE, "d" * 64, "card", "[]")] if in_use else []
    found = applications(Kept(*told, *card), 10**15)
    assert [one.at for one in found[THIN_FILE]] == [0]
    assert [one.at for one in found[CREDIT]] == ([1, 2, 3] if in_use else [0, 1, 2, 3])


def test_a_bank_nobody_asked_has_nothing_in_any_slot():
    assert applications(Kept(), 0) == {"credit": (), "thin_file": (), "company": ()}
