"""The audience builder's form: rows of tag, operator and value become a condition, and a condition words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from jingwei.decisions.tree import Comparison, Condition, Either, Every, Name, Number
from jingwei.domains.tags.condition import TagCondition, may_read
from jingwei.domains.tags.declared import MEASURES, STATIC, TAGS, TIERS, WINDOWS, Unit
from jingwei.domains.tags.happenings import SERIES
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Words

ROWS = 4
SIGNS = (">=", "<=", "==", ">", "<")
GAP = "gap_days"


class Row(NamedTuple):
    """One row of the form as it was typed; `what` is a series or a tag without a window."""

    what: str = ""
    how: str = "count_30d"
    sign: str = ">="
    value: str = ""

    @property
    def tag(self) -> str:
        """The tag it names, whether there is one or not."""
        return self.what if self.what in TAGS else f"{self.what}_{self.how}"


class NotAForm(ValueError):
    """A row that is no condition; `code` is the key of the sentence that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows_of(form: Mapping[str, object]) -> list[Row]:
    """The rows as typed, at most ROWS."""
    fields = ("what", "how", "sign", "value")
    told = [[str(form.get(f"{name}{n}", "")).strip()[:64] for name in fields] for n in range(ROWS)]
    return [Row(*one) for one in told]


def text_of(rows: list[Row], join: str) -> str:
    """The condition the rows say, joined with "and" or "or". Raises NotAForm."""
    parts = [_part(row) for row in rows if row.what]
    if not parts:
        raise NotAForm("audiences.empty")
    return f" {'or' if join == 'or' else 'and'} ".join(parts)


def _part(row: Row) -> str:
    tag = TAGS.get(row.tag)
    if tag is None or not may_read(tag.name, Purpose.MARKETING):
        raise NotAForm("audiences.no_measure")
    if row.sign not in SIGNS:
        raise NotAForm("audiences.no_value")
    try:
        number = Decimal(row.value.replace(",", "").replace("¥", ""))
    except InvalidOperation:
        raise NotAForm("audiences.no_value") from None
    if not number.is_finite() or abs(number) > 10**10:
        raise NotAForm("audiences.no_value")
    whole = number * 100 if tag.unit is Unit.MINOR else number
    if whole != whole.to_integral_value():
        raise NotAForm("audiences.no_value")
    return f"{tag.name} {row.sign} {int(whole)}"


def choices() -> list[tuple[Words, list[tuple[str, Words]]]]:
    """What a row can be about, in groups: (group, [(value, words)])."""
    plain = [(tag.name, tag.words) for tag in (*STATIC, *TIERS) if may_read(tag.name, Purpose.MARKETING)]
    groups: dict[str, tuple[Words, list[tuple[str, Words]]]] = {}
    for series in SERIES:
        if may_read(f"{series.name}_{GAP}", Purpose.MARKETING):
            group = groups.setdefault(series.kind.code, (series.kind.words, []))
            group[1].append((series.name, series.words))
    return [(Words("The customer", "客户"), plain), *groups.values()]


def hows() -> list[tuple[str, Words]]:
    """What of a series is compared: measures by window, and the days since the last."""
    told = [
        (f"{measure.code}_{window}d", measure.words.told({"days": str(window)}))
        for measure in MEASURES
        for window in WINDOWS
    ]
    return [*told, (GAP, Words("days since the last", "距上次天数"))]


def said(condition: TagCondition) -> Words:
    """A condition in words; what the form cannot say stands as it was written."""
    return _said(condition.tree) or Words(condition.text, condition.text)


def _said(tree: Condition) -> Words | None:
    match tree:
        case Every(parts=parts) | Either(parts=parts):
            told = [_said(part) for part in parts]
            join = (" and ", "，且") if isinstance(tree, Every) else (" or ", "，或")
            known = [one for one in told if one is not None]
            if len(known) < len(told):
                return None
            return Words(join[0].join(one.en for one in known), join[1].join(one.zh for one in known))
        case Comparison(first=Name(name=name), rest=((sign, Number(value=value)),)):
            tag = TAGS[name]
            amount = f"¥{value / 100:,.2f}" if tag.unit is Unit.MINOR else f"{value:g}"
            shown = {">=": "≥", "<=": "≤", "==": "="}.get(sign, sign)
            return Words(f"{tag.words.en} {shown} {amount}", f"{tag.words.zh} {shown} {amount}")
    return None


def overlap(first: set[str], second: set[str]) -> dict[str, int]:
    """How two audiences lie to each other."""
    both, either = len(first & second), len(first | second)
    return {
        "both": both,
        "first_only": len(first) - both,
        "second_only": len(second) - both,
        "either": either,
    }
