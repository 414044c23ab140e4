"""Retrain a payment model from what the bank itself learned: fraud reported, cases people closed. The
candidate is measured on later payments beside the champion and challenges it only when it is not worse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from jingwei.decisions.judge import Observed, columns_of
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import FIRST_MODELS, LEARNED
from jingwei.features.catalogue import allowed
from jingwei.features.live import LiveFeatures
from jingwei.journeys.shape import Sealed
from jingwei.journeys.table import BY_COMMAND, unseal
from jingwei.kernel.clock import DAY
from jingwei.kernel.purpose import Purpose
from jingwei.learning.boosting import Sample, TrainingError, boost, log_loss, platt
from jingwei.learning.history import Progress, quiet
from jingwei.learning.labels import Labels
from jingwei.learning.measures import draws_of_groups, interval, weighted_auc
from jingwei.learning.protocol import Flags, auc_roc, average_precision
from jingwei.learning.training import chosen
from jingwei.models.card import Card, DataSpan
from jingwei.models.compiled import Floats, Ints
from jingwei.models.contract import Model, check_model
from jingwei.models.forest import Forest, from_lightgbm
from jingwei.models.kinds import load_model
from jingwei.models.registry import Champion, Registry
from jingwei.stores.store import Reader

STEP = 8192
RIPE = 10 * DAY
"""A payment that went through and that nobody reported for so long counts as honest; a younger one tells
nothing yet, and one that was stopped tells nothing unless a person said what it was."""
MOST = 200_000
"""Learned from are the newest so many payments whose truth is known or ripe."""
PARTS = (0.6, 0.8)
"""Trees grow on the first part of the time, are chosen and calibrated on the second, judged on the third."""
FEWEST = (20, 8, 8)
"""So many frauds in each of them at least."""
MARGIN = 0.02
"""The candidate passes when the 95 % interval of its gain (AUC, drawn by customer) lies above minus this."""
ROUNDS = 400
SEED = 7


class Past(msgspec.Struct, frozen=True):
    """Payments of one kind in order: features as known then, the truth, when, whose, and whether somebody
    said what it was (a person or a report; else nobody complained)."""

    cases: Floats
    fraud: Flags
    at: Ints
    customer: Ints
    said: Flags

    def part(self, which: Any) -> Past:
        """Only these payments."""
        return Past(
            self.cases[which], self.fraud[which], self.at[which], self.customer[which], self.said[which]
        )


class Order(msgspec.Struct, frozen=True):
    """What is retrained: the model slot, the policy that it scores for, who asks, and the moment."""

    slot: str
    policy: str
    who: str
    now: int


def retrain(reader: Reader, registry: Registry, order: Order, progress: Progress = quiet) -> dict[str, Any]:
    """Train from the bank's log; a candidate that passes is kept and challenges, nothing is approved.

    Features are those of each payment's own moment. Where the champion's file is lost it is measured against
    the model made by hand that scores meanwhile, and `champion_lost` says so. Raises TrainingError when too
    little is known, or the trained model breaks the contract.
    """
    past = gather(reader, order, lambda done, total: progress(done * 70 // max(1, total), 100))
    champion, lost = registry.serving(order.slot)
    if lost and order.slot in FIRST_MODELS:
        champion = Champion(registry.save(FIRST_MODELS[order.slot]), FIRST_MODELS[order.slot])
    if champion is None:
        raise TrainingError(f"no model serves {order.slot}, so there is nothing to be better than")
    fit, later, judged = split(past)
    candidate = learn(fit, later, order.slot)
    report = check_model(candidate, load_model, later.cases[:2000])
    if not report.passed:
        raise TrainingError(f"the trained model breaks the contract: {'; '.join(report.failures)}")
    told = gate(judged, (candidate, champion.model))
    metrics = {name: round(value, 6) for name, value in told["candidate"].items()}
    candidate = candidate.with_card(msgspec.structs.replace(candidate.card, metrics=metrics))
    digest = registry.save(candidate) if told["passed"] else ""
    if digest:
        why = f"retrained from reports and closed cases; gain {told['gain']:+.4f} on later payments"
        registry.challenge(order.slot, digest, who=order.who, why=why, at=order.now)
    progress(100, 100)
    known = {"payments": len(past.fraud), "frauds": int(past.fraud.sum()), "said": int(past.said.sum())}
    return (
        {"slot": order.slot, "digest": digest, "champion_digest": champion.digest, "champion_lost": lost}
        | told
        | {"known": known}
    )


def gather(reader: Reader, order: Order, progress: Callable[[int, int], None] = quiet) -> Past:
    """The payments of the order's policy whose truth is known by now, with features as known at each."""
    allowed(FRAUD, Purpose.RISK)
    live, labels = LiveFeatures(FRAUD), Labels()
    rows: list[tuple[str, str, int, str]] = []
    cases: list[Floats] = []
    size = reader.size()
    for first in range(0, size, STEP):
        some = [unseal(leaf) for _, leaf in reader.records(first, min(first + STEP, size))]
        watched: list[Observed] = []
        mine: list[int] = []
        for sealed in some:
            labels.learn(sealed)
            journey = BY_COMMAND[type(sealed.command)]
            if journey.observe is not None:
                if journey.policy == order.policy:
                    mine.append(len(watched))
                    rows.append(_row(sealed))
                watched.append(journey.observe(sealed.command))
        if watched:
            cases.append(chosen(live.advance(columns_of(watched))[mine], LEARNED[order.slot]))
        progress(min(first + STEP, size), size)
    if not rows:
        raise TrainingError(f"no payment was ever judged by {order.policy}")
    return _labelled(rows, np.concatenate(cases), labels, order.now)


