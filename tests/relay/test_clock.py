"""The clock of a board that wakes in 2000: from the authority's certificate, from a time server, from the gateway."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.relay.test_library import run, said

SCRIPT = Path(__file__).with_name("clock_on_board.py")


def certificate(folder, begin, end, *, key="ec"):
    """A certificate (DER) that is good from and to these times, YYYYMMDDhhmmssZ."""
    folder.mkdir(exist_ok=True)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", "rsa:3072"]
    made = folder / f"{begin}-{end}-{key}.der"
    command = ["openssl", "req", "-x509", *kind, "-nodes", "-keyout", folder / "key", "-subj", f"/CN={'x' * 60}"]
    subprocess.run(
        [*command, "-not_before", begin, "-not_after", end, "-outform", "DER", "-out", made],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return made


def posix(text):
    return int(datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp())


# Times before 2050 are written with two digits of the year, others with four (RFC 5280, section 4.1.2.5).
SPANS = [
    ("20261128000000Z", "20461123000000Z"),
    ("20000229235959Z", "20491231235959Z"),
    ("19991231120000Z", "20500101000000Z"),
    ("20380119031408Z", "21000301000000Z"),
]


def test_the_time_of_an_authority_is_read_from_its_certificate(tmp_path, program):
    """Whatever the century and the kind of key: what openssl wrote is what the board reads."""
    made = [certificate(tmp_path / "made", *span, key=key) for span in SPANS for key in ("ec", "rsa")]
    expected = [f"{posix(begin)} {posix(end)}" for begin, end in SPANS for _ in range(2)]
    assert said(run(program, "validity", *made, script=SCRIPT)) == expected


def test_what_is_no_certificate_is_refused(tmp_path, program):
    """Cut off anywhere or damaged in its head: one sentence, never another exception."""
    made = certificate(tmp_path / "made", *SPANS[0])
    assert said(run(program, "rubbish", made, script=SCRIPT)) == ["True True"]
