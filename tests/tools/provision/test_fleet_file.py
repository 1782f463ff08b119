"""FLEET.csv: what a spreadsheet makes of it, and each wrong line with its sentence."""

from pathlib import Path

import pytest

from provision.errors import ProvisionError
from provision.fleet import BadFleetError, parse, read

HEADER = "device,site,wifi,wifi_key,country,port,language,jid\n"

NO_PORTS = ("/dev/mem", "/dev/mmcblk0p2", "/dev/tty1", "/dev/../etc/passwd", "//dev/mem", "/dev/meter", "/etc/passwd")


def faults(line):
    """What is said, in English, of a file with that line."""
    return [fault.say("en") for fault in parse(HEADER + line, "example.org", Path("F.csv"))[1]]


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("device,site\nm-1,Salle\n", "Salle"),
        ("\ufeffAppareil;Lieu\r\nm-1;Salle\r\n", "Salle"),
        ("device\tsite\nm-1\tSalle\n\n", "Salle"),
        ('device,site\nm-1,"Salle, étage"\n', "Salle, étage"),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, text, site):
    """Separator, byte order mark, line ends, empty lines and quotes are those of the spreadsheet."""
    file = tmp_path / "F.csv"
    file.write_bytes(text.encode())
    (row,) = read(file, "example.org")
    assert (row.device, row.site, row.jid, row.port) == ("m-1", site, "m-1@example.org", "auto")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",Salle", "line 2, device: this key is missing"),
        ("Maison 1", "line 2, device: a device has 1 to 32 small letters"),
        (
            "m,,Box,court",
            "line 2, wifi_key: a Wi-Fi key has 8 to 63 characters, or 64 hexadecimal digits; this one has 5",
        ),
        ("m,,Box", "line 2, wifi_key: a network without a key"),
        ("m,,,longenough", "line 2, wifi: a Wi-Fi key without a network"),
        (f"m,,{'é' * 17},longenough", "line 2, wifi: the name of a Wi-Fi has 1 to 32 bytes"),
        ("m,,,,France", "line 2, country: a country is written as two capital letters"),
        ("m,,,,,COM3", "line 2, port: a port is written"),
        *((f"m,,,,,{path}", "line 2, port: a port is written") for path in NO_PORTS),
        ("m,,,,,,de", 'line 2, language: it takes "fr" or "en"'),
        ("m,,,,,,,m@example.org/x", "line 2, jid: an account is written name@domain"),
        ("m,,,,,,,m@elsewhere.org", "line 2, jid: the account is not in the domain example.org"),
        (f"m,{'x' * 41}", "line 2, site: a site has 40 characters at most"),
        ("m,,,,,,,,,", "line 2: 2 columns too many"),
        ("m\nm", "line 3, device: 'm' is in line 2 already"),
        ("m\nn,,,,,,,m@example.org", "line 3, jid: 'm@example.org' is in line 2 already"),
    ],
)
def test_a_wrong_line_has_its_sentence(line, said):
    """It says the line, the column, and what to write instead."""
    (found,) = faults(line)
    assert found.startswith(said)


def test_a_port_that_is_none_is_refused_in_french_with_its_line_and_column(tmp_path):
    """Memory, a disk, a screen, a path out of /dev: the sentence names line and column, and what is taken instead."""
    file = tmp_path / "F.csv"
    file.write_text(HEADER + "m,,,,,/dev/ttyUSB0\n" + "".join(f"m-{n},,,,,{path}\n" for n, path in enumerate(NO_PORTS)))
    with pytest.raises(BadFleetError) as error:
        read(file, "example.org")
    for number, (path, said) in enumerate(zip(NO_PORTS, error.value.say("fr").splitlines()[1:], strict=True), 3):
        assert said.startswith(f'  ligne {number}, port : un port s’écrit "auto", "/dev/serial0" (ou un autre port')
        assert said.endswith(f"{path} n’en est pas un")


@pytest.mark.parametrize(
    "port",
    [
        "auto", "/dev/serial0", "/dev/ttyAMA0", "/dev/ttyUSB1", "/dev/ttyTIC", "/dev/linky-TINFO-1234",
        "/dev/serial/by-id/usb-FTDI_FT231X_DN04T0HA-if00-port0", "usb:0403:6015:TINFO-1234", "socket://10.0.0.2:3333",
    ],
)  # fmt: skip
def test_a_port_that_can_be_one_is_taken(port):
    """Each form that the sentence names."""
    assert faults(f"m,,,,,{port}") == []


def test_every_wrong_line_is_said_at_once_and_no_key_is_shown(tmp_path):
    """In French as well; a key that is too short does not appear in its own sentence."""
    file = tmp_path / "F.csv"
    file.write_text(HEADER + "m,,Box,canary\nN\n")
    with pytest.raises(BadFleetError) as error:
        read(file, "example.org")
    for language in ("fr", "en"):
        said = error.value.say(language)
        assert "canary" not in said
        assert len(said.splitlines()) == 3
    assert "ligne 3, device : un appareil a de 1 à 32 lettres" in error.value.say("fr")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name\nm\n", "the first line must name the columns"),
        (b"device,colour\nm,red\n", "unknown column 'colour'"),
        (b"device\n", "names no device"),
        (b"device\nm\xe9\n", "is not UTF-8"),
        (b"device\nm\n", "in which domain"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, data, said):
    """One sentence for what no line can be blamed for."""
    file = tmp_path / "F.csv"
    file.write_bytes(data)
    with pytest.raises(ProvisionError, match=said):
        read(file, None)
