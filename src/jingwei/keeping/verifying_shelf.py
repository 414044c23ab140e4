"""The insight shelf compared with the log: every import as it was sealed, nothing changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from jingwei.journeys.record_import import RecordImport
from jingwei.journeys.table import unseal
from jingwei.kernel.ids import seq_of

if TYPE_CHECKING:
    from jingwei.stores.insight import Import, Insight
    from jingwei.stores.store import Reader


class Verified(msgspec.Struct):
    """What the comparison found: imports compared, and sentences on those that differ."""

    imports: int = 0
    happenings: int = 0
    profiles: int = 0
    unsealed: int = 0
    differing: list[str] = []
    whole: bool = True


def verify_shelf(shelf: Insight, reader: Reader, tell: Callable[[int, int], None]) -> Verified:
    """Read every happening and profile again and compare digests and counts with the sealed records."""
    told = Verified()
    found = shelf.imports()
    for number, one in enumerate(found):
        tell(number, len(found))
        if not one.sealed:
            told.unsealed += 1
            continue
        told.imports += 1
        chain, count = shelf.chain_again(one.id)
        profile_chain, profiles = shelf.profile_chain_again(one.id)
        told.happenings += count
        told.profiles += profiles
        sealed = _sealed(reader, one)
        if sealed is None:
            told.differing.append(f"{one.source}/{one.file}: its record {one.sealed} is not in the log")
        elif (sealed.chain, sealed.taken) != (chain, count):
            told.differing.append(f"{one.source}/{one.file}: the happenings are not those that were sealed")
        elif (sealed.profile_chain, sealed.profiles) != (profile_chain, profiles):
            told.differing.append(f"{one.source}/{one.file}: the profiles are not those that were sealed")
    told.whole = not told.differing
    return told


def _sealed(reader: Reader, one: Import) -> RecordImport | None:
    seq = seq_of(one.sealed)
    leaf = reader.record(seq) if seq is not None else None
    command = unseal(leaf).command if leaf is not None else None
    return command if isinstance(command, RecordImport) and command.import_id == one.id else None
