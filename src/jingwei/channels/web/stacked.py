"""Tables on a phone: each row becomes a card in which every value stands under the name of its column.

A wide table would be dragged sideways on a phone. Here every cell is told the name of its column and how
many of the six columns of a card it takes; jingwei.css does the rest below 640 px. Tables that fit as they
are stay tables, and so do those without names of columns. The parts of a table keep the roles of a table,
said outright: a browser that is told to show a cell as a block may take it for one.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape, unescape
from typing import NamedTuple

_TABLE = re.compile(r'(<div class="scroll"[^>]*>\s*<table)([^>]*)(>.*?</table>)', re.S)
_ROW = re.compile(r"<tr\b([^>]*)>(.*?)</tr>", re.S)
_CELL = re.compile(r"<(td|th)\b([^>]*)>(.*?)</\1>", re.S)
_OPENING = re.compile(r"<t[dh]\b")
_GROUP = re.compile(r"<(thead|tbody)\b")
_BREAK = re.compile(r"<(?:small|br|p|li|div|option|summary)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_UNSEEN = re.compile(r'<(span|kbd) class="(?:hush|unseen)"[^>]*>.*?</\1>', re.S)
_CONTROL = re.compile(r"<(?:form|select|textarea|svg|ul|ol|button)\b")
PICKED = [1, 5]
"""What a box to tick and the title beside it take of a card."""

_PICK = '<input type="checkbox"'

FITS, FITS_LARGE = 38, 20
"""How many letters (Chinese ones count twice) fit side by side on a phone, in usual and in large print."""

LEAST, PADDING = 14, 2
"""A column is never narrower than its text, up to so many letters; the space beside it in letters."""

THIRD, HALF = 11, 17
"""Letters that fit a third and a half of a card."""


class Cell(NamedTuple):
    """A cell as written: its kind (td, th), attributes and content."""

    kind: str
    more: str
    inside: str


def stacked(page: str) -> str:
    """The page with its tables prepared for phones; a table that cannot be read for sure stays as it is."""
    return _TABLE.sub(_table, page) if '<div class="scroll"' in page else page


def _table(found: re.Match[str]) -> str:
    start, more, rest = found.groups()
    rows = [[Cell(*one) for one in _CELL.findall(row)] for _, row in _ROW.findall(rest)]
    if "<thead" not in rest or sum(map(len, rows)) != len(_OPENING.findall(rest)):
        return found[0]
    heads = rows[0] if "colspan" not in "".join(one.more for one in rows[0]) else []
    count = max(map(len, rows))
    widths = [max(_wide(row[n]) for row in rows if n < len(row) == count) for n in range(count)]
    needed = sum(min(wide, LEAST) + PADDING for wide in widths)
    kinds = [name for name, most in (("stacks", FITS), ("stacks-large", FITS_LARGE)) if needed > most]
    if not kinds:
        return found[0]
    spans, labels = _spans(rows, widths), [_label(one) for one in heads]
    title = 1 if spans[:2] == PICKED else 0
    if labels and spans[title] > 3:
        labels[title] = ""
    rest = _ROW.sub(lambda row: _row(row, spans, labels), rest)
    rest = _GROUP.sub(r'<\1 role="rowgroup"', rest)
    return f'{start}{_with_class(more, " ".join(kinds))} role="table"{rest}'


def _spans(rows: list[list[Cell]], widths: list[int]) -> list[int]:
    """How many of six columns each cell of a row takes."""
    spans = [2 if wide <= THIRD else 3 if wide <= HALF else 6 for wide in widths]
    if any(row and _PICK in row[0].inside for row in rows) and len(spans) > 1:
        spans[:2] = PICKED
    return spans


def _row(found: re.Match[str], spans: list[int], labels: list[str]) -> str:
    more, inside = found.groups()
    at = iter(range(len(spans)))

    def cell(one: re.Match[str]) -> str:
        kind, said, content = one.groups()
        n = next(at, len(spans) - 1)
        whole = "colspan" in said
        label = labels[n] if kind == "td" and not whole and n < len(labels) else ""
        told = f' data-label="{escape(label)}"' if label and content.strip() else ""
        role = "rowheader" if 'scope="row"' in said else "columnheader" if kind == "th" else "cell"
        span = 6 if whole or role == "rowheader" else spans[n]
        return f'<{kind}{said} role="{role}" data-span="{span}"{told}>{content}</{kind}>'

    return f'<tr{more} role="row">{_CELL.sub(cell, inside)}</tr>'


def _with_class(more: str, names: str) -> str:
    """The attributes of a tag with these classes, too."""
    if 'class="' in more:
        return more.replace('class="', f'class="{names} ', 1)
    return f'{more} class="{names}"'


def _label(head: Cell) -> str:
    """What stands above a value: the name of its column, "" where the column shows none."""
    return " ".join(unescape(_TAG.sub("", _UNSEEN.sub("", head.inside))).split())


def _wide(cell: Cell) -> int:
    """The letters of the widest line of a cell; Chinese ones count twice."""
    if _PICK in cell.inside:
        return 4
    if _CONTROL.search(cell.inside):
        return 99
    lines = _BREAK.split(_UNSEEN.sub("", cell.inside))
    return max(letters(" ".join(unescape(_TAG.sub("", line)).split())) for line in lines)


def letters(text: str) -> int:
    """How wide a text is, in narrow letters."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
