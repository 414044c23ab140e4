"""Conditions over tags: read strictly, written as SQL for everybody, or asked of one customer's values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from jingwei.consent.grounds import REGISTER
from jingwei.decisions.as_python import Row, compile_rows
from jingwei.decisions.as_sql import write_sql as write_check
from jingwei.decisions.expression import ExpressionError, parse
from jingwei.decisions.program import lower
from jingwei.decisions.tree import (
    Arithmetic,
    Comparison,
    Condition,
    Either,
    Every,
    Name,
    Number,
    Numeric,
    names,
)
from jingwei.domains.tags.declared import TAGS, Sort
from jingwei.domains.tags.sql import write_sql
from jingwei.kernel.purpose import DataClass, Purpose


class TagCondition(msgspec.Struct, frozen=True):
    """A condition that was read: its text, its tree and the tags it reads."""

    text: str
    tree: Condition
    reads: tuple[str, ...]

    @property
    def data(self) -> tuple[DataClass, ...]:
        """The kinds of data it reads, each once."""
        return tuple(dict.fromkeys(TAGS[name].data for name in self.reads))

    def rises(self) -> bool:
        """Whether what happens during a day can only make it come true, never undo it."""
        return _rises(self.tree)

    def idle(self) -> bool:
        """Whether it never holds of somebody to whom nothing it reads has happened, whoever that is."""
        return not _of_nobody(self.tree)

    def row(self) -> Row:
        """The condition as a function of its tags' values, in the order of `reads`."""
        return compile_rows([lower(self.tree, _places(self.reads))], len(self.reads))

    def holds(self, values: Mapping[str, int | None]) -> bool:
        """Whether it holds for these values; a tag without a value makes it not hold."""
        return ask(self.row(), [values.get(name) for name in self.reads])


def may_read(name: str, purpose: Purpose) -> bool:
    """Whether a tag may be read for a purpose: the tag allows it, and the register names its kind of data."""
    tag = TAGS[name]
    return purpose in tag.purposes and tag.data in REGISTER[purpose].data


def read_condition(text: str, purpose: Purpose | None = None) -> TagCondition:
    """Read a condition over tags, such as `age_years >= 60 and card_health_sum_30d > 50000`.

    Raises ExpressionError: text that is no condition, names that are no tags, tags that must not be read
    for `purpose`.
    """
    read = parse(text, _NAMES)
    for name in read.reads:
        if purpose is not None and not may_read(name, purpose):
            raise ExpressionError(f"{name} may not be read for {purpose.value}", 1, text.find(name) + 1)
    return TagCondition(text, read.tree, read.reads)


def ask(row: Row, values: Sequence[int | None]) -> bool:
    """Whether a compiled condition holds; with a value missing it does not."""
    hits, _ = row([math.nan if value is None else float(value) for value in values])
    return bool(hits)


def who(condition: TagCondition, tables: tuple[str, str, str], today: int) -> str:
    """A SELECT of the customers for whom the condition holds (DuckDB); see `write_sql` for the tables.

    `tables` are the names of events, people and the kept tags ("" when there are none). The check itself
    is the one rules are compiled to, so that a tag without a value holds for nobody.
    """
    events, people, kept = tables
    wide = write_sql(condition.reads, events, people, today, kept)
    check = write_check([lower(condition.tree, _places(condition.reads))], condition.reads, "numbered")
    return (
        f"WITH tagged AS ({wide}),\n"
        "numbered AS (SELECT *, row_number() OVER (ORDER BY customer) AS seq FROM tagged),\n"
        f"checked AS ({check})\n"
        "SELECT customer FROM numbered JOIN checked USING (seq) WHERE hits = 1 ORDER BY customer"
    )


_NAMES = tuple(TAGS)


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _rises(tree: Condition) -> bool:
    match tree:
        case Every(parts=parts) | Either(parts=parts):
            return all(map(_rises, parts))
        case Comparison(first=first, rest=((sign, Number()),)):
            return all(_rising(part, sign) for part in _summed(first))
    return False


def _of_nobody(tree: Condition) -> bool:
    """Whether it may hold where nothing ever happened; what reads more than happenings may always."""
    match tree:
        case Every(parts=parts):
            return all(map(_of_nobody, parts))
        case Either(parts=parts):
            return any(map(_of_nobody, parts))
        case Comparison():
            reads = names(tree)
            if any(TAGS[name].sort is not Sort.DYNAMIC for name in reads):
                return True
            row = compile_rows([lower(tree, _places(reads))], len(reads))
            return ask(row, [None if TAGS[name].measure == "gap" else 0 for name in reads])
    return True


def _summed(tree: Numeric) -> tuple[Numeric, ...]:
    """The parts of a sum."""
    if isinstance(tree, Arithmetic) and tree.op == "+":
        return tuple(part for arg in tree.args for part in _summed(arg))
    return (tree,)


def _rising(tree: Numeric, sign: str) -> bool:
    """Whether a tag only grows during a day, or does not change in it, where it is compared like that."""
    if not isinstance(tree, Name):
        return False
    tag = TAGS[tree.name]
    return tag.sort is not Sort.DYNAMIC or (tag.measure != "gap" and sign in (">", ">="))
