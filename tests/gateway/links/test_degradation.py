"""What is given up first, from when on and until when: the one place that decides it, and what it is told."""

from types import SimpleNamespace

import pytest

from gateway.links.degradation import Degradation, Measures, Resource, given_up_waiting
from gateway.links.disk import DiskSpace
from gateway.links.link import BROKEN, OK
from gateway.links.resources import Resources
from gateway.store.points import GivenUp

NOTHING, RAW, MINUTES, HALF_HOURS = GivenUp
CARD = 32e9
PLENTY = Measures(10e9, CARD, 300e6, 55e6, 0.0, 0.001, 100)


def disk(megabytes):
    return Measures(megabytes * 1e6, CARD)


@pytest.mark.parametrize(
    ("resource", "figures", "reached"),
    [
        (Resource.DISK, [disk(n) for n in (41, 39, 19, 7, 0)], (NOTHING, RAW, MINUTES, HALF_HOURS, HALF_HOURS)),
        # Of a small one a share: 2 % of 1 GB.
        (Resource.DISK, [Measures(n, 1e9) for n in (21e6, 19e6, 9e6)], (NOTHING, RAW, MINUTES)),
        (
            Resource.MEMORY,
            [Measures(available_bytes=n) for n in (49e6, 47e6, 23e6, 9e6)],
            (NOTHING, RAW, MINUTES, HALF_HOURS),
        ),
        (Resource.MEMORY, [Measures(resident_bytes=n) for n in (99e6, 101e6, 115e6, 200e6)], tuple(GivenUp)),
        (Resource.MEMORY, [Measures(stalled=n) for n in (0.0, 11.0, 21.0, 90.0)], tuple(GivenUp)),
        # Half hours cost the processor nothing.
        (Resource.PROCESSOR, [Measures(lag_s=n) for n in (0.9, 1.1, 2.1, 60.0)], (NOTHING, RAW, MINUTES, MINUTES)),
        (Resource.LINK, [Measures(queue=n) for n in (10**6, 2_100_000, 4_100_000, 11_000_000)], tuple(GivenUp)),
    ],
)
def test_raw_values_go_before_minutes_and_those_before_half_hours(resource, figures, reached):
    """However short: nothing beyond half hours of gauges; of the link only what is queued, else only what is stored."""
    for measures, expected in zip(figures, reached, strict=True):
        decided = Degradation()
        for second in range(0, 4000, 10):
            decided.look(measures, 1000.0 + second)
        queued = resource is Resource.LINK
        assert (decided.queued if queued else decided.stored) is expected
        assert (decided.stored if queued else decided.queued) is NOTHING


def test_what_is_short_stays_so_until_there_is_clearly_more_for_a_minute():
    """Each change is told once, with the figure; what sways around a bound changes nothing."""
    decided, changes = Degradation(), []
    for second, megabytes in enumerate([50, *[30] * 62, 50, 30, 50, 61, 59, *[61] * 62]):
        changes += [
            (second, change.given_up, str(change.words)) for change in decided.look(disk(megabytes), float(second))
        ]
    assert changes == [
        (61, RAW, "the disk has 30 MB left, 40 MB are needed"),
        (128, NOTHING, "the disk has 61 MB left, 40 MB are needed"),
    ]


def test_a_disk_that_is_full_for_minutes_costs_no_minute():
    """It waits in memory. Raw values are given up after a minute, minutes after ten, half hours after an hour."""
    decided = Degradation()
    told = [(s, change.given_up) for s in range(4000) for change in decided.look(disk(0.5), float(s))]
    assert told == [(60, RAW), (600, MINUTES), (3600, HALF_HOURS)]
    decided = Degradation()
    for second in range(0, 6000, 10):
        decided.look(disk(0.5 if second % 600 else 30), float(second))
    assert decided.stored is RAW


