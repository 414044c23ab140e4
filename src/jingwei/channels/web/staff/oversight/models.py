"""The model page: each slot's champion with its card, approvals, drift, rivals, one step back."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.rule_versions import in_force
from jingwei.channels.web.staff.oversight.charts import Column, columns, line
from jingwei.channels.web.staff.oversight.drift import Calibrated, Drift, calibration, drift
from jingwei.channels.web.staff.oversight.room import RULES, field, refusal_says
from jingwei.channels.web.staff.oversight.rules import wrong_page
from jingwei.channels.web.staff.oversight.work import start_backtest
from jingwei.channels.web.visit import form_of
from jingwei.domains.credit.trained_score import SLOTS, ScorecardInUse
from jingwei.journeys.use_model import UseModel
from jingwei.kernel.clock import DAY
from jingwei.kernel.refusal import Refusal
from jingwei.models.contract import ModelError
from jingwei.models.registry import ROLLBACK, champions

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.oversight.facts import Facts
    from jingwei.channels.web.staff.oversight.room import Room
    from jingwei.channels.web.visit import Visit
    from jingwei.models.card import Card
    from jingwei.models.registry import Approval, Registry
    from jingwei.stores.sessions import Session

WEEK = 7 * DAY


class Rival(NamedTuple):
    """A kept model that does not serve this slot but could: all it reads is there."""

    digest: str
    card: Card
    served: bool


class Slot(NamedTuple):
    """A model slot as it stands."""

    name: str
    policy: str
    digest: str
    card: Card
    approvals: tuple[Approval, ...]
    back_to: str
    mine: bool
    drift: Drift
    scores: Markup
    calibration: tuple[Calibrated, ...]
    curve: Markup
    rivals: tuple[Rival, ...]


def add_models(router: Router, room: Room) -> None:
    """Add /desk/models, comparing and one step back."""
    site = room.site

    async def show(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        facts = await room.look()
        seen = [slot_seen(room, visit, session, facts, *pair) for pair in by_slot().items()]
        return site.page(visit, "desk/models.html", {"slots": [one for one in seen if one], "facts": facts})

    async def back(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        step = stepped_back(room, visit, session.actor, slot_of(visit), field(form, "reason").strip())
        if isinstance(step, Response):
            return step
        stamp = site.stamp(session, field(form, "key"))
        await site.do(UseModel(**stamp, slot=step.slot, digest=step.digest))
        return RedirectResponse("/desk/models?told=model_back", 303)

    async def compare(visit: Visit) -> Response:
        session = room.enter(visit, *RULES)
        form = await form_of(visit, session)
        slot, digest = slot_of(visit), field(form, "digest", 64)
        if digest not in {rival.digest for rival in rivals(room.desk.home.registry, slot)}:
            raise Problem("not_found")
        policy = in_force(room.desk.reader, by_slot()[slot])
        job = start_backtest(room, session, policy, field(form, "most", 20), digest, about=slot)
        to = f"/desk/jobs/{job.id}" if job else "/desk/models?error=one_at_a_time"
        return RedirectResponse(to, 303)

    site.add(router, "/desk/models", show)
    site.add(router, "/desk/models/{slot}/back", back, "POST")
    site.add(router, "/desk/models/{slot}/compare", compare, "POST")


def by_slot() -> dict[str, str]:
    """The policy that each model slot scores for."""
    from jingwei.home import MODEL_SLOTS

    return {slot: policy for policy, slot in MODEL_SLOTS.items()}


def slot_of(visit: Visit) -> str:
    """The slot in the address. Raises Problem `not_found`."""
    slot = str(visit.request.path_params["slot"])
    if slot not in by_slot():
        raise Problem("not_found")
    return slot


def half_done(room: Room, slot: str) -> Approval | None:
    """The step back that stands in the registry but was not sealed, because the store failed just then."""
    history = room.desk.home.registry.history(slot)
    if not history or history[-1].action != ROLLBACK:
        return None
    return history[-1] if history[-1].digest != sealed_digest(room, slot, history[-1].digest) else None


def sealed_digest(room: Room, slot: str, approved: str) -> str | None:
    """The digest the log says scores in a slot; the approved one where the log says none."""
    if slot in by_slot():
        return room.desk.reader.note(f"model:{slot}")
    if slot in SLOTS:
        return next((one.digest for one in room.desk.reader.load(ScorecardInUse, [slot])), None)
    return approved


def may_step_back(registry: Registry, slot: str, actor: str, why: str) -> Refusal | None:
    """Why this person may not take the step back: a reason is needed, and never on one's own work."""
    if not why:
        return Refusal("reason_missing")
    history = registry.history(slot)
    if history and history[-1].who == actor:
        return Refusal("own_work")
    return None


