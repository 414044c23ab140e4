"""From the values of one row to what it tells: types, units, words and signs as its mapping says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from jingwei.domains.insight.faults import RowFault
from jingwei.domains.insight.happenings import KINDS, LONGEST, Happening, Profile
from jingwei.domains.insight.mapping import Cell, Happens, Mapping, When, as_cell, cells
from jingwei.domains.insight.plain import PLAIN, plain_born
from jingwei.kernel.clock import DAY, EPOCH
from jingwei.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR, MoneyError, parse_minor

Values = Sequence[Any]
Get = Callable[[Values], Any]
Mark = Callable[[str], str]
"""Makes a keyed digest of a certificate's number."""

OLDEST: Final = -2_208_988_800_000_000
"""1900-01-01: what is dated before is a mistake in the unit."""

UNITS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
MICRO: Final = timedelta(microseconds=1)
WIDEST: Final = 2**53


class Took(NamedTuple):
    """What one row tells."""

    happenings: list[Happening]
    profile: Profile | None


class Rows:
    """Turns rows of one source into happenings and profiles, by its mapping.

    `look_ups` holds the files that columns are looked up in; `now` (microseconds) is when the import
    runs: nothing happened more than a day after it; `mark` digests certificate numbers.
    """

    def __init__(self, mapping: Mapping, look_ups: Map[str, Map[str, str]], now: int, mark: Mark) -> None:
        self.columns = mapping.columns()
        self._at = {name: i for i, name in enumerate(self.columns)}
        self._zone = _zone(mapping.read.zone)
        self._now = now
        self._look_ups = look_ups
        self._mark = mark
        self._subject = self._text(Cell(column=mapping.subject.column), "subject", needed=True)
        self._events = [self._event(one) for one in mapping.event]
        self._profile = self._profiled(mapping.profile)

    def take(self, values: Values) -> Took:
        """What a row tells; `values` stand in the order of `columns`. Raises RowFault."""
        subject = self._subject(values)
        told = [made for event in self._events if (made := event(values, subject)) is not None]
        return Took(told, self._profile(values, subject) if self._profile else None)

    # -- one event -----------------------------------------------------------------------------

    def _event(self, one: Happens) -> Callable[[Values, str], Happening | None]:
        named = cells(one)
        kind, tests = one.kind, [self._test(when) for when in one.when]
        at = self._moment(named["at"])
        known = self._moment(named["known_at"]) if "known_at" in named else None
        category, other, text = (
            self._text(named[name], name) if name in named else _nothing
            for name in ("category", "other", "text")
        )
        amount = self._amount(named, KINDS[kind].direction) if "amount" in named else None
        value = self._whole(named["value"]) if "value" in named else None
        key = self._text(Cell(column=one.row_key), "row_key", needed=True) if one.row_key else _nothing
        who = self._text(Cell(column=one.subject), "subject", needed=True) if one.subject else None
        now = self._now

        def make(values: Values, subject: str) -> Happening | None:
            for test in tests:
                if not test(values):
                    return None
            happened = at(values)
            minor, currency = amount(values) if amount else (0, "")
            return Happening(
                who(values) if who else subject,
                happened,
                known(values) if known else now,
                kind,
                category(values),
                minor,
                currency,
                value(values) if value else 0,
                other(values),
                text(values),
                key(values),
            )

        return make

    def _test(self, when: When) -> Callable[[Values], bool]:
        place = self._at[when.column]
        if when.equals is not None:
            wanted = _plain(when.equals)
            return lambda values: _plain(values[place]) == wanted
        if when.one_of:
            some = frozenset(when.one_of)
            return lambda values: _plain(values[place]) in some
        low, high = when.above, when.below

        def within(values: Values) -> bool:
            number = _integer(values[place], when.column)
            return (low is None or number > low) and (high is None or number < high)

        return within

    # -- one value -----------------------------------------------------------------------------

    def _raw(self, cell: Cell) -> Get:
        if not cell.column:
            return lambda values: cell.always
        place = self._at[cell.column]
        return lambda values: values[place]

    def _text(self, cell: Cell, field: str, *, needed: bool = False) -> Callable[[Values], str]:
        raw, name = self._raw(cell), cell.column or field
        words, look_up = cell.words, self._look_ups.get(cell.look_up) if cell.look_up else None

        def read(values: Values) -> str:
            given = raw(values)
            text = given if type(given) is str else _plain(given)
            if text == "":
                if needed:
                    raise RowFault(name, "empty")
                return ""
            if words:
                text = _translated(words, text, name, "unknown_word")
            if look_up is not None:
                text = _translated(look_up, text, name, "not_found")
            if len(text) > LONGEST:
                raise RowFault(name, "too_long", text)
            if not text.isprintable():
                raise RowFault(name, "bad_character", text)
            return text

        return read

    def _moment(self, cell: Cell) -> Callable[[Values], int]:
        raw, zone, plus = self._raw(cell), self._zone, cell.plus_s * 1_000_000
        scale, name, latest = UNITS.get(cell.unit or "", 0), cell.column or "at", self._now + DAY

        def read(values: Values) -> int:
            given = raw(values)
            at = _moment(given, zone, scale, name) + plus
            if not OLDEST <= at <= latest:
                raise RowFault(name, "out_of_time", given)
            return at

        return read

    def _whole(self, cell: Cell) -> Callable[[Values], int]:
        raw, name = self._raw(cell), cell.column or "value"
        return lambda values: _integer(raw(values), name)

    def _amount(self, named: dict[str, Cell], direction: str) -> Callable[[Values], tuple[int, str]]:
        cell, code = named["amount"], self._text(named["currency"], "currency", needed=True)
        raw, name, minor_unit = self._raw(cell), cell.column or "amount", cell.unit == "minor"
        either = cell.sign == "either" or direction == "signed"

        def read(values: Values) -> tuple[int, str]:
            currency = code(values)
            if currency not in CURRENCIES:
                raise RowFault(named["currency"].column or "currency", "not_a_currency", currency)
            given = raw(values)
            minor = _integer(given, name) if minor_unit else _minor(given, currency, name)
            if minor < 0 and not either:
                raise RowFault(name, "below_zero", given)
            if abs(minor) > MAX_AMOUNT_MINOR:
                raise RowFault(name, "too_large", given)
            if direction == "signed":
                return minor, currency
            return (abs(minor) if direction == "in" else -abs(minor)), currency

        return read

    # -- profiles ------------------------------------------------------------------------------

    def _profiled(self, named: dict[str, str | Cell]) -> Callable[[Values, str], Profile] | None:
        if not named:
            return None
        read = {name: self._text(as_cell(cell), name) for name, cell in named.items()}
        now = self._now

        def make(values: Values, subject: str) -> Profile:
            said = {
                name: PLAIN[name](one(values)) if name in PLAIN else one(values) for name, one in read.items()
            }
            if "born" in said and (born := said["born"]):
                said["born"] = plain_born(born)
                if not said["born"]:
                    raise RowFault(as_cell(named["born"]).column or "born", "not_a_date", born)
            if number := said.get("certificate"):
                said["certificate"] = self._mark(number)
            return Profile(subject, now, **said)

        return make


