"""The calendar of a meter: what its labels say, by the minute, remembered from the eve, and never guessed."""

from collections import Counter
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from bench.streams import StreamKind
from gateway.tic.day_classes import PARIS, written, written_windows
from gateway.tic.frame import HISTORIC, STANDARD, Reader
from gateway.tic.hours import HourReason
from gateway.tic.profile import HourBase
from gateway.tic.reading import Interpreter
from gateway.tic.tariff_calendar import TariffCalendar
from gateway.tic.tariff_outlook import Unknown
from meter import clock
from meter.contract import CONTRACTS
from tests.gateway.tic.tariff_years import SimulatedYears

CAPTURES = Path(__file__).parents[2] / "frames"
ADDRESS = "041876000001"


def at(text):
    """The POSIX second of a time on the clock of the house."""
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp())


def wall(time):
    """The same the other way round."""
    return None if time is None else datetime.fromtimestamp(time, PARIS).isoformat(sep=" ", timespec="minutes")[:16]


def whole(blocks):
    """A profile with its unused places."""
    return " ".join(blocks.split() + ["NONUTILE"] * (11 - len(blocks.split())))


DAY = whole("00008002 0256C001 07568002 1156C001 14568002")
NIGHT = whole("0000C001 06368002 2236C001")
NAMES = {"1": "HEURE CREUSE", "2": "HEURE PLEINE", "3": "SUPER CREUSES"}


def standard(index, profile=DAY, days=("00", "00"), **more):
    """What a frame says of the tariff; ``more`` by the series' last level."""
    said = {
        "contract/tariff/index": f"0{index}",
        "contract/tariff": NAMES.get(str(index), "?"),
        "contract/day": days[0],
        "contract/day/next": days[1],
        "contract/day/next/profile": profile,
        "status/contact": "open",
    }
    return said | {path.replace("_", "/"): text for path, text in more.items()}


class Heard:
    """A calendar and all that it told."""

    def __init__(self, **options):
        self.calendar, self.notes, self.series, self.events = TariffCalendar(**options), {}, {}, []

    def hear(self, text, said, address=ADDRESS, drift_s=None):
        told = self.calendar.observe(at(text), said.items(), address, drift_s)
        self.series |= said | told.series
        for key, value in told.notes.items():
            self.notes.pop(key, None) if value is None else self.notes.__setitem__(key, value)
        self.events += told.events
        return self.calendar.outlook()

    def restart(self, text, **options):
        self.calendar = TariffCalendar(dict(self.notes), dict(self.series), at(text), ADDRESS, **options)

    def kinds(self):
        return Counter(event.kind for event in self.events)


def hours(found):
    """Windows as text; None where they are not known."""
    return None if found is None else written_windows(found)


def life(mode, contract, start, days, step_s=600):
    """(POSIX second, the simulated meter, the calendar, what it told) of a few days of a meter."""
    now = clock.parse_start(start, 0)
    end = now + days * 86_400_000
    meter = StreamKind("", mode, contract, 1, 3000 if contract == "producer" else 0).meter(now, seed=3)
    reader, interpreter, calendar = Reader(), Interpreter(), TariffCalendar()
    while now < end:
        for frame in reader.feed(b"".join(meter.next_frame(now).encode())):
            said = interpreter.interpret(frame, datetime.fromtimestamp(now / 1000, UTC))
            if said:
                pairs = ((reading.series, reading.value) for reading in said.readings)
                yield now // 1000, meter, calendar, calendar.observe(int(said.time.timestamp()), pairs, said.meter)
        now += step_s * 1000


def captured(name):
    """What is known after the frames of a file, of which the last came at 22:40 where they have no time."""
    reader, interpreter, calendar = Reader(), Interpreter(), TariffCalendar()
    for frame in reader.feed((CAPTURES / name).read_bytes()):
        if said := interpreter.interpret(frame, datetime(2026, 1, 12, 21, 40, tzinfo=UTC)):
            pairs = ((reading.series, reading.value) for reading in said.readings)
            calendar.observe(int(said.time.timestamp()), pairs, said.meter)
    return calendar.outlook()


