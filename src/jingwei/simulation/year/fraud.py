"""The year's payments through the bank's own features, models and rules, and what comes of them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np

from jingwei.decisions.compiled import CompiledPolicy, compile_policy
from jingwei.decisions.judge import SCORE
from jingwei.decisions.policy import Verdict, parse_policy
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.model import CARD_FEATURES, FIRST_MODELS, TRANSFER_FEATURES
from jingwei.domains.fraud.policy import policy_text
from jingwei.features.catalogue import names
from jingwei.features.events import FRAUD_REPORT, PAYMENT, EventColumns
from jingwei.features.live import LiveFeatures
from jingwei.learning.boosting import Sample, TrainingError, boost, platt
from jingwei.models.card import Card
from jingwei.models.compiled import Floats
from jingwei.models.contract import Model
from jingwei.models.forest import from_lightgbm
from jingwei.simulation.city.crime import KINDS
from jingwei.simulation.city.draws import DAY_S, Flags, Ints
from jingwei.simulation.city.feed import HONEST_CONFIRMS, REVIEW_RIGHT
from jingwei.simulation.year.arms import DAYS, LEARNING_DAYS, Arm
from jingwei.simulation.year.payments import NOT_TOLD, SAMPLE, Payments, told_in

COLUMNS: Final = names(FRAUD)
WINDOW_DAYS: Final = 120
"""Learned from are the newest so many days."""
RIPE_DAYS: Final = 10
"""Payments younger than this are not learned from: most reports about them are still to come."""
LOST: Final = tuple(KINDS.index(kind) + 1 for kind in ("takeover", "persuaded", "leak"))
"""Crimes whose money is lost; passing stolen money on and colluding shops take nobody's money anew."""
ASKED_OWNER: Final = tuple(KINDS.index(kind) + 1 for kind in ("persuaded", "mule", "collusion"))
"""Crimes in which whoever is asked to confirm is the owner, who does."""
SEED: Final = 7


class Bench(NamedTuple):
    """What judges one kind of payment: the model, and the policy bound to the features and the score."""

    model: Model
    policy: CompiledPolicy


class Judged(NamedTuple):
    """What came of every payment: the verdict, whether it went through, and the bench's score."""

    verdict: Ints
    through: Flags
    score: Floats
    learned: list[dict[str, Any]]


@cache
def _policy(name: str, learned: bool) -> CompiledPolicy:
    if learned:
        text = (files("jingwei.simulation.year") / f"{name}.toml").read_text("utf-8")
    elif name == "card_payment":
        text = (files("jingwei.simulation.city") / f"{name}.toml").read_text("utf-8")
    else:
        text = policy_text(name)
    return compile_policy(parse_policy(text, f"{name}.toml"), (*COLUMNS, SCORE))


def first_benches() -> dict[bool, Bench]:
    """What a new bank judges by: cards (True) and transfers (False)."""
    return {
        True: Bench(FIRST_MODELS["fraud"], _policy("card_payment", False)),
        False: Bench(FIRST_MODELS["scam"], _policy("outgoing_transfer", False)),
    }


