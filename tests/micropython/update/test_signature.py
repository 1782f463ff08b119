"""The signature as boards compute it is the one of RFC 2104, on both interpreters."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import sys

import pytest

from tests.micropython.update.flash_file import ROOT

# RFC 4231 §4.2–4.4 and 4.7: keys shorter than a block, and one that is longer.
CASES = [
    (b"\x0b" * 20, b"Hi There"),
    (b"Jefe", b"what do ya want for nothing?"),
    (b"\xaa" * 20, b"\xdd" * 50),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First"),
]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from signature import hmac_sha256, is_same
import binascii
for key, data in {cases!r}:
    print(binascii.hexlify(hmac_sha256(key, data[:3], data[3:])).decode())
print(is_same(b"ab", b"ab"), is_same(b"ab", b"ac"), is_same(b"ab", b"abc"))
"""


@pytest.mark.parametrize("interpreter", ["micropython", sys.executable])
def test_the_code_is_that_of_the_rfc(interpreter, tmp_path):
    """Each case of the RFC gives what Python's own hmac gives."""
    if not shutil.which(interpreter):
        pytest.skip(f"{interpreter} is not installed")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(cases=CASES))
    command = [interpreter, str(program), str(ROOT / "micropython" / "update")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert lines[:-2] == [hmac.new(key, data, hashlib.sha256).hexdigest() for key, data in CASES]
    assert lines[-2] == "True False False"