_ALL = [(contract, mode) for contract in CONTRACTS for mode in (HISTORIC, STANDARD)]
_SOME = [*((contract, mode) for contract in ("tempo", "ejp") for mode in (HISTORIC, STANDARD)), ("weekend", STANDARD)]


@pytest.mark.parametrize(
    ("contract", "mode"), [pytest.param(*one, marks=[] if one in _SOME else pytest.mark.campaign) for one in _ALL]
)
def test_what_a_meter_of_each_contract_says_comes_true(contract, mode):
    """When its class ends is known, exactly or not at all; a contract that has hours is known from the third day on."""
    known = asked = 0
    for now, meter, calendar, told in life(mode, contract, "2025-01-10T15:00", 2 + (contract == "hc")):
        outlook = calendar.outlook()
        assert not [event for event in told.events if event.kind == "profile-contradicted"]
        asked += now > clock.parse_start("2025-01-12T00:10", 0) // 1000
        if outlook.until is None:
            continue
        known += now > clock.parse_start("2025-01-12T00:10", 0) // 1000
        word, ends = meter.calendar.at(now).index, now - now % 60
        while meter.calendar.at(ends).index == word:
            ends += 60
        # Of a change between two frames ten minutes apart historic mode learns no more.
        assert abs(outlook.until - ends) <= (0 if mode == STANDARD or contract == "tempo" else 300), wall(now)
    if contract in ("hc", "tempo") or (contract, mode) == ("weekend", STANDARD):
        assert known >= asked * 0.5
    elif contract != "ejp":
        assert known == 0


@pytest.mark.parametrize(
    ("name", "word", "today", "tomorrow"),
    [
        ("real/s1-base-linky-linkytic-tests.raw", "1", "", ""),
        ("real/h1-base-linky-enedis.raw", "TH..", "", ""),
        ("real/h1-tempo-linky-esciara-bin.raw", "HCJB", "00:00/06:00 22:00/24:00", "00:00/06:00 22:00/24:00"),
        ("synthetic/h1-ejp-with-notice.raw", "PM..", "", None),
        ("synthetic/h1-hc-adps.raw", "HP..", None, None),
    ],
)
def test_captured_frames_give_the_hours_that_their_labels_say(name, word, today, tomorrow):
    """Real meters of each contract, and two that were built; what a single frame cannot say is not said."""
    outlook = captured(name)
    assert (outlook.word, hours(outlook.today), hours(outlook.tomorrow)) == (word, today, tomorrow)


def test_a_captured_profile_gives_its_classes_where_no_name_says_which_is_cheap():
    """Enedis' own frame: hours that could be both are those of eight off-peak ones, its index is called "INACTIF 2"."""
    outlook = captured("real/s1-hc-linky-enedis.raw")
    assert written(outlook.classes_today) == "00:00 2,01:00 1,06:00 2,12:30 1,15:30 2"
    assert outlook.classes_tomorrow == outlook.classes_today
    assert (wall(outlook.until), outlook.next_word) == ("2017-09-15 12:30", "1")
    assert (outlook.today, outlook.why) == (None, Unknown.NAMES)


def test_off_peak_until_half_past_seven_then_from_the_afternoon_on():
    """The class that counts, until when, when the next off-peak hours begin, and those of both days."""
    heard = Heard()
    heard.hear("2026-12-03 12:00", standard(1))
    outlook = heard.hear("2026-12-03 12:10", standard(1))
    assert (outlook.word, wall(outlook.until), outlook.next_word) == ("1", "2026-12-03 14:56", "2")
    assert (outlook.off_peak, wall(outlook.off_peak_next)) == (True, "2026-12-04 02:56")
    assert heard.series["contract/off-peak/today"] == "02:56/07:56 11:56/14:56"
    assert heard.series["contract/tariff/until"] == "2026-12-03T13:56:00Z"
    assert heard.series["contract/tariff/next"] == "2"  # nobody has heard what the other is called
    heard.hear("2026-12-03 14:56", standard(2))
    assert heard.series["contract/tariff/next"] == "HEURE CREUSE"


