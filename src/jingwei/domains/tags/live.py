"""Tags in real time: each happening moves the days it counts in; any tag is read at any day in a few steps.

For each customer and series the days with happenings are kept in order, with the count and the sum up to and
with each day, and each day's largest amount. A window is then two places in that order, found by halving:
reading costs the logarithm of the days, and a new happening on the newest day costs nothing more than three
additions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import timedelta

from jingwei.domains.tags.declared import TAGS, Sort, Tag
from jingwei.domains.tags.happenings import BY_SERIES, Happening, series_of
from jingwei.kernel.clock import EPOCH, bank_day


class Track:
    """What happened to one customer in one series, by day."""

    __slots__ = ("counts", "days", "most", "sums")

    def __init__(self) -> None:
        self.days: list[int] = []
        self.counts: list[int] = []
        self.sums: list[int] = []
        self.most: list[int] = []

    def add(self, day: int, amount: int) -> None:
        """Count one happening. The newest day is the quick way; an earlier one moves what comes after it."""
        if not self.days or day > self.days[-1]:
            before = (self.counts[-1], self.sums[-1]) if self.days else (0, 0)
            self.days.append(day)
            self.counts.append(before[0])
            self.sums.append(before[1])
            self.most.append(amount)
            place = len(self.days) - 1
        else:
            place = self._place(day, amount)
        for i in range(place, len(self.days)):
            self.counts[i] += 1
            self.sums[i] += amount
        self.most[place] = max(self.most[place], amount)

    def _place(self, day: int, amount: int) -> int:
        place = bisect_left(self.days, day)
        if self.days[place] != day:
            self.days.insert(place, day)
            self.counts.insert(place, self.counts[place - 1] if place else 0)
            self.sums.insert(place, self.sums[place - 1] if place else 0)
            self.most.insert(place, amount)
        return place

    def count(self, after: int, until: int) -> int:
        """How many happened on days after < day <= until."""
        return self._between(self.counts, after, until)

    def sum(self, after: int, until: int) -> int:
        """Their amounts together (minor units)."""
        return self._between(self.sums, after, until)

    def _between(self, totals: list[int], after: int, until: int) -> int:
        end, start = bisect_right(self.days, until), bisect_right(self.days, after)
        return (totals[end - 1] if end else 0) - (totals[start - 1] if start else 0)

    def measure(self, tag: Tag, today: int) -> int | None:
        """The value of a dynamic tag of this series at a day."""
        if tag.measure == "gap":
            end = bisect_right(self.days, today)
            return today - self.days[end - 1] if end else None
        after = today - tag.window
        match tag.measure:
            case "count":
                return self.count(after, today)
            case "sum":
                return self.sum(after, today)
            case "rise":
                total = self.sum if BY_SERIES[tag.series].kind.money else self.count
                return total(after, today) - total(after - tag.window, after)
        start, end = bisect_right(self.days, after), bisect_right(self.days, today)
        return end - start if tag.measure == "days" else max(self.most[start:end], default=0)


class Person:
    """What is known of a customer that does not come from happenings: born (yyyymmdd, 0 unknown), joined."""

    __slots__ = ("born", "company", "joined")

    def __init__(self, born: int = 0, joined: int = 0, company: bool = False) -> None:
        """`joined` is a day (since 1970-01-01)."""
        self.born, self.joined, self.company = born, joined, company

    def measure(self, tag: Tag, today: int) -> int | None:
        """The value of a static tag at a day."""
        match tag.name:
            case "age_years":
                return (written(today) - self.born) // 10_000 if self.born else None
            case "customer_days":
                return today - self.joined
        return int(self.company)


def written(day: int) -> int:
    """A day as yyyymmdd."""
    date = (EPOCH + timedelta(days=day)).date()
    return date.year * 10_000 + date.month * 100 + date.day


class LiveTags:
    """The static and dynamic tags of every customer, kept up to date happening by happening."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.tracks: dict[str, dict[str, Track]] = {}
        self.of_series: dict[str, set[str]] = {}
        """To whom something of each series happened."""

    def know(self, customer: str, person: Person) -> None:
        """Take note of a customer, or of what changed about them."""
        self.people[customer] = person

    def add(self, happening: Happening) -> tuple[str, ...]:
        """Count one happening; the series it counted in."""
        names = series_of(happening.kind, happening.category)
        tracks = self.tracks.setdefault(happening.customer, {})
        for name in names:
            if name not in tracks:
                tracks[name] = Track()
                self.of_series.setdefault(name, set()).add(happening.customer)
            tracks[name].add(bank_day(happening.at), happening.amount_minor)
        return names

    def add_all(self, happenings: Iterable[Happening]) -> None:
        """Count many, in any order."""
        for one in happenings:
            self.add(one)

    def lately(self, series: str, since: int) -> set[str]:
        """To whom something of a series happened on this day or later."""
        return {who for who in self.of_series.get(series, ()) if self.tracks[who][series].days[-1] >= since}

    def value(self, customer: str, name: str, today: int) -> int | None:
        """A static or dynamic tag of a customer at a day; None where it has no value.

        Raises KeyError for a tag that is not declared, ValueError for one of another sort.
        """
        tag = TAGS[name]
        if tag.sort is Sort.STATIC:
            person = self.people.get(customer)
            return person.measure(tag, today) if person else None
        if tag.sort is not Sort.DYNAMIC:
            raise ValueError(f"{name} is kept by the batch that learns it")
        track = self.tracks.get(customer, {}).get(tag.series) or _EMPTY
        return track.measure(tag, today)

    def values(self, customer: str, names: Iterable[str], today: int) -> dict[str, int | None]:
        """Several tags of a customer at a day."""
        return {name: self.value(customer, name, today) for name in names}


_EMPTY = Track()
