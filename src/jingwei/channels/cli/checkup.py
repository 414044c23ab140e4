"""The command doctor: looks at everything the bank stands on and says how to put right what is wrong."""

from __future__ import annotations

import fcntl
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from jingwei.channels.cli.asking import Json, Setting, setting
from jingwei.channels.cli.mistakes import mistake_of
from jingwei.channels.cli.shown import result, table

ENOUGH_BYTES = 2 * 1024**3
EARLIEST = "2026-01-01"


class Finding(NamedTuple):
    """One check: whether it is well, what was found, and how to put it right."""

    check: str
    well: bool
    found: str
    fix: str = ""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The port serve would use.", min=1, max=65535)] = 8000,
    as_json: Json = False,
) -> None:
    """Check python, disk, file system, clock, port, keys, models, store and evidence; exit 1 if one fails."""
    findings = [_safely(check, setting(context), port) for check in CHECKS]
    well = all(finding.well for finding in findings)
    told = {"well": well, "checks": [finding._asdict() for finding in findings]}

    def show() -> None:
        rows = [("ok" if f.well else "WRONG", f.check, f.found, f.fix) for f in findings]
        table(("", "check", "found", "fix"), rows, "")

    result(told, as_json, show)
    if not well:
        raise typer.Exit(1)


Check = Callable[[Setting, int], Finding]


def _safely(check: Check, chosen: Setting, port: int) -> Finding:
    """A check's finding; a mistake it meets is its finding."""
    try:
        return check(chosen, port)
    except Exception as error:
        if (mistake := mistake_of(error)) is not None:
            return Finding(check.__name__, False, mistake.what, mistake.fix)
        raise


def python(_: Setting, __: int) -> Finding:
    """Python is new enough."""
    found = sys.version.split()[0]
    return Finding(
        "python", sys.version_info >= (3, 11), found, "" if sys.version_info >= (3, 11) else "install 3.11"
    )


def home_writable(chosen: Setting, _: int) -> Finding:
    """Files can be made in the home, or the home itself can."""
    home = next(path for path in (chosen.home, *chosen.home.absolute().parents) if path.exists())
    probe = home / f".doctor-{id(chosen)}"
    probe.write_bytes(b"x")
    probe.unlink()
    return Finding(
        "home writable", True, str(chosen.home) + ("" if home == chosen.home else " (not made yet)")
    )


def free_disk(chosen: Setting, _: int) -> Finding:
    """There is room for a while."""
    home = next(path for path in (chosen.home, *chosen.home.absolute().parents) if path.exists())
    free = shutil.disk_usage(home).free
    enough = free >= ENOUGH_BYTES
    fix = "" if enough else "free at least 2 GB, or choose another disk with --home"
    return Finding("free disk", enough, f"{free / 1024**3:.1f} GB", fix)


def medium(chosen: Setting, _: int) -> Finding:
    """The home is not on a network file system, where SQLite's locks and syncs cannot be relied on."""
    from jingwei.stores.medium import MEMORY, doubt_about, file_system

    home = next(path for path in (chosen.home, *chosen.home.absolute().parents) if path.exists())
    kind, doubt = file_system(home), "" if chosen.store_url else doubt_about(home)
    found = f"{kind}: in memory, gone when the power is" if kind in MEMORY else doubt or kind or "not known"
    fix = "move the home to a disk of this machine, or keep the bank in PostgreSQL" if doubt else ""
    return Finding("file system", not doubt, found, fix)


def running(chosen: Setting) -> bool:
    """Whether a process keeps this home's bank open for writing."""
    lock = chosen.home / "bank.db.lock"
    if chosen.store_url or not lock.exists():
        return False
    with lock.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def port_free(chosen: Setting, port: int) -> Finding:
    """Nobody listens where serve would, but this bank itself."""
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if taken and running(chosen):
        return Finding("port free", True, f"{port} in use, and this bank is running")
    fix = (
        f"the bank may be running there already; else: jingwei serve --port {port % 65535 + 1}"
        if taken
        else ""
    )
    return Finding("port free", not taken, f"{port} {'in use' if taken else 'free'}", fix)


