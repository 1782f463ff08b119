"""``tools/package``: arguments in, the names of the files that were built out.

Exit codes: 0 done, 1 failed, 2 wrong use. The same commit gives the same bytes: SOURCE_DATE_EPOCH is the commit's date
unless it is set.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from package import debian, python

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build one kind of package."""
    parser = argparse.ArgumentParser(prog="tools/package", description="Builds what is installed elsewhere.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, text in (
        (
            "deb",
            "for Debian 13 and Raspberry Pi OS (trixie), every architecture; looked at by lintian where there is one",
        ),
        ("wheel", "wheel and source archive, for pip"),
    ):
        one = kinds.add_parser(kind, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("--to", type=Path, default=ROOT / "dist", metavar="FOLDER", help="(default: dist)")
        if kind == "deb":
            one.add_argument(
                "--trust", type=Path, action="append", default=[], metavar="PUB.pem",
                help="a key by which releases are believed from this one on",
            )  # fmt: skip
            one.add_argument("--keyring", type=Path, metavar="FILE.asc", help="the keys of the apt repository")
    options = parser.parse_args(arguments)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or _date_of_commit())
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    options.to.mkdir(parents=True, exist_ok=True)
    try:
        built = (
            [debian.build(ROOT, options.to, epoch, options.trust, options.keyring)]
            if options.kind == "deb"
            else python.build(ROOT, options.to, epoch)
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or b"").decode(errors="replace").strip().rpartition("\n")[2]
        sys.stderr.write(f"tools/package: {error.cmd[0]} failed: {said}\n")
        return 1
    for path in built:
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e6:.2f} MB\n")
    if options.kind == "deb" and shutil.which("lintian"):
        looked = subprocess.run(["lintian", *_AS_ROOT, built[0]], check=False, capture_output=True, text=True)
        sys.stdout.write(looked.stdout or "lintian has nothing to say\n")
        return min(looked.returncode, 1)
    return 0


# lintian asks not to be run as root, which is what containers are.
_AS_ROOT = ("--allow-root",) if os.geteuid() == 0 else ()


def _date_of_commit() -> str:
    return subprocess.run(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
