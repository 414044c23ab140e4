"""The customer's app: one module for each page or family of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.customer.cards import add_cards
from jingwei.channels.web.customer.consents import add_consents
from jingwei.channels.web.customer.decision import add_decision
from jingwei.channels.web.customer.events import add_events
from jingwei.channels.web.customer.family import add_family
from jingwei.channels.web.customer.front import add_front
from jingwei.channels.web.customer.loans import add_loans
from jingwei.channels.web.customer.my_data import add_my_data
from jingwei.channels.web.customer.offers import add_offers
from jingwei.channels.web.customer.payment import add_payment
from jingwei.channels.web.customer.pots import add_pots
from jingwei.channels.web.customer.proof import add_proof
from jingwei.channels.web.customer.receive import add_receive
from jingwei.channels.web.customer.schedules import add_schedules
from jingwei.channels.web.customer.settings import add_settings
from jingwei.channels.web.customer.statement import add_statement
from jingwei.channels.web.customer.step_up import add_step_up
from jingwei.channels.web.customer.transfer import add_transfer
from jingwei.channels.web.name_checks import Checks

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

PAGES = (
    add_front,
    add_transfer,
    add_payment,
    add_step_up,
    add_receive,
    add_schedules,
    add_events,
    add_statement,
    add_cards,
    add_pots,
    add_loans,
    add_consents,
    add_my_data,
    add_proof,
    add_decision,
    add_family,
    add_settings,
    add_offers,
)


def add_customer(router: Router, site: Site) -> None:
    """Add every page under /app."""
    site.checks = Checks()
    for add in PAGES:
        add(router, site)