def clock_sane(chosen: Setting, _: int) -> Finding:
    """The clock is not before this program was made, nor before the newest record."""
    from jingwei.journeys.table import unseal
    from jingwei.kernel.clock import SystemClock, iso, parse_iso

    now, newest = SystemClock().now(), parse_iso(EARLIEST)
    for reader in _reader(chosen):
        size = reader.size()
        last = reader.record(size - 1) if size else None
        newest = max(newest, unseal(last).command.known_at if last else newest)
    fix = (
        ""
        if now >= newest
        else "set this machine's clock (timedatectl); it is behind the bank's newest record"
    )
    return Finding("clock", now >= newest, iso(now), fix)


def keys_private(chosen: Setting, _: int) -> Finding:
    """Nobody else can read the signing key and the tokens."""
    secret = [chosen.home / "keys" / "signing.pem", chosen.home / "tokens.json"]
    there = [path for path in secret if path.exists()]
    open_ones = [path for path in there if path.stat().st_mode & 0o077]
    fix = f"chmod 600 {' '.join(map(str, open_ones))}" if open_ones else ""
    return Finding("keys private", not open_ones, f"{len(there)} files" if there else "none made yet", fix)


def models_intact(chosen: Setting, _: int) -> Finding:
    """Every model file is the one its name says, and the approvals were not altered."""
    from jingwei.models.registry import Registry

    registry = Registry(chosen.home / "models")
    files = sorted(path.name for path in (registry.root / "files").glob("[0-9a-f]*"))
    for name in files:
        registry.load(name)
    slots = sorted(path.stem for path in (registry.root / "slots").glob("*.jsonl"))
    champions = [
        f"{slot} {found.digest[:12]}" for slot in slots if (found := registry.champion(slot)) is not None
    ]
    return Finding("models intact", True, f"{len(files)} kept; serving: {', '.join(champions) or 'none yet'}")


def store_sound(chosen: Setting, _: int) -> Finding:
    """The store opens, fits this version, syncs every commit, and hangs together."""
    from jingwei.stores.opening import open_store

    if not chosen.store_url and not (chosen.home / "bank.db").exists():
        return Finding("store", True, "no bank here yet; `jingwei serve` founds one")
    if running(chosen):
        size = next(reader.size() for reader in _reader(chosen))
        return Finding(
            "store", True, f"{size} records; the bank is running: stop it to have every record read"
        )
    store = open_store(chosen.store_url or str(chosen.home / "bank.db"))
    try:
        wrong = store.check()
        found = f"{store.size()} records, every commit synced"
    finally:
        store.close()
    return Finding(
        "store", not wrong, "; ".join(wrong[:3]) or found, "restore the last backup" if wrong else ""
    )


def log_signed(chosen: Setting, _: int) -> Finding:
    """The head signed last leads to the records that are there."""
    import msgspec

    from jingwei.audit.heads import SignedHead, read_public, signed_by

    for reader in _reader(chosen):
        text = reader.note("head")
        if text is None:
            return Finding("signed head", True, "nothing signed yet")
        head = msgspec.json.decode(text, type=SignedHead)
        good = (
            signed_by(head, read_public(chosen.home / "keys" / "signing.pub")) and head.size <= reader.size()
        )
        fix = (
            ""
            if good
            else "run `jingwei audit verify`; the head kept is not one this bank signed for these records"
        )
        return Finding("signed head", good, f"over {head.size} of {reader.size()} records", fix)
    return Finding("signed head", True, "no bank here yet")


def _reader(chosen: Setting) -> Iterator[Any]:
    """The reader of the home's books, or nothing when there are none yet."""
    from jingwei.stores.opening import open_reader

    place = chosen.store_url or str(chosen.home / "bank.db")
    if chosen.store_url or Path(place).exists():
        reader = open_reader(place)
        try:
            yield reader
        finally:
            reader.close()


CHECKS: tuple[Check, ...] = (
    python,
    home_writable,
    free_disk,
    medium,
    port_free,
    clock_sane,
    keys_private,
    models_intact,
    store_sound,
    log_signed,
)
