"""Dates: months, working days, when a date has passed, what a suspension adds."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow import deadlines
from workflow.deadlines import (
    add_months,
    add_working_days,
    due_date,
    is_working_day,
    passed,
    paused_days,
    shifted,
    vienna_holidays,
    working_days_between,
)

ONE_DAY = timedelta(days=1)
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))
weekends = st.sets(st.integers(1, 7), max_size=3).map(frozenset)


@st.composite
def suspensions(draw):
    first = draw(dates)
    return first, draw(st.none() | st.integers(0, 400).map(lambda days: first + timedelta(days=days)))


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "months", "expected"),
        [
            (date(2026, 1, 15), 6, date(2026, 7, 15)),
            (date(2026, 8, 31), 6, date(2027, 2, 28)),
            (date(2027, 8, 31), 6, date(2028, 2, 29)),
            (date(2026, 12, 31), 2, date(2027, 2, 28)),
            (date(2026, 12, 1), 1, date(2027, 1, 1)),
            (date(2026, 3, 31), -1, date(2026, 2, 28)),
            (date(2026, 3, 31), 0, date(2026, 3, 31)),
        ],
    )
    def test_same_day_or_last_of_the_month(self, start, months, expected):
        assert add_months(start, months) == expected

    @given(dates, st.integers(-60, 60))
    def test_lands_in_the_right_month_on_the_same_day_or_its_last(self, start, months):
        end = add_months(start, months)
        assert (end.year - start.year) * 12 + end.month - start.month == months
        assert end.day == start.day or (end.day < start.day and (end + ONE_DAY).day == 1)

    @given(dates, dates, st.integers(0, 24))
    def test_keeps_the_order_of_dates(self, one, other, months):
        assert (one <= other) <= (add_months(one, months) <= add_months(other, months))

    def test_due_date_takes_months_before_days(self):
        assert due_date(date(2026, 1, 31), months=1, weeks=1, days=1) == date(2026, 3, 8)
        assert due_date(date(2026, 11, 1), weeks=2) == date(2026, 11, 15)


class TestPassed:
    def test_is_over_everywhere_at_noon_utc_of_the_next_day(self):
        due = date(2026, 5, 3)
        assert not passed(due, datetime(2026, 5, 4, 11, 59, 59, 999999, tzinfo=UTC))
        assert passed(due, datetime(2026, 5, 4, 12, tzinfo=UTC))

    @given(dates, st.integers(-12, 14), st.integers(0, 86_399))
    def test_never_while_the_day_lasts_anywhere(self, due, offset, second):
        zone = timezone(timedelta(hours=offset))
        local = datetime(due.year, due.month, due.day, tzinfo=zone) + timedelta(seconds=second)
        assert not passed(due, local)

    def test_needs_a_time_zone(self):
        with pytest.raises(ValueError, match="time zone"):
            passed(date(2026, 5, 3), datetime(2026, 5, 4, 12))


class TestCalendar:
    def test_is_the_list_that_was_published_for_2023(self):
        assert sorted(vienna_holidays(2023)) == [
            date(2023, 1, 2),
            date(2023, 4, 7),
            date(2023, 4, 10),
            date(2023, 4, 24),
            date(2023, 5, 1),
            date(2023, 6, 29),
            date(2023, 10, 26),
            date(2023, 12, 25),
            date(2023, 12, 26),
        ]

    @pytest.mark.parametrize(
        ("year", "month", "day"), [(2020, 4, 12), (2024, 3, 31), (2026, 4, 5), (2030, 4, 21), (2035, 3, 25)]
    )
    def test_easter(self, year, month, day):
        sunday = date(year, month, day)
        assert {sunday - timedelta(days=2), sunday + ONE_DAY} <= vienna_holidays(year)

    def test_holidays_on_a_weekend_are_observed_on_free_working_days(self):
        assert {date(2021, 12, 27), date(2021, 12, 28)} <= vienna_holidays(2021)
        assert {date(2022, 12, 26), date(2022, 12, 27)} <= vienna_holidays(2022)

    @pytest.mark.parametrize("year", range(2020, 2036))
    def test_each_year_has_nine_working_days_off_unless_two_coincide(self, year):
        holidays = vienna_holidays(year)
        assert 8 <= len(holidays) <= 10
        assert all(day.year == year and day.isoweekday() < 6 for day in holidays)

    def test_eids_are_within_two_days_of_the_arithmetical_islamic_calendar(self):
        def civil(year, month, day):
            days = day + -(-59 * (month - 1) // 2) + (year - 1) * 354 + (3 + 11 * year) // 30
            return date.fromordinal(days + 227014)

        computed = {civil(year, month, day) for year in range(1440, 1460) for month, day in ((10, 1), (12, 10))}
        tabled = {date(year, *day) for year, eids in deadlines._EIDS.items() for day in eids}
        for day in tabled:
            assert min(abs((day - other).days) for other in computed) <= 2
        expected = {day for day in computed if 2020 <= day.year <= 2035}
        assert len(tabled) == len(expected) == 33

    def test_years_outside_the_table_have_the_other_holidays(self):
        assert len(vienna_holidays(2040)) == 7


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("start", "days", "expected"),
        [
            (date(2026, 11, 20), 1, date(2026, 11, 23)),
            (date(2026, 12, 23), 2, date(2026, 12, 28 + 1)),
            (date(2026, 11, 21), 0, date(2026, 11, 23)),
            (date(2026, 11, 23), 0, date(2026, 11, 23)),
        ],
    )
    def test_examples(self, start, days, expected):
        assert add_working_days(start, days) == expected

    def test_uses_the_weekend_of_the_state(self):
        assert add_working_days(date(2026, 11, 19), 1, weekend=frozenset({5, 6})) == date(2026, 11, 22)

    @given(dates, st.integers(0, 60), weekends)
    def test_counting_back_gives_the_number(self, start, days, weekend):
        end = add_working_days(start, days, weekend=weekend)
        assert is_working_day(end, weekend=weekend)
        extra = 0 if days or is_working_day(start, weekend=weekend) else 1
        assert working_days_between(start, end, weekend=weekend) == days + extra

    @given(dates, st.integers(0, 40), st.integers(1, 40))
    def test_adding_in_two_steps_is_adding_at_once(self, start, one, other):
        assert add_working_days(add_working_days(start, one), other) == add_working_days(
            start, one + other + (0 if one or is_working_day(start) else 1)
        )

    def test_refuses_what_cannot_be_counted(self):
        with pytest.raises(ValueError, match="forwards"):
            add_working_days(date(2026, 1, 1), -1)
        with pytest.raises(ValueError, match="working day"):
            add_working_days(date(2026, 1, 1), 1, weekend=frozenset(range(1, 8)))


class TestSuspension:
    anchor = date(2026, 1, 1)
    due = date(2026, 7, 1)

    def moved(self, *intervals, today=date(2026, 12, 1)):
        return shifted(self.due, intervals, anchor=self.anchor, today=today)

    def test_a_closed_one_moves_the_date_by_its_days(self):
        assert self.moved((date(2026, 3, 1), date(2026, 3, 11))) == date(2026, 7, 11)

    def test_an_open_one_counts_up_to_today(self):
        assert self.moved((date(2026, 6, 30), None), today=date(2026, 7, 10)) == date(2026, 7, 11)
        assert self.moved((date(2026, 6, 30), None), today=date(2026, 6, 30)) == self.due

    def test_days_before_the_anchor_do_not_count(self):
        assert self.moved((date(2025, 12, 1), date(2026, 1, 6))) == date(2026, 7, 6)

    def test_one_that_begins_after_the_date_changes_nothing(self):
        assert self.moved((date(2026, 7, 2), date(2026, 8, 1))) == self.due

    def test_one_on_the_date_itself_still_counts(self):
        assert self.moved((date(2026, 7, 1), date(2026, 7, 3))) == date(2026, 7, 3)

    def test_an_earlier_one_brings_a_later_one_within_reach(self):
        assert self.moved((date(2026, 3, 1), date(2026, 3, 11)), (date(2026, 7, 5), date(2026, 7, 6))) == date(
            2026, 7, 12
        )

    def test_overlaps_count_once(self):
        assert self.moved((date(2026, 3, 1), date(2026, 3, 11)), (date(2026, 3, 5), date(2026, 3, 8))) == date(
            2026, 7, 11
        )

    @given(dates, st.integers(0, 400), st.lists(suspensions(), max_size=6), dates)
    def test_what_it_adds_is_what_stood_still(self, anchor, length, intervals, today):
        due = anchor + timedelta(days=length)
        end = shifted(due, intervals, anchor=anchor, today=today)
        closed = [(first, last or max(first, today)) for first, last in intervals]
        assert (end - due).days == paused_days(closed, start=anchor, end=end)
        assert end == shifted(due, reversed(intervals), anchor=anchor, today=today)

    @given(dates, st.integers(0, 400), st.lists(suspensions(), max_size=4), suspensions(), dates)
    def test_one_more_never_brings_the_date_forward(self, anchor, length, intervals, one, today):
        due = anchor + timedelta(days=length)
        assert shifted(due, intervals, anchor=anchor, today=today) <= shifted(
            due, [*intervals, one], anchor=anchor, today=today
        )

    @given(st.lists(suspensions(), max_size=6), dates, st.integers(0, 900))
    def test_paused_days_are_the_days_in_any_of_them(self, intervals, start, length):
        end = start + timedelta(days=length)
        days = (start + timedelta(days=n) for n in range(length))
        assert paused_days(intervals, start=start, end=end) == sum(
            any(first <= day and (last is None or day < last) for first, last in intervals) for day in days
        )
