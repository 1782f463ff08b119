"""The table of labels: complete, consistent, and strict about what a group may hold."""

import csv
from importlib.resources import files

import pytest

from gateway.tic.frame import Group, Reader
from gateway.tic.labels import check, lookup
from gateway.tic.parity import looks_8n1, strip_parity
from gateway.tic.reading import Kind
from tests.gateway.tic import capture, index

ROWS = list(csv.DictReader(files("gateway.tic").joinpath("labels.csv").read_text(encoding="utf-8").splitlines()))
LABELS = [lookup(row["mode"], row["label"]) for row in ROWS]

PROFILE = "00004005 06004006 22004005" + " NONUTILE" * 8


def test_the_table_holds_every_label_of_both_modes_once():
    """36 historic labels and 71 standard ones, none twice."""
    keys = [(row["mode"], row["label"]) for row in ROWS]
    assert len(set(keys)) == len(keys)
    assert sum(mode == "historic" for mode, _ in keys) == 36
    assert sum(mode == "standard" for mode, _ in keys) == 71


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.mode}-{label.label}")
def test_a_row_is_consistent(label):
    """Words in both languages, a series with a kind, a unit unless the value is text."""
    assert label.en
    assert label.fr
    assert bool(label.series) == bool(label.kind)
    assert bool(label.senml_unit) == (label.kind not in ("", "text"))
    assert not label.kind or Kind(label.kind)
    if label.kind not in ("", "text"):
        assert label.charset == "digits"


@pytest.mark.parametrize(
    ("mode", "label", "series"),
    [
        ("standard", "EAST", "consumption/energy/active/index"),
        ("standard", "EASF03", "consumption/energy/active/index/provider/3"),
        ("standard", "EASF10", "consumption/energy/active/index/provider/10"),
        ("standard", "EASD04", "consumption/energy/active/index/distributor/4"),
        ("standard", "ERQ2", "consumption/energy/reactive/index/2"),
        ("standard", "SMAXSN3-1", "consumption/power/apparent/max/phase/3"),
        ("standard", "SINSTI", "production/power/apparent/raw"),
        ("historic", "BBRHPJW", "consumption/energy/active/index/provider/hpjw"),
        ("historic", "PAPP", "consumption/power/apparent/raw"),
        ("historic", "IINST2", "consumption/current/raw/phase/2"),
        ("standard", "ADSC", ""),
        ("standard", "PRM", ""),
    ],
)
def test_a_label_feeds_its_series(mode, label, series):
    """Paths are those in use in the federation."""
    assert lookup(mode, label).series == series


def test_a_label_of_the_other_mode_is_unknown():
    """PAPP is historic, EAST standard."""
    assert lookup("standard", "PAPP") is None
    assert lookup("historic", "EAST") is None
    assert check("standard", Group("PAPP", "00100", None)) == "unknown label"


@pytest.mark.parametrize("row", index(), ids=lambda row: row["file"])
def test_every_group_of_every_capture_is_believed(row):
    """What real meters send passes."""
    data = capture(row["file"])
    frames = Reader().feed(strip_parity(data) if looks_8n1(data) else data)
    assert frames
    assert [check(f.mode, g) for f in frames for g in f.groups if check(f.mode, g)] == []


@pytest.mark.parametrize(
    ("mode", "group"),
    [
        ("historic", Group("BASE", "00873512", None)),
        ("historic", Group("OPTARIF", "BBR(", None)),
        ("historic", Group("OPTARIF", "BBR?", None)),
        ("historic", Group("PTEC", "HPJR", None)),
        ("historic", Group("DEMAIN", "----", None)),
        ("historic", Group("MOTDETAT", "400000", None)),
        ("standard", Group("DATE", "", "h000101000012")),
        ("standard", Group("DPM1", "00", " 240107060000")),
        ("standard", Group("PPOINTE", PROFILE, None)),
        ("standard", Group("RELAIS", "255", None)),
        ("standard", Group("STGE", "9B3A9000", None)),
    ],
)
def test_what_a_meter_may_send_is_believed(mode, group):
    """Concentrators' short indexes, Tempo circuits, degraded clocks, peaks without season (nasty input 3.2)."""
    assert check(mode, group) is None


@pytest.mark.parametrize(
    ("mode", "group", "reason"),
    [
        ("standard", Group("EASD02", "00000000", None), "wrong width 8"),
        ("standard", Group("EAST", "00000p000", None), "wrong characters"),
        ("standard", Group("EAST", "00000 000", None), "wrong characters"),
        ("standard", Group("EAST", "00000٣000", None), "wrong characters"),
        ("standard", Group("STGE", "003a4401", None), "wrong characters"),
        ("standard", Group("RELAIS", "256", None), "wrong characters"),
        ("standard", Group("PJOURF+1", PROFILE.replace("0600", "2660"), None), "wrong characters"),
        ("standard", Group("SMAXSN", "01000", None), "no horodate"),
        ("standard", Group("SMAXSN", "01000", "X240107060000"), "wrong horodate"),
        ("standard", Group("EAST", "000000000", "H240107060000"), "unexpected horodate"),
        ("historic", Group("OPTARIF", "BBR@", None), "wrong characters"),
        ("historic", Group("DEMAIN", "ROUF", None), "wrong characters"),
        ("historic", Group("BASE", "0087351", None), "wrong width 7"),
    ],
)
def test_what_a_right_checksum_does_not_catch_is_refused(mode, group, reason):
    """Exact widths and characters, as six bits of checksum let one group of garbage in 64 pass.

    (Nasty inputs 1.8, 1.11.)
    """
    assert check(mode, group) == reason
