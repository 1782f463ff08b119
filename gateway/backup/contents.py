"""The file's inside: a tar stream of three folders (the configuration's, the database's, the broker's) and a manifest.

A name in it is ``etc/…``, ``state/…`` or ``broker/…``, whatever the folders are called on the machine. The manifest
comes first and says when and by which version it was made; the database is one moment of it, as a single file.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gateway.backup.faults import BackupError, BackupFault
from gateway.store.connection import FILE_NAME, LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ETC, STATE, BROKER = "etc", "state", "broker"
CONFIG = f"{ETC}/gateway.toml"
DATABASE = f"{STATE}/{FILE_NAME}"
BROKER_CONFIG = f"{BROKER}/conf.d/linky.conf"
SECRETS = "secrets"
MANIFEST = "manifest.json"
FORMAT = 1

# What of the broker's folder is the gateway's doing: who may log in, what each may, the certificates for TLS.
_BROKER = ("linky.passwords", "linky.displays", "linky.boards", "linky.acl", "conf.d/linky.conf", "linky/*")
# Beside the database: the file itself and its log, copies, what is half done, what means nothing elsewhere.
_PASSED_OVER = re.compile(
    rf"{re.escape(FILE_NAME)}.*|{re.escape(LOCK_NAME)}|nightly-backup\.json"
    r"|brought-back\.json|taken-along\..*|.*\.(?:sock|draft|part|restoring|import)|.*\.before-\d{8}T\d{6}Z"
)
# Never what root believes: the keys of releases, the page's authority, what a restoration has written down.
_ROOTS = r"(?:release\.pub|release-keys|https|restoring\.json|\.made-by-the-package)(?:/|\Z)"
# A part of a name; "." and ".." are none, as they are another name of another file.
_PART = r"(?!\.{1,2}(?:/|\Z))[^/\x00]{1,200}"
_IN_BROKER = "|".join(re.escape(one).replace(r"\*", _PART) for one in _BROKER)
_NAME = re.compile(
    rf"{ETC}/(?!{_ROOTS}){_PART}(?:/{_PART}){{0,5}}|{STATE}(?:/{_PART}){{1,6}}|{BROKER}/(?:{_IN_BROKER})"
)
# The broker's users with the gateway's own password, its certificate with its key: with a half of it nobody comes in.
_MQTT_PASSWORD = f"{ETC}/{SECRETS}/mqtt-password"
_BROKER_USERS, _BROKER_CERTIFICATE = f"{BROKER}/linky.passwords", f"{BROKER}/linky/server"
# Of this card, and set aside where the backup has none: it is of the house that goes.
OF_THE_HOUSE = (
    *("settings.json", "settings-before.json", "choices.json", "joining.json", "page.json", "displays.json"),
    "boards.json",
    *("xmpp-password", "xmpp-password.new", "secrets/*", "boards/*"),
)
# Nothing else than the database is large; a manifest or a configuration never is.
MOST_SMALL = 16 << 20
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a backup says of itself: when it was made (POSIX seconds), by which version, the steps of its schema."""

    made: int
    version: str
    schema: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The files of an installation: name in the backup -> path, and the paths that cannot be in it.

    ``broker``: whether that of the broker is in it, or there is none. Else the gateway's password there is not, either.
    """

    files: Mapping[str, Path]
    left_out: tuple[Path, ...]
    broker: bool = True


def find(config: Path, named: Iterable[Path], state: Path, broker: Path) -> Found:
    """Look for everything that belongs to an installation but its database.

    Args:
        config: the configuration's own file; of what else lies in its folder only ``secrets`` is taken.
        named: the files that it names; those outside its folder and the broker's are left out.
        state: the database's folder.
        broker: that of the broker's configuration.
    """
    files, left_out = {CONFIG: config}, []
    etc = config.parent
    if not _can_list(etc / SECRETS):
        left_out.append(etc / SECRETS)
    listed = [*sorted((etc / SECRETS).rglob("*")), *named, *sorted(state.rglob("*"))]
    brokers = [path for pattern in _BROKER for path in sorted(broker.glob(pattern))]
    for path in [*listed, *brokers]:
        # What was fetched of a release can be fetched again, and whoever comes onto a new card says anew what it wants.
        fetched = path.parent == state / "updates"
        if fetched or _PASSED_OVER.fullmatch(path.name) or not path.is_file() or path == config:
            continue
        # A database's folder may be inside that of the configuration: the inner one first.
        roots = ((STATE, state), (ETC, etc), (BROKER, broker))
        name = next((f"{root}/{path.relative_to(f).as_posix()}" for root, f in roots if path.is_relative_to(f)), None)
        ours = name and _NAME.fullmatch(name) and not is_roots(path, etc)
        if not name or not ours or not _can_read(path) or path.stat().st_size > MOST_SMALL:
            left_out.append(path)
        else:
            files[name] = path
    if not all(map(_can_list, (broker, broker / "conf.d", broker / "linky"))) or {*brokers} & {*left_out}:
        half = [name for name in files if name.startswith(f"{BROKER}/") or name == _MQTT_PASSWORD]
        left_out += [files.pop(name) for name in half]
        return Found(files, tuple(dict.fromkeys(left_out or [broker])), broker=False)
    return Found(files, tuple(dict.fromkeys(left_out)))


def is_passed_over(name: str) -> bool:
    """Whether a file of that name beside the database is in no backup."""
    return bool(_PASSED_OVER.fullmatch(name))


def is_roots(path: Path, etc: Path) -> bool:
    """Whether that file, by whatever name, is one of those in the configuration's folder that root believes."""
    if not path.is_relative_to(etc):
        return False
    return bool(re.match(_ROOTS, path.relative_to(etc).as_posix()))


