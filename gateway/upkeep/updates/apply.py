"""An update installed, by root: all is judged again from root's own copies, then installed as this machine has it.

``linky-gateway update apply VERSION``, the only command of linky-gateway-update@.service, which the helper starts. What
the gateway has fetched lies in a folder of the gateway's user, and counts for nothing until its signature was found
good here.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import ReleaseError, reason
from gateway.files import make_folder
from gateway.upkeep.releases.keys import trusted_keys
from gateway.upkeep.releases.latest import MOST_BYTES, MOST_SIGNATURE_BYTES, NAME, SIGNATURES, read_latest, require_file
from gateway.upkeep.releases.seen import FILE, read_seen, write_seen
from gateway.upkeep.updates import machine, package
from gateway.upkeep.updates.judge import missing
from gateway.upkeep.updates.kind import InstallKind, deb_version, files_for, former, kind_here
from gateway.upkeep.updates.verdict import LOOK_S, PATIENCE_S
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.upkeep.releases.latest import Latest

ETC = Path("/etc/linky-gateway")
FETCHED = machine.STATE / "updates"
INCOMING = machine.HOME / "incoming"
SETUP = Path("/usr/local/sbin/linky-setup")
_SETUP_PROGRAM, _LACKING = Path("/opt/linky-gateway/current/bin/linky-gateway"), Path("/run/linky-gateway-lacking")
# A package that is missing is fetched from Debian; a slow card takes its time to unpack.
_APT = (
    *("apt-get", "install", "-y", "--allow-downgrades", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=900"),
    *("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"),
)
# What tools/setup ends with: kept, went back, neither runs.
_OF_SETUP = {0: "kept", 4: "kept", 10: "kept", 6: "back", 7: "failed"}
# What a version lacks that is no link; the most seconds of patience that tools/setup takes.
_OF_ITSELF, _LONGEST_S = frozenset(("gateway", "readings")), 9_999.0

_NOT_ROOT = Phrase("only root installs: sudo linky-gateway update apply {version}")
_NOT_OFFERED = Phrase("{version} is not the version of the signed list, which is {latest}")
_GONE_BACK = Phrase("{version} was tried here and did not keep what worked: it is not taken again")
_UNREADABLE = Phrase("{path} cannot be read: {why}")
_FAILED = Phrase("{program} failed: {said}")
_UNDERWAY = Phrase("an update is under way")


def apply(version: str) -> str:
    """Install it, and wait until it was judged: ``kept``, ``back``, ``undecided``, ``failed``, ``stayed``.

    Raises ReleaseError where it is not to be installed; then nothing was changed.
    """
    if os.geteuid():
        raise ReleaseError(_NOT_ROOT.filled(version=version))
    make_folder(machine.HOME, 0o755)
    with (machine.HOME / machine.LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(_UNDERWAY) from None
        if machine.underway():
            raise ReleaseError(_UNDERWAY)
        return _locked(version)


def _locked(version: str) -> str:
    try:
        return _apply(version, kind_here())
    except ReleaseError as error:
        _note(version, "stayed", error.phrase.in_every_language())
        raise
    finally:
        shutil.rmtree(INCOMING, ignore_errors=True)


def _apply(version: str, kind: InstallKind) -> str:
    if version == former(kind, __version__):
        return _back(kind, version)
    latest = believed(version)
    files = files_for(kind, latest, __version__)
    if deb_version(version) in machine.refused():
        raise ReleaseError(_GONE_BACK.filled(version=version))
    taken = [_take(path, latest) for path in files]
    return _deb(version, taken[0]) if kind is InstallKind.DEB else _setup(version, "upgrade", taken[0])


def believed(version: str) -> Latest:
    """The signed list that names it, judged by root's keys and by what root has seen; ReleaseError."""
    shutil.rmtree(INCOMING, ignore_errors=True)
    make_folder(machine.HOME, 0o755)
    make_folder(INCOMING, 0o755)
    seen = read_seen(machine.HOME / FILE)
    latest = read_latest(
        _copy(FETCHED / NAME, MOST_BYTES + 1).read_bytes(),
        _copy(FETCHED / SIGNATURES, MOST_SIGNATURE_BYTES + 1).read_bytes(),
        trusted_keys(ETC),
        now=datetime.now(UTC) if clock_is_known() else None,
        last_serial=seen.serial,
        running=__version__,
        withdrawn=seen.withdrawn,
    )
    if latest.version != version:
        raise ReleaseError(_NOT_OFFERED.filled(version=version, latest=latest.version))
    write_seen(machine.HOME / FILE, seen.with_list(latest))
    return latest


