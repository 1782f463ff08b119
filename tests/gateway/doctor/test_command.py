"""The command: report, values, exit codes, a running gateway that is asked, and the archive for support."""

import io
import json
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest

from gateway.doctor.bundle import Sieve, plain_name
from gateway.doctor.causes import Cause, Finding, PortEvidence, causes
from gateway.doctor.command import DoctorRequest, examine
from gateway.doctor.heard import SpeedListener
from gateway.doctor.judgement import LineJudgement
from gateway.doctor.listen import Target
from gateway.doctor.report import bar
from gateway.errors import GatewayError
from gateway.sources.source import parse_source
from gateway.tic.frame import Reader
from meter.process import SimulatedMeter
from tests.gateway.doctor.test_faults import held

FRAMES = Path(__file__).parents[2] / "frames"
SECONDS = 1.0
SERIAL, PRM = "735462", "27185938264517"

# What a household wrote into its configuration, and what must never leave it.
CONFIGURATION = {
    "meter": [
        {
            "name": "chez-dupont",
            "source": "/dev/serial/by-id/usb-FTDI_DN04T0HA-if00",
            "mode": "auto",
            "sensor": "maison-zorglub",
            "prm": PRM,
        }
    ],
    "store": {"directory": "/home/dupont/tic", "commit_interval_s": 60, "raw_hours": 48},
    "federation": {
        "jid": "dupont@cooperative.example",
        "password_file": "/home/dupont/.tic-password",
        "address": "192.0.2.77:5222",
        "ca_file": "ca-dupont.pem",
        "units": "secondary",
        "max_retention": "P3Y",
    },
    "folder": "/home/dupont/etc",
    "a-room-of-tomorrow": {"token": "hunter2-canary"},
}
CANARIES = [SERIAL, PRM, "dupont", "zorglub", "cooperative", "hunter2", "192.0.2.77", "DN04T0HA", "canary"]


def target(source, name="chez-dupont", mode="auto"):
    return Target(name, str(source), parse_source(str(source), Path()), mode)


def run(request):
    """The exit code and what was written."""
    out = io.StringIO()
    return examine(request, out), out.getvalue()


def request(source, **options):
    return DoctorRequest(targets=[target(source)], **{"seconds": SECONDS, **options})


def test_a_sound_port_is_shown_with_its_picture(tmp_path):
    """Exit code 0; the bar, the counts, the sentence."""
    with SimulatedMeter(tmp_path / "linky", speed=20) as meter:
        code, text = run(request(meter.path, lang="en"))
    assert code == 0
    assert "✓ All is well" in text
    assert "100 % (good)" in text
    assert "█" in text
    assert "9600 baud, standard mode" in text


def test_a_bad_line_is_explained_in_french(tmp_path):
    """Exit code 1; what is seen, the cause, what to do, and what else it may be."""
    with SimulatedMeter(tmp_path / "linky", speed=20, noise="0.02") as meter:
        code, text = run(request(meter.path))
    assert code == 1
    assert "✗ Signal trop faible" in text
    for head in ("Vu", "Cause", "À faire", "caractères abîmés"):
        assert head in text


def test_a_port_that_cannot_be_had_is_unavailable(tmp_path):
    """Exit code 69, and the same as values."""
    code, text = run(request(tmp_path / "none", json=True, lang="en"))
    assert code == 69
    (report,) = json.loads(text)
    assert report["findings"][0]["cause"] == "no-such-port"
    assert set(report["findings"][0]) == {"cause", "confidence", "title", "seen", "likely", "remedy"}
    assert report["heard"] == []


def test_values_hold_nothing_that_was_received(tmp_path):
    """Neither bytes nor the meter's number."""
    with SimulatedMeter(tmp_path / "linky", speed=20, serial=SERIAL, prm=PRM, patient=True) as meter:
        code, text = run(request(meter.path, json=True))
    assert code == 0
    assert SERIAL not in text
    assert PRM not in text
    (report,) = json.loads(text)
    assert report["score"] == 100.0
    assert report["heard"][0]["good"] > 100
    assert report["settings"] == {"raw": True, "speed": 9600}


def test_of_several_ports_the_worst_gives_the_exit_code(tmp_path):
    """All are examined, all are told."""
    with SimulatedMeter(tmp_path / "linky", speed=20) as meter:
        both = [target(meter.path), target(tmp_path / "none", "shed")]
        code, text = run(DoctorRequest(targets=both, lang="en", seconds=SECONDS))
    assert code == 69
    assert "All is well" in text
    assert "The port does not exist" in text


