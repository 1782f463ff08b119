"""Edges to pulses: contacts that bounce, magnets that rest, hum, and pulses as fast as they may come."""

import random

from gateway.pulses.debounce import Debounce

HOLD_S = 0.020


def counted(edges, *, active=False, until=1e9):
    """The pulses and bounces of (time, level) edges."""
    debounce = Debounce(HOLD_S, active=active, now=0.0)
    for at, level in edges:
        debounce.edge(active=level, at=at)
    debounce.settle(until)
    return debounce.pulses, debounce.bounces


def bursts(at, level, chance, count=8, within_s=0.015):
    """A contact that goes to ``level``, bouncing ``count`` times first."""
    times = sorted(chance.uniform(at, at + within_s) for _ in range(2 * count + 1))
    return [(time, level if place % 2 == 0 else not level) for place, time in enumerate(times)]


def test_a_contact_that_bounces_when_it_closes_and_opens_counts_once():
    """A thousand pulses with bursts at both ends are a thousand."""
    chance = random.Random(7)
    edges = []
    for second in range(1000):
        edges += bursts(1 + second, True, chance) + bursts(1.5 + second, False, chance)
    pulses, bounces = counted(edges)
    assert pulses == 1000
    assert bounces == 1000 * 2 * 16


def test_pulses_as_short_as_s0_allows_all_count():
    """30 ms on, 30 ms off, with some jitter."""
    chance = random.Random(3)
    edges, at = [], 1.0
    for _ in range(5000):
        edges += [(at, True), (at + chance.uniform(0.029, 0.031), False)]
        at += 0.060
    assert counted(edges)[0] == 5000


def test_the_hum_of_the_mains_on_an_open_wire_counts_nothing():
    """10 ms on, 10 ms off for a minute."""
    edges = [(1 + 0.010 * step, step % 2 == 0) for step in range(6000)]
    assert counted(edges, until=1 + 0.010 * 6000) == (0, 5999)


def test_a_spike_in_a_long_pulse_does_not_make_it_two():
    """A magnet that rests at the reed, and a disturbance."""
    assert counted([(1, True), (500, False), (500.004, True), (900, False)])[0] == 1


def test_a_pulse_under_way_at_the_start_is_not_counted_and_the_next_one_is():
    """Nobody knows when it began: it may have been counted before the restart."""
    assert counted([(1, False), (2, True)], active=True)[0] == 1


def test_a_level_is_believed_without_its_end_once_it_has_lasted():
    """The pulse counts when it has lasted, not when the magnet moves on."""
    debounce = Debounce(HOLD_S, active=False, now=0.0)
    debounce.edge(active=True, at=1.0)
    debounce.settle(1.019)
    assert debounce.pulses == 0
    debounce.settle(1.021)
    debounce.settle(2.0)
    assert debounce.pulses == 1


def test_an_edge_that_repeats_the_level_changes_nothing():
    """The edge between was missed; the level goes on."""
    assert counted([(1, True), (1.5, True), (2, False)]) == (1, 0)


def test_without_a_hold_every_edge_counts():
    """``debounce_ms = 0`` is for outputs that do not bounce."""
    debounce = Debounce(0.0, active=False, now=0.0)
    for step in range(200):
        debounce.edge(active=step % 2 == 0, at=1 + step * 1e-4)
    assert (debounce.pulses, debounce.bounces) == (100, 0)
