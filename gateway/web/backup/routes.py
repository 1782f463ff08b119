"""The part *backup*: the whole installation in one encrypted file, to be downloaded; how the nightly ones stand."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.web.backup.words import BACKUP_WORDS
from gateway.web.data.copies import WAIT_S, download, settled
from gateway.web.dates import local
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from microdot import Request, Response

    from gateway.web.data.copies import HouseholdCopy
    from gateway.web.view import PageView

PATH = "/settings/backup"
FILES = ("sharing.css", "settings.css")
# As the command wants it (``gateway.backup.cipher``).
LEAST_CHARACTERS = 12


def backup(nightly: Callable[[], Mapping[str, Any]], copy: HouseholdCopy) -> PageGroup:
    """The part.

    Args:
        nightly: how the nightly backup stands: ``place`` (empty where none is set up), ``keep``, ``state``, ``detail``
            (by language), ``good`` (POSIX seconds at which one was last made, None for never), ``failed`` (the last
            try came to nothing).
        copy: a backup that is made for whoever asks.
    """
    pages = _Pages(nightly, copy)
    return PageGroup(
        menu=(),
        pages={PATH: pages.show, f"{PATH}/file": pages.file},
        forms={f"{PATH}/file": pages.make, f"{PATH}/file/remove": pages.drop},
        words=BACKUP_WORDS,
        files=FILES,
        refused=refused_at("settings", "back_to_settings"),
    )


class _Pages:
    """Who answers."""

    def __init__(self, nightly: Callable[[], Mapping[str, Any]], copy: HouseholdCopy) -> None:
        self._nightly, self._copy = nightly, copy

    async def show(self, request: Request, view: PageView) -> Response:
        await settled(self._copy, request, view)
        return html(self._page(view))

    async def make(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        passphrase = fields.get("passphrase", "")
        if wrong := _wrong(view, passphrase, fields.get("again", "")):
            return html(self._page(view, wrong), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            return html(self._page(view, {"own_password": why_not(view, found)}), 429 if found[1] else 403)
        self._copy.begin(view.session, view.lang, passphrase)
        await self._copy.wait(WAIT_S)
        return redirect(PATH)

    async def file(self, _: Request, view: PageView) -> Response:
        return await download(self._copy, view, f"linky-gateway-{local(time.time()):%Y-%m-%d}.backup", PATH)

    async def drop(self, _: Request, view: PageView) -> Response:
        await self._copy.discard(view.session)
        return redirect(PATH)

    def _page(self, view: PageView, wrong: Mapping[str, str] | None = None) -> str:
        wrong = wrong or {}
        more = {"wrong": wrong, "focus": next(iter(wrong), ""), "least": LEAST_CHARACTERS, "page_files": list(FILES)}
        standing, nights = self._copy.standing(view.session), self._nightly()
        return replace(view, path="/settings").page(
            "backup/page.html", here=PATH, nightly=nights, nights=_nights(nights), copy=standing, **more
        )


def _nights(nightly: Mapping[str, Any]) -> str:
    """The word for how the nightly ones stand; empty where nothing is known of them."""
    made = nightly["good"] is not None
    # A link is well for two nights before the first one is made.
    words = {"ok": "made" if made else "none_yet", "broken": "missing" if made else "never", "waiting": "unknown"}
    return words.get(nightly["state"], "")


def _wrong(view: PageView, passphrase: str, again: str) -> dict[str, str]:
    """Field -> what is wrong with it."""
    if len(passphrase) < LEAST_CHARACTERS or not passphrase.isprintable():
        return {"passphrase": view.say("passphrase_short", n=LEAST_CHARACTERS)}
    return {} if passphrase == again else {"again": view.say("passphrase_other")}
