"""Years of a meter: its hours are known to the minute, and a move is told when there is one, and only then."""

from datetime import date, timedelta

import pytest

from gateway.tic.day_classes import day_at, written_windows
from tests.gateway.tic.tariff_years import NIGHT, ONE, SPLIT, SUMMER, WINTER, SimulatedYears, borders, reform

FIRST = date(2026, 1, 5)


class Judge:
    """Asks a calendar, shortly before each border, what it says; not in the first week of new hours.

    Nor in the fortnight after the host's clock has become another one: the median is that of fourteen days.
    """

    def __init__(self):
        self.asked, self.unknown, self.wrong = 0, [], []

    def __call__(self, years, day, border):
        steady = max(years.since(day) + 8 * ONE, years.steady_since + 15 * ONE, FIRST + 8 * ONE)
        if day < steady or years.outage[1] > border - 86_400 * 8:
            return
        outlook = years.calendar.outlook()
        self.asked += 1
        if outlook.until is None:
            self.unknown.append((day, outlook.why))
        elif abs(outlook.until - border - (0 if years.standard else years.bias_s)) > (0 if years.standard else 60):
            self.wrong.append((day, outlook.until - border))


def moves(years):
    """The moves that were told: (since, days until it was told, the new hours)."""
    found = []
    for kind, time, detail in years.events:
        if kind == "off-peak-moved":
            since = date.fromisoformat(detail["since"])
            found.append((since, (day_at(time) - since).days, detail["after"]))
    return found


def live(schedules, years, **options):
    """Live these years; the judge and the years."""
    judge = Judge()
    return judge, SimulatedYears(schedules, **options).run(FIRST, FIRST + timedelta(days=365 * years), judge)


def check(judge, years, moved, *, within):
    """Everything that was said came true; the move was told once, in time, and no other."""
    assert judge.wrong == []
    assert judge.unknown == []
    assert judge.asked > 200
    told = moves(years)
    assert [since for since, _, _ in told] == ([moved] if moved else [])
    assert all(days <= within for _, days, _ in told)


@pytest.mark.parametrize("standard", [True, False])
def test_a_year_without_a_move_tells_none(standard):
    """Outages, restarts and the two nights of the clock; a bias is not a move."""
    judge, years = live(reform(FIRST, 1, moved=None, seasons=False), 1, seed=1, standard=standard, bias_s=97.0)
    check(judge, years, None, within=0)


@pytest.mark.parametrize(("standard", "within"), [(True, 0), (False, 3)])
def test_hours_that_move_are_told_once_and_the_seasons_after_it_are_none(standard, within):
    """The reform in February, then summer and winter: standard mode on the day, historic within three of the move."""
    moved = date(2026, 2, 17)
    judge, years = live(reform(FIRST, 1, moved=moved, seasons=True), 1, seed=2, standard=standard, bias_s=-120.0)
    check(judge, years, moved, within=within)
    told = [detail["since"] for kind, _, detail in years.events if kind == "off-peak-season"]
    assert told == ["2026-04-01", "2026-11-01"]


def test_last_years_hours_of_the_season_are_proposed_from_its_first_day():
    """On 1 April of the second year the first night is already that of summer."""
    schedules = reform(FIRST, 2, moved=date(2026, 2, 17), seasons=True)
    years = SimulatedYears(schedules, seed=3, outages=0.0, jitter_s=1.0).run(FIRST, date(2027, 4, 1))
    years.live(date(2027, 4, 1), None)
    assert written_windows(years.calendar.outlook().tomorrow) == written_windows(SUMMER)


def test_a_slow_drift_of_the_clock_is_followed_and_is_no_move():
    """A host that loses two seconds a day for 300 days: ten minutes, and never a move."""
    years = SimulatedYears(reform(FIRST, 1, moved=None, seasons=False), seed=4, outages=0.0)
    day = FIRST
    for number in range(300):
        years.bias_s = -2.0 * number
        years.run(day, day + ONE)
        day += ONE
    assert moves(years) == []
    outlook = years.calendar.outlook()
    assert abs(outlook.today[0][1] - (NIGHT[0][1] - 10)) <= 1


def test_one_strange_day_is_no_move_and_two_are():
    """A day of other hours is not a schedule; the second one is, with the first as its day."""
    strange = FIRST + 20 * ONE
    for days, told in ((1, []), (2, [strange])):
        schedules = [(FIRST - 9 * ONE, NIGHT), (strange, SPLIT), (strange + days * ONE, NIGHT)]
        years = SimulatedYears(schedules, seed=5, outages=0.0).run(FIRST, strange + 4 * ONE)
        assert [since for since, _, _ in moves(years)][:1] == told


def test_nothing_is_expected_before_a_day_was_lived_and_a_week_makes_it_regular():
    """How sure it is: days that agree, and how narrow the brackets are."""
    years = SimulatedYears([(FIRST - 9 * ONE, WINTER)], seed=6, outages=0.0)
    years.run(FIRST, FIRST + ONE)
    assert years.calendar.outlook().tomorrow is None
    years.run(FIRST + ONE, FIRST + 3 * ONE)
    outlook = years.calendar.outlook()
    assert written_windows(outlook.tomorrow).count("/") == 2
    assert not outlook.sureness.regular
    years.run(FIRST + 3 * ONE, FIRST + 10 * ONE)
    sure = years.calendar.outlook().sureness
    assert (sure.regular, sure.days >= 7, 1 <= sure.width_s <= 3) == (True, True, True)


def test_the_days_that_were_lived_are_known_by_the_minute():
    """What is noted of each day is what it was, in both modes; what an outage hides is believed or left out."""
    for standard in (True, False):
        years = SimulatedYears(reform(FIRST, 1, moved=date(2026, 3, 3), seasons=False), seed=7, standard=standard)
        years.run(FIRST, date(2026, 6, 1))
        days = {day_at(number): text for (kind, number), text in years.notes.items() if kind == "day"}
        assert len(days) > 120
        for day, text in days.items():
            minutes = [int(one[:2]) * 60 + int(one[3:5]) for one in text.split(",")]
            truth = [0, *(at for at, _ in borders(years.windows(day)) if at)]
            assert len(minutes) == len(truth), (day, text)
            assert all(abs(a - b) <= (0 if standard else 2) for a, b in zip(minutes, truth, strict=True)), (day, text)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("standard", [True, False])
def test_twenty_years_with_one_move_and_with_none(standard, seed):
    """Jitter of 20 s, any bias within 120 s that lasts from one restart to the next: none invented, none missed."""
    moved = [None, date(2027, 2, 9), date(2031, 6, 20), date(2027, 10, 12), date(2040, 1, 20), date(2026, 12, 2)][seed]
    judge, years = live(
        reform(FIRST, 20, moved=moved, seasons=seed % 2 == 1),
        20,
        seed=100 + seed,
        standard=standard,
        bias_s=[0.0, 120.0, -120.0, 60.0, -35.0, 15.0][seed],
        steps=seed in (3, 4),
        hexadecimal=seed == 2,
    )
    check(judge, years, moved, within=0 if standard else 3)
