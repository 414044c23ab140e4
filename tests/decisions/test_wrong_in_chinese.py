"""What is wrong with a policy is told in Chinese, too: every error that other tests know."""

from __future__ import annotations

import re

import pytest
from tests.decisions.test_expression import COLUMNS, PLACES, REFUSED
from tests.decisions.test_policy import GOOD, UNREADABLE, WRONG

from jingwei.decisions.expression import ExpressionError, parse
from jingwei.decisions.policy import PolicyError, parse_policy
from jingwei.decisions.wrong_in_chinese import in_chinese
from jingwei.journeys import table  # noqa: F401  (declares every refusal)
from jingwei.kernel.refusal import Refusal

KEPT = re.compile(
    r"transfers\.toml|'[^']*'|\"[^\"]*\"|TOML：.*|（[^）]*）|字段\w+|UTF-8|\[\[rules\]\]|可用：.*|已知：.*|函数有.*|"
    r"abs|min|max|and|or|payee_is_new|\b(?:payee|amount)\w*|1e\+\d+|例如.*|请写成\w+\(.*",
    re.S,
)
"""What may stand in Latin letters: what the person wrote, names, what Python's readers say."""


def english(told: str) -> str:
    return " ".join(re.findall(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+", KEPT.sub("", told)))


@pytest.mark.parametrize("written", [*REFUSED, *PLACES], ids=str)
def test_what_is_wrong_with_a_condition_is_told_in_chinese(written):
    with pytest.raises(ExpressionError) as wrong:
        parse(written, COLUMNS)
    told = in_chinese(str(wrong.value))
    assert told.startswith(f"第{wrong.value.line}行第{wrong.value.column}列：") and not english(told), told
    assert re.search(r"[\u4e00-\u9fff]", told.partition("：")[2]), told


@pytest.mark.parametrize(("old", "new", "line", "field", "said"), WRONG)
def test_what_is_wrong_with_a_policy_is_told_in_chinese(old, new, line, field, said):
    with pytest.raises(PolicyError) as wrong:
        parse_policy(GOOD.replace(old, new, -1 if old == "[[rules]]" else 1), "transfers.toml")
    told = in_chinese(str(wrong.value))
    assert told.startswith("transfers.toml，第") and f"字段{field}：" in told and not english(told), told
    assert re.search(r"[\u4e00-\u9fff]", told.rpartition(f"字段{field}：")[2]), told


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_wrong_with_a_file_is_told_in_chinese(content):
    with pytest.raises(PolicyError) as wrong:
        parse_policy(content, "transfers.toml")
    assert not english(told := in_chinese(str(wrong.value))), told


def test_a_refusal_keeps_what_was_told_and_words_it_when_it_is_read():
    refusal = Refusal("policy_not_valid", {"error": "policy, line 3, field version: must be from 1 to 99"})
    words = refusal.words()
    assert words.en == "The policy cannot be used: policy, line 3, field version: must be from 1 to 99"
    assert words.zh == "该策略无法使用：第3行，字段version：须为1至99"
    lacks = Refusal("loan_inputs_missing", {"missing": "bureau"}).words()
    assert lacks.zh.startswith("缺少作出决定所需的信息：近期的征信报告。")
    assert "missing: a recent report of the credit bureau." in lacks.en
    told = Refusal("scorecard_not_valid", {"error": "the line of age is not a table of points"}).words().zh
    assert told == "该评分卡无法使用：age一行不是分值表。"


def test_a_sentence_nobody_translated_is_given_as_it_is():
    assert in_chinese("the moon is full") == "the moon is full"
