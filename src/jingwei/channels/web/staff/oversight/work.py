"""Work under way and what it came to: backtests, comparisons of models, checks of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.phrases import phrases
from jingwei.channels.web.staff.oversight.jobs import Job, Tell
from jingwei.channels.web.staff.oversight.room import LOG, RULES, whole
from jingwei.decisions.policy import Policy, Verdict
from jingwei.domains.fraud.features import FRAUD
from jingwei.features.live import LiveFeatures
from jingwei.learning.backtest import Compared, backtest
from jingwei.learning.whatif import History

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.sessions import Session

NEWEST = 100_000
"""Records a backtest judges again unless told otherwise."""

MOST = 2_000_000
TEMPLATES = {
    "backtest": ("desk/backtest.html", RULES),
    "models": ("desk/backtest.html", RULES),
    "verify": ("desk/verified.html", LOG),
}
REFRESH_S = "2"


def add_work(router: Router, room: Room) -> None:
    """Add /desk/jobs/{job}."""

    async def work(visit: Visit) -> Response:
        job = room.jobs.find(visit.request.path_params["job"])
        room.enter(visit, *(TEMPLATES[job.kind][1] if job else (*RULES, *LOG)))
        if job is None:
            raise Problem("not_found")
        if not job.over:
            page = room.site.page(visit, "desk/working.html", {"job": job})
            page.headers["refresh"] = REFRESH_S
            return page
        if job.failed:
            return room.site.page(visit, "desk/working.html", {"job": job})
        values: dict[str, Any] = {"job": job, "verdicts": [verdict.code for verdict in Verdict]}
        if isinstance(job.result, Compared):
            values |= compared_values(job.result) | {"about": about_words(visit, job)}
        return room.site.page(visit, TEMPLATES[job.kind][0], values)

    room.site.add(router, "/desk/jobs/{job}", work)


def about_words(visit: Visit, job: Job) -> str:
    """What was tried, in words: the model for a use, or the rules and their version."""
    if job.kind == "models":
        return worded_as(visit, "slot", job.about)
    name, _, version = job.rules.partition("@")
    return f"{worded_as(visit, 'policy', name)} {visit.say('rules.version', n=version)}"


def worded_as(visit: Visit, kind: str, name: str) -> str:
    """A name in words where there are any, else as it is written."""
    key = f"{kind}.{name}"
    return visit.say(key) if key in phrases() else name


def compared_values(found: Compared) -> dict[str, Any]:
    """What a template needs to show a comparison."""
    payments = found.payments or 1
    return {
        "found": found,
        "customers": len(found.changed.customers),
        "money": dict(found.changed.money_minor),
        "share_old": found.old.hits / payments,
        "share_new": found.new.hits / payments,
    }


def start_backtest(
    room: Room, session: Session, candidate: Policy, most: str = "", model: str = "", about: str = ""
) -> Job | None:
    """Begin to judge the newest records again by this policy (and model); None while other work goes on."""
    from jingwei.home import MODEL_SLOTS

    home, count = room.desk.home, whole(most, NEWEST, 1, MOST)

    def work(tell: Tell) -> Compared:
        reader = home.store.reader()
        try:
            history = History(LiveFeatures(FRAUD), home.registry, MODEL_SLOTS, candidate, model)
            return backtest(reader, history, count, tell)
        finally:
            reader.close()

    kind = "models" if model else "backtest"
    rules = f"{candidate.name}@{candidate.version}"
    job = Job(kind, about or rules, session.actor, room.site.now(), rules)
    return room.jobs.start(job, work)
