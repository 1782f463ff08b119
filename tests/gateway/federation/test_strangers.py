"""How much each may say: by address, by domain, and all strangers together."""

import pytest

from gateway.federation.connection.strangers import SILENCE_S, Limits, SenderLimits, SenderVerdict

ADMIT, REFUSE, DROP = SenderVerdict
LIMITS = Limits()


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(clock):
    return SenderLimits({"coop@sen2.test"}.__contains__, clock=clock)


def count(door, bare, times):
    """How often each verdict is given."""
    verdicts = [door.judge(bare) for _ in range(times)]
    return [verdicts.count(verdict) for verdict in SenderVerdict]


def test_a_flood_is_refused_once_and_then_dropped(door):
    """After the burst one answer, then silence."""
    assert count(door, "flood@evil.test", 10_000) == [20, 1, 9979]


def test_a_refusal_is_repeated_after_a_minute_at_most(door, clock):
    """Ten minutes of flooding bring ten answers, not more."""
    refused = 0
    for _ in range(600):
        clock.now += 1
        refused += count(door, "flood@evil.test", 50)[1]
    assert refused == 600 / SILENCE_S


def test_whom_the_household_knows_has_a_larger_bucket_of_its_own(door):
    """Floods of its own domain, and of everybody, take nothing from it."""
    for number in range(2000):
        door.judge(f"s{number}@sen2.test")
        door.judge(f"s@d{number}.test")
    assert count(door, "coop@sen2.test", 400)[0] == LIMITS.known.burst == 300


def test_a_domain_of_many_addresses_has_one_bucket(door):
    """New addresses help nobody."""
    admitted = sum(count(door, f"s{number}@evil.test", 20)[0] for number in range(100))
    assert admitted == LIMITS.domain.burst
    assert count(door, "honest@other.test", 5)[0] == 5


def test_many_domains_together_have_one_bucket(door):
    """Whoever owns a whole zone is one stranger all the same."""
    admitted = sum(count(door, f"s@d{number}.evil.test", 3)[0] for number in range(1000))
    assert admitted == LIMITS.strangers.burst


def test_answers_to_a_flood_of_addresses_are_bounded_too(door):
    """The gateway does not become anybody's amplifier."""
    refused = sum(count(door, f"s@d{number}.evil.test", 30)[1] for number in range(1000))
    assert refused == LIMITS.refusals.burst


def test_time_fills_the_buckets_again(door, clock):
    """At the stated rate, up to the burst."""
    count(door, "s@evil.test", 100)
    clock.now += 10
    assert count(door, "s@evil.test", 10)[0] == 2
    clock.now += 1_000_000
    assert count(door, "s@evil.test", 100)[0] == LIMITS.stranger.burst


def test_what_was_sent_may_be_answered_however_fast(door):
    """A year of receipts in one second is no flood: each message sent pays for its receipt and its bounce."""
    for _ in range(5000):
        door.expect("coop@sen2.test")
        assert count(door, "coop@sen2.test", 2) == [2, 0, 0]


def test_the_tables_stay_short(door, clock):
    """A million addresses cost the memory of a thousand."""
    for number in range(5000):
        clock.now += 1
        door.judge(f"s{number}@d{number}.test")
    assert len(door._addresses) == LIMITS.addresses
    assert len(door._domains) == LIMITS.domains