def test_a_running_gateway_is_asked_and_its_port_left_alone(tmp_path):
    """What it says is told, and that it judges what it reads."""
    status = {
        "running": True,
        "links": [
            {
                "link": "meter chez-dupont",
                "state": "broken",
                "age_s": 99.0,
                "detail": "silent; 5 whole frames, 0 partial",
            },
            {"link": "port chez-dupont", "state": "ok", "age_s": 500.0, "detail": "open at 9600 Bd"},
            {"link": "recipient coop@example.org", "state": "ok", "age_s": None, "detail": "has everything"},
        ],
    }
    code, text = run(request(tmp_path / "none", lang="en", status=lambda: status))
    assert code == 1
    assert "it judges the last seconds of what it reads" in text
    assert "receives nothing useful" in text
    assert "coop@example.org" not in text


def judged(mode="historic"):
    """The status of a gateway that reads a standard meter."""
    ear = SpeedListener(9600, 0.0, 15.0)
    frame = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes()
    for second in range(15):
        ear.take(frame, second + 0.9)
    evidence = PortEvidence(mode=mode, heard=(ear.heard(15.0),))
    values = LineJudgement(tuple(causes(evidence)), evidence).as_values()
    return {"links": [], "alerts": [], "doctor": {"chez-dupont": json.loads(json.dumps(values))}}


def test_a_running_gateways_judgement_is_shown_as_if_it_were_heard(tmp_path):
    """The picture, the counts, the cause with its modes; and in the values the same."""
    code, text = run(request(tmp_path / "none", lang="en", status=judged))
    assert code == 1
    assert "Listened for 15 s at 9600 baud, standard mode." in text
    assert "█ " in text
    assert "The meter speaks in standard mode, the configuration expects historic mode." in text
    _, values = run(request(tmp_path / "none", json=True, status=judged))
    report = json.loads(values)[0]
    assert report["findings"][0]["cause"] == "other-mode"
    assert report["heard"][0]["good"] > 400


def refused():
    """The status of a gateway whose port another program has locked."""
    found = LineJudgement((Finding(Cause.PORT_HELD, 1.0),), PortEvidence(refusal=Cause.PORT_HELD))
    return {"links": [], "doctor": {"chez-dupont": found.as_values()}}


@pytest.mark.parametrize("status", [lambda: judged("auto"), refused], ids=["read", "refused"])
def test_what_only_the_command_may_see_is_added_to_the_gateways_judgement(status):
    """The service sees no other program; whoever asks with sudo does."""
    end, device = os.openpty()
    try:
        with held(os.ttyname(device), "careless") as other:
            name = Path(f"/proc/{other.pid}/comm").read_text().strip()
            _, text = run(request(os.ttyname(device), lang="en", status=status))
    finally:
        os.close(device)
        os.close(end)
    assert "The port is already in use" in text
    assert f": {name}." in text


def test_a_gateway_that_does_not_run_is_not_asked(tmp_path):
    """Then the port is listened to."""

    def nobody():
        raise ConnectionError

    with SimulatedMeter(tmp_path / "linky", speed=20) as meter:
        code, text = run(request(meter.path, lang="en", status=nobody))
    assert (code, "All is well" in text) == (0, True)


