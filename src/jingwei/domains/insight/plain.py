"""Names, phones, addresses and dates in one form, so that two systems can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Final

_PHONE: Final = re.compile(r"\A(?:00)?86(?=1\d{10}\Z)")
_SPACE: Final = re.compile(r"\s+")


def plain_phone(text: str) -> str:
    """Digits alone, without the country's 86: "+86 138-0013-8000" is "13800138000"."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text), flags=re.ASCII)
    return _PHONE.sub("", digits)[:20]


def plain_email(text: str) -> str:
    """Small letters without spaces; "" when it has no @ between two parts."""
    mail = _SPACE.sub("", unicodedata.normalize("NFKC", text)).lower()
    before, at, after = mail.partition("@")
    return mail if at and before and "." in after and "@" not in after else ""


def plain_certificate(text: str) -> str:
    """Letters and digits alone, large: "11010519491231002x" is "11010519491231002X"."""
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper())


def plain_born(text: str) -> str:
    """A date of birth as ISO, or the year alone where only that is known; "" when it is neither."""
    digits = re.sub(r"[^0-9]", "-", unicodedata.normalize("NFKC", text).strip()).strip("-")
    if re.fullmatch(r"(1[89]|20)\d{2}", digits):
        return digits
    if re.fullmatch(r"\d{8}", digits):
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", digits)
    if parts is None:
        return ""
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3])).isoformat()
    except ValueError:
        return ""


def plain_name(text: str) -> str:
    """A name in one width with single spaces."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


PLAIN: Final[dict[str, Callable[[str], str]]] = {
    "name": plain_name,
    "phone": plain_phone,
    "email": plain_email,
    "certificate": plain_certificate,
    "address": plain_name,
}
"""The form of each field of a profile; `born` is checked apart, because a wrong one is a fault."""
