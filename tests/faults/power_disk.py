"""A disk that loses power: what was synced is there, the rest in any mixture, sector by sector.

Files: what was written since the last sync of a file comes to the disk in any order, sector by sector, or
not at all; so does its new length. Folders: a name made, changed or removed is there for sure once its
folder was synced; until then as many of the changes as came to the disk, in their order. A sync that
failed has written some of the sectors, and the system forgets that the others were ever to be written: only
writing them again and a sync that succeeds makes them durable (Rebello et al., "Can Applications Recover
from fsync Failures?", USENIX ATC 2020).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults.power_trace import Op

SECTOR = 512
PAGE = 4096


class File:
    """Content that is durable, and the changes that are not."""

    def __init__(self) -> None:
        self.durable = bytearray()
        self.pending: list[tuple[int, bytes | None]] = []
        self.forgotten: dict[int, bytes] = {}
        """Sectors of a failed sync, with what the disk may hold instead."""
        self.length = 0

    def write(self, at: int, data: bytes) -> None:
        """Write at a place; -1: at the end."""
        at = self.length if at < 0 else at
        self.pending.append((at, data))
        self.length = max(self.length, at + len(data))

    def truncate(self, length: int) -> None:
        """Make it this long."""
        self.pending.append((length, None))
        self.length = length

    def sync(self, failed: bool) -> None:
        """Make what is pending durable, or after a failure forget that it is not."""
        before = bytes(self.durable)
        touched: set[int] = set()
        for at, data in self.pending:
            _put(self.durable, at, data)
            if data:
                touched |= set(range(at // PAGE, (at + len(data) - 1) // PAGE + 1))
        self.pending = []
        sectors = (page * (PAGE // SECTOR) + n for page in touched for n in range(PAGE // SECTOR))
        for sector in sectors:
            old = before[sector * SECTOR : (sector + 1) * SECTOR]
            if failed:
                self.forgotten.setdefault(sector, old)
            else:
                self.forgotten.pop(sector, None)

    def after_the_cut(self, draw: random.Random) -> bytes:
        """What a crash may leave of it."""
        found = bytearray(self.durable)
        for sector, old in self.forgotten.items():
            if draw.random() < 0.5:
                _put(found, sector * SECTOR, old.ljust(min(SECTOR, len(found) - sector * SECTOR), b"\0"))
        odds = draw.choice((0.0, 0.1, 0.5, 0.5, 0.9, 1.0))
        for at, data in self.pending:
            if data is None:
                if draw.random() < odds:
                    _put(found, at, None)
                continue
            for start, piece in _sectors(at, data):
                if draw.random() < odds:
                    _put(found, start, piece)
        if len(found) > len(self.durable) and draw.random() < 0.3:
            del found[draw.randrange(len(self.durable), len(found)) :]
        return bytes(found)


def _put(content: bytearray, at: int, data: bytes | None) -> None:
    """Write into content at a place, or (None) make it this long."""
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def _sectors(at: int, data: bytes) -> list[tuple[int, bytes]]:
    """The pieces of a write that come to the disk one by one."""
    cuts = [at, *range((at // SECTOR + 1) * SECTOR, at + len(data), SECTOR), at + len(data)]
    return [(start, data[start - at : end - at]) for start, end in zip(cuts, cuts[1:], strict=False)]


class Folder:
    """Names that are durable, and the changes of names that are not."""

    def __init__(self) -> None:
        self.now: dict[str, File | Folder] = {}
        self.durable: dict[str, File | Folder] = {}
        self.pending: list[dict[str, File | Folder | None]] = []

    def change(self, names: dict[str, File | Folder | None]) -> None:
        """Make, replace or (None) remove names, all in one step."""
        self.pending.append(names)
        _rename(self.now, names)

    def sync(self) -> None:
        """Make the names as they are durable."""
        self.durable, self.pending = dict(self.now), []

    def after_the_cut(self, draw: random.Random) -> dict[str, File | Folder]:
        """The names a crash may leave."""
        found = dict(self.durable)
        for names in self.pending[: draw.randint(0, len(self.pending))]:
            _rename(found, names)
        return found


def _rename(names: dict[str, File | Folder], changes: dict[str, File | Folder | None]) -> None:
    for name, what in changes.items():
        if what is None:
            names.pop(name, None)
        else:
            names[name] = what


class Disk:
    """The files under one folder, as a recording changes them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = Folder()

    def apply(self, op: Op) -> None:
        """Let one recorded change happen."""
        if op.kind == "said":
            return
        folder, name = self._where(op.path)
        found = folder.now.get(name) if name else folder
        if op.kind == "create":
            if found is None:
                folder.change({name: File()})
            elif isinstance(found, File) and op.at:
                found.truncate(0)
        elif op.kind == "mkdir":
            folder.change({name: Folder()})
        elif op.kind == "unlink":
            folder.change({name: None})
        elif op.kind in ("rename", "link"):
            self._move(op, folder, name)
        else:
            self._file(op, found)

    def _file(self, op: Op, found: File | Folder | None) -> None:
        if isinstance(found, Folder):
            assert op.kind == "sync", op
            if not op.failed:
                found.sync()
        elif found is not None:
            if op.kind == "write":
                found.write(op.at, op.data)
            elif op.kind == "truncate":
                found.truncate(op.at)
            else:
                found.sync(op.failed)

    def _move(self, op: Op, folder: Folder, name: str) -> None:
        there, new = self._where(op.other)
        assert there is folder, f"{op}: across folders"
        taken: dict[str, File | Folder | None] = {} if op.kind == "link" else {name: None}
        folder.change(taken | {new: folder.now[name]})

    def _where(self, path: str) -> tuple[Folder, str]:
        parts = Path(path).relative_to(self._root).parts
        folder = self._top
        for part in parts[:-1]:
            inner = folder.now[part]
            assert isinstance(inner, Folder), path
            folder = inner
        return folder, parts[-1] if parts else ""

    def cut(self, image: Path, draw: random.Random) -> None:
        """Write what a power cut at this moment may leave into a new folder."""
        image.mkdir()
        self._lay_out(self._top, image, draw)

    def _lay_out(self, folder: Folder, place: Path, draw: random.Random) -> None:
        for name, what in folder.after_the_cut(draw).items():
            if isinstance(what, Folder):
                (place / name).mkdir()
                self._lay_out(what, place / name, draw)
            else:
                handle = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(handle, what.after_the_cut(draw))
                os.close(handle)
        if "bank.db" in folder.now and draw.random() < 0.2:
            (place / "bank.db-shm").write_bytes(draw.randbytes(32_768))
