"""Needs: what changes in a life, told from tags as declared patterns, found the day they show.

A pattern is a condition over tags, or a sequence: one condition, then within some days another. It holds on
a day when it holds of the tags of that day with everything that happened on it. Once found, the same need is
not found again for `quiet` days. What can only become true during a day is found at the happening that makes
it true; what time alone brings (wages that stay away) is found when the day is closed. Found live or over
history, it is the same need on the same day.

The city's illness is not among them: nobody is offered anything because they are ill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from jingwei.decisions.as_python import Row
from jingwei.domains.tags.condition import TagCondition, ask, read_condition
from jingwei.domains.tags.declared import TAGS, Sort
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import LiveTags
from jingwei.kernel.purpose import DataClass
from jingwei.kernel.refusal import Words

FOR_EVER: Final = 10**6
"""More days than any bank has."""


class Need(NamedTuple):
    """One pattern. `first` may be None; then `then` alone is the pattern. Days are the bank's."""

    name: str
    words: Words
    says: Words
    then: TagCondition
    first: TagCondition | None = None
    within: int = 0
    quiet: int = 60

    @property
    def parts(self) -> tuple[TagCondition, ...]:
        """Its conditions, in order."""
        return (self.first, self.then) if self.first else (self.then,)

    @property
    def reads(self) -> tuple[str, ...]:
        """Every tag it reads, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.reads))

    @property
    def data(self) -> tuple[DataClass, ...]:
        """The kinds of data it reads."""
        return tuple(dict.fromkeys(one for part in self.parts for one in part.data))

    @property
    def reach(self) -> dict[str, int] | None:
        """Of each series it reads, for how many days after the newest happening it must be asked about.

        None when it may hold for somebody to whom nothing of it ever happened.
        """
        if not all(part.idle() for part in self.parts):
            return None
        reach: dict[str, int] = {}
        for tag in (TAGS[name] for name in self.reads):
            if tag.sort is Sort.DYNAMIC:
                days = {"gap": FOR_EVER, "rise": 2 * tag.window}.get(tag.measure, tag.window)
                reach[tag.series] = max(days, reach.get(tag.series, 0))
        return reach

    @property
    def at_close(self) -> bool:
        """Whether it can only be told when a day is over."""
        return not all(part.rises() for part in self.parts)


class Found(NamedTuple):
    """That a customer's need showed on a day."""

    customer: str
    need: str
    day: int


def _need(name: str, words: tuple[Words, Words], then: str, *, first: tuple[str, int] = ("", 0),
          quiet: int = 60) -> Need:  # fmt: skip
    before = read_condition(first[0]) if first[0] else None
    return Need(name, *words, read_condition(then), before, first[1], quiet)


NEEDS: Final = (
    _need(
        "payday",
        (Words("Payday", "发薪日"), Words("Wages or a pension came in.", "工资或养老金已入账。")),
        "income_wage_count_7d >= 1 or income_pension_count_7d >= 1",
        quiet=14,
    ),
    _need(
        "large_inflow",
        (Words("A large sum came in", "大额入账"),
         Words("One payment brought more than the twelve weeks before.", "单笔入账超过此前十二周合计。")),
        "income_all_most_7d >= 5000000 and income_all_sum_90d > income_all_sum_7d"
        " and income_all_most_7d >= income_all_sum_90d - income_all_sum_7d",
        quiet=30,
    ),
    _need(
        "job_loss",
        (Words("Wages stopped", "工资中断"),
         Words("Wages came every month and have stayed away.", "此前每月有工资，近期未到账。")),
        "income_wage_gap_days >= 34 and income_wage_count_90d >= 1",
        quiet=120,
    ),
    _need(
        "child",
        (Words("A child", "迎接宝宝"),
         Words("Baby goods are bought again and again.", "近期多次购买母婴用品。")),
        "card_baby_count_30d >= 6 and card_baby_rise_30d >= 5",
        quiet=180,
    ),
    _need(
        "study_abroad",
        (Words("Study abroad", "出国留学"),
         Words("Pages on studying abroad were looked at several times.", "多次浏览留学页面。")),
        "page_study_abroad_count_30d >= 4 or (page_study_abroad_count_30d >= 3"
        " and page_study_abroad_count_30d + page_exchange_count_30d >= 6)",
        quiet=180,
    ),
    _need(
        "move",
        (Words("A move", "搬家置业"),
         Words("Mortgage pages were looked at many times.", "近期多次浏览房贷页面。")),
        "page_mortgage_count_30d >= 8 and page_mortgage_rise_30d >= 7",
        quiet=180,
    ),
    _need(
        "retirement",
        (Words("Retirement", "退休规划"),
         Words("Pension pages were looked at, near the age of it.", "临近退休，多次浏览养老页面。")),
        "age_years >= 50 and page_pension_count_30d >= 5 and page_pension_rise_30d >= 4",
        quiet=180,
    ),
)  # fmt: skip
BY_NAME: Final = {need.name: need for need in NEEDS}


