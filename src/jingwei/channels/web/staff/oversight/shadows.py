"""Drafts in the shadow: new payments are judged by them too, behind the payments' path, without effect."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from jingwei.decisions.drafts import SHADOWS, PolicyDraft
from jingwei.decisions.policy import parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.features.live import LiveFeatures
from jingwei.journeys.table import unseal
from jingwei.kernel.ids import seq_of
from jingwei.learning.backtest import Compared, Comparison
from jingwei.learning.whatif import History, parts
from jingwei.models.contract import ModelError
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.stores.store import Reader

LOG = logging.getLogger("jingwei.web")
LOOK_S = 2.0


class Shadows:
    """A comparison for each draft in the shadow. After a restart it is built again from the records."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._running: dict[str, Comparison] = {}
        self._told: dict[str, Compared] = {}

    def told(self, draft: str) -> Compared | None:
        """What a draft has come to in the shadow, as of the last look; None before the first one."""
        return self._told.get(draft)

    async def run(self) -> None:
        """Look for new records from time to time, for as long as the server runs."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.catch_up()
            except (StoreError, ModelError, ValueError) as error:
                LOG.warning("drafts in the shadow wait: %s", error)

    async def catch_up(self) -> None:
        """Bring every draft in the shadow up to the last record, on another thread."""
        drafts = self._site.desk.reader.find(PolicyDraft, "state", "shadow", limit=SHADOWS)
        names = {draft.id for draft in drafts}
        for gone in self._running.keys() - names:
            del self._running[gone]
        if drafts:
            await asyncio.to_thread(self._follow, drafts)

    def _follow(self, drafts: list[PolicyDraft]) -> None:
        reader = self._site.desk.home.store.reader()
        try:
            for draft in drafts:
                comparison = self._running.pop(draft.id, None) or self._begin(reader, draft)
                size = reader.size()
                if comparison.until < size:
                    for part in parts(reader, size, comparison.until):
                        comparison.feed(part)
                    self._told[draft.id] = comparison.told()
                self._running[draft.id] = comparison  # kept only when nothing failed half way
        finally:
            reader.close()

    def _begin(self, reader: Reader, draft: PolicyDraft) -> Comparison:
        from jingwei.home import MODEL_SLOTS

        candidate = parse_policy(draft_text(reader, draft))
        history = History(LiveFeatures(FRAUD), self._site.desk.home.registry, MODEL_SLOTS, candidate)
        return Comparison(history, draft.shadow_from)


def draft_text(reader: Reader, draft: PolicyDraft) -> str:
    """The text of a draft, from the record that sealed it."""
    leaf = reader.record(seq_of(draft.record) or 0)
    assert leaf is not None, f"draft {draft.id} names a record that is not stored"
    return str(unseal(leaf).command.text)
