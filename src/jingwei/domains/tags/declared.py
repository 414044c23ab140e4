"""Every tag, declared once: static ones by name, families as windows x measures x categories, tiers, models.

The meaning, the same in every execution (live, literal, SQL). All values are whole numbers. Let D be the
bank's day asked about, and let a happening of day d be in the window of w days when D - w < d <= D. Over the
happenings of a series in the window:

    count   how many there are
    sum     the sum of their amounts (minor units)
    most    the largest amount (minor units), 0 when there is none
    days    on how many different days there was one
    rise    sum (count, where no money moves) less the same over the w days before the window

`gap` is D less the day of the last one on or before D; it has no value where there never was one, and a
condition that reads it does not hold for them. Everything else is 0 where nothing happened.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from jingwei.domains.tags.happenings import ALL, SERIES, Series
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.kernel.refusal import Words

WINDOWS: Final = (7, 30, 90, 365)
"""Lengths of the windows in days."""


class Sort(StrEnum):
    """Where the value of a tag comes from."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    TIER = "tier"
    MODEL = "model"


class Unit(StrEnum):
    """What a tag's value counts."""

    TIMES = "times"
    MINOR = "minor"
    DAYS = "days"
    YEARS = "years"
    YES = "yes"
    TIER = "tier"
    PERCENT = "percent"


class Measure(NamedTuple):
    """What is computed over a window, in words with a blank for the days."""

    code: str
    words: Words
    money_only: bool


MEASURES: Final = (
    Measure("count", Words("times in {days} days", "近{days}天次数"), False),
    Measure("days", Words("days with any in {days} days", "近{days}天有记录的天数"), False),
    Measure("sum", Words("total in {days} days", "近{days}天合计"), True),
    Measure("most", Words("largest in {days} days", "近{days}天最大一笔"), True),
    Measure("rise", Words("more than in the {days} days before", "较前{days}天增加"), False),
)
SERVICE: Final = frozenset((Purpose.SERVICE, Purpose.MARKETING, Purpose.CREDIT, Purpose.RESEARCH))
RESEARCH: Final = frozenset((Purpose.MARKETING, Purpose.RESEARCH, Purpose.CREDIT))
PERSONAL: Final = frozenset((Purpose.SERVICE, Purpose.MARKETING))


class Tag(NamedTuple):
    """One tag: its name, sort, unit, words, the kind of data it tells of and the purposes it may serve.

    A dynamic tag also has its series, measure and window (0 for `gap`, which has none).
    """

    name: str
    sort: Sort
    unit: Unit
    words: Words
    data: DataClass
    purposes: frozenset[Purpose]
    series: str = ""
    measure: str = ""
    window: int = 0


SENSITIVE: Final = ("health", "medicine")
"""Categories that tell of illness: nothing is offered by them, and no credit is decided."""


def _purposes(series: Series) -> frozenset[Purpose]:
    """What a tag of a series may serve; the consent register says which of them read its data at all."""
    data = series.kind.data
    if series.category in SENSITIVE:
        return (
            frozenset((Purpose.SERVICE,))
            if data is DataClass.TRANSACTIONS
            else frozenset((Purpose.RESEARCH,))
        )
    if data is DataClass.TRANSACTIONS:
        return SERVICE
    if data is DataClass.BEHAVIOUR:
        return RESEARCH
    return frozenset((Purpose.RISK,))


def _unit(series: Series, measure: str) -> Unit:
    if measure == "days":
        return Unit.DAYS
    if measure in ("sum", "most") or (measure == "rise" and series.kind.money):
        return Unit.MINOR
    return Unit.TIMES


def _said(series: Series, measure: Measure, window: int) -> Words:
    what = series.kind.words.en if series.category == ALL else f"{series.kind.words.en}: {series.words.en}"
    zh = series.kind.words.zh if series.category == ALL else f"{series.kind.words.zh}·{series.words.zh}"
    told = measure.words.told({"days": str(window)})
    return Words(f"{what}, {told.en}", f"{zh}，{told.zh}")


def _family(series: Series) -> list[Tag]:
    """All tags of a series."""
    purposes, data = _purposes(series), series.kind.data
    tags = [
        Tag(f"{series.name}_{measure.code}_{window}d", Sort.DYNAMIC, _unit(series, measure.code),
            _said(series, measure, window), data, purposes, series.name, measure.code, window)
        for window in WINDOWS
        for measure in MEASURES
        if series.kind.money or not measure.money_only
    ]  # fmt: skip
    gap = Measure("gap", Words("days since the last", "距上次天数"), False)
    words = _said(series, gap, 0)
    name = f"{series.name}_gap_days"
    return [*tags, Tag(name, Sort.DYNAMIC, Unit.DAYS, words, data, purposes, series.name, "gap")]


STATIC: Final = (
    Tag("age_years", Sort.STATIC, Unit.YEARS, Words("Age", "年龄"), DataClass.IDENTITY, PERSONAL),
    Tag("customer_days", Sort.STATIC, Unit.DAYS, Words("Days since they joined", "开户天数"),
        DataClass.IDENTITY, PERSONAL),
    Tag("is_company", Sort.STATIC, Unit.YES, Words("Is a company", "是否对公客户"),
        DataClass.IDENTITY, PERSONAL),
)  # fmt: skip

TIERS: Final = (
    Tag("rfm_recency", Sort.TIER, Unit.TIER, Words("Recency, 1 to 5", "最近消费等级（1-5）"),
        DataClass.TRANSACTIONS, SERVICE),
    Tag("rfm_frequency", Sort.TIER, Unit.TIER, Words("Frequency, 1 to 5", "消费频率等级（1-5）"),
        DataClass.TRANSACTIONS, SERVICE),
    Tag("rfm_money", Sort.TIER, Unit.TIER, Words("Money, 1 to 5", "消费金额等级（1-5）"),
        DataClass.TRANSACTIONS, SERVICE),
    Tag("rfm_tier", Sort.TIER, Unit.TIER, Words("Value tier, 1 to 5", "价值等级（1-5）"),
        DataClass.TRANSACTIONS, SERVICE),
)  # fmt: skip

MODEL: Final = (
    Tag("value_year_minor", Sort.MODEL, Unit.MINOR, Words("Spending expected in a year", "预计一年消费额"),
        DataClass.TRANSACTIONS, SERVICE),
    Tag("active_percent", Sort.MODEL, Unit.PERCENT, Words("Chance of still being active", "仍活跃的概率"),
        DataClass.TRANSACTIONS, SERVICE),
    Tag("segment_number", Sort.MODEL, Unit.TIER, Words("Segment found in the data", "数据分群编号"),
        DataClass.TRANSACTIONS, SERVICE),
)  # fmt: skip

DYNAMIC: Final = tuple(tag for series in SERIES for tag in _family(series))
TAGS: Final = {tag.name: tag for tag in (*STATIC, *DYNAMIC, *TIERS, *MODEL)}
"""Every tag by name."""
