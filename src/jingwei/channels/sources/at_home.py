"""Source systems of one bank: what an import asks of its books, and how it is sealed there."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from jingwei.channels.sources.importing import Bound, Progress, Report, import_source
from jingwei.domains.insight.faults import told
from jingwei.domains.insight.mapping import Mapping
from jingwei.journeys.record_import import RecordImport
from jingwei.kernel.durable import write_whole
from jingwei.ledger.accounts import Account
from jingwei.ledger.work import Customer
from jingwei.stores.identities import KEY_FILE
from jingwei.stores.insight import Import, Insight
from jingwei.stores.vault import Vault

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.clock import Clock
    from jingwei.kernel.command import Command
    from jingwei.stores.store import Reader

ACTOR: Final = "system:sources"
FOLDER: Final = "rejected"
LOCK: Final = "insight.lock"


class AtHand(NamedTuple):
    """What bringing sources in needs of a bank: where it lives, its books, and how a command is done."""

    path: Path
    reader: Reader
    clock: Clock
    do: Callable[[Command], Answer]


def at_hand(home: Home) -> AtHand:
    """A bank that this process has open for writing and nobody else asks meanwhile."""
    return AtHand(home.path, home.store, home.clock, lambda command: home.bank.do([command])[0].answer)


def bound_to(home: AtHand) -> Bound:
    """What an import asks of this bank."""
    vault = Vault(home.path / "keys" / KEY_FILE)
    return Bound(
        lambda kind, keys: whose(home.reader, kind, keys),
        lambda number: vault.mark(number, "certificate").hex(),
        home.clock.now(),
    )


def whose(reader: Reader, kind: str, keys: Sequence[str]) -> dict[str, str]:
    """Of these customer or account numbers those the bank knows, with their customers."""
    if kind == "customer":
        return {one.id: one.id for one in reader.load(Customer, keys)}
    return {one.id: one.owner for one in reader.load(Account, keys) if one.side != "bank"}


def import_at_home(
    home: AtHand, shelf: Insight, mapping: Mapping, place: str, *, resume: bool, tell: Progress
) -> Report:
    """Bring a file in and seal it; asked again, what is missing is made up for. Raises as `import_source`."""
    one, report = bring_in(home, shelf, mapping, place, resume=resume, tell=tell)
    report.sealed = seal(home, shelf, one).sealed
    return report


def bring_in(
    home: AtHand, shelf: Insight, mapping: Mapping, place: str, *, resume: bool, tell: Progress
) -> tuple[Import, Report]:
    """Bring a file in without sealing it: nothing of the books is changed. One import at a time; others wait.

    Raises as `import_source`.
    """
    with one_at_a_time(home.path):
        one, report = import_source(shelf, mapping, place, bound_to(home), resume=resume, tell=tell)
    if one.rejected:
        report.rejected_file = str(keep_rejected(home.path, shelf, one))
    return one, report


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait for the import that another process or thread has going on; a dead one holds nobody up."""
    with (path / LOCK).open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def seal(home: AtHand, shelf: Insight, one: Import) -> Import:
    """Have an import that is done recorded, unless it is; return it as it stands."""
    if not one.sealed:
        one = msgspec.structs.replace(one, sealed=sealed(home, one))
        shelf.change(one)
    return one


def sealed(home: AtHand, one: Import) -> str:
    """Have an import recorded and return the decision that did."""
    now = home.clock.now()
    ask = RecordImport(
        key=f"source:{one.id}",
        actor=ACTOR,
        at=now,
        known_at=now,
        source=one.source,
        import_id=one.id,
        name=one.file,
        mapping=one.mapping,
        file=one.digest,
        chain=one.chain,
        profile_chain=one.profile_chain,
        rows=one.position,
        taken=one.taken,
        known=one.known,
        rejected=one.rejected,
        profiles=one.profiles,
        first_at=one.first_at,
        last_at=one.last_at,
    )
    return home.do(ask).id


def keep_rejected(home: Path, shelf: Insight, one: Import) -> Path:
    """Write the rows that were not taken beside the shelf, one JSON object a line, with reason and fix."""
    path = home / FOLDER / f"{one.source}-{one.id}.jsonl"
    lines = []
    for row in shelf.rejected(one.id, limit=1_000_000):
        says, fix = told(row.code, row.found)
        lines.append(
            msgspec.json.encode(
                {
                    "line": row.line,
                    "column": row.column,
                    "code": row.code,
                    "en": says.en,
                    "zh": says.zh,
                    "fix": fix.en,
                    "fix_zh": fix.zh,
                    "row": row.row,
                }
            )
        )
    write_whole(path, b"\n".join(lines) + b"\n")
    return path
