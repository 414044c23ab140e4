"""The oversight pages: who gets in, a rule changed by two people and rolled back, models, log, board."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.web.staff import oversight
from jingwei.channels.web.staff.oversight.charts import Column, columns
from jingwei.channels.web.staff.oversight.drift import calibration, drift
from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.journeys.pay import Pay
from jingwei.journeys.report_fraud import ReportFraud
from jingwei.kernel.clock import HOUR, SECOND
from jingwei.models.points import PointsModel
from jingwei.stores.store import StoreError

OWNER, REVIEWER, AUDITOR, TELLER = "staff:model_owner", "staff:reviewer", "staff:auditor", "staff:teller"
OPEN_TO = {
    "/desk/rules": (OWNER, REVIEWER),
    "/desk/rules/outgoing_transfer/edit": (OWNER, REVIEWER),
    "/desk/models": (OWNER, REVIEWER),
    "/desk/audit": (AUDITOR,),
    "/desk/decisions": (OWNER, REVIEWER, AUDITOR),
    "/desk/board": (OWNER, REVIEWER, AUDITOR),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    rooms, made = [], oversight.Room
    oversight.Room = lambda site: rooms.append(made(site)) or rooms[-1]
    one = Browser(tmp_path_factory.mktemp("oversight") / "home")
    oversight.Room = made
    one.shadows = rooms[0].shadows
    for n in range(40):
        one.clock.advance(HOUR // 2)
        pay(one, 1_000 + n)
    yield one
    one.close()


def pay(browser, minor, device="phone"):
    """Alice pays Bob; the decision's answer."""
    browser.clock.advance(SECOND)
    at = browser.clock.now()
    ask = Pay(
        key=f"pay-{at}", actor="customer:alice", at=at, known_at=at, customer="alice", payer="alice",
        payee="bob", amount_minor=minor, currency="CNY", device=device,
    )  # fmt: skip
    return browser.home.bank.do([ask])[0].answer


def post(browser, path, **fields):
    """A form as the page sends it, with its token and a fresh key."""
    browser.clock.advance(SECOND)
    here = {"form_token": browser.token("/desk"), "key": f"form-{browser.clock.now()}"}
    return browser.post(path, **(here | fields))


def text_of(page):
    return unescape(re.search(r'<textarea id="text".*?>\n?(.*?)</textarea>', page.text, re.S)[1])


def over(browser, path):
    """The page of a job once it is over."""
    for _ in range(200):
        page = browser.get(path)
        assert page.status_code == 200, page.text
        if "refresh" not in page.headers:
            return page
        time.sleep(0.05)
    raise AssertionError("the job does not end")


@pytest.mark.parametrize("path", OPEN_TO)
def test_each_page_is_open_to_its_roles_alone(browser, path):
    for who in (OWNER, REVIEWER, AUDITOR, TELLER):
        page = browser.sign_in(who).get(path)
        assert page.status_code == (200 if who in OPEN_TO[path] else 403), who
        assert (f'href="{path}"' in page.text) == (who in OPEN_TO[path]) or path.endswith("/edit")
    assert browser.fresh().get(path).status_code == 303


def test_rules_show_their_sentence_hits_and_false_alarms(browser):
    caught = pay(browser, 900_000, device="new-one")
    assert caught.result in ("stepped_up", "held"), caught
    page = browser.sign_in(REVIEWER).get("/desk/rules", params={"lang": "en"})
    assert "10,000.00 or more to a new payee" in page.text
    assert "&amp;&amp;" not in page.text and "amount_minor &gt;= 5_000_000" in page.text
    row = page.text.split("the amount is 5,000.00 or more")[1].split("</tr>")[0]
    assert ">1</a>" in row and "not known yet" in row
    at = browser.clock.now()
    report = ReportFraud(
        key="report", actor="staff:teller", at=at, known_at=at, payment=caught.id, customer="alice",
        amount_minor=900_000, paid_at=at, payee="bob",
    )  # fmt: skip
    browser.home.bank.do([report])
    row = browser.get("/desk/rules").text.split("the amount is 5,000.00 or more")[1].split("</tr>")[0]
    assert "0.0 %" in row and "0 of 1 known" in row


def test_an_error_names_its_line_and_field(browser):
    browser.sign_in(OWNER)
    path = "/desk/rules/outgoing_transfer/edit"
    text = text_of(browser.get(path))
    assert "version = 2" in text
    broken = text.replace('when = "fraud_score >= 0.98"', 'when = "fraud_scroe >= 0.98"')
    told = post(browser, path, do="check", text=broken)
    line = broken.split("fraud_scroe")[0].count("\n") + 1
    assert told.status_code == 422 and f"line {line}," in told.text and "field when" in told.text
    assert "fraud_scroe" in text_of(told)
    fine = post(browser, path, do="check", text=text.replace("weight = 100", "weight = 99"))
    assert fine.status_code == 200 and "<del>100</del>" in fine.text and "<ins>99</ins>" in fine.text


