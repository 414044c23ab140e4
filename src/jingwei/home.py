"""A home: the directory in which one bank lives, and the bank opened from it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import msgspec

from jingwei.audit.anchors import AnchorFile
from jingwei.audit.heads import SignedHead, SigningKey, read_public
from jingwei.audit.merkle import StoredTiles
from jingwei.audit.paths import Tree
from jingwei.audit.proof import build_proof
from jingwei.bank import Bank
from jingwei.domains.credit.trained_score import SLOTS, ScorecardInUse
from jingwei.domains.credit.warnings import EARLY_WARNING
from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.domains.fraud.policy import policy_text
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.journeys.table import unseal
from jingwei.journeys.use_model import UseModel
from jingwei.journeys.use_scorecard import scorecards_due
from jingwei.keeping.backup import Source
from jingwei.keeping.court import MODEL_SLOTS, HomeCourt, fits, read, readable
from jingwei.keeping.redo import Tell, quiet
from jingwei.keeping.restore import Wanted, refuse_half_restored
from jingwei.keeping.verifying import Report, Told, trusted_keys, verify_bank
from jingwei.kernel.clock import SECOND, Clock, SystemClock
from jingwei.kernel.durable import make_private
from jingwei.kernel.ids import seq_of
from jingwei.ledger.products import Products, shipped
from jingwei.models.registry import Registry
from jingwei.stores.insight import Insight, insight_path
from jingwei.stores.store import Reader, Store, StoreError

LOGGED = logging.getLogger("jingwei.home")
LOG = "bank"
"""The name signed heads carry."""

FRESH = SECOND
"""How old a signed head may be and still be the newest one told to anybody."""

__all__ = [
    "LOG", "MODEL_SLOTS", "Home", "HomeCourt", "fits", "open_home", "quiet", "source_of", "trust",
    "verify_home", "wanted_at",
]  # fmt: skip


class Home:
    """One bank in its directory: `bank`, `store`, `registry`, `products`; close it when done.

    `warnings` says, for each model slot whose approved model cannot be loaded, what scores in its place.
    """

    _anchored: SignedHead | None = None
    _newest: SignedHead | None = None
    _insight: Insight | None = None

    def __init__(self, path: Path, store: Store, clock: Clock, store_url: str = "") -> None:
        self.path = path
        self.store_url = store_url
        self.warnings: dict[str, str] = {}
        self.clock = clock
        self.store = store
        refuse_half_restored(path, store)
        self.registry = Registry(path / "models")
        self.products: Products = shipped()
        self.bank = Bank(store, self.products, HomeCourt(path, self.registry))
        try:
            self.key = SigningKey.open(path / "keys" / "signing.pem")
            self.anchors = AnchorFile(anchor_folder(path), LOG)
            if isinstance(clock, SystemClock):
                clock.not_before(self.newest())
            self.found()
        except BaseException:
            self.bank.let_go()
            raise

    def newest(self) -> int:
        """When the bank learned what its last record says, in microseconds; 0 when there is none to read."""
        size = self.store.size()
        last = self.store.record(size - 1) if size else None
        try:
            return 0 if last is None else int(unseal(last).command.known_at)
        except msgspec.DecodeError:
            return 0

    def found(self) -> None:
        """Publish the shipped policies in a new bank, and let the approved champions score.

        A policy or champion left by another version that reads features this one does not have cannot
        judge: the shipped one takes its place, and the log says so.
        """
        now = self.clock.now()
        actor: dict[str, Any] = {"actor": "system:core", "at": now, "known_at": now}
        for name in MODEL_SLOTS:
            published = self.store.note(f"policy:{name}")
            if published is None or not readable(published):
                text = policy_text(name)
                key = f"shipped:{read(text).digest}:{self.store.size()}"
                self.bank.do([PublishPolicy(key=key, text=text, **actor)])
        for slot in FIRST_MODELS:
            digest = self._champion(slot, now)
            if self.store.note(f"model:{slot}") != digest:
                key = f"champion:{slot}:{digest}:{self.store.size()}"
                self.bank.do([UseModel(key=key, slot=slot, digest=digest, **actor)])
        in_use = self.store.load(ScorecardInUse, SLOTS)
        self.bank.do(scorecards_due(self.registry, in_use, self.store.size(), actor))
        self.warn(EARLY_WARNING, self.registry.serving(EARLY_WARNING)[1])

    def warn(self, slot: str, lost: str) -> None:
        """Say that a slot's approved model is lost and the one made by hand scores; "" takes it back."""
        if not lost:
            self.warnings.pop(slot, None)
            return
        says = f"slot {slot} scores with the model made by hand: {lost}"
        if self.warnings.get(slot) != says:
            LOGGED.error("%s", says)
        self.warnings[slot] = says

    def _champion(self, slot: str, now: int) -> str:
        """The digest of the model to score with, made by hand where none was approved or none can be loaded.

        One that was approved and cannot be loaded stays approved: with its file back it scores again from
        the next start on. Until then `warnings` tells it.
        """
        first = FIRST_MODELS[slot]
        champion, lost = self.registry.serving(slot)
        self.warn(slot, lost)
        if lost:
            return self.registry.save(first)
        if champion is not None and fits(champion.model):
            return champion.digest
        why = "the first model, made by hand"
        return self.registry.approve(
            slot, self.registry.save(first), who="system:core", why=why, at=now
        ).digest

    @property
    def insight(self) -> Insight:
        """The insight shelf, opened when it is first asked for; it knows of every link. Raises StoreError."""
        if self._insight is None:
            self._insight = Insight(insight_path(self.path))
        self._insight.people.follow(self.store)
        return self._insight

    # -- evidence -----------------------------------------------------------------------------

    def sign_head(self) -> SignedHead:
        """Sign the log as it stands, keep the head and anchor it elsewhere; an unchanged log only once.

        Raises StoreError when one of these cannot be written; asked again, what is missing is made up for.
        """
        self.bank.wait()
        size, root = self.store.root()
        last = self.head()
        if last is not None and (last.size, last.root) == (size, root.hex()):
            self._newest = self._anchor(last)
            return last
        head = self.key.sign(LOG, size, root, self.clock.now())
        self._anchor(head)  # first, so that a head kept in the books is always among the anchors
        self.store.set_notes({"head": msgspec.json.encode(head).decode()})
        self._newest = head
        return head

    def recent_head(self) -> SignedHead:
        """The head signed last when that was less than FRESH ago, else one signed now. Raises StoreError.

        For doors that anybody may knock at: a signature, two syncs and a line among the anchors for each
        question would be theirs to spend.
        """
        last = self._newest
        if last is not None and 0 <= self.clock.now() - last.at < FRESH:
            return last
        return self.sign_head()

    def _anchor(self, head: SignedHead) -> SignedHead:
        """Anchor a head unless it is; one noted before a crash or on a full disk may not be."""
        try:
            if self._anchored != head and not self.anchors.ends_with(head):
                self.anchors.append(head)
        except OSError as error:
            raise StoreError(
                f"the head cannot be written to {self.anchors.path} ({error.strerror or error}); ask again"
            ) from error
        self._anchored = head
        return head

    def head(self) -> SignedHead | None:
        """The head signed last, or None."""
        text = self.store.note("head")
        return None if text is None else msgspec.json.decode(text, type=SignedHead)

    def proof(self, some_id: str) -> bytes | None:
        """The proof (a JSON file) that the record of this decision is in the log; None when there is none."""
        seq = seq_of(some_id)
        record = None if seq is None else self.store.record(seq)
        if seq is None or record is None:
            return None
        head = self.sign_head()
        tree = Tree(head.size, stored_tiles(self.store))
        mine = self.key.key_id  # heads signed before a restore without the key carry another one
        anchored = [one for one in self.anchors.read()[0] if one.size <= head.size and one.key_id == mine]
        return build_proof(tree, seq, record, head, self.key.public, anchored[0] if anchored else None)

    def verify(self, *, books: bool = True) -> Report:
        """Read the whole log and compare it with its tiles, heads and anchors, and with the books."""
        self.bank.wait()
        return verify_home(self.path, self.store_url, trust(self.path)._replace(books=books))

    def close(self) -> None:
        """Make everything durable, sign the log as it stands, and close."""
        try:
            self.sign_head()
        finally:
            try:
                if self._insight is not None:
                    self._insight.close()
            finally:
                self.bank.close()


