"""Who asks: bearer tokens from a file in the home, made at the first start, for its owner's eyes alone."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.channels.demo import made_up_roles
from jingwei.kernel.durable import write_whole

LOG = logging.getLogger("jingwei.tokens")
FILE = "tokens.json"
LOOK_S = 1.0
"""How long at most a token taken out of the file still opens the door."""

STAFF = ("staff:teller", "staff:reviewer", "system:core")


class TokenFileError(ValueError):
    """The token file cannot be used; the message says what to do."""


class Caller(NamedTuple):
    """Who asks: `actor` as commands name it, its role ("customer", "staff", "system") and its id.

    `roles` are the fine roles that decide what it may do; `signed_on` says that a person signed on for it
    (a token of the bank's sign-on, not one of the token file), within these `scopes`.
    """

    actor: str
    role: str
    id: str
    roles: tuple[str, ...] = ()
    signed_on: bool = False
    scopes: tuple[str, ...] = ()

    @property
    def inside(self) -> bool:
        """Whether this is the bank's own staff or system, who may see every customer's affairs."""
        return self.role in ("staff", "system")


def caller_of(actor: str) -> Caller:
    """Take an actor such as customer:alice apart."""
    role, _, who = actor.partition(":")
    return Caller(actor, role, who)


class Tokens:
    """Tokens by actor, kept in a file; looked up by the token's SHA-256, never by comparing texts."""

    def __init__(self, path: Path) -> None:
        """Open the tokens at `path`; a new file gets those of the bank's own. Raises TokenFileError."""
        self.path = path
        self.by_actor: dict[str, str] = _read(path) if path.exists() else {}
        self._by_digest: dict[bytes, Caller] = {}
        self._seen_ns = -1
        self._looked_s = time.perf_counter()
        self.roles_of: Callable[[str], tuple[str, ...]] = made_up_roles
        """The fine roles of an actor; the sign-on puts its own in this place."""
        self._listeners: list[Callable[[bytes], Caller | None]] = []
        self.grant(*STAFF)

    def grant(self, *actors: str) -> None:
        """Make a token for each of these actors that has none yet."""
        new = {actor: f"jw_{secrets.token_urlsafe(24)}" for actor in actors if actor not in self.by_actor}
        if new:
            self.by_actor |= new
            _write(self.path, self.by_actor)
        self._index()

    def caller(self, token: bytes) -> Caller | None:
        """Who this token belongs to, or None. One granted since by `jingwei tokens` is found too."""
        digest = _digest(token)
        found = self._by_digest.get(digest)
        if found is None or time.perf_counter() - self._looked_s >= LOOK_S:
            self._look_again()
            found = self._by_digest.get(digest)
        if found is not None:
            return found._replace(roles=self.roles_of(found.actor))
        return next((one for listen in self._listeners if (one := listen(token))), None)

    def listen(self, listener: Callable[[bytes], Caller | None]) -> None:
        """Ask this too when a token is none of the file's."""
        self._listeners.append(listener)

    def _look_again(self) -> None:
        """Read the file if it changed; one that cannot be used is told of, and what stood in it goes on."""
        self._looked_s = time.perf_counter()
        changed_ns = self.path.stat().st_mtime_ns if self.path.exists() else 0
        if changed_ns == self._seen_ns:
            return
        self._seen_ns = changed_ns
        try:
            self.by_actor = _read(self.path)
        except (OSError, TokenFileError) as error:
            LOG.error("the tokens of before go on: %s", error)
            return
        self._index()

    def _index(self) -> None:
        self._by_digest = {
            _digest(token.encode()): caller_of(actor) for actor, token in self.by_actor.items()
        }


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _read(path: Path) -> dict[str, str]:
    if path.stat().st_mode & 0o077:
        raise TokenFileError(f"others can read the tokens in {path}; run: chmod 600 {path}")
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError as error:
        raise TokenFileError(f"{path} cannot be read ({error}); remove it and new tokens are made") from error


def _write(path: Path, by_actor: dict[str, str]) -> None:
    """Write all tokens, whole or not at all, for the owner's eyes only."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(by_actor), indent=2) + b"\n")
