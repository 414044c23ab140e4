"""Time, ids, commands and refusals: what every room relies on."""

from __future__ import annotations

import importlib
import pkgutil
import string
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jingwei.journeys
import jingwei.ledger
from jingwei.kernel import ids
from jingwei.kernel.clock import (
    DAY,
    HOUR,
    ManualClock,
    SystemClock,
    bank_day,
    bank_month,
    day_start,
    iso,
    parse_iso,
)
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, OptionalId, fingerprint_equal
from jingwei.kernel.refusal import REFUSALS, Refusal, Words, declare

moments = st.integers(-(2**50), 2**52)


class Ask(Command, frozen=True, kw_only=True, tag="ask"):
    """A command to try things on."""

    account: Id
    device: OptionalId = ""
    amount_minor: Amount = 1
    currency: CurrencyCode = "CNY"


def read(**fields: object) -> Ask:
    body = {"type": "ask", "key": "k", "actor": "customer:a", "at": 0, "known_at": 0, "account": "a"} | fields
    return msgspec.json.decode(msgspec.json.encode(body), type=Ask)


@given(moments)
def test_a_moment_is_written_and_read_back(at):
    assert parse_iso(iso(at)) == at


@given(moments)
def test_a_moment_lies_in_its_bank_day(at):
    day = bank_day(at)
    assert day_start(day) <= at < day_start(day + 1)


def test_the_bank_day_begins_at_midnight_in_china():
    assert bank_day(parse_iso("2026-11-01T15:59:59.999999Z")) + 1 == bank_day(
        parse_iso("2026-11-01T16:00:00Z")
    )
    assert parse_iso("2026-11-02T00:00:00+08:00") == parse_iso("2026-11-01T16:00:00") == day_start(20759)


def test_bank_months_follow_the_calendar():
    for year, month, last in ((2026, 2, 28), (2028, 2, 29), (2026, 12, 31)):
        day = (date(year, month, last) - date(1970, 1, 1)).days
        assert bank_month(day) == year * 12 + month - 1
        assert bank_month(day + 1) == bank_month(day) + 1


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "2026-01-01T25:00"])
def test_a_moment_that_is_none_is_refused(text):
    with pytest.raises(ValueError):
        parse_iso(text)


def test_clocks_do_not_go_back():
    clock = SystemClock()
    ticks = [clock.now() for _ in range(1000)]
    assert ticks == sorted(set(ticks))
    assert (
        abs(ticks[0] - (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
        < HOUR
    )
    manual = ManualClock(5)
    manual.advance(DAY)
    assert manual.now() == DAY + 5


@given(st.integers(0, 10**11 - 1))
def test_ids_name_their_record(seq):
    made = [
        ids.decision_id(seq),
        ids.hold_id(seq),
        ids.case_id(seq),
        ids.challenge_id(seq),
        ids.account_id(seq),
    ]
    assert len(set(made)) == 5
    for some_id in made:
        assert ids.seq_of(some_id) == seq
        assert read(account=some_id).account == some_id


@pytest.mark.parametrize(
    "text", ["", "D", "D1", "D0000000000x", "D٠٠٠٠٠٠٠٠٠٠١", "D-0000000001", "D000000000000"]
)
def test_what_is_no_id_names_no_record(text):
    assert ids.seq_of(text) is None


@pytest.mark.parametrize("account", ["", " a", "a b", "a\n", "账户", "a" * 65, "-a", "a/b", "a'b", "a\x00"])
def test_an_account_id_is_plain(account):
    with pytest.raises(msgspec.ValidationError):
        read(account=account)
    if account:
        with pytest.raises(msgspec.ValidationError):
            read(device=account)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 1.0, "1", None, True, 2**70])
def test_an_amount_is_a_whole_number_above_zero(amount):
    with pytest.raises(msgspec.ValidationError):
        read(amount_minor=amount)


@pytest.mark.parametrize("code", ["cny", "XXX", "CNY\n", "CNYUSD", "", "C"])
def test_a_currency_is_a_known_code(code):
    with pytest.raises(msgspec.ValidationError):
        read(currency=code)


def test_the_same_command_at_another_time_asks_the_same():
    first = read()
    assert fingerprint_equal(first, read(at=5, known_at=6))
    assert not fingerprint_equal(first, read(amount_minor=2))


def test_every_refusal_is_a_state_worded_in_both_languages_with_the_same_facts():
    for room in (jingwei.ledger, jingwei.journeys):
        for module in pkgutil.iter_modules(room.__path__):
            importlib.import_module(f"{room.__name__}.{module.name}")
    blanks = {
        code: [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (w.en, w.zh)]
        for code, w in REFUSALS.items()
    }
    assert len(blanks) > 20
    for code, (en, zh) in blanks.items():
        words = REFUSALS[code]
        assert words.en.isascii() and words.en[-1] in ".}" and words.zh[-1] in "。}", code
        assert zh <= en, f"{code}: the Chinese sentence needs facts the English one does not have"
        assert "status" not in zh, f"{code}: a status is an English word"
    assert len({words.en for words in REFUSALS.values()}) == len(REFUSALS), "two refusals say the same"


def test_a_refusal_tells_its_facts_and_a_code_cannot_mean_two_things():
    told = Refusal("balance_too_low", {"available": "1.00 CNY"}).words()
    assert "1.00 CNY" in told.en and "1.00 CNY" in told.zh
    assert "…" in Refusal("balance_too_low").words().en
    with pytest.raises(AssertionError):
        declare({"balance_too_low": Words("Something else.", "别的。")})
