"""Days as people say them: today, yesterday, else the day of the week and the date."""

from __future__ import annotations

from jingwei.channels.web.phrases import say
from jingwei.kernel.clock import bank_day, local_text

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONDAY = 4
"""Day 4 of the bank's count of days (days since 1 January 1970) was a Monday."""


def day_name(at: int, now: int, lang: str) -> str:
    """The bank day of a moment, seen from now (both microseconds UTC); the year only where it is another."""
    day, today = bank_day(at), bank_day(now)
    if 0 <= today - day <= 1:
        return say(lang, "day.yesterday" if today - day else "day.today")
    weekday = say(lang, f"day.{WEEK[(day - MONDAY) % 7]}")
    year, month, date = (int(part) for part in local_text(at, "%Y-%m-%d").split("-"))
    other = "" if local_text(now, "%Y") == str(year) else str(year)
    if lang == "zh":
        return f"{other + '年' if other else ''}{month}月{date}日 {weekday}"
    return f"{weekday} {date} {MONTHS[month - 1]}{' ' + other if other else ''}"