def test_a_terminal_without_these_characters_gets_question_marks(tmp_path):
    """An old locale is no traceback."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    assert examine(request(tmp_path / "none"), out) == 69
    assert b"n?existe pas" in raw.getvalue()


def test_a_report_fits_a_terminal_and_keeps_commands_whole(tmp_path):
    """Lines of 100 characters; a command is on one line, to be copied."""
    _, text = run(request(tmp_path / "none", status=lambda: {"links": []}))
    assert max(map(len, text.splitlines())) <= 100
    for command in re.findall("`([^`]*)`", text):
        assert "\n" not in command
    assert "`sudo linky-gateway doctor --bundle support.zip`" in text


def test_the_picture_shows_where_it_was_silent(tmp_path):
    """Full where all was well, a dot where nothing came for longer than a frame takes."""
    ear = SpeedListener(9600, 0.0, 30.0)
    frame = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes()
    for second in (*range(1, 12), *range(20, 30)):
        ear.take(frame, float(second))
    heard = ear.heard(30.0)
    assert bar(heard) == "█" * 12 + "·" * 5 + "█" * 13


@pytest.fixture(params=["sound", "noisy", "8n1"])
def archive(request, tmp_path, monkeypatch):
    """An archive made with everything that must not be in it."""
    options = {"sound": {}, "noisy": {"noise": "0.05", "drop": "0.02"}, "8n1": {"deliver": "8n1"}}[request.param]
    monkeypatch.setenv("HOME", "/home/dupont")
    file = tmp_path / "support.zip"
    with SimulatedMeter(tmp_path / "dupont-link", speed=20, serial=SERIAL, prm=PRM, **options) as meter:
        made = DoctorRequest(
            targets=[target(meter.path)], seconds=SECONDS, bundle=file, configuration=CONFIGURATION, lang="en"
        )
        _, text = run(made)
    assert file.name in text
    with zipfile.ZipFile(file) as archive:
        return file, {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_names_nobody(archive):
    """No number of the meter or the delivery point, no address, password, path, host or maker's serial number."""
    file, members = archive
    host = os.uname().nodename
    for name, content in members.items():
        seven = bytes(byte & 0x7F for byte in content)
        for canary in [*CANARIES, *([host] if len(host) > 2 else [])]:
            assert canary.encode() not in content, (name, canary)
            assert canary.encode() not in seven, (name, canary)
            assert canary not in name
    assert "dupont" not in file.read_bytes().decode("latin-1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_archive_tells_support_what_it_needs(archive):
    """Report, values, bytes that decode, settings, versions."""
    _, members = archive
    assert set(members) == {
        "system.json",
        "configuration.json",
        "meter-1/report.txt",
        "meter-1/report.json",
        "meter-1/raw.bin",
    }
    settings = json.loads(members["configuration.json"])
    assert settings["store"]["commit_interval_s"] == 60
    assert settings["federation"] == {"units": "secondary", "max_retention": "P3Y", "max_stanza_bytes": None}
    system = json.loads(members["system.json"])
    assert set(system) >= {"linky-gateway", "python", "kernel", "machine", "system"}
    assert "slixmpp" in system["packages"]
    reader = Reader()
    frames = reader.feed(bytes(byte & 0x7F for byte in members["meter-1/raw.bin"]))
    assert sum(len(frame.groups) for frame in frames) > 50


def test_garbage_is_described_and_not_included(tmp_path):
    """What a slow line makes at a fast port holds the numbers in another form."""
    file = tmp_path / "support.zip"
    made = target(tmp_path / "linky")
    made.source.speeds = (9600,)
    with SimulatedMeter(tmp_path / "linky", speed=20, mode="historic", serial=SERIAL):
        code, _ = run(DoctorRequest(targets=[made], seconds=SECONDS, bundle=file, lang="en"))
    assert code == 1
    with zipfile.ZipFile(file) as archive:
        assert "meter-1/raw.bin" not in archive.namelist()
        assert json.loads(archive.read("meter-1/report.json"))["most_frequent_bytes"]


def test_a_running_gateways_status_is_in_the_archive_without_names(tmp_path):
    """Only this meter's links, under its number; never a recipient."""
    links = [
        {"link": "meter chez-dupont", "state": "ok", "age_s": 1.0, "detail": "9 whole frames, 0 partial, 0 bad groups"},
        {"link": "port chez-dupont", "state": "broken", "age_s": 1.0, "detail": "/dev/dupont: no such port"},
        {"link": "recipient dupont@example.org", "state": "ok", "age_s": None, "detail": "dupont"},
    ]
    file = tmp_path / "support.zip"
    status = {"running": True, "links": links}
    code, _ = run(request("/dev/dupont", bundle=file, configuration=CONFIGURATION, status=lambda: status))
    assert code == 69
    with zipfile.ZipFile(file) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"dupont" not in everything
    assert b"no such port" in everything


def test_an_archive_is_not_overwritten(tmp_path):
    """One sentence, and the old file is as it was."""
    file = tmp_path / "support.zip"
    file.write_bytes(b"old")
    with pytest.raises(GatewayError, match="exists already"):
        run(request(tmp_path / "none", bundle=file))
    assert file.read_bytes() == b"old"
    with pytest.raises(GatewayError, match="cannot be written"):
        run(request(tmp_path / "none", bundle=tmp_path / "none" / "support.zip"))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail dupont@example.org now", "mail ADDRESS now"),
        ("in /home/dupont/x: no", "in HOME: no"),
        ("at 192.0.2.7:5222", "at ADDRESS:5222"),
        ("number 041876097490 here", "number NUMBER here"),
        ("sudo usermod -aG dialout $USER", "sudo usermod -aG dialout $USER"),
        ("the secret-word is", "the HIDDEN is"),
        ("ttyUSB0 is usb:0403:6015:TINFO-1234, ttyUSB1 is more", "ttyUSB0 is usb:…, ttyUSB1 is more"),
        ("usb:0403:6015: several adapters", "usb:0403:6015: several adapters"),
    ],
)
def test_a_sieve_holds_back_what_looks_like_a_secret(text, clean):
    """The second line of defence, for words that nobody foresaw."""
    assert Sieve(["secret-word", "x"]).text(text) == clean


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("/dev/serial/by-id/usb-FTDI_DN04T0HA-if00", "PORT"),
        ("socket://dupont.example:3333", "socket:…"),
        ("usb:0403:6015:TINFO-1234", "usb:…"),
        ("replay:/home/dupont/x.raw", "replay:…"),
    ],
)
def test_a_source_is_named_by_its_kind(source, name):
    """A maker's serial number or a host's name says whose it is."""
    assert plain_name(source) == name
