"""Passwords: hashed with Argon2id, checked in the same time whether the name is known or not."""

from __future__ import annotations

import asyncio
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, MOST = 10, 128
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""The OWASP Password Storage Cheat Sheet's parameters for Argon2id: 19 MiB, two passes, one lane."""

_NOBODY = _HASHER.hash("nobody has this password")
_AT_ONCE = 2
"""How many passwords are hashed at the same time: each takes 19 MiB and a processor."""

COMMON = frozenset(
    """
    1234567890 0123456789 12345678910 qwertyuiop qwerty12345 password123 password1234 passw0rd123
    iloveyou123 woaini1314 woaini521 5201314520 1314520520 administrator letmein123 welcome123 1q2w3e4r5t
    1qaz2wsx3edc zaq12wsxcde3 abcdefghij abc123456789 a123456789 aa12345678 qq123456789 changeme123
    jingwei123 jingwei1234 bank123456 111222333444 123123123123 passwordpassword
    """.split()  # noqa: SIM905 - one word after the other reads best
)
"""What everybody tries first, and is ten letters or longer."""


class Passwords:
    """Hashes and checks passwords off the event loop, a few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def right(self, digest: str, password: str) -> bool:
        """Whether the password is the one behind this Argon2 text; "" is nobody's, in the same time."""
        async with self._room:
            return await asyncio.to_thread(matches, digest, password)

    async def hashed(self, password: str) -> str:
        """The Argon2 text to keep."""
        async with self._room:
            return await asyncio.to_thread(hashed, password)


def hashed(password: str) -> str:
    """The Argon2id text of a password."""
    return _HASHER.hash(_form(password))


def matches(digest: str, password: str) -> bool:
    """Whether the password is the one behind this text; takes as long for an empty text."""
    try:
        _HASHER.verify(digest or _NOBODY, _form(password))
        return bool(digest)
    except (VerificationError, InvalidHashError):
        return False


def outdated(digest: str) -> bool:
    """Whether the text was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(digest)


def weakness(password: str, login: str) -> str:
    """Why this password will not do: the key of a sentence, or "" when it will (NIST SP 800-63B, 5.1.1)."""
    text = _form(password).casefold()
    if len(text) < LEAST:
        return "password_short"
    if len(password) > MOST:
        return "password_long"
    plain = "".join(letter for letter in text if letter.isalnum())
    few = len(set(text)) < 4
    run = all(ord(b) - ord(a) == 1 for a, b in zip(text, text[1:], strict=False))
    if plain in COMMON or few or run or (login and plain.replace(login.casefold(), "").isdigit()):
        return "password_common"
    return ""


def _form(password: str) -> str:
    """One spelling of what looks the same (NFKC), and no longer than is hashed in good time."""
    return unicodedata.normalize("NFKC", password[: MOST * 2].encode("utf-8", "replace").decode())
