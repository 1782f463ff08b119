"""The receiver: schematic, strip board and bill of materials are the same circuit."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

import circuit
import stripboard

FOLDER = Path(circuit.__file__).parent


@pytest.mark.usefixtures("schemdraw")
def test_the_schematic_s_wires_connect_what_the_circuit_says():
    """Read back from the strokes that are drawn."""
    import schematic

    assert circuit.same_nets(schematic.nets())


@pytest.mark.usefixtures("schemdraw")
def test_a_wire_that_is_missing_in_the_schematic_is_found(monkeypatch):
    """The comparison can fail: without its ground wire the circuit is another."""
    import schematic

    wire = schematic.Sheet.wire
    lost = (11, schematic._GROUND_Y)
    monkeypatch.setattr(
        schematic.Sheet, "wire", lambda sheet, *points, **how: points[0] == lost or wire(sheet, *points, **how)
    )
    assert not circuit.same_nets(schematic.nets())


def test_the_strips_connect_what_the_circuit_says():
    """From hole to hole through strips, cuts and links."""
    assert circuit.same_nets(stripboard.nets())


@pytest.mark.parametrize("cut", sorted(stripboard.CUTS - {(c, r) for c in stripboard.MOAT for r in "ABEFGH"}))
def test_a_cut_that_is_forgotten_makes_another_circuit(monkeypatch, cut):
    """Each cut of a strip in use is needed (the two columns are cut twice, so both of a row are forgotten)."""
    forgotten = {(column, cut[1]) for column in stripboard.MOAT} if cut[0] in stripboard.MOAT else {cut}
    monkeypatch.setattr(stripboard, "CUTS", stripboard.CUTS - forgotten)
    assert not circuit.same_nets(stripboard.nets())


@pytest.mark.parametrize("link", stripboard.LINKS)
def test_a_link_that_is_forgotten_makes_another_circuit(monkeypatch, link):
    """Each link is needed."""
    monkeypatch.setattr(stripboard, "LINKS", tuple(other for other in stripboard.LINKS if other != link))
    assert not circuit.same_nets(stripboard.nets())


def test_a_transistor_turned_round_is_another_circuit(monkeypatch):
    """What has no like ends may not be turned."""
    q1 = next(part for part in stripboard.PLACED if part.reference == "Q1")
    turned = replace(q1, pins={"D": q1.pins["S"], "G": q1.pins["G"], "S": q1.pins["D"]})
    monkeypatch.setattr(stripboard, "PLACED", tuple(turned if part is q1 else part for part in stripboard.PLACED))
    assert not circuit.same_nets(stripboard.nets())


def test_a_resistor_turned_round_is_the_same_circuit(monkeypatch):
    """Its two ends are alike."""
    r2 = next(part for part in stripboard.PLACED if part.reference == "R2")
    turned = replace(r2, pins={"1": r2.pins["2"], "2": r2.pins["1"]})
    monkeypatch.setattr(stripboard, "PLACED", tuple(turned if part is r2 else part for part in stripboard.PLACED))
    assert circuit.same_nets(stripboard.nets())


def test_each_hole_holds_one_thing():
    """No two leads in a hole, none in a cut, none beside the board."""
    used = stripboard.used_holes()
    assert len(used) == len(set(used))
    assert not set(used) & stripboard.CUTS
    assert all(1 <= column <= stripboard.COLUMNS and row in stripboard.ROWS for column, row in used)


def test_parts_have_the_pitch_that_the_board_gives_them():
    """In tenths of an inch: a DIP-4, a screw terminal of 5.08 mm, resistors, a capacitor, TO-92, a header."""
    holes = {part.reference: part.pins for part in stripboard.PLACED}

    def apart(reference, one, two):
        (x1, y1), (x2, y2) = holes[reference][one], holes[reference][two]
        return abs(x1 - x2), abs(ord(y1) - ord(y2))

    assert (apart("OK1", "1", "2"), apart("OK1", "1", "4"), apart("OK1", "2", "3")) == ((0, 1), (3, 0), (3, 0))
    assert apart("J1", "1", "2") == (0, 2)
    assert {sum(apart(r, "1", "2")) for r in ("R1", "R2", "R3")} == {4}
    assert apart("C1", "1", "2") == (0, 2)
    assert apart("Q1", "D", "G") == apart("Q1", "G", "S") == (0, 1)
    assert apart("J2", "1", "2") == apart("J2", "2", "3") == (0, 1)


def test_no_copper_leads_from_the_meter_to_the_house():
    """Every strip is cut in both columns under the optocoupler, which alone is on both sides; no link crosses them."""
    assert {(column, row) for column in stripboard.MOAT for row in stripboard.ROWS} <= stripboard.CUTS
    meter = {pin for net in circuit.METER_SIDE for pin in circuit.NETS[net]}
    for part in stripboard.PLACED:
        for pin, (column, _) in part.pins.items():
            assert (column < min(stripboard.MOAT)) is (f"{part.reference}.{pin}" in meter)
    for (one, _), (two, _) in stripboard.LINKS:
        assert (one < min(stripboard.MOAT)) is (two < min(stripboard.MOAT))
    crossing = {part.reference for part in stripboard.PLACED if len({c < 9 for c, _ in part.pins.values()}) == 2}
    assert crossing == {"OK1"}


@pytest.mark.parametrize("variant", ["through-hole", "SMD"])
def test_the_bill_of_materials_has_every_part_once(variant):
    """With the values of the circuit, and of two makers where the order code matters."""
    with (FOLDER / "bom.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["variant"] == variant]
    assert sorted(row["reference"] for row in rows) == sorted(circuit.PARTS)
    for row in rows:
        assert row["value"] in circuit.PARTS[row["reference"]].title
        assert row["price class"] in {"A", "B"}
        assert row["part"]
        # Nobody has looked it up in a catalogue; who does writes the date.
        assert re.fullmatch(r"no|20\d\d-\d\d-\d\d", row["checked"])
        assert (row["maker"] == "any") is not bool(row["second part"])


@pytest.mark.parametrize("part", [part for part in circuit.PARTS.values() if part.value])
def test_a_part_s_title_is_its_value(part):
    """What is printed and what is simulated are one."""
    number, unit = part.title.split()
    scale = {"Ω": 1, "kΩ": 1e3, "pF": 1e-12}[unit]
    assert float(number) * scale == pytest.approx(part.value)
