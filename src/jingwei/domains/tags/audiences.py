"""Audiences as the books keep them: a named condition over tags, every version of it, and every export."""

from __future__ import annotations

from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare


class Audience(Kept, frozen=True):
    """One version of a saved audience; `id` is name.version. The newest version is the one in use."""

    name: str
    version: int
    condition: str
    saved_at: int
    saved_by: str


class AudienceExport(Kept, frozen=True):
    """That somebody took an audience out of the bank: how many rows, how many left out, and its digest."""

    name: str
    version: int
    rows: int
    withheld: int
    digest: str
    at: int
    by: str
    why: str


def audience_id(name: str, version: int) -> str:
    """Id of one version of an audience."""
    return f"{name}.{version:05d}"


def export_id(seq: int) -> str:
    """Id of the export sealed by record `seq`."""
    return f"X{seq:011d}"


declare(
    {
        "audience_not_found": Words("There is no such audience.", "没有这个客群。"),
        "audience_not_valid": Words(
            "The condition cannot be read; check its tags, comparisons and numbers.",
            "条件无法识别，请检查标签名称、比较符号与数字的写法。",
        ),
        "audience_same": Words("The audience is saved like this already.", "该客群已按此条件保存。"),
    }
)
