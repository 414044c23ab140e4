"""The staff's desk: one module for each page or family of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.staff.acts import add_acts
from jingwei.channels.web.staff.audiences import add_audiences
from jingwei.channels.web.staff.case import add_case
from jingwei.channels.web.staff.customers import add_customers
from jingwei.channels.web.staff.day import add_day
from jingwei.channels.web.staff.floor import Floor
from jingwei.channels.web.staff.knowing import add_knowing
from jingwei.channels.web.staff.live import add_live
from jingwei.channels.web.staff.loans import add_loans
from jingwei.channels.web.staff.offers import add_offers
from jingwei.channels.web.staff.oversight import add_oversight
from jingwei.channels.web.staff.people_waiting import add_people_waiting
from jingwei.channels.web.staff.queue import add_queue
from jingwei.channels.web.staff.warnings import add_warnings

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_staff(router: Router, site: Site) -> None:
    """Add every page under /desk."""
    floor = Floor(site)
    on_floor = (add_queue, add_case, add_acts, add_customers, add_live, add_knowing, add_loans)
    for add_to_floor in on_floor:
        add_to_floor(router, floor)
    for add in (add_audiences, add_day, add_offers, add_people_waiting, add_warnings):
        add(router, site)
    add_oversight(router, site)