def test_a_day_is_remembered_from_the_eve_over_a_restart():
    """Tomorrow is of another type: its hours are those that were sent of it the evening before."""
    heard = Heard()
    heard.hear("2026-12-04 23:50", standard(2, NIGHT, ("00", "01")))
    assert heard.calendar.outlook().why is Unknown.FIRST_DAY
    heard.restart("2026-12-04 23:55")
    outlook = heard.hear("2026-12-05 00:10", standard(1, DAY, ("01", "00")))
    assert (hours(outlook.today), hours(outlook.tomorrow)) == ("00:00/06:36 22:36/24:00", "02:56/07:56 11:56/14:56")


def test_a_profile_that_is_not_what_counts_is_not_believed_and_counted():
    """The index says peak hours in the middle of what the profile calls off-peak: today is not known any more."""
    heard = Heard()
    heard.hear("2026-12-03 02:00", standard(2))
    heard.hear("2026-12-03 02:56", standard(1))
    outlook = heard.hear("2026-12-03 05:00", standard(2))
    assert (outlook.why, outlook.today, outlook.until) == (Unknown.CONTRADICTED, None, None)
    assert (outlook.contradictions, hours(outlook.tomorrow)) == (1, "02:56/07:56 11:56/14:56")
    heard.hear("2026-12-03 05:09", standard(2))
    assert heard.kinds()["profile-contradicted"] == 1
    heard.restart("2026-12-03 05:10")
    assert heard.hear("2026-12-03 05:11", standard(2)).contradictions == 1


@pytest.mark.parametrize("second", ["1", "2"])
def test_the_hour_that_comes_twice_contradicts_no_profile(second):
    """Off-peak begins at 2:56; at the second 2:20 of that night a meter may count either: nobody accuses it."""
    heard = Heard()
    heard.hear("2026-10-24 12:00", standard(1))
    for hour, index in (("01:30", "2"), ("02:20", "2"), ("02:56", "1")):
        heard.hear(f"2026-10-25 {hour}", standard(index))
    later = at("2026-10-25 02:20") + 3600
    heard.calendar.observe(later, standard(second).items(), ADDRESS)
    outlook = heard.hear("2026-10-25 04:00", standard("1"))
    assert (outlook.why, outlook.contradictions, wall(outlook.until)) == (None, 0, "2026-10-25 07:56")
    assert not heard.kinds()["profile-contradicted"]


def test_hours_that_could_be_both_are_not_said_until_one_comes_true():
    """Nothing of today, nothing of tomorrow; from the change on both, and the reason is kept."""
    both = whole("00008001 10008002 15008003")
    heard = Heard()
    outlook = heard.hear("2026-12-03 09:00", standard(1, both))
    assert (outlook.why, outlook.today, outlook.tomorrow) == (Unknown.HOURS, None, None)
    assert heard.series["contract/off-peak/tomorrow"] == "unknown"
    heard.hear("2026-12-03 15:59:58".replace("59:58", "55"), standard(1, both))
    outlook = heard.hear("2026-12-03 16:00", standard(2, both))
    assert heard.calendar.memory.standard.hours.base is HourBase.HEXADECIMAL
    assert (wall(outlook.until), outlook.why) == ("2026-12-03 21:00", None)
    heard.restart("2026-12-03 16:01")
    assert heard.calendar.memory.standard.hours.reason is HourReason.CAME_TRUE
    assert heard.kinds()["profile-hours"] == 1


def test_another_meter_decides_anew():
    """The serial number changed: what the old one wrote says nothing of this one."""
    heard = Heard()
    heard.hear("2026-12-03 12:00", standard(1, whole("00008002 0D1A8001 0E1A8002")))
    assert heard.calendar.memory.standard.hours.base is HourBase.HEXADECIMAL
    heard.hear("2026-12-03 12:02", standard(1, DAY), "041876000002")
    assert heard.calendar.memory.standard.hours.base is HourBase.DECIMAL
    assert heard.kinds()["profile-hours"] == 2


def test_a_contact_is_not_a_price():
    """The contact is open at midday, and off-peak it is (C001 and 8001); the two are said apart."""
    heard = Heard()
    outlook = heard.hear("2026-12-03 13:30", standard(1, whole("00008002 0038C001 07388002 0D1A8001 0E1A8002")))
    assert (outlook.off_peak, outlook.contact_closed) == (True, False)
    assert hours(outlook.today) == "00:56/07:56 13:26/14:26"


