"""Notices on this very device: what its browser gives for it, looked at before it is believed; kept as any other way.

A browser offers that on an encrypted page alone, so a page in clear has nothing of it. Each device has a key of its
own, by which the service between cannot tell which devices are of one house.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.errors import GatewayError
from gateway.web.http.answers import YEAR_S, cookie_of, html, late, redirect, set_cookie
from gateway.web.settings.form import why_not
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.view import PageView

PATH, DEVICE = "/settings/notices", "/settings/notices/device"
STYLES = ("sharing.css", "settings.css")
FILES = (*STYLES, "device.js", "badge-96.png")
_MOST_WAYS, _LONGEST_PERSON = 20, 40
_MARK = "linky_told"
# Forms that are open at once: a key waits so long for what its browser makes of it.
_MOST_KEYS, _LONGEST = 20, 1400

# What a browser gives (W3C Push API, PushSubscription), and the key that it was given (RFC 8292 §3.2).
_GIVEN = {
    "endpoint": re.compile(r"https://[!-~]{4,1300}"),
    "p256dh": re.compile(r"B[A-Za-z0-9_-]{86}"),
    "auth": re.compile(r"[A-Za-z0-9_-]{22}"),
    "key": re.compile(r"B[A-Za-z0-9_-]{86}"),
}


class DeviceWays(Protocol):
    """What the house knows of its ways, and does with them; each raises GatewayError with a sentence."""

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Each with name, for, kind (of an address), shown, state, unused, mark, detail (by language)."""

    async def new_key(self) -> tuple[str, str]:
        """A key by which one browser will know the gateway: private, public."""

    async def try_out(self, table: dict[str, Any], url: str) -> Mapping[str, Any]:
        """What comes of a test by such a way: ``answer`` is done, again or refused; ``why`` by language."""

    async def add(self, name: str, table: dict[str, Any], url: str) -> None:
        """Keep one."""

    async def remove(self, name: str) -> None:
        """Keep one no more."""


def is_here(request: Request, row: Mapping[str, Any]) -> bool:
    """Whether a way is this very device."""
    mark = cookie_of(request, _MARK)
    return bool(mark) and row.get("mark") == mark


class DevicePages:
    """Who answers."""

    def __init__(self, house: DeviceWays) -> None:
        self._house = house
        # Public -> private, the one that was asked for last at the end.
        self._keys: OrderedDict[str, str] = OrderedDict()

    async def ask(self, request: Request, view: PageView) -> Response:
        """The form, with a key for this browser."""
        if request.scheme != "https":
            return redirect(PATH)
        return html(await self._form(view, {}, {}))

    async def add(self, request: Request, view: PageView) -> Response:
        """Try it, and keep it."""
        fields = request.g.fields
        given = {name: fields.get(name, "")[:_LONGEST] for name in _GIVEN}
        person = fields.get("person", "").strip()[:_LONGEST]
        url = self._url(given)
        key = wrong_person(person, len(self._house.listed())) or ("" if url else "device_wrong")
        wrong = {"person": view.say(key)} if key else {}
        typed = {"person": person, "key": given["key"]}
        if wrong:
            return html(await self._form(view, typed, wrong), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            text = await self._form(view, typed, {"own_password": why_not(view, found)})
            return late(text, found[1]) if found[1] else html(text, 403)
        table = {"language": view.lang} | ({"for": person} if person else {})
        if told := await untold(self._house, view, "push", table, url):
            return html(await self._form(view, typed, {}, told), 409)
        await self._house.add("push", table, url)
        self._keys.pop(given["key"], None)
        answer = redirect(f"{PATH}?done=saved")
        set_cookie(answer, request, _MARK, _mark_of(url), YEAR_S)
        return answer

    def _url(self, given: Mapping[str, str]) -> str:
        """The address of what a browser gave; empty where that can be none."""
        from gateway.addresses.notice import NoticeAddress, read  # noqa: PLC0415 (who looks at the page needs none)

        private = self._keys.get(given["key"])
        if not private or not all(form.fullmatch(given[name]) for name, form in _GIVEN.items()):
            return ""
        there = given["endpoint"].removeprefix("https://")
        url = f"webpush://{given['p256dh']}:{given['auth']}.{private}@{there}"
        return url if isinstance(read(url), NoticeAddress) else ""

    async def _form(self, view: PageView, typed: Mapping[str, str], wrong: Mapping[str, str], told: str = "") -> str:
        public = typed.get("key", "")
        if public not in self._keys:
            private, public = await self._house.new_key()
            self._keys[public] = private
            while len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        values = {"key": public, "typed": typed, "wrong": wrong, "told": told, "focus": next(iter(wrong), "")}
        view = replace(view, path="/settings")
        return view.page("notices/device.html", here=PATH, page_files=[*STYLES, "device.js"], **values)

    async def leave(self, request: Request) -> None:
        """Whoever signs out here is not told here any more."""
        for row in self._house.listed():
            if is_here(request, row):
                await self._house.remove(row["name"])
                return


def _mark_of(url: str) -> str:
    from gateway.addresses.notice import read  # noqa: PLC0415

    address = read(url)
    return "" if isinstance(address, Phrase) else address.mark


def wrong_person(person: str, known: int) -> str:
    """The key of what is wrong with who is told, or with one way more than are known; empty for nothing."""
    if known >= _MOST_WAYS:
        return "too_many_ways"
    return "" if len(person) <= _LONGEST_PERSON and person.isprintable() else "wrong_person"


async def untold(house: DeviceWays, view: PageView, kind: str, table: dict[str, Any], url: str) -> str:
    """Why no test has gone by such a way, which is not kept yet; empty where one has."""
    try:
        row = await house.try_out(table, url)
    except GatewayError as error:
        return error.phrase.in_language(view.lang)
    if row["answer"] == "done":
        return ""
    return view.say(f"tried_{row['answer']}", name=view.say(f"kind_{kind}"), why=row["why"].get(view.lang, ""))
