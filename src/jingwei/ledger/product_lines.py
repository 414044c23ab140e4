"""On which line of a TOML file a key stands: the parser of the standard library does not tell."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)
_FENCE = re.compile(r'"""|\'\'\'')


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table and key that begins a line; array tables count from 0.

    Keys inside inline tables and arrays are not listed: `line_of` gives the line they hang on.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quoted = False
    for number, line in enumerate(text.splitlines(), start=1):
        fenced = len(_FENCE.findall(line)) % 2 == 1
        if quoted:
            quoted = not fenced
            continue
        quoted = fenced
        if header := _HEADER.fullmatch(line):
            table = _indexed(_parts(header[2]), counts, array=header[1] == "[[")
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _parts(key[1]), number)
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of this key, or of the nearest table around it that has one, or 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _indexed(names: Path, counts: dict[Path, int], *, array: bool) -> Path:
    """Return the path of a table header, with the running number behind each array table."""
    path: Path = ()
    for depth, name in enumerate(names, start=1):
        path += (name,)
        if array and depth == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path