def test_the_price_says_which_class_is_cheap_where_no_name_does():
    """And without a price nobody knows."""
    said = standard(1) | {"contract/tariff": "INDEX A"}
    assert Heard().hear("2026-12-03 12:00", said).why is Unknown.NAMES
    prices = {"1": Fraction("0.1579"), "2": Fraction("0.2065")}
    heard = Heard(prices=lambda _names, _day: prices)
    assert hours(heard.hear("2026-12-03 12:00", said).today) == "02:56/07:56 11:56/14:56"


def test_off_peak_hours_of_two_classes_are_one():
    """Super off-peak within off-peak: it ends when both have ended."""
    profile = whole("00008001 02008003 06008001 07008002 23008001")
    heard = Heard()
    for hour, index in (("00:30", 1), ("02:30", 3), ("06:30", 1)):
        outlook = heard.hear(f"2026-12-03 {hour}", standard(index, profile))
    assert (wall(outlook.off_peak_end), wall(outlook.off_peak_next)) == ("2026-12-03 07:00", "2026-12-03 23:00")


def test_a_peak_has_the_profile_that_was_sent_before_it():
    """PPOINTE is gone when the peak begins, and the calendar knows it all the same."""
    blue = whole("00004001 06004002 22004001")
    peak = {
        "contract/calendar": "TEMPO",
        "contract/peak/2/begin": "2026-12-04T05:00:00Z",
        "contract/peak/2/end": "2026-12-05T05:00:00Z",
    }
    eve = standard(2, blue) | peak | {"contract/peak/profile": whole("00004005 06004006 22004005")}
    heard = Heard()
    heard.hear("2026-12-03 21:00", eve)
    outlook = heard.hear("2026-12-03 22:00", eve | {"contract/tariff/index": "01"})
    assert (wall(outlook.until), outlook.next_word) == ("2026-12-04 06:00", "6")
    heard.restart("2026-12-04 05:55")
    outlook = heard.hear("2026-12-04 06:00", standard(6, blue) | peak | {"contract/peak/running": "2"})
    assert (wall(outlook.until), outlook.next_word) == ("2026-12-04 22:00", "5")
    assert heard.kinds()["profile-contradicted"] == 0


def test_tomorrow_is_red_and_eighteen_red_days_are_left():
    """Of a season that was lived from its beginning; four red days have been."""
    said = {"contract/option": "BBR(", "contract/tempo/tomorrow": "BLEU"}
    heard = Heard()
    for number in range(date(2026, 9, 1).toordinal(), date(2026, 12, 11).toordinal()):
        day = date.fromordinal(number)
        letter = "R" if day.month == 12 and 1 <= day.day <= 4 else "B"
        said |= {"contract/tariff": f"HPJ{letter}"}
        heard.hear(f"{day} 12:00", said)
        heard.hear(f"{day} 12:05", said)
    outlook = heard.hear("2026-12-10 20:00", said | {"contract/tempo/tomorrow": "ROUG"})
    assert (outlook.colour_tomorrow, str(outlook.left["ROUG"]), str(outlook.left["BLAN"])) == ("ROUG", "18", "43")
    assert (wall(outlook.until), outlook.next_word) == ("2026-12-10 22:00", "HCJB")
    assert heard.series["contract/tempo/red/left"] == "18"


def test_a_notice_of_ejp_says_when_the_peak_begins_and_ends():
    """From seven to one of the next day."""
    normal = {"contract/option": "EJP.", "contract/tariff": "HN..", "contract/ejp/notice": "0"}
    heard = Heard()
    heard.hear("2026-12-03 06:20", normal)
    outlook = heard.hear("2026-12-03 06:31", normal | {"contract/ejp/notice": "1800"})
    assert (wall(outlook.until), outlook.next_word) == ("2026-12-03 07:00", "PM..")
    outlook = heard.hear("2026-12-03 07:00", normal | {"contract/tariff": "PM..", "contract/ejp/notice": "1800"})
    assert outlook.off_peak is False
    outlook = heard.hear("2026-12-04 00:10", normal | {"contract/tariff": "PM..", "contract/ejp/notice": "1800"})
    assert (wall(outlook.until), outlook.next_word) == ("2026-12-04 01:00", "HN..")


