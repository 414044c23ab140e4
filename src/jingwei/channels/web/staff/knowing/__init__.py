"""Pages on what is known of customers: the view over all systems, who is who, the quality of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.staff.knowing.identity import add_identity
from jingwei.channels.web.staff.knowing.quality import add_quality
from jingwei.channels.web.staff.knowing.view import add_view

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor


def add_knowing(router: Router, floor: Floor) -> None:
    """Add the pages."""
    for add in (add_view, add_identity, add_quality):
        add(router, floor)
