"""A date of birth is a day there is, and past: a typing error does not stop somebody's loans for good."""

from __future__ import annotations

import pytest

from jingwei.domains.credit.applying import age_on
from jingwei.journeys.import_customers import HistoricCustomer, ImportCustomers
from jingwei.journeys.open_account import OpenAccount
from jingwei.kernel.clock import day_start
from jingwei.ledger.work import Customer

ODD = ("1990-02-30", "1990-13-01", "0000-01-01", "2999-01-01")


@pytest.mark.parametrize("born", ODD)
def test_nobody_is_taken_on_with_a_birthday_that_cannot_be(make_town, born):
    town = make_town("born")
    stamp = town.stamp("system:core")
    person = {"customer": "newton", "name": "N", "product": "current_cny"}
    refused = town.do(OpenAccount(born=born, **person, **stamp)).answer
    assert refused.refusal is not None and refused.refusal.code == "born_not_possible"
    assert born in refused.refusal.words().en and born in refused.refusal.words().zh
    many = (HistoricCustomer("newton", "N", born=born),)
    told = town.do(ImportCustomers(source="old", customers=many, **town.stamp("system:core"))).answer
    assert told.refusal is not None and told.refusal.code == "born_not_possible"
    assert not town.home.store.load(Customer, ["newton"])
    good = town.do(OpenAccount(born="1992-02-29", **person, **town.stamp("system:core"))).answer
    assert good.result == "done"


def test_the_age_of_somebody_taken_on_before_is_told_without_a_fault():
    """Books may hold such a day from earlier: applying for a loan goes on."""
    at = day_start(20_000)  # 2024-10-04
    assert [age_on(born, at) for born in ("1990-02-30", "", "2006-10-04", "2006-10-05")] == [34, None, 18, 17]
