"""Live = replay = SQL, to the last bit, whatever the history; and batch size does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.feature_histories import (
    by_sql,
    differing,
    every_aggregate,
    feature,
    histories,
    same_bits,
    seeded,
)

from jingwei.domains.fraud.features import FRAUD
from jingwei.features.definition import distinct, window
from jingwei.features.events import PAYMENT, part
from jingwei.features.live import LiveFeatures
from jingwei.features.replay import replay
from jingwei.kernel.clock import DAY

EVERY = every_aggregate()
QUICK = settings(max_examples=50)
SLOW = settings(max_examples=8)


@QUICK
@given(histories())
def test_live_is_replay(events):
    assert differing(EVERY, LiveFeatures(EVERY).advance(events), np.array(replay(EVERY, events))) == []


@SLOW
@given(histories(largest=30))
def test_sql_is_replay_in_any_order(events):
    payments = events.kind == PAYMENT
    assert differing(EVERY, by_sql(EVERY, events), np.array(replay(EVERY, events))[payments]) == []


@SLOW
@given(histories(largest=30, late=False))
def test_both_ways_of_sql_are_replay_in_order(events):
    want = np.array(replay(EVERY, events))[events.kind == PAYMENT]
    assert differing(EVERY, by_sql(EVERY, events, in_order=True), want) == []
    assert differing(EVERY, by_sql(EVERY, events, in_order=False), want) == []


@pytest.mark.parametrize("late", [False, True])
def test_a_longer_history_agrees_three_times(late):
    events = seeded(260, seed=3, keys=4, late=late)
    live = LiveFeatures(EVERY).advance(events)
    assert differing(EVERY, live, np.array(replay(EVERY, events))) == []
    assert differing(EVERY, by_sql(EVERY, events), live[events.kind == PAYMENT]) == []


@pytest.mark.parametrize("place", range(len(FRAUD)), ids=[one.name for one in FRAUD])
def test_every_fraud_feature_agrees_and_says_something(place, fraud_history):
    live, literal, sql = fraud_history
    assert same_bits(live[:, [place]], literal[:, [place]]), "live differs from replay"
    assert same_bits(live[~np.isnan(live).all(axis=1)][:, [place]], sql[:, [place]]), "SQL differs from live"
    values = live[:, place]
    assert len(set(values[~np.isnan(values)])) > 1, "the feature is the same number for every payment"


@pytest.fixture(scope="module")
def fraud_history():
    events = seeded(350, seed=5, keys=3)
    events.entities["device"] = [name.replace("payee", "phone") for name in events.entities["payee"]]
    return LiveFeatures(FRAUD).advance(events), np.array(replay(FRAUD, events)), by_sql(FRAUD, events)


@QUICK
@given(histories(largest=60), st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_batch_size_does_not_matter(events, sizes):
    whole = LiveFeatures(EVERY).advance(events)
    live, rows, first = LiveFeatures(EVERY), [], 0
    while first < len(events.kind):
        last = min(first + sizes[first % len(sizes)], len(events.kind))
        rows.append(live.advance(part(events, first, last)))
        first = last
    assert same_bits(np.vstack(rows), whole)


@pytest.mark.parametrize("batch", [1, 7, 5000])
def test_long_histories_do_not_depend_on_the_batch(batch):
    events = seeded(6000, seed=9, keys=300)
    whole = LiveFeatures(EVERY).advance(events)
    live = LiveFeatures(EVERY)
    rows = [live.advance(part(events, first, first + batch)) for first in range(0, 6000, batch)]
    assert same_bits(np.vstack(rows), whole)


def test_the_matrix_is_contiguous_and_reports_are_nan():
    events = seeded(200, seed=1, keys=3)
    out = LiveFeatures(EVERY).advance(events)
    assert out.shape == (200, len(EVERY)) and out.flags.c_contiguous
    assert np.isnan(out[events.kind == 1]).all()
    assert not np.isnan(out[events.kind == 0]).any(), (
        "nothing is missing in this history, so every feature is a number"
    )


def test_different_values_of_busy_and_then_quiet_customers_agree():
    over = (window(minutes=5), window(days=7), window(days=90))
    number = tuple(feature(f"d{place}", distinct("payee"), one) for place, one in enumerate(over))
    busy = seeded(4000, seed=8, keys=40, late=False)
    busy.entities["customer"] = [("ann", "bo", "")[place % 3] for place in range(4000)]
    busy.at[1500:] += 87 * DAY
    busy.at[2000:] += 100 * DAY
    live = LiveFeatures(number).advance(busy)
    assert differing(number, live[busy.kind == PAYMENT], by_sql(number, busy)) == []
    assert np.nanmax(live[:, 1:]) == 40 and set(live[2000, :][~np.isnan(live[2000, :])]) <= {1}


@SLOW
@given(histories(largest=150), st.integers(1, 5))
def test_counting_and_looking_through_agree(events, each):
    number = (
        feature("d", distinct("payee"), window(days=90)),
        feature("e", distinct("payee"), window(days=7)),
    )
    events.at[:] = events.at[0] + (events.at - events.at[0]) // each
    assert differing(number, LiveFeatures(number).advance(events), np.array(replay(number, events))) == []
