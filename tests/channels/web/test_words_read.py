"""Refusals and the rules' reasons are short, in plain words, without a code name, in both languages."""

from __future__ import annotations

import re

import pytest

from jingwei.channels import rest, web
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys import table
from jingwei.kernel.refusal import REFUSALS

MOST_WORDS, MOST_SIGNS = 22, 40
"""Words of an English sentence, signs of a Chinese one."""

MOST_GRADE = 13.0
"""Flesch-Kincaid grade (1975): 0.39 words a sentence + 11.8 syllables a word - 15.59."""

CODE = re.compile(r"[a-z]+_[a-z_]+|[A-Z]\d{6,}|\bNone\b|\bnull\b")
KNOWN = (rest, web, table)
"""What declares refusals is imported, so that all of them are read."""


def sentences(text: str, ends: str) -> list[str]:
    """The sentences of a text; what fills a blank counts as one word, as a number does."""
    bare = re.sub(r"\{[^}]*\}|\d[\d,.]*\d", "X", text)
    return [one for one in re.split(f"[{ends}]", bare) if one.strip()]


def syllables(word: str) -> int:
    """Roughly: groups of vowels, a silent e not counted."""
    bare = re.sub(r"[^a-z]", "", word.lower())
    silent = bare.endswith("e") and not bare.endswith("le")
    return max(len(re.findall(r"[aeiouy]+", bare)) - silent, 1)


def grade(text: str) -> float:
    """Years of school that reading this takes."""
    told, words = sentences(text, ".!?;:"), re.sub(r"\{[^}]*\}", "X", text).split()
    return 0.39 * len(words) / len(told) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def wrong(en: str, zh: str) -> list[str]:
    """What makes these words hard to read."""
    found = [f"long: {one}" for one in sentences(en, ".!?;:") if len(one.split()) > MOST_WORDS]
    found += [f"long: {one}" for one in sentences(zh, "。！？；：") if len(one) > MOST_SIGNS]
    found += [f"a code name: {one}" for one in (en, zh) if CODE.search(re.sub(r"\{[^}]*\}", "", one))]
    return found + ([f"grade {grade(en):.1f}: {en}"] if grade(en) > MOST_GRADE else [])


def test_refusals_are_short_and_plain():
    assert len(REFUSALS) > 100
    assert {code: bad for code, words in REFUSALS.items() if (bad := wrong(words.en, words.zh))} == {}


@pytest.mark.parametrize("name", ["outgoing_transfer", "card_payment"])
def test_reasons_of_rules_are_short_and_plain(name):
    rules = parse_policy(policy_text(name)).rules
    assert rules and {rule.code: bad for rule in rules if (bad := wrong(rule.says, rule.says_zh))} == {}


def test_hard_words_are_found():
    assert wrong("The balance_too_low check failed.", "余额不足。")
    assert wrong("Word " * 30 + ".", "余额不足。") and wrong("Short.", "余" * 50)
    assert wrong("Notwithstanding authorisation irregularities, reconsideration necessitates.", "好。")
