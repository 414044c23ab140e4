"""What every answer of the interface must be: no failure, no leak, and a problem in the language asked."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.channels.hostile import TEXTS
from tests.channels.seeded import CANARY

from jingwei.channels.problems import PROBLEMS
from jingwei.kernel.refusal import REFUSALS

LEAKS = {
    "a stack trace": re.compile(r"Traceback|File \"[^\"]+\", line|\bline \d+, in "),
    "a Python value": re.compile(r"<class '|<function|object at 0x|\bNoneType\b|\b[A-Z]\w+Error\b"),
    "a statement of the database": re.compile(
        r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b .*?\b(?:FROM|INTO|SET)\b|sqlite|psycopg|PRAGMA", re.I
    ),
    "a path of the machine": re.compile(
        r"site-packages|/(?:home|tmp|usr|root)/|bank\.db|\.py\b|tokens\.json"
    ),
    "a module of ours": re.compile(r"\bjingwei\.[a-z]|msgspec|pydantic|starlette|fastapi", re.I),
    "a token": re.compile(r"jw_[A-Za-z0-9_-]{20}"),
}
LIKE_LEAKS = tuple(
    json.dumps(one.text, ensure_ascii=False)
    for one in TEXTS
    if one.text and any(pattern.search(one.text) for pattern in LEAKS.values())
)
KEPT = tuple(one if " " not in one else one[1:-1] for one in LIKE_LEAKS)
"""Hostile texts that look like a leak: one taken as a name stands in later answers as it was written; a
statement anywhere, a single word (`bank.db`) as a whole value alone, so that a path with it is still seen."""

ENGLISH = re.compile(r"\b[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}\b")
QUOTED = re.compile(r"“.*”|`[^`]*`|'.*'|\"[^\"]*\"|（.*）", re.S)
HAN = re.compile(r"[\u4e00-\u9fff]")


def faults(told: Any, sent: str, who: str, lang: str) -> list[str]:
    """What is wrong with an answer (an httpx.Response) to a request that held the text `sent`.

    What the asker wrote may stand in the answer; `lang` is the language asked, "zh" or "en".
    """
    text = told.content.decode("utf-8", "replace")
    found = [f"status {told.status_code}"] if told.status_code >= 500 else []
    plain = text
    for one in KEPT:
        plain = plain.replace(one, "")
    for name, pattern in LEAKS.items():
        leak = pattern.search(plain)
        if leak and leak[0] not in sent:
            found.append(f"{name} leaks: {leak[0]!r}")
    if who.startswith("customer:") and CANARY in text and CANARY not in sent:
        found.append("another customer's id leaks")
    if told.status_code >= 400:
        found += unclear(told, text, lang, sent)
    return found


def unclear(told: Any, text: str, lang: str, sent: str) -> list[str]:
    """Why a refusal is no clear problem; English words that were sent may be told again."""
    if told.headers.get("content-type") != "application/problem+json":
        return [f"{told.status_code} is not problem+json"]
    try:
        body = json.loads(text)
    except ValueError:
        return ["a problem is not JSON"]
    code = body.get("code")
    if code not in PROBLEMS and code not in REFUSALS:
        return [f"the code {code!r} is not known"]
    found = []
    if (body["type"], body["status"]) != (f"/v1/problems/{code}", told.status_code) or not body["title"]:
        found.append("type, title or status are not the problem's")
    if body["detail"] != body[lang]:
        found.append(f"detail is not in {lang}")
    if code == "policy_not_valid":
        return found  # what is wrong in a policy's TOML is told to staff in English
    rest = QUOTED.sub("", body["zh"])
    if not HAN.search(rest) or any(english[0].strip() not in sent for english in ENGLISH.finditer(rest)):
        found.append(f"the Chinese sentence is not Chinese: {body['zh'][:120]}")
    return found
