"""The part *https*: the steps to the encrypted page, the authority to be taken along, what browsers allow there alone.

Open to whoever is at home: it is read before anybody signs in. What a browser keeps of the page is one page that says
that the gateway is not reachable and, of who is signed in, the first page as it was seen last (``static/worker.js``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from microdot import Response

from gateway.web.access.entrance import own_page
from gateway.web.http.answers import PageFile, html, plain
from gateway.web.http.guard import HEADERS
from gateway.web.menu import HOME, MORE
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request

    from gateway.web.https.encrypted import EncryptedPage
    from gateway.web.view import PageView
    from gateway.web.words import Words

SYSTEMS = {"ios": 5, "android": 5, "windows": 5, "macos": 4, "firefox": 3, "chromium": 4}

# What a phone may cut to its own shape is another picture.
_ICONS = {"icon-192.png": "any", "icon-512.png": "any", "icon-mask-512.png": "maskable"}
_FILES = ("https.css", "https.js", "worker.js", *_ICONS)
# Of the drawing: while the app starts it is alone on it, in daylight and in the dark.
_GROUND = "#0b57a4"
_PATHS = ("/https", "/https/seen", "/ca.crt", "/worker.js", "/manifest.webmanifest", "/offline")


def https(page: EncryptedPage | None, *, redirects: bool = False) -> PageGroup:
    """The part, for that way; None where none is wanted. ``redirects``: in clear there is no other page."""
    pages = _Pages(page, redirects=redirects)
    answers = (pages.show, pages.seen, pages.authority, pages.worker, pages.manifest, pages.offline)
    return PageGroup(
        menu=(),
        pages=dict(zip(_PATHS, answers, strict=True)),
        forms={},
        words=_words,
        files=_FILES,
        open_to_all=frozenset(_PATHS),
    )


class _Pages:
    """Who answers."""

    def __init__(self, page: EncryptedPage | None, *, redirects: bool) -> None:
        self._page, self._redirects = page, redirects
        self._worker = PageFile("worker.js")

    def show(self, request: Request, view: PageView) -> Response:
        """The steps, or that there is nothing to step to."""
        there = self._page.url(request.headers["Host"]) if self._page else None
        known = self._page.certificate if self._page and there else None
        wanted = own_page(request.args.get("to", "")) if "to" in request.args else ""
        encrypted = request.scheme == "https"
        answer = html(
            view.page(
                "https/page.html",
                there=there,
                why=self._page.why_not().in_language(view.lang) if self._page else "",
                to_be_made=self._page is not None and self._page.certificate.shown is None,
                known=known,
                wanted=wanted,
                back=wanted or ("/settings" if view.session else "/"),
                # Who is led here from all that is in clear would be led here again.
                back_in_clear=not (there and self._redirects and not encrypted),
                encrypted=encrypted,
                systems=SYSTEMS,
            )
        )
        if there:
            # The one page that asks something of another origin: whether its own encrypted one is believed here.
            policy = HEADERS["Content-Security-Policy"].replace("connect-src 'self'", f"connect-src 'self' {there}")
            answer.headers["Content-Security-Policy"] = policy
        return answer

    def seen(self, request: Request, _: PageView) -> Response:
        """Says to a page in clear, of this very gateway, that the browser believes the encrypted one."""
        headers = {"Cache-Control": "no-store", "Vary": "Origin"}
        origin = request.headers.get("Origin", "")
        host = origin.removeprefix("http://")
        if self._page and origin.startswith("http://") and self._page.is_own(host):
            headers |= {"Access-Control-Allow-Origin": origin, "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response("", 204, headers)

    def authority(self, _: Request, __: PageView) -> Response:
        """The house's own authority, under the type by which systems know what to do with it."""
        known = self._page.certificate.authority if self._page else None
        if known is None:
            return plain("", 404)
        return plain(known.pem, kind="application/x-x509-ca-cert")

    def worker(self, request: Request, _: PageView) -> Response:
        """The script that a browser keeps for when nobody answers."""
        answer = self._worker.answer(request)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    def manifest(self, _: Request, view: PageView) -> Response:
        """What the page is on a home screen (W3C, Web Application Manifest)."""
        sizes = {name: "x".join(2 * [name.rpartition("-")[2].removesuffix(".png")]) for name in _ICONS}
        icons = [
            {"src": view.files[name], "sizes": sizes[name], "type": "image/png", "purpose": purpose}
            for name, purpose in _ICONS.items()
        ]
        doors = [{"name": view.say(word), "url": path} for path, word in view.menu.bar if path not in (HOME, MORE)]
        said = {
            "name": view.say("app_name"), "short_name": "Linky", "description": view.say("app_about"),
            "lang": view.lang, "id": "/", "start_url": "/", "scope": "/", "display": "standalone",
            "background_color": _GROUND, "theme_color": _GROUND, "icons": icons, "shortcuts": doors,
        }  # fmt: skip
        return plain(json.dumps(said, ensure_ascii=False), kind="application/manifest+json")

    def offline(self, _: Request, view: PageView) -> Response:
        """What is shown when nobody answers."""
        return html(view.page("https/offline.html"))


def _words() -> Mapping[str, Words]:
    from gateway.web.https.words import HTTPS_WORDS  # noqa: PLC0415 (with the first who looks)

    return HTTPS_WORDS
