"""The codes of a meter, the series of states that they give, and the events of their changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tic.events import Events, Happening
from gateway.tic.frame import Frame, Group, Reader
from gateway.tic.profile import ContactOrder, ProfileBlock, parse_profile
from gateway.tic.reading import Interpreter, Kind
from gateway.tic.states import (
    Breaker,
    Colour,
    Euridis,
    PowerLine,
    TariffOption,
    parse_option,
    parse_phases,
    parse_register,
    parse_relays,
    period_colour,
)
from tests.gateway.tic import capture

START = datetime(2026, 1, 6, 10, 0, tzinfo=UTC)


# STGE.

# Of real meters: what each of them says beside the fields of a plain consumer in standard mode with a good clock.
PLAIN = {
    "contact_closed": True,
    "breaker": Breaker.CLOSED,
    "cover_open": False,
    "overvoltage": False,
    "overload": False,
    "producer": False,
    "injecting": False,
    "supplier_index": 1,
    "distributor_index": 1,
    "clock_degraded": False,
    "standard_mode": True,
    "euridis": Euridis.SECURED,
    "power_line": PowerLine.LOCKED,
    "power_line_synchronised": False,
    "tempo_today": Colour.UNKNOWN,
    "tempo_tomorrow": Colour.UNKNOWN,
    "peak_notice": 0,
    "peak_running": 0,
}
OPEN_2_2 = {"contact_closed": False, "supplier_index": 2, "distributor_index": 2}
REAL = {
    "003A0000": {},
    "003A0001": {"contact_closed": False},
    "003A4401": OPEN_2_2,
    "000A4411": OPEN_2_2 | {"cover_open": True, "euridis": Euridis.UNSECURED, "power_line": PowerLine.UNLOCKED},
    "003A8000": {"distributor_index": 3},
    "003AC301": {"contact_closed": False, "producer": True, "injecting": True, "distributor_index": 4},
    "003A0301": {"contact_closed": False, "producer": True, "injecting": True},
    "002A0301": {"contact_closed": False, "producer": True, "injecting": True, "euridis": Euridis.UNSECURED},
    "003A0101": {"contact_closed": False, "producer": True},
    "013AC401": {
        "contact_closed": False,
        "supplier_index": 2,
        "distributor_index": 4,
        "tempo_today": Colour.BLUE,
    },
    "9B3A9000": {
        "supplier_index": 5,
        "distributor_index": 3,
        "tempo_today": Colour.RED,
        "tempo_tomorrow": Colour.WHITE,
        "peak_notice": 1,
        "peak_running": 2,
    },
}


@pytest.mark.parametrize(("text", "other"), REAL.items())
def test_the_register_of_a_real_meter(text, other):
    """Every field, as read off meters in houses."""
    register = parse_register(text)
    assert {name: getattr(register, name) for name in PLAIN} == PLAIN | other


@pytest.mark.parametrize(
    ("bit", "field", "value"),
    [
        (0, "contact_closed", False),
        (4, "cover_open", True),
        (6, "overvoltage", True),
        (7, "overload", True),
        (8, "producer", True),
        (9, "injecting", True),
        (16, "clock_degraded", True),
        (17, "standard_mode", True),
        (23, "power_line_synchronised", True),
    ],
)
def test_each_bit_is_one_field(bit, field, value):
    """One bit set changes one field, and the unused bits 5 and 18 none (nasty input 3.7)."""
    none, one = parse_register("00000000"), parse_register(f"{1 << bit:08X}")
    assert getattr(one, field) is value
    assert [name for name in PLAIN if getattr(none, name) != getattr(one, name)] == [field]
    assert parse_register("00040020") == none


@pytest.mark.parametrize(("code", "breaker"), list(enumerate(Breaker)))
def test_the_breaker_says_why_it_is_open(code, breaker):
    """Six causes; the seventh code is not defined."""
    assert parse_register(f"{code << 1:08X}").breaker is breaker


def test_the_codes_of_euridis_and_of_the_power_line():
    """00 off, 01 without, 11 with security, 10 undefined; new unlocked, new locked, registered, undefined."""
    assert [parse_register(f"{code << 19:08X}").euridis.value for code in range(4)] == [
        "off", "unsecured", "undefined", "secured",
    ]  # fmt: skip
    assert [parse_register(f"{code << 21:08X}").power_line.value for code in range(4)] == [
        "new-unlocked", "new-locked", "registered", "undefined",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "003A000", "003A00000", "003a0000", "003A 000", "+03A0000", "0x3A0000", "003A000٣"]
)
def test_what_is_not_a_register_is_none(text):
    """Eight upper-case hexadecimal digits, nothing else."""
    assert parse_register(text) is None


@given(st.integers(0, 2**32 - 1))
def test_every_register_is_decoded(bits):
    """No value raises, and its JSON holds plain values only."""
    register = parse_register(f"{bits:08X}")
    assert all(isinstance(value, str | int) for value in register.as_json().values())
    assert all(isinstance(value, str) for value in register.series().values())


# Relays, phases, options.


def test_enedis_example_of_relays():
    """140: relays 3, 4 and 8 are closed."""
    assert [number for number, closed in enumerate(parse_relays("140"), 1) if closed] == [3, 4, 8]
    assert not any(parse_relays("000"))
    assert all(parse_relays("255"))


@pytest.mark.parametrize(("relays", "stge"), [("001", "003A0000"), ("000", "003A4401")])
def test_relay_1_is_the_contact_in_the_opposite_sense(relays, stge):
    """RELAIS 1 is closed, bit 0 of STGE 0 is closed: two real meters."""
    assert parse_relays(relays)[0] is parse_register(stge).contact_closed


@pytest.mark.parametrize("text", ["", "1", "256", "-01", "0٣1", "1 1"])
def test_what_is_not_an_octet_is_none(text):
    """Three decimal digits up to 255."""
    assert parse_relays(text) is None


@pytest.mark.parametrize(
    ("text", "phases"),
    [("00", (True, True, True)), ("02", (False, True, True)), ("08", (True, True, False)), ("0E", (False,) * 3)],
)
def test_a_set_bit_of_ppot_is_an_absent_phase(text, phases):
    """Bits 1 to 3 are phases 1 to 3."""
    assert parse_phases(text) == phases


def test_what_is_not_ppot_is_none():
    """Two upper-case hexadecimal digits."""
    assert [parse_phases(text) for text in ("", "0", "0g", "000")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("BASE", TariffOption("base")),
        ("HC..", TariffOption("hc")),
        ("EJP.", TariffOption("ejp")),
        ("BBR(", TariffOption("tempo", "A", "P0")),
        ("BBR*", TariffOption("tempo", "A", "P2")),
        ("BBR0", TariffOption("tempo", "B", "P0")),
        ("BBR?", TariffOption("tempo", "C", "P7")),
        ("BBR@", None),
        ("BBR'", None),
        ("BBR", None),
        ("HCHP", None),
    ],
)
def test_the_option_codes_the_programmes_of_tempo(text, option):
    """The character after BBR: bits 4-3 are circuit 1, bits 2-0 circuit 2."""
    assert parse_option(text) == option


def test_the_colour_of_a_period():
    """Two letters after HC or HP; other options have none."""
    assert [period_colour(text) for text in ("HCJB", "HPJW", "HPJR", "HC..", "TH..")] == [
        Colour.BLUE, Colour.WHITE, Colour.RED, None, None,
    ]  # fmt: skip


# Profiles of a day.

RED_DAY = "00004005 06004006 22004005" + " NONUTILE" * 8
WHITE_DAY = "00004003 06004004 22004003" + " NONUTILE" * 8
HC_DAY = "00008002 0256C001 07568002 1156C001 14568002" + " NONUTILE" * 6


@pytest.mark.parametrize(("text", "low", "high"), [(RED_DAY, 5, 6), (WHITE_DAY, 3, 4)])
def test_a_tempo_day(text, low, high):
    """Off-peak from midnight, peak from six, off-peak from ten in the evening: decimal hours, real meter."""
    assert parse_profile(text) == (
        ProfileBlock(0, 0, ContactOrder.TEMPO, (), low),
        ProfileBlock(6, 0, ContactOrder.TEMPO, (), high),
        ProfileBlock(22, 0, ContactOrder.TEMPO, (), low),
    )


def test_an_off_peak_day():
    """The contact closes in the two off-peak times of a real meter."""
    assert [(f"{b.hour:02}{b.minute:02}", b.contact.value, b.index) for b in parse_profile(HC_DAY)] == [
        ("0000", "open", 2), ("0256", "close", 1), ("0756", "open", 2), ("1156", "close", 1), ("1456", "open", 2),
    ]  # fmt: skip


def test_the_virtual_contacts_of_a_block():
    """Bit 4 is number 1, bit 10 number 7; index 0 and 11 to 15 change nothing."""
    first, second = parse_profile("00000410 2359000B" + " NONUTILE" * 9)
    assert (first.virtual, first.index, first.contact) == ((1, 7), None, ContactOrder.LEAVE)
    assert (second.hour, second.minute, second.virtual, second.index) == (23, 59, (), None)
    assert first.as_json() == {"from": "00:00", "index": None, "contact": "leave", "virtual_contacts_closed": [1, 7]}


@pytest.mark.parametrize(
    "text",
    ["", RED_DAY[:-9], RED_DAY.replace("0600", "2400"), RED_DAY.replace("0600", "0660"),
     RED_DAY.replace("0600", "1A00"), RED_DAY.replace("4006", "400g"), RED_DAY + " NONUTILE"],
)  # fmt: skip
def test_what_is_not_a_profile_is_none(text):
    """Eleven blocks; hours and minutes in their ranges."""
    assert parse_profile(text) is None


# Series.


def standard(*groups, at=0, whole=True, stge="003A0001"):
    """A standard frame, so many seconds after START (winter)."""
    date = START + timedelta(hours=1, seconds=at)
    fixed = [Group("ADSC", "021861000001", None), Group("DATE", "", f"H{date:%y%m%d%H%M%S}")]
    if stge:
        fixed.append(Group("STGE", stge, None))
    return Frame("standard", (*fixed, *(Group(*(*group, None)[:3]) for group in groups)), whole, 0, "etx")


def historic(*groups, whole=True, option="BBR(", address="021861000001"):
    """A long historic frame."""
    fixed = (Group("ADCO", address, None), Group("OPTARIF", option, None))
    return Frame("historic", fixed + tuple(Group(*group, None) for group in groups), whole, 0, "etx")


def values(*frames):
    """What each frame says, series -> value."""
    interpreter = Interpreter()
    return [{r.series: r.value for r in interpreter.interpret(frame, START).readings} for frame in frames]


def test_the_register_feeds_its_series():
    """Text, one series a state; no Tempo colours without Tempo."""
    said = Interpreter().interpret(standard(stge="003B0283"), START)
    assert {(reading.kind, reading.unit) for reading in said.readings} == {(Kind.TEXT, "")}
    (found,) = values(standard(stge="003B0283"))
    assert found == {
        "status/register": "003B0283",
        "status/breaker": "overpower",
        "status/clock": "degraded",
        "status/contact": "open",
        "status/cover": "closed",
        "status/overload": "1",
        "status/producing": "1",
        "contract/peak/notice": "0",
        "contract/peak/running": "0",
    }


def test_tempo_is_one_series_in_both_modes():
    """The words of DEMAIN; today's colour of historic mode is that of PTEC."""
    old, new = values(historic(("PTEC", "HPJR"), ("DEMAIN", "BLAN")), standard(stge="0F3A0000"))
    assert old["contract/tempo/today"] == "ROUG"
    assert old["contract/tempo/tomorrow"] == "BLAN"
    assert new["contract/tempo/today"] == "ROUG"
    assert new["contract/tempo/tomorrow"] == "ROUG"


