"""The court of a home: its judge, seated from the published policies and models, and what its features know.

The features are kept in a file now and then, so that a start need not replay all history.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Thread

from jingwei.decisions.compiled import CompiledPolicy, compile_policy
from jingwei.decisions.judge import Judge, columns_of
from jingwei.decisions.policy import Policy, PolicyError, parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.domains.fraud.policy import CARD_PAYMENT, OUTGOING_TRANSFER
from jingwei.features.catalogue import allowed, names
from jingwei.features.live import LiveFeatures
from jingwei.journeys.publish_policy import COLUMNS
from jingwei.journeys.table import BY_COMMAND, unseal
from jingwei.journeys.use_model import UseModel
from jingwei.kernel.command import Command
from jingwei.kernel.refusal import Refusal
from jingwei.models.contract import Model, ModelError
from jingwei.models.registry import Registry
from jingwei.stores.store import Reader

LOG = logging.getLogger("jingwei.court")

MODEL_SLOTS = {CARD_PAYMENT: "fraud", OUTGOING_TRANSFER: "scam"}
"""The model slot whose champion scores for each policy."""

STEP = 8192
"""How many records are read at a time when features are rebuilt."""


class HomeCourt:
    """Seats a judge from the policies and models last published and the features' snapshot."""

    def __init__(self, path: Path, registry: Registry) -> None:
        self._seated: dict[str, tuple[str, str]] = {}
        self._snapshot = path / "features.snapshot"
        self._ready: dict[str, tuple[tuple[str, str], CompiledPolicy, Model]] = {}
        self._kept: bytes | None = None
        self._assembled = False
        self._registry = registry
        self._keeping: Thread | None = None

    def assemble(self, reader: Reader) -> Judge:
        """A judge as of the last committed record: the snapshot advanced by the records after it."""
        live = LiveFeatures(FRAUD)
        judge = Judge(live, names(FRAUD))
        self._seated.clear()
        size = reader.size()
        start = self._restore(live, size)
        for first in range(start, size, STEP):
            watched = []
            for _, leaf in reader.records(first, min(first + STEP, size)):
                command = unseal(leaf).command
                if (observe := BY_COMMAND[type(command)].observe) is not None:
                    watched.append(observe(command))
            if watched:
                live.advance(columns_of(watched))
        self.appoint(judge, reader)
        if self._assembled:
            self._kept = packed(live.snapshot, size)
        self._assembled = True
        return judge

    def _restore(self, live: LiveFeatures, size: int) -> int:
        """Restore the snapshot when it fits; return the number of records it covers.

        After a failed write the features are kept in memory too: while the disk takes nothing, every
        refusal begins here, and must not replay what came since the last snapshot.
        """
        content = self._kept or self.read_snapshot()
        covered = int.from_bytes(content[:8], "big")
        if not 0 < covered <= size:
            return 0
        try:
            live.restore(content[8:])
        except ValueError:
            return 0
        return covered

    def keep_up(self, judge: Judge, size: int) -> None:
        """Keep a snapshot beside the work that goes on; none while an earlier one is still being kept."""
        if self._keeping is None or not self._keeping.is_alive():
            self._keeping = Thread(target=self._keep, args=self._frozen(judge, size), name="snapshot")
            self._keeping.start()

    def adjourn(self, judge: Judge, size: int) -> None:
        """Keep a snapshot of the features as of `size` records, whole or not at all."""
        if self._keeping is not None:
            self._keeping.join()
        self._keep(*self._frozen(judge, size))

    def _frozen(self, judge: Judge, size: int) -> tuple[Callable[[], bytes], int]:
        assert isinstance(judge.live, LiveFeatures)
        return judge.live.frozen(), size

    def _keep(self, pack: Callable[[], bytes], size: int) -> None:
        """When the disk does not take it the next start replays more: no reason to fail what was written."""
        try:
            self.keep_snapshot(packed(pack, size))
        except OSError:
            return
        self._kept = None

    def read_snapshot(self) -> bytes:
        """The snapshot kept last; nothing when there is none."""
        try:
            return self._snapshot.read_bytes()
        except FileNotFoundError:
            return b""

    def keep_snapshot(self, content: bytes) -> None:
        """Keep this snapshot in the place of the last one, whole or not at all. Raises OSError."""
        fresh = self._snapshot.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._snapshot)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def refuses(self, command: Command) -> Refusal | None:
        """A model that cannot be loaded is not to be used."""
        if isinstance(command, UseModel):
            try:
                self._registry.load(command.digest)
            except ModelError:
                return Refusal("model_not_kept")
        return None

    def appoint(self, judge: Judge, reader: Reader) -> None:
        """Let the policies and models published last judge from now on.

        When a model's file is gone or damaged the one made by hand takes its place: a bank that does not
        start pays nobody.
        """
        for purpose in {journey.purpose for journey in BY_COMMAND.values() if journey.observe is not None}:
            allowed(FRAUD, purpose)
        for name, slot in MODEL_SLOTS.items():
            text, digest = reader.note(f"policy:{name}"), reader.note(f"model:{slot}")
            if text is None or digest is None or self._seated.get(name) == (text, digest):
                continue
            if name not in self._ready or self._ready[name][0] != (text, digest):
                model = self._model(slot, digest)
                policy = compiled(text, judge.columns)
                if policy is None or not fits(model):
                    continue
                self._ready[name] = ((text, digest), policy, model)
            self._seated[name], policy, model = self._ready[name]
            judge.appoint(policy, model, named(slot, digest, model)[:16])

    def _model(self, slot: str, digest: str) -> Model:
        try:
            return self._registry.load(digest)
        except ModelError as error:
            LOG.error("slot %s scores with the model made by hand: %s", slot, error)
            return FIRST_MODELS[slot]


def named(slot: str, digest: str, model: Model) -> str:
    """The digest under which a model scores: its own, also where it stands in for a lost one."""
    first = FIRST_MODELS[slot]
    return hashlib.sha256(first.to_bytes()).hexdigest() if model is first else digest


def packed(pack: Callable[[], bytes], size: int) -> bytes:
    """A snapshot: the number of records it covers (8 bytes), then the features."""
    return size.to_bytes(8, "big") + pack()


@lru_cache(maxsize=16)
def compiled(text: str, columns: tuple[str, ...]) -> CompiledPolicy | None:
    """The policy with this text bound to these columns, or None when it is not readable.

    Kept, so that standing up again after a failed write does not compile it again.
    """
    return compile_policy(parse_policy(text), columns) if readable(text) else None


def readable(text: str) -> bool:
    """Whether a published policy reads only features that this version of the bank has."""
    try:
        read(text).expressions(COLUMNS)
    except PolicyError:
        return False
    return True


@lru_cache(maxsize=16)
def read(text: str) -> Policy:
    """A published policy, read once however often its text is met. Raises PolicyError."""
    return parse_policy(text)


def fits(model: Model) -> bool:
    """Whether a model reads only features that this version of the bank has."""
    return set(model.features) <= set(COLUMNS)
