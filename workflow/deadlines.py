"""Dates: months, weeks and working days, when a date has passed, and what a suspension adds.

A deadline is a date, not a moment. Nothing here reads a clock: ``today`` and ``now`` are arguments.

The calendar is that of the United Nations in Vienna: New Year, Good Friday, Easter Monday, 1 May, the two
Eids, 26 October, 25 and 26 December; a holiday that falls on a Saturday or Sunday is observed on the next
working day. Source: United Nations common-system practice (the Staff Rules leave the list to the duty
station; the pattern is that of the list published by the United Nations in Vienna for 2023). Confidence [R]:
the Secretariat announces each year's list, and the dates of the two Eids are tabled here ahead of it.
"""

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

Interval = tuple[date, date | None]
"""A suspension: the day it began and the day it ended, which counts no more; None while it lasts."""

SATURDAY_SUNDAY = frozenset({6, 7})
"""The weekend, as ISO weekdays (Monday is 1), of the Secretariat and of States that name no other."""

ONE_DAY = timedelta(days=1)

# Year of the common era: Eid al-Fitr, Eid al-Adha. Two Eids al-Fitr fall in 2033.
_EIDS: dict[int, tuple[tuple[int, int], ...]] = {
    2020: ((5, 24), (7, 31)),
    2021: ((5, 13), (7, 20)),
    2022: ((5, 2), (7, 9)),
    2023: ((4, 22), (6, 29)),
    2024: ((4, 10), (6, 16)),
    2025: ((3, 30), (6, 6)),
    2026: ((3, 20), (5, 27)),
    2027: ((3, 9), (5, 16)),
    2028: ((2, 26), (5, 5)),
    2029: ((2, 14), (4, 24)),
    2030: ((2, 4), (4, 13)),
    2031: ((1, 24), (4, 2)),
    2032: ((1, 14), (3, 22)),
    2033: ((1, 2), (3, 11), (12, 23)),
    2034: ((12, 12), (3, 1)),
    2035: ((12, 1), (2, 18)),
}


# Months, weeks, days


def add_months(start: date, months: int) -> date:
    """Return the same day ``months`` later, or the last day of that month where it has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def due_date(anchor: date, *, months: int = 0, weeks: int = 0, days: int = 0) -> date:
    """Return the date that a deadline sets: months first, then weeks and calendar days.

    ``anchor`` is the date of the event that starts the clock (rules 19, 20, 31 and 38).
    """
    return add_months(anchor, months) + timedelta(weeks=weeks, days=days)


def passed(due: date, now: datetime) -> bool:
    """Say whether ``due`` is over everywhere on earth: from 12:00 UTC of the next day on.

    :raises ValueError: for a ``now`` without a time zone.
    """
    if now.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return now >= datetime.combine(due + ONE_DAY, time(12), UTC)


# Working days


@cache
def vienna_holidays(year: int) -> frozenset[date]:
    """Return the days of ``year`` on which the United Nations in Vienna observes a holiday.

    Eids are known for 2020 to 2035; other years have the seven other holidays.
    """
    christmas = [date(year, 12, 25), date(year, 12, 26)]
    easter = _easter(year)
    days = [
        date(year, 1, 1),
        easter - timedelta(days=2),
        easter + ONE_DAY,
        date(year, 5, 1),
        date(year, 10, 26),
    ]
    days += christmas + [date(year, month, day) for month, day in _EIDS.get(year, ())]
    observed = {day for day in days if day.isoweekday() not in SATURDAY_SUNDAY}
    for holiday in sorted(day for day in days if day.isoweekday() in SATURDAY_SUNDAY):
        day = holiday
        while day.isoweekday() in SATURDAY_SUNDAY or day in observed:
            day += ONE_DAY
        observed.add(day)
    return frozenset(day for day in observed if day.year == year)


def is_working_day(day: date, *, weekend: frozenset[int] = SATURDAY_SUNDAY) -> bool:
    """Say whether ``day`` is neither in ``weekend`` (ISO weekdays) nor a holiday in Vienna."""
    return day.isoweekday() not in weekend and day not in vienna_holidays(day.year)


def add_working_days(start: date, days: int, *, weekend: frozenset[int] = SATURDAY_SUNDAY) -> date:
    """Return the ``days``-th working day after ``start``; with 0, ``start`` or the next one.

    ``weekend`` is that of the State whose task it is.

    :raises ValueError: for a negative number, or a weekend that leaves no working day.
    """
    if days < 0:
        raise ValueError("working days are counted forwards")
    if weekend >= frozenset(range(1, 8)):
        raise ValueError("a week needs a working day")
    day = start
    while days > 0 or not is_working_day(day, weekend=weekend):
        day += ONE_DAY
        if days > 0 and is_working_day(day, weekend=weekend):
            days -= 1
    return day


def working_days_between(start: date, end: date, *, weekend: frozenset[int] = SATURDAY_SUNDAY) -> int:
    """Return how many working days come after ``start``, up to and with ``end``."""
    length = max((end - start).days, 0)
    return sum(is_working_day(start + timedelta(days=n), weekend=weekend) for n in range(1, length + 1))


def _easter(year: int) -> date:
    """Return Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


# Clocks that stop


def paused_days(intervals: Iterable[Interval], *, start: date, end: date) -> int:
    """Return how many of the days from ``start`` to the day before ``end`` lie in a suspension.

    Suspensions may overlap; one that lasts counts up to ``end``.
    """
    return sum((last - first).days for first, last in _merged(intervals, start=start, end=end))


def shifted(due: date, intervals: Iterable[Interval], *, anchor: date, today: date) -> date:
    """Return ``due`` moved by the days that its clock, started on ``anchor``, stood still.

    A suspension that begins when the date, as moved by the ones before, is gone changes nothing. While one
    lasts it counts up to ``today``, so that the date moves on with each day.
    """
    for first, last in _merged(intervals, start=anchor, end=None, today=today):
        if first > due:
            break
        due += last - first
    return due


def _merged(
    intervals: Iterable[Interval], *, start: date, end: date | None, today: date | None = None
) -> list[tuple[date, date]]:
    """Return the suspensions between ``start`` and ``end``, sorted and joined where they meet."""
    until = end or today or date.max
    clipped = sorted((max(first, start), min(last or until, end or date.max)) for first, last in intervals)
    merged: list[tuple[date, date]] = []
    for first, last in clipped:
        if first >= last:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
