"""The shipped catalogue of offers, its conditions checked against the tags that marketing may read."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jingwei.domains.offers.catalogue import Catalogue, read_catalogue
from jingwei.domains.tags.condition import may_read
from jingwei.domains.tags.declared import TAGS
from jingwei.domains.tags.needs import BY_NAME
from jingwei.kernel.purpose import Purpose


@cache
def catalogue() -> Catalogue:
    """The offers the bank may make."""
    text = (files("jingwei.domains.offers") / "catalogue.toml").read_text("utf-8")
    return read_catalogue(text, [name for name in TAGS if may_read(name, Purpose.MARKETING)], list(BY_NAME))
