"""ExportAudience: sealed are who took which audience out of the bank, how many rows, and which file."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.domains.tags.audiences import Audience, AudienceExport, export_id
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal

Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
VersionId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[^\x00]*\Z")]


class ExportAudience(Command, frozen=True, kw_only=True, tag="export_audience"):
    """Seal an export of one version of an audience before its file is handed out.

    `digest` is SHA-256 of the file's bytes; `withheld` counts customers left out for lack of consent.
    """

    audience: VersionId
    rows: Count
    withheld: Count
    digest: Digest
    why: Text


class AudienceExported(Event, frozen=True, kw_only=True, tag="audience_exported"):
    """An audience left the bank as a file."""

    name: str
    version: int
    rows: int
    withheld: int


class Seen(msgspec.Struct, frozen=True):
    """The audience."""

    seq: int
    audience: Audience | None


def look(ask: ExportAudience, books: Books) -> Seen:
    """Read the audience."""
    return Seen(books.seq, books.get(Audience, ask.audience))


def act(ask: ExportAudience, seen: Seen) -> Outcome:
    """Keep that it was exported, by whom and why."""
    number, audience = decision_id(seen.seq), seen.audience
    if audience is None:
        return refused(number, Refusal("audience_not_found"))
    kept = AudienceExport(
        export_id(seen.seq), audience.name, audience.version, ask.rows, ask.withheld, ask.digest,
        ask.at, ask.actor, ask.why,
    )  # fmt: skip
    event = AudienceExported(
        name=audience.name, version=audience.version, rows=ask.rows, withheld=ask.withheld
    )
    return Outcome(Answer(number, "done", made=kept.id, events=(event,)), kept=(kept,))


EXPORT_AUDIENCE = Journey(ExportAudience, look, act, roles=("staff",))
