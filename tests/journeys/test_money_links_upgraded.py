"""Links of a bank of version 2 whose subject has "~" in it go by the ids of today once it is upgraded."""

from __future__ import annotations

import pytest
from tests.journeys.borrowers import code
from tests.journeys.test_family_upgraded import ENGINES, put_back
from tests.keeping.small_bank import database

from jingwei.home import open_home
from jingwei.journeys import link_identity
from jingwei.journeys.link_identity import KeepApart, Link, LinkIdentity, UnlinkIdentity
from jingwei.ledger.links import IdentityLink

SUBJECTS = ("plain", "a~b", "a~", "a~~", "~")


@pytest.mark.parametrize("engine", ENGINES)
def test_links_of_before_hold_after_the_upgrade(engine, new_town, tmp_path, monkeypatch):
    where = database("links") if engine == "postgres" else ""
    town = new_town(tmp_path / "town", store_url=where)
    town.open("alice")
    town.open("bob")
    with monkeypatch.context() as then:
        then.setattr(link_identity, "link_id", lambda source, subject: f"{source}~{subject}")
        links = tuple(Link("crm", subject, "alice", "person") for subject in SUBJECTS)
        assert code(town.do(LinkIdentity(links=links, **town.stamp("staff:rita")))) == ""
        apart = KeepApart(source="crm", subject="a~b", customer="bob", **town.stamp("staff:rita"))
        assert code(town.do(apart)) == ""
    town.home.close()
    put_back(town, tmp_path / "town")
    town.home = open_home(tmp_path / "town", town.clock, store_url=where)
    ids = {one.subject: one.id for one in town.home.store.page(IdentityLink) if one.state == "linked"}
    new = {"plain": "crm~plain", "a~b": "crm~a~b~", "a~": "crm~a~~", "a~~": "crm~a~~~", "~": "crm~~~"}
    assert ids == new
    report = town.home.verify()
    assert report.sound and report.books == "compared", report.damage
    other = LinkIdentity(links=(Link("crm", "a~b", "bob", "person"),), **town.stamp("staff:rita"))
    assert code(town.do(other)) == "linked_already"
    for subject in SUBJECTS:
        parted = UnlinkIdentity(source="crm", subject=subject, **town.stamp("staff:rita"))
        assert code(town.do(parted)) == ""
    town.audit()
    town.home.close()