def test_the_form_changes_a_threshold_in_the_text(browser):
    browser.sign_in(OWNER)
    path = "/desk/rules/outgoing_transfer/edit"
    fields = {"when.fraud_almost_certain": "fraud_score >= 0.99", "weight.fraud_likely": "77"}
    told = post(browser, path, do="apply", text=text_of(browser.get(path)), **fields)
    assert told.status_code == 200, told.text
    text = text_of(told)
    assert 'when = "fraud_score >= 0.99"' in text and "weight = 77" in text
    wrong = post(browser, path, do="apply", text=text, **{"weight.fraud_likely": "many"})
    assert wrong.status_code == 422 and "field weight" in wrong.text


def test_two_people_change_a_rule_see_its_backtest_and_roll_back(browser):
    browser.sign_in(OWNER)
    path = "/desk/rules/outgoing_transfer/edit"
    rule = '\n[[rules]]\ncode = "from_ten"\nwhen = "amount_minor >= 1_010"\nverdict = "refuse"\nweight = 97\n'
    text = text_of(browser.get(path)) + rule + 'says = "10.10 or more."\nsays_zh = "金额达到10.10或以上。"\n'
    job = post(browser, path, do="backtest", text=text, most="1000")
    page = over(browser, job.headers["location"])
    assert "came out exactly as recorded" in page.text
    assert '<p class="big">31</p>' in page.text and "from_ten" in page.text

    made = post(browser, path, do="propose", text=text, why="a wave of small scams")
    draft = made.headers["location"].partition("?")[0]
    own = browser.get(draft)
    assert "Somebody else must approve it" in own.text and f"{draft}/approve" not in own.text
    refused = post(browser, f"{draft}/approve")
    assert refused.status_code == 422 and "Someone else must review" in refused.text
    assert pay(browser, 1_020).policy == "outgoing_transfer@1"

    browser.sign_in(REVIEWER)
    assert post(browser, f"{draft}/approve", comment="agreed").headers["location"].endswith("draft_approve")
    paid = pay(browser, 1_020)
    assert (paid.policy, paid.result, paid.reasons) == ("outgoing_transfer@2", "refused", ("from_ten",))
    page = browser.get("/desk/rules")
    assert "approved by a second person" in page.text and "agreed" in page.text

    back = "/desk/rules/outgoing_transfer/back"
    assert post(browser, back, to="outgoing_transfer@1", reason="").status_code == 422
    told = post(browser, back, to="outgoing_transfer@1", reason="it stops everybody")
    assert told.headers["location"] == "/desk/rules?told=rolled_back"
    assert pay(browser, 1_020).policy == "outgoing_transfer@3"
    assert "it stops everybody" in browser.get("/desk/rules").text


def test_a_draft_in_the_shadow_counts_and_changes_nothing(browser):
    browser.clock.advance(2 * HOUR)
    browser.sign_in(OWNER)
    path = "/desk/rules/outgoing_transfer/edit"
    text = text_of(browser.get(path))
    strict = text + (
        '\n[[rules]]\ncode = "all"\nwhen = "amount_minor >= 1"\nverdict = "hold"\nweight = 50\n'
        'says = "Everything waits."\nsays_zh = "全部等待。"\n'
    )
    draft = post(browser, path, do="propose", text=strict, why="try").headers["location"].partition("?")[0]
    assert post(browser, f"{draft}/shadow").status_code == 303
    assert [pay(browser, 500 + n).result for n in range(3)] == ["allowed"] * 3
    browser._runner.run(browser.shadows.catch_up())
    page = browser.get(draft)
    assert "in the shadow" in page.text and '<p class="big">3</p>' in page.text
    pay(browser, 700)
    browser._runner.run(browser.shadows.catch_up())
    assert '<p class="big">4</p>' in browser.get(draft).text
    assert post(browser, f"{draft}/reject", comment="too strict").status_code == 303
    assert "too strict" in browser.get(draft).text


def test_a_model_goes_one_step_back_on_another_persons_word(browser):
    registry, first = browser.home.registry, FIRST_MODELS["scam"]
    other = registry.save(PointsModel(first.card, first.base - 1.0, first.table))
    registry.approve("scam", other, who=REVIEWER, why="calmer", at=browser.clock.now())
    browser.sign_in(REVIEWER)
    assert "You put the present model here" in browser.get("/desk/models").text
    refused = post(browser, "/desk/models/scam/back", reason="worse")
    assert refused.status_code == 422 and registry.champion("scam").digest == other
    browser.sign_in(OWNER)
    assert post(browser, "/desk/models/scam/back", reason="").status_code == 422
    assert post(browser, "/desk/models/scam/back", reason="worse").status_code == 303
    before = registry.champion("scam").digest
    assert before != other and browser.home.store.note("model:scam") == before
    job = post(browser, "/desk/models/scam/compare", digest=other)
    assert "exactly as recorded" in over(browser, job.headers["location"]).text


