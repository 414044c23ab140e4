"""Where money is spent: categories, shops with a place and a terminal, and the shops each person prefers."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jingwei.simulation.city.draws import Draws, Floats, Ints, pick
from jingwei.simulation.city.people import CELLS, People


class Category(NamedTuple):
    """A kind of shop: median price in yuan, log spread, peaks of (hour, spread, weight), share of shops."""

    code: str
    price: float
    spread: float
    peaks: tuple[tuple[float, float, float], ...]
    shops: float
    online: bool = False


EVENING = ((12.2, 0.9, 1.0), (18.8, 1.3, 1.4))
DAYTIME = ((11.0, 2.0, 1.0), (16.0, 2.2, 1.2))
NIGHT = ((12.5, 2.0, 0.8), (21.3, 1.8, 1.5))
COMMUTE = ((8.0, 0.7, 1.3), (18.2, 1.0, 1.2), (22.0, 1.5, 0.4))

CATEGORIES: Final = (
    Category("groceries", 46, 0.7, ((9.5, 1.6, 1.0), (18.0, 1.6, 1.3)), 0.22),
    Category("restaurant", 38, 0.7, EVENING, 0.24),
    Category("transport", 9, 0.8, COMMUTE, 0.04),
    Category("clothing", 190, 0.7, DAYTIME, 0.10),
    Category("electronics", 720, 1.0, DAYTIME, 0.04),
    Category("health", 130, 0.9, ((9.5, 1.5, 1.4), (15.0, 1.5, 1.0)), 0.06),
    Category("education", 420, 0.9, ((10.0, 2.0, 1.0), (19.0, 1.2, 1.0)), 0.03),
    Category("entertainment", 70, 0.8, NIGHT, 0.07),
    Category("travel", 520, 0.9, DAYTIME, 0.02, True),
    Category("online", 88, 1.0, NIGHT, 0.06, True),
    Category("fuel", 240, 0.4, COMMUTE, 0.03),
    Category("farm_supply", 260, 0.9, ((8.5, 1.5, 1.0),), 0.02),
    Category("gifts", 160, 0.8, DAYTIME, 0.04),
    Category("baby", 170, 0.7, DAYTIME, 0.03),
)
CODES: Final = tuple(one.code for one in CATEGORIES)

LIKES: Final[npt.NDArray[np.float64]] = np.array(
    # groc rest trans cloth elec health educ entert travel online fuel farm gifts baby
    [
        [1.0, 2.6, 2.4, 0.6, 0.18, 0.12, 0.12, 1.0, 0.10, 2.2, 0.05, 0.0, 0.10, 0.01],
        [2.0, 2.0, 1.6, 0.5, 0.15, 0.25, 0.35, 0.5, 0.15, 1.8, 0.45, 0.0, 0.15, 0.06],
        [2.0, 1.5, 1.3, 0.3, 0.08, 0.15, 0.15, 0.3, 0.05, 1.0, 0.25, 0.0, 0.08, 0.05],
        [3.0, 0.5, 0.5, 0.2, 0.04, 0.80, 0.02, 0.1, 0.04, 0.2, 0.02, 0.0, 0.08, 0.01],
        [2.0, 1.5, 0.9, 0.4, 0.15, 0.20, 0.25, 0.4, 0.08, 1.0, 0.60, 0.0, 0.15, 0.04],
        [2.0, 0.5, 0.4, 0.2, 0.05, 0.25, 0.06, 0.1, 0.02, 0.4, 0.35, 0.5, 0.06, 0.03],
    ]
)
"""How often each kind of person (rows as in SEGMENTS) buys from each category."""

FAVOURITES: Final = 3


class Shops(NamedTuple):
    """The shops as columns; `favourites[p, c]` are FAVOURITES shops of category c near person p."""

    category: Ints
    place: Ints
    dear: Floats
    favourites: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many shops there are."""
        return len(self.category)


def open_shops(draws: Draws, people: People) -> Shops:
    """Draw shops for these people: about one for each twelve, every category at least three times."""
    rng = draws.of("shops")
    count = max(3 * len(CATEGORIES), people.size // 12)
    category = pick(rng, np.array([one.shops for one in CATEGORIES]), count)
    category[: 3 * len(CATEGORIES)] = np.repeat(np.arange(len(CATEGORIES)), 3)
    place = rng.integers(0, CELLS, count)
    favourites = np.empty((people.size, len(CATEGORIES), FAVOURITES), np.int64)
    for kind in range(len(CATEGORIES)):
        those = np.flatnonzero(category == kind)
        those = those[np.argsort(place[those], kind="stable")]
        around = np.searchsorted(place[those], people.home)
        reach = np.rint(rng.standard_normal((people.size, FAVOURITES)) * 2.0).astype(np.int64)
        if CATEGORIES[kind].online:
            reach = rng.integers(0, len(those), (people.size, FAVOURITES))
        favourites[:, kind, :] = those[(around[:, None] + reach) % len(those)]
    return Shops(category, place, np.exp(0.25 * rng.standard_normal(count)), favourites)
