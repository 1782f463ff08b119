"""Accounts at an organisation's server, three ways: ejabberd's HTTP interface, Prosody's shell, in-band (XEP-0077).

Each makes an account (TakenError when there is one of that name), says whether a password opens it, and closes it with
its sessions (one that is not there is closed); ``administers``: whether it closes one without its password. All raise
ProvisionError. A password goes over a pipe or an encrypted connection: never into the arguments of a process, which
everybody on a machine can read.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from gateway.errors import FederationError
from gateway.federation.connection.account import REGISTER
from gateway.federation.connection.enrolment import register
from gateway.federation.connection.one_off import alone
from gateway.federation.connection.session import Account
from provision.errors import ProvisionError, TakenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TIMEOUT_S = 30.0
_LONGEST_SAID = 200
_CONFLICT, _UNAUTHORIZED, _FORBIDDEN = 409, 401, 403


@dataclass(slots=True)
class EjabberdAccounts:
    """``mod_http_api`` (commands register, unregister and, of mod_admin_extra, check_password)."""

    url: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    ca: Path | None = None
    administers: bool = True
    _opener: urllib.request.OpenerDirector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ProvisionError("not_a_url", url=self.url)
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise ProvisionError("plain_http", url=self.url)
        # A proxy of the environment must not see this.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_trusting(self.ca)), _NoRedirect()
        )

    def make(self, jid: str, password: str) -> None:
        """Make an account."""
        if self._call("register", jid, password=password) == _CONFLICT:
            raise TakenError

    def opens(self, jid: str, password: str) -> bool:
        """Whether the password is the account's."""
        return self._call("check_password", jid, password=password) == 0

    def remove(self, jid: str, password: str) -> None:
        """Close an account."""
        del password
        self._call("unregister", jid)

    def _call(self, command: str, jid: str, **more: str) -> object:
        """The answer of a command; 409 for an account that exists."""
        user, _, host = jid.partition("@")
        body = json.dumps({"user": user, "host": host, **more}).encode()
        headers = {"Content-Type": "application/json"}
        if self.login:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
        request = urllib.request.Request(f"{self.url.rstrip('/')}/{command}", body, headers)
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return json.loads(answer.read(65_536) or b"null")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _judged(command, jid, refusal)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ProvisionError("no_answer", said=_short(str(reason))) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Passwords go where they were meant to go, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


def _judged(command: str, jid: str, refusal: urllib.error.HTTPError) -> object:
    if refusal.code == _CONFLICT:
        return _CONFLICT
    if refusal.code in {_UNAUTHORIZED, _FORBIDDEN}:
        raise ProvisionError("not_admitted", what=command)
    try:
        said = json.loads(refusal.read(65_536))
        words = said.get("message", "") if isinstance(said, dict) else str(said)
    except ValueError:
        words = ""
    raise ProvisionError("refused", what=command, jid=jid, said=_short(words) or f"HTTP {refusal.code}")


@dataclass(slots=True)
class ProsodyAccounts:
    """``prosodyctl shell`` (Prosody 0.12 and later), here or by way of ssh; what it is told comes by standard input."""

    command: Sequence[str]
    administers: bool = True

    def make(self, jid: str, password: str) -> None:
        """Make an account."""
        said = self._tell(f'user:create("{jid}", "{password}")')
        if "User exists" in said:
            raise TakenError
        self._expect(said, "user:create", jid)

    def opens(self, jid: str, password: str) -> bool:
        """Whether the password is the account's."""
        user, _, host = jid.partition("@")
        return "| Result: true" in self._tell(
            f'>require"core.usermanager".test_password("{user}", "{host}", "{password}")'
        )

    def remove(self, jid: str, password: str) -> None:
        """Close an account."""
        del password
        said = self._tell(f'user:delete("{jid}")')
        if "No such user" not in said:
            self._expect(said, "user:delete", jid)

    def _expect(self, said: str, what: str, jid: str) -> None:
        if "| OK" not in said:
            found = re.search(r"! (?:Error: )?(.*)", said)
            raise ProvisionError(
                "refused", what=what, jid=jid, said=_short(found[1] if found else said[-_LONGEST_SAID:])
            )

    def _tell(self, line: str) -> str:
        command = [*self.command, "shell"]
        try:
            done = subprocess.run(
                command,
                input=line + "\n",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except OSError as error:
            raise ProvisionError("no_command", command=command[0], said=error.strerror) from error
        except subprocess.TimeoutExpired as error:
            raise ProvisionError("no_answer", said="prosodyctl shell") from error
        answer = done.stdout.rpartition("prosody.im/doc/console")[2]
        if done.returncode or "prosody>" not in answer:
            raise ProvisionError(
                "no_answer", said=_short(done.stderr or done.stdout[-_LONGEST_SAID:]) or "prosodyctl shell"
            )
        return answer


@dataclass(slots=True)
class InBand:
    """In-band registration, where the server lets anybody make an account (XEP-0077)."""

    address: str | None = None
    ca: Path | None = None
    administers: bool = False

    def make(self, jid: str, password: str) -> None:
        """Make an account."""
        try:
            asyncio.run(register(self._account(jid, password)))
        except FederationError as error:
            if error.condition == "conflict":
                raise TakenError from error
            raise _refusal("XEP-0077", jid, error) from error

    def opens(self, jid: str, password: str) -> bool:
        """Whether the password is the account's."""
        return asyncio.run(self._errand(jid, password, remove=False))

    def remove(self, jid: str, password: str) -> None:
        """Close an account (§3.2): only itself can."""
        if not asyncio.run(self._errand(jid, password, remove=True)):
            raise ProvisionError("refused", what="login", jid=jid, said="not-authorized")

    def _account(self, jid: str, password: str) -> Account:
        return Account(jid, password, self.address, self.ca, "provision")

    async def _errand(self, jid: str, password: str, *, remove: bool) -> bool:
        """Log in once, perhaps to close the account; False when the password is refused."""
        connected = False
        try:
            async with alone(self._account(jid, password)) as session:
                connected = True
                if remove:
                    query = ET.Element(f"{{{REGISTER}}}query")
                    ET.SubElement(query, f"{{{REGISTER}}}remove")
                    await session.request(session.jid.domain, query, _TIMEOUT_S)
        except FederationError as error:
            if not connected and "password" in str(error):
                return False
            if not connected:
                raise ProvisionError("no_answer", said=_short(str(error))) from error
            # The stream may end before the answer comes: then the account is gone, which the next login would show.
            if error.condition != "remote-server-timeout":
                raise _refusal("XEP-0077 remove", jid, error) from error
        return True


Accounts = EjabberdAccounts | ProsodyAccounts | InBand


def _refusal(what: str, jid: str, error: FederationError) -> ProvisionError:
    if error.condition in {"undefined-condition", "remote-server-timeout"}:
        return ProvisionError("no_answer", said=_short(str(error)))
    return ProvisionError("refused", what=what, jid=jid, said=_short(str(error)))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _trusting(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ProvisionError("unreadable", path=ca, said=getattr(error, "strerror", None) or "PEM") from error


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_SAID]
