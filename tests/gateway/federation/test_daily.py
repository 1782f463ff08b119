"""Whose turn it is to be asked: once a day each, spread over the day, and over hours where all come at once."""

from collections import Counter

from gateway.federation.provider.daily import DAY_S, SOONEST_S, SPREAD_S, DailyTurns

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
    """The first time within hours; each day after that at its own second, ever after."""
    found = asked_at(DailyTurns("maison@sen1.test"), 6 * DAY_S)
    (first, second, *later) = (at for _, at in found)
    assert SOONEST_S <= first - START <= SOONEST_S + SPREAD_S
    assert second - first <= LONGEST_S
    assert {b - a for a, b in zip([second, *later], later, strict=False)} == {DAY_S}
    assert len(found) in (6, 7)


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
    found = [[at for _, at in asked_at(DailyTurns(one), 2 * DAY_S, step=STEP_S * 20)][:2] for one in gateways]
    for place, spread in ((0, SPREAD_S), (1, DAY_S)):
        slots = Counter(min((at[place] - START) * 12 // spread, 24) for at in found)
        # Some twenty in each twelfth of that time.
        assert len(slots) >= 12
        assert max(slots.values()) <= 40


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