def test_a_colour_that_is_no_longer_known_is_said_to_be_unknown():
    """After a first colour the series goes on; a meter that never had one has none."""
    never, blue, unknown, known = values(*(standard(stge=s) for s in ("003A0000", "013A0000", "003A0000", "083A0000")))
    assert "contract/tempo/today" not in never
    assert (blue["contract/tempo/today"], blue["contract/tempo/tomorrow"]) == ("BLEU", "----")
    assert (unknown["contract/tempo/today"], unknown["contract/tempo/tomorrow"]) == ("----", "----")
    assert (known["contract/tempo/today"], known["contract/tempo/tomorrow"]) == ("----", "BLAN")


def test_an_overload_is_one_series_in_both_modes():
    """ADPS is 1, its absence from a whole frame 0; a partial frame says nothing (nasty inputs 6.1, 6.2)."""
    calm, over = historic(("IINST", "010")), historic(("IINST", "050"), ("ADPS", "050"))
    told = values(calm, over, calm._replace(whole=False), calm)
    assert [said.get("status/overload") for said in told] == ["0", "1", None, "0"]


AMPERES = [("IINST1", "070"), ("IINST2", "001"), ("IINST3", "001")]
LONG = historic(*AMPERES, address="021863000001")
SHORT = Frame("historic", tuple(Group(*g, None) for g in [("ADIR1", "070"), *AMPERES]), True, 0, "etx")


