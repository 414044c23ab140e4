"""Comparing two banks' books row by row: what stands in one and not, or otherwise, in the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jingwei.audit.verify import Findings
from jingwei.kernel.ids import seq_of
from jingwei.ledger.accounts import Balance, Kept, Line
from jingwei.stores.store import SHELVES, Reader

PAGE = 5_000
OWN_NOTES = frozenset({"head", "restoring", "probe", "city", "city:moving"})
"""Notes that no command writes: the head signed last, a restore's own mark, a trial whether the store can
write, and where the made-up city of a demo stands.
"""

_FIRST = -(2**62)
_LAST = 2**62

_NAMES = {
    "accounts": "账户",
    "balances": "余额",
    "holds": "冻结",
    "customers": "客户",
    "cases": "案件",
    "challenges": "确认",
    "reversals": "冲正",
    "policies": "策略",
    "consents": "同意",
    "data_uses": "数据使用",
    "cards": "银行卡",
    "pots": "存钱罐",
    "erasures": "删除请求",
    "pending_payments": "待生效付款",
    "schedules": "预约付款",
    "payees": "收款人",
    "appeals": "申诉",
    "ties": "亲友关联",
    "preferences": "偏好设置",
    "case_work": "案件分派",
    "case_notes": "案件备注",
    "policy_drafts": "策略草案",
    "loan_applications": "贷款申请",
    "loans": "贷款",
    "pay_later_lines": "先享后付额度",
    "scorecards": "评分卡",
    "challenger_scores": "挑战模型评分",
    "early_warnings": "早期预警",
    "identity_links": "身份关联",
    "offerings": "推荐展示",
    "offer_arms": "推荐试验组",
    "audiences": "客群",
    "audience_exports": "客群导出",
    "lines": "分录",
    "answers": "应答",
    "notes": "附注",
}

assert all(name in _NAMES for name, _ in SHELVES.values()), "a table of the books has no name in Chinese"

Rows = Iterator[Any]


def compare_books(books: Reader, again: Reader, findings: Findings) -> int:
    """Compare every table of the books with those done again; add what differs; return rows compared."""
    rows = 0
    for kind, (name, _) in SHELVES.items():
        rows += _compare(name, _kept(books, kind), _kept(again, kind), findings)
    rows += _compare("lines", _lines(books), _lines(again), findings)
    rows += _compare("answers", _answers(books), _answers(again), findings)
    return rows + _compare("notes", _notes(books), _notes(again), findings)


def _kept(reader: Reader, kind: type[Kept]) -> Rows:
    after = ""
    while page := reader.page(kind, after=after, limit=PAGE):
        yield from page
        after = page[-1].id


def _lines(reader: Reader) -> Rows:
    after = _FIRST
    while page := reader.line_range(after, _LAST, PAGE):
        yield from page
        after = page[-1].id + 1


def _answers(reader: Reader) -> Rows:
    after = ("", "")
    while page := reader.keys(after=after, limit=PAGE):
        yield from page
        after = (page[-1][0], page[-1][1])


def _notes(reader: Reader) -> Rows:
    found = reader.notes()
    return iter([(name, found[name]) for name in sorted(found) if name not in OWN_NOTES])


def _key(row: Any) -> Any:
    """What a row is found by: its id, or all of a tuple but the last part."""
    return row[:-1] if isinstance(row, tuple) else row.id


def _compare(name: str, there: Rows, again: Rows, findings: Findings) -> int:
    """Walk two streams in the order of their keys and report every row that is not in both alike."""
    count, left, right = 0, next(there, None), next(again, None)
    while left is not None or right is not None:
        count += 1
        if left == right:
            left, right = next(there, None), next(again, None)
        elif right is None or (left is not None and _key(left) < _key(right)):
            _tell(findings, name, "row_made_up", left, None)
            left = next(there, None)
        elif left is None or _key(right) < _key(left):
            _tell(findings, name, "row_missing", None, right)
            right = next(again, None)
        else:
            _tell(findings, name, "row_altered", left, right)
            left, right = next(there, None), next(again, None)
    return count


_SAYS = {
    "row_made_up": (
        "{table}: {key} stands in the books, but no record made it so.",
        "{表}：账册中有{key}，但没有任何记录产生它。",
    ),
    "row_missing": (
        "{table}: {key} is missing from the books; record {record} made it.",
        "{表}：账册中缺少{key}，第{record}条记录产生了它。",
    ),
    "row_altered": (
        "{table}: {key} is not what the log makes it; record {record} wrote it last: {fields}.",
        "{表}：{key}与日志不符（最后写入：第{record}条记录）：{fields}。",
    ),
}


def _tell(findings: Findings, name: str, kind: str, found: Any, right: Any) -> None:
    row = found if right is None else right
    key = _key(row)
    blanks = {
        "table": name,
        "表": _NAMES.get(name, name),
        "key": "/".join(map(str, key)) if isinstance(key, tuple) else str(key),
        "record": str(_record(row)),
        "fields": _differing(found, right),
    }
    en, zh = _SAYS[kind]
    findings.add(kind, _record(row), en.format_map(blanks), zh.format_map(blanks))


def _record(row: Any) -> int:
    """The record that wrote a row last, as far as the row tells; 0 when it does not."""
    if isinstance(row, tuple):
        return row[-1] if isinstance(row[-1], int) else 0
    if isinstance(row, Line):
        return row.id >> 16
    if isinstance(row, Balance):
        return max(row.last_line, 0) >> 16
    told: str = getattr(row, "record", "") or getattr(row, "by", "") or row.id
    return seq_of(told) or 0


def _differing(found: Any, right: Any) -> str:
    """The fields that differ: what they are and what the log makes them."""
    if found is None or right is None:
        return ""
    if isinstance(right, tuple):
        return f"{_short(found[-1])} / {_short(right[-1])}"
    names = [name for name in right.__struct_fields__ if getattr(found, name) != getattr(right, name)]
    pairs = ((name, getattr(found, name), getattr(right, name)) for name in names)
    return ", ".join(f"{name} {_short(was)} / {_short(is_so)}" for name, was, is_so in pairs)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
