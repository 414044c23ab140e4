"""Linking a source's record to a customer: what may be linked, what is refused, and the way back."""

from __future__ import annotations

import pytest

from jingwei.journeys.link_identity import (
    KeepApart,
    Link,
    LinkIdentity,
    UnlinkIdentity,
    act,
    keep_apart,
    look,
    look_apart,
    look_at_held,
    part,
)
from jingwei.journeys.record_import import RecordImport
from jingwei.kernel.command import CommandError, checked
from jingwei.ledger.links import IdentityLink, apart_id, link_id
from jingwei.ledger.work import Customer

STAMP = {"key": "k", "actor": "staff:customer_manager", "at": 5, "known_at": 5}


class Books:
    """Just what these journeys read."""

    seq = 7

    def __init__(self, *kept) -> None:
        self.kept = {(type(one), one.id): one for one in kept}

    def get(self, kind, some_id):
        return self.kept.get((kind, some_id))

    def after(self, outcome):
        for one in outcome.kept:
            self.kept[type(one), one.id] = one
        return outcome


def books() -> Books:
    return Books(Customer("alice", "Alice"), Customer("bob", "Bob"))


def link(customer: str, how: str = "weight", subject: str = "c-1") -> LinkIdentity:
    return LinkIdentity(**STAMP, links=(Link("crm", subject, customer, how),))


def done(ask: LinkIdentity, here: Books):
    return here.after(act(ask, look(ask, here)))


def test_a_link_is_kept_with_what_it_rests_on_and_can_be_made_again():
    here = books()
    made = done(link("alice", "phone"), here)
    kept = here.get(IdentityLink, link_id("crm", "c-1"))
    assert (kept.customer, kept.state, kept.how, kept.by) == ("alice", "linked", "phone", STAMP["actor"])
    assert made.notes == {"links": made.answer.id}
    assert done(link("alice"), here).answer.refusal is None


def test_a_record_of_one_customer_is_not_taken_by_another():
    here = books()
    done(link("alice"), here)
    assert done(link("bob"), here).answer.refusal.code == "linked_already"
    assert done(link("carol"), here).answer.refusal.code == "customer_not_found"


def test_what_cannot_be_linked_is_left_out_of_a_batch_and_counted():
    here = books()
    some = (Link("crm", "c-1", "alice", "weight"), Link("crm", "c-1", "bob", "weight"),
            Link("crm", "c-2", "nobody", "weight"))  # fmt: skip
    made = done(LinkIdentity(**STAMP, links=some), here)
    assert (made.answer.events[0].count, made.answer.events[0].left_out) == (1, 2)
    assert [one.customer for one in made.kept] == ["alice"]


def test_what_a_person_parted_no_program_links_again_but_a_person_may():
    here = books()
    done(link("alice"), here)
    ask = UnlinkIdentity(**STAMP, source="crm", subject="c-1")
    parted = here.after(part(ask, look_at_held(ask, here)))
    assert [one.state for one in parted.kept] == ["parted", "apart"]
    assert done(link("alice"), here).answer.refusal.code == "kept_apart"
    assert done(link("bob"), here).answer.refusal is None, "another customer is not meant"
    again = here.after(part(ask, look_at_held(ask, here)))
    assert again.answer.refusal is None
    assert done(link("alice", "person"), here).answer.refusal is None


def test_nothing_is_parted_that_is_not_linked_nor_kept_apart_that_is():
    here = books()
    ask = UnlinkIdentity(**STAMP, source="crm", subject="c-1")
    assert part(ask, look_at_held(ask, here)).answer.refusal.code == "not_linked"
    apart = KeepApart(**STAMP, source="crm", subject="c-1", customer="alice")
    done(link("alice"), here)
    assert keep_apart(apart, look_apart(apart, here)).answer.refusal.code == "linked_already"
    other = KeepApart(**STAMP, source="crm", subject="c-1", customer="bob")
    here.after(keep_apart(other, look_apart(other, here)))
    assert here.get(IdentityLink, apart_id("crm", "c-1", "bob")).state == "apart"


SUBJECTS = ("a", "b", "a~b", "a~", "~a", "~", "a~b~c", "~~", "a~b~")


def test_every_subject_and_pair_has_an_id_of_its_own():
    ids = [link_id("crm", one) for one in SUBJECTS]
    ids += [apart_id("crm", one, customer) for one in SUBJECTS for customer in ("a", "b", "c")]
    assert len(set(ids)) == len(ids)
    assert link_id("crm", "c-1") == "crm~c-1", "what was kept before stays where it is"


def test_a_subject_named_like_another_and_a_customer_is_not_taken_for_a_word_on_them():
    here = books()
    other = KeepApart(**STAMP, source="crm", subject="a", customer="bob")
    here.after(keep_apart(other, look_apart(other, here)))
    done(link("alice", subject="a~bob"), here)
    assert here.get(IdentityLink, apart_id("crm", "a", "bob")).state == "apart"


@pytest.mark.parametrize("digest", ["x", "A" * 64, "0" * 63])
def test_an_import_is_recorded_with_whole_digests_alone(digest):
    ask = RecordImport(
        **STAMP, source="cards", import_id="i", name="f", mapping=digest, file="", chain="", profile_chain="",
        rows=1, taken=1, known=0, rejected=0, profiles=0,
    )  # fmt: skip
    with pytest.raises(CommandError, match="mapping"):
        checked(ask)
