"""The folder, put together: what was built, what is kept of the folder before, the lists over all of it, signed.

It is made beside and takes its place at the end, so that a folder is whole or is not there. Nothing in it depends on
the machine or the hour it is made at: the same commit, keys, folder before and options give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import ReleaseError
from gateway.upkeep.releases import versions
from gateway.upkeep.releases.keys import key_id, parse_public, render_public
from gateway.upkeep.releases.latest import NAME, SIGNATURES, Latest, read_latest
from image import models
from os_list import entries
from package.debian import version_of
from release import advisories, apt, pages, parts
from release.errors import FolderError
from release.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.upkeep.owner import ProjectOwner
    from release.notes import Notes
    from release.signing import Signers

# Going back needs the version before, and whoever was away for long a version between.
KEPT_VERSIONS = 5
SUMS, KEYRING, KEYS = "SHA256SUMS", "linky-gateway.asc", "release-keys"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    ``commit`` is None where the folder before is only to be dated and signed anew; ``date`` is when it is issued, by
    default when the commit was made; ``url`` where it will be.
    """

    out: Path
    commit: str | None
    before: Path | None
    url: str
    signers: Signers
    owner: ProjectOwner
    days: int
    date: datetime | None = None
    wheels: Path | None = None
    image: Path | None = None
    min_version: str | None = None
    security: bool = False
    withdraw: tuple[str, ...] = ()


def make(wanted: Wanted) -> Latest:
    """Make it; what its list says. FolderError where it cannot be, and nothing has changed."""
    before = _former(wanted)
    _require_keys(wanted, _withdrawn(wanted, before))
    if wanted.out.exists() and not (wanted.out / NAME).exists():
        raise FolderError(f"{wanted.out}: is there, and is no folder of releases")
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.out.parent, prefix=f".{wanted.out.name}.") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        latest = _Making(wanted, before, new, Path(scratch)).do()
        for path in new.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        new.chmod(0o755)
        if wanted.out.exists():
            wanted.out.rename(Path(scratch) / "old")
        new.rename(wanted.out)
    return latest


def _going(wanted: Wanted) -> list[bytes]:
    """The keys that are withdrawn with this folder, which may be all that the one before was signed with."""
    files = [wanted.before / KEYS / f"{one}.pub" for one in wanted.withdraw] if wanted.before else []
    found = [parse_public(path.read_text(encoding="ascii")) for path in files if path.exists()]
    return [one for one in found if one is not None and key_id(one) in wanted.withdraw]


def _withdrawn(wanted: Wanted, before: Latest | None) -> set[str]:
    """Ids of the keys that nobody believes any more: those of lists before, too. Once withdrawn is for ever."""
    return {*wanted.withdraw, *(before.withdrawn if before else ())}


def _require_keys(wanted: Wanted, withdrawn: set[str]) -> None:
    known, public = set(wanted.owner.release_keys), wanted.signers.public()
    named = [*public, *map(bytes.fromhex, wanted.owner.release_keys)]
    if gone := sorted({key_id(one) for one in named} & withdrawn):
        raise FolderError(f"{', '.join(gone)}: withdrawn; sign with another key, and take it out of owner.toml")
    if known and (strange := [key_id(one) for one in public if one.hex() not in known]):
        raise FolderError(f"{', '.join(strange)}: not among the release_keys of owner.toml")
    if unknown := set(wanted.owner.apt_keys) and set(wanted.signers.apt) - set(wanted.owner.apt_keys):
        raise FolderError(f"{', '.join(sorted(unknown))}: not among the apt_keys of owner.toml")


def _former(wanted: Wanted) -> Latest | None:
    """The list of the folder before, which must be of one of these keys: nothing of a stranger's is handed on."""
    if wanted.before is None:
        if wanted.commit is None:
            raise FolderError("a folder is signed anew from the one before: say which (--before FOLDER)")
        return None
    try:
        text, signatures = ((wanted.before / name).read_bytes() for name in (NAME, SIGNATURES))
        keys = {key_id(one): one for one in (*_trusted(wanted), *_going(wanted))}
        return read_latest(text, signatures, keys, now=None, last_serial=0, running="0")
    except OSError as error:
        raise FolderError(f"{error.filename}: {error.strerror}") from error
    except ReleaseError as error:
        raise FolderError(f"{wanted.before}: {error}") from error


def _trusted(wanted: Wanted) -> list[bytes]:
    """The public keys that machines trust from now on: whoever signs first, then the owner's others."""
    return list(dict.fromkeys([*wanted.signers.public(), *map(bytes.fromhex, wanted.owner.release_keys)]))


