"""Several batches waiting to be written become one, so that they share a transaction and its sync."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

import numpy as np

from jingwei.audit.joined import Joined
from jingwei.ledger.accounts import Balance, Kept, Line
from jingwei.ledger.columns import Columns
from jingwei.stores.store import Batch


def merge(batches: Sequence[Batch]) -> Batch:
    """One batch that writes what these write one after the other: of each kept thing its last state."""
    first = batches[0]
    if len(batches) == 1:
        return first
    kinds = dict.fromkeys(kind for batch in batches for kind in batch.kept)
    kept = {kind: _last([batch.kept.get(kind, ()) for batch in batches]) for kind in kinds}
    notes = {name: value for batch in batches for name, value in batch.notes.items()}
    keys = list(chain.from_iterable(batch.keys for batch in batches))
    return Batch(first.first_seq, _leaves(batches), keys, _lines(batches), kept, notes)


def _leaves(batches: Sequence[Batch]) -> Sequence[bytes]:
    parts = [batch.leaves for batch in batches]
    joined = [part for part in parts if isinstance(part, Joined)]
    if len(joined) < len(parts):
        return list(chain.from_iterable(parts))
    sizes = np.cumsum([0, *(len(part.data) for part in joined)])
    ends = [part.ends + size for part, size in zip(joined, sizes.tolist(), strict=False)]
    return Joined(b"".join(part.data for part in joined), np.concatenate(ends))


def _lines(batches: Sequence[Batch]) -> Sequence[Line]:
    parts = [batch.lines for batch in batches]
    if not any(isinstance(part, Columns) for part in parts):
        return list(chain.from_iterable(parts))
    whole = Columns.of(Line, parts[0])
    for part in parts[1:]:
        whole = whole.followed_by(Columns.of(Line, part))
    return whole


def _last(states: Sequence[Sequence[Kept]]) -> Sequence[Kept]:
    """The last state of each thing, by id."""
    if not any(isinstance(part, Columns) for part in states):
        return list({thing.id: thing for thing in chain.from_iterable(states)}.values())
    whole = Columns.of(Balance, cast("Sequence[Balance]", states[0]))
    for part in states[1:]:
        whole = whole.followed_by(Columns.of(Balance, cast("Sequence[Balance]", part)))
    names = [whole.names[place] for place in whole.columns[0].tolist()]
    rows = np.fromiter({name: row for row, name in enumerate(names)}.values(), np.int64)
    return Columns(Balance, [column[rows] for column in whole.columns], whole.names)
