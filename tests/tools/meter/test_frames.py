"""Frames of every kind, judged by an independent reader: order, widths, status bits, and what is absent."""

from __future__ import annotations

import pytest

from meter import clock, contract
from meter.frames import MeterIdentity, SimulatedFrame
from meter.household import SimulatedHousehold
from meter.living import CommandError, Linky
from tests.tools.meter.reference import Read, frames_of


def linky(start: str, *, mode: str = "standard", tariff: str = "base", phases: int = 1, solar_w: int = 0) -> Linky:
    """A meter at this wall time."""
    house = SimulatedHousehold(seed=5, phases=phases, solar_w=solar_w, lived_in=tariff != "producer")
    identity = MeterIdentity(phases=phases, kva=6 if phases == 1 else 12)
    start_ms = clock.parse_start(start, 0)
    return Linky(
        mode=mode, contract=tariff, identity=identity, household=house, start_ms=start_ms, producer=solar_w > 0
    )


def read(frame: SimulatedFrame) -> dict[str, Read]:
    """The frame's groups by label, after its bytes were judged."""
    [groups] = frames_of(b"".join(frame.encode()))
    assert len({group.label for group in groups}) == len(groups)
    return {group.label: group for group in groups}


def next_of(meter: Linky) -> dict[str, Read]:
    """The next frame of a meter whose time stands still."""
    return read(meter.next_frame(meter.metrology.now_ms))


@pytest.mark.parametrize(
    ("mode", "tariff", "phases", "solar_w", "size"),
    [
        ("standard", "base", 1, 0, 865),
        ("standard", "hc", 1, 3000, 1093),
        ("standard", "producer", 1, 3000, 1033),
        ("standard", "hc", 3, 6000, 1442),
        ("historic", "base", 1, 0, 152),
        ("historic", "hc", 1, 0, 170),
        ("historic", "tempo", 1, 0, 275),
        ("historic", "base", 3, 0, 233),
        ("historic", "hc", 3, 0, 251),
        ("historic", "tempo", 3, 0, 356),
    ],
)
def test_a_frame_is_as_long_as_those_of_real_meters(
    mode: str, tariff: str, phases: int, solar_w: int, size: int
) -> None:
    """Every kind of frame has exactly the size seen on real meters of that kind."""
    frame = linky("2025-01-15T12:00", mode=mode, tariff=tariff, phases=phases, solar_w=solar_w).next_frame(0)
    assert len(b"".join(frame.encode())) == size
    groups = read(frame)
    assert {group.separator for group in groups.values()} == {"\t" if mode == "standard" else " "}


@pytest.mark.parametrize("mode", ["historic", "standard"])
@pytest.mark.parametrize("tariff", list(contract.CONTRACTS))
@pytest.mark.parametrize("phases", [1, 3])
def test_every_contract_gives_right_frames_all_night(mode: str, tariff: str, phases: int) -> None:
    """From a winter evening to the next morning every group is right, and the indexes of a frame agree."""
    meter = linky("2025-01-15T19:50", mode=mode, tariff=tariff, phases=phases, solar_w=3000)
    for _ in range(24):
        groups = read(meter.next_frame(meter.metrology.now_ms + 1_800_000))
        if mode == "standard":
            supplier = [int(groups[f"EASF{n:02d}"].data) for n in range(1, 11)]
            assert sum(supplier) == int(groups["EAST"].data)
            stge = int(groups["STGE"].data, 16)
            assert int(groups["NTARF"].data) == (stge >> 10 & 15) + 1
            assert stge & 1 != int(groups["RELAIS"].data) & 1
            assert groups["ADSC"].data[4:6] in {"61", "62"} if phases == 1 else {"63"}


def test_single_phase_and_consumer_frames_leave_out_what_does_not_apply() -> None:
    """A single-phase consumer sends no second phase and nothing of injection; a producer adds its labels."""
    consumer, producer = next_of(linky("2025-06-21T12:00")), next_of(linky("2025-06-21T12:00", solar_w=3000))
    assert not consumer.keys() & {"IRMS2", "URMS2", "UMOY2", "SINSTS1", "SMAXSN1", "EAIT", "SINSTI", "CCAIN"}
    added = {"EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4", "SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1"}
    assert producer.keys() - consumer.keys() == added