def test_a_three_phase_overload_needs_two_long_frames_to_end():
    """The long frame among the short ones does not carry ADIR; before the first one its absence says nothing."""
    told = values(LONG, LONG, SHORT, LONG, SHORT, LONG, LONG)
    assert [said.get("status/overload") for said in told] == [None, None, "1", None, "1", None, "0"]


def test_a_three_phase_meter_that_never_sends_adir_tells_no_overload():
    """Some Linkys do not: neither a long frame nor a short one without it is a zero."""
    calm = SHORT._replace(groups=SHORT.groups[1:])
    assert all("status/overload" not in said for said in values(LONG, LONG, calm, LONG, calm, LONG, LONG))


def test_an_overload_that_ended_while_the_gateway_was_off_ends_at_its_start():
    """What is stored shows that this meter sends ADIR, and that phase 1 was over when the gateway stopped."""
    interpreter = Interpreter({"consumption/current/overload/phase/1": 70})
    first, second = (interpreter.interpret(LONG, START) for _ in range(2))
    ended = {"status/overload": "0", "consumption/current/overload/phase/1": 0}
    told = {one.series: one.value for one in second.readings}
    assert ended.keys().isdisjoint(one.series for one in first.readings)
    assert ended.items() <= told.items()


def test_the_notice_of_ejp_ends_with_its_label():
    """PEJP is 1800 s, its absence from a whole frame 0; under another option there is none."""
    calm, notice = historic(option="EJP."), historic(("PEJP", "30"), option="EJP.")
    told = values(calm, notice, calm._replace(whole=False), calm, historic())
    assert [said.get("contract/ejp/notice") for said in told] == [0, 1800, None, 0, None]


