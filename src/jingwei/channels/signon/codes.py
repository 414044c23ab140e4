"""One-time codes (RFC 6238), recovery codes and invitation codes: made, written for people, recognised."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import quote

from jingwei.kernel.clock import SECOND

STEP = 30 * SECOND
DIGITS = 6
DRIFT = 1
"""Codes of this many steps before and after now are taken too: clocks differ."""

SECRET_BYTES = 20
RECOVERY = 10
"""How many recovery codes somebody gets."""

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SPACED = re.compile(r"[\s-]+")


def new_secret() -> bytes:
    """A secret for one-time codes: 160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (HOTP with SHA-1, RFC 4226 section 5.3, the counter being the step)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: bytes, code: str, now: int) -> int | None:
    """The time step this code belongs to, when that is about now. Takes the same time for every code."""
    middle, found = now // STEP, None
    given = code.encode("utf-8", "surrogatepass")
    for step in range(middle - DRIFT, middle + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            found = step
    return found


def key_text(secret: bytes) -> str:
    """The secret as people type it into an authenticator: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def key_uri(secret: bytes, login: str, bank: str) -> str:
    """The address an authenticator reads from the QR code."""
    label = f"{quote(bank)}:{quote(login)}"
    key = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{label}?secret={key}&issuer={quote(bank)}&digits={DIGITS}&period=30"


def new_code() -> str:
    """A code of 60 random bits, for recovery or an invitation, as shown: XXXX-XXXX-XXXX."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join(text[i : i + 4] for i in range(0, 12, 4))


def plain(code: str) -> str:
    """A typed code as it is compared: no spaces or dashes, capitals."""
    return _SPACED.sub("", code[:64]).upper()