def test_a_house_that_exports_draws_nothing() -> None:
    """At noon in June SINSTS is 0, SINSTI is not, EAIT grows, EAST stands, and STGE says producer and negative."""
    meter = linky("2025-06-21T13:00", solar_w=9000)
    meter.metrology.household.lived_in = False
    first = next_of(meter)
    second = read(meter.next_frame(meter.metrology.now_ms + 60_000))
    assert int(first["SINSTS"].data) == 0
    assert int(first["SINSTI"].data) > 1000
    assert int(second["EAIT"].data) > int(first["EAIT"].data)
    assert second["EAST"] == first["EAST"]
    assert int(first["STGE"].data, 16) >> 8 & 3 == 3


def test_three_phase_total_is_the_signed_sum() -> None:
    """Three-phase SINSTS is the absolute signed sum: an exporting phase shows 0 and takes from the total."""
    meter = linky("2025-06-21T13:00", phases=3, solar_w=6000)
    meter.metrology.extra_w = 3000
    groups = read(meter.next_frame(meter.metrology.now_ms + 1000))
    watts = meter.metrology.instant.watts
    assert watts[2] < 0 < sum(watts)
    assert groups["SINSTS3"].data == "00000"
    assert int(groups["SINSTS"].data) == round(sum(watts) / 0.96)
    assert int(groups["SINSTS"].data) < int(groups["SINSTS1"].data) + int(groups["SINSTS2"].data)


def test_tempo_announces_its_peak_and_then_runs_it() -> None:
    """A red tomorrow shows at 11:00 as DPM2, at 20:00 as a colour, and from 06:00 runs as PM2 on indexes 5 and 6."""
    meter = linky("2025-01-15T10:59", tariff="tempo")
    for words in ("tariff today blue", "tariff tomorrow red"):
        assert meter.injure(words.split())
    assert "DPM2" not in next_of(meter)
    seen = {}
    for wall in ("2025-01-15T11:00", "2025-01-15T20:00", "2025-01-16T05:59:59", "2025-01-16T06:00", "2025-01-16T22:00"):
        seen[wall] = read(meter.next_frame(clock.parse_start(wall, 0)))
    announced, coloured, before, running, night = seen.values()
    assert announced["DPM2"].horodate == " 250116060000"
    assert announced["FPM2"].horodate == " 250117060000"
    assert announced["PPOINTE"].data.startswith("00004005 06004006 22004005 NONUTILE")
    assert int(announced["STGE"].data, 16) >> 24 == 0b00000001
    assert int(coloured["STGE"].data, 16) >> 24 == 0b00101101
    assert before["NTARF"].data == "01"
    assert int(running["STGE"].data, 16) >> 30 == 2
    assert (running["NTARF"].data, night["NTARF"].data) == ("06", "05")
    assert "PPOINTE" not in running


def test_historic_tempo_names_tomorrow() -> None:
    """DEMAIN is ---- until 20:00 and then the colour; PTEC follows colour and hour."""
    meter = linky("2025-01-15T19:59", mode="historic", tariff="tempo")
    for words in ("tariff today white", "tariff tomorrow red"):
        meter.injure(words.split())
    day = next_of(meter)
    evening = read(meter.next_frame(clock.parse_start("2025-01-15T22:00", 0)))
    assert (day["DEMAIN"].data, day["PTEC"].data) == ("----", "HPJW")
    assert (evening["DEMAIN"].data, evening["PTEC"].data) == ("ROUG", "HCJW")


def test_ejp_gives_half_an_hour_of_notice() -> None:
    """PEJP 30 comes with the notice at 06:30, stays through the peak from 07:00 to 01:00, and goes."""
    meter = linky("2025-01-15T06:00", mode="historic", tariff="ejp")
    meter.calendar.colours = dict.fromkeys(range(739000, 739500), contract.BLUE)
    meter.injure(["tariff", "tomorrow", "red"])  # before 06:00 of a Tempo day this would be today
    seen = []
    for wall in ("16T06:29", "16T06:30", "16T07:00", "17T00:59", "17T01:00"):
        groups = read(meter.next_frame(clock.parse_start(f"2025-01-{wall}", 0)))
        seen.append((groups["PTEC"].data, "PEJP" in groups))
    assert seen == [("HN..", False), ("HN..", True), ("PM..", True), ("PM..", True), ("HN..", False)]


