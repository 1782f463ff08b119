"""The part *machine*: the meters with their ports, how long is kept what they say, the gateway's restart.

What decides what is kept, and what ends the gateway, takes the password again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not
from gateway.words.phrase import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

METERS, KEEPING, RESTART = "/settings/meters", "/settings/keeping", "/settings/restart"
FILES = ("sharing.css", "settings.css")
MODES = ("auto", "historic", "standard")
# What a household may choose of each; what is set otherwise stands beside them.
SPANS = {
    "raw_hours": (24, 48, 168),
    "minute_days": (90, 365, 1095, 1825, 3650),
    "outbox_days": (7, 30, 90, 365),
    "received_days": (90, 365, 1095, 1825),
}
# Act of the helper -> its arguments; the first one is what the form calls it.
ACTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "gateway": ("restart-unit", {"unit": "linky-gateway.service"}),
    "reboot": ("reboot", {}),
    "shut-down": ("shut-down", {}),
}


class MachineOfHouse(Protocol):
    """The machine; each that changes something raises GatewayError with a sentence."""

    def meters(self) -> Sequence[Mapping[str, Any]]:
        """Each meter: ``name``, ``source``, ``shown`` (how a person calls it), ``mode``, ``state``, ``detail``.

        ``chosen``, ``chosen_mode``: the source and mode that are kept of it. ``later``: how a person calls where it is
        read from the next start on, empty where nothing waits for one.
        """

    async def ports(self) -> Sequence[Mapping[str, Any]]:
        """Each port that is there: ``source``, ``shown``, ``tic`` (made for a meter)."""

    async def read_at(self, name: str, source: str, mode: str) -> None:
        """Read that meter there, at once or from the next start on."""

    def keeping(self) -> Mapping[str, int]:
        """Those of ``SPANS`` that this house has, with how long each is kept."""

    async def keep(self, spans: Mapping[str, int]) -> None:
        """Keep so long what these name."""

    async def act(self, act: str, arguments: Mapping[str, str]) -> None:
        """Have root do it."""


def machine(house: MachineOfHouse) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={METERS: pages.show_meters, KEEPING: pages.show_keeping, RESTART: pages.show_restart},
        forms={METERS: pages.read_at, KEEPING: pages.keep, RESTART: pages.restart},
        words=_words,
        files=FILES,
        refused=refused_at("settings", "back_to_settings"),
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: MachineOfHouse) -> None:
        self._house = house

    async def show_meters(self, request: Request, view: PageView) -> Response:
        return html(await self._meters(view, done="done" in request.args))

    async def read_at(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        name, source, mode = (fields.get(key, "") for key in ("name", "source", "mode"))
        known = next((meter for meter in self._house.meters() if meter["name"] == name), None)
        there = {port["source"] for port in await self._house.ports()} | ({known["source"]} if known else set())
        if known is None or source not in there or mode not in MODES:
            return html(await self._meters(view, wrong=True), 400)
        await self._house.read_at(name, source, mode)
        return redirect(f"{METERS}?done=1")

    async def show_keeping(self, request: Request, view: PageView) -> Response:
        return html(self._keeping(view, done="done" in request.args))

    async def keep(self, request: Request, view: PageView) -> Response:
        fields, known = request.g.fields, self._house.keeping()
        chosen = {name: fields.get(name, "") for name in known}
        offered = {name: {str(span) for span in (*SPANS[name], now)} for name, now in known.items()}
        if wrong := {name: view.say("wrong_span") for name, span in chosen.items() if span not in offered[name]}:
            return html(self._keeping(view, wrong), 400)
        spans = {name: int(span) for name, span in chosen.items()}
        if found := await request.g.confirm(fields.get("own_password", "")):
            return html(self._keeping(view, {"own_password": why_not(view, found)}, spans), _status(found))
        await self._house.keep({name: span for name, span in spans.items() if span != known[name]})
        return redirect(f"{KEEPING}?done=1")

    async def show_restart(self, request: Request, view: PageView) -> Response:
        chosen = request.args.get("act", "")
        return html(_restart(view, chosen=chosen if chosen in ACTS else ""))

    async def restart(self, request: Request, view: PageView) -> Response:
        """The answer comes first: the helper waits for nothing."""
        fields = request.g.fields
        chosen = fields.get("act", "")
        if chosen not in ACTS:
            return html(_restart(view, {"act": view.say("restart_missing")}), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            wrong = {"own_password": why_not(view, found)}
            return html(_restart(view, wrong, chosen), _status(found))
        await self._house.act(*ACTS[chosen])
        return html(_page(view, "restarting", act=chosen))

    async def _meters(self, view: PageView, *, done: bool = False, wrong: bool = False) -> str:
        known, ports = self._house.meters(), await self._house.ports()
        saved = done and not any(meter["later"] for meter in known)
        more = {"here": METERS, "restart": f"{RESTART}?act=gateway"}
        return _page(view, "meters", meters=known, ports=ports, modes=MODES, saved=saved, no_such=wrong, **more)

    def _keeping(
        self,
        view: PageView,
        wrong: Mapping[str, str] | None = None,
        chosen: Mapping[str, int] | None = None,
        *,
        done: bool = False,
    ) -> str:
        known = self._house.keeping()
        spans = {
            name: [(span, _span(view, name, span)) for span in sorted({*SPANS[name], now})]
            for name, now in known.items()
        }
        return _page(view, "keeping", spans=spans, chosen=chosen or known, wrong=wrong or {}, done=done, here=KEEPING)


def _restart(view: PageView, wrong: Mapping[str, str] | None = None, chosen: str = "") -> str:
    return _page(view, "restart", acts=list(ACTS), wrong=wrong or {}, chosen=chosen, here=RESTART)


def _span(view: PageView, name: str, span: int) -> str:
    """How long that is, in words."""
    if name.endswith("hours"):
        return _counted(view, span, "hour") if span % 24 or span < 72 else _counted(view, span // 24, "day")
    if span % 365:
        return _counted(view, span, "day")
    return _counted(view, span // 365, "year")


def _counted(view: PageView, count: int, unit: str) -> str:
    said = {
        "hour": plural("{count} hour", "{count} hours", count),
        "day": plural("{count} day", "{count} days", count),
        "year": plural("{count} year", "{count} years", count),
    }
    return said[unit].in_language(view.lang)


def _status(found: tuple[str, int]) -> int:
    return 429 if found[1] else 403


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"machine/{name}.html", page_files=list(FILES), **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.machine.words import MACHINE_WORDS  # noqa: PLC0415 (with the first who looks)

    return MACHINE_WORDS
