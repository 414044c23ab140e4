"""The staff's desk: one module for each page or family of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.staff.oversight import add_oversight
from jingwei.channels.web.staff.queue import add_queue

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_staff(router: Router, site: Site) -> None:
    """Add every page under /desk."""
    for add in (add_queue,):
        add(router, site)
    add_oversight(router, site)
