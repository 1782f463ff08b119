"""``decode --explain``: codes in words."""

import json

import pytest

from gateway.tic.explain import explain
from gateway.tic.frame import Frame, Group, Reader
from tests.gateway.tic import capture, index

PROFILE = "00004005 06000416 2200C000" + " NONUTILE" * 8


def one(mode, label, text, horodate=None):
    """What is said of the only group of a frame."""
    return explain(Frame(mode, (Group(label, text, horodate),), True, 0, "etx")).get(label)


def test_a_register_in_words():
    """Names of the table, the fields for a program, a sentence in two languages."""
    said = one("standard", "STGE", "9B3A9000")
    assert (said["en"], said["fr"]) == ("Status register", "Registre de statuts")
    assert said["state"]["tempo_today"] == "ROUG"
    assert said["state"]["peak_running"] == 2
    assert said["text"]["en"] == (
        "contact closed; breaker closed; cover closed; consumer; drawing; supplier index 5; distributor index 3; "
        "clock good; standard mode; Euridis on, with security; power line new, locked; Tempo today red; "
        "Tempo tomorrow white; notice of mobile peak 1; mobile peak 2 running"
    )
    assert "Tempo aujourd'hui rouge; Tempo demain blanc" in said["text"]["fr"]
    assert "Tempo" not in one("standard", "STGE", "003A0000")["text"]["en"]


def test_what_is_wrong_is_said():
    """Open breaker with its cause, cover, overvoltage, overload, clock."""
    text = one("standard", "STGE", "003B02D3")["text"]
    for words in ("breaker open: overpower", "cover open", "overvoltage", "reference power exceeded", "clock degraded"):
        assert words in text["en"]
    assert "organe de coupure ouvert : surpuissance" in text["fr"]
    assert "horloge dégradée" in text["fr"]


@pytest.mark.parametrize(
    ("mode", "label", "text", "state", "en", "fr"),
    [
        ("standard", "RELAIS", "140", {"closed": [3, 4, 8]}, "closed: 3, 4, 8", "fermés : 3, 4, 8"),
        ("standard", "RELAIS", "000", {"closed": []}, "all open", "tous ouverts"),
        ("standard", "MSG1", "PAS DE          MESSAGE         ", None, "no message", "pas de message"),
        ("standard", "MSG2", "COUPURE  A 8 H  ", "COUPURE A 8 H", "COUPURE A 8 H", "COUPURE A 8 H"),
        ("historic", "PTEC", "HPJW", "HPJW", "peak hours, white day", "heures pleines, jour blanc"),
        ("historic", "PTEC", "PM..", "PM..", "mobile peak hours", "heures de pointe mobile"),
        ("historic", "DEMAIN", "ROUG", "ROUG", "red", "rouge"),
        ("historic", "DEMAIN", "----", "----", "not known", "inconnue"),
        ("historic", "HHPHC", "A", "A", "schedule group A", "groupe horaire A"),
        ("historic", "MOTDETAT", "000000", "000000", "reserved to the distributor", "réservé au distributeur"),
        ("historic", "PPOT", "00", {"absent": []}, "all phases present", "toutes les phases présentes"),
        ("historic", "PPOT", "0C", {"absent": [2, 3]}, "absent: phase 2, 3", "absente : phase 2, 3"),
        ("historic", "ADIR2", "070", {"overload": True, "current": 70}, "overload: 70 A", "dépassement : 70 A"),
        ("historic", "EA_s", "72Wh", {"value": 72, "unit": "Wh", "truncated": False}, "72 Wh", "72 Wh"),
        ("historic", "PA1_s", "4TkW", {"value": 4000, "unit": "W", "truncated": True},
         "4000 W (truncated period)", "4000 W (période tronquée)"),
        ("historic", "TGPHI_s", "0,40", {"value": 40, "unit": "/100", "truncated": False}, "40 /100", "40 /100"),
        ("historic", "PSOUSC", "00600:00700", {"values": [6000, 7000], "unit": "VA"}, "6000 VA, 7000 VA",
         "6000 VA, 7000 VA"),
        ("historic", "DATE", "15/01/26 09:59:58", {"time": "2026-01-15T08:59:58Z", "sure": True},
         "2026-01-15T08:59:58Z", "2026-01-15T08:59:58Z"),
        ("historic", "TDYN1CD", "16/01/26 07:00:00-PM", {"time": "2026-01-16T06:00:00Z", "sure": True, "tariff": "PM"},
         "2026-01-16T06:00:00Z", "2026-01-16T06:00:00Z"),
        ("historic", "PREAVIS", "DEP", {"overload": True}, "overload notice", "préavis de dépassement"),
    ],
)  # fmt: skip
def test_a_code_in_words(mode, label, text, state, en, fr):
    """Each with its state and a phrase in both languages."""
    said = one(mode, label, text)
    assert (said["state"], said["text"]) == (state, {"en": en, "fr": fr})