class _Making:
    """One folder on its way."""

    def __init__(self, wanted: Wanted, before: Latest | None, new: Path, scratch: Path) -> None:
        self._wanted, self._before, self._new, self._scratch = wanted, before, new, scratch
        self._trusted = [(key_id(one), render_public(one)) for one in _trusted(wanted)]

    def do(self) -> Latest:
        wanted, new = self._wanted, self._new
        self._keys()
        if wanted.commit is None:
            version, changelog = self._again()
            issued = wanted.date or datetime.now(UTC).replace(microsecond=0)
        else:
            version, changelog, issued = self._built(wanted.commit)
        expires = issued + timedelta(days=wanted.days)
        notes = notes_of(changelog, version)
        folder = new / "releases" / version
        for name, text in notes.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        self._image(version, issued)
        apt.write(new / "apt", wanted.before, wanted.signers, issued, expires)
        (new / "linky-gateway.sources").write_text(apt.sources(wanted.url), encoding="utf-8")
        kept = sorted((path.name for path in (new / "releases").iterdir()), key=_order, reverse=True)
        known = advisories.vex(advisories.read_advisories(), kept, wanted.owner, wanted.url, issued)
        (new / "vex.json").write_text(known, encoding="utf-8")
        latest = self._list(version, issued, expires, notes)
        pages.write(new, latest, wanted.owner, wanted.url, _trusted(wanted), wanted.signers.apt)
        self._sums()
        return latest

    def _keys(self) -> None:
        folder = self._new / KEYS
        folder.mkdir()
        for name, pem in self._trusted:
            (folder / f"{name}.pub").write_text(pem, encoding="ascii")
        apt_keys = list(dict.fromkeys((*self._wanted.signers.apt, *self._wanted.owner.apt_keys)))
        (self._new / KEYRING).write_bytes(self._wanted.signers.exported(apt_keys))

    def _keep(self, but: str = "") -> None:
        """The newest versions of the folder before, without that one."""
        before = self._wanted.before
        if before is None:
            return
        found = sorted((path.name for path in (before / "releases").iterdir()), key=_order, reverse=True)
        for version in [one for one in found if one != but][: KEPT_VERSIONS - bool(but)]:
            shutil.copytree(before / "releases" / version, self._new / "releases" / version)
            apt.keep(before, self._new / "apt", [_deb(version)])

    def _again(self) -> tuple[str, str]:
        """The version of the folder before, as it is, and its own notes as a change log."""
        latest = self._before
        assert latest is not None
        self._keep()
        english = (self._new / "releases" / latest.version / "notes.en.md").read_text(encoding="utf-8")
        details = english.partition("\n### ")[2]
        shorts = f"En bref : {latest.notes['fr']}\n\nIn short: {latest.notes['en']}\n"
        return latest.version, f"## [{_head(latest.version)}]\n{shorts}\n### {details}"

    def _built(self, commit: str) -> tuple[str, str, datetime]:
        wanted = self._wanted
        source = parts.check_out(commit, self._scratch / "tree")
        if self._before and versions.compared(self._before.version, source.version) != "newer":
            raise FolderError(f"{source.version} is not newer than {self._before.version}, which the folder before has")
        changelog = (source.tree / "CHANGELOG.md").read_text(encoding="utf-8")
        notes_of(changelog, source.version)  # what is missing is said before the long work
        self._keep(source.version)
        folder = self._new / "releases" / source.version
        public = sorted((self._new / KEYS).iterdir())
        deb = parts.build(source, folder, wanted.signers.files[0], wanted.wheels, public, self._new / KEYRING)
        pool = self._new / "apt/pool"
        pool.mkdir(parents=True, exist_ok=True)
        deb.rename(pool / deb.name)
        return source.version, changelog, wanted.date or datetime.fromtimestamp(source.seconds, UTC)

    def _image(self, version: str, issued: datetime) -> None:
        """A card's image, and the list by which Raspberry Pi Imager offers it; else that of the folder before."""
        wanted, folder = self._wanted, self._new / "images"
        if wanted.image:
            folder.mkdir()
            image = folder / f"linky-gateway-{version}.img{wanted.image.suffix}"
            shutil.copyfile(wanted.image, image)
            os.utime(image, (issued.timestamp(), issued.timestamp()))
            try:
                one = entries.entry(
                    image, f"{wanted.url}/images/{image.name}", f"{wanted.url}/icon.svg",
                    models.CARD.tags, f"linky-gateway {version}",
                )  # fmt: skip
            except entries.OsListError as error:
                raise FolderError(str(error)) from error
            text = json.dumps({"os_list": [one]}, indent=2, ensure_ascii=False) + "\n"
            (self._new / "os-list.json").write_text(text, encoding="utf-8")
        elif wanted.before and (wanted.before / "os-list.json").exists():
            shutil.copytree(wanted.before / "images", folder)
            shutil.copyfile(wanted.before / "os-list.json", self._new / "os-list.json")

    def _list(self, version: str, issued: datetime, expires: datetime, notes: Notes) -> Latest:
        wanted, before = self._wanted, self._before
        places = [f"apt/pool/{_deb(version)}"]
        places += [_below(path, self._new) for path in _files(self._new / "releases" / version)]
        places += [_below(path, self._new) for path in _files(self._new / "images")]
        end = wanted.owner.support_end
        renewed = wanted.commit is None and before is not None
        content = {
            "serial": before.serial + 1 if before else 1,
            "version": version,
            "issued": issued.isoformat(),
            "expires": expires.isoformat(),
            "min_version": wanted.min_version or (before.min_version if before else "0"),
            "security": wanted.security or notes.security or bool(renewed and before and before.security),
            **({"support_end": end} if end else {}),
            "notes": notes.short,
            "files": {place: _about(self._new / place) for place in places},
            "withdrawn": sorted(_withdrawn(wanted, before)),
        }
        path = self._new / NAME
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        wanted.signers.sign(path)
        keys = {key_id(one): one for one in _trusted(wanted)}
        # As a machine reads it: what it would refuse is not handed out.
        text, signatures = path.read_bytes(), (self._new / SIGNATURES).read_bytes()
        try:
            return read_latest(text, signatures, keys, now=issued, last_serial=0, running="0")
        except ReleaseError as error:
            raise FolderError(str(error)) from error

    def _sums(self) -> None:
        lines = [f"{_about(path)['sha256']}  {_below(path, self._new)}\n" for path in _files(self._new)]
        path = self._new / SUMS
        path.write_text("".join(lines), encoding="utf-8")
        self._wanted.signers.sign(path)


def _deb(version: str) -> str:
    return f"linky-gateway_{version_of(version)}_all.deb"


def _head(version: str) -> str:
    return "Unreleased" if ".dev" in version else version


def _order(version: str) -> tuple[object, ...]:
    return versions.order(version) or ()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _about(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
