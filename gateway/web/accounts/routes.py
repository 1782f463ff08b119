"""The part *accounts*: the broker of the house with Home Assistant, and the account by which it shares.

Each is tried before it is kept, and takes the password of the page again: it decides where what the meter says goes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.addresses.validity import fault
from gateway.errors import GatewayError
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

BROKER, ACCOUNT = "/settings/home-assistant", "/settings/account"
FILES = ("sharing.css", "settings.css")
_DONE = {BROKER: ("broker_saved", "broker_left"), ACCOUNT: ("account_saved",)}
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9a-fA-F:.]{2,45}")
_SERVER = re.compile(r"[A-Za-z0-9._\[\]:-]{1,253}:[0-9]{1,5}")
_LONGEST, _LONGEST_PASSWORD = 255, 1000


class BrokerOfHouse(Protocol):
    """The account at the broker; each raises GatewayError with a sentence."""

    def known(self) -> Mapping[str, Any]:
        """What is set: host (empty where nothing is), port, tls, user, discovery; state, detail (by language)."""

    async def keep(self, table: dict[str, Any], password: str) -> None:
        """Try it, and keep it."""

    async def leave(self) -> None:
        """Have none any more."""


class AccountOfHouse(Protocol):
    """The account of the federation; each raises GatewayError with a sentence."""

    def known(self) -> Mapping[str, Any]:
        """What is set: jid (empty where there is none), server; state, detail (by language)."""

    async def keep(self, jid: str, password: str, server: str | None) -> None:
        """Try it, and keep it."""


def accounts(broker: BrokerOfHouse, account: AccountOfHouse) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(broker, account)
    return PageGroup(
        menu=(),
        pages={BROKER: pages.show_broker, ACCOUNT: pages.show_account},
        forms={BROKER: pages.keep_broker, f"{BROKER}/leave": pages.leave_broker, ACCOUNT: pages.keep_account},
        words=_words,
        files=FILES,
        refused=refused_at("settings", "back_to_settings"),
    )


class _Pages:
    """Who answers."""

    def __init__(self, broker: BrokerOfHouse, account: AccountOfHouse) -> None:
        self._broker, self._account = broker, account

    async def show_broker(self, request: Request, view: PageView) -> Response:
        known = self._broker.known()
        typed = {"host": known["host"], "port": str(known["port"]), "user": known["user"]}
        ticked = {name: known[name] for name in ("tls", "discovery")}
        return html(_page(view, BROKER, known, typed | ticked, done=request.args.get("done", "")))

    async def keep_broker(self, request: Request, view: PageView) -> Response:
        known, fields = self._broker.known(), request.g.fields
        typed: dict[str, Any] = {name: fields.get(name, "").strip()[:_LONGEST] for name in ("host", "port", "user")}
        typed |= {name: fields.get(name) == "yes" for name in ("tls", "discovery")}
        password = fields.get("password", "")
        wrong = _wrong_broker(typed, password)
        if not (wrong or password) and typed["user"] and _is_told_elsewhere(known, typed):
            wrong = {"password": "password_elsewhere"}
        if not wrong and (found := await request.g.confirm(fields.get("own_password", ""))):
            return html(_page(view, BROKER, known, typed, {"own_password": why_not(view, found)}), _status(found))
        if wrong:
            said = {name: view.say(key) for name, key in wrong.items()}
            return html(_page(view, BROKER, known, typed, said), 400)
        table = {"host": typed["host"], "port": int(typed["port"]), "tls": typed["tls"]}
        table |= {"user": typed["user"] or None, "discovery": typed["discovery"]}
        try:
            await self._broker.keep(table, password if typed["user"] else "")
        except GatewayError as error:
            return html(_page(view, BROKER, known, typed, told=error.phrase.in_language(view.lang)), 409)
        return redirect(f"{BROKER}?done=broker_saved")

    async def leave_broker(self, request: Request, view: PageView) -> Response:
        known = self._broker.known()
        if found := await request.g.confirm(request.g.fields.get("leave_password", "")):
            typed = {**known, "port": str(known["port"])}
            return html(_page(view, BROKER, known, typed, {"leave_password": why_not(view, found)}), _status(found))
        await self._broker.leave()
        return redirect(f"{BROKER}?done=broker_left")

    async def show_account(self, request: Request, view: PageView) -> Response:
        known = self._account.known()
        typed = {"jid": known["jid"], "server": known["server"]}
        return html(_page(view, ACCOUNT, known, typed, done=request.args.get("done", "")))

    async def keep_account(self, request: Request, view: PageView) -> Response:
        known, fields = self._account.known(), request.g.fields
        typed = {name: fields.get(name, "").strip()[:_LONGEST] for name in ("jid", "server")}
        password = fields.get("password", "")
        # What stands in the file may be several, which nobody types here.
        server = None if typed["server"] == known["server"] else typed["server"]
        if wrong := _wrong_account(typed["jid"], password, server or ""):
            said = {name: view.say(key) for name, key in wrong.items()}
            return html(_page(view, ACCOUNT, known, typed, said), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            return html(_page(view, ACCOUNT, known, typed, {"own_password": why_not(view, found)}), _status(found))
        try:
            await self._account.keep(typed["jid"], password, server)
        except GatewayError as error:
            return html(_page(view, ACCOUNT, known, typed, told=error.phrase.in_language(view.lang)), 409)
        return redirect(f"{ACCOUNT}?done=account_saved")


def _wrong_broker(typed: Mapping[str, Any], password: str) -> dict[str, str]:
    """Field -> key of what is wrong with it."""
    is_port = typed["port"].isdecimal() and typed["port"].isascii() and 1 <= int(typed["port"]) <= 65_535
    found = {
        "host": "" if _HOST.fullmatch(typed["host"]) else "wrong_host",
        "port": "" if is_port else "wrong_port",
        "user": "" if typed["user"].isprintable() and (typed["user"] or not password) else "wrong_user",
        "password": _wrong_password(password),
    }
    return {name: key for name, key in found.items() if key}


def _is_told_elsewhere(known: Mapping[str, Any], typed: Mapping[str, Any]) -> bool:
    """Whether the password that is kept would reach whom it was not typed for, or go in the clear from now on."""
    same = (typed["host"], int(typed["port"])) == (known["host"], known["port"])
    return not same or (known["tls"] and not typed["tls"])


def _wrong_account(jid: str, password: str, server: str) -> dict[str, str]:
    """Field -> key of what is wrong with it."""
    is_address = "@" in jid and "/" not in jid and not fault(jid.lower())
    found = {
        "jid": "" if is_address else "wrong_jid",
        "password": _wrong_password(password) if password else "missing_account",
        "server": "" if not server or _SERVER.fullmatch(server) else "wrong_account_server",
    }
    return {name: key for name, key in found.items() if key}


def _wrong_password(password: str) -> str:
    return "" if len(password) <= _LONGEST_PASSWORD and password.isprintable() else "too_long_here"


def _status(found: tuple[str, int]) -> int:
    return 429 if found[1] else 403


def _page(
    view: PageView,
    path: str,
    known: Mapping[str, Any],
    typed: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None,
    *,
    told: str = "",
    done: str = "",
) -> str:
    wrong = wrong or {}
    more = {"wrong": wrong, "focus": next(iter(wrong), ""), "told": told, "done": done if done in _DONE[path] else ""}
    name = "broker" if path == BROKER else "account"
    return replace(view, path="/settings").page(
        f"accounts/{name}.html", here=path, page_files=list(FILES), known=known, typed=typed, **more
    )


def _words() -> Mapping[str, Words]:
    from gateway.web.accounts.words import ACCOUNTS_WORDS  # noqa: PLC0415 (with the first who looks)

    return ACCOUNTS_WORDS
