"""One meter's frames on their way to the store: dated at once, later or by another clock, and never another meter's."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from gateway.daemon.clock import HostClock
from gateway.daemon.happenings import AN_HOUR, AT_ONCE
from gateway.daemon.meter import MeterReader
from gateway.errors import StoreError
from gateway.store.breaks import Breaks
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.tic.clock import Belief
from gateway.tic.frame import Reader
from gateway.tic.quality import Fault, SignalQuality, Window
from meter import clock as simulated_clock
from meter.frames import MeterIdentity
from meter.living import Linky
from tests.prepared import prepare

START = int(datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC).timestamp())
INDEX = "consumption/energy/active/index"
CURVE = "consumption/power/active/raw"
# What a board shows before a network has told it the time: when it was switched off.
BEHIND_S = 40_000


class Board:
    """A board with a database and meters' readers; its clock is set by hand, as are its starts."""

    def __init__(self, directory, *, knows=False):
        self.directory, self.knows, self.boot = directory / "data", knows, "boot-1"
        self.seconds = 100.0
        prepare(self.directory)
        self.restart()

    def restart(self, boot=None):
        """The daemon starts (again), with nothing in memory."""
        if hasattr(self, "store"):
            self.store.close()
        self.boot = boot or self.boot
        root = self.directory.parent / "root"
        for path, text in (("proc/sys/kernel/random/boot_id", self.boot), ("sys/firmware/devicetree/base/model", "Pi")):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        self.store = Store(self.directory)
        self.host = HostClock(
            root=root,
            since_boot=lambda: self.seconds,
            wall=lambda: START + self.seconds,
            synchronized=lambda: self.knows,
        )
        self.lost = self.store.undated.give_up(self.boot)
        self.owners, self.readers, self.broken = {}, {}, False

    def reader(self, name="house", belief=Belief.AUTO):
        if name not in self.readers:
            known = self.store.meters.add(name)
            kept = self.store.undated.count(name, self.boot)
            values = self.store.readings.last_values(name)
            self.readers[name] = MeterReader(known, values, Wire(), self.host, belief, kept, self.owners)
        return self.readers[name]

    def hear(self, data, time, name="house", **options):
        """A frame comes at that POSIX second, by whatever clock is right."""
        self.seconds = float(time - START + 100)
        shown = time if self.knows else time - BEHIND_S
        reader = self.reader(name, **options)
        reader.line.bring(data, datetime.fromtimestamp(shown, UTC))
        asyncio.run(reader.read(asyncio.Event(), self))

    async def commit(self):
        if self.broken:
            raise StoreError("the card is full")
        self.store.batches.write([reader.recorder.take() for reader in self.readers.values()], START)

    async def undated(self, meter, boot, limit):
        return self.store.undated.oldest(meter, boot, limit)

    def points(self, path=INDEX, name="house", granularity=Granularity.RAW):
        asyncio.run(self.commit())
        found = self.store.readings.page(name, path, granularity, 0, 2**40, 100_000)
        return {point.time: point.value for point in found if point.series.path == path}

    def events(self):
        asyncio.run(self.commit())
        return [(event.kind, event.detail) for event in self.store.readings.events()]


class Wire:
    """A line that brings what it is given."""

    finite, receipt, age_s = False, None, 0.0

    def __init__(self):
        self.quality = SignalQuality(0.0)
        self._bytes, self._brought = Reader(), []

    def bring(self, data, received):
        self._brought = [(frame, received) for frame in self._bytes.feed(data)]

    async def frames(self):
        for frame, received in self._brought:
            yield frame, received


@pytest.fixture
def board(tmp_path):
    """A board that has just started and does not know the time."""
    opened = Board(tmp_path)
    yield opened
    opened.store.close()


class Metered:
    """A simulated meter, and the truth of its index at each second at which it spoke."""

    def __init__(self, mode="historic", serial="000042", start=START, **options):
        self.meter = Linky(mode=mode, identity=MeterIdentity(serial=serial), start_ms=start * 1000, **options)
        self.truth = {}

    def says(self, time):
        data = b"".join(self.meter.next_frame(time * 1000).encode())
        self.truth[time] = sum(self.meter.metrology.supplier)
        return data


