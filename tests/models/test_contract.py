"""Every kind of model passes the contract; a model that breaks it is caught, promise by promise."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import grown

from jingwei.domains.fraud.model import FIRST_MODELS
from jingwei.models.contract import ModelError, check_model, probe_cases
from jingwei.models.kinds import KINDS, load_model
from jingwei.models.points import Points, PointsModel
from jingwei.models.stacked import StackedModel

SMALL = PointsModel(
    grown.card(("one", "two")),
    -2.0,
    (Points("one", (1.0, 5.0), (0.0, 1.5, -0.5)), Points("two", (), (0.25,))),
)
STACKED = StackedModel(
    grown.card(),
    grown.forest().with_calibration(1.0, 0.0),
    PointsModel(grown.card(("feature_3",)), -1.0, (Points("feature_3", (2.0,), (0.0, 0.75)),)),
    (0.8, 0.3, -0.1),
)
MODELS = {"stacked": STACKED, "boosted": grown.forest(), "points": SMALL, **FIRST_MODELS}


def test_all_kinds_are_among_the_models_tested():
    assert {type(load_model(m.to_bytes())) for m in MODELS.values()} == {type(m) for m in MODELS.values()}
    assert len({type(m) for m in MODELS.values()}) == len(KINDS)


@pytest.mark.parametrize("name", MODELS)
def test_contract(name):
    report = check_model(MODELS[name], load_model)
    assert report.failures == ()
    assert 0 < report.latency_us.p50 <= report.latency_us.p99


class Broken:
    """A good model whose answers one function spoils."""

    def __init__(self, **spoilt):
        self.model, self.spoilt = MODELS["boosted"], spoilt
        self.features = self.model.features

    @property
    def card(self):
        return self.spoilt.get("card", self.model.card)

    def to_bytes(self):
        return self.model.to_bytes()

    def bind(self, columns):
        if "bind" in self.spoilt:
            return self.spoilt["bind"](self.model, columns)
        scorer = self.model.bind(columns)
        return Spoilt(scorer, self.spoilt)


class Spoilt:
    def __init__(self, scorer, spoilt):
        self.scorer, self.spoilt = scorer, spoilt

    def __call__(self, cases):
        return self.spoilt.get("rows", lambda scores, cases: scores)(self.scorer(cases), cases)

    def one(self, row):
        return self.spoilt.get("row", lambda score: score)(self.scorer.one(row))

    def contributions(self, cases):
        return self.spoilt.get("parts", lambda parts: parts)(self.scorer.contributions(cases))


BREACHES = {
    "the card is not complete": Broken(card=grown.card(name=" ")),
    "a score is outside [0, 1]": Broken(
        rows=lambda scores, cases: scores + 0.999, row=lambda score: score + 0.999
    ),
    "a row alone scores otherwise than in a batch": Broken(row=lambda score: np.nextafter(score, 2.0)),
    "the order of the columns changes the score": Broken(
        bind=lambda model, columns: Spoilt(
            model.bind(model.features if len(columns) == grown.COUNT else columns[::-1]), {}
        )
    ),
    "a missing feature still gets a number": Broken(
        rows=lambda scores, cases: np.nan_to_num(scores, nan=0.5)
    ),
    "a missing column is not named": Broken(bind=lambda model, columns: model.bind(_filled(model, columns))),
    "contributions do not add up to the log-odds": Broken(parts=lambda parts: parts + 1e-5),
}


def _filled(model, columns):
    return (*columns, *(name for name in model.features if name not in columns))


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_caught(breach):
    assert breach in check_model(BREACHES[breach], load_model).failures


def test_a_model_that_loads_as_another_is_caught():
    other = grown.forest().with_calibration(1.0, 0.0).to_bytes()
    report = check_model(MODELS["boosted"], lambda content: load_model(other))
    assert report.failures == ("saving and loading changes the score",)


def test_a_missing_column_is_named():
    with pytest.raises(ModelError, match="missing columns: one, two"):
        SMALL.bind(("three",))


def test_probe_reaches_the_corners():
    cases = probe_cases(SMALL)
    assert (cases == 0).any() and (cases < 0).any() and (cases > 1e6).any() and np.isfinite(cases).all()


def test_points_count_from_their_edge_on():
    scorer = SMALL.bind(("one", "two"))
    odds = [
        np.log(s / (1 - s)) for s in scorer(np.array([[0.999, 0.0], [1.0, 0.0], [4.999, 9.0], [5.0, -9.0]]))
    ]
    assert odds == pytest.approx([-1.75, -0.25, -0.25, -2.25])
    assert SMALL.contributions((1.0, 7.0)).tolist() == [1.5, 0.25, -2.0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Points("one", (1.0,), (0.0,)), "one number of points more than edges"),
        (Points("one", (2.0, 1.0), (0.0, 1.0, 2.0)), "edges must rise"),
        (Points("one", (1.0,), (0.0, float("nan"))), "finite"),
        (Points("other", (1.0,), (0.0, 1.0)), "different features"),
    ],
)
def test_a_points_table_that_makes_no_sense_is_refused(line, words):
    with pytest.raises(ModelError, match=words):
        PointsModel(grown.card(("one",)), 0.0, (line,))
