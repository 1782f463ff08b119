"""The part *backup*: the whole installation in one encrypted file, to be downloaded, each night, and brought back."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from gateway.web.backup.restore import BACK, RestorePages, fault_of
from gateway.web.backup.restore import PATH as RESTORE
from gateway.web.data.copies import WAIT_S, download, settled
from gateway.web.dates import local
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.backup.restore import RestoreOfHouse
    from gateway.web.data.copies import HouseholdCopy
    from gateway.web.view import PageView
    from gateway.web.words import Words

PATH = "/settings/backup"
FILES = ("sharing.css", "settings.css")
# As the command wants it (``gateway.backup.cipher``).
LEAST_CHARACTERS = 12


class NightlyOfHouse(Protocol):
    """The nightly backup; GatewayError is in a household's words."""

    def standing(self) -> Mapping[str, Any]:
        """How it stands.

        ``place`` (empty where none is set up), ``keep``, ``state``, ``detail`` (by language), ``good`` (POSIX seconds
        at which one was last made, None for never), ``failed`` (the last try came to nothing), ``making`` (one that
        was asked for here goes on), ``named`` (its passphrase is in a file that the configuration names).
        """

    async def begin(self) -> bool:
        """Have one made now; False where there is no passphrase for it."""

    async def wait(self, seconds: float) -> None:
        """Until it is made, or so long."""

    async def set_passphrase(self, passphrase: str) -> None:
        """Encrypt them by this one from now on."""


def backup(nightly: NightlyOfHouse, copy: HouseholdCopy, restore: RestoreOfHouse) -> PageGroup:
    """The part.

    Args:
        nightly: the nightly backup.
        copy: a backup that is made for whoever asks.
        restore: one that is brought back.
    """
    pages = _Pages(nightly, copy, restore)
    back = pages.restore
    return PageGroup(
        menu=(),
        pages={PATH: pages.show, f"{PATH}/file": pages.file, RESTORE: back.show, BACK: back.back},
        forms={
            f"{PATH}/file": pages.make,
            f"{PATH}/file/remove": pages.drop,
            f"{PATH}/nightly": pages.make_nightly,
            f"{PATH}/nightly/passphrase": pages.set_passphrase,
            RESTORE: back.take,
            f"{RESTORE}/begin": back.begin,
            f"{RESTORE}/remove": back.drop,
        },
        words=_words,
        files=(*FILES, "back.js"),
        refused=refused_at("backups", "back_to_backups", PATH, FILES),
        open_to_all=frozenset({BACK}),
    )


class _Pages:
    """Who answers."""

    def __init__(self, nightly: NightlyOfHouse, copy: HouseholdCopy, restore: RestoreOfHouse) -> None:
        self._nightly, self._copy = nightly, copy
        self.restore = RestorePages(restore, lambda view, wrong, status: html(self._page(view, wrong), status), FILES)

    async def show(self, request: Request, view: PageView) -> Response:
        await settled(self._copy, request, view)
        if "wait" in request.args:
            await self._nightly.wait(WAIT_S)
        return html(self._page(view, done=request.args.get("done", "")))

    async def make_nightly(self, _: Request, __: PageView) -> Response:
        begun = await self._nightly.begin()
        await self._nightly.wait(WAIT_S)
        return redirect(PATH if begun else f"{PATH}?done=without")

    async def set_passphrase(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        passphrase = fields.get("night_phrase", "")
        if wrong := _wrong(view, passphrase, fields.get("night_again", "")):
            names = {"passphrase": "night_phrase", "again": "night_again"}
            return html(self._page(view, {names[name]: text for name, text in wrong.items()}), 400)
        if found := await request.g.confirm(fields.get("night_password", "")):
            return html(self._page(view, {"night_password": why_not(view, found)}), 429 if found[1] else 403)
        await self._nightly.set_passphrase(passphrase)
        return redirect(f"{PATH}?done=phrase")

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

    def _page(self, view: PageView, wrong: Mapping[str, str] | None = None, done: str = "") -> str:
        wrong, nights = wrong or {}, self._nightly.standing()
        more = {"wrong": wrong, "focus": next(iter(wrong), ""), "least": LEAST_CHARACTERS, "page_files": list(FILES)}
        more |= {"done": done, "ending": self.restore.ending(), "fault_of": fault_of}
        standing = self._copy.standing(view.session)
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


def _words() -> Mapping[str, Words]:
    from gateway.web.backup.words import BACKUP_WORDS  # noqa: PLC0415 (with the first who looks)

    return BACKUP_WORDS
