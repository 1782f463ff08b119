"""A part of the page: pages for whoever is signed in, with their words, files and place in the menu.

``site`` lets nobody else come here, has looked at the token of every form, and has found the language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.errors import GatewayError
    from gateway.web.view import PageView
    from gateway.web.words import Words

    # (request, view, places of the path) -> an answer, or what will be one.
    Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Some pages.

    Args:
        menu: what stands in the menu: path and word.
        pages: path, with microdot's ``<places>`` -> who answers a GET.
        forms: path -> who answers a POST.
        words: gives language -> key -> text, with the first visit; keys of ``words.WORDS`` may be used and not be given
            again.
        files: names of files in ``static/``.
        refused: the answer where a handler raises GatewayError: with what was refused, or could not be kept.
        open_to_all: those of the pages that are shown to whoever is at home, signed in or not.
        signed_out: has what is this device's own end with its session.
    """

    menu: tuple[tuple[str, str], ...]
    pages: Mapping[str, Handler]
    forms: Mapping[str, Handler]
    words: Callable[[], Mapping[str, Words]]
    files: tuple[str, ...] = field(default=())
    refused: Callable[[PageView, GatewayError], Response] | None = None
    open_to_all: frozenset[str] = frozenset()
    signed_out: Callable[[Request], Awaitable[None]] | None = None