def test_a_hiccup_of_memory_or_of_the_processor_is_no_shortage():
    """It must last; what comes and goes, and what nobody measured, gives nothing up."""
    decided = Degradation()
    busy = Measures(lag_s=5.0, available_bytes=1e6)
    for second in range(0, 3000, 10):
        assert decided.look(busy if second % 20 else PLENTY, float(second)) == []
    assert decided.look(Measures(), 4000.0) == []
    assert (decided.stored, decided.queued) == (NOTHING, NOTHING)


def test_what_nobody_measures_any_more_stays_as_it_was():
    """The kernel that says nothing has not found memory again."""
    decided = Degradation()
    decided.look(disk(15), 0.0)
    decided.look(disk(15), 700.0)
    for second in range(700, 1000):
        assert decided.look(Measures(), float(second)) == []
    assert decided.stored is MINUTES


def test_the_status_says_what_is_given_up_and_why():
    """Everything is kept, or each shortage with its figure; stored raw values make room on a short disk alone."""
    decided = Degradation()
    link = decided.link(5.0)
    assert (str(link), link.state, link.age_s, str(link.detail)) == ("keeping", OK, None, "everything is kept")
    assert decided.raw_s(172_800) == 172_800
    for now in (10.0, 650.0):
        decided.look(Measures(9e6, CARD, queue=3_000_000), now)
    link = decided.link(655.0)
    assert (link.state, link.age_s, link.figures) == (BROKEN, 5.0, {"given_up": 2.0})
    assert str(link.detail) == (
        "raw values and minutes are given up: the disk has 9.0 MB left, 40 MB are needed;"
        " raw values are given up: 3000000 readings waiting for one recipient, 2000000 may"
    )
    assert (decided.raw_s(172_800), decided.raw_s(1800)) == (3600, 1800)


def test_what_waits_gives_up_more_the_longer_it_waits():
    """Ten batches are whole, an hour has its minutes, a week its half hours, the indexes are there for ever."""
    waited = [given_up_waiting(place, 60.0 * place) for place in (0, 9, 10, 59, 60, 10_079, 10_080, 10**6)]
    assert waited == [NOTHING, NOTHING, RAW, RAW, MINUTES, MINUTES, HALF_HOURS, HALF_HOURS]
    # A replayed meter's hours are minutes, and the batches of every second are few minutes.
    assert given_up_waiting(5, 10**6) is NOTHING
    assert given_up_waiting(3000, 3000.0) is RAW


def test_the_kernel_is_asked_and_what_it_does_not_say_is_not_known(tmp_path):
    """Memory, this program's part of it, what waits for it, the least late turn; where no file is nothing is known."""
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "pressure").mkdir()
    resources = Resources(DiskSpace(tmp_path), tmp_path, {})
    nothing = resources.read(None)
    assert nothing.free_bytes > 0
    assert (nothing.available_bytes, nothing.resident_bytes, nothing.stalled, nothing.lag_s) == (None,) * 4
    (proc / "meminfo").write_text("MemTotal:  999 kB\nMemAvailable:   1000 kB\n")
    (proc / "self/statm").write_text("9000 500 100 1 0 2 0\n")
    (proc / "pressure/memory").write_text(
        "some avg10=9.00 avg60=12.50 avg300=1.00 total=5\nfull avg10=0.00 avg60=0.00\n"
    )
    for late in (3.0, 0.2, -0.1, 0.4):
        resources.late(late)
    found = resources.read(7)
    assert (found.available_bytes, found.stalled, found.lag_s, found.queue) == (1_024_000, 12.5, 0.0, 7)
    assert found.resident_bytes % 500 == 0
    assert Resources(DiskSpace(tmp_path / "gone"), tmp_path, {}).read(None).free_bytes is None
    (proc / "meminfo").write_text("MemAvailable:\n")
    assert resources.read(None).available_bytes is None


def test_this_machine_says_how_it_stands(tmp_path):
    """Linux tells memory and what this program takes of it."""
    found = Resources(SimpleNamespace(room=lambda: (1, 2))).read(None)
    assert found.available_bytes > 0
    assert 5e6 < found.resident_bytes < 5e9
