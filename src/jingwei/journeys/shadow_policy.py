"""ShadowPolicy: a draft judges along from now on, without effect, or no longer does."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.decisions.drafts import OPEN, SHADOWS, PolicyDraft
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal

COUNTED = 1
"""From this version of the rules on no more begin than run."""


class ShadowPolicy(Command, frozen=True, kw_only=True, tag="shadow_policy"):
    """Let draft `draft` judge along from now on (`on`), or stop that."""

    draft: Id
    on: bool


class Seen(msgspec.Struct, frozen=True):
    """The draft, and how many run in the shadow (counted to SHADOWS)."""

    seq: int
    draft: PolicyDraft | None
    running: int
    rules: int = TODAYS


def look(ask: ShadowPolicy, books: Books) -> Seen:
    """Read the draft and those that run."""
    running = len(books.find(PolicyDraft, "state", "shadow", limit=SHADOWS))
    return Seen(books.seq, books.get(PolicyDraft, ask.draft), running, books.rules)


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
    if ask.on and seen.running >= SHADOWS and seen.rules >= COUNTED:
        return refused(number, Refusal("shadows_taken", {"most": str(SHADOWS)}), about=draft.record)
    state, first = ("shadow", seen.seq) if ask.on else ("proposed", draft.shadow_from)
    return Outcome(answer, kept=(replace(draft, state=state, shadow_from=first),))


SHADOW_POLICY = Journey(ShadowPolicy, look, act, roles=("staff",), rules=COUNTED)