class Search:
    """Where each customer stands in each pattern: when its first part held last, when it was found last."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], int] = {}
        self._found: dict[tuple[str, str], int] = {}

    def rests(self, need: Need, customer: str, day: int) -> bool:
        """Whether nothing that holds on this day could be found, as it was found of late."""
        last = self._found.get((customer, need.name))
        return need.first is None and last is not None and day - last < need.quiet

    def step(self, need: Need, customer: str, day: int, held: tuple[bool, ...]) -> bool:
        """Whether the need is found on this day, given which of its parts hold; days never go back."""
        key = (customer, need.name)
        if need.first is not None and held[0]:
            self._first[key] = day
        if not held[-1] or (need.first is not None and day - self._first.get(key, -(10**9)) > need.within):
            return False
        last = self._found.get(key)
        if last is not None and day - last < need.quiet:
            return False
        self._found[key] = day
        return True


class Watch:
    """Finds needs as things happen. Feed it happenings in the order they come, and close every day."""

    def __init__(self, tags: LiveTags, needs: Iterable[Need] = NEEDS) -> None:
        self.tags = tags
        self.today = -(10**9)
        self._search = Search()
        self._at_once: dict[str, list[tuple[Need, tuple[Row, ...]]]] = {}
        self._closing: list[tuple[Need, tuple[Row, ...], dict[str, int] | None]] = []
        for need in needs:
            made = (need, tuple(part.row() for part in need.parts))
            self._closing.append((*made, need.reach))
            for series in {TAGS[name].series for name in need.reads} if not need.at_close else ():
                self._at_once.setdefault(series, []).append(made)

    def add(self, happening: Happening) -> list[Found]:
        """Count a happening of today; the needs it shows at once.

        Raises ValueError for one of an earlier day, which is closed, or a later one: close the days before.
        """
        if happening.day != self.today:
            raise ValueError(f"day {happening.day} is not open; today is {self.today}")
        found: list[Found] = []
        for series in self.tags.add(happening):
            for need, rows in self._at_once.get(series, ()):
                found += self._look(need, rows, happening.customer)
        return found

    def close(self) -> list[Found]:
        """Close the day: the needs that time alone brought, of everybody anything is known of."""
        found: list[Found] = []
        for need, rows, reach in self._closing:
            for customer in self._concerned(reach):
                found += self._look(need, rows, customer)
        return found

    def _concerned(self, reach: dict[str, int] | None) -> Iterable[str]:
        """For whom a need with this reach may hold today: all others have nothing that it reads."""
        if reach is None:
            return self.tags.people | self.tags.tracks
        lately = (self.tags.lately(series, self.today - days + 1) for series, days in reach.items())
        return sorted(set().union(*lately))

    def _look(self, need: Need, rows: tuple[Row, ...], customer: str) -> list[Found]:
        if self._search.rests(need, customer, self.today):
            return []
        held = tuple(
            ask(row, [self.tags.value(customer, name, self.today) for name in part.reads])
            for row, part in zip(rows, need.parts, strict=True)
        )
        return [Found(customer, need.name, self.today)] * self._search.step(need, customer, self.today, held)


def over_history(
    held: Mapping[tuple[str, int], Mapping[int, set[str]]], needs: Iterable[Need], days: range
) -> list[Found]:
    """The same needs from who fulfilled each part of each pattern on each day.

    `held` is (need, part) -> day -> customers, which is what `condition.who` answers as SQL, day by day.
    """
    search, found = Search(), []
    for need in needs:
        parts = [held[need.name, place] for place in range(len(need.parts))]
        for day in days:
            for customer in sorted(set().union(*(part.get(day, set()) for part in parts))):
                now = tuple(customer in part.get(day, set()) for part in parts)
                if search.step(need, customer, day, now):
                    found.append(Found(customer, need.name, day))
    return found
