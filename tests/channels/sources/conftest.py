"""What the tests of source systems share: a small bank, a shelf, and mappings made of a few lines."""

from __future__ import annotations

import pytest

from jingwei.channels.sources.importing import Bound
from jingwei.domains.insight.mapping import read_mapping
from jingwei.kernel.clock import parse_iso
from jingwei.stores.insight import Insight

NOW = parse_iso("2026-06-01T00:00:00")

CARDS = """
source = "cards"
title = { en = "Cards", zh = "卡" }
[read]
format = "csv"
[subject]
column = "who"
names = "customer"
[[event]]
kind = "card_payment"
at = "when"
known_at = "when"
amount = "amount"
currency = { always = "CNY" }
category = "what"
"""


def quiet(done: int, total: int) -> None:
    """A progress callback that tells nothing."""


@pytest.fixture
def bound() -> Bound:
    return Bound(lambda kind, keys: {key: key for key in keys if key != "stranger"}, lambda n: "0" * 64, NOW)


@pytest.fixture
def shelf(tmp_path):
    shelf = Insight(tmp_path / "insight.db")
    yield shelf
    shelf.close()


@pytest.fixture
def cards():
    return read_mapping(CARDS)
