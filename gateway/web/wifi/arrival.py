"""What is answered at the gateway's own Wi-Fi: one page, and to whatever else is asked the way to it.

A phone that joins asks a name of its maker's for a known answer, and opens a sheet with whatever another one leads to
(captive portal). One rule is for all of them: who calls this machine by another name, or asks for another page, is led
to the page; nothing of it is kept. Nobody is signed in there, and no reading is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from microdot import Response

from gateway.errors import GatewayError
from gateway.web.http.answers import fields_of, html
from gateway.web.http.guard import is_own_origin, named
from gateway.web.wifi.words import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from microdot import Request

    from gateway.web.site import Site
    from gateway.web.view import PageView

PATH = "/wifi"
# IEEE 802.11: 32 bytes; a key has 64 signs at most.
_LONGEST = 256
# What is chosen where the name is typed.
_OTHER = ""


@dataclass(frozen=True, slots=True)
class NearbyWifi:
    """A network within reach: its name, how well it is heard (0 to 100), ``open``, ``key`` or ``other``."""

    name: str
    signal: int
    kind: str


@dataclass(frozen=True, slots=True)
class OwnWifi:
    """How the gateway's own Wi-Fi stands: its name, whether it has a key; the networks; what is tried, what failed."""

    name: str
    secured: bool
    networks: Sequence[NearbyWifi] = ()
    joining: str | None = None
    failed: str | None = None
    why: Mapping[str, str] | None = None


class WifiOfHouse(Protocol):
    """Who knows it, and tries what is chosen."""

    def now(self) -> OwnWifi | None:
        """How it stands; None where it is not open any more."""

    async def choose(self, name: str, key: str, *, hidden: bool) -> None:
        """Have it tried in some seconds; GatewayError with a sentence where it cannot be."""

    async def pages(self) -> Sequence[str]:
        """How the page is called in the house, once the gateway is in its Wi-Fi."""


class ArrivalSite:
    """The page at one address.

    Args:
        address: the gateway's own, there.
        house: who knows the Wi-Fi.
        site: whose files, words and language these are.
    """

    def __init__(self, address: str, house: WifiOfHouse, site: Site) -> None:
        self._address, self._house, self._site = address, house, site

    async def answer(self, request: Request) -> Response:
        """Of whatever is asked there."""
        ours = named(request.headers.get("Host", "")) == self._address
        if ours and request.path.startswith("/static/"):
            return self._site.file(request, request.path.removeprefix("/static/"))
        now = self._house.now()
        if not ours or request.path != PATH or now is None:
            return self._led()
        if request.method != "POST":
            return self._site.in_language(request, html(self._page(request, now)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not is_own_origin(headers, request.scheme):
            return self._led()
        return await self._chosen(request, now, fields_of(request))

    async def _chosen(self, request: Request, now: OwnWifi, fields: Mapping[str, str]) -> Response:
        listed, typed = fields.get("network", _OTHER), fields.get("name", "").strip()
        name, key = listed or typed, fields.get("key", "")
        try:
            # Who types a name may have one that no list shows.
            await self._house.choose(name[:_LONGEST], key[:_LONGEST], hidden=not listed)
        except GatewayError as error:
            text = self._page(request, now, said=error, chosen=listed, typed=typed)
            return html(text, 400)
        view = self._read(request)
        return html(view.page("wifi/tried.html", name=name, own=now.name, pages=await self._house.pages()))

    def _page(
        self, request: Request, now: OwnWifi, *, said: GatewayError | None = None, chosen: str = "", typed: str = ""
    ) -> str:
        view = self._read(request)
        why = said.phrase.in_language(view.lang) if said else None
        failed = (now.why or {}).get(view.lang) if now.failed else None
        values = {"now": now, "refused": why, "failed": failed, "chosen": chosen, "typed": typed[:_LONGEST]}
        return view.page("wifi/page.html", path_of_form=PATH, **values)

    def _read(self, request: Request) -> PageView:
        view = self._site.view(request, PATH)
        return replace(view, words=view.words | words_of(view.lang))

    def _led(self) -> Response:
        """The way to the page; nothing of the answer is kept for when the phone is in another network."""
        where = f"http://{self._address}{PATH}"
        return Response("", 302, {"Location": where, "Cache-Control": "no-store", "Content-Type": "text/plain"})
