"""Who watches what the bank decides: rules, models, the stream of decisions, the log, the dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.staff.oversight.audit import add_audit
from jingwei.channels.web.staff.oversight.board import add_board
from jingwei.channels.web.staff.oversight.credit_models import add_credit_models
from jingwei.channels.web.staff.oversight.decisions import add_decisions
from jingwei.channels.web.staff.oversight.drafts import add_drafts
from jingwei.channels.web.staff.oversight.editor import add_editor
from jingwei.channels.web.staff.oversight.models import add_models
from jingwei.channels.web.staff.oversight.room import Room
from jingwei.channels.web.staff.oversight.rules import add_rules
from jingwei.channels.web.staff.oversight.work import add_work

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_oversight(router: Router, site: Site) -> None:
    """Add /desk/rules, /desk/models, /desk/decisions, /desk/audit and /desk/board."""
    room = Room(site)
    changing = (add_rules, add_editor, add_drafts, add_work, add_models, add_credit_models)
    for add in (*changing, add_decisions, add_audit, add_board):
        add(router, room)
    site.tasks += [room.shadows.run, room.warm]