def stepped_back(room: Room, visit: Visit, actor: str, slot: str, why: str) -> Approval | Response:
    """The champion before serves again in the registry; or the page that says why it cannot.

    A step that was written there and not sealed is only sealed: asking again goes no further back.
    """
    registry = room.desk.home.registry
    if why and (begun := half_done(room, slot)) is not None:
        return begun
    refusal = may_step_back(registry, slot, actor, why)
    if refusal is not None:
        return wrong_page(room.site, visit, refusal_says(refusal, visit.lang))
    try:
        return registry.rollback(slot, who=actor, why=why, at=room.site.now())
    except ModelError:
        return wrong_page(room.site, visit, visit.say("models.nothing_before"))


def rivals(registry: Registry, slot: str) -> tuple[Rival, ...]:
    """The models kept beside the champion that read only features the bank has, newest data first."""
    from jingwei.home import fits

    line = champions(registry.history(slot))
    serving = {champions(registry.history(other))[-1:][0] for other in by_slot() if registry.history(other)}
    found = []
    for path in sorted((registry.root / "files").glob("*")):
        if len(path.name) != 64 or path.name in serving:
            continue
        model = registry.whole(path.name)
        if model is not None and fits(model):
            found.append(Rival(path.name, model.card, path.name in line))
    return tuple(sorted(found, key=lambda one: -one.card.made_at))


def slot_seen(
    room: Room, visit: Visit, session: Session, facts: Facts, slot: str, policy: str
) -> Slot | None:
    """A slot with all the page shows of it; None when no model serves it."""
    registry = room.desk.home.registry
    try:
        champion = registry.champion(slot)
    except ModelError:
        return None  # its file is lost: `Home.warnings` and the doctor tell it
    if champion is None:
        return None
    history = registry.history(slot)
    line_of = champions(history)
    before, now, known = scores(facts, policy, champion.digest[:16], champion.model.card)
    moved, right = drift(before, now), calibration(known)
    points = [
        Column(
            f"{one.low:.2f}",
            visit.say(
                "models.bin", low=f"{one.low:.3f}", high=f"{one.high:.3f}", before=one.before, n=one.now
            ),
            (("allowed", one.now),),
            f"/desk/decisions?from={room.site.now() - WEEK}&until={room.site.now()}",
        )
        for one in moved.bins
    ]
    most = str(max((one.now for one in moved.bins), default=0))
    return Slot(
        slot, policy, champion.digest, champion.model.card, history[::-1],
        line_of[-2] if len(line_of) > 1 else "", history[-1].who == session.actor, moved,
        columns(visit.say("models.scores"), points, most), right,
        line(visit.say("models.curve"), [(one.mean_score, one.fraud_share) for one in right]),
        rivals(registry, slot),
    )  # fmt: skip


def scores(
    facts: Facts, policy: str, model: str, card: Card
) -> tuple[list[float], list[float], list[tuple[float, bool]]]:
    """A model's scores of its first week here, those of the last week, and those whose truth is known.

    When it has served for less than two weeks, its days are halved instead.
    """
    mine = [
        (fact.known_at, fact.score, fact.id)
        for fact in facts.judged.get(policy, ())
        if fact.model == model and fact.score is not None
    ]
    if not mine:
        return [], [], []
    first, last = mine[0][0], mine[-1][0]
    width = min(WEEK, max((last - first) // 2, 1))
    before = [score for at, score, _ in mine[: bisect_left(mine, (first + width,))]]
    now = [score for at, score, _ in mine[bisect_left(mine, (last - width + 1,)) :]]
    fraud, good = facts.labels.fraud, facts.labels.good
    known = [(score, one in fraud) for _, score, one in mine if one in fraud or one in good]
    return before, now, known
