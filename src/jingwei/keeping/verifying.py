"""The check of a whole bank: log, tiles, heads and anchors; and the books done again from the log.

It only reads: it founds nothing, signs nothing and anchors nothing, and may run beside the bank.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.audit.anchors import AnchorFile
from jingwei.audit.heads import SignedHead, public_path, read_public
from jingwei.audit.leaves import InWorkers
from jingwei.audit.verify import Damage, Findings, Verdict, verify_log
from jingwei.keeping.compare import compare_books
from jingwei.keeping.redo import NotRepeatable, Tell, quiet, redo
from jingwei.ledger.products import Products
from jingwei.stores.opening import open_reader, read_range
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import DamagedStore, Reader

WORTH_WORKERS = 500_000
"""From so many records on, starting processes that read and hash costs less than it saves."""

TELL_EVERY = 65_536


class Told(NamedTuple):
    """What the check is told: the raw keys trusted to sign, where anchors lie (None: there are none),
    how many processes read a long log, and whether the books are compared too."""

    keys: Sequence[bytes]
    anchors: AnchorFile | None
    log: str
    products: Products
    workers: int = 1
    books: bool = True


class Report(msgspec.Struct, frozen=True):
    """What was found. `anchors` were read, the newest over `anchored_to` records.

    `rows` of the books were compared; `books` is "compared", "not asked" or "log not sound"; times are in
    seconds.
    """

    log: Verdict
    damage: list[Damage]
    more: int
    anchors: int
    anchored_to: int
    books: str
    rows: int
    log_s: float
    books_s: float

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.damage


def verify_bank(place: str, told: Told, tell: Tell = quiet) -> Report:
    """Check the bank kept at `place` (an SQLite file or a postgresql:// address). Raises StoreError.

    A bank whose file cannot be read through is damage too, told as DamagedStore.
    """
    findings = Findings()
    heads, anchored = _anchored(told.anchors, findings)
    reader = open_reader(place)
    try:
        with reader.frozen():
            size = reader.size()
            heads += _signed(reader, anchored, told, findings, size)
            began = time.perf_counter()
            verdict = _check_log(place, reader, heads, told, tell)
            log_s = time.perf_counter() - began
            findings.listed += verdict.damage
            findings.more += verdict.more
            began = time.perf_counter()
            books, rows = "not asked", 0
            if told.books:
                books = "log not sound"
                if verdict.sound:
                    books, rows = "compared", _check_books(reader, size, told.products, findings, tell)
            books_s = time.perf_counter() - began
    finally:
        reader.close()
    anchored_to = max((head.size for head in anchored), default=0)
    return Report(
        verdict, findings.listed, findings.more, len(anchored), anchored_to, books, rows, log_s, books_s
    )


def trusted_keys(home: Path) -> list[bytes]:
    """The raw public keys of a home: the one that signs now, and those that signed before a restore."""
    paths = [public_path(home / "keys" / "signing.pem"), *sorted((home / "keys" / "earlier").glob("*.pub"))]
    return [read_public(path) for path in paths if path.exists()]


def _anchored(anchors: AnchorFile | None, findings: Findings) -> tuple[list[SignedHead], list[SignedHead]]:
    """The heads of the anchors file, twice: to compare with, and as read; a line that is none is damage."""
    if anchors is None:
        return [], []
    heads, bad = anchors.read()
    for line in bad:
        if line.cut_short:
            continue
        says = f"Line {line.line} of the anchors is damaged: {line.says}"
        findings.add("anchor_damaged", line.line, says, f"锚文件第{line.line}行已损坏。")
    for earlier, later in zip(heads, heads[1:], strict=False):
        if later.size < earlier.size:
            says = f"The anchor over {later.size} records stands behind one over {earlier.size}."
            zh = f"覆盖{later.size}条记录的锚排在覆盖{earlier.size}条的锚之后。"
            findings.add("anchor_out_of_order", later.size, says, zh)
    return list(heads), heads


def _signed(
    reader: Reader, anchored: list[SignedHead], told: Told, findings: Findings, size: int
) -> list[SignedHead]:
    """The head signed last, which must be among the anchors, and anchors made since these were read."""
    text = reader.note("head")
    if text is None:
        return []
    try:
        head = msgspec.json.decode(text, type=SignedHead)
    except msgspec.DecodeError as wrong:
        says = f"The head signed last cannot be read: {wrong}."
        findings.add("head_damaged", size, says, "最近的签名头无法读取。")
        return []
    if told.anchors is None or head in anchored:
        return [head]
    since = [one for one in told.anchors.read()[0] if one not in anchored and one.size <= size]
    if head not in since:
        says = f"The head signed last, over {head.size} records, is not among the anchors."
        findings.add("anchors_cut", head.size, says, f"最近的签名头（{head.size}条记录）不在锚文件中。")
    return [head, *since]


def _check_log(place: str, reader: Reader, heads: Sequence[SignedHead], told: Told, tell: Tell) -> Verdict:
    size = reader.size()
    if told.workers > 1 and size >= WORTH_WORKERS:
        log = InWorkers(partial(read_range, place, size), size, told.workers)
        return verify_log(log, reader.tile, heads, told.keys, told.log)
    return verify_log(_told(reader, size, tell), reader.tile, heads, told.keys, told.log)


def _told(reader: Reader, size: int, tell: Tell) -> Iterator[tuple[int, bytes]]:
    """All records, telling from time to time how far they came."""
    for start in range(0, size, TELL_EVERY):
        tell(start, size)
        yield from reader.records(start, min(size, start + TELL_EVERY))


def _check_books(reader: Reader, size: int, products: Products, findings: Findings, tell: Tell) -> int:
    """Do all records again in books of our own and compare these with the bank's; return rows compared."""
    with tempfile.TemporaryDirectory(prefix="jingwei-again-") as folder:
        again = SqliteStore(Path(folder) / "bank.db")
        try:
            redo(reader.records(0, size), again, products, tell, size)
            return compare_books(reader, again, findings)
        except NotRepeatable as wrong:
            findings.add("not_repeatable", wrong.seq, wrong.says, wrong.zh)
            return 0
        finally:
            again.close()


def unreadable(error: DamagedStore) -> Damage:
    """The damage of a store that cannot be read through."""
    return Damage("store_damaged", 0, str(error), "账册文件已损坏，无法读完。")
