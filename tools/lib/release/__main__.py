"""``tools/release folder``, ``tools/release renew``, ``tools/release --check-owner``.

Exit codes: 0 done, 1 it cannot be (one sentence), or something of the owner's file is blank; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.upkeep.owner import ProjectOwner

_DAYS = 90


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(prog="tools/release", description="Makes the folder from which devices update.")
    made.add_argument("--check-owner", action="store_true", help="say what of owner.toml is blank, and go")
    words = made.add_subparsers(dest="word", metavar="WORD")
    folder = words.add_parser("folder", help="build a commit, and put it into a folder")
    renew = words.add_parser("renew", help="date and sign a folder anew, before its list expires")
    for one in (folder, renew):
        one.add_argument(
            "--key", type=Path, action="append", required=True, metavar="KEY.pem", help="signs; the first the archive"
        )
        one.add_argument(
            "--apt-key", action="append", required=True, metavar="FINGERPRINT", help="an Ed25519 key of gpg's"
        )
        one.add_argument("--gpg-home", type=Path, metavar="FOLDER", help="where gpg has its keys")
        one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="made new, or taken the place of")
        one.add_argument("--url", help="where it will be (default: url of owner.toml)")
        one.add_argument(
            "--date", type=_date, metavar="TIME", help="issued then (default: folder: the commit's; renew: now)"
        )
        one.add_argument("--days", type=int, default=_DAYS, metavar="N", help=f"good for so long (default: {_DAYS})")
        one.add_argument(
            "--withdraw", action="append", default=[], metavar="KEYID", help="a key that is believed no more"
        )
    renew.add_argument("--before", type=Path, required=True, metavar="FOLDER", help="the folder")
    folder.add_argument(
        "--before", type=Path, metavar="FOLDER", help="the folder before: its versions stay, its number counts on"
    )
    folder.add_argument("--commit", default="HEAD", metavar="REF", help="(default: HEAD)")
    folder.add_argument("--wheels", type=Path, metavar="FOLDER", help="wheels of an earlier release, no network")
    folder.add_argument(
        "--image", type=Path, metavar="FILE.img.xz", help="a card's image of this version (tools/image)"
    )
    folder.add_argument("--min-version", metavar="V", help="the oldest version that may go to this one directly")
    folder.add_argument(
        "--security", action="store_true", help="mends a weakness (also said by “Security” in CHANGELOG.md)"
    )
    return made


def _date(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).replace(microsecond=0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked."""
    options = parser().parse_args(arguments)
    # --help is answered without the environment.
    from gateway.upkeep.owner import FILE, read_owner  # noqa: PLC0415

    if options.check_owner:
        return _check_owner(read_owner(), FILE)
    if options.word is None:
        parser().error("say what to do: folder, renew or --check-owner")
    from release import folder, signing  # noqa: PLC0415
    from release.errors import FolderError  # noqa: PLC0415

    owner = read_owner()
    if not (url := (options.url or owner.url).rstrip("/")):
        parser().error("url of owner.toml is blank: say where the folder will be (--url)")
    signers = signing.Signers(tuple(options.key), tuple(options.apt_key), options.gpg_home)
    wanted = folder.Wanted(
        out=options.out.resolve(), commit=getattr(options, "commit", None), before=options.before, url=url,
        signers=signers, owner=owner, days=options.days, date=options.date, wheels=getattr(options, "wheels", None),
        image=getattr(options, "image", None), min_version=getattr(options, "min_version", None),
        security=getattr(options, "security", False), withdraw=tuple(options.withdraw),
    )  # fmt: skip
    try:
        latest = folder.make(wanted)
    except FolderError as error:
        sys.stderr.write(f"tools/release: {error}\n")
        return 1
    sys.stdout.write(f"{wanted.out}: {latest.version}, number {latest.serial}, good until {latest.expires:%Y-%m-%d}\n")
    if latest.expires <= datetime.now(UTC):
        sys.stderr.write("tools/release: it has expired already, no machine takes it: say --date or more --days\n")
    _say_missing(owner)
    return 0


def _check_owner(owner: ProjectOwner, path: Path) -> int:
    _say_missing(owner)
    if not owner.missing():
        sys.stdout.write(f"{path}: whole\n")
    return 1 if owner.missing() else 0


def _say_missing(owner: ProjectOwner) -> None:
    from gateway.upkeep.owner import NEEDED  # noqa: PLC0415

    for name in owner.missing():
        sys.stdout.write(f"owner.toml: {name} is blank: {NEEDED[name]}\n")


if __name__ == "__main__":
    sys.exit(main())
