"""A statement to keep: a table that spreadsheets open safely, and a PDF with Chinese letters."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from asyncio.subprocess import DEVNULL, PIPE
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec

from jingwei.channels.web.history import Row, kind_name, other_name
from jingwei.channels.web.phrases import say
from jingwei.kernel.clock import EPOCH, SECOND, local_text
from jingwei.kernel.money import format_minor

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would run."""

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
)
"""Where fonts with Chinese letters lie on common systems."""

MOST_PDF = 1_000
"""Most rows of one PDF, the newest; a table holds as many as there are."""

PRINT_S = 120
"""A PDF that takes longer is given up."""


class Paper(msgspec.Struct, frozen=True):
    """What stands on a statement: whose account, its rows (newest first), balances in minor units."""

    title: str
    owner: str
    account: str
    code: str
    rows: list[Row]
    opening_minor: int | None
    closing_minor: int | None
    made_at: int


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def as_csv(paper: Paper, lang: str) -> bytes:
    """The rows as CSV in UTF-8 with a byte order mark, amounts as plain numbers; oldest first."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    heads = ("when", "who", "note", "kind", "amount", "after", "decision")
    table.writerow([f"{say(lang, f'statement.{head}')}" for head in heads])
    for row in reversed(paper.rows):
        table.writerow(
            [
                local_text(row.at, "%Y-%m-%d %H:%M:%S"),
                safe(other_name(row, lang)),
                safe(row.note),
                kind_name(row.kind, lang),
                format_minor(row.amount_minor, paper.code),
                format_minor(row.after_minor, paper.code),
                row.decision,
            ]
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode()


@cache
def font() -> Path | None:
    """The first font with Chinese letters that this machine has, or None."""
    return next((path for path in map(Path, FONTS) if path.is_file()), None)


def as_pdf(paper: Paper, lang: str) -> bytes:
    """The statement as tagged PDF (A4), oldest row first. `font()` must not be None."""
    import typst

    assert font() is not None, "ask font() first"
    made = EPOCH + timedelta(seconds=paper.made_at // SECOND)
    told = msgspec.json.encode(_content(paper, lang)).decode()
    layout = (files("jingwei.channels.web") / "templates" / "statement.typ").read_bytes()
    pdf = typst.compile(layout, format="pdf", timestamp=made, sys_inputs={"paper": told, "lang": lang})
    assert isinstance(pdf, bytes), "one document is one file"
    return pdf


def _content(paper: Paper, lang: str) -> dict[str, object]:
    """What the layout sets: plain texts; none of them is run."""
    lines = []
    for key, minor in (("opening", paper.opening_minor), ("closing", paper.closing_minor)):
        if minor is not None:
            lines.append(f"{say(lang, f'statement.{key}')} {format_minor(minor, paper.code)} {paper.code}")
    rows = []
    for row in reversed(paper.rows[:MOST_PDF]):
        note = f"{kind_name(row.kind, lang)} {row.note}".strip()
        amount, after = format_minor(row.amount_minor, paper.code), format_minor(row.after_minor, paper.code)
        rows.append((local_text(row.at), other_name(row, lang), note, amount, after))
    made = say(lang, "statement.made", when=local_text(paper.made_at))
    heads = [say(lang, f"statement.{head}") for head in ("when", "who", "note", "amount", "after")]
    return {
        "title": f"{say(lang, 'bank')} · {paper.title}",
        "about": [f"{paper.owner} · {paper.account} · {made}", *lines],
        "heads": heads,
        "rows": rows,
    }


async def printed(paper: Paper, lang: str) -> bytes:
    """The PDF, made by a process of its own: setting many pages takes a good part of a second.

    One at a time, so that printing leaves the processor to payments. Raises PrintFailed.
    """
    few = msgspec.structs.replace(paper, rows=paper.rows[:MOST_PDF])
    job = msgspec.msgpack.encode((lang, few))
    async with _one_at_a_time():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jingwei.channels.web.saved", stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            pdf, _ = await asyncio.wait_for(child.communicate(job), PRINT_S)
        except TimeoutError:
            child.kill()
            await child.wait()
            raise PrintFailed("it took too long") from None
    if child.returncode or not pdf.startswith(b"%PDF-"):
        raise PrintFailed("the process that prints did not end well")
    return pdf


class PrintFailed(RuntimeError):
    """No PDF could be made."""


def _one_at_a_time() -> asyncio.Semaphore:
    """The turn of whoever prints, one for each event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _TURNS:
        _TURNS[loop] = asyncio.Semaphore(1)
    return _TURNS[loop]


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def main() -> None:
    """Read a language and a paper from standard input, write the PDF to standard output."""
    lang, paper = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[str, Paper])
    sys.stdout.buffer.write(as_pdf(paper, lang))


if __name__ == "__main__":
    main()
