"""One writing route as the tables of routes name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jingwei.channels.rest.desk import Desk, Stamp
from jingwei.kernel.command import Command

Make = Callable[[Desk, str, Any, Stamp], Command]


class Order(msgspec.Struct, frozen=True):
    """One writing route: its address, what it reads, the command it makes and how it is called.

    A `{some_id}` in the address is handed to `make`, checked.
    """

    path: str
    ask: Any
    command: type[Command]
    make: Make
    summary: str
    tag: str
    says: str