def test_a_meter_whose_clock_is_off_changes_by_that_clock():
    """Three hours and a half ahead, as one was: its hours come three hours and a half earlier by ours."""
    heard = Heard()
    heard.hear("2026-12-03 09:00", standard(1), drift_s=12_600.0)
    assert heard.series["contract/tariff/until"] == "2026-12-03T10:26:00Z"
    assert heard.calendar.outlook().drift_s == 12_600


def test_a_mode_that_is_switched_loses_nothing_and_invents_no_change():
    """The same hours by other words: what was learned stays, and nothing changed at that moment."""
    heard = Heard()
    heard.hear("2026-12-03 12:00", {"contract/option": "HC..", "contract/tariff": "HC.."})
    heard.hear("2026-12-03 12:01", standard(1))
    assert not [key for key in heard.notes if key[0] == "change"]
    assert heard.calendar.outlook().word == "1"


def test_another_contract_is_learned_anew_and_is_no_move():
    """Off-peak hours become Tempo: nothing of before is expected, and nobody is told that hours have moved."""
    heard = Heard()
    for day in range(1, 12):
        for time, word in (("00:05", "HC"), ("06:35", "HC"), ("06:36", "HP"), ("22:35", "HP"), ("22:36", "HC")):
            heard.hear(f"2026-12-{day:02} {time}", {"contract/option": "HC..", "contract/tariff": f"{word}.."})
        heard.hear(f"2026-12-{day:02} 23:59", {"contract/option": "HC..", "contract/tariff": "HC.."})
    heard.restart("2026-12-11 23:59")
    outlook = heard.hear("2026-12-12 00:05", {"contract/option": "BBR(", "contract/tariff": "HCJB"})
    assert (wall(outlook.until), hours(outlook.today)) == ("2026-12-12 06:00", "00:00/06:00 22:00/24:00")
    assert not [key for key in heard.notes if key[0] in ("change", "schedule", "name")]
    assert heard.kinds()["off-peak-moved"] == 0


def test_tomorrow_has_no_colour_once_tempo_is_left():
    """The last colour that was heard is neither said of the next contract nor after a restart."""
    heard, other = Heard(), {"contract/option": "HC..", "contract/tariff": "HP.."}
    tempo = {"contract/option": "BBR(", "contract/tariff": "HPJB", "contract/tempo/tomorrow": "ROUG"}
    assert heard.hear("2026-12-03 12:00", tempo).colour_tomorrow == "ROUG"
    assert heard.hear("2026-12-03 12:10", other).colour_tomorrow is None
    assert heard.series["contract/tempo/red/left"] == "unknown"
    heard.restart("2026-12-03 12:11")
    assert heard.hear("2026-12-03 12:12", other).colour_tomorrow is None


def test_one_date_of_a_far_future_costs_nothing_that_was_learned():
    """A damaged date may pass its checksum: what was noted stays, what comes is noted, the old goes in time."""
    years = SimulatedYears([(date(2026, 1, 1), ((0, 396), (1356, 1440)))], seed=8, outages=0.0)
    years.run(date(2026, 1, 5), date(2026, 1, 20))
    before = {key for key in years.notes if key[0] in ("change", "schedule")}
    told = years.calendar.observe(at("2036-01-20 12:00"), years.said(date(2026, 1, 20), False).items())
    years.notes.update({key: text for key, text in told.notes.items() if text is not None})
    years.run(date(2026, 1, 20), date(2026, 1, 26))
    assert before <= years.notes.keys()
    assert {number for kind, number in years.notes if kind == "day"} >= {
        at(f"2026-01-{day} 00:00") for day in range(21, 25)
    }
    years.run(date(2026, 1, 26), date(2026, 5, 1))
    changes = [number for kind, number in years.notes if kind == "change"]
    assert at("2026-02-28 00:00") < min(changes) < max(changes) < at("2026-05-01 00:00")
    assert not [number for _, number in years.notes if number > at("2026-05-02 00:00")]


def test_a_frame_without_a_class_says_nothing():
    """Short frames, and those of industrial meters."""
    heard = Heard()
    assert heard.hear("2026-12-03 12:00", {"status/contact": "open"}) is None
    assert heard.hear("2026-12-03 12:00", {"contract/tariff": "HCE"}) is None
