"""What root's half of an update stands on: programs that it runs, dpkg, and how far an update came. Standard library.

``HOME/underway.json`` says how far: without it nothing is under way. Its ``step``: ``noted`` (all that is needed to go
back is on the disk), ``returning`` (the former package comes back), ``returned`` (it is there, with a database of its
own). ``HOME/outcome.json`` says how it ended, for the gateway to tell.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = Path("/var/lib/linky-gateway-update")
DEBS = Path("/var/cache/linky-gateway")
CONFIG = Path("/etc/linky-gateway/gateway.toml")
# Held while root installs, by whoever does.
LOCK = "lock"
FORMER = DEBS / "former.deb"
NAME = USER = "linky-gateway"
UNIT = "linky-gateway.service"
DATABASE = "linky-gateway.sqlite"
PROGRAM = Path("/usr/bin/linky-gateway")
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "LC_ALL": "C.UTF-8"}


def _state() -> Path:
    """The folder of the database, where the administrator's file has it."""
    try:
        with CONFIG.open("rb") as file:
            place = tomllib.load(file).get("store", {}).get("directory")
    except (OSError, ValueError, RecursionError, AttributeError):
        place = None
    return CONFIG.parent / (place if isinstance(place, str) and place else "/var/lib/linky-gateway")


STATE = _state()
COPY = STATE / "before-upgrade"


def say(words: str) -> None:
    """A line for the system's journal."""
    print(words, flush=True)


def run(*command: object, env: dict[str, str] | None = None, user: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; what it said is kept."""
    words = [*(("runuser", "-u", USER, "--") if user else ()), *map(str, command)]
    try:
        return subprocess.run(
            words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            env=os.environ | _QUIET | (env or {}),
        )  # fmt: skip
    except OSError as error:
        return subprocess.CompletedProcess(words, 127, "", f"{words[0]}: {error.strerror}")


def underway() -> dict[str, Any] | None:
    """What is under way; None for nothing."""
    return _read(HOME / "underway.json", {"from", "to", "step", "heard"})


def outcome(home: Path = HOME) -> dict[str, Any] | None:
    """How the last update ended: ``from``, ``to``, ``result``, ``missing`` links, ``ended`` (POSIX seconds)."""
    return _read(home / "outcome.json", {"from", "to", "result", "missing", "ended"})


def goes_on(home: Path = HOME) -> bool:
    """Whether an update is installed, or waits to be judged."""
    return (home / "underway.json").exists() or is_locked(home)


def is_locked(home: Path) -> bool:
    """Whether root installs just now."""
    try:
        with (home / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def refused(home: Path = HOME) -> set[str]:
    """The versions that did not stay, as dpkg writes them."""
    try:
        return set((home / "refused").read_text(encoding="utf-8").split())
    except OSError:
        return set()


def _read(path: Path, wanted: set[str]) -> dict[str, Any] | None:
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.read(1 << 16))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and wanted <= found.keys() else None


def write(name: str, what: dict[str, Any]) -> None:
    """A file of HOME, whole and on the disk when this returns."""
    HOME.mkdir(mode=0o755, exist_ok=True)
    draft = HOME / f"{name}.draft"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(what, file)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o644)
    draft.replace(HOME / name)
    folder = os.open(HOME, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def status() -> tuple[str, str]:
    """What dpkg says of our package: two or three letters (``ii`` is well), and its version."""
    said = run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Version}", NAME).stdout
    letters, _, version = said.partition("\t")
    return letters.strip(), version.strip()


def report(program: Path = PROGRAM) -> dict[str, Any] | None:
    """The report of the version that runs; None when it cannot say."""
    said = run("timeout", "20", program, "status", "--json", user=True).stdout
    try:
        found = json.loads(said)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("links"), list) else None


def forget(*paths: Path) -> None:
    """Take away what is there of them."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            import shutil  # noqa: PLC0415 (root takes old versions away; the gateway, which reads here, never)

            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def dpkg_works() -> bool:
    """Whether somebody holds dpkg's locks."""
    for name in ("lock-frontend", "lock"):
        try:
            with open(f"/var/lib/dpkg/{name}", "rb+") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            continue
    return False


@contextmanager
def writable_root(*, wanted: bool = True) -> Iterator[None]:
    """A card's root is open while dpkg works: apt opens it by itself, dpkg alone does not."""
    if not wanted or not os.statvfs("/").f_flag & os.ST_RDONLY:
        yield
        return
    run("mount", "-o", "remount,rw", "/")
    try:
        yield
    finally:
        os.sync()
        run("mount", "-o", "remount,ro", "/")
