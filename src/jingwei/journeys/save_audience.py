"""SaveAudience: staff keep a condition over tags under a name; every version of it stays."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.decisions.expression import ExpressionError
from jingwei.domains.tags.audiences import Audience, audience_id
from jingwei.domains.tags.condition import read_condition
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal

AudienceName = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"\A[\w][\w -]*\Z")]
"""Letters of any language, digits, spaces, - and _."""

ConditionText = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=1000, pattern=r"\A[^\x00]*\Z", examples=["age_years >= 60"]),
]


class SaveAudience(Command, frozen=True, kw_only=True, tag="save_audience"):
    """Keep `condition`, over tags that marketing may read, as the next version of `name`."""

    name: AudienceName
    condition: ConditionText


class AudienceSaved(Event, frozen=True, kw_only=True, tag="audience_saved"):
    """An audience has a new version."""

    name: str
    version: int


class Seen(msgspec.Struct, frozen=True):
    """The versions so far."""

    seq: int
    before: tuple[Audience, ...]


def look(ask: SaveAudience, books: Books) -> Seen:
    """Read the versions there are."""
    return Seen(books.seq, tuple(every(books, Audience, "name", ask.name)))


def act(ask: SaveAudience, seen: Seen) -> Outcome:
    """Keep the next version, when the condition can be read and says something new."""
    number = decision_id(seen.seq)
    try:
        read_condition(ask.condition, Purpose.MARKETING)
    except ExpressionError as error:
        return refused(number, Refusal("audience_not_valid", {"why": error.problem}))
    newest = max(seen.before, key=lambda one: one.version, default=None)
    if newest is not None and newest.condition == ask.condition:
        return refused(number, Refusal("audience_same"))
    version = newest.version + 1 if newest else 1
    kept = Audience(audience_id(ask.name, version), ask.name, version, ask.condition, ask.at, ask.actor)
    event = AudienceSaved(name=ask.name, version=version)
    return Outcome(Answer(number, "done", made=kept.id, events=(event,)), kept=(kept,))


SAVE_AUDIENCE = Journey(SaveAudience, look, act, roles=("staff",))