def _row(sealed: Sealed) -> tuple[str, str, int, str]:
    """Decision, whose, when, and what came of it."""
    ask, answer = sealed.command, sealed.answer
    return answer.id, ask.customer, ask.at, answer.result


def _labelled(rows: list[tuple[str, str, int, str]], cases: Floats, labels: Labels, now: int) -> Past:
    found: list[tuple[int, bool, bool]] = []
    for at, (decision, _, when, result) in enumerate(rows):
        said = labels.known(decision)
        ripe = result in ("done", "allowed") and when <= now - RIPE
        if said is not None or ripe:
            found.append((at, bool(said), said is not None))
    whole = [one for one in found if np.isfinite(cases[one[0]]).all()][-MOST:]
    picked = [at for at, _, _ in whole]
    whose = np.unique([rows[at][1] for at in picked], return_inverse=True)[1] if picked else np.zeros(0)
    return Past(
        np.ascontiguousarray(cases[picked]),
        np.array([fraud for _, fraud, _ in whole], dtype=np.bool_),
        np.array([rows[at][2] for at in picked], dtype=np.int64),
        np.asarray(whose, dtype=np.int64),
        np.array([said for _, _, said in whole], dtype=np.bool_),
    )


def split(past: Past) -> tuple[Past, Past, Past]:
    """The three parts in time. Raises TrainingError when one of them holds too few frauds."""
    order = np.argsort(past.at, kind="stable")
    cuts = [int(len(order) * share) for share in PARTS]
    parts = [past.part(rows) for rows in np.split(order, cuts)]
    counts = tuple(int(one.fraud.sum()) for one in parts)
    if any(there < least for there, least in zip(counts, FEWEST, strict=True)):
        raise TrainingError(
            f"{counts[0]}, {counts[1]} and {counts[2]} frauds are known of in the three parts of the time; "
            f"at least {', '.join(map(str, FEWEST))} are needed; wait for more reports and closed cases"
        )
    return parts[0], parts[1], parts[2]


def learn(fit: Past, later: Past, slot: str) -> Forest:
    """Calibrated trees; their card is filled by whoever measures them."""
    boosted = boost(Sample(fit.cases, fit.fraud), Sample(later.cases, later.fraud), SEED)
    until = int(later.at[-1]) + 1
    rows = len(fit.fraud) + len(later.fraud)
    card = Card(
        name=f"{slot}, retrained",
        version=f"{until // DAY}.{SEED}",
        says_en="Learned from the bank's own payments: fraud that was reported and cases people closed.",
        says_zh="由本行自身付款训练：以已报告的欺诈与人工办结的案件为准。",
        features=LEARNED[slot],
        made_by="LightGBM",
        made_at=until,
        span=DataSpan(int(fit.at[0]), until, rows, int(fit.fraud.sum() + later.fraud.sum())),
        metrics={"trees": float(boosted.trees)},
    )
    forest = from_lightgbm([boosted.text], card)
    return forest.with_calibration(*platt(forest.margins(later.cases), later.fraud))


def gate(judged: Past, rivals: tuple[Model, Model]) -> dict[str, Any]:
    """Candidate and champion on the same later payments; passed when the candidate cannot be much worse."""
    names = rivals[0].features
    lacking = [name for name in rivals[1].features if name not in names]
    if lacking:
        raise TrainingError(f"the champion reads {', '.join(lacking)}, which retraining does not gather")
    first, second = (np.asarray(one.bind(names)(judged.cases), np.float64) for one in rivals)
    counts = draws_of_groups(np.unique(judged.customer, return_inverse=True)[1].astype(np.int64), ROUNDS)
    apart = weighted_auc(judged.fraud, first, counts) - weighted_auc(judged.fraud, second, counts)
    low, high = interval(apart)
    return {
        "passed": bool(low > -MARGIN),
        "gain": auc_roc(judged.fraud, first) - auc_roc(judged.fraud, second),
        "gain_interval": (low, high),
        "judged_on": {"payments": len(judged.fraud), "frauds": int(judged.fraud.sum())},
        "candidate": _figures(judged.fraud, first),
        "champion": _figures(judged.fraud, second),
    }


def _figures(fraud: Flags, score: Floats) -> dict[str, float]:
    return {
        "auc": auc_roc(fraud, score),
        "average_precision": average_precision(fraud, score),
        "log_loss": log_loss(score, fraud),
        "mean_score": float(score.mean()),
        "fraud_rate": float(fraud.mean()),
    }
