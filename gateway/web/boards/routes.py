"""The part *boards*: the ESP32 boards of the house.

Who lets one in or out, or has another program run on one, types the password of the page again. A board is prepared at
a computer, by a cable, once; what is brought here is its card, a small file that came of that.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from gateway.web.http.answers import html, late, plain, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.boards.values import HouseBoard, HouseBoards
    from gateway.web.view import PageView
    from gateway.web.words import Words

PATH = "/settings/boards"
FILES = ("sharing.css", "settings.css")
# A card has some 400 bytes.
MOST_CARD_BYTES = 4096
_DONE = ("forgotten", "offered")


class BoardsOfHouse(Protocol):
    """The boards; each that changes something raises GatewayError in a household's words, and nothing is changed."""

    async def known(self) -> HouseBoards:
        """Which there are, and how each is."""

    async def add(self, card: bytes) -> HouseBoard | None:
        """Let the board of this card in; None where this is no board's card."""

    async def forget(self, name: str) -> None:
        """Let it in no more, and drop its key."""

    async def update(self, name: str) -> None:
        """Lay the newest program out for it."""


def boards(house: BoardsOfHouse) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={PATH: pages.show, f"{PATH}/forget": pages.sure, f"{PATH}/changed": pages.changed},
        forms={f"{PATH}/add": pages.add, f"{PATH}/forget": pages.forget, f"{PATH}/update": pages.update},
        words=_words,
        files=(*FILES, "back.js"),
        refused=refused_at("boards", "back_to_boards", PATH, FILES),
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: BoardsOfHouse) -> None:
        self._house = house

    async def show(self, request: Request, view: PageView) -> Response:
        done = request.args.get("done", "")
        return html(await self._page(view, done=done if done in _DONE else ""))

    async def add(self, request: Request, view: PageView) -> Response:
        """The password first: nothing is said of what somebody else brings."""
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return await self._wrong(view, {"own_password": why_not(view, found)}, found[1])
        form = getattr(request.g, "upload", None)
        card = b""
        if form:
            async for block in form.file():
                card += block
                if len(card) > MOST_CARD_BYTES:
                    break
        if not card:
            return html(await self._page(view, {"file": view.say("card_missing")}), 400)
        added = await self._house.add(card) if len(card) <= MOST_CARD_BYTES else None
        if added is None:
            return html(await self._page(view, {"file": view.say("card_none")}), 400)
        return html(_page(view, "added", board=added))

    async def sure(self, request: Request, view: PageView) -> Response:
        """Whether that one is meant."""
        return await self._sure(view, request.args.get("name", ""))

    async def forget(self, request: Request, view: PageView) -> Response:
        name = request.g.fields.get("name", "")
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return await self._sure(view, name, why_not(view, found), found[1])
        await self._house.forget(name)
        return redirect(f"{PATH}?done=forgotten")

    async def update(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        name = fields.get("name", "")
        if found := await request.g.confirm(fields.get("update_password", "")):
            return await self._wrong(view, {f"update-{name}": why_not(view, found)}, found[1])
        await self._house.update(name)
        return redirect(f"{PATH}?done=offered")

    async def changed(self, request: Request, _: PageView) -> Response:
        """Whether one has said something new of its program since that, for who has the page open."""
        told = _told(await self._house.known())
        return plain("no" if request.args.get("since", "") == told else "yes")

    async def _sure(self, view: PageView, name: str, error: str = "", wait_s: int = 0) -> Response:
        board = (await self._house.known()).sure(name)
        if board is None:
            return redirect(PATH)
        text = _page(view, "forget", board=board, error=error)
        return late(text, wait_s) if wait_s else html(text, 403 if error else 200)

    async def _wrong(self, view: PageView, wrong: Mapping[str, str], wait_s: int) -> Response:
        text = await self._page(view, wrong)
        return late(text, wait_s) if wait_s else html(text, 403)

    async def _page(self, view: PageView, wrong: Mapping[str, str] | None = None, done: str = "") -> str:
        known = await self._house.known()
        follows = any(board.under_way for board in known.boards)
        question = f"{PATH}/changed?since={_told(known)}" if follows else ""
        files = [*FILES, *(["back.js"] if follows else [])]
        shown = {field: text for field, text in (wrong or {}).items() if _is_there(field, known)}
        return _page(view, "page", known=known, wrong=shown, done=done, question=question, page_files=files)


def _is_there(field: str, known: HouseBoards) -> bool:
    """Whether the page has that field: the name in one of an update is what a visitor has sent."""
    names = {f"update-{board.now.name}" for board in known.boards if board.newer}
    return field in names or not field.startswith("update-")


def _told(known: HouseBoards) -> str:
    """What boards say of their programs, in short."""
    said = [(board.now.name, board.now.version, board.now.standing) for board in known.boards]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _page(view: PageView, name: str, **values: object) -> str:
    given = {"here": PATH, "page_files": list(FILES)} | values
    return replace(view, path="/settings").page(f"boards/{name}.html", **given)


def _words() -> Mapping[str, Words]:
    from gateway.web.boards.words import BOARDS_WORDS  # noqa: PLC0415 (with the first who looks)

    return BOARDS_WORDS
