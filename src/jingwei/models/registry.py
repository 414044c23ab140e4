"""The registry of models: files named by their content, slots with approvals, one step back."""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jingwei.kernel.durable import make_folder, write_whole
from jingwei.models.card import Card, Latency, missing_on
from jingwei.models.contract import CheckReport, Model, ModelError, check_model
from jingwei.models.governance import LEAST_REASON, unanswered
from jingwei.models.kinds import load_model

APPROVE, ROLLBACK, CHALLENGE = "approve", "rollback", "challenge"
GOVERNED = ("credit", "thin_file", "company", "early_warning")
"""Slots that decide about people's and companies' credit, or who is called about it: no card, no approval."""
GAIN = "gain_over_serving"
"""The interval, on a card, of how much better than what serves now a model was on rows held out (AUC)."""
Reasons = Mapping[str, str]
CHANCE = 0.5

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SLOT = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Approval(msgspec.Struct, frozen=True):
    """One line of a slot's log: who put which model there (or took a step back), when and why.

    `digest` is the champion from then on, `at` microseconds UTC, `latency_us`
    what one score took when the check measured it, `previous` the SHA-256 of the line before,
    so that a line changed afterwards shows. `reasons` are the approver's, for each gap between groups that is
    an alarm.
    """

    number: int
    slot: str
    action: str
    digest: str
    who: str
    why: str
    at: int
    previous: str
    latency_us: Latency | None = None
    reasons: dict[str, str] = {}


class Champion(msgspec.Struct, frozen=True):
    """The model that serves a slot."""

    digest: str
    model: Model


