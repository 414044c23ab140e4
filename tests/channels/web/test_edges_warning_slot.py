"""Early warnings on the page of credit models; a model whose file is lost is said, points by hand warn."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.channels.web.browser import Browser
from tests.channels.web.test_credit_models_page import PAGE, post

from jingwei.channels.demo_models import bring
from jingwei.channels.demo_warning import troubled
from jingwei.channels.lending.warning import serving, warnings_due
from jingwei.channels.lending.warning_looks import WEEKS, known_rows, looked_at, looks
from jingwei.domains.credit.early_warning import NAMES, NEVER, Loans, Watched
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.schedule import unpack
from jingwei.domains.credit.warnings import EARLY_WARNING, FIRST_MODEL, SERVED
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.purpose import Purpose
from jingwei.models.registry import Champion, champions

OWNER, REVIEWER = "staff:model_owner", "staff:reviewer"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("warning_slot") / "home")
    troubled(one.home)
    yield one
    one.close()


def candidate(browser):
    """The digest of the model that comes with the demo bank for this slot."""
    registry = browser.home.registry
    found = [one for one in bring(registry) if registry.load(one).card.name.startswith(EARLY_WARNING)]
    assert len(found) == 1 and set(registry.load(found[0]).features) <= set(SERVED)
    return found[0]


def section(page):
    return page.partition('id="s-early_warning"')[2]


def lost(browser, digest):
    """Take a model's file away; return what puts it back."""
    path = browser.home.registry.root / "files" / digest
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    return lambda: path.write_bytes(content)


def test_a_second_person_approves_it_and_it_warns_at_once(browser):
    digest = candidate(browser)
    browser.sign_in(REVIEWER)
    before = section(browser.get(PAGE).text)
    assert "points made by hand warn" in before and digest[:16] in before
    assert "learned from SIMULATED data" in before and "only a scorecard decides" not in before
    assert serving(browser.home).model is FIRST_MODEL
    told = post(browser, f"{PAGE}/early_warning/approve", digest=digest, why="read the card")
    assert told.status_code == 303 and serving(browser.home).name == digest[:12]
    page = section(browser.get(PAGE).text)
    assert "Champion: it warns" in page and "instalments were looked at; the first batch needs 50" in page
    assert "现用模型（发出预警）" in section(browser.get(PAGE, params={"lang": "zh"}).text)


def test_a_lost_file_is_said_on_page_and_health_and_the_points_by_hand_warn_on(browser):
    digest = serving(browser.home).name
    digest = next(one for one in (candidate(browser),) if one.startswith(digest))
    back = lost(browser, digest)
    browser.sign_in(REVIEWER)
    assert serving(browser.home).model is FIRST_MODEL
    assert warnings_due(browser.home.store, serving(browser.home), browser.clock.now()) is not None
    page = section(browser.get(PAGE).text)
    assert digest[:16] in page and "points made by hand warn until it is back" in page
    assert "丢失或损坏" in section(browser.get(PAGE, params={"lang": "zh"}).text)
    assert EARLY_WARNING in browser.get("/health").json()["why"]
    back()
    assert serving(browser.home).name == digest[:12] and browser.home.warnings == {}
    assert "why" not in browser.get("/health").json()


def test_the_challenger_scores_the_same_rows(browser):
    registry, clock = browser.home.registry, browser.clock
    champion = registry.champion(EARLY_WARNING)
    found = looks(browser.home.store, clock.now())
    told = looked_at(found, champion, Champion("f" * 64, FIRST_MODEL))
    assert len(told) == len(found) >= 2
    row = np.array([[told[0].values[name] for name in NAMES]])
    assert told[0].sealed.challenger_chance == FIRST_MODEL.bind(NAMES)(row)[0]
    assert told[0].sealed.champion.endswith(champion.digest[:12])


def test_each_instalment_is_looked_at_once_before_it_was_known_and_only_with_consent(browser):
    home, now = browser.home, browser.clock.now()
    found = looks(home.store, now)
    loans = home.store.page(Loan)
    due = [one.day for loan in loans for one in unpack(loan.plan)]
    assert 2 <= len(found) <= len(due) and [one.at for one in found] == sorted(one.at for one in found)
    for one in found:
        day = bank_day(one.at) - 1
        assert day_start(bank_day(now) - 7 * WEEKS) <= one.at <= now and set(one.values) == set(NAMES)
        assert day + one.values["days_to_due"] in due
        assert one.bad is None or one.at < now
    who = loans[0].customer
    stamp = {"key": "no more", "actor": f"customer:{who}", "at": now, "known_at": now}
    home.bank.do([WithdrawConsent(customer=who, purpose=Purpose.CREDIT, **stamp)])
    assert len(looks(home.store, now)) < len(found)


def test_an_instalment_seen_in_many_weeks_is_one_row(browser):
    held = Loans(np.zeros(1, np.int64), np.array([[100, 130]]), np.array([[101, NEVER]]), np.ones((1, 2)))
    every = Watched(np.zeros(6, np.int64), np.array([0, 0, 0, 1, 1, 1]), np.arange(90, 96))
    rows = known_rows(every, held)
    assert [(due, paid, bad) for _, _, due, paid, bad in rows] == [(100, 101, False), (130, NEVER, True)]


def test_steps_back_go_back_one_model_each(browser):
    registry = browser.home.registry
    first = registry.load(candidate(browser))
    for version in ("2", "3"):
        other = first.with_card(msgspec.structs.replace(first.card, version=version))
        registry.approve(EARLY_WARNING, registry.save(other), who="staff:bo", why="newer", at=1)
    line = champions(registry.history(EARLY_WARNING))[-3:]
    for actor, expected in ((REVIEWER, line[1]), (OWNER, line[0])):
        browser.sign_in(actor)
        assert post(browser, f"{PAGE}/early_warning/back", reason="worse").status_code == 303
        assert registry.champion(EARLY_WARNING).digest == expected
