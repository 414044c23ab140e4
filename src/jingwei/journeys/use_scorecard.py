"""UseScorecard: from this record on, loans are scored by this approved scorecard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from jingwei.domains.credit.trained_score import (
    SLOTS,
    ScorecardInUse,
    TrainedCard,
    card_of,
    table_of,
    unreadable,
)
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.journeys.use_model import ModelChanged
from jingwei.kernel.command import Command, Id
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.models.contract import ModelError
from jingwei.models.registry import Registry, champions

declare(
    {
        "scorecard_not_valid": Words("This scorecard cannot score: {error}.", "该评分卡无法使用：{error}。"),
    }
)


class UseScorecard(Command, frozen=True, kw_only=True, tag="use_scorecard"):
    """Score loans with the card whose model file has this SHA-256 `digest`; `table` (JSON) is sealed whole,
    so that every later decision can be done again without the file. An empty digest and table end its use."""

    slot: Id
    digest: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
    table: Annotated[str, msgspec.Meta(max_length=200_000)]


def look(ask: UseScorecard, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: UseScorecard, seen: int) -> Outcome:
    """Keep the table; a card that reads what may not be read is refused."""
    number, name = decision_id(seen), ""
    if ask.slot not in SLOTS:
        return refused(number, Refusal("scorecard_not_valid", {"error": f"nothing is scored as {ask.slot}"}))
    if ask.table:
        try:
            card = card_of(ask.slot, ask.table)
        except ValueError as error:
            return refused(number, Refusal("scorecard_not_valid", {"error": str(error)}))
        strange = unreadable(ask.slot, [line.feature for line in card.lines])
        if strange:
            error_says = f"it reads {', '.join(strange)}"
            return refused(number, Refusal("scorecard_not_valid", {"error": error_says}))
        name = card.name
    kept = ScorecardInUse(ask.slot, ask.digest, name, ask.table)
    answer = Answer(number, "done", made=ask.slot, events=(ModelChanged(slot=ask.slot, digest=ask.digest),))
    return Outcome(answer, kept=(kept,))


def scorecards_due(
    registry: Registry, kept: Sequence[ScorecardInUse], size: int, stamp: dict[str, Any]
) -> list[UseScorecard]:
    """What must be sealed so that the approved champions score; `size` and `stamp` go into the commands.

    What was sealed scores from the books alone: of a champion whose file is lost nothing new is sealed, and
    the one before goes on (`jingwei doctor` tells it). Raises ModelError when approvals were altered.
    """
    in_use, due = {one.id: one.digest for one in kept}, []
    for slot in SLOTS:
        line = champions(registry.history(slot))
        digest = line[-1] if line else ""
        if digest == in_use.get(slot, ""):
            continue
        try:
            model = registry.load(digest) if digest else None
        except ModelError:
            continue
        table = table_of(model, digest) if model is not None else ""
        key = f"scorecard:{slot}:{digest}:{size}"
        due.append(UseScorecard(key=key, slot=slot, digest=digest, table=table, **stamp))
    return due


def cards_in_use(books: Books) -> tuple[TrainedCard, ...]:
    """The trained cards that score as of this command."""
    found = (books.get(ScorecardInUse, slot) for slot in SLOTS)
    return tuple(card_of(one.id, one.lines) for one in found if one is not None and one.lines)


USE_SCORECARD = Journey(UseScorecard, look, act, roles=("staff", "system"))