def stored_tiles(reader: Reader) -> StoredTiles:
    """The log's tiles as the store keeps them; the leaves of the open tile come from the records."""
    return StoredTiles(reader.tile, lambda start, end: [leaf for _, leaf in reader.records(start, end)])


def anchor_folder(path: Path) -> Path:
    """Where signed heads are kept outside the home: JINGWEI_ANCHORS, or a folder beside the home."""
    named = os.environ.get("JINGWEI_ANCHORS")
    return Path(named) if named else path.absolute().parent / f"{path.name}-anchors"


def open_home(
    path: Path, clock: Clock | None = None, *, store_url: str = "", pipelined: bool = False
) -> Home:
    """Open the bank that lives in this directory, founding it when the directory is new.

    `store_url` names a PostgreSQL database (postgresql://...) instead of the SQLite file in the
    directory; `pipelined` writes in a second process, for streams. Raises StoreError.
    """
    try:
        make_private(path)
    except OSError as error:
        raise StoreError(
            f"cannot make the directory {path}: {error.strerror}; choose another with --home"
        ) from error
    store = open_store(path, store_url, pipelined)
    try:
        return Home(path, store, clock or SystemClock(), store_url)
    except BaseException:
        store.close()
        raise


def open_store(path: Path, store_url: str, pipelined: bool) -> Store:
    """The engine that keeps the books of this home."""
    if pipelined:
        from jingwei.stores.pipeline import PipelinedStore

        return PipelinedStore(store_url or str(path / "bank.db"))
    if store_url:
        from jingwei.stores.postgres import PostgresStore

        return PostgresStore(store_url)
    from jingwei.stores.sqlite import SqliteStore

    return SqliteStore(path / "bank.db")


def source_of(path: Path, store_url: str, release: str) -> Source:
    """What is backed up of this home."""
    anchors = AnchorFile(anchor_folder(path), LOG)
    return Source(store_url or str(path / "bank.db"), path, anchors, LOG, release)


def wanted_at(path: Path, store_url: str = "", size: int | None = None, at: int | None = None) -> Wanted:
    """A restore into this home: all of it, or up to a number of records or a moment."""
    return Wanted(path, store_url, AnchorFile(anchor_folder(path), LOG), shipped(), size, at)


def trust(path: Path, anchors: Path | None = None, key: Path | None = None) -> Told:
    """What the check of this home rests on: its keys and anchors, or those named. Raises KeyFileError."""
    file = AnchorFile(anchors or anchor_folder(path), LOG)
    return Told([read_public(key)] if key else trusted_keys(path), file, LOG, shipped())


def verify_home(path: Path, store_url: str = "", told: Told | None = None, tell: Tell = quiet) -> Report:
    """Check the bank of this directory; reads only, also beside the running bank. Raises StoreError."""
    return verify_bank(store_url or str(path / "bank.db"), told or trust(path), tell)
