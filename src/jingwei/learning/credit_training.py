"""Train a scorecard and its boosted challenger for service: cards with all that governance asks, kept, not
yet approved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.kernel.clock import DAY
from jingwei.learning.credit_evaluation import chosen, told_of
from jingwei.learning.fairness import closing, gaps, groups_of
from jingwei.learning.history import Progress, quiet
from jingwei.learning.leaks import canaries, refuse_later, shuffled_auc
from jingwei.learning.lending import CreditModels, Reader, fit_credit, learn_reader
from jingwei.learning.measures import Counts, draws
from jingwei.learning.protocol import Flags
from jingwei.learning.sources import helpful
from jingwei.learning.stream import day_of
from jingwei.learning.tabular import Table, TableError, outcome, read_table
from jingwei.models.card import Card, DataSpan
from jingwei.models.compiled import Floats
from jingwei.models.contract import check_model
from jingwei.models.governance import Calibrated, Closing, Gap, Governance, Helped, Reference
from jingwei.models.kinds import load_model
from jingwei.models.points import PointsModel
from jingwei.models.registry import Registry
from jingwei.models.stacked import StackedModel

HELD_OUT = 5
"""One row in so many is not fitted to: the latest where there is a moment, else drawn."""
REFUSED = 0.2
LIMITS = (
    "Learned only from people who were granted credit. How those refused would have paid is not known and "
    "cannot be inferred from these rows (reject inference is impossible here); for people unlike those "
    "granted the score is a guess.",
    "仅由获得授信者的数据训练。被拒绝者若获授信会如何还款无从得知，也无法由这些数据推断（此处不可能做拒绝推断）；"
    "对与获授信者差异较大的人，评分只是猜测。",
)


class CreditLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to learn from and who answers for it.

    Read from a TOML file of these names. `time` names the column of the moment of each decision ("" when
    there is none); without it `first` and `until` (YYYY-MM-DD) say which days the rows come from. `slot` is
    what the models are for. With `own` columns named, each of `sources` (columns by name of the source) is
    used only when it is measured to help; other columns are not read.
    """

    target: str
    good: str
    owner: str
    by: str
    slot: str = "credit"
    data: str = ""
    simulated: bool = False
    protected: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    time: str = ""
    first: str = ""
    until: str = ""
    own: tuple[str, ...] = ()
    sources: dict[str, tuple[str, ...]] = {}


class Parted(msgspec.Struct, frozen=True):
    """Rows to fit to and rows held out, with what came of them."""

    fit: Table
    bad: Flags
    held: Table
    truth: Flags
    says: str


class Trained(msgspec.Struct, frozen=True):
    """Both models with their cards, which of them the figures speak for, and what was measured."""

    scorecard: PointsModel
    boosting: StackedModel
    default: str
    gain: tuple[float, float, float]
    reader: Reader


def read_lesson(file: Path, by: str) -> CreditLesson:
    """The lesson in a TOML file, asked for by this person. TableError names what is wrong in it."""
    try:
        told = msgspec.toml.decode(file.read_bytes(), type=dict[str, Any])
        return msgspec.convert(told | {"by": by}, CreditLesson)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise TableError(f"{file}: the lesson cannot be read: {error}") from error


def train_credit(home: Path, data: Path, lesson: CreditLesson, progress: Progress = quiet) -> dict[str, Any]:
    """Train on a file, keep both models in the home's registry and say which figures they have.

    Nothing is approved: a second person does that with `jingwei model approve`. Raises TableError for a file,
    column or leak, TrainingError when a planted leak was not refused.
    """
    lesson = msgspec.structs.replace(lesson, data=lesson.data or data.name)
    return train_table(home, read_table(data), lesson, progress)


def train_table(
    home: Path, table: Table, lesson: CreditLesson, progress: Progress = quiet
) -> dict[str, Any]:
    """The same with rows at hand."""
    return keep(Registry(home / "models"), learn_credit(table, lesson, progress), lesson)


def keep(registry: Registry, trained: Trained, lesson: CreditLesson) -> dict[str, Any]:
    """Keep both models; return their digests and figures as plain values."""
    told: dict[str, Any] = {"slot": lesson.slot, "approved": False, "simulated": lesson.simulated}
    for name in ("scorecard", "boosting"):
        model = trained.scorecard if name == "scorecard" else trained.boosting
        report = check_model(model, load_model)
        if not report.passed:
            raise TableError(f"the trained {name} breaks the contract: {'; '.join(report.failures)}")
        governed = governance_of(model.card)
        told[name] = {
            "digest": registry.save(model),
            "metrics": model.card.metrics,
            "intervals": governed.intervals,
            "gaps": msgspec.to_builtins(governed.gaps),
            "closing": msgspec.to_builtins(governed.closing),
            "alarms": [gap.code for gap in governed.alarms()],
            "latency_us": msgspec.to_builtins(report.latency_us),
        }
    gap, low, high = trained.gain
    card = governance_of(trained.scorecard.card)
    told["default"], told["gain"], told["gain_interval"] = trained.default, gap, (low, high)
    told["sources"] = msgspec.to_builtins(card.sources)
    return told | {"canaries": card.canaries, "left_out": card.left_out, "held_out": card.held_out}