class Registry:
    """Models in a directory: `files/<sha256>` and one append-only approvals log for each slot."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def save(self, model: Model) -> str:
        """Keep a model's file and return its digest; saving the same model again changes nothing."""
        content = model.to_bytes()
        digest = hashlib.sha256(content).hexdigest()
        path = self._file(digest)
        if not (path.exists() and path.read_bytes() == content):
            write_whole(path, content)
        return digest

    def load(self, digest: str) -> Model:
        """Return the model with this digest. Raises ModelError when it is unknown or its file is damaged."""
        path = self._file(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as missing:
            raise ModelError(f"no model {digest[:12]} is kept here; train or save it first") from missing
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise ModelError(
                f"the file of model {digest[:12]} is damaged (its content is {found[:12]}); "
                f"restore {path.name} from a copy or roll back to the model before"
            )
        return load_model(content)

    def whole(self, digest: str) -> Model | None:
        """The model with this digest, or None when it is unknown or its file is damaged."""
        try:
            return self.load(digest)
        except ModelError:
            return None

    def approve(
        self, slot: str, digest: str, *, who: str, why: str, at: int, reasons: Reasons | None = None
    ) -> Approval:
        """Make a kept model the champion of a slot; its card must be complete and the check passed.

        A model that decides about people is approved by somebody else than who trained it, and every gap
        between groups that is an alarm needs a written reason in `reasons`, by its code. Raises ModelError.
        """
        model = self.load(digest)
        refuse_ungoverned(slot, digest, model.card, who, reasons or {})
        report = self._checked(digest, model)
        said = dict(reasons or {})
        with self._locked(slot):
            return self._append(Approval(0, slot, APPROVE, digest, who, why, at, "", report.latency_us, said))

    def challenge(self, slot: str, digest: str, *, who: str, why: str, at: int) -> Approval:
        """Let a kept model score beside the champion of a slot; it decides nothing. Raises ModelError."""
        report = self._checked(digest, self.load(digest))
        with self._locked(slot):
            line = champions(self.history(slot))
            if not line or line[-1] == digest:
                raise ModelError(f"slot {slot} has no other champion to challenge with model {digest[:12]}")
            return self._append(Approval(0, slot, CHALLENGE, digest, who, why, at, "", report.latency_us))

    def _checked(self, digest: str, model: Model) -> CheckReport:
        lacks = missing_on(model.card)
        if lacks:
            raise ModelError(f"model {digest[:12]} cannot be approved: its card lacks {', '.join(lacks)}")
        report = check_model(model, load_model)
        if not report.passed:
            raise ModelError(f"model {digest[:12]} cannot be approved: {'; '.join(report.failures)}")
        return report

    def rollback(self, slot: str, *, who: str, why: str, at: int) -> Approval:
        """Make the champion before the present one serve again. Raises ModelError when there is none."""
        with self._locked(slot):
            line = champions(self.history(slot))
            if len(line) < 2:
                raise ModelError(f"slot {slot} has no champion before the present one to go back to")
            self.load(line[-2])
            return self._append(Approval(0, slot, ROLLBACK, line[-2], who, why, at, ""))

    def champion(self, slot: str) -> Champion | None:
        """The model that serves a slot, its file verified; None when none was ever approved."""
        line = champions(self.history(slot))
        return Champion(line[-1], self.load(line[-1])) if line else None

    def serving(self, slot: str) -> tuple[Champion | None, str]:
        """The model that serves a slot, and why the approved one cannot be loaded, "" when it can or none is.

        Raises ModelError when the approvals were altered: then nobody knows what was approved.
        """
        line = champions(self.history(slot))
        try:
            return (Champion(line[-1], self.load(line[-1])) if line else None), ""
        except ModelError as error:
            return None, str(error)

    def challenger(self, slot: str) -> Champion | None:
        """The model named last to score beside the champion; None when there is none, or it serves itself."""
        digest = self.challenger_digest(slot)
        return Champion(digest, self.load(digest)) if digest else None

    def rival(self, slot: str) -> tuple[Champion | None, str]:
        """The challenger, and why it cannot be loaded, "" when it can or there is none."""
        digest = self.challenger_digest(slot)
        try:
            return (Champion(digest, self.load(digest)) if digest else None), ""
        except ModelError as error:
            return None, str(error)

    def challenger_digest(self, slot: str) -> str:
        """The digest of `challenger`, its file not read; "" when there is none."""
        history = self.history(slot)
        named = [approval.digest for approval in history if approval.action == CHALLENGE]
        return named[-1] if named and named[-1] != champions(history)[-1] else ""

    def history(self, slot: str) -> tuple[Approval, ...]:
        """All approvals of a slot, oldest first. Raises ModelError when the log was altered."""
        try:
            lines = self._log(slot).read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        found, previous = [], ""
        for number, line in enumerate(lines, start=1):
            try:
                approval = msgspec.json.decode(line, type=Approval)
            except msgspec.DecodeError as error:
                place = f"line {number} of the approvals of {slot}"
                raise ModelError(f"{place} cannot be read: {error}") from error
            if (approval.number, approval.slot, approval.previous) != (number, slot, previous):
                raise ModelError(f"the approvals of {slot} were altered before line {number}")
            previous = hashlib.sha256(line).hexdigest()
            found.append(approval)
        return tuple(found)

    def _append(self, said: Approval) -> Approval:
        """Write a line behind the last one of its slot; its number and the hash before are set here."""
        if not (said.who.strip() and said.why.strip()):
            raise ModelError("an approval says who approves and why")
        path, past = self._log(said.slot), self.history(said.slot)
        written = path.read_bytes() if past else b""
        previous = hashlib.sha256(written.splitlines()[-1]).hexdigest() if past else ""
        approval = msgspec.structs.replace(said, number=len(past) + 1, previous=previous)
        write_whole(path, written + msgspec.json.encode(approval) + b"\n")
        return approval

    def _file(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ModelError(f"{digest[:70]!r} is not a model's digest (64 hexadecimal digits)")
        return self.root / "files" / digest

    def _log(self, slot: str) -> Path:
        if not _SLOT.fullmatch(slot):
            raise ModelError(f"{slot[:50]!r} is not a slot; write it like fraud, with a-z, 0-9 and _")
        return self.root / "slots" / f"{slot}.jsonl"

    @contextmanager
    def _locked(self, slot: str) -> Iterator[None]:
        path = self._log(slot).with_suffix(".lock")
        make_folder(path.parent)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def champions(history: tuple[Approval, ...]) -> list[str]:
    """Digests of a slot's champions, the present one last; a rollback takes the last one away."""
    line: list[str] = []
    for approval in history:
        if approval.action == ROLLBACK:
            line.pop()
        elif approval.action == APPROVE:
            line.append(approval.digest)
    return line


def refuse_ungoverned(slot: str, digest: str, card: Card, who: str, reasons: Reasons) -> None:
    """Raise ModelError unless a card shows what one that decides about people must, and a second person asks.

    Holds for every card that carries it, and for the slots that must.
    """
    told = card.governance
    if told is msgspec.UNSET:
        if slot in GOVERNED:
            raise ModelError(
                f"model {digest[:12]} cannot be approved for {slot}: its card says nothing of its owner, its "
                "data and how groups fare; train it with `jingwei train credit`"
            )
        return
    low = told.intervals.get("auc", (0.0, 0.0))[0]
    if low <= CHANCE:
        raise ModelError(
            f"model {digest[:12]} cannot be approved: on rows held out it cannot be told from chance (its "
            f"AUC may be as low as {low:.3f})"
        )
    if told.intervals.get(GAIN, (0.0, 0.0))[1] < 0.0:
        raise ModelError(
            f"model {digest[:12]} cannot be approved: on rows held out it is worse than what serves now "
            f"(AUC less by {-told.intervals[GAIN][1]:.3f} at least)"
        )
    if who == told.trained_by:
        raise ModelError(f"a second person approves: {who} trained model {digest[:12]}")
    open_ = unanswered(told, reasons)
    if open_:
        ratios = {gap.code: gap for gap in told.alarms()}
        said = "; ".join(
            f"{code} ({ratios[code].lowest} against {ratios[code].highest}, ratio {ratios[code].ratio:.2f})"
            for code in open_
        )
        raise ModelError(
            f"model {digest[:12]} cannot be approved: groups fare too differently and nobody has written why "
            f"that is right: {said}; give a reason of at least {LEAST_REASON} characters for each"
        )
