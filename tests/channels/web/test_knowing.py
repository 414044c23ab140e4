"""Desk pages on what is known of customers: the view, pairs to decide, the quality of the data."""

from __future__ import annotations

import re

import pytest
from tests.channels.web.browser import Browser

from jingwei.channels.knowing.following import BUSY_PER_S, FEW, SHARE, STEP, Knowing, Pace
from jingwei.channels.sources.at_home import at_hand
from jingwei.channels.sources.demo import bring_demo
from jingwei.channels.sources.who import resolve_at_home
from jingwei.home import open_home
from jingwei.keeping.verifying_shelf import verify_shelf
from jingwei.ledger.links import IdentityLink, link_id


def quiet(done: int, total: int) -> None:
    """A progress callback that tells nothing."""


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("knowing") / "home")
    assert bring_demo(at_hand(one.home), one.home.insight) > 1_000
    yield one
    one.close()


@pytest.fixture
def manager(bank):
    return bank.sign_in("staff:customer_manager")


def held(bank, source: str, subject: str) -> IdentityLink:
    (link,) = bank.home.store.load(IdentityLink, [link_id(source, subject)])
    return link


def test_the_demo_tells_of_its_people_from_all_systems_and_only_once(bank):
    sources = {one.source for one in bank.home.insight.imports()}
    assert len(sources) >= 13 and all(one.sealed for one in bank.home.insight.imports())
    assert bring_demo(at_hand(bank.home), bank.home.insight) == 0
    assert verify_shelf(bank.home.insight, bank.home.store, quiet).whole
    assert len({one.source for one in bank.home.insight.timeline("alice", limit=5_000)}) >= 10


def test_the_view_shows_what_the_purpose_may_see_and_says_what_not(manager):
    page = manager.get("/desk/customers/alice/view?purpose=service&lang=en").text
    assert "Card payment" in page and "Money in and out" in page and "A•••• 爱••" in page
    assert "Devices: this purpose does not read the devices you pay from." in page
    assert "Alice 爱丽丝" not in page and "10013800001" not in page
    refused = manager.get("/desk/customers/alice/view?purpose=marketing&lang=en").text
    assert "has not agreed" in refused and "Card payment" not in refused
    assert manager.get("/desk/customers/alice/view?purpose=risk").status_code == 403
    assert manager.get("/desk/customers/nobody/view").status_code == 404


def test_for_risk_the_reviewer_sees_devices_and_habits_but_not_who(bank):
    page = bank.sign_in("staff:reviewer").get("/desk/customers/alice/view?lang=en").text
    assert "Habits" in page and "usual device" in page and "爱" not in page


def test_others_may_not_look(bank):
    for actor, path in [
        ("staff:auditor", "/desk/customers/alice/view"),
        ("staff:teller", "/desk/identity"),
        ("staff:teller", "/desk/quality"),
    ]:
        assert bank.sign_in(actor).get(path).status_code in (303, 403), (actor, path)


def pair(page: str) -> dict[str, str]:
    fields = ("source", "subject", "customer")
    return {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in fields}


def test_a_person_decides_a_pair_and_can_take_it_back_and_no_program_links_it_again(manager, bank):
    people = bank.home.insight.people
    before = people.waiting()
    page = manager.get("/desk/identity?lang=en").text
    assert before >= 2 and f"Pair 1 of {before}" in page
    named, token = pair(page), manager.token("/desk/identity")
    done = manager.post("/desk/identity/answer", form_token=token, key="k1", answer="same", **named)
    assert done.status_code == 303 and people.waiting() == before - 1
    link = held(bank, named["source"], named["subject"])
    assert (link.state, link.customer, link.how, link.by) == (
        "linked", named["customer"], "person", "staff:customer_manager",
    )  # fmt: skip
    assert (named["source"], named["subject"]) in bank.home.insight.subjects(named["customer"])
    some = {name: named[name] for name in ("source", "subject")}
    assert manager.post("/desk/identity/part", form_token=token, key="k2", **some).status_code == 303
    assert held(bank, named["source"], named["subject"]).state == "parted"
    assert (named["source"], named["subject"]) not in bank.home.insight.subjects(named["customer"])
    told = resolve_at_home(at_hand(bank.home), bank.home.insight, quiet)
    assert told.apart >= 1 and held(bank, named["source"], named["subject"]).state == "parted"
    again = manager.post("/desk/identity/part", form_token=token, key="k3", **some)
    assert again.status_code == 409


