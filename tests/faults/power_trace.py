"""Some of the bank's work in a process of its own under strace: recorded, killed or failed at a call.

The process is forked from one that has everything loaded, so that a trial costs milliseconds. It waits
until strace holds it, then does its work; what it promises it writes, line by line, into one file.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

Work = Callable[[Callable[[str], None]], None]
"""Does something and promises, through what it is given."""

ANYONE = ctypes.c_ulong(-1)
SET_PTRACER = 0x59616D61
ATTACH_SECONDS = 10
CHANGES = (
    "openat,open,creat,pwrite64,pwritev,pwritev2,write,writev,fdatasync,fsync,sync_file_range,ftruncate,"
    "truncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,"
    "mkdirat,rmdir,lseek,copy_file_range,sendfile"
)
"""Every call that changes a file or folder, or makes it durable (the bank maps nothing that must last)."""


@cache
def why_not() -> str:
    """Why nothing can be traced here, or ""."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with Traced(lambda say: say("hello"), ["-e", "trace=write"], Path(_memory())) as traced:
        pass
    return "" if traced.said == ["hello"] and traced.held else "this machine lets nobody trace a process"


def _memory() -> str:
    return "/dev/shm" if Path("/dev/shm").is_dir() else "."


def nothing() -> None:
    """Get nothing ready."""


class Traced:
    """`with Traced(work, options, folder) as traced:` runs `work(say)` under strace to its end.

    `first()` runs in the new process before strace has it: what is got ready there is neither seen nor hit.
    `said` is what it promised before it ended, `code` how it ended (negative: the signal), `log` what strace
    wrote, `held` whether strace had it. `work` may say nothing more after a kill, of course.
    """

    def __init__(
        self, work: Work, options: list[str], folder: Path, first: Callable[[], None] = nothing
    ) -> None:
        self._work = work
        self._first = first
        self._options = options
        self.promises = folder / f"promises-{os.getpid()}"
        self._log = folder / f"strace-{os.getpid()}"
        self.said: list[str] = []
        self.log = ""
        self.held = False
        self.code = 0

    def __enter__(self) -> Traced:
        self.promises.write_bytes(b"")
        ready, go = os.pipe()
        prepared, told = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.close(prepared)
            self._child(ready, told)
        os.close(ready)
        os.close(told)
        os.read(prepared, 1)
        os.close(prepared)
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "signal=none", *self._options, "-o", self._log, "-p", str(child)],
            stderr=subprocess.DEVNULL,
        )
        try:
            self.held = self._wait_until_held(child, tracer)
            os.write(go, b"g")
        finally:
            os.close(go)
            _, status = os.waitpid(child, 0)
            tracer.wait()
        self.code = os.waitstatus_to_exitcode(status)
        self.said = self.promises.read_text().splitlines()
        self.log = self._log.read_text() if self._log.exists() else ""
        return self

    def __exit__(self, *_: object) -> None:
        self.promises.unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)

    def _wait_until_held(self, child: int, tracer: subprocess.Popen[bytes]) -> bool:
        status, until = Path(f"/proc/{child}/status"), time.monotonic() + ATTACH_SECONDS
        while "TracerPid:\t0\n" in status.read_text():
            if tracer.poll() is not None or time.monotonic() > until:
                tracer.kill()
                return False
            time.sleep(0.001)
        return True

    def _child(self, ready: int, told: int) -> None:
        """Everything the forked process does; it never returns."""
        code = 1
        try:
            ctypes.CDLL(None).prctl(SET_PTRACER, ANYONE, 0, 0, 0)
            promises = os.open(self.promises, os.O_WRONLY | os.O_APPEND)
            self._first()
            os.write(told, b"p")
            os.read(ready, 1)
            self._work(lambda line: _say(promises, line))
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)


def _say(promises: int, line: str) -> None:
    os.write(promises, line.encode() + b"\n")


class Op(NamedTuple):
    """One change of the disk. `kind`: create (`at` 1: and empty it), mkdir, write, truncate, sync, rename,
    link, unlink, or said (a promise). `failed`: it was a sync, and it reported an error."""

    kind: str
    path: str
    at: int = 0
    data: bytes = b""
    other: str = ""
    failed: bool = False


