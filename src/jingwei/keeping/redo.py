"""Doing recorded commands again: the books that follow from a log, record by record.

Every journey acts again on what it was asked. What policy and model made of a payment is taken from the
sealed answer, so neither features nor models are needed, and rules may have changed since. Each answer must
come out as it was sealed, to the last byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product

import msgspec

from jingwei.decisions.judge import Judgement
from jingwei.decisions.policy import Verdict
from jingwei.journeys.bound import carry
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.shape import TODAYS, Answer, Outcome, Sealed, refused
from jingwei.journeys.table import BY_COMMAND, claimed, seal, unseal
from jingwei.kernel.command import Command
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Line
from jingwei.ledger.products import Products
from jingwei.stores.store import Batch, Store, StoreError

AT_ONCE = 4_096
"""How many records one transaction brings."""

Tell = Callable[[int, int], None]
Row = tuple[int, bytes]

_NOT_ALLOWED = Refusal("not_allowed")
_BY_RESULT = {"allowed": (Verdict.ALLOW,), "held": (Verdict.HOLD,), "stepped_up": (Verdict.STEP_UP,)}
_ANY = (Verdict.ALLOW, Verdict.HOLD, Verdict.STEP_UP)
_REFUSED = (Verdict.REFUSE,)


class NotRepeatable(StoreError):
    """A record does not come out again as it was sealed; `seq` is its number."""

    def __init__(self, seq: int, says: str, zh: str) -> None:
        super().__init__(says)
        self.seq, self.says, self.zh = seq, says, zh


def quiet(done: int, total: int) -> None:
    """A progress callback that tells nothing."""


def redo(rows: Iterable[Row], store: Store, products: Products, tell: Tell = quiet, total: int = 0) -> None:
    """Do the recorded commands of `rows` (number, bytes; in order) again on `store`, and write them there.

    The first one must be the next of the store. Raises NotRepeatable at the first record that comes out
    otherwise, StoreError when the engine cannot write; whole transactions before it stay written.
    """
    work = _Redo(store, products)
    source = iter(rows)
    while some := list(islice(source, AT_ONCE)):
        sealed = [_read(seq, leaf) for seq, leaf in some]
        for start, end in _parts(sealed):
            work.take(sealed[start:end], [leaf for _, leaf in some[start:end]])
        tell(some[-1][0] + 1, total)


def _read(seq: int, leaf: bytes) -> Sealed:
    """A record as it was asked and answered. Raises NotRepeatable when the bytes are none, or another's."""
    try:
        sealed = unseal(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        says = f"Record {seq} cannot be read: {wrong}."
        raise NotRepeatable(seq, says, f"第{seq}条记录无法读取。") from wrong
    if sealed.seq != seq:
        says = f"Record {seq} says it is record {sealed.seq}."
        raise NotRepeatable(seq, says, f"第{seq}条记录自称是第{sealed.seq}条。")
    return sealed


def _parts(sealed: Sequence[Sealed]) -> Iterator[tuple[int, int]]:
    """Cut so that each barrier command stands alone, as it did when it was done."""
    start = 0
    for i, one in enumerate(sealed):
        if BY_COMMAND[type(one.command)].barrier:
            if start < i:
                yield start, i
            yield i, i + 1
            start = i + 1
    if start < len(sealed):
        yield start, len(sealed)


class _Redo:
    """The books while they are done again; earlier records are read back from them."""

    def __init__(self, store: Store, products: Products) -> None:
        self._store = store
        self._overlay = Overlay(store, self, products)
        self._now: dict[int, Sealed] = {}
        self._numbered: dict[type[Command], int] = {}

    def sealed(self, seq: int) -> Sealed | None:
        """The record with this number, of this part or an earlier one."""
        if seq in self._now:
            return self._now[seq]
        leaf = self._store.record(seq)
        return None if leaf is None else unseal(leaf)

    def take(self, part: Sequence[Sealed], leaves: list[bytes]) -> None:
        """Do these records again and write them in one transaction."""
        overlay, lines = self._overlay, list[Line]()
        notes: dict[str, str] = {}
        self._now = {one.seq: one for one in part}
        fields = ((one.command, BY_COMMAND[type(one.command)].accounts) for one in part)
        overlay.expect(getattr(command, field) for command, names in fields for field in names)
        for one, leaf in zip(part, leaves, strict=True):
            outcome = self._outcome(one, leaf)
            overlay.apply(outcome)
            lines += outcome.lines
            notes |= outcome.notes
        keys = [(one.command.actor, one.command.key, one.seq) for one in part]
        keys += self._claims(part)
        self._store.write(Batch(part[0].seq, leaves, keys, lines, overlay.take_changed(), notes))
        overlay.settle()

    def _claims(self, part: Sequence[Sealed]) -> list[tuple[str, str, int]]:
        """What these records claim to be the only ones for. Raises NotRepeatable for a second claim."""
        claims = {part[i].seq: mark for i, mark in claimed([one.command for one in part]).items()}
        taken = set(self._store.answered(list(claims.values())) if claims else ())
        for seq, mark in claims.items():
            if mark in taken:
                says = f"Record {seq} does again what can be done only once."
                raise NotRepeatable(seq, says, f"第{seq}条记录重复办理了只能办理一次的事项。")
            taken.add(mark)
        return [(*mark, seq) for seq, mark in claims.items()]

    def _outcome(self, one: Sealed, leaf: bytes) -> Outcome:
        """What the command comes to, under the first verdict and rules that give the sealed answer."""
        for rules, judgement in product(self._rules(one), _judgements(one)):
            try:
                outcome = self._act(one, judgement, rules)
            except (AssertionError, LookupError, TypeError, ValueError):
                continue  # an answer that cannot be: not what was sealed
            if seal(one.seq, one.command, outcome.answer, one.rules) == leaf:
                return outcome
        says = f"Record {one.seq} comes out otherwise when it is done again."
        raise NotRepeatable(one.seq, says, f"重做第{one.seq}条记录，结果与封存的不同。")

    def _rules(self, one: Sealed) -> tuple[int, ...]:
        """The rules a record may have been done under. Raises NotRepeatable when they cannot be of its time:
        a journey's rules only ever get newer along the log, and none is newer than this program.
        """
        kind, newest = type(one.command), BY_COMMAND[type(one.command)].rules
        if not self._numbered.get(kind, 0) <= one.rules <= newest:
            says = f"Record {one.seq} names version {one.rules} of its rules, which were not those of then."
            raise NotRepeatable(one.seq, says, f"第{one.seq}条记录所称的规则版本{one.rules}并非当时的规则。")
        self._numbered[kind] = one.rules
        return (one.rules,) if one.rules else BY_COMMAND[kind].unnumbered

    def _act(self, one: Sealed, judgement: Judgement | None, rules: int = TODAYS) -> Outcome:
        journey = BY_COMMAND[type(one.command)]
        not_any_more = journey.past and one.answer.refusal == _NOT_ALLOWED
        if self._overlay.begin(one.command, one.seq, judgement, rules) not in journey.roles or not_any_more:
            return refused(decision_id(one.seq), _NOT_ALLOWED)
        outcome = carry(journey, one.command, self._overlay)
        assert isinstance(outcome, Outcome), "a journey returns an outcome"
        return outcome


def _judgements(one: Sealed) -> Iterator[Judgement | None]:
    """What policy and model may have made of the command, by its answer."""
    if not BY_COMMAND[type(one.command)].policy:
        yield None
        return
    answer: Answer = one.answer
    for verdict in _verdicts(answer):
        yield Judgement(
            verdict, answer.reasons, answer.policy, answer.model, answer.score, answer.seen, answer.because
        )


def _verdicts(answer: Answer) -> tuple[Verdict, ...]:
    """The verdicts that can lead to this answer; when the books refused, it may have been any milder one."""
    if answer.refusal is not None and answer.refusal.code == "payment_refused":
        return _REFUSED
    return _BY_RESULT.get(answer.result, _ANY)
