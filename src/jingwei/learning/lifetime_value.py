"""How often a customer will buy again and for how much: BG/NBD and gamma-gamma, fitted by maximum likelihood.

BG/NBD: Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2),
equations 6
(likelihood) and 10 (expected purchases). Gamma-gamma: Fader, Hardie (2013), The Gamma-Gamma Model of Monetary
Value, equations 1a and 5. Time in weeks.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from jingwei.models.compiled import Floats


class Histories(msgspec.Struct, frozen=True):
    """Per customer float64[n]: repeat purchases, weeks from the first to the last, weeks watched."""

    repeats: Floats
    last: Floats
    watched: Floats


class BuyingRate(msgspec.Struct, frozen=True):
    """BG/NBD: buying rates vary as gamma(r, alpha), the chance to leave after a purchase as beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def expected(self, told: Histories, weeks: float) -> Floats:
        """Purchases float64[n] expected in the weeks after the watched ones (equation 10)."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, t = told.repeats, told.watched
        left = (alpha + t) / (alpha + t + weeks)
        bought = left ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1.0, weeks / (alpha + t + weeks))
        gone = np.where(
            x > 0, a / (b + np.maximum(x, 1.0) - 1.0) * ((alpha + t) / (alpha + told.last)) ** (r + x), 0.0
        )
        answer: Floats = (a + b + x - 1.0) / (a - 1.0) * (1.0 - bought) / (1.0 + gone)
        return answer

    def alive(self, told: Histories) -> Floats:
        """Chance float64[n] that the customer has not left."""
        x = told.repeats
        ratio = ((self.alpha + told.watched) / (self.alpha + told.last)) ** (self.r + x)
        odds = self.a / (self.b + np.maximum(x, 1.0) - 1.0) * ratio
        answer: Floats = np.where(x > 0, 1.0 / (1.0 + odds), 1.0)
        return answer


def log_likelihood(
    told: Histories, r: float, alpha: float, a: float, b: float, times: Floats | float = 1.0
) -> float:
    """Sum over customers of the log of equation 6; `times` float64[n] says how often each history is told."""
    x, last, t = told.repeats, told.last, told.watched
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
    back = np.maximum(x, 1.0)
    leaves = betaln(a + 1.0, b + back - 1.0) - betaln(a, b) - (r + x) * np.log(alpha + last)
    both = np.where(x > 0, np.logaddexp(stays, leaves), stays)
    return float(np.sum(times * (start + both)))


def alike(told: Histories) -> tuple[Histories, Floats]:
    """Every different history once, and how many customers have it: days are whole, so many are alike."""
    rows = np.stack((told.repeats, told.last, told.watched))
    each, times = np.unique(rows, axis=1, return_counts=True)
    return Histories(*each), times.astype(np.float64)


def fit_buying_rate(told: Histories) -> BuyingRate:
    """Return the parameters of highest likelihood. Raises ValueError for nobody, or when none is found."""
    if not len(told.repeats):
        raise ValueError("nobody has bought anything yet")
    each, times = alike(told)

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs).tolist()
        return -log_likelihood(each, r, alpha, a, b, times) / len(told.repeats)

    r, alpha, a, b = np.exp(_settled(loss, 4)).tolist()
    return BuyingRate(r, alpha, a, b, log_likelihood(told, r, alpha, a, b))


class SpendLevel(msgspec.Struct, frozen=True):
    """Gamma-gamma: mean spend varies between customers; p, q, gamma as in the note."""

    p: float
    q: float
    gamma: float
    log_likelihood: float

    def expected(self, repeats: Floats, mean: Floats) -> Floats:
        """Mean spend float64[n] per purchase, between the customer's own mean and everybody's (equation
        5)."""
        answer: Floats = self.p * (self.gamma + repeats * mean) / (self.p * repeats + self.q - 1.0)
        return answer


def fit_spend(repeats: Floats, mean: Floats) -> SpendLevel:
    """Return the parameters of highest likelihood for customers with repeats > 0 and mean spend > 0.

    Raises ValueError for nobody, or when the search does not settle.
    """
    if not len(repeats):
        raise ValueError("nobody has bought anything twice yet")

    def loss(logs: Floats) -> float:
        return -spend_likelihood(repeats, mean, *np.exp(logs).tolist()) / len(repeats)

    p, q, gamma = np.exp(_settled(loss, 3)).tolist()
    return SpendLevel(p, q, gamma, spend_likelihood(repeats, mean, p, q, gamma))


def spend_likelihood(repeats: Floats, mean: Floats, p: float, q: float, gamma: float) -> float:
    """Sum over customers of the log of equation 1a."""
    px = p * repeats
    parts = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma)
    parts = (
        parts + (px - 1.0) * np.log(mean) + px * np.log(repeats) - (px + q) * np.log(gamma + repeats * mean)
    )
    return float(np.sum(parts))


def _settled(loss: Callable[[Floats], float], size: int) -> Floats:
    """Lowest point of a smooth loss in `size` log-parameters, from several starts."""
    runs = [
        minimize(
            loss,
            np.full(size, start),
            method="Nelder-Mead",
            options={"maxiter": 4000, "fatol": 1e-12, "xatol": 1e-8},
        )
        for start in (0.0, 1.0)
    ]
    best = min(runs, key=lambda run: float(run.fun))
    if not best.success or not np.isfinite(best.fun):
        raise ValueError("the likelihood has no highest point that can be found; these are too few customers")
    answer: Floats = best.x
    return answer