_LINE = re.compile(r"^(\d+)\s+(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)$", re.S)
_FD = re.compile(r"^(\d+)<([^>]*)>")
_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_SKIPPED = ("bank.db-shm", ".lock")
_UNKNOWN = {"pwritev", "pwritev2", "writev", "sync_file_range", "truncate", "fallocate", "symlink",
            "symlinkat", "copy_file_range", "sendfile"}  # fmt: skip


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class Recording:
    """What a traced run did to the files under `root`, in order."""

    def __init__(self, root: Path, promises: Path) -> None:
        self._root = str(root)
        self._promises = str(promises)
        self._at: dict[tuple[str, str], int] = {}
        self._append: set[tuple[str, str]] = set()
        self.ops: list[Op] = []

    def read(self, log: str) -> None:
        """Add what strace wrote. Raises ValueError for a change of the files that is not understood."""
        for call, rest, result, pid in _calls(log):
            if result == "?" or (result == "-1" and call not in ("fsync", "fdatasync")):
                continue
            self.ops.extend(self._op(call, rest, result, pid))

    def _op(self, call: str, rest: str, result: str, pid: str) -> Iterator[Op]:
        if call in ("openat", "open", "creat"):
            yield from self._opened(rest, result, pid)
        elif (handle := _FD.match(rest)) is not None and "AT_FDCWD" not in rest:
            yield from self._handled(call, (pid, handle[1]), rest, result)
        else:
            yield from self._named(call, [_unhex(found).decode() for found in _HEX.findall(rest)])

    def _opened(self, rest: str, result: str, pid: str) -> Iterator[Op]:
        path = _unhex(_HEX.findall(rest)[0]).decode()
        self._at[pid, result] = 0
        self._append.discard((pid, result))
        if not self._ours(path):
            return
        if "O_APPEND" in rest:
            self._append.add((pid, result))
        if "O_CREAT" in rest:
            yield Op("create", path, int("O_TRUNC" in rest))

    def _handled(self, call: str, handle: tuple[str, str], rest: str, result: str) -> Iterator[Op]:
        path = _unhex(_FD.match(rest)[2].removesuffix("(deleted)")).decode()  # type: ignore[index]
        if path == self._promises and call == "write":
            yield Op("said", "", 0, _unhex(_HEX.findall(rest)[0]))
        if not self._ours(path) or rest[: rest.find(">") + 10].endswith("(deleted)"):
            return
        if call in ("fsync", "fdatasync"):
            yield Op("sync", path, failed=result != "0")
        elif call == "ftruncate":
            yield Op("truncate", path, int(rest.rsplit(", ", 1)[1]))
        elif call == "lseek":
            self._at[handle] = int(result)
        elif call in ("pwrite64", "write"):
            data = _unhex(_HEX.findall(rest)[0])[: int(result)]
            at = int(rest.rsplit(", ", 1)[1]) if call == "pwrite64" else self._at.get(handle, 0)
            if call == "write":
                self._at[handle] = at + len(data)
            yield Op("write", path, -1 if call == "write" and handle in self._append else at, data)
        elif call in _UNKNOWN:
            raise ValueError(f"{call} on {path}: teach the recording what it does")

    def _named(self, call: str, paths: list[str]) -> Iterator[Op]:
        if not any(map(self._ours, paths)):
            return
        kind = re.sub(r"at2?$", "", call)
        if kind not in ("rename", "link", "unlink", "mkdir"):
            raise ValueError(f"{call} on {paths}: teach the recording what it does")
        yield Op(kind, paths[0], other=paths[1] if len(paths) > 1 else "")

    def _ours(self, path: str) -> bool:
        return path.startswith(f"{self._root}/") and not path.endswith(_SKIPPED) or path == self._root


def _calls(log: str) -> Iterator[tuple[str, str, str, str]]:
    """(name, arguments, result, process) of each call; calls another thread interrupted are put together."""
    begun: dict[str, str] = {}
    for line in log.split("\n"):
        if (found := _LINE.match(line)) is None:
            continue
        pid, text = found[1], found[2]
        if text.endswith("<unfinished ...>"):
            begun[pid] = text.removesuffix("<unfinished ...>")
            continue
        if text.startswith("<... "):
            text = begun.pop(pid) + text.split("resumed>", 1)[1]
        if (call := _CALL.match(text)) is not None:
            yield call[1], call[2], call[3], pid
