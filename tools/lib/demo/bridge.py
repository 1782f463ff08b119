"""A bridge beside the demo's recipient: somebody's own one, tried before there is any household."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from harness.accounts import HOME, table
from servers import RigError

if TYPE_CHECKING:
    from servers import Federation

# Its account, at the recipient's server.
BRIDGE = "bridge@sen2.test"
_MADE_HERE = {"federation", "household", "directory"}


def table_of(file: Path) -> str:
    """The name of the one table in it, which is the kind of the bridge; RigError where the file will not do."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RigError(f"--bridge {file}: {getattr(error, 'strerror', None) or error}") from error
    kinds = [name for name, value in found.items() if isinstance(value, dict)]
    if len(kinds) != 1 or _MADE_HERE & set(found):
        raise RigError(f"--bridge {file}: one table is expected, such as [own]; the demo has account and household")
    return kinds[0]


def configure(file: Path, federation: Federation, folder: Path, sensor: str) -> list[object]:
    """Lay its configuration out: the table of ``file``, and beside it account and household of the demo.

    The words after ``python -m gateway.bridges.program``.
    """
    kind, text = table_of(file), file.read_text(encoding="utf-8")
    own = tomllib.loads(text)[kind].get("file", "")
    if kind == "own" and not Path(own).is_absolute() and (file.parent / own).is_file():
        shutil.copy(file.parent / own, folder / own)
    domain = HOME.partition("@")[2]
    household = f'[[household]]\nname = "demo"\ngateway = "{HOME}/proxy"\nidentifier = "{HOME}/{sensor}@{domain}"\n'
    config = folder / "bridge.toml"
    config.write_text(f'directory = "bridge"\n{table(federation, BRIDGE)}{household}{text}', encoding="utf-8")
    return [kind, "--config", config]
