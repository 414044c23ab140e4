"""Who asks: bearer tokens from a file in the home, made at the first start and readable by its owner alone."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec

FILE = "tokens.json"
STAFF = ("staff:teller", "staff:reviewer", "system:core")


class TokenFileError(ValueError):
    """The token file cannot be used; the message says what to do."""


class Caller(NamedTuple):
    """Who asks: `actor` as commands name it, its role ("customer", "staff", "system") and its id."""

    actor: str
    role: str
    id: str

    @property
    def inside(self) -> bool:
        """Whether this is the bank's own staff or system, who may see every customer's affairs."""
        return self.role in ("staff", "system")


def caller_of(actor: str) -> Caller:
    """Take an actor such as customer:alice apart."""
    role, _, who = actor.partition(":")
    return Caller(actor, role, who)


class Tokens:
    """Tokens by actor, kept in a file. Callers are looked up by the token's SHA-256, never by comparing texts."""

    def __init__(self, path: Path) -> None:
        """Open the tokens at `path`, making the file with the bank's own when there is none. Raises TokenFileError."""
        self.path = path
        self.by_actor: dict[str, str] = {}
        if path.exists():
            self.by_actor = _read(path)
        self._by_digest: dict[bytes, Caller] = {}
        self.grant(*STAFF)

    def grant(self, *actors: str) -> None:
        """Make a token for each of these actors that has none yet."""
        new = {actor: f"jw_{secrets.token_urlsafe(24)}" for actor in actors if actor not in self.by_actor}
        if new:
            self.by_actor |= new
            _write(self.path, self.by_actor)
        self._by_digest = {_digest(token.encode()): caller_of(actor) for actor, token in self.by_actor.items()}

    def caller(self, token: bytes) -> Caller | None:
        """Who this token belongs to, or None."""
        return self._by_digest.get(_digest(token))


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
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    content = msgspec.json.format(msgspec.json.encode(by_actor), indent=2)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
