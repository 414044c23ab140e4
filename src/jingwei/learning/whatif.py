"""What if: history judged again, bit for bit under the recorded versions, and under a new policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from jingwei.decisions.compiled import compile_policy
from jingwei.decisions.judge import Judge, Judgement, Live
from jingwei.decisions.policy import Policy, Verdict, parse_policy
from jingwei.journeys.publish_policy import COLUMNS, PublishPolicy
from jingwei.journeys.shape import Answer, Sealed
from jingwei.journeys.table import BY_COMMAND, unseal
from jingwei.journeys.use_model import UseModel
from jingwei.models.contract import Model
from jingwei.stores.store import Reader

STEP = 8192
CANDIDATE = "candidate"
Progress = Callable[[int, int], None]


class Change(msgspec.Struct):
    """How many payments went from one verdict to another, whose, and how much money."""

    payments: int = 0
    customers: set[str] = msgspec.field(default_factory=set)
    money_minor: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, sealed: Sealed) -> None:
        """Count one payment."""
        self.payments += 1
        self.customers.add(sealed.command.customer)
        self.money_minor[sealed.command.currency] += sealed.command.amount_minor

    def told(self) -> dict[str, Any]:
        """The figures, customers as their number."""
        return {
            "payments": self.payments,
            "customers": len(self.customers),
            "money_minor": dict(self.money_minor),
        }


class Models(Protocol):
    """Where models are kept by their digest."""

    def load(self, digest: str) -> Model: ...


class History:
    """Judges recorded commands again, in order, with the versions that were in force."""

    def __init__(
        self, live: Live, models: Models, slots: dict[str, str], candidate: Policy, scored_by: str = ""
    ) -> None:
        """`slots` names the model slot of each policy; `scored_by` lets the candidate be scored by the model
        with this digest instead of the one that was in force."""
        self._judge = Judge(live, COLUMNS[:-1])
        self._other = Judge(live, COLUMNS[:-1])
        self._models = models
        self._slots = slots
        self._candidate = candidate
        self._scored_by = scored_by
        self._policies: dict[str, Policy] = {}
        self._digests: dict[str, str] = {}

    def publish(self, sealed: Sealed) -> None:
        """Follow a recorded change of policy or model."""
        if isinstance(sealed.command, PublishPolicy) and sealed.answer.result == "done":
            policy = parse_policy(sealed.command.text)
            self._policies[policy.name] = policy
        elif isinstance(sealed.command, UseModel):
            self._digests[sealed.command.slot] = sealed.command.digest
        for name, policy in self._policies.items():
            if (digest := self._digests.get(self._slots[name])) is None:
                continue
            model = self._models.load(digest)
            self._judge.appoint(compile_policy(policy, self._judge.columns), model, digest[:16])
            if name == self._candidate.name:
                other = self._scored_by or digest
                model = self._models.load(other)
                self._other.appoint(compile_policy(self._candidate, self._judge.columns), model, other[:16])

    def skip(self, records: list[Sealed]) -> None:
        """Let the features see records that are not judged again."""
        watched = [
            journey.observe(sealed.command)
            for sealed in records
            if (journey := BY_COMMAND[type(sealed.command)]).observe is not None
        ]
        if watched:
            self._judge.advance(watched)

    def again(self, records: list[Sealed]) -> list[tuple[Sealed, Judgement, Judgement]]:
        """Judge records again: (record, under the recorded versions, under the candidate) of each payment
        the candidate policy speaks of."""
        watched, benches, whose = [], [], []
        for sealed in records:
            journey = BY_COMMAND[type(sealed.command)]
            if journey.observe is not None:
                watched.append(journey.observe(sealed.command))
                benches.append(journey.policy if journey.policy == self._candidate.name else "")
                whose.append(sealed)
        if not watched:
            return []
        cases = self._judge.advance(watched)
        first, second = self._judge.decide(cases, benches), self._other.decide(cases, benches)
        return [
            (sealed, old, new)
            for sealed, old, new in zip(whose, first, second, strict=True)
            if old is not None and new is not None
        ]


def same(answer: Answer, judged: Judgement) -> bool:
    """Whether a recorded answer was judged exactly so: versions, score, values and reasons, bit for bit."""
    return msgspec.json.encode(
        (answer.policy, answer.model, answer.score, answer.seen, answer.reasons, answer.because)
    ) == msgspec.json.encode(
        (judged.policy, judged.model, judged.score, judged.seen, judged.reasons, judged.because)
    )


def whatif(reader: Reader, history: History, progress: Progress = lambda done, total: None) -> dict[str, Any]:
    """Judge all recorded payments again and tell what would change.

    Returns payments, recorded_differences (must be 0: history judged again as it was), changed
    (payments, customers, money_minor by currency) and changes by "old -> new" verdict.
    """
    size, payments, differences = reader.size(), 0, 0
    total, by_kind = Change(), {}  # type: tuple[Change, dict[str, Change]]
    for part in parts(reader, size):
        if BY_COMMAND[type(part[0].command)].barrier:
            history.publish(part[0])
            continue
        for sealed, old, new in history.again(part):
            payments += 1
            differences += not same(sealed.answer, old)
            if old.verdict is not new.verdict:
                total.add(sealed)
                by_kind.setdefault(turn(old.verdict, new.verdict), Change()).add(sealed)
        progress(part[-1].seq + 1, size)
    return {
        "payments": payments,
        "recorded_differences": differences,
        "changed": total.told(),
        "changes": {kind: change.told() for kind, change in sorted(by_kind.items())},
    }


def turn(old: Verdict, new: Verdict) -> str:
    """Name a change of verdict, e.g. "allow -> hold"."""
    return f"{old.code} -> {new.code}"


def parts(reader: Reader, size: int, start: int = 0) -> Iterator[list[Sealed]]:
    """Yield the records from `start` on in order, in runs of at most STEP, each barrier record by itself."""
    run: list[Sealed] = []
    for _, leaf in reader.records(start, size):
        sealed = unseal(leaf)
        barrier = BY_COMMAND[type(sealed.command)].barrier
        if run and (barrier or len(run) == STEP):
            yield run
            run = []
        if barrier:
            yield [sealed]
        else:
            run.append(sealed)
    if run:
        yield run
