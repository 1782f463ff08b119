"""Whose turn it is to be asked: once a day each, spread over the day, and over minutes where all come at once."""

from collections import Counter
from itertools import pairwise

import pytest

from gateway.federation.provider.daily import (
    APART_S,
    DAY_S,
    RETRY_LONGEST_S,
    RETRY_S,
    SOONEST_S,
    SPREAD_S,
    DailyTurns,
)

COOP = "coop@sen2.test"
START = 1_781_604_000
LONGEST_S = DAY_S + SOONEST_S + SPREAD_S
STEP_S = 15


def asked_at(turns, seconds, there=(COOP,), start=START, step=STEP_S):
    """When each is asked in so long a time, looked at as often as a gateway does, one at a time."""
    found = []
    for now in range(start, start + seconds, step):
        for recipient in turns.due(there, now)[:1]:
            turns.asked(recipient, now)
            found.append((recipient, now))
    return found


def test_who_is_there_is_asked_once_a_day_at_the_same_minute():
    """The first time within minutes; each day after that at its own second, and never twice in half a day."""
    found = asked_at(DailyTurns("maison@sen1.test"), 6 * DAY_S)
    (first, second, *later) = (at for _, at in found)
    assert SOONEST_S <= first - START <= SOONEST_S + SPREAD_S
    assert APART_S <= second - first <= LONGEST_S
    assert later[0] - second >= APART_S
    second, *later = later
    assert {b - a for a, b in zip([second, *later], later, strict=False)} == {DAY_S}
    assert len(found) in (6, 7)
    assert len(later) >= 3


def test_a_restart_asks_nobody_again_that_day():
    """What the store knows is enough, whenever it starts again."""
    turns = DailyTurns("maison@sen1.test")
    ((_, at), *_) = asked_at(turns, DAY_S)
    (_, next_at) = asked_at(turns, 2 * DAY_S, start=at + STEP_S)[0]
    for later in range(at, next_at, 20_000):
        again = DailyTurns("maison@sen1.test")
        again.resume({COOP: at})
        assert all(when >= next_at - STEP_S for _, when in asked_at(again, next_at - later, start=later))


def test_hundreds_of_gateways_do_not_ask_one_collector_at_once():
    """Neither on any day, nor when it comes back and all of them have waited for it."""
    gateways = [f"maison{number}@sen1.test" for number in range(240)]
    at_once = [asked_at(DailyTurns(one), SOONEST_S + SPREAD_S + STEP_S)[0][1] - START - SOONEST_S for one in gateways]
    daily = [asked_at(DailyTurns(one), 3 * DAY_S, step=STEP_S * 20)[-1][1] - START - 2 * DAY_S for one in gateways]
    for found, spread in ((at_once, SPREAD_S), (daily, DAY_S)):
        slots = Counter(at * 12 // spread for at in found)
        # Some twenty in each twelfth of that time.
        assert len(slots) >= 12
        assert max(slots.values()) <= 40


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_who_is_there_for_half_an_hour_a_day_is_asked_each_time(hour):
    """Whichever half hour it is, and where the gateway is on for no longer and knows what its store has alone."""
    asked: dict[str, float] = {}
    for day in range(5):
        turns = DailyTurns("maison@sen1.test")
        turns.resume(asked)
        begin = START + day * DAY_S + hour * 3600
        assert turns.due((), begin - STEP_S) == []
        ((_, at),) = asked_at(turns, 1800, start=begin)
        assert at - begin >= SOONEST_S
        asked = {COOP: at}


def test_who_was_asked_by_hand_is_asked_half_a_day_later_at_the_soonest():
    """A person's question, whenever it comes, is a comparison like any other."""
    turns = DailyTurns("maison@sen1.test")
    for at in range(START, START + 3 * DAY_S, 7_000):
        turns.asked(COOP, at)
        assert asked_at(turns, 6_000, start=at) == []
    ((_, next_at), *_) = asked_at(turns, DAY_S + SOONEST_S + SPREAD_S + STEP_S, start=at)
    assert next_at - at >= APART_S


def test_those_that_one_had_no_time_for_come_back_spread():
    """A thousand gateways refused at one moment: of no minute is more than three times its share."""
    again = Counter()
    for number in range(1000):
        turns = DailyTurns(f"maison{number}@sen1.test")
        # It waits for nobody's turn any more when it is asked in vain.
        turns.due([COOP], START)
        now = START + SOONEST_S + SPREAD_S
        turns.due([COOP], now)
        turns.begun(COOP, now)
        while not turns.due([COOP], now):
            now += STEP_S
        again[(now - START - SOONEST_S - SPREAD_S) // 60] += 1
    assert min(again) >= RETRY_S // 60
    assert max(again) <= 2 * RETRY_S // 60
    assert max(again.values()) <= 3 * 1000 / (RETRY_S / 60)


def test_who_was_asked_in_vain_is_asked_again_though_not_at_once():
    """Less and less often, at least every other hour; another one is not held up; once learnt, it is over."""
    turns, found = DailyTurns("maison@sen1.test"), []
    for now in range(START, START + DAY_S, STEP_S):
        for recipient in turns.due([COOP], now):
            turns.begun(recipient, now)
            found.append(now)
    waits = [b - a for a, b in pairwise(found)]
    for times, wait in enumerate(waits):
        least = min(RETRY_S << times, RETRY_LONGEST_S)
        assert least <= wait <= 2 * least
    assert len(waits) >= 6
    last = found[-1]
    other = "other@sen2.test"
    assert {who for who, _ in asked_at(turns, 1800, there=(COOP, other), start=last + STEP_S)} == {other}
    ((_, at),) = asked_at(turns, 2 * RETRY_LONGEST_S, start=last + STEP_S)
    assert RETRY_LONGEST_S <= at - last <= 2 * RETRY_LONGEST_S
    assert asked_at(turns, APART_S - STEP_S, start=at) == []
    # A clock that was set back holds nobody up.
    turns = DailyTurns("maison@sen1.test")
    turns.begun(COOP, START + 100 * DAY_S)
    assert len(asked_at(turns, SOONEST_S + SPREAD_S + STEP_S)) == 1


def test_who_is_away_is_asked_a_while_after_it_is_there():
    """It waits for that long again where it is away when its turn comes."""
    turns = DailyTurns("maison@sen1.test")
    assert asked_at(turns, 3 * DAY_S, there=()) == []
    assert turns.due([COOP], START) == []
    (at,) = turns._at.values()
    assert turns.due([], at + 1) == []
    assert turns.due([COOP], at + 2) == []
    assert turns.due([COOP], at + 2 + (at - START)) == [COOP]


def test_a_clock_that_was_wrong_delays_nobody_for_years():
    """A time that has not come yet is not believed, and neither is a turn that was to come then."""
    turns = DailyTurns("maison@sen1.test")
    turns.resume({COOP: START + 5000 * DAY_S})
    assert turns.due([COOP], START + 4000 * DAY_S) == []
    ((_, at),) = asked_at(turns, SOONEST_S + SPREAD_S + STEP_S)
    assert at >= START + SOONEST_S