def test_a_step_back_that_could_not_be_sealed_goes_no_further_when_asked_again(browser, monkeypatch):
    registry, first = browser.home.registry, FIRST_MODELS["fraud"]
    line = [registry.champion("fraud").digest]
    for n in (1.0, 2.0):
        line.append(registry.save(PointsModel(first.card, first.base - n, first.table)))
        registry.approve("fraud", line[-1], who=REVIEWER, why="calmer", at=browser.clock.now())
    browser.home.found()
    browser.sign_in(OWNER)
    with monkeypatch.context() as broken:
        broken.setattr(browser.home.store, "submit", full_disk)
        assert post(browser, "/desk/models/fraud/back", reason="worse").status_code >= 500
    assert registry.champion("fraud").digest == line[1] and browser.home.store.note("model:fraud") == line[2]
    assert post(browser, "/desk/models/fraud/back", reason="worse").status_code == 303
    assert registry.champion("fraud").digest == line[1] == browser.home.store.note("model:fraud")


def full_disk(batch):
    raise StoreError("the disk is full")


def test_the_log_is_searched_proved_and_checked(browser):
    browser.sign_in(AUDITOR)
    found = browser.get("/desk/audit", params={"text": "alice", "kind": "pay"})
    assert "<code>pay</code>" in found.text and "alice" in found.text
    assert "Nothing fits" in browser.get("/desk/audit", params={"text": "nobody-here", "kind": ""}).text
    decision = re.search(r"/desk/decisions/(D\d{11})", found.text)[1]
    assert browser.get("/desk/audit", params={"text": decision, "kind": ""}).status_code == 303
    assert "<dt>Amount</dt>" in browser.get(f"/desk/decisions/{decision}").text
    assert b"jingwei proof v1" in browser.get(f"/desk/decisions/{decision}/proof").content
    pay(browser, 250)
    assert browser.get("/desk/decisions/D00000000001/proof").status_code == 200
    sizes = re.findall(r'<option value="(\d+)"', browser.get("/desk/audit").text)
    told = browser.get("/desk/audit/consistency", params={"old": sizes[-1], "new": sizes[0]})
    assert "nothing in it was changed" in told.text
    assert browser.get("/desk/audit/consistency", params={"old": "3", "new": "9"}).status_code == 404
    job = post(browser, "/desk/audit/verify")
    assert "The log is sound" in over(browser, job.headers["location"]).text


def test_the_board_leads_to_the_lists_behind_it(browser):
    browser.sign_in(AUDITOR)
    page = browser.get("/desk/board", params={"period": "6h"})
    hrefs = re.findall(r'<a href="(/desk/decisions\?from=\d+&amp;until=\d+)"', page.text)
    assert len(hrefs) >= 6 and "refresh" not in page.headers
    behind = browser.get(unescape(hrefs[5]))
    assert behind.status_code == 200 and "D000" in behind.text and "decisions.js" not in behind.text
    assert browser.get("/desk/board", params={"live": "1"}).headers["refresh"] == "10"


def test_decisions_are_filtered(browser):
    browser.sign_in(REVIEWER)
    refused = browser.get("/desk/decisions", params={"result": "refused"}).text
    assert 'class="tag r-refused"' in refused and 'class="tag r-allowed"' not in refused
    large = browser.get("/desk/decisions", params={"least": "9000"}).text
    assert large.count('role="rowgroup"') == 2 and large.count('data-label="Time"') == 1
    by_reason = browser.get("/desk/decisions", params={"reason": "from_ten"}).text
    assert by_reason.count('data-label="Time"') == 1


def test_a_chart_column_is_a_link_as_high_as_its_share():
    points = [Column("1", "one", (("allowed", 5),), "/a"), Column("2", "two", (("held", 10),), "/b")]
    drawn = str(columns("Title", points, "10"))
    assert drawn.count("<a href=") == 2 and 'aria-label="two"' in drawn
    assert re.findall(r'class="part \w+" x="\d+" y="\d+" width="24" height="(\d+)"', drawn) == ["75", "150"]


def test_drift_is_none_for_the_same_scores_and_large_for_others():
    low, high = [i / 1000 for i in range(500)], [0.5 + i / 1000 for i in range(500)]
    assert drift(low, low).psi == 0.0 and drift(low, low).reading == "stable"
    assert drift(low, high).reading == "drifted" and drift(low, high).psi > 1
    assert drift(low, [0.1] * 10).psi is None
    assert drift([0.2] * 100, [0.2] * 100).psi == 0.0
    right = calibration([(0.05, False), (0.95, True), (0.96, True), (0.97, False)])
    assert [(one.low, one.known, one.fraud) for one in right] == [(0.0, 1, 0), (0.9, 3, 2)]
