"""Invitations of a co-operative for a fleet, one for each device: the CSV file that ``linky-collect invite`` wrote.

Who has a link can join by it, so the file is for its owner alone. Whether a household joins is its own to say, at its
page; nothing here does.
"""

from __future__ import annotations

import csv
import io
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.errors import InvitationError
from gateway.federation.wire import invitation as links
from provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from provision.device import ProvisionedDevice

# Those of a sheet of 10,000, as linky-collect bounds it.
_MOST_BYTES = 16_000_000
_COMMAND = "linky-collect invite"


@dataclass(frozen=True, slots=True)
class FleetInvitation:
    """One of the file: its id, its link, and whether it makes the account at its server."""

    id: str
    link: str = field(repr=False)
    makes_account: bool


@dataclass(frozen=True, slots=True)
class InvitationFile:
    """All of a file, in its order."""

    path: Path
    invitations: Sequence[FleetInvitation]

    def bound(self, known: Iterable[ProvisionedDevice], names: Iterable[str]) -> dict[str, FleetInvitation]:
        """Device -> its invitation, for those of ``names`` that have none: the next that no device ever had.

        ProvisionError where there are too few.
        """
        had = {one.device: one.invitation for one in known if one.invitation}
        wanting = [name for name in names if name not in had]
        free = [one for one in self.invitations if one.id not in had.values()]
        if len(free) < len(wanting):
            raise ProvisionError(
                "few_invitations", path=self.path, left=len(free), needed=len(wanting), command=_COMMAND
            )
        return dict(zip(wanting, free, strict=False))


def read(path: Path) -> InvitationFile:
    """A file that is sound as a whole. ProvisionError with the first line that is not."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ProvisionError("too_long", path=path, most=_MOST_BYTES // 1_000_000)
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IROTH | stat.S_IWOTH):
            raise ProvisionError("too_open", path=path)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ProvisionError("unreadable", path=path, said=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ProvisionError("not_utf8", path=path) from error
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        if "link" not in (rows.fieldnames or ()):
            raise ProvisionError("no_links", path=path, column="link", command=_COMMAND)
        return InvitationFile(path, list(_checked(rows, path)))
    except csv.Error as error:
        raise ProvisionError("unreadable", path=path, said=error) from error


def _checked(rows: csv.DictReader[str], path: Path) -> Iterable[FleetInvitation]:
    seen, now = set(), time.time()
    for row in rows:
        if not (link := (row["link"] or "").strip()):
            continue
        try:
            asked = links.read(link).invitation
            links.check_time(asked, now)
        except InvitationError as error:
            raise ProvisionError("bad_link", path=path, line=rows.line_num, why=error.phrase) from error
        if asked.id in seen:
            raise ProvisionError("link_twice", path=path, line=rows.line_num)
        seen.add(asked.id)
        yield FleetInvitation(asked.id, link, bool(asked.token))
