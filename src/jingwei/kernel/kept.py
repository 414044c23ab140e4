"""What the bank keeps as it stands now: flat records, one database column for each field."""

from __future__ import annotations

import msgspec


class Kept(msgspec.Struct, frozen=True, gc=False):
    """Base of what the bank keeps as it stands now. Flat: str, int or None fields only, `id` first."""

    id: str
