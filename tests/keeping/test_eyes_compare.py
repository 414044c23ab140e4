"""Whatever table somebody altered, the comparison with the log says so, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from jingwei.audit.verify import Findings
from jingwei.keeping.compare import compare_books
from jingwei.ledger.accounts import Kept
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import SHELVES, Batch


def one_of(kind: type[Kept]) -> Kept:
    """A thing of this kind with empty fields."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {name: "" if hints[name] is str else 0 for name in kind.__struct_fields__}
    return kind(**values | {"id": "x"})


@pytest.mark.parametrize("altered", [False, True])
def test_a_row_nobody_asked_for_is_told_of_every_table(tmp_path: Path, altered: bool):
    books, again = (SqliteStore(tmp_path / name) for name in ("books.db", "again.db"))
    try:
        for kind in SHELVES:
            books.write(Batch(0, [], [], [], {kind: [one_of(kind)]}))
            texts = [name for name, hint in get_type_hints(kind).items() if hint is str and name != "id"]
            if altered and texts:
                other = msgspec.structs.replace(one_of(kind), **{texts[0]: "other"})
                again.write(Batch(0, [], [], [], {kind: [other]}))
        findings = Findings()
        compare_books(books, again, findings)
    finally:
        books.close()
        again.close()
    assert len(findings.listed) + findings.more == len(SHELVES)
    for found in findings.listed:
        assert found.says and found.zh, found
        assert any("一" <= letter <= "鿿" for letter in found.zh.partition("：")[0]), found.zh