def day(board, meter, times, **options):
    for time in times:
        board.hear(meter.says(time), time, **options)


def test_what_came_before_the_time_was_known_is_dated_afterwards(board):
    """A board starts without a network; twenty minutes later it knows the time, and every value has its second."""
    meter = Metered()
    day(board, meter, range(START, START + 1200, 2))
    assert board.points() == {}
    board.knows = True
    day(board, meter, range(START + 1200, START + 1300, 2))
    points = board.points()
    assert len(points) > 20
    assert points.items() <= meter.truth.items()
    assert min(points) < START + 10
    assert board.reader().kept == 0
    assert board.store.undated.count("house", board.boot) == 0


def test_the_half_hours_of_a_day_without_the_time_are_made_all_the_same(board):
    """Enough frames are kept for them, and far less than came."""
    meter, begun = Metered(), START + 6 * 3600
    day(board, meter, range(START, begun, 10))
    assert board.reader().kept < 900
    board.knows = True
    day(board, meter, range(begun, begun + 60, 2))
    half_hours = board.points(granularity=Granularity.HALF_HOUR)
    assert list(half_hours) == [START - START % 1800 + n * 1800 for n in range(1, 13)]
    assert all(abs(value - meter.truth[min(meter.truth, key=lambda t: abs(t - time))]) <= 5
               for time, value in half_hours.items())  # fmt: skip


def test_a_daemon_killed_in_between_loses_nothing_and_doubles_nothing(board):
    """What is committed without a date is dated by the next daemon of the same start of the machine."""
    meter = Metered()
    day(board, meter, range(START, START + 300, 2))
    asyncio.run(board.commit())
    board.restart()
    assert board.reader().kept == 150
    day(board, meter, range(START + 300, START + 400, 2))
    board.knows = True
    day(board, meter, range(START + 400, START + 500, 2))
    points = board.points()
    assert points.items() <= meter.truth.items()
    assert min(points) < START + 10


def test_frames_of_an_earlier_start_are_given_up_and_said_so(board):
    """Nobody knows when the machine was off."""
    meter = Metered()
    day(board, meter, range(START, START + 100, 2))
    asyncio.run(board.commit())
    board.restart("boot-2")
    assert board.lost == 50
    board.knows = True
    day(board, meter, range(START + 1000, START + 1020, 2))
    assert min(board.points()) >= START + 1000
    assert ("undated-lost", {"frames": 50}) in board.events()


def test_a_full_card_delays_the_dating_and_loses_nothing(board):
    """The frames wait until they can be dated in one transaction with their values."""
    meter = Metered()
    day(board, meter, range(START, START + 100, 2))
    board.knows, board.broken = True, True
    day(board, meter, range(START + 100, START + 200, 2))
    assert board.reader().kept == 100
    board.broken = False
    day(board, meter, range(START + 200, START + 300, 2))
    points = board.points()
    assert points.items() <= meter.truth.items()
    assert min(points) < START + 10
    assert len(set(points)) == len(points) > 5


def test_a_meter_with_a_clock_needs_no_host_that_knows_the_time(board):
    """Standard mode goes on as ever, by its own time."""
    meter = Metered("standard")
    day(board, meter, range(START, START + 20))
    points = board.points()
    assert points.items() <= meter.truth.items()
    assert points
    assert board.reader().clock.drift_s is None


def test_a_meters_clock_dates_what_came_while_it_was_degraded(board):
    """The meter finds its time again before the board does: the frames before get theirs by it."""
    meter = Metered("standard")
    meter.meter.injure(["clock", "degraded"])
    day(board, meter, range(START, START + 60))
    assert board.points() == {}
    meter.meter.injure(["clock", "good"])
    day(board, meter, range(START + 60, START + 80))
    points = board.points()
    assert points.items() <= meter.truth.items()
    assert min(points) < START + 10


