"""Signed heads: the bank's word, under its Ed25519 key (RFC 8032), on how many records and which root."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from jingwei.kernel.durable import make_folder, sync_folder, write_whole

HEAD_TYPE = "jingwei signed head v1"

Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Hex64 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]
LogName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Moment = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]

_LOG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class KeyFileError(ValueError):
    """A key file cannot be used; the message says what to do."""


class SignedHead(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=HEAD_TYPE, forbid_unknown_fields=True
):
    """The log `log` had `size` records with this root at `at` (microseconds UTC), signed by key `key_id`."""

    log: LogName
    size: Count
    root: Hex32
    at: Moment
    key_id: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{16}\Z")]
    signature: Hex64

    @property
    def root_bytes(self) -> bytes:
        """The root as 32 bytes."""
        return bytes.fromhex(self.root)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: one value, one spelling. Signed so."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed_bytes(head: SignedHead) -> bytes:
    """The bytes under the signature: the canonical head without it."""
    fields: dict[str, object] = msgspec.to_builtins(head)
    del fields["signature"]
    return canonical(fields)


def key_id_of(public: bytes) -> str:
    """Short name of a raw public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


class SigningKey:
    """The bank's private key. It signs heads; it never leaves its file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id_of(self.public)

    @classmethod
    def open(cls, path: Path) -> SigningKey:
        """The key in this PEM file; made once, readable by its owner alone; NAME.pub beside it is to publish.

        Raises KeyFileError when the file is readable by others, or is not an Ed25519 private key.
        """
        make_folder(path.parent)
        if not path.exists():
            _create(path)
        sync_folder(path.parent)
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"others can read the signing key {path}; run: chmod 600 {path}")
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError) as wrong:
            raise KeyFileError(f"{path} is not a private key in PEM form") from wrong
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyFileError(f"{path} is not an Ed25519 key")
        key = cls(private)
        public = public_path(path)
        if not public.exists() or public.read_bytes() != key.public_pem():
            write_whole(public, key.public_pem(), 0o644)
        return key

    def public_pem(self) -> bytes:
        """The public key in PEM form, for everybody."""
        return self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, log: str, size: int, root: bytes, at: int) -> SignedHead:
        """Sign that `log` had `size` records with this root at `at`. Raises ValueError for a bad log name."""
        if not _LOG_NAME.fullmatch(log):
            raise ValueError(f"{log[:70]!r} is not a log name; use letters, digits, dot, dash, underscore")
        head = SignedHead(log=log, size=size, root=root.hex(), at=at, key_id=self.key_id, signature="")
        signature = self._private.sign(signed_bytes(head)).hex()
        return msgspec.structs.replace(head, signature=signature)


def public_path(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_suffix(".pub")


def _create(path: Path) -> None:
    """Write a new private key whole or not at all, and never over one that is already there."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)
    except FileExistsError:
        pass  # somebody else made it in the meantime; theirs stands
    finally:
        os.unlink(new)


def read_public(path: Path) -> bytes:
    """The raw 32 bytes of a public key in a PEM file. Raises KeyFileError."""
    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise KeyFileError(f"{path} is not a public key in PEM form") from wrong
    if not isinstance(public, Ed25519PublicKey):
        raise KeyFileError(f"{path} is not an Ed25519 key")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed_by(head: SignedHead, public: bytes) -> bool:
    """Whether this head carries a true signature of this raw public key."""
    if head.key_id != key_id_of(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(head.signature), signed_bytes(head))
    except (InvalidSignature, ValueError):
        return False
    return True
