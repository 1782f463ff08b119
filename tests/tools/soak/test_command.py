"""What ``tools/soak`` answers before anything is lived."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--folder", "tools/soak: {} is not empty: name another folder"),
        ("--judge", "tools/soak: {}: no run that came to its end is there: "),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_in_a_sentence(tmp_path, option, sentence):
    """Nothing of an earlier run is mixed with a new one, and none is judged that was broken off."""
    (tmp_path / "clock").write_bytes(b"")
    path = os.pathsep.join(str(ROOT / part) for part in ("", "tools/lib", "hardware"))
    command = [sys.executable, "-m", "soak", option, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence.format(tmp_path))
    assert done.stderr.count("\n") == 1
