"""A backup that is brought back at the page: taken in with two secrets, shown for what it is, then put in its place."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from gateway.web.data.copies import WAIT_S
from gateway.web.http.answers import html, plain, redirect
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.backup.values import RestoreEnding, RestoreStanding
    from gateway.web.view import PageView

PATH = "/settings/backup/restore"
BACK = "/settings/backup/back"
# How it ended is said for so long.
_SAID_S = 7 * 86_400
_FAULTS = {"foreign", "locked", "damaged", "newer", "elsewhere", "room"}


class RestoreOfHouse(Protocol):
    """A backup that somebody brought; ``who`` is the session that did. GatewayError is in a household's words."""

    def standing(self, who: object) -> RestoreStanding:
        """How it stands with it."""

    def ending(self) -> RestoreEnding | None:
        """How the last one ended."""

    async def take(self, who: object, length: int, blocks: AsyncIterator[bytes], passphrase: str) -> None:
        """Take the file in and begin to check it."""

    async def wait(self, seconds: float) -> None:
        """Until it is checked, or so long."""

    async def begin(self, who: object) -> None:
        """Put it in its place; the gateway ends within seconds."""

    async def discard(self, who: object) -> None:
        """Remove it."""


class RestorePages:
    """Who answers.

    Args:
        restore: the house's.
        refused: the page of backups, with what is wrong: (view, field -> sentence, status) -> answer.
        files: styles of the part.
    """

    def __init__(
        self,
        restore: RestoreOfHouse,
        refused: Callable[[PageView, Mapping[str, str], int], Response],
        files: tuple[str, ...],
    ) -> None:
        self._restore, self._refused, self._files = restore, refused, list(files)

    async def show(self, request: Request, view: PageView) -> Response:
        """What was brought, checked; the page of backups where there is nothing."""
        if "wait" in request.args:
            await self._restore.wait(WAIT_S)
        known = self._restore.standing(view.session)
        if known.state in ("none", "begun"):
            return redirect("/settings/backup")
        return html(self._page(view, "restore", known=known))

    async def take(self, request: Request, view: PageView) -> Response:
        """What stands before the file in the form is looked at first, so that nothing is taken from who may not."""
        fields, form = request.g.fields, getattr(request.g, "upload", None)
        if not fields.get("back_phrase"):
            return self._refused(view, {"back_phrase": view.say("back_phrase_missing")}, 400)
        if form is None:
            return self._refused(view, {"file": view.say("back_file_missing")}, 400)
        if found := await request.g.confirm(fields.get("back_password", "")):
            return self._refused(view, {"back_password": why_not(view, found)}, 429 if found[1] else 403)
        await self._restore.take(view.session, form.length, form.file(), fields["back_phrase"])
        await self._restore.wait(WAIT_S)
        return redirect(PATH)

    async def begin(self, _: Request, view: PageView) -> Response:
        """The answer comes first: the helper waits for nothing."""
        asked = int(time.time())
        await self._restore.begin(view.session)
        return html(self._page(view, "restoring", question=f"{BACK}?asked={asked}"))

    async def drop(self, _: Request, view: PageView) -> Response:
        """It is not wanted any more."""
        await self._restore.discard(view.session)
        return redirect("/settings/backup")

    def back(self, request: Request, _: PageView) -> Response:
        """Whether one that was begun then has ended: for a page whose session went with the gateway that ended."""
        known, asked = self._restore.ending(), request.args.get("asked", "")
        ended = known is not None and asked.isdigit() and len(asked) < 12 and known.ended >= int(asked)
        return plain("yes" if ended else "no")

    def ending(self) -> RestoreEnding | None:
        """How the last one ended, as long as it is news."""
        known = self._restore.ending()
        return known if known and abs(time.time() - known.ended) < _SAID_S else None

    def _page(self, view: PageView, name: str, **values: object) -> str:
        return replace(view, path="/settings").page(
            f"backup/{name}.html", here=PATH, page_files=self._files, fault_of=fault_of, **values
        )


def fault_of(fault: str) -> str:
    """The key of the sentence that says what is wrong with a backup."""
    return f"fault_{fault if fault in _FAULTS else 'other'}"
