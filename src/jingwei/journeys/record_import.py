"""RecordImport: one file of a source system is on the insight shelf; what and how much is sealed."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Command, Id, Moment, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id

Digest = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class RecordImport(Command, frozen=True, kw_only=True, tag="record_import"):
    """Seal that this import of `source` is whole.

    `mapping`, `file` and `chain` are SHA-256: of the mapping, of the file, and over everything taken,
    row after row, so that the shelf can be compared with the record. Rows read are those taken, those
    `known` from an earlier file, and those rejected.
    """

    source: Id
    import_id: Id
    name: Text
    mapping: Digest
    file: Digest
    chain: Digest
    profile_chain: Digest
    rows: Count
    taken: Count
    known: Count
    rejected: Count
    profiles: Count
    first_at: Moment = 0
    last_at: Moment = 0


class ImportRecorded(Event, frozen=True, kw_only=True, tag="import_recorded"):
    """A file of a source system is on the shelf."""

    source: str
    taken: int
    rejected: int


def look(ask: RecordImport, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: RecordImport, seen: int) -> Outcome:
    """Seal the figures, and note where they are."""
    number = decision_id(seen)
    event = ImportRecorded(source=ask.source, taken=ask.taken, rejected=ask.rejected)
    return Outcome(Answer(number, "done", events=(event,)), notes={f"source:{ask.import_id}": number})


RECORD_IMPORT = Journey(RecordImport, look, act, roles=("staff", "system"))
"""A source system was read."""
