"""An installer's gateways, asked all at once whether they are well: who asks, whom, and what each one said.

It needs no gateway and no meter on this machine: an account of the installer's own, and the households' consents.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import secrets
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec

from gateway.commands.fleet_round import AskingRound
from gateway.config.tables import Address, Pin, checked, credential_file, password_from, read_toml
from gateway.errors import ConfigError, FederationError
from gateway.federation.connection.cell import of_cell
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.one_off import alone
from gateway.federation.connection.session import Account, Session
from gateway.federation.provider.health import NODE, Condition, read_condition
from gateway.federation.wire.form import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


ROSTER = "jabber:iq:roster"
# The contacts of one's account that are gateways, and not people.
GROUP = "linky"

_RESOURCE, _PLAIN = "proxy", re.compile(r"[!-~]{1,200}")
# What a register says of devices that nobody should ask: not made yet, lost.
_NOT_ASKED = {"planned", "revoking", "revoked"}
# The gateway itself says so when its database cannot be read (``UpstreamError``).
_BROKEN = "undefined-condition"


class Grade(IntEnum):
    """How a gateway is, the worst first."""

    BROKEN = 0
    UNHEARD = 1
    REFUSED = 2
    WAITING = 3
    OK = 4


_OF_STATE = {"broken": Grade.BROKEN, "waiting": Grade.WAITING, "ok": Grade.OK}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``fleet.toml``: the account that asks."""

    jid: Address
    password_file: str | None = None
    # Several are the nodes of one server.
    address: str | tuple[str, ...] | None = None
    ca_file: str | None = None
    pin: Pin | tuple[Pin, ...] = ()
    pin_only: bool = False


@dataclass(frozen=True, slots=True)
class AskableGateway:
    """A gateway to ask: its full JID, and where it is, if that is known."""

    jid: str
    site: str = ""

    @property
    def bare(self) -> str:
        """Its account."""
        return self.jid.partition("/")[0]


@dataclass(frozen=True, slots=True)
class FleetAnswer:
    """What one gateway said; without a condition ``why`` is the condition of the error that came instead."""

    gateway: AskableGateway
    grade: Grade
    condition: Condition | None = None
    why: str = ""


def account_file() -> Path:
    """Where the account is looked for when no file is named."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "linky-gateway" / "fleet.toml"


def read_account(path: Path) -> Account:
    """The account that asks. Raises ConfigError with what is wrong and what to do."""
    if not path.exists():
        raise ConfigError(f"{path}: is not there; write your account into it: jid = …, password_file = …")
    file = checked(path, read_toml(path), _File)
    password = credential_file() if file.password_file is None else path.parent / file.password_file
    if password is None:
        raise ConfigError(f"{path}: password_file: name the file whose first line is the account's password")
    if file.pin_only and not file.pin:
        raise ConfigError(f"{path}: pin_only: without a pin every server would be believed; set pin")
    return Account(
        bare_jid(file.jid),
        password_from(password),
        file.address,
        path.parent / file.ca_file if file.ca_file else None,
        # Two who ask from one account do not push each other out.
        f"fleet-{secrets.token_hex(4)}",
        frozenset([file.pin] if isinstance(file.pin, str) else file.pin),
        file.pin_only,
    )


def known(text: str, site: str = "") -> AskableGateway:
    """A gateway by its address, with the usual resource where none is named. Raises ConfigError when it is none."""
    bare, _, resource = text.strip().partition("/")
    if resource and not _PLAIN.fullmatch(resource):
        raise ConfigError(f"{text!r}: what stands behind the / is the gateway's resource, such as {_RESOURCE}")
    return AskableGateway(f"{bare_jid(bare)}/{resource or _RESOURCE}", site)


def read_register(path: Path) -> list[AskableGateway]:
    """The gateways of ``register.csv`` as ``tools/provision`` writes it, or of any table with a column ``jid``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8; save it as CSV UTF-8") from error
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        if "jid" not in (rows.fieldnames or ()):
            raise ConfigError(f"{path}: no column jid; take the register.csv that tools/provision writes")
        asked = (row for row in rows if row["jid"] and row.get("state") not in _NOT_ASKED)
        return [_in_row(row, f"{path}: line {rows.line_num}") for row in asked]
    except csv.Error as error:
        raise ConfigError(f"{path}: line {rows.line_num + 1}: {error}") from error


def _in_row(row: Mapping[str, str], place: str) -> AskableGateway:
    try:
        return known(of_cell(row["jid"]), of_cell(row.get("site") or row.get("device") or ""))
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error


def ask_all(
    account: Account, gateways: Sequence[AskableGateway] | None, timeout_s: float, progress: Callable[[int, int], None]
) -> list[FleetAnswer]:
    """What every gateway says, the worst first; None asks those of the account's contacts that are in ``GROUP``.

    Raises FederationError when the account's own server cannot be reached or goes away, ConfigError for no gateway.
    """
    return asyncio.run(_ask_all(account, gateways, timeout_s, progress))


async def _ask_all(
    account: Account, gateways: Sequence[AskableGateway] | None, timeout_s: float, progress: Callable[[int, int], None]
) -> list[FleetAnswer]:
    async with alone(account) as session:
        asked = await _contacts(session, timeout_s) if gateways is None else gateways
        waiting = list({one.jid: one for one in asked}.values())
        if not waiting:
            raise ConfigError(
                f"no gateway to ask: name them, or --fleet register.csv, or have them in the group {GROUP} of the"
                " account's contacts"
            )
        round_ = AskingRound(partial(_ask, session), _silent, timeout_s, progress)
        reports = await round_.run(waiting)
        if not session.connected.is_set():
            raise FederationError("the connection to your own server was lost; nothing is known, ask again")
    return sorted(reports, key=lambda one: (one.grade, one.gateway.jid))


async def _ask(session: Session, gateway: AskableGateway, timeout_s: float) -> FleetAnswer:
    command = ET.Element(f"{{{COMMANDS}}}command", {"node": NODE, "action": "execute"})
    try:
        condition = read_condition(await session.request(gateway.jid, command, timeout_s))
    except FederationError as error:
        grades = {_BROKEN: Grade.BROKEN, "item-not-found": Grade.REFUSED}
        return FleetAnswer(gateway, grades.get(error.condition, Grade.UNHEARD), why=error.condition)
    return FleetAnswer(gateway, _OF_STATE[condition.state], condition)


def _silent(gateway: AskableGateway) -> FleetAnswer:
    return FleetAnswer(gateway, Grade.UNHEARD, why="remote-server-timeout")


async def _contacts(session: Session, timeout_s: float) -> list[AskableGateway]:
    """The gateways among the contacts (RFC 6121 §2.1)."""
    roster = await session.request(str(session.jid.bare), ET.Element(f"{{{ROSTER}}}query"), timeout_s, "get")
    found = []
    for item in roster.findall(f"{{{ROSTER}}}item"):
        groups = {(group.text or "").strip().lower() for group in item.findall(f"{{{ROSTER}}}group")}
        if GROUP in groups and "@" in item.get("jid", ""):
            found.append(known(item.get("jid", ""), item.get("name", "")))
    return found
