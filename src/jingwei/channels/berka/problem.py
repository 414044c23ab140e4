"""What is wrong with a file of the older books: named by file, line and column, in both languages."""

from __future__ import annotations

from jingwei.kernel.refusal import Words


class BerkaError(ValueError):
    """The older books cannot be imported; nothing was written. `words` says why in zh and en."""

    def __init__(self, says: Words, file: str = "", line: int = 0, column: str = "") -> None:
        self.file, self.line, self.column = file, line, column
        en = ", ".join(
            part for part in (file, line and f"line {line}", column and f"column {column}") if part
        )
        zh = "，".join(part for part in (file, line and f"第{line}行", column and f"{column}列") if part)
        self.words = Words(f"{en}: {says.en}" if en else says.en, f"{zh}：{says.zh}" if zh else says.zh)
        super().__init__(self.words.en)


def shown(text: str) -> str:
    """The text as an error may show it: short, and with nothing that a terminal acts on."""
    return ascii(text[:40])


def wants(text: str, en: str, zh: str) -> Words:
    """Words for a value that is not what its column holds."""
    return Words(f"{shown(text)} is not {en}", f"{shown(text)}不是{zh}")