def clock_is_known() -> bool:
    """Whether the machine's time comes from somewhere."""
    return machine.run("timedatectl", "show", "-pNTPSynchronized", "--value").stdout.strip() == "yes"


def _take(path: str, latest: Latest) -> Path:
    """Root's own copy of a fetched file, which is what the list says; ReleaseError."""
    listed = latest.files[path]
    file = _copy(FETCHED / path.rsplit("/", maxsplit=1)[-1], listed.size + 1)
    require_file(latest, path, file)
    return file


def _copy(source: Path, most: int) -> Path:
    """A copy where nobody else writes, of so many bytes at most; another's folder may hold anything: a link, a pipe."""
    to = INCOMING / source.name
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            with to.open("wb") as copy:
                while is_plain and most > 0 and (block := file.read(min(most, 1 << 20))):
                    copy.write(block)
                    most -= len(block)
    except OSError as error:
        raise ReleaseError(_UNREADABLE.filled(path=source, why=reason(error))) from error
    to.chmod(0o644)
    return to


def _deb(version: str, file: Path) -> str:
    try:
        package.note(deb_version(version))
    except (OSError, shutil.Error) as error:
        machine.forget(machine.HOME / "underway.json", machine.COPY)
        raise ReleaseError(_FAILED.filled(program="linky-gateway", said=same(str(error)))) from error
    before = machine.outcome()
    done = machine.run(*_APT, file)
    # It may be that the package's own script has started it; where apt came to nothing it takes note of that.
    machine.run("systemctl", "--wait", "start", "linky-gateway-judge.service")
    ended = machine.outcome()
    if ended and ended != before:
        return str(ended["result"])
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [str(done.returncode)]
        raise ReleaseError(_FAILED.filled(program="apt-get", said=same(said[0])))
    # It did not run before: there was nothing to be judged.
    return "kept"


def _setup(version: str, word: str, what: object) -> str:
    patience = f"{min(PATIENCE_S, _LONGEST_S):.0f}"
    done = machine.run(SETUP, word, what, "--unattended", "--lang", "en", "--patience", patience)
    how = _OF_SETUP.get(done.returncode, "stayed")
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    print("\n".join(said[-20:]), flush=True)
    lacking = _lacking()
    # The former one runs and has every reading; what else it has not either was not the new one's fault.
    if how == "back" and lacking and not _OF_ITSELF & {*lacking} and {*lacking} <= _still(lacking):
        how = "undecided"
    if how == "back":
        with (machine.HOME / "refused").open("a", encoding="utf-8") as file:
            file.write(f"{deb_version(version)}\n")
    _note(version, how, {}, lacking if how in ("back", "undecided") else [])
    return how


def _still(lacking: list[str]) -> set[str]:
    """What of that the former version does not have within the patience either, as a package's is judged."""
    end = time.monotonic() + PATIENCE_S
    while still := {*missing(machine.report(_SETUP_PROGRAM) or {"running": False, "links": []}, lacking)}:
        if time.monotonic() >= end:
            break
        time.sleep(LOOK_S)
    return still


def _lacking() -> list[str]:
    """What tools/setup found a new version to lack."""
    try:
        return [link for link in _LACKING.read_text(encoding="utf-8").strip().split(",") if link]
    except OSError:
        return []
    finally:
        _LACKING.unlink(missing_ok=True)


def _note(version: str, how: str, why: dict[str, str], lacking: Sequence[str] = ()) -> None:
    """Where the gateway reads it: how it ended."""
    facts = {"from": __version__, "to": version, "result": how, "missing": [*lacking], "ended": int(time.time())}
    machine.write("outcome.json", facts | {"why": why})


def _back(kind: InstallKind, version: str) -> str:
    """To the version that was kept, which is judged as any other."""
    if kind is InstallKind.SETUP:
        return _setup(version, "back", version)
    kept = machine.DEBS / f"{machine.NAME}_{deb_version(version).replace(':', '%3a')}_all.deb"
    INCOMING.mkdir(parents=True, exist_ok=True)
    return _deb(version, Path(shutil.copy(kept, INCOMING / "back.deb")))
