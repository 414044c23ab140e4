"""Every clause of law that lending names stands in the table of checked ones, the same in both languages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from jingwei.domains.credit.letter import BY_PERSON, LAW

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "jingwei"
DIGITS = {sign: n for n, sign in enumerate("零一二三四五六七八九")}
EN, ZH = re.compile(r"[Aa]rticle (\d+)"), re.compile("第([零一二三四五六七八九十百]+)条")


def number(chinese: str) -> int:
    """Six hundred and seventy-seven from 六百七十七."""
    total, digit = 0, 0
    for sign in chinese:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = DIGITS[sign]
    return total + digit


def pairs() -> list[tuple[str, str]]:
    """Everything lending says to customers, in both languages."""
    found = [(words.en, words.zh) for words in (LAW, BY_PERSON)]
    for name in ("papers", "borrowing", "loans", "loan_desk", "warnings"):
        file = SOURCE / "channels" / "web" / "phrases" / f"{name}.toml"
        found += [(one["en"], one["zh"]) for one in tomllib.loads(file.read_text("utf-8")).values()]
    return found


def test_both_languages_cite_the_same_articles():
    assert [number(text) for text in ("二十四", "三十五", "六百七十七", "五百六十一")] == [24, 35, 677, 561]
    cited = 0
    for en, zh in pairs():
        assert {int(n) for n in EN.findall(en)} == {number(n) for n in ZH.findall(zh)}, en
        cited += len(EN.findall(en))
    assert cited >= 6


def test_every_article_named_was_checked():
    table = (ROOT / "docs" / "lending.md").read_text("utf-8").partition("## The law that is cited")[2]
    checked = {int(n) for n in EN.findall(table.partition("\n## ")[0])}
    text = "\n".join(file.read_text("utf-8") for file in (SOURCE / "domains" / "credit").glob("*.py"))
    named = {int(n) for n in EN.findall(text)} | {int(n) for en, _ in pairs() for n in EN.findall(en)}
    assert named and named <= checked, named - checked
