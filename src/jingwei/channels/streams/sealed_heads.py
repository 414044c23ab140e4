"""The evidence log's head, signed every minute while the bank runs, if anything was sealed since."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jingwei.channels.rest.app import Alongside, Also
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.heads")
EVERY_S = 60.0


def heads(every_s: float = EVERY_S) -> Also:
    """What signs heads beside the requests, this often."""

    def add(_: FastAPI, desk: Desk) -> Alongside:
        async def sign() -> None:
            signed = -1
            while True:
                await asyncio.sleep(every_s)
                try:
                    signed = signed_up_to(desk, signed)
                except StoreError as error:
                    LOG.warning("the head waits to be signed: %s", error)

        return Alongside(lambda: None, (sign,))

    return add


def signed_up_to(desk: Desk, before: int) -> int:
    """Sign the head when there are records beyond `before`; how many records the last head holds.

    Raises StoreError when it could not be kept; the next turn asks again.
    """
    if desk.home.store.size() <= max(before, 0):
        return before
    return desk.home.sign_head().size
