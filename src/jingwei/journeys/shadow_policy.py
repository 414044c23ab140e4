"""ShadowPolicy: a draft judges along from now on, without effect, or no longer does."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.decisions.drafts import OPEN, PolicyDraft
from jingwei.journeys.answer_draft import Seen
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class ShadowPolicy(Command, frozen=True, kw_only=True, tag="shadow_policy"):
    """Let draft `draft` judge along from now on (`on`), or stop that."""

    draft: Id
    on: bool


def look(ask: ShadowPolicy, books: Books) -> Seen:
    """Read the draft."""
    return Seen(books.seq, books.get(PolicyDraft, ask.draft))


def act(ask: ShadowPolicy, seen: Seen) -> Outcome:
    """Change the draft's state; asked for what is so already, it changes nothing."""
    number, draft = decision_id(seen.seq), seen.draft
    if draft is None:
        return refused(number, Refusal("draft_not_found"))
    if draft.state not in OPEN:
        return refused(number, Refusal("draft_closed"))
    answer = Answer(number, "done", about=draft.record)
    if (draft.state == "shadow") == ask.on:
        return Outcome(answer)
    state, first = ("shadow", seen.seq) if ask.on else ("proposed", draft.shadow_from)
    return Outcome(answer, kept=(replace(draft, state=state, shadow_from=first),))


SHADOW_POLICY = Journey(ShadowPolicy, look, act, roles=("staff",))