def test_a_wrong_clock_is_an_event_and_its_curve_is_not_believed(board):
    """Three hours and a half ahead: the host's seconds, no point of the meter's own curve, and the end is told too."""
    board.knows = True
    meter = Metered("standard", start=START + 12_600)
    for time in range(START, START + 30):
        board.hear(meter.says(time + 12_600), time)
    assert {time + 12_600: value for time, value in board.points().items()}.items() <= meter.truth.items()
    assert board.points(CURVE) == {}
    assert board.events()[0] == ("clock-wrong", {"drift_s": 12_600})
    counts = board.reader().line.quality.tally(Window.MINUTE, 0.0).counts
    assert counts[Fault.WIDTH] == 0


def test_a_meter_that_is_said_to_be_wrong_gets_the_hosts_time(board):
    """``clock = "host"``: from the first frame on."""
    board.knows = True
    meter = Metered("standard", start=START + 100)
    for time in range(START, START + 10):
        board.hear(meter.says(time + 100), time, belief=Belief.HOST)
    assert {time + 100: value for time, value in board.points().items()}.items() <= meter.truth.items()


def test_two_meters_keep_their_series_when_their_cables_are_exchanged(board):
    """Each address goes to its own series, whatever the port; the event says which port it has now."""
    board.knows = True
    meters = {"house": Metered("standard", "000042"), "barn": Metered("standard", "000777", seed=9)}
    for time in range(START, START + 60):
        crossed = time >= START + 30
        for name, meter in meters.items():
            port = {"house": "barn", "barn": "house"}[name] if crossed else name
            board.hear(meter.says(time), time, port)
    for name, meter in meters.items():
        points = board.points(name=name)
        assert points.items() <= meter.truth.items()
        assert max(points) > START + 40
    kinds = [kind for kind, _ in board.events()]
    assert kinds.count("port-changed") == 2
    assert "meter-replaced" not in kinds
    assert board.readers["house"].heard.name == "barn"


def test_exchanged_cables_of_two_modes_switch_nobody_s_mode(board):
    """What is heard first at each port is the rest of a frame, without an address: it is nobody's."""
    board.knows = True
    meters = {"house": Metered("standard", "000042"), "barn": Metered("historic", "000777", seed=9)}
    for time in range(START, START + 120, 3):
        crossed = START + 30 <= time < START + 75
        for name, meter in meters.items():
            port = {"house": "barn", "barn": "house"}[name] if crossed else name
            said = meter.says(time)
            if time in (START + 30, START + 75):
                # All but the first groups, which have the address.
                groups = said.strip(b"\x02\x03").split(b"\r")[4:-1]
                said = b"\x02" + b"".join(group + b"\r" for group in groups) + b"\x03"
            board.hear(said, time, port)
    kinds = [kind for kind, _ in board.events()]
    assert "mode-switched" not in kinds
    assert kinds.count("port-changed") == 4
    for name, meter in meters.items():
        points = board.points(name=name)
        assert points.items() <= meter.truth.items()
        assert max(points) > START + 80


def test_a_damaged_address_on_an_exchanged_cable_is_still_the_same_meter(board):
    """One frame that says another address changes nothing; a new meter that says it again and again is the port's."""
    board.knows = True
    house, barn = Metered("standard", "000042"), Metered("standard", "000777", seed=9)
    for time in range(START, START + 10):
        board.hear(house.says(time), time, "house")
        board.hear(barn.says(time), time, "barn")
    stranger = Metered("standard", "000999", seed=11)
    for time in range(START + 10, START + 20):
        board.hear((stranger if time == START + 15 else barn).says(time), time, "house")
    assert board.readers["house"].heard.name == "barn"
    for time in range(START + 20, START + 30):
        board.hear(stranger.says(time), time, "house")
    assert board.readers["house"].heard.name == "house"
    assert ("meter-replaced", {"before": "022162000042", "after": "022162000999"}) in board.events()


