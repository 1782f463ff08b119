"""The part *notices*: by what ways the household is told; each is tried before it is kept (a device in ``device``).

Who adds or removes one types the password again: it decides who hears of the house, and whether anybody does.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.web.http.answers import html, late, redirect
from gateway.web.notices.device import (
    DEVICE,
    FILES,
    PATH,
    STYLES,
    DevicePages,
    DeviceWays,
    is_here,
    untold,
    wrong_person,
)
from gateway.web.notices.kinds import KINDS, OF_ADDRESS, SECRETS, address_of, fields_of, wrong_fields
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

_DONE = ("saved", "saved_anyway", "removed")
_LONGEST = 300
_TOPIC_BYTES = 12


class HouseWays(DeviceWays, Protocol):
    """The same for whoever is not told on this very device."""

    def tells_apple(self) -> bool:
        """Whether devices whose maker is Apple can be told themselves."""

    def messenger(self) -> str:
        """The XMPP addresses that are told, with commas between."""

    async def test(self, name: str) -> Mapping[str, Any]:
        """What comes of a test by one that is kept."""


def notices(house: HouseWays) -> PageGroup:
    """The part, for that house."""
    pages, device = _Pages(house), DevicePages(house)
    return PageGroup(
        menu=(),
        pages={PATH: pages.show, f"{PATH}/new": pages.ask, f"{PATH}/remove": pages.sure, DEVICE: device.ask},
        forms={f"{PATH}/new": pages.add, f"{PATH}/remove": pages.remove, f"{PATH}/try": pages.test, DEVICE: device.add},
        words=_words,
        files=FILES,
        refused=refused_at("be_told", "back_to_notices", PATH, STYLES),
        signed_out=device.leave,
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: HouseWays) -> None:
        self._house = house

    async def show(self, request: Request, view: PageView) -> Response:
        done = request.args.get("done", "")
        told = view.say(f"way_{done}") if done in _DONE else ""
        return html(self._overview(request, view, told))

    def _overview(self, request: Request, view: PageView, told: str, *, good: bool = True) -> str:
        ways = [
            {**row, "kind": OF_ADDRESS.get(row["kind"], ""), "here": is_here(request, row)}
            for row in self._house.listed()
        ]
        more: dict[str, object] = {
            "encrypted": request.scheme == "https",
            "here_known": any(one["here"] for one in ways),
        }
        more |= {"apple": self._house.tells_apple(), "messenger": self._house.messenger()}
        return _page(view, "page", ways=ways, kinds=list(KINDS), told=told, good=good, **more)

    async def test(self, request: Request, view: PageView) -> Response:
        name = request.g.fields.get("name", "")[:40]
        row = await self._house.test(name)
        why = row["why"].get(view.lang, "")
        answer = "some" if why and row["answer"] == "done" else row["answer"]
        known = next((one for one in self._house.listed() if one["name"] == name), None)
        kind = OF_ADDRESS.get(known["kind"], "other") if known else "other"
        told = view.say(f"tried_{answer}", name=view.say(f"kind_{kind}"), why=why)
        return html(self._overview(request, view, told, good=row["answer"] == "done"))

    async def ask(self, request: Request, view: PageView) -> Response:
        kind = request.args.get("kind", "")
        if kind not in KINDS:
            return redirect(PATH)
        typed = {"topic": f"linky-{secrets.token_hex(_TOPIC_BYTES)}"} if kind == "ntfy" else {}
        return html(_form(view, kind, typed, {}))

    async def add(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        kind = fields.get("kind", "")
        if kind not in KINDS:
            return redirect(PATH)
        typed = {name: fields.get(name, "").strip()[:_LONGEST] for name, _ in fields_of(kind)}
        typed["person"] = fields.get("person", "").strip()[:_LONGEST]
        wrong = {name: view.say(key) for name, key in _wrong(kind, typed, len(self._house.listed())).items()}
        url = "" if wrong else address_of(kind, typed)
        if isinstance(url, Phrase):
            wrong[fields_of(kind)[-1][0]] = url.in_language(view.lang)
        if wrong or isinstance(url, Phrase):
            return html(_form(view, kind, typed, wrong), 400)
        if refused := await _not_confirmed(request, view, kind, typed):
            return refused
        table = {"language": view.lang} | ({"for": typed["person"]} if typed["person"] else {})
        anyway = fields.get("anyway") == "yes"
        if not anyway and (told := await untold(self._house, view, kind, table, url)):
            return html(_form(view, kind, typed, {}, told=told), 409)
        await self._house.add(kind, table, url)
        return redirect(f"{PATH}?done={'saved_anyway' if anyway else 'saved'}")

    async def sure(self, request: Request, view: PageView) -> Response:
        return self._sure(view, request.args.get("name", ""))

    def _sure(self, view: PageView, name: str, error: str = "", status: int = 200) -> Response:
        row = next((one for one in self._house.listed() if one["name"] == name), None)
        if row is None:
            return redirect(PATH)
        row = {**row, "kind": OF_ADDRESS.get(row["kind"], "")}
        return html(_page(view, "remove", one=row, error=error), status)

    async def remove(self, request: Request, view: PageView) -> Response:
        name = request.g.fields.get("name", "")[:40]
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return self._sure(view, name, why_not(view, found), 429 if found[1] else 403)
        await self._house.remove(name)
        return redirect(f"{PATH}?done=removed")


async def _not_confirmed(request: Request, view: PageView, kind: str, typed: Mapping[str, str]) -> Response | None:
    found = await request.g.confirm(request.g.fields.get("own_password", ""))
    if found is None:
        return None
    text = _form(view, kind, typed, {"own_password": why_not(view, found)})
    return late(text, found[1]) if found[1] else html(text, 403)


def _wrong(kind: str, typed: Mapping[str, str], known: int) -> dict[str, str]:
    wrong = wrong_fields(kind, typed)
    if key := wrong_person(typed["person"], known):
        wrong["person"] = key
    return wrong


def _form(view: PageView, kind: str, typed: Mapping[str, str], wrong: Mapping[str, str], told: str = "") -> str:
    shown = {name: text for name, text in typed.items() if name not in SECRETS}
    more = {"secrets": SECRETS, "longest": _LONGEST, "told": told, "focus": next(iter(wrong), "")}
    has_hint = {name for name, _ in fields_of(kind) if f"{kind}_{name}_hint" in view.words}
    return _page(view, "form", kind=kind, fields=fields_of(kind), typed=shown, wrong=wrong, has_hint=has_hint, **more)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"notices/{name}.html", here=PATH, page_files=list(STYLES), **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.notices.words import NOTICES_WORDS  # noqa: PLC0415 (with the first who looks)

    return NOTICES_WORDS