def half_of_broker(names: Iterable[str]) -> frozenset[str]:
    """What of a backup is not brought back, as it is a half of what the broker needs (older ones have such)."""
    known = frozenset(names)
    broker = frozenset(name for name in known if name.startswith(f"{BROKER}/"))
    keyless = f"{_BROKER_CERTIFICATE}.crt" in broker and f"{_BROKER_CERTIFICATE}.key" not in broker
    if not broker or (_BROKER_USERS in broker and not keyless):
        return frozenset()
    return broker | (known & {_MQTT_PASSWORD})


def write(out: IO[bytes], manifest: BackupManifest, files: Mapping[str, Path], secrets: Mapping[str, bytes]) -> None:
    """Write the tar stream: the manifest, the files, and ``secrets`` as ``etc/secrets/…`` of root."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        words = {"format": FORMAT, "made": manifest.made, "version": manifest.version, "schema": manifest.schema}
        _add_bytes(tar, MANIFEST, json.dumps(words, indent=2).encode(), manifest.made)
        for name, path in sorted(files.items()):
            with path.open("rb") as file:
                tar.addfile(tar.gettarinfo(arcname=name, fileobj=file), file)
        for name, content in sorted((f"{ETC}/{SECRETS}/{name}", content) for name, content in secrets.items()):
            # Who may read root's own files has it already, and a name comes once.
            if name not in files:
                _add_bytes(tar, name, content, manifest.made)


def entries(stream: IO[bytes], name: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Each file of a tar stream with its bytes, the manifest first; BackupError for what no backup has."""
    seen: set[str] = set()
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for entry in tar:
                known = _NAME.fullmatch(entry.name)
                first = not seen and entry.name == MANIFEST
                if not entry.isreg() or not (known or first) or entry.name in seen or len(seen) >= _MOST_FILES:
                    raise BackupError(BackupFault.FOREIGN, f"{name}: {entry.name[:60]!r} is nothing that a backup has")
                if not seen and not first:
                    raise BackupError(BackupFault.FOREIGN, f"{name}: does not begin with its manifest")
                seen.add(entry.name)
                content = tar.extractfile(entry)
                if content is None or (entry.name != DATABASE and entry.size > MOST_SMALL):
                    raise BackupError(BackupFault.FOREIGN, f"{name}: {entry.name!r} is too large for what it is")
                yield entry, content
    except tarfile.TarError as error:
        raise BackupError(BackupFault.FOREIGN, f"{name}: is not packed as a backup is: {error}") from error
    if DATABASE not in seen or CONFIG not in seen:
        raise BackupError(BackupFault.FOREIGN, f"{name}: has no configuration or no database")


def read_manifest(content: bytes, name: str) -> BackupManifest:
    """What a backup says of itself; BackupError when it is not understood."""
    try:
        words = json.loads(content)
        if words["format"] != FORMAT:
            said = f"{name}: was made by a newer gateway ({str(words['version'])[:40]}): update this one first"
            raise BackupError(BackupFault.NEWER, said)
        return BackupManifest(int(words["made"]), str(words["version"]), tuple(map(str, words["schema"])))
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(BackupFault.FOREIGN, f"{name}: its manifest is not understood") from error


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, made: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode, entry.uname, entry.gname = len(content), made, 0o600, "root", "root"
    tar.addfile(entry, io.BytesIO(content))


def _can_read(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _can_list(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
