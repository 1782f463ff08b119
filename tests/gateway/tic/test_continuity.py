"""Breaks behind the series: told once, with what was before and after."""

from datetime import UTC, datetime

from gateway.tic.continuity import BreakKind, Continuity
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def said(**values):
    """What a frame said of ``option`` or ``calendar``."""
    readings = (Reading(f"contract/{k}", NOW, v, "", Kind.TEXT, Quality.METER) for k, v in values.items())
    return Interpretation(NOW, Quality.METER, None, None, tuple(readings), ())


def observed(continuity, *frames):
    """(kind, before, after) of every break."""
    return [(b.kind, b.before, b.after) for mode, one in frames for b in continuity.observe(mode, one)]


def test_a_mode_switched_over_is_told_once_each_way():
    """Historic to standard and back are two breaks; the first frame is none."""
    frames = [(mode, said()) for mode in ("historic", "historic", "standard", "standard", "historic")]
    assert observed(Continuity({}), *frames) == [
        (BreakKind.MODE_SWITCHED, "historic", "standard"),
        (BreakKind.MODE_SWITCHED, "standard", "historic"),
    ]


def test_another_contract_is_told_once_and_a_missing_label_is_no_contract():
    """HC to BASE, with a frame between that lacks the label (nasty input 5.5)."""
    frames = [("historic", said(option=o)) for o in ("HC..", "HC..")]
    frames += [("historic", said()), ("historic", said(option="BASE")), ("historic", said(option="BASE"))]
    assert observed(Continuity({}), *frames) == [(BreakKind.CONTRACT_CHANGED, "HC..", "BASE")]


def test_a_contract_changed_while_the_gateway_was_off_is_told():
    """What is stored is what was before."""
    known = {"contract/calendar": "BASE"}
    assert observed(Continuity(known), ("standard", said(calendar="TEMPO"))) == [
        (BreakKind.CONTRACT_CHANGED, "BASE", "TEMPO")
    ]


def test_each_mode_has_its_own_name_of_the_contract():
    """OPTARIF and NGTF never match, and a switch of the mode is no change of contract."""
    frames = [("historic", said(option="BASE")), ("standard", said(calendar="H PLEINE/CREUSE"))]
    assert [kind for kind, _, _ in observed(Continuity({}), *frames)] == [BreakKind.MODE_SWITCHED]
