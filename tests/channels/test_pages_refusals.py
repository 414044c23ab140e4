"""What is wrong with a field is said in words that can be acted on, in both languages."""

from __future__ import annotations

import msgspec
import pytest

from jingwei.channels.in_chinese import in_chinese
from jingwei.channels.problems import Problem
from jingwei.channels.rest.asked import ExchangeAsk, SnoozeAsk
from jingwei.channels.rest.reading import decode
from jingwei.journeys.sign_loan import Sha256

EXCHANGE = {"payer": "a", "payee": "b", "amount": "1.00", "currency": "CNY", "rate": "7.1"}


class Marked(msgspec.Struct):
    """Something with a digest."""

    digest: Sha256


@pytest.mark.parametrize(
    ("kind", "body", "en", "zh"),
    [
        (ExchangeAsk, EXCHANGE | {"rate": "1e5"}, "write a number like 7.1234", "请写成7.1234的形式"),
        (ExchangeAsk, EXCHANGE | {"currency": "XXX"}, "must be one of CNY, USD, ", "须为CNY, USD, "),
        (SnoozeAsk, {"until": "later", "reason": "x"}, "write a moment like 2026-", "请写成2026-"),
        (Marked, {"digest": "?"}, "write 64 of the characters", "须为64个字符"),
    ],
)
def test_a_field_that_does_not_fit_says_what_to_write(kind, body, en, zh):
    with pytest.raises(Problem) as raised:
        decode(msgspec.json.Decoder(kind), msgspec.json.encode(body))
    why = raised.value.detail["why"]
    assert why.startswith(en) and in_chinese(why).startswith(zh)
    assert "regex" not in why and "\\" not in why


def test_what_has_no_pattern_is_told_as_before():
    with pytest.raises(Problem) as raised:
        decode(msgspec.json.Decoder(ExchangeAsk), msgspec.json.encode(EXCHANGE | {"margin_bp": "x"}))
    assert raised.value.detail["why"] == "Expected `int`, got `str`"