def _nothing(values: Values) -> str:
    return ""


def _translated(words: Map[str, str], text: str, name: str, code: str) -> str:
    found = words.get(text)
    if found is None:
        raise RowFault(name, code, text)
    return found


def _plain(given: Any) -> str:
    """A value as text: nothing for none, true and false in small letters, whole floats without a point."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return str(given)


def _integer(given: Any, name: str) -> int:
    if given is None or given == "":
        raise RowFault(name, "empty")
    if isinstance(given, bool):
        return int(given)
    number = given if isinstance(given, int) else _digits(given)
    if number is None:
        raise RowFault(name, "not_a_number", given)
    if abs(number) > WIDEST:
        raise RowFault(name, "too_large", given)
    return number


def _digits(given: Any) -> int | None:
    """The whole number a text or a float means, None when it means none."""
    if isinstance(given, float):
        return int(given) if given.is_integer() else None
    text = str(given).strip()
    bare = text.removeprefix("-")
    return int(text) if bare.isascii() and bare.isdigit() and len(bare) <= 19 else None


def _minor(given: Any, currency: str, name: str) -> int:
    """Minor units of an amount in whole units; a float holds no money and is refused."""
    if given is None or given == "":
        raise RowFault(name, "empty")
    if isinstance(given, float):
        raise RowFault(name, "not_an_amount", given)
    try:
        return parse_minor(str(given).strip().replace(",", ""), currency)
    except MoneyError:
        raise RowFault(name, "not_an_amount", given) from None


def _zone(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[4:6])
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if text[0] == "-" else shift)


def _moment(given: Any, zone: timezone, scale: int, name: str) -> int:
    """Microseconds UTC of a moment, a date, a number in the unit given, or an ISO 8601 text."""
    if given is None or given == "":
        raise RowFault(name, "empty")
    if scale:
        return _integer(given, name) * scale
    try:
        when = given if isinstance(given, date) else datetime.fromisoformat(str(given).strip())
    except ValueError:
        raise RowFault(name, "not_a_moment", given) from None
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return (when - EPOCH) // MICRO
