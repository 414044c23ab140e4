"""Text files line by line: CSV and JSON lines, however long, broken or hostile they are."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from jingwei.channels.sources.raw import Raw, SourceError, places
from jingwei.domains.insight.faults import RowFault
from jingwei.domains.insight.mapping import Mapping

LONGEST_LINE: Final = 1 << 20
"""Most bytes of one row; a longer line is passed over without being held."""

MOST_LINES: Final = 100
"""Most lines one quoted row may go over."""

SHOWN: Final = 500


class _Line(NamedTuple):
    """A line as read: its bytes, how many lines it counts for, whether it was too long to hold."""

    content: bytes
    too_long: bool = False


class _Lines:
    """A file, line by line, with the place and number of each."""

    def __init__(self, path: Path) -> None:
        try:
            self.file: BinaryIO = path.open("rb")
            self.total = path.stat().st_size
        except OSError as error:
            raise SourceError(
                f"{path.name} cannot be read: {error.strerror}", "see its name and rights"
            ) from None
        self.line = 0

    def next(self) -> _Line | None:
        """The next line; None at the end."""
        content = self.file.readline(LONGEST_LINE + 1)
        if not content:
            return None
        self.line += 1
        if len(content) <= LONGEST_LINE or content.endswith(b"\n"):
            return _Line(content)
        while (rest := self.file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        return _Line(content[:SHOWN], too_long=True)

    def seek(self, offset: int, line: int) -> None:
        """Go on from a place known to begin the line after this one."""
        self.file.seek(offset)
        self.line = line


class CsvRows:
    """Implements `Rows` for CSV with a header line (RFC 4180; the delimiter and encoding of the mapping)."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        """Raises SourceError when the header lacks a column the mapping reads."""
        self._lines = _Lines(path)
        self.total = self._lines.total
        self._encoding, self._delimiter = mapping.read.encoding, mapping.read.delimiter
        self._quote = b'"'
        try:
            header = self._header()
            self._places = places(mapping.columns(), header)
        except SourceError:
            self.close()
            raise
        self._width = len(header)
        self._begins = self._lines.file.tell()

    def _header(self) -> list[str]:
        first = self._lines.next()
        if first is None:
            raise SourceError("the file is empty", "write a header line with the names of the columns", 1)
        try:
            header = self._split(first.content.removeprefix(b"\xef\xbb\xbf"))
        except UnicodeDecodeError:
            fix = "say the encoding in the mapping, such as gb18030"
            raise SourceError(f"the header is not {self._encoding}", fix, 1) from None
        if first.too_long or header is None or b"\x00" in first.content:
            raise SourceError("this is no header of a CSV file", "say the right format in the mapping", 1)
        return [name.strip() for name in header]

    def read(self, position: int, offset: int, line: int) -> Iterator[Raw]:
        """The rows from here on."""
        if offset:
            self._lines.seek(offset, line)
        else:
            self._lines.seek(self._begins, 1)
        while (one := self._lines.next()) is not None:
            if one.content.strip():
                yield self._row(one)

    def _row(self, one: _Line) -> Raw:
        first, content = self._lines.line, one.content
        if one.too_long:
            return self._wrong(first, "line_too_long", content)
        open_quote = content.count(self._quote) % 2 == 1
        try:
            values = self._closed(content) if open_quote else self._split(content)
        except UnicodeDecodeError:
            return self._wrong(first, "not_utf8", content)
        if values is None:
            return self._wrong(first, "quote_open", content)
        if len(values) != self._width:
            return self._wrong(first, "columns_differ", content)
        chosen = [values[place] for place in self._places]
        return Raw(first, self._lines.file.tell(), chosen, None, self._shown(content))

    def _closed(self, content: bytes) -> list[str] | None:
        """The values of a row whose quoted text goes over lines; None when that makes no row.

        Then only its first line is lost: what comes after it is read as if it had not been there.
        """
        back, line = self._lines.file.tell(), self._lines.line
        for _ in range(MOST_LINES):
            more = self._lines.next()
            if more is None or more.too_long or len(content) > LONGEST_LINE:
                break
            content += more.content
            if content.count(self._quote) % 2 == 0:
                try:
                    values = self._split(content)
                except UnicodeDecodeError:
                    break
                if values is not None and len(values) == self._width:
                    return values
                break
        self._lines.seek(back, line)
        return None

    def _split(self, content: bytes) -> list[str] | None:
        """The values of a row; None when its quotes make no sense. Raises UnicodeDecodeError."""
        text = content.decode(self._encoding).rstrip("\r\n")
        if '"' not in text:
            return text.split(self._delimiter)
        try:
            rows = list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def _shown(self, content: bytes) -> str:
        return content[:SHOWN].decode(self._encoding, "replace").rstrip("\r\n")

    def _wrong(self, line: int, code: str, content: bytes) -> Raw:
        return Raw(line, self._lines.file.tell(), None, RowFault("", code), self._shown(content))

    def close(self) -> None:
        """Close the file."""
        self._lines.file.close()


class JsonRows:
    """Implements `Rows` for JSON lines: one object on each; a column that is missing is empty."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self._lines = _Lines(path)
        self.total = self._lines.total
        self._columns = mapping.columns()
        self._decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode

    def read(self, position: int, offset: int, line: int) -> Iterator[Raw]:
        """The rows from here on."""
        self._lines.seek(offset, line)
        while (one := self._lines.next()) is not None:
            if one.content.strip():
                yield self._row(one)

    def _row(self, one: _Line) -> Raw:
        end, text = self._lines.file.tell(), one.content[:SHOWN].decode("utf-8", "replace")
        line = self._lines.line
        if one.too_long:
            return Raw(line, end, None, RowFault("", "line_too_long"), text)
        try:
            told = self._decode(one.content.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Raw(line, end, None, RowFault("", "not_json"), text)
        values = [told.get(name) for name in self._columns]
        if nested := _nested(self._columns, values):
            return Raw(line, end, None, RowFault(nested, "nested"), text)
        return Raw(line, end, values, None, text)

    def close(self) -> None:
        """Close the file."""
        self._lines.file.close()


def _nested(columns: Sequence[str], values: Sequence[Any]) -> str:
    """The first column that holds a list or an object; "" for none."""
    pairs = zip(columns, values, strict=True)
    return next((name for name, value in pairs if isinstance(value, dict | list)), "")
