"""The protocol: which days train and test, which cards are left out, and what the figures are."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from jingwei.kernel.clock import DAY, HOUR
from jingwei.learning.protocol import (
    Scored,
    Window,
    auc_roc,
    average_precision,
    bootstrap,
    card_precision,
    figures,
    split_days,
)
from jingwei.learning.stream import CardStream, StreamError


def stream(*payments):
    """A stream from (day, customer, fraud)."""
    day, customer, fraud = (np.array(column) for column in zip(*sorted(payments), strict=True))
    at = day * DAY + np.arange(len(day))
    return CardStream(at, customer, customer, np.full(len(day), 100), fraud.astype(bool))


def test_known_compromised_cards_are_not_tested_again():
    """Train on days 0-1, labels come after 2 days, test on days 4-5."""
    quiet = [(day, 9, 0) for day in range(6)]
    told = stream(
        *quiet,
        (1, 1, 1), (4, 1, 0), (5, 1, 1),  # fraud in training: never tested
        (2, 2, 1), (4, 2, 1), (5, 2, 1),  # fraud on day 2: known from the second test day (2 + 1 - 1 = 2)
        (3, 3, 1), (4, 3, 0), (5, 3, 1),  # fraud on day 3: not yet known on day 5
        (0, 4, 0), (4, 4, 1), (5, 4, 1),  # fraud on a test day: not known to the protocol
    )  # fmt: skip
    split = split_days(told, Window(0, 2, 2, 2))
    assert {(int(told.day[r]), int(told.customer[r])) for r in split.train} == {
        (0, 9),
        (1, 9),
        (1, 1),
        (0, 4),
    }
    assert {(int(told.day[r]), int(told.customer[r])) for r in split.test} == {
        (4, 9), (5, 9), (4, 2), (4, 3), (5, 3), (4, 4), (5, 4)
    }  # fmt: skip


@pytest.mark.parametrize(
    "window", [Window(-1, 2, 2, 2), Window(0, 2, 2, 3), Window(0, 0, 2, 2), Window(0, 2, -1, 2)]
)
def test_days_outside_the_stream_are_refused(window):
    with pytest.raises(StreamError):
        split_days(stream(*((day, 1, 0) for day in range(6))), window)


def test_card_precision_by_hand():
    """Two cards a day. Day 1: cards 1 (fraud in its second payment), 2. Day 2: 1 was found, so 2, 3."""
    scored = Scored(
        customer=np.array([1, 1, 2, 3, 1, 2, 3, 4]),
        day=np.array([1, 1, 1, 1, 2, 2, 2, 2]),
        fraud=np.array([False, True, False, True, True, True, True, False]),
        score=np.array([0.9, 0.1, 0.8, 0.7, 1.0, 0.6, 0.5, 0.4]),
    )
    assert card_precision(scored, top=2) == pytest.approx((1 / 2 + 2 / 2) / 2)
    assert card_precision(scored, top=100) == pytest.approx((2 / 100 + 1 / 100) / 2)


def test_figures_are_scikit_learns_with_ties():
    rng = np.random.default_rng(5)
    for places in (1, 2, 16):
        score = np.round(rng.random(500), places)
        truth = rng.random(500) < score * 0.3
        assert auc_roc(truth, score) == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
        assert average_precision(truth, score) == pytest.approx(
            average_precision_score(truth, score), abs=1e-12
        )
    assert np.isnan(auc_roc(np.zeros(3, bool), np.arange(3.0)))


def test_intervals_hold_the_figure_and_widen_with_fewer_customers():
    rng = np.random.default_rng(5)

    def scored(customers):
        customer = np.repeat(np.arange(customers), 5)
        score = rng.random(len(customer))
        return Scored(
            customer, rng.integers(0, 7, len(customer)), rng.random(len(customer)) < score * 0.2, score
        )

    many, few = scored(400), scored(40)
    wide = {}
    for name, one in (("many", many), ("few", few)):
        low, high = bootstrap(one, rounds=60)["auc"]
        assert low <= figures(one).auc <= high
        wide[name] = high - low
    assert wide["few"] > 1.5 * wide["many"]


def test_handbook_features_by_hand():
    from jingwei.learning.handbook import FEATURES, handbook_features

    at = np.array([0, HOUR, 8 * DAY, 8 * DAY + HOUR])
    told = CardStream(at, np.array([1, 1, 1, 2]), np.array([5, 5, 5, 5]), np.array([1000, 3000, 500, 700]),
                      np.array([True, False, False, False]))  # fmt: skip
    rows = [dict(zip(FEATURES, row, strict=True)) for row in handbook_features(told).tolist()]
    assert (rows[1]["customer_payments_1d"], rows[1]["customer_mean_1d"]) == (2, 20.0)
    assert (rows[2]["customer_payments_7d"], rows[2]["customer_payments_30d"]) == (1, 3)
    assert (rows[2]["terminal_payments_1d"], rows[2]["terminal_risk_1d"]) == (1, 0.0)
    assert (rows[2]["terminal_payments_7d"], rows[2]["terminal_risk_7d"]) == (2, 0.5)
    assert (rows[1]["terminal_payments_30d"], rows[1]["terminal_risk_30d"]) == (0, 0.0)
    assert (rows[0]["weekend"], rows[0]["night"], rows[2]["amount"]) == (0, 1, 5.0)
