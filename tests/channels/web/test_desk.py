"""The desk: what waits, who may answer, four eyes, batches, masked customers, what is told to the second."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.channels.web.desk_floor import FOUR_EYES, Floor

from jingwei.channels.web.staff import live
from jingwei.channels.web.staff.masks import masked_date, masked_name, masked_number
from jingwei.channels.web.staff.queue import Wanted, wanted
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY, HOUR, MINUTE
from jingwei.ledger.casework import CaseNote, CaseWork
from jingwei.ledger.work import Case

RELEASE = {"outcome": "false_alarm", "reason": "customer_confirmed"}
REFUSE = {"outcome": "confirmed_risk", "reason": "customer_denies"}


@pytest.fixture
def floor(tmp_path):
    one = Floor(tmp_path / "home")
    one.sign_in("staff:reviewer")
    yield one
    one.close()


def case_of(floor, case):
    return floor.home.store.load(Case, [case])[0]


def work_of(floor, case):
    return next(iter(floor.home.store.load(CaseWork, [case])), CaseWork(case))


def test_inboxes_count_and_show_what_is_theirs(floor):
    new, mine, above, asleep = (floor.held() for _ in range(4))
    floor.act(mine, "assign", to="staff:reviewer")
    floor.act(above, "escalate", comment="a ring")
    floor.act(asleep, "snooze", hours="2", comment="awaiting a call")
    shown = {
        "open": {new, mine, above},
        "new": {new},
        "risk": {mine},
        "second_line": {above},
        "asleep": {asleep},
    }
    for tab, cases in shown.items():
        page = floor.get("/desk", params={"tab": tab}).text
        assert set(re.findall(r'name="case" value="(\w+)"', page)) == cases, tab
        assert f'data-count="{tab}">{len(cases)}<' in page
    floor.clock.advance(2 * HOUR)
    floor.sign_in("staff:reviewer")
    assert asleep in floor.get("/desk").text, "it woke up"


VIEWS = (
    ("", "abc"), ("least=2000", "bc"), ("least=2001", "c"), ("most=2000", "ab"), ("who=me", "b"),
    ("who=free", "ac"), ("who=others", ""), ("late=1", ""), ("hours=1", ""), ("code=large", "abc"),
    ("code=other", ""), ("sort=amount", "cba"), ("sort=newest", "cba"), ("least=x&who=y&sort=z", "abc"),
)  # fmt: skip


def test_a_view_stands_in_its_address(floor):
    cases = dict(zip("abc", (floor.held(100_000), floor.held(200_000), floor.held(300_000)), strict=True))
    floor.act(cases["b"], "assign", to="staff:reviewer")
    for query, found in VIEWS:
        page = floor.get(f"/desk?{query}").text
        shown = re.findall(r'name="case" value="(\w+)"', page)
        assert shown == [cases[name] for name in found], query


def test_an_address_read_back_is_the_same_view():
    ask = Wanted("risk", "large", 5, 9, 3, "me", 1, "amount")
    query = dict(part.split("=") for part in ask.address().partition("?")[2].split("&"))
    assert wanted(query) == ask and Wanted().address() == "/desk"


def test_due_times_are_told_both_ways(floor):
    floor.held()
    assert "24 h left" in floor.get("/desk").text
    floor.clock.advance(DAY + 20 * MINUTE)
    floor.sign_in("staff:reviewer")
    page = floor.get("/desk?late=1").text
    assert "late 20 min" in page and ">1</dd>" in page


def test_the_next_case_is_the_free_one_due_first_and_becomes_mine(floor):
    first, second = floor.held(), floor.held()
    floor.act(first, "assign", to="staff:senior")
    token = floor.token("/desk")
    assert floor.post("/desk/next", form_token=token).headers["location"] == f"/desk/cases/{second}"
    assert work_of(floor, second).assignee == "staff:reviewer"
    assert floor.post("/desk/next", form_token=token).headers["location"] == f"/desk/cases/{second}"
    floor.act(second, "release", **RELEASE)
    assert floor.post("/desk/next", form_token=token).headers["location"].endswith("told=nothing_free")


def test_a_case_page_says_why_with_values_and_masks_the_customer(floor):
    case = floor.held()
    page = floor.get(f"/desk/cases/{case}").text
    for says in ("The amount is 1,000.00 or more.", "amount_minor 200000 &gt;= 100_000", "A••••", "phone-1"):
        assert says in page, says
    assert "Alice" not in page
    assert page.count('class="bars"') == 1, "what raised the score is drawn"
    assert floor.get("/desk/cases/C99999999999").status_code == 404


def test_answers_carry_an_outcome_and_are_given_once(floor):
    case = floor.held()
    answer = floor.act(case, "release", **RELEASE, comment="she called")
    assert answer.headers["location"] == "/desk?told=case_release"
    assert (case_of(floor, case).status, work_of(floor, case).outcome) == ("released", "false_alarm")
    floor.sign_in("staff:senior")
    late = floor.post(
        f"/desk/cases/{case}/refuse",
        form_token=floor.token("/desk"),
        key="k",
        comment="my own words",
        **REFUSE,
    )
    assert late.status_code == 409
    assert "Already answered by Risk reviewer" in late.text
    assert case_of(floor, case).closed_by == "staff:reviewer"
    assert case in floor.get("/desk?tab=done").text and "False alarm" in floor.get("/desk?tab=done").text


def test_what_was_typed_stays_when_an_answer_is_not_taken(floor):
    case = floor.held()
    page = floor.act(case, "release", outcome="confirmed_risk", reason="other", comment="my own words")
    assert page.status_code == 409 and "my own words" in page.text and "cannot be released" in page.text
    assert floor.act(case, "escalate", comment="").status_code == 409
    assert floor.act(case, "release", outcome="nonsense", reason="other").status_code == 409
    assert case_of(floor, case).status == "open"


def test_two_people_agree_on_a_large_payment(floor):
    case = floor.held(FOUR_EYES)
    assert "two people must agree" in floor.get(f"/desk/cases/{case}").text
    assert floor.act(case, "refuse", **REFUSE).headers["location"].endswith("told=proposed")
    assert "You proposed to refuse it" in floor.get(f"/desk/cases/{case}").text
    again = floor.act(case, "refuse", **REFUSE)
    assert again.status_code == 409 and "somebody else must confirm" in again.text
    floor.sign_in("staff:senior")
    assert "Risk reviewer 风险审核 proposed to refuse it" in floor.get(f"/desk/cases/{case}").text
    assert floor.act(case, "refuse", **REFUSE).headers["location"] == "/desk?told=case_refuse"
    assert case_of(floor, case).status == "refused"


def test_many_at_once_tell_each_result(floor):
    small, large, done = floor.held(), floor.held(FOUR_EYES), floor.held()
    floor.act(done, "release", **RELEASE)
    fields = {"form_token": floor.token("/desk"), "key": "many", "act": "release", **RELEASE}
    page = floor.post("/desk/batch", case=[small, large, done, "nonsense"], **fields)
    assert "2 of 3 cases done." in page.text and "already answered" in page.text
    assert "a second person must confirm" in page.text
    assert floor.post("/desk/batch", case=[small, large, done], **fields).text.count("tag good") == 2, (
        "twice is once"
    )
    assert case_of(floor, large).status == "open"
    nothing = floor.post("/desk/batch", **fields)
    assert nothing.headers["location"] == "/desk?error=nothing_chosen"


def test_only_reviewers_answer_and_no_form_is_forged(floor):
    case = floor.held()
    assert floor.post(f"/desk/cases/{case}/release", form_token="forged", **RELEASE).status_code == 303
    queue = floor.sign_in("staff:auditor").get("/desk").text
    assert case in queue and 'name="case"' not in queue and 'name="act"' not in queue, "nothing to press"
    assert 'name="act"' in floor.sign_in("staff:reviewer").get("/desk").text
    floor.sign_in("staff:teller")
    token = floor.token("/desk")
    assert floor.get(f"/desk/cases/{case}").status_code == 403
    assert floor.get(f"/desk/cases/{case}/proof").status_code == 403
    assert floor.post(f"/desk/cases/{case}/release", form_token=token, **RELEASE).status_code == 403
    assert floor.post("/desk/batch", form_token=token, act="release", case=case, **RELEASE).status_code == 403
    assert floor.post("/desk/next", form_token=token).status_code == 403
    floor.sign_in("customer:alice")
    for path in ("/desk", f"/desk/cases/{case}", "/desk/customers", "/desk/customers/bob", "/desk/live"):
        assert floor.get(path).headers["location"].startswith("/sign-in"), path
    assert case_of(floor, case).status == "open"


@pytest.mark.parametrize(
    ("who", "begins"),
    [("teller", "/desk/counter"), ("model_owner", "/desk/models"), ("admin", "/desk/board")],
)
def test_who_may_open_no_case_does_not_see_the_queue(floor, who, begins):
    """It once showed them every payment that waits, as REST did not."""
    floor.sign_in(f"staff:{who}")
    there = floor.get("/desk?told=signed_in")
    assert (there.status_code, there.headers["location"]) == (303, f"{begins}?told=signed_in")
    page = floor.get(begins)
    assert page.status_code == 200 and 'href="/desk" data-command' not in page.text
    assert floor.get("/v1/cases").status_code in (401, 403)


def test_remarks_and_what_was_done_stand_on_the_case(floor):
    case = floor.held()
    floor.act(case, "note", text="called her <twice>")
    floor.act(case, "escalate", comment="a ring")
    page = floor.get(f"/desk/cases/{case}").text
    assert "called her &lt;twice&gt;" in page and "a ring" in page and "escalated · Risk reviewer" in page
    assert len(floor.home.store.find(CaseNote, "about", case)) == 2


def show(floor, customer, **fields):
    return floor.post(
        f"/desk/customers/{customer}/show", form_token=floor.token(f"/desk/customers/{customer}"), **fields
    )


def test_an_identity_is_masked_until_a_purpose_is_sealed(floor):
    for path in ("/desk/customers?q=alice", "/desk/customers/alice"):
        assert "A••••" in floor.get(path).text and "Alice" not in floor.get(path).text
    assert "purpose_missing" in show(floor, "alice", key="k1").headers["location"]
    assert "purpose_missing" in show(floor, "alice", key="k2", purpose="curiosity").headers["location"]
    to = show(floor, "alice", key="k3", purpose="complaint").headers["location"]
    assert "Alice 爱丽丝" in floor.get(to).text
    seen = unseal(floor.home.store.record(int(to.partition("shown=D")[2]))).command
    assert (seen.actor, seen.customer, seen.purpose) == ("staff:reviewer", "alice", "complaint")
    assert "Bob" not in floor.get(to.replace("alice", "bob")).text, "it opens one customer alone"
    floor.sign_in("staff:senior")
    assert "Alice" not in floor.get(to).text, "it opens the fields to the asker alone"
    floor.sign_in("staff:reviewer")
    floor.clock.advance(11 * MINUTE)
    assert "Alice" not in floor.get(to).text, "and for some minutes alone"
    other = floor.held()
    for forged in (other.replace("C", "D"), "D00000000001", "D99999999999", "D", "x"):
        assert "Alice" not in floor.get(f"/desk/customers/alice?shown={forged}").text, forged


def test_search_finds_by_name_and_number_and_says_so_when_there_is_nobody(floor):
    assert "/desk/customers/bob" in floor.get("/desk/customers?q=鲍勃").text
    assert "/desk/customers/carol" in floor.get("/desk/customers?q=CAR").text
    assert "Nobody was found" in floor.get("/desk/customers?q=zzz").text
    assert floor.get("/desk/customers/nobody").status_code == 404


@pytest.mark.parametrize(
    ("mask", "text", "masked"),
    [
        (masked_name, "Alice 爱丽丝", "A•••• 爱••"), (masked_name, "", ""), (masked_name, "王", "王"),
        (masked_number, "6222021234567", "62••••67"), (masked_number, "alice", "a••••"),
        (masked_number, "", ""), (masked_date, "1984-05-06", "1984-••-••"), (masked_date, "", ""),
    ],
)  # fmt: skip
def test_masks_leave_only_the_ends(mask, text, masked):
    assert mask(text) == masked


def test_similar_cases_are_those_nearest_in_what_was_read(floor):
    near, far = floor.held(210_000), floor.held(4_000_000)
    for case in (near, far):
        floor.act(case, "release", **RELEASE)
    page = floor.get(f"/desk/cases/{floor.held(200_000)}").text
    table = page.partition("Similar cases")[2].partition("</table>")[0]
    assert re.findall(r'href="/desk/cases/(\w+)"', table) == [near, far]


def test_who_shares_a_device_is_linked(floor):
    case = floor.held()
    page = floor.get(f"/desk/cases/{case}").text
    assert "Device phone-1" in page and "nobody else within 30 days" in page


def test_news_are_told_when_something_changed(floor, monkeypatch):
    monkeypatch.setattr(live, "LOOK_S", 0.0)
    monkeypatch.setattr(live, "LOOKS", 3)

    def told(path):
        answer = floor.get(path)
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [msgspec.json.decode(one.removeprefix("data: ")) for one in answer.text.split("\n\n") if one]

    case = floor.held()
    (before,) = told(f"/desk/live?case={case}")
    assert before["counts"]["new"] == 1 and before["newest"] == case
    floor.act(case, "assign", to="staff:senior")
    (after,) = told(f"/desk/live?case={case}")
    assert after["counts"] == before["counts"] | {"new": 0, "risk": 1}
    assert after["case"] != before["case"] and "staff:senior" in after["case"]


def test_proof_of_a_case_is_a_file_that_leads_to_the_signed_root(floor):
    case = floor.held()
    proof = floor.get(f"/desk/cases/{case}/proof").json()
    assert proof["index"] == int(case[1:]) and proof["head"]["size"] > proof["index"]