def governance_of(card: Card) -> Governance:
    """The governance part of a card that has one."""
    assert card.governance is not msgspec.UNSET
    return card.governance


def learn_credit(table: Table, lesson: CreditLesson, progress: Progress = quiet) -> Trained:
    """Return both models fitted to the earlier (or drawn) rows, their cards filled on the rows held out."""
    bad = outcome(table, lesson.target, lesson.good)
    moments = refuse_later(table, lesson.time) if lesson.time else None
    taboo = [name for name in (lesson.target, lesson.time, *lesson.exclude) if name]
    parted = part(table, bad, moments)
    tried = _sources(parted, lesson)
    taboo += _not_read(table, lesson, tried)
    reader = learn_reader(parted.fit, parted.bad, taboo, lesson.protected)
    found = canaries(parted.fit, parted.bad, taboo, lesson.protected)
    features = reader.features(parted.fit)
    shuffled = shuffled_auc(features, parted.bad)
    progress(10, 100)
    models = fit_credit(
        features, parted.bad, REFUSED, lambda done, total: progress(10 + done * 80 // total, 100)
    )
    held = reader.features(parted.held)
    scores, counts = models.scores(held), draws(len(parted.truth))
    told = chosen(parted.truth, scores, counts)
    span = span_of(lesson, moments, bad)
    made = _Maker(lesson, parted, reader, models, span, found, shuffled, counts, tried)
    progress(100, 100)
    return Trained(
        models.scorecard.served(made.card("scorecard", features, scores["scorecard"])),
        _stacked(models, made.card("boosting", features, scores["boosting"])),
        told["default"],
        (told["gap"], *told["gap_interval"]),
        reader,
    )


def _sources(parted: Parted, lesson: CreditLesson) -> tuple[Helped, ...]:
    """What each source adds on the rows fitted to, out of fold."""
    if not lesson.own:
        return ()
    columns = [*lesson.own, *(name for names in lesson.sources.values() for name in names)]
    features = {name: parted.fit.column(name).astype(np.float64) for name in columns}
    return tuple(helpful(features, parted.bad, lesson.own, lesson.sources)[1])


def _not_read(table: Table, lesson: CreditLesson, tried: Sequence[Helped]) -> list[str]:
    """Columns that are neither the bank's own nor of a source that helps; none when no own ones are named."""
    if not lesson.own:
        return []
    read = {*lesson.own, *(name for one in tried if one.used for name in one.columns), *lesson.protected}
    return [name for name in table.columns if name not in read and name != lesson.target]


def part(table: Table, bad: Flags, moments: npt.NDArray[np.int64] | None) -> Parted:
    """Hold a fifth of the rows out: the latest, or drawn with a fixed seed."""
    rows = len(bad)
    if moments is None:
        order = np.random.default_rng(17).permutation(rows)
    else:
        order = np.argsort(moments, kind="stable")
    cut = rows - rows // HELD_OUT
    fit, held = np.sort(order[:cut]), np.sort(order[cut:])
    says = "a drawn fifth of the rows" if moments is None else "the latest fifth of the rows"
    return Parted(table.rows(fit), bad[fit], table.rows(held), bad[held], says)


def span_of(lesson: CreditLesson, moments: npt.NDArray[np.int64] | None, bad: Flags) -> DataSpan:
    """The days the rows come from. TableError when nobody says."""
    if moments is not None:
        first, until = int(moments.min()), int(moments.max()) + 1
    elif lesson.first and lesson.until:
        first, until = day_of(lesson.first) * DAY, (day_of(lesson.until) + 1) * DAY
    else:
        raise TableError(
            "nobody says which days the rows come from; name the column of the moment as time, or the days "
            "as first and until"
        )
    if until <= first:
        raise TableError("the last day lies before the first; check first and until")
    return DataSpan(first, until, len(bad), int(bad.sum()))


def _stacked(models: CreditModels, card: Card) -> StackedModel:
    weights = (models.stacked.trees, models.stacked.card, models.stacked.offset)
    return StackedModel(card, models.forest.with_card(card), models.points(), weights)


class _Maker(msgspec.Struct, frozen=True):
    """Everything the cards of both models are made from."""

    lesson: CreditLesson
    parted: Parted
    reader: Reader
    models: CreditModels
    span: DataSpan
    canaries: dict[str, str]
    shuffled: float
    counts: Counts
    tried: tuple[Helped, ...]

    def card(self, name: str, features: dict[str, Floats], score: Floats) -> Card:
        """The card of one model; `score` is of the rows held out."""
        told = told_of(self.parted.truth, score, self.counts)
        numbers = {k: round(float(v), 6) for k, v in told.items() if not isinstance(v, tuple)}
        intervals = {k.removesuffix("_interval"): v for k, v in told.items() if isinstance(v, tuple)}
        used = self.models.scorecard.features if name == "scorecard" else self.models.features
        where = "模拟" if self.lesson.simulated else ""
        what = " from SIMULATED records" if self.lesson.simulated else ""
        english = {"scorecard": "Points for monotone ranges", "boosting": "Boosted trees with the scorecard"}
        chinese = {"scorecard": "按单调分段计分", "boosting": "提升树与评分卡组合"}
        return Card(
            name=f"{self.lesson.slot}, {name}",
            version=str(np.datetime64(self.span.until - 1, "us").astype("datetime64[D]")),
            says_en=f"{english[name]}, learned{what}: how likely a loan is to go bad.",
            says_zh=f"{chinese[name]}，由{where}历史数据训练：贷款违约的可能性。",
            features=used,
            made_by="logistic on weights of evidence" if name == "scorecard" else "LightGBM",
            made_at=self.span.until,
            span=self.span,
            metrics=numbers | {"shuffled_labels_auc": round(self.shuffled, 4)},
            governance=self._governance(name, used, features, score, intervals),
        )

    def _governance(
        self,
        name: str,
        used: tuple[str, ...],
        features: dict[str, Floats],
        score: Floats,
        intervals: dict[str, tuple[float, float]],
    ) -> Governance:
        cut_off = self.models.cut_offs[name]
        found, closed = self._groups(score, cut_off)
        served = self.models.scores(features)[name]
        return Governance(
            owner=self.lesson.owner,
            trained_by=self.lesson.by,
            data=self.lesson.data,
            simulated=self.lesson.simulated,
            bad=f"{self.lesson.target} is not {self.lesson.good}",
            held_out=self.parted.says,
            protected=self.lesson.protected,
            left_out=self.reader.left_out,
            recipe=self.reader.recipe,
            cut_off=cut_off,
            gaps=found,
            closing=closed,
            canaries=self.canaries,
            reference=(
                *(reference(one, features[one]) for one in used if name == "scorecard"),
                reference("score", served),
            ),
            calibrated=tenths(self.parted.truth, score),
            intervals=intervals,
            limits_en=LIMITS[0],
            limits_zh=LIMITS[1],
            sources=self.tried,
        )

    def _groups(self, score: Floats, cut_off: float) -> tuple[tuple[Gap, ...], tuple[Closing, ...]]:
        found, closed = [], []
        for column in self.lesson.protected:
            groups = groups_of(self.parted.fit.column(column), self.parted.held.column(column))
            told = gaps(groups, self.parted.truth, score, cut_off, self.counts)
            if "approval" not in told:
                raise TableError(
                    f"{self.parted.held.path}: fairness cannot be measured on {column!r}: {told['says']} "
                    f"among {len(self.parted.truth)} rows held out; bring more rows"
                )
            for measure in ("approval", "good_refused"):
                one, (low, high) = told[measure], told[measure]["gap_interval"]
                ends = (one["lowest"], one["highest"], one["gap"])
                alarm = measure in told["alarm_on"]
                found.append(Gap(column, measure, *ends, low, high, one["ratio"], alarm))
            cost = closing(groups, self.parted.truth, score, cut_off, self.counts)
            closed.append(Closing(column, *cost))
        return tuple(found), tuple(closed)


def reference(name: str, column: Floats, bins: int = 10) -> Reference:
    """Counts of a training column in ranges of about a tenth of it each (fewer when values are tied)."""
    edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]))
    counts = np.bincount(np.searchsorted(edges, column, side="right"), minlength=len(edges) + 1)
    return Reference(name, tuple(map(float, edges)), tuple(map(int, counts)))


def tenths(truth: Flags, score: Floats) -> tuple[Calibrated, ...]:
    """Ten equal parts of the rows held out, by score."""
    parts = np.array_split(np.argsort(score, kind="stable"), 10)
    return tuple(
        Calibrated(len(rows), float(score[rows].mean()), float(truth[rows].mean()))
        for rows in parts
        if len(rows)
    )
