"""Judging a batch: live features advance, models score, policies look; a judgement for each that asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from jingwei.decisions.compiled import FEW_ROWS, CompiledPolicy
from jingwei.decisions.policy import Verdict
from jingwei.features.events import EventColumns, Happened
from jingwei.models.contract import Model, Scorer
from jingwei.models.reasons import Reason as ModelReason
from jingwei.models.reasons import reasons

SCORE = "fraud_score"
MOST_REASONS = 5
MANY = 16
"""From this many observations on, the features take them as columns."""

FEW = 12
"""Up to this many cases are judged one by one, which is quicker than as columns."""


class Observed(msgspec.Struct, frozen=True, gc=False):
    """What a command tells the live features; every part follows from the command alone.

    `kind` 0 is a payment, 1 a fraud report; `ref_at` is when the reported payment happened
    (for a payment: its own time). "" means the entity is not present.
    """

    kind: int
    at: int
    ref_at: int
    amount_minor: int
    customer: str = ""
    payee: str = ""
    device: str = ""
    terminal: str = ""
    place: str = ""


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What policy and model made of a command: the verdict, its reasons, and all that led to it.

    `seen` are the values the policy read, in the order of its inputs; None (not a number) is a missing value.
    `because` says what raised the score, exactly, when a rule that read the score was hit; a verdict of
    other rules is never explained by the model.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    policy: str
    model: str
    score: float | None
    seen: list[float | None]
    because: tuple[ModelReason, ...] = ()


class Live(Protocol):
    """Features that advance with each event (see features.live)."""

    def advance(self, events: EventColumns) -> NDArray[np.float64]: ...

    def advance_each(self, happened: Sequence[Happened], out: NDArray[np.float64]) -> None: ...


class Bench(msgspec.Struct, frozen=True):
    """What judges one kind of payment: a compiled policy and the champion of its model slot."""

    policy: CompiledPolicy
    policy_name: str
    inputs: tuple[int, ...]
    scorer: Scorer
    model_name: str
    features: tuple[str, ...]
    places: tuple[int, ...]
    by_score: int


def columns_of(observed: Sequence[Observed]) -> EventColumns:
    """Turn observations into event columns, in arrival order."""
    names = {
        "customer": [o.customer for o in observed],
        "payee": [o.payee for o in observed],
        "device": [o.device for o in observed],
        "terminal": [o.terminal for o in observed],
        "place": [o.place for o in observed],
    }
    return EventColumns(
        np.array([o.kind for o in observed], np.uint8),
        np.array([o.at for o in observed], np.int64),
        np.array([o.ref_at for o in observed], np.int64),
        np.array([o.amount_minor for o in observed], np.int64),
        {entity: values for entity, values in names.items() if any(values)},
    )


class JudgedColumns:
    """A batch of one kind of payment as judged: columns, and a judgement for whoever looks at one.

    `rows` int64[n] is where position i stands among the cases; -1 is not judged.
    """

    def __init__(self, bench: Bench, cases: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
        cases[:, -1] = bench.scorer(cases)
        self._bench = bench
        self._cases = cases
        self._rows = rows
        self._hits, self._unknown = bench.policy.columns(cases)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def policy(self) -> str:
        """The policy that judged, with its version."""
        return self._bench.policy_name

    @property
    def model(self) -> str:
        """The model that scored, by the start of its digest."""
        return self._bench.model_name

    def ordinary(self) -> NDArray[np.bool_]:
        """Where no rule was hit and nothing was missing, if such payments are allowed without a reason."""
        decision = self._bench.policy.decide(0, 0)
        if decision.verdict is not Verdict.ALLOW or decision.codes:
            return np.zeros(len(self), np.bool_)
        found = (self._hits == 0) & (self._unknown == 0) & ~np.isnan(self._cases[:, -1])
        judged: NDArray[np.bool_] = found[self._rows] & (self._rows >= 0)
        return judged

    def seen(self) -> NDArray[np.float64]:
        """float64[n, 1 + k]: the score, then what the policy read; rows that were not judged mean nothing."""
        return self._cases[:, [-1, *self._bench.inputs]][self._rows]

    def one(self, at: int) -> Judgement | None:
        """The judgement at this position, None where nothing was judged."""
        row = int(self._rows[at])
        if row < 0:
            return None
        bench, case = self._bench, self._cases[row]
        hits = int(self._hits[row])
        decision = bench.policy.decide(hits, int(self._unknown[row]))
        score = float(case[-1])
        because = why(bench, case) if hits & bench.by_score else ()
        return Judgement(
            decision.verdict, decision.codes, bench.policy_name, bench.model_name,
            score if score == score else None, case[list(bench.inputs)].tolist(), because,
        )  # fmt: skip


class Judge:
    """Holds the live features and, for each policy, the bench that judges by it."""

    def __init__(self, live: Live, names: Sequence[str]) -> None:
        self.live = live
        self.columns = (*names, SCORE)
        self._benches: dict[str, Bench] = {}

    def appoint(self, policy: CompiledPolicy, model: Model, model_name: str) -> None:
        """Let this policy, bound to `self.columns`, and this model judge from now on."""
        spec = policy.policy
        inputs = tuple(self.columns.index(name) for name in spec.inputs)
        name = f"{spec.name}@{spec.version}"
        places = tuple(self.columns.index(feature) for feature in model.features)
        by_score = sum(1 << i for i, read in enumerate(policy.expressions) if SCORE in read.reads)
        scorer = model.bind(self.columns)
        self._benches[spec.name] = Bench(
            policy, name, inputs, scorer, model_name, model.features, places, by_score
        )

    def judge(self, observed: Sequence[Observed], benches: Sequence[str]) -> list[Judgement | None]:
        """Advance the features by all observations, in order; judge those that name a bench ("" does not)."""
        return self.decide(self.advance(observed), benches) if observed else []

    def judge_columns(self, events: EventColumns, rows: NDArray[np.int64], bench: str) -> JudgedColumns:
        """Advance the features by all events, in order, and judge the payments by one bench.

        `rows` int64[n]: where position i of the batch stands among the events, -1 when it is not judged.
        """
        return JudgedColumns(self._benches[bench], self._widened(events), rows)

    def advance(self, observed: Sequence[Observed]) -> NDArray[np.float64]:
        """Advance the features; float64[n, k + 1] with the last column left for the score."""
        if len(observed) >= MANY:
            return self._widened(columns_of(observed))
        wide = np.empty((len(observed), len(self.columns)))
        if len(observed) == 1:
            self.live.advance_each(observed, wide[:, :-1])
        else:
            narrow = np.empty((len(observed), len(self.columns) - 1))
            self.live.advance_each(observed, narrow)
            wide[:, :-1] = narrow
        return wide

    def _widened(self, events: EventColumns) -> NDArray[np.float64]:
        wide = np.empty((len(events.kind), len(self.columns)))
        wide[:, :-1] = self.live.advance(events)
        return wide

    def decide(self, cases: NDArray[np.float64], benches: Sequence[str]) -> list[Judgement | None]:
        """Judge each case by the bench named for it; "" is not judged."""
        if len(benches) <= FEW:
            return [
                self._one(self._benches[name], cases[i]) if name else None for i, name in enumerate(benches)
            ]
        judged: list[Judgement | None] = [None] * len(benches)
        for name in set(benches) - {""}:
            rows = [i for i, asked in enumerate(benches) if asked == name]
            mine = cases if len(rows) == len(benches) else cases[rows]
            for i, judgement in zip(rows, self._by(self._benches[name], mine), strict=True):
                judged[i] = judgement
        return judged

    def _one(self, bench: Bench, case: NDArray[np.float64]) -> Judgement:
        """Judge one case: the same as `_by`, quicker for few."""
        score = float(bench.scorer.one(case))
        values = case.tolist()
        values[-1] = score
        hits, unknown = bench.policy.row(values)
        decision = bench.policy.decide(hits, unknown)
        because = why(bench, case) if hits & bench.by_score else ()
        seen = [values[i] for i in bench.inputs]
        known = score if score == score else None
        return Judgement(
            decision.verdict, decision.codes, bench.policy_name, bench.model_name, known, seen, because
        )

    def _by(self, bench: Bench, cases: NDArray[np.float64]) -> list[Judgement]:
        cases[:, -1] = bench.scorer(cases)
        rows: list[list[float]] = cases.tolist()
        decide, policy, model, inputs = bench.policy.decide, bench.policy_name, bench.model_name, bench.inputs
        if len(rows) <= FEW_ROWS:
            found = list(map(bench.policy.row, rows))
        else:
            hits, unknown = bench.policy.columns(cases)
            found = list(zip(hits.tolist(), unknown.tolist(), strict=True))
        judgements: list[Judgement] = []
        for (bits, blanks), values in zip(found, rows, strict=True):
            decision = decide(bits, blanks)
            score = values[-1]
            known = score if score == score else None
            because = why(bench, cases[len(judgements)]) if bits & bench.by_score else ()
            seen: list[float | None] = [values[i] for i in inputs]
            judgements.append(
                Judgement(decision.verdict, decision.codes, policy, model, known, seen, because)
            )
        return judgements


def why(bench: Bench, case: NDArray[np.float64]) -> tuple[ModelReason, ...]:
    """What raised the score of this case most, from exact contributions."""
    parts = bench.scorer.contributions(case.reshape(1, -1))[0]
    return reasons(bench.features, case[list(bench.places)], parts, MOST_REASONS)
