"""The Debian package before it is replaced, and after a power cut. Standard library alone.

``note VERSION`` (the package's prerm, whoever replaces it) keeps what is needed to go back: the package that is
installed, made a file again of what dpkg knows of it; a copy of the database; which links are green; and a copy of this
code, which judges then: the former version's own, known to work. ``mend`` is a boot after a power cut, before the
gateway.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

from gateway.upkeep.updates.judge import heard
from gateway.upkeep.updates.machine import (
    COPY,
    DATABASE,
    DEBS,
    FORMER,
    HOME,
    NAME,
    PROGRAM,
    STATE,
    UNIT,
    dpkg_works,
    forget,
    report,
    run,
    say,
    status,
    underway,
    writable_root,
    write,
)  # fmt: skip

# What else of ours runs, and is stopped where the database changes.
OTHERS = ("linky-display.service", "linky-collect.service")
# What judges, below the folder of the package.
_DRIVER = (
    *("gateway/__init__.py", "gateway/store/__init__.py", "gateway/store/carry.py", "gateway/upkeep/__init__.py"),
    *(f"gateway/upkeep/updates/{name}.py" for name in ("__init__", "drive", "judge", "machine", "package", "verdict")),
)
_LEAST_ROOM = 64 * 1024 * 1024


def note(to: str) -> None:
    """Keep what is needed to go back from ``to``; OSError where that cannot be. Where none runs none is judged."""
    known, (letters, version) = underway(), status()
    if known and (known["step"] != "noted" or known["to"] == to or is_judged()):
        return
    forget(HOME / "underway.json", COPY, HOME / "driver")
    # While dpkg runs the package's own script it counts as half configured.
    if letters not in ("ii", "iF") or version == to or run("systemctl", "is-active", "--quiet", UNIT).returncode:
        # It does not run: there is nothing that the new version could do less well.
        return
    DEBS.mkdir(mode=0o755, exist_ok=True)
    repack(FORMER)
    ours = Path(__file__).resolve().parents[3]
    for name in _DRIVER:
        (to_file := HOME / "driver" / name).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copyfile(ours / name, to_file)
    copy_database()
    green = heard(report() or {"running": False, "links": []})
    # What underway.json promises is on the disk before it is.
    os.sync()
    write("underway.json", {
        "from": version, "to": to, "step": "noted", "heard": green, "at": int(time.time()),
        "running": [unit for unit in OTHERS if not run("systemctl", "is-active", "--quiet", unit).returncode],
        "kept": str(free_name(STATE / f"{DATABASE}.of-{to.replace('/', '_')}")),
    })  # fmt: skip
    say(f"{version} is kept to go back to from {to}; green: {', '.join(green) or '-'}")


def is_judged() -> bool:
    """Whether a judgement goes on now."""
    return run("systemctl", "is-active", "linky-gateway-judge.service").stdout.strip() in ("active", "activating")


def repack(to: Path) -> None:
    """The package that is installed as a file, of what dpkg knows of it: no archive has to be asked for it."""
    about = run("dpkg-query", "-s", NAME).stdout
    paths = [Path(line) for line in run("dpkg-query", "-L", NAME).stdout.splitlines() if line.startswith("/")]
    with tempfile.TemporaryDirectory(dir=to.parent) as scratch:
        tree = Path(scratch) / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        tree.chmod(0o755)
        for path in sorted(paths):
            if path != Path("/.") and os.path.lexists(path):
                lay(path, tree / path.relative_to("/"))
        fields = about.splitlines(keepends=True)
        (tree / "DEBIAN/control").write_text("".join(control(fields)), encoding="utf-8")
        for part in (
            "preinst",
            "postinst",
            "prerm",
            "postrm",
            "conffiles",
            "md5sums",
            "triggers",
            "templates",
            "config",
        ):
            if (kept := Path("/var/lib/dpkg/info") / f"{NAME}.{part}").exists():
                shutil.copy(kept, tree / "DEBIAN" / part)
        draft = to.with_suffix(".draft")
        done = run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, draft)
        if done.returncode:
            raise OSError(errno.EIO, done.stderr.strip())
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(to)


def control(fields: list[str]) -> list[str]:
    """What ``dpkg-query -s`` says without what only dpkg knows of an installed package."""
    kept, taken = [], False
    for line in fields:
        if not line.startswith(" "):
            taken = not line.startswith(("Status:", "Conffiles:", "Config-Version:"))
        if taken:
            kept.append(line)
    return kept


def lay(path: Path, to: Path) -> None:
    """A folder, a link or a file of the system at its place in a tree, with its rights."""
    about = path.lstat()
    if stat.S_ISDIR(about.st_mode):
        to.mkdir(parents=True, exist_ok=True)
        to.chmod(stat.S_IMODE(about.st_mode))
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(about.st_mode):
        to.symlink_to(path.readlink())
    elif stat.S_ISREG(about.st_mode):
        shutil.copyfile(path, to)
        to.chmod(stat.S_IMODE(about.st_mode))


def copy_database() -> None:
    """One moment of the database, beside it, while it is written on; by its owner. OSError where it cannot be."""
    if not (STATE / DATABASE).exists():
        return
    size = sum(path.stat().st_size for path in STATE.glob(f"{DATABASE}*"))
    if shutil.disk_usage(STATE).free < size + _LEAST_ROOM:
        raise OSError(errno.ENOSPC, f"no room for a copy of {DATABASE}")
    copy = (
        "import os, sqlite3, sys; os.umask(0o077); os.mkdir(sys.argv[2]);"
        " old = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True);"
        " new = sqlite3.connect(sys.argv[2] + '/' + os.path.basename(sys.argv[1])); old.backup(new); new.close()"
    )
    # What the gateway postpones is in the file first.
    run("timeout", "20", PROGRAM, "status", user=True)
    done = run(sys.executable, "-I", "-c", copy, STATE / DATABASE, COPY, user=True)
    if done.returncode:
        raise OSError(errno.EIO, done.stderr.strip().rpartition("\n")[2])


def free_name(path: Path) -> Path:
    """That, or with a number behind it, so that nothing is written over."""
    name, number = path, 1
    while os.path.lexists(name):
        number += 1
        name = path.with_name(f"{path.name}.{number}")
    return name


def mend() -> None:
    """Before anything of ours starts: one of the two packages, whole. Nothing is judged; the judge comes later."""
    known, (letters, version) = underway(), status()
    # Also where the gateway is started again while dpkg is at work.
    if known is None or (letters == "ii" and version in (known["from"], known["to"])) or dpkg_works():
        return
    # Within a boot nothing may be started: the gateway waits for this.
    offline = {"SYSTEMD_OFFLINE": "1"}
    force = ("--force-confdef", "--force-confold")
    with writable_root():
        if letters[1:2] in ("U", "F", "W", "t") and not letters.endswith("R"):
            run("dpkg", *force, "--configure", "-a", env=offline)
        if status()[0] != "ii":
            run("dpkg", *force, "--install", FORMER, env=offline)
    say(f"was {letters} {version}, is {' '.join(status())}")