# Events.


def events(*frames, known=None):
    """What happened in each frame: (kind, before, after, number) in a list."""
    interpreter, watch = Interpreter(), Events(known)
    said = [interpreter.interpret(frame, START) for frame in frames]
    return [[(e.kind.value, e.before, e.after, e.number) for e in watch.observe(each)] for each in said]


def register(*bits, plain=0x003A0000):
    """A standard frame whose STGE has these numbers added."""
    return standard(stge=f"{plain | sum(bits):08X}")


KNOWN = [("state-known", None, None, None)]


@pytest.mark.parametrize(
    ("there", "expected", "back"),
    [
        (register(1), ("contact-switched", "closed", "open", None), ("contact-switched", "open", "closed", None)),
        (register(2), ("breaker-opened", "closed", "overpower", None), ("breaker-closed", "overpower", "closed", None)),
        (register(12), ("breaker-opened", "closed", "overheating", None),
         ("breaker-closed", "overheating", "closed", None)),
        (register(16), ("cover-opened", "closed", "open", None), ("cover-closed", "open", "closed", None)),
        (register(128), ("overload-begun", "0", "1", None), ("overload-ended", "1", "0", None)),
        (register(512), ("direction-changed", "0", "1", None), ("direction-changed", "1", "0", None)),
        (register(1 << 16), ("clock-degraded", "good", "degraded", None),
         ("clock-recovered", "degraded", "good", None)),
        (register(2 << 30), ("peak-begun", "0", "2", 2), ("peak-ended", "2", "0", 2)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and isinstance(value[0], str) else "",
)  # fmt: skip
def test_a_change_of_the_register_is_told_once(there, expected, back):
    """There and back again, each once however often it is repeated (nasty input 3.7)."""
    calm = register()
    assert events(calm, calm, there, there, there, calm, calm) == [KNOWN, [], [expected], [], [], [back], []]


def test_the_first_frame_only_makes_the_state_known():
    """Whatever is going on then."""
    groups = [("MSG1", "COUPURE".ljust(32)), ("MSG2", "COUPURE".ljust(16)), ("RELAIS", "140"), ("NTARF", "02"),
              ("DPM1", "00", " 260107060000"), ("FPM1", "00", " 260108060000")]  # fmt: skip
    everything = standard(*groups, stge="9B3B0393")
    assert events(everything, everything) == [KNOWN, []]


def test_a_partial_frame_changes_nothing_that_it_does_not_hold():
    """No STGE, no RELAIS, no messages: no event, and none when they are back."""
    whole = standard(("RELAIS", "140"), ("NTARF", "02"), ("MSG1", "COUPURE".ljust(32)), stge="9B3A9000")
    assert events(whole, standard(whole=False, stge=None), whole) == [KNOWN, [], []]


def test_a_breaker_that_changes_its_reason_has_not_opened_again():
    """And the undefined code is no state."""
    seen = events(register(), register(2), register(4), register(14), register())
    assert [[e[0] for e in each] for each in seen] == [["state-known"], ["breaker-opened"], [], [], ["breaker-closed"]]


def test_one_peak_follows_another():
    """The end of the one and the begin of the other in one frame."""
    (_, seen) = events(register(1 << 30), register(2 << 30))
    assert seen == [("peak-ended", "1", "2", 1), ("peak-begun", "1", "2", 2)]


def test_the_colours_are_told_when_they_are_known():
    """Today at the change, tomorrow once; back to unknown is no event; the first colours ever are news."""
    stge = ["003A0000", "013A0000", "093A0000", "093A0000", "023A0000", "0E3A0000"]
    assert events(*(standard(stge=each) for each in stge)) == [
        KNOWN,
        [("tempo-today", None, "BLEU", None)],
        [("tempo-tomorrow", "----", "BLAN", None)],
        [],
        [("tempo-today", "BLEU", "BLAN", None)],
        [("tempo-tomorrow", "----", "ROUG", None)],
    ]


def test_the_colour_of_tomorrow_of_historic_mode():
    """DEMAIN, and with PTEC the colour of today."""
    frames = [historic(("PTEC", p), ("DEMAIN", d)) for p, d in (("HCJB", "----"), ("HCJB", "ROUG"), ("HCJR", "----"))]
    assert events(*frames) == [
        KNOWN,
        [("tempo-tomorrow", "----", "ROUG", None)],
        [("tariff-changed", "HCJB", "HCJR", None), ("tempo-today", "BLEU", "ROUG", None)],
    ]


def test_relays_are_told_by_number():
    """2 to 8; relay 1 is the contact, told by STGE once."""
    assert events(*(standard(("RELAIS", r)) for r in ("001", "140", "140", "018"))) == [
        KNOWN,
        [("relay-switched", "open", "closed", n) for n in (3, 4, 8)],
        [],
        [("relay-switched", *way) for way in (
            ("open", "closed", 2), ("closed", "open", 3), ("closed", "open", 4), ("open", "closed", 5),
            ("closed", "open", 8),
        )],
    ]  # fmt: skip


def test_a_tariff_changes_once_though_two_labels_say_so():
    """NTARF counts, LTARF is its name; what one damaged frame lacks comes with the next and is no second change."""
    low, high = (
        [("LTARF", "HEURE  CREUSE".ljust(16)), ("NTARF", "01")],
        [("LTARF", "H PLEINE".ljust(16)), ("NTARF", "02")],
    )
    frames = [standard(*groups) for groups in (low, high[1:], high, low[:1], low)]
    changed = [[("tariff-changed", "01", "02", None)], [], [], [("tariff-changed", "02", "01", None)]]
    assert events(*frames) == [KNOWN, *changed]


def test_a_switch_of_the_mode_is_no_change_of_tariff():
    """HEURE CREUSE becomes HC.., and from then on PTEC counts."""
    new = standard(("LTARF", "HEURE  CREUSE".ljust(16)), ("NTARF", "01"))
    frames = [new, historic(("PTEC", "HC..")), historic(("PTEC", "HP..")), new]
    assert events(*frames) == [KNOWN, [], [("tariff-changed", "HC..", "HP..", None)], []]


def peak(begin, end, number=1):
    return [(f"DPM{number}", "00", f" {begin}"), (f"FPM{number}", "00", f" {end}")]


def test_a_mobile_peak_is_announced_with_its_times_in_utc():
    """Once; a new one under the same number again; one half of it in a damaged frame never."""
    first, second = peak("260107060000", "260108060000"), peak("260109060000", "260110060000")
    groups = [[], first, first, second[:1], second, second]
    interpreter, watch = Interpreter(), Events()
    seen = [watch.observe(interpreter.interpret(standard(*each), START)) for each in groups]
    assert [len(each) for each in seen] == [1, 1, 0, 0, 1, 0]
    (event,) = seen[1]
    assert (event.kind, event.number) == (Happening.PEAK_ANNOUNCED, 1)
    assert event.begin == datetime(2026, 1, 7, 5, tzinfo=UTC)
    assert event.end == datetime(2026, 1, 8, 5, tzinfo=UTC)
    assert event.as_json() == {
        "kind": "peak-announced",
        "time": "2026-01-06T10:00:00Z",
        "series": "contract/peak/1/begin",
        "after": "2026-01-07T05:00:00Z",
        "number": 1,
        "begin": "2026-01-07T05:00:00Z",
        "end": "2026-01-08T05:00:00Z",
    }


def test_a_capture_of_ejp():
    """Notice, then the peak: the frames built from the specification."""
    frames = Reader().feed(capture("synthetic/h1-ejp-with-notice.raw"))
    calm = frames[0]._replace(groups=tuple(g for g in frames[0].groups if g.label != "PEJP"))
    assert [[e[0] for e in each] for each in events(calm, *frames, frames[1], calm, calm)] == [
        ["state-known"],
        ["ejp-notice"],
        ["tariff-changed", "peak-begun"],
        [],
        ["tariff-changed", "peak-ended"],
        [],
    ]


def test_an_overload_of_historic_mode():
    """ADPS and its end, once each."""
    frames = Reader().feed(capture("synthetic/h1-hc-adps.raw"))
    over, calm = frames
    assert [[e[0] for e in each] for each in events(calm, over, over, calm, calm)] == [
        ["state-known"], ["overload-begun"], [], ["overload-ended"], [],
    ]  # fmt: skip


def test_a_message_is_told_once_for_its_text():
    """MSG1 stays, MSG2 comes in one frame; no message is no event."""
    none, text = ("MSG1", "PAS DE          MESSAGE".ljust(32)), ("MSG1", "COUPURE DEMAIN A 8 H".ljust(32))
    groups = [[none], [none, ("MSG2", "COUPURE".ljust(16))], [none], [text], [text], [none], [text]]
    told = ("message-received", "PAS DE          MESSAGE", "COUPURE DEMAIN A 8 H", None)
    assert events(*(standard(*each) for each in groups)) == [
        KNOWN,
        [("message-received", None, "COUPURE", None)],
        [],
        [told],
        [],
        [],
        [told],
    ]


def test_a_restart_repeats_nothing_and_misses_nothing():
    """With the values of the store the first frame is compared like any other."""
    interpretation = Interpreter().interpret(register(1), START)
    known = {reading.series: reading.value for reading in interpretation.readings}
    assert events(register(1), register(1, 2), known=known) == [[], [("breaker-opened", "closed", "overpower", None)]]
    assert events(register(1, 2), known=known) == [[("breaker-opened", "closed", "overpower", None)]]


def test_an_event_has_the_time_of_its_frame():
    """The meter's."""
    interpreter, watch = Interpreter(), Events()
    watch.observe(interpreter.interpret(standard(), START))
    (event,) = watch.observe(interpreter.interpret(standard(at=7, stge="003A0000"), START))
    assert event.time == START + timedelta(seconds=7)
