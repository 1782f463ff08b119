"""What a release is made of, built from one commit in a clone of its own: archive, packages, the set of the boards.

Each is built by the commit's own tools, in this environment: what they pin must be what it has.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
# What makes the folder comes from here, and must be what the commit has: libraries, these tools, the owner's word.
_SAME = ("requirements-test.txt", "tools/lib/release", "gateway/upkeep/owner.toml")


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A commit that is checked out: its folder, its version, its time (POSIX)."""

    tree: Path
    version: str
    seconds: int


def check_out(commit: str, tree: Path) -> SourceTree:
    """Clone it. FolderError where there is no such commit, or it is made otherwise than what is here."""
    found = _run("git", "-C", ROOT, "rev-parse", "--quiet", "--verify", f"{commit}^{{commit}}", wrong="is no commit")
    sha = found.strip()
    _run("git", "clone", "-q", "--shared", "--no-checkout", ROOT, tree)
    _run("git", "-C", tree, "checkout", "-q", "--detach", sha)
    if found_other := _run("git", "-C", ROOT, "diff", "--name-only", sha, "--", *_SAME).split():
        raise FolderError(
            f"{commit} has another {found_other[0]} than is here: check it out, and make its release there"
        )
    about = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    seconds = int(_run("git", "-C", tree, "log", "-1", "--format=%ct", sha))
    return SourceTree(tree, str(about["version"]), seconds)


def build(source: SourceTree, to: Path, key: Path, wheels: Path | None, public: Sequence[Path], keyring: Path) -> Path:
    """All of it into a folder; the Debian package's file, which lies beside the others.

    Args:
        source: the commit.
        to: where to.
        key: the private key that signs the archive, a file.
        wheels: those of an earlier release, taken by their hashes; None: from the package index.
        public: the public keys that machines trust from this release on, a PEM file each.
        keyring: the public keys of the apt repository.
    """
    to.mkdir(parents=True)
    trust = [word for path in public for word in ("--trust", path)]
    taken = ("--wheels", wheels) if wheels else ()
    _tool(source, "bash", source.tree / "tools/release", "--key", key, "--out", to, *trust, *taken)
    _module(source, "package", "wheel", "--to", to)
    _module(source, "flash", "--build-set", to / f"esp32-set-{source.version}.zip", "--lang", "en")
    shipped = ("--keyring", keyring, *trust)
    _module(source, "package", "deb", "--to", to, *shipped)
    with tarfile.open(to / f"linky-gateway-{source.version}.tar.gz") as archive:
        bill = archive.extractfile(f"linky-gateway-{source.version}/sbom.cdx.json")
        (to / "sbom.cdx.json").write_bytes(bill.read() if bill else b"")
    (deb,) = to.glob("*.deb")
    return deb


def _module(source: SourceTree, *words: object) -> None:
    _tool(source, sys.executable, "-m", *words)


def _tool(source: SourceTree, *words: object) -> None:
    paths = os.pathsep.join(map(str, (source.tree, source.tree / "tools/lib")))
    # One's own settings of Python and git mean nothing here.
    kept = {name: value for name, value in os.environ.items() if not re.match("PYTHON|GIT_", name)}
    wanted = {"PYTHONPATH": paths, "SOURCE_DATE_EPOCH": str(source.seconds), "PYTHONDONTWRITEBYTECODE": "1"}
    _run(*words, cwd=source.tree, environment=kept | wanted | {"TZ": "UTC", "LC_ALL": "C.UTF-8"})


def _run(*words: object, wrong: str = "", cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        name = Path(str(words[0])).name
        raise FolderError(f"{words[-1]}: {wrong}" if wrong else f"{name}: {said[-1] if said else 'failed'}")
    return done.stdout