class FraudYear:
    """One arm of the year: asks the bank about each day's payments and lets people answer."""

    def __init__(self, payments: Payments, arm: Arm, seed: int) -> None:
        size = payments.size
        self._payments, self._arm = payments, arm
        self._live = LiveFeatures(FRAUD)
        self._benches = first_benches()
        self._told_s = told_in(arm, payments, seed)
        self._edges = np.searchsorted(payments.at_s, np.arange(DAYS + 1) * DAY_S)
        reported = np.flatnonzero(self._told_s < NOT_TOLD)
        self._reports = reported[np.argsort(self._told_s[reported], kind="stable")]
        self._next_report = 0
        self._seen: list[tuple[Ints, Floats]] = []
        self._denied_s = np.full(size, NOT_TOLD)
        self.judged = Judged(np.zeros(size, np.int64), np.zeros(size, bool), np.zeros(size), [])

    def live(self, day: int) -> None:
        """Let one day pass."""
        if self._arm.learns and day in LEARNING_DAYS:
            self._learn(day)
        rows = np.arange(self._edges[day], self._edges[day + 1])
        cases = self._advance(rows, day)
        for card in (True, False):
            those = np.flatnonzero(self._payments.card[rows] == card)
            if len(those):
                self._judge(rows[those], cases[those], self._benches[card])
        keep = self._payments.kept[rows] | (self.judged.verdict[rows] >= Verdict.HOLD)
        self._seen.append((rows[keep], cases[keep]))

    def _advance(self, rows: Ints, day: int) -> Floats:
        """Features of the day's payments, after the reports that came in since yesterday."""
        told = self._due_reports(day)
        both = np.concatenate([told, rows])
        p = self._payments
        at = np.concatenate([np.full(len(told), int(p.at[rows[0]]) if len(rows) else 0), p.at[rows]])
        kind = np.concatenate([np.full(len(told), FRAUD_REPORT), np.full(len(rows), PAYMENT)])
        listed = both.tolist()
        events = EventColumns(
            kind.astype(np.uint8),
            at,
            p.at[both],
            p.amount_minor[both],
            {
                "customer": [p.customer[row] for row in listed],
                "payee": [p.payee[row] for row in listed],
                "device": [p.device[row] for row in listed],
                "terminal": [p.terminal[row] for row in listed],
                "place": [p.place[row] for row in listed],
            },
        )
        return self._live.advance(events)[len(told) :]

    def _due_reports(self, day: int) -> Ints:
        """Payments reported by the day's beginning; one that did not go through is not reported."""
        first = self._next_report
        self._next_report = first + int(
            np.searchsorted(self._told_s[self._reports[first:]], day * DAY_S, side="right")
        )
        due = self._reports[first : self._next_report]
        return due[self.judged.through[due]]

    def _judge(self, rows: Ints, cases: Floats, bench: Bench) -> None:
        wide = np.column_stack([cases, np.empty(len(cases))])
        wide[:, -1] = bench.model.bind((*COLUMNS, SCORE))(np.ascontiguousarray(wide))
        hits, unknown = bench.policy.columns(wide)
        pairs, where = np.unique(np.column_stack([hits, unknown]), axis=0, return_inverse=True)
        decide = bench.policy.decide
        told = np.array([int(decide(int(hit), int(blank)).verdict) for hit, blank in pairs], np.int64)
        self.judged.verdict[rows] = told[where.reshape(-1)]
        self.judged.score[rows] = wide[:, -1]
        self._answer(rows)

    def _answer(self, rows: Ints) -> None:
        """Let owners confirm and reviewers look; note what the bank learns of it the next day."""
        p, verdict = self._payments, self.judged.verdict[rows]
        crime = p.crime[rows]
        owner = np.isin(crime, (0, *ASKED_OWNER))
        confirmed = owner & (p.confirms[rows] < HONEST_CONFIRMS)
        right = p.review[rows] < REVIEW_RIGHT
        released = (crime == 0) == right
        self.judged.through[rows] = (
            (verdict == Verdict.ALLOW)
            | ((verdict == Verdict.STEP_UP) & confirmed)
            | ((verdict == Verdict.HOLD) & released)
        )
        known = ((verdict == Verdict.STEP_UP) & ~owner) | ((verdict == Verdict.HOLD) & ~released)
        late = self._arm.labels_late_days * DAY_S
        self._denied_s[rows[known]] = p.at_s[rows[known]] + DAY_S + late

    def _window(self) -> int:
        return WINDOW_DAYS + self._arm.labels_late_days

    def _learn(self, day: int) -> None:
        """Learn both models again from what the bank knows; keep the old one where that is too little."""
        rows = np.concatenate([part[0] for part in self._seen[-self._window() :]])
        cases = np.concatenate([part[1] for part in self._seen[-self._window() :]])
        known_s = np.minimum(
            np.where(self.judged.through[rows], self._told_s[rows], NOT_TOLD), self._denied_s[rows]
        )
        fraud = known_s <= day * DAY_S
        ripe = self._payments.at_s[rows] < (day - RIPE_DAYS - self._arm.labels_late_days) * DAY_S
        for card, features in ((True, CARD_FEATURES), (False, TRANSFER_FEATURES)):
            mine = np.flatnonzero(ripe & (self._payments.card[rows] == card))
            told = {"day": day, "cards": card, "rows": len(mine), "frauds": int(fraud[mine].sum())}
            places = [COLUMNS.index(name) for name in features]
            chosen = np.ascontiguousarray(cases[mine][:, places])
            weight = np.where(self._payments.kept[rows[mine]] & ~fraud[mine], SAMPLE, 1)
            try:
                model = learned(chosen, fraud[mine], weight, features)
            except TrainingError as error:
                self.judged.learned.append(told | {"kept_the_old_one": str(error)})
                continue
            name = "card_payment" if card else "outgoing_transfer"
            self._benches[card] = Bench(model, _policy(name, True))
            self.judged.learned.append(told)


def learned(cases: Floats, fraud: Flags, weight: Ints, features: tuple[str, ...]) -> Model:
    """Boosted trees on rows in order of time, calibrated on the last quarter. TrainingError: too little."""
    cut = len(cases) * 3 // 4
    later = slice(cut, len(cases))
    if int(fraud[later].sum()) < 5:
        raise TrainingError(f"{int(fraud[later].sum())} frauds in the later rows are too few to calibrate on")
    boosted = boost(Sample(cases[:cut], fraud[:cut]), Sample(cases[later], fraud[later]), SEED)
    english, chinese = "Learned from the simulated year so far.", "由模拟年度截至当时的数据训练得出。"
    forest = from_lightgbm([boosted.text], Card("year", "1", english, chinese, features, "LightGBM", 0))
    margins = np.repeat(forest.margins(cases[later]), weight[later])
    return forest.with_calibration(*platt(margins, np.repeat(fraud[later], weight[later])))
