"""What happened, in the past tense: facts other rooms and the outside may act on."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Base of all events. Each is sealed inside the record of the command that caused it."""
