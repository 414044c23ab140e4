"""The page of credit models: a second person approves with reasons, a challenger, one step back, drift."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest
from tests.channels.web.browser import Browser
from tests.learning.test_credit_training import LESSON, REASON, alarmed, asked, learned, loans

from jingwei.channels.demo_models import bring
from jingwei.domains.credit.trained_score import ScorecardInUse, numbers_of
from jingwei.kernel.clock import SECOND
from jingwei.learning.credit_training import governance_of, keep
from jingwei.learning.credit_watch import BATCH, Applied, Sealed, compare, scored_rows, watch
from jingwei.models.contract import ModelError

OWNER, REVIEWER, TELLER = "staff:model_owner", "staff:reviewer", "staff:teller"
PAGE = "/desk/models/credit"


@pytest.fixture(scope="module")
def trained():
    lesson = msgspec.structs.replace(LESSON, protected=(), by=OWNER)
    return learned(loans(), lesson)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("credit_models") / "home")
    yield one
    one.close()


def post(browser, path, **fields):
    browser.clock.advance(SECOND)
    here = {"form_token": browser.token("/desk"), "key": f"form-{browser.clock.now()}"}
    return browser.post(path, **(here | fields))


def test_only_who_owns_rules_and_models_gets_in(browser):
    browser.sign_in(TELLER)
    assert browser.get(PAGE).status_code == 403
    browser.sign_in(REVIEWER)
    assert "Small companies" in browser.get(PAGE).text


def test_the_demo_has_candidates_that_are_said_to_be_simulated(browser):
    digests = bring(browser.home.registry)
    assert len(digests) >= 2 and bring(browser.home.registry) == digests
    for digest in digests:
        told = governance_of(browser.home.registry.load(digest).card)
        assert told.simulated and told.trained_by == "system:training" and told.canaries
    browser.sign_in(REVIEWER)
    page = browser.get(PAGE).text
    assert "learned from SIMULATED data" in page and digests[0][:16] in page
    zh = browser.get(PAGE, params={"lang": "zh"}).text
    assert "由模拟数据训练" in zh
    assert set(re.findall(r"<code>([a-z]\w*_\w+)</code>", zh)) == set(), "every column has words"
    assert "no company is scored" not in page and "hand-made scorecard for companies scores" in page
    assert "Approve: let it warn" in page


def test_a_second_person_approves_with_reasons_and_the_card_scores_loans(browser, trained):
    registry = browser.home.registry
    told = keep(registry, trained, msgspec.structs.replace(LESSON, protected=(), by=OWNER))
    first, trees = told["scorecard"]["digest"], told["boosting"]["digest"]
    gap = governance_of(alarmed_card(trained.scorecard).card)
    second = registry.save(alarmed_card(trained.scorecard))
    browser.sign_in(OWNER)
    refused = post(browser, f"{PAGE}/credit/approve", digest=first, why="mine")
    assert refused.status_code == 422 and "A second person approves it" in refused.text
    browser.sign_in(REVIEWER)
    assert post(browser, f"{PAGE}/credit/approve", digest="0" * 64, why="x").status_code == 404
    assert "only a scorecard decides" in post(browser, f"{PAGE}/credit/approve", digest=trees, why="x").text
    assert post(browser, f"{PAGE}/credit/approve", digest=first, why="read the card").status_code == 303
    kept = browser.home.store.load(ScorecardInUse, ["credit"])[0]
    assert kept.digest == first == registry.champion("credit").digest and kept.lines
    assert "nobody has written why" in post(browser, f"{PAGE}/credit/approve", digest=second, why="x").text
    reasons = {f"gap:{one.code}": REASON for one in gap.alarms()}
    assert post(browser, f"{PAGE}/credit/approve", digest=second, why="better", **reasons).status_code == 303
    assert REASON in browser.get(PAGE).text and in_use(browser) == second
    assert post(browser, f"{PAGE}/credit/challenge", digest=trees, why="try").status_code == 303
    assert "scores along and decides nothing" in browser.get(PAGE).text
    assert post(browser, f"{PAGE}/credit/back", reason="worse").status_code == 422
    browser.sign_in(OWNER)
    assert post(browser, f"{PAGE}/credit/back", reason="worse").status_code == 303
    assert in_use(browser) == first
    browser.home.found()
    assert in_use(browser) == first


def alarmed_card(model):
    """The same card with a gap that is an alarm, under another version."""
    from jingwei.models.governance import Gap

    told = governance_of(model.card)
    gaps = (Gap("sex", "good_refused", "f", "m", 0.1, 0.05, 0.15, 0.5, True),)
    told = msgspec.structs.replace(told, gaps=gaps, protected=("sex",))
    return model.with_card(msgspec.structs.replace(model.card, version="2", governance=told))


def in_use(browser):
    """The digest of the card that scores loans."""
    return browser.home.store.load(ScorecardInUse, ["credit"])[0].digest


def stream(count, shift=0.0, seed=3):
    """Applications drawn like those learned from; `shift` is added to the days with money in the account."""
    rows = loans(count, seed)
    bad = rows.column("went") == "bad"
    names = list(numbers_of(asked()))
    columns = {name: rows.column(name) + shift * (name == "balance_days") for name in names}
    return [Applied(at, {name: columns[name][at] for name in names}, bool(bad[at])) for at in range(count)]


def test_drift_is_seen_in_what_came_in_and_nothing_else_is(trained):
    model, told = trained.scorecard, governance_of(trained.scorecard.card)
    base = model.card.span.positives / model.card.span.rows
    calm = watch(model, told, base, stream(12 * BATCH + 7))
    assert len(calm.batches) == 12 and calm.waiting == 7 and not calm.alarms
    moved = watch(model, told, base, stream(8 * BATCH, shift=40.0))
    assert "balance_days" in {what for _, what in moved.alarms if "balance_days" in model.features}
    odd = [one._replace(values={}) for one in stream(3)]
    assert watch(model, told, base, odd).batches == ()


def test_champion_and_challenger_are_compared_by_what_was_sealed_and_by_nothing_else(trained):
    first = governance_of(trained.scorecard.card).cut_off, governance_of(trained.boosting.card).cut_off
    pair = ("a" * 64, first[0]), ("b" * 64, first[1])
    rows = beside(trained, stream(600))
    found = compare(*pair, rows)
    assert found.applications == 600 and 0.05 < found.champion_refuses < 0.4 and 0 < found.differ < 0.3
    assert found.known == 600 and found.auc is not None and found.gain[1] < found.gain[0] < found.gain[2]
    assert compare(*pair, [*rows[:40], *stream(40)]).applications == 40
    assert compare(*pair, rows[:40]).auc is None
    other = [one._replace(sealed=one.sealed._replace(champion="card@cccccccccccc")) for one in rows]
    assert compare(*pair, other).applications == 0
    assert compare(pair[0], ("c" * 64, first[1]), rows).applications == 0


def beside(trained, rows):
    """These applications as if decided by the scorecard `a` with the trees `b` beside."""
    first, second = (scored_rows(one, rows).scores for one in (trained.scorecard, trained.boosting))
    pairs = zip(rows, first, second, strict=True)
    return [row._replace(sealed=Sealed("card@aaaaaaaaaaaa", "b" * 64, *pair)) for row, *pair in pairs]


def test_chance_is_not_approved(browser, trained):
    told = governance_of(trained.scorecard.card)
    weak = msgspec.structs.replace(told, intervals={"auc": (0.49, 0.6)})
    card = msgspec.structs.replace(trained.scorecard.card, governance=weak)
    digest = browser.home.registry.save(trained.scorecard.with_card(card))
    with pytest.raises(ModelError, match="cannot be told from chance"):
        browser.home.registry.approve("credit", digest, who=REVIEWER, why="x", at=1)
    assert np.isfinite(told.cut_off) and alarmed(trained.scorecard, "").card.governance.gaps == ()
