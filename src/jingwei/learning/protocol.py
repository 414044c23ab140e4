"""The published protocol of the Fraud Detection Handbook: how days are split and what is measured.

Le Borgne, Siblini, Lebichot, Bontempi (2022), chapters 3 and 4: train on some days, let the delay in which
frauds become known pass, test on the days after. A card known as compromised is not tested again: cards with
a fraud in the training days, and for test day d also those with a fraud on day `train_days + d - 1`, whose
label has become known. Card precision top-k: each test day the k cards with the highest score are looked at;
the share truly compromised, averaged over days; a card found is not looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from jingwei.learning.stream import CardStream, StreamError, Whole
from jingwei.models.compiled import Floats

Flags = npt.NDArray[np.bool_]


class Window(msgspec.Struct, frozen=True):
    """Days of one evaluation: first training day (days since 1970), lengths in days."""

    train_from: int
    train_days: int = 7
    delay_days: int = 7
    test_days: int = 7

    @property
    def test_from(self) -> int:
        return self.train_from + self.train_days + self.delay_days

    @property
    def until(self) -> int:
        """First day after the test."""
        return self.test_from + self.test_days

    def shifted(self, days: int) -> Window:
        """The same window earlier (negative) or later."""
        return msgspec.structs.replace(self, train_from=self.train_from + days)


class Split(msgspec.Struct, frozen=True):
    """Row numbers of the training and the test payments."""

    train: Whole
    test: Whole


def split_days(stream: CardStream, window: Window) -> Split:
    """Return which payments train and which test. StreamError when the stream does not reach that far."""
    if window.train_days < 1 or window.test_days < 1 or window.delay_days < 0:
        raise StreamError("training and test take at least one day, the delay at least none")
    day = stream.day
    if not len(stream) or day[0] > window.train_from or day[-1] < window.until - 1:
        raise StreamError("the stream does not hold every day from the first training to the last test day")
    train = _rows(day, window.train_from, window.train_days)
    known = set(stream.customer[train][stream.fraud[train]].tolist())
    tested = []
    for d in range(window.test_days):
        delayed = _rows(day, window.train_from + window.train_days + d - 1, 1)
        known |= set(stream.customer[delayed][stream.fraud[delayed]].tolist())
        rows = _rows(day, window.test_from + d, 1)
        tested.append(rows[~np.isin(stream.customer[rows], list(known))])
    return Split(train, np.concatenate(tested))


def _rows(day: Whole, first: int, days: int) -> Whole:
    return np.arange(np.searchsorted(day, first), np.searchsorted(day, first + days), dtype=np.int64)


class Figures(msgspec.Struct, frozen=True):
    """The three figures of the protocol, each between 0 and 1."""

    auc: float
    ap: float
    card_precision_100: float


class Scored(msgspec.Struct, frozen=True):
    """Scored test payments, in order of time."""

    customer: Whole
    day: Whole
    fraud: Flags
    score: Floats


def figures(scored: Scored, top: int = 100) -> Figures:
    """Measure the three figures."""
    return Figures(
        auc=auc_roc(scored.fraud, scored.score),
        ap=average_precision(scored.fraud, scored.score),
        card_precision_100=card_precision(scored, top),
    )


def auc_roc(truth: Flags, score: Floats) -> float:
    """Area under the ROC curve: the chance that a fraud scores above an honest payment (ties half)."""
    values, where, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[where]
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    return float((rank[truth].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def average_precision(truth: Flags, score: Floats) -> float:
    """Sum over thresholds of (recall step) x precision, ties taken together, as scikit-learn's."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0.0, True))
    if not len(hits) or hits[-1] == 0:
        return float("nan")
    precision, recall = hits[ends] / (ends + 1.0), hits[ends] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def card_precision(scored: Scored, top: int = 100) -> float:
    """Mean over days of the share of truly compromised cards among the `top` cards with the highest score."""
    found: set[int] = set()
    shares = []
    for customers, worst, compromised in cards_by_day(scored):
        open_ = ~np.isin(customers, list(found))
        best = np.argsort(-worst[open_], kind="stable")[:top]
        hit = customers[open_][best][compromised[open_][best]]
        found |= set(hit.tolist())
        shares.append(len(hit) / top)
    return float(np.mean(shares)) if shares else float("nan")


def cards_by_day(scored: Scored) -> Iterator[tuple[Whole, Floats, Flags]]:
    """Per test day: the cards (numbers rising), the highest score of each, whether one was a fraud."""
    for day in np.unique(scored.day):
        rows = scored.day == day
        cards, where = np.unique(scored.customer[rows], return_inverse=True)
        worst = np.full(len(cards), -np.inf)
        np.maximum.at(worst, where, scored.score[rows])
        compromised = np.zeros(len(cards), dtype=np.bool_)
        np.logical_or.at(compromised, where, scored.fraud[rows])
        yield cards, worst, compromised


def bootstrap(scored: Scored, rounds: int = 200, seed: int = 1) -> dict[str, tuple[float, float]]:
    """95 % intervals of the figures: customers (with all their payments) are drawn with replacement."""
    rng = np.random.default_rng(seed)
    cards, where = np.unique(scored.customer, return_inverse=True)
    by_card = np.argsort(where, kind="stable")
    starts = np.searchsorted(where[by_card], np.arange(len(cards) + 1))
    drawn = []
    for _ in range(rounds):
        picks = rng.integers(0, len(cards), len(cards))
        sizes = starts[picks + 1] - starts[picks]
        rows = by_card[np.repeat(starts[picks] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())]
        names = np.repeat(np.arange(len(cards)), sizes)
        again = Scored(names, scored.day[rows], scored.fraud[rows], scored.score[rows])
        drawn.append(msgspec.structs.astuple(figures(again)))
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(Figures.__struct_fields__)}
