"""The customer's app: one module for each page or family of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.customer.cards import add_cards
from jingwei.channels.web.customer.consents import add_consents
from jingwei.channels.web.customer.front import add_front
from jingwei.channels.web.customer.my_data import add_my_data
from jingwei.channels.web.customer.pots import add_pots
from jingwei.channels.web.customer.proof import add_proof
from jingwei.channels.web.customer.statement import add_statement

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_customer(router: Router, site: Site) -> None:
    """Add every page under /app."""
    for add in (add_front, add_statement, add_cards, add_pots, add_consents, add_my_data, add_proof):
        add(router, site)