def test_a_line_that_says_another_meter_s_address_is_not_believed_while_that_meter_speaks(board, caplog):
    """Not one point of it is stored, no event either; it is told once. Ten seconds without the meter's own line, and
    its cable has been exchanged."""
    board.knows = True
    house, liar = Metered("standard", "000042"), Metered("standard", "000042", seed=9)
    for time in range(START, START + 30):
        board.hear(house.says(time), time, "house")
        board.hear(liar.says(time), time, "barn")
    assert board.points().items() <= house.truth.items()
    assert board.points(name="barn") == {}
    assert "port-changed" not in [kind for kind, _ in board.events()]
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "meter barn: its line says that it is the meter house, whose own line speaks; it is not believed"
    ]
    for time in range(START + 30, START + 60):
        board.hear(house.says(time), time, "barn")
    assert board.points().items() <= house.truth.items()
    assert max(board.points()) > START + 55
    assert [kind for kind, _ in board.events()].count("port-changed") == 1


def test_what_happens_over_and_over_is_told_once_a_minute(board, caplog):
    """A damaged line may make an event of each frame: the log does not grow with them."""
    board.knows = True
    caplog.set_level("INFO")
    flap(board, START, START + 130)
    told = [record.message for record in caplog.records]
    assert told.count("meter house: mode-switched") == 1
    assert len([message for message in told if "change over and over" in message]) == 2


def flap(board, begin, end):
    """Each second the line is another meter's: what ends its indexes happens with every frame."""
    meters = [Metered("standard", start=begin), Metered("historic", start=begin)]
    for time in range(begin, end):
        board.hear(meters[time % 2].says(time), time)


def no_energy_gets_across(board, times):
    """Between readings that are stored on either side of one of these seconds nothing is reckoned."""
    indexes, breaks = sorted(board.points()), Breaks.of(INDEX, board.store.energy.possible_breaks("house"))
    spanning = [(one, next_) for one, next_ in pairwise(indexes) if any(one < time <= next_ for time in times)]
    assert len(spanning) > 20
    assert all(breaks.between(*pair) for pair in spanning)
    assert max(indexes) >= max(times)


def test_a_flood_of_breaks_is_stored_as_few_and_no_energy_gets_across(board):
    """Of 400 breaks in seven minutes those that are not stored are counted; no two readings hide one."""
    board.knows = True
    flap(board, START, START + 400)
    alone = Metered("historic", start=START + 400)
    for time in range(START + 400, START + 600):
        board.hear(alone.says(time), time)
    switches = [detail for kind, detail in board.events() if kind == "mode-switched"]
    assert AT_ONCE < len(switches) <= AT_ONCE + 600 * AN_HOUR // 3600 + 1
    assert len(switches) + sum(detail.get("more", 0) for detail in switches) == 400
    no_energy_gets_across(board, range(START + 1, START + 400))


def test_a_break_that_waits_outlives_the_daemon(board):
    """Killed while breaks are too many to be stored, it finds the last of them again before it stores a reading."""
    board.knows = True
    flap(board, START, START + 100)
    asyncio.run(board.commit())
    board.restart()
    flap(board, START + 100, START + 110)
    no_energy_gets_across(board, range(START + 1, START + 110))


def test_the_clock_change_night_by_the_hosts_time_has_every_second_once(board):
    """The hour that comes twice in a household's clock does not in UTC."""
    board.knows = True
    begin = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    meter = Metered(start=begin)
    day(board, meter, range(begin, begin + 7200, 10))
    points = board.points()
    assert points.items() <= meter.truth.items()
    assert list(points) == sorted(set(points))
    assert simulated_clock.horodate(begin)[0] == "E"
    assert timedelta(seconds=max(points) - min(points)) > timedelta(minutes=110)


def test_displays_see_what_nobody_can_date_and_never_what_is_of_the_past(board):
    """A power is told at once, before the time is known; dating it afterwards tells no display an old one."""
    meter, told = Metered(), []

    def tell(readings, at, *, standard):
        power = next(reading.value for reading in readings if reading.series == "consumption/power/apparent/raw")
        told.append((power, at, standard))

    board.reader().listeners.append(tell)
    day(board, meter, range(START, START + 100, 2))
    assert len(told) == 50
    assert {at for _, at, _ in told} == {None}
    board.knows = True
    told.clear()
    day(board, meter, range(START + 100, START + 110, 2))
    assert [at.timestamp() for _, at, _ in told] == [*range(START + 100, START + 110, 2)]
    assert not any(standard for _, _, standard in told)
