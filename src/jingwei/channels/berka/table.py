"""Read one `;` separated file of the older books into rows, telling the first thing that is wrong with it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jingwei.channels.berka.problem import BerkaError, shown
from jingwei.kernel.refusal import Words

LARGEST_FILE = 1 << 30
"""A file above this many bytes is not read: the whole original is 70 million."""


class BadValue(ValueError):
    """A text that its column cannot hold; `says` tells what it should be."""

    def __init__(self, says: Words) -> None:
        super().__init__(says.en)
        self.says = says


class Column(NamedTuple):
    """A column by its name in the header, and how its text is read (raises BadValue)."""

    name: str
    read: Callable[[str], Any]


class Table(NamedTuple):
    """The rows of a file in the order of the asked columns, each ending with its line number.

    `cut` is the number of the last line when it ends in the middle and was left out, else 0.
    """

    file: str
    rows: list[tuple[Any, ...]]
    cut: int


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """Return the file's rows. Raises BerkaError naming file, line and column of the first mistake."""
    text = _text(path)
    lines = text.split("\n")
    whole = lines[-1] == ""
    if whole:
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines]
    if not lines:
        raise BerkaError(Words("the file is empty", "文件为空"), path.name)
    where = _positions(path.name, lines[0], columns)
    width = len(_fields(lines[0]))
    cut = 0
    if len(lines) > 1 and not whole and _incomplete(lines[-1], width):
        cut = len(lines)
        lines.pop()
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        fields = _fields(line)
        if len(fields) != width or line.count('"') % 2:
            raise BerkaError(_width(len(fields), width), path.name, number)
        rows.append(_row(path.name, number, fields, where))
    return Table(path.name, rows, cut)


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise BerkaError(Words("this is not a file", "这不是文件"), path.name)
        if path.stat().st_size > LARGEST_FILE:
            raise BerkaError(Words("the file is larger than 1 GiB", "文件超过1 GiB"), path.name)
        content = path.read_bytes()
    except FileNotFoundError:
        says = Words(f"there is no such file in {path.parent}", f"{path.parent}中没有该文件")
        raise BerkaError(says, path.name) from None
    except OSError as error:
        says = Words(f"the file cannot be read: {error.strerror}", f"无法读取文件：{error.strerror}")
        raise BerkaError(says, path.name) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"0x{content[error.start]:02x}"
        says = Words(
            f"byte {byte} is not UTF-8 text; convert the file to UTF-8",
            f"字节{byte}不是UTF-8文本，请先将文件转换为UTF-8",
        )
        raise BerkaError(says, path.name, line) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        says = Words("a zero byte: this is not a text file", "含有零字节：这不是文本文件")
        raise BerkaError(says, path.name, line)
    return text


def _fields(line: str) -> list[str]:
    """The fields of a line; one with a text longer than any field is one field, and so too few."""
    if '"' not in line:
        return line.split(";")
    try:
        return next(csv.reader([line], delimiter=";"))
    except csv.Error:
        return [line]


def _incomplete(line: str, width: int) -> bool:
    """Whether a last line without its line end stops in the middle."""
    return line.count('"') % 2 == 1 or len(_fields(line)) < width


def _width(found: int, width: int) -> Words:
    return Words(f"{found} fields where the header has {width}", f"有{found}个字段，而表头为{width}个")


def _positions(file: str, header: str, columns: Sequence[Column]) -> list[tuple[int, Column]]:
    names = [name.strip() for name in _fields(header)]
    for column in columns:
        count = names.count(column.name)
        if count != 1:
            is_en, is_zh = ("missing", "缺失") if count == 0 else ("there twice", "重复")
            listed = shown(";".join(names))
            says = Words(f"the column is {is_en}; the header reads {listed}", f"该列{is_zh}；表头为{listed}")
            raise BerkaError(says, file, 1, column.name)
    return [(names.index(column.name), column) for column in columns]


def _row(file: str, number: int, fields: list[str], where: list[tuple[int, Column]]) -> tuple[Any, ...]:
    values = []
    for position, column in where:
        try:
            values.append(column.read(fields[position]))
        except BadValue as error:
            raise BerkaError(error.says, file, number, column.name) from None
    values.append(number)
    return tuple(values)