def test_who_looked_at_a_pair_is_sealed(manager, bank):
    size = bank.home.store.size()
    page = manager.get("/desk/identity").text
    sealed = bank.home.store.record(size).decode()
    assert '"type":"use_data"' in sealed and "staff:customer_manager" in sealed
    assert f'"customers":["{pair(page)["customer"]}"]' in sealed


def test_two_people_stay_two_whatever_is_resolved_later(manager, bank):
    people = bank.home.insight.people
    page = manager.get("/desk/identity").text
    named, token = pair(page), manager.token("/desk/identity")
    manager.post("/desk/identity/answer", form_token=token, key="k4", answer="apart", **named)
    assert people.doubt(named["source"], named["subject"]) is None
    resolve_at_home(at_hand(bank.home), bank.home.insight, quiet)
    assert people.doubt(named["source"], named["subject"]) is None
    assert (named["source"], named["subject"]) not in bank.home.insight.subjects(named["customer"])


def test_the_books_and_the_shelf_agree_on_who_is_who_after_a_shelf_was_left_behind(manager, bank):
    shelf = bank.home.insight
    link = held(bank, "crm", "c-101")
    shelf.link([("crm", "c-101", "mallory")])
    shelf._db.execute("DELETE FROM notes")
    shelf.people.follow(bank.home.store)
    assert ("crm", "c-101") in shelf.subjects(link.customer)


def test_quality_leads_down_to_the_row_its_fault_and_what_to_do(manager, bank):
    page = manager.get("/desk/quality?lang=en").text
    assert "Shop club" in page and "Contradictions" in page
    club = next(one for one in bank.home.insight.imports() if one.source == "club")
    rows = manager.get(f"/desk/quality/imports/{club.id}?lang=en").text
    assert "is not a moment" in rows and "must hold something" in rows and "control characters" in rows
    assert "无名" not in rows, "what else stood in the row is not shown"
    assert manager.get("/desk/quality/imports/nothing").status_code == 404


def test_contradictions_name_the_systems_and_lead_to_the_customer(manager):
    page = manager.get("/desk/quality/fields/name?lang=en")
    assert page.status_code == 200
    assert manager.get("/desk/quality/fields/shoe").status_code == 404


@pytest.mark.parametrize("path", ["/desk/identity", "/desk/quality", "/desk/customers/bob/view"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_open_in_both_languages(manager, path, lang):
    assert manager.get(f"{path}?lang={lang}").status_code == 200


@pytest.mark.parametrize("change", ["amount_minor = amount_minor - 1", "at = at + 1", "category = 'x'"])
def test_a_happening_that_was_changed_by_hand_no_longer_fits_what_was_sealed(bank, change):
    db = bank.home.insight._db
    db.execute("BEGIN")
    db.execute(f"UPDATE happenings SET {change} WHERE id = 7")
    told = verify_shelf(bank.home.insight, bank.home.store, quiet)
    db.execute("ROLLBACK")
    assert not told.whole and len(told.differing) == 1
    assert verify_shelf(bank.home.insight, bank.home.store, quiet).whole


def test_payments_come_before_what_follows_them():
    """While many are written in a second few are read in one go, and afterwards everything again."""
    pace = Pace(100, 10.0)
    assert not pace.busy(100 + 2 * BUSY_PER_S, 12.0), "as many as it may be are no crowd"
    assert pace.busy(101 + 3 * BUSY_PER_S, 13.0)
    assert not pace.busy(101 + 3 * BUSY_PER_S, 13.0), "no time and nothing written is quiet"
    assert FEW < STEP and 0 < SHARE < 0.5


def test_a_few_records_are_read_and_the_rest_is_told(tmp_path):
    home = open_home(tmp_path / "home")
    knowing = Knowing(home.store.reader(), home.path)
    assert knowing.catch_up(2) == home.store.size() - 2 > 0
    knowing.catch_up_all()
    assert knowing.catch_up(2) == 0
    knowing.close()
    home.close()