def test_an_option_with_its_programmes():
    """Tempo's circuits."""
    said = one("historic", "OPTARIF", "BBR*")
    assert said["state"] == {"contract": "tempo", "circuit_1": "A", "circuit_2": "P2"}
    assert said["text"]["fr"] == "Tempo, circuit 1 programme A, circuit 2 programme P2"
    assert one("historic", "OPTARIF", "HC..")["text"]["fr"] == "heures creuses"


def test_a_profile_in_words():
    """Index, contact and virtual contacts by time of the day."""
    said = one("standard", "PPOINTE", PROFILE)
    assert [block["from"] for block in said["state"]] == ["00:00", "06:00", "22:00"]
    assert said["text"]["en"] == (
        "00:00 index 5, contact as the Tempo programme says; "
        "06:00 index 6, contact unchanged, virtual contacts 1, 7 closed; "
        "22:00 index unchanged, contact closes"
    )


def test_a_peak_has_its_time_in_utc():
    """Begin and end, without a season on the wire."""
    assert one("standard", "DPM1", "00", " 260107060000")["state"] == {"peak": 1, "time": "2026-01-07T05:00:00Z"}
    assert one("standard", "FPM3", "00", " 260708060000")["text"] == {
        "en": "mobile peak 3 ends at 2026-07-08T04:00:00Z",
        "fr": "fin de la pointe mobile 3 : 2026-07-08T04:00:00Z",
    }


def test_the_head_of_a_cje():
    """Date, tariff, notice, power, coefficient."""
    said = one("historic", "JAUNE", "07:54:09:01:11:DP:00013:80")
    assert said["text"]["en"] == "09/01 07:54; tariff period 11; overload notice; 130 VA; Kp 80"
    assert said["state"]["power"] == 130


@pytest.mark.parametrize(
    ("mode", "label", "text", "horodate"),
    [
        ("standard", "EAST", "000000001", None),
        ("standard", "DATE", "", "H260115095958"),
        ("standard", "STGE", "003a0000", None),
        ("standard", "DPM1", "00", " 260230060000"),
        ("standard", "XYZ", "1", None),
        ("historic", "DATE", "29/03/26 02:30:00", None),
        ("historic", "CONFIG", "CONSO", None),
    ],
)
def test_what_has_no_more_to_say_or_is_refused_is_left_out(mode, label, text, horodate):
    """Numbers are numbers; what is not believed is not explained; an hour that does not exist is none."""
    assert one(mode, label, text, horodate) is None


@pytest.mark.parametrize("row", index(), ids=lambda row: row["file"])
def test_every_capture_is_explained_in_json(row):
    """Whatever a meter sent, both languages are there."""
    for frame in Reader().feed(capture(row["file"])):
        said = explain(frame)
        json.dumps(said)
        assert all(each["text"]["en"] and each["text"]["fr"] for each in said.values())