def test_a_newer_contract_is_base_in_historic_mode() -> None:
    """A contract the historic mode does not know shows as BASE with the total of its indexes."""
    standard, historic = (
        next_of(linky("2025-01-18T12:00", mode=m, tariff="weekend")) for m in ("standard", "historic")
    )
    assert standard["NTARF"].data == "03"
    assert historic["OPTARIF"].data == "BASE"
    assert historic["PTEC"].data == "TH.."
    assert historic["BASE"].data == standard["EAST"].data


def test_overload_of_a_single_phase_meter() -> None:
    """ADPS stands between IINST and IMAX while the current is over the subscribed one, and bit 7 of STGE is set."""
    meter = linky("2025-01-15T12:00", mode="historic")
    meter.injure(["overload", "on"])
    groups = read(meter.next_frame(meter.metrology.now_ms + 1000))
    labels = list(groups)
    assert labels[labels.index("IINST") : labels.index("IMAX") + 1] == ["IINST", "ADPS", "IMAX"]
    assert groups["ADPS"].data == groups["IINST"].data
    meter.injure(["mode", "standard"])
    assert int(read(meter.next_frame(meter.metrology.now_ms + 1000))["STGE"].data, 16) >> 7 & 1
    meter.injure(["mode", "historic"])
    meter.injure(["overload", "off"])
    assert "ADPS" not in read(meter.next_frame(meter.metrology.now_ms + 2000))


def test_overload_of_a_three_phase_meter_brings_short_frames() -> None:
    """Twenty short frames of ADIR, address and currents, then a long one; and short ones a minute longer."""
    meter = linky("2025-01-15T12:00", mode="historic", phases=3)
    frame = meter.next_frame(meter.metrology.now_ms)
    assert not meter.cuts_frame(frame, meter.metrology.now_ms)
    meter.injure(["overload", "on"])
    assert meter.cuts_frame(frame, meter.metrology.now_ms + 1000)
    kinds = [meter.next_frame(meter.metrology.now_ms + 700) for _ in range(42)]
    assert [each.kind for each in kinds] == (["short"] * 20 + ["long"]) * 2
    assert not any(meter.cuts_frame(each, meter.metrology.now_ms) for each in kinds)
    assert list(read(kinds[0]))[-4:] == ["ADCO", "IINST1", "IINST2", "IINST3"]
    assert "ADIR1" in read(kinds[0])
    meter.injure(["overload", "off"])
    after = read(meter.next_frame(meter.metrology.now_ms + 1000))
    assert list(after) == ["ADCO", "IINST1", "IINST2", "IINST3"]
    assert meter.next_frame(meter.metrology.now_ms + 61_000).kind == "long"


def test_the_ultra_short_message_comes_once() -> None:
    """MSG2 is in the third frame only, right after MSG1, until another message is given."""
    meter = linky("2025-01-15T12:00")
    frames = [next_of(meter) for _ in range(5)]
    assert ["MSG2" in frame for frame in frames] == [False, False, True, False, False]
    labels = list(frames[2])
    assert labels.index("MSG2") == labels.index("MSG1") + 1
    meter.injure(["message", "COUPURE", "DEMAIN"])
    assert next_of(meter)["MSG2"].data == "COUPURE DEMAIN  "
    assert "MSG2" not in next_of(meter)


def test_states_a_command_can_bring_about() -> None:
    """Standby leaves the address alone; a degraded clock has a small season letter and sets bit 16 of STGE."""
    meter = linky("2025-01-15T12:00", mode="historic")
    meter.injure(["standby", "on"])
    assert list(next_of(meter)) == ["ADCO"]
    meter.injure(["mode", "standard"])
    meter.injure(["clock", "degraded"])
    groups = next_of(meter)
    assert groups["DATE"].horodate == "h250115120000"
    assert int(groups["STGE"].data, 16) >> 16 & 1


@pytest.mark.parametrize("words", ["mode fast", "tariff gold", "tariff today", "overload", "clock 12", "message"])
def test_a_command_in_a_wrong_form_is_refused(words: str) -> None:
    """A command that cannot be carried out says what it needs."""
    with pytest.raises(CommandError, match=" needs "):
        linky("2025-01-15T12:00").injure(words.split())
