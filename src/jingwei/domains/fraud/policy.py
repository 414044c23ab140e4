"""The fraud rules for card payments and transfers, written in the TOML files beside this one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jingwei.decisions.policy import Policy, parse_policy

CARD_PAYMENT = "card_payment"
OUTGOING_TRANSFER = "outgoing_transfer"
FIRST_POLICIES = (CARD_PAYMENT, OUTGOING_TRANSFER)
"""The policies a new bank starts with."""


def policy_text(name: str) -> str:
    """The TOML text of a first policy. Raises FileNotFoundError for another name."""
    return (files("jingwei.domains.fraud") / "policies" / f"{name}.toml").read_text("utf-8")


@cache
def first_policy(name: str) -> Policy:
    """A first policy, read and checked. Raises FileNotFoundError for another name."""
    return parse_policy(policy_text(name), f"{name}.toml")
