"""The customer's app: one module for each page or family of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.customer.decision import add_decision
from jingwei.channels.web.customer.family import add_family
from jingwei.channels.web.customer.front import add_front
from jingwei.channels.web.customer.settings import add_settings

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_customer(router: Router, site: Site) -> None:
    """Add every page under /app."""
    for add in (add_front, add_decision, add_family, add_settings):
        add(router, site)
