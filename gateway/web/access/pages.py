"""The pages of who may see the page: sign in, set the password by a code, the password and the links for displays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.access.access import DisplayLink, Viewer
    from gateway.web.access.first_visit import PresenceView
    from gateway.web.view import PageView

_LONGEST_FIELD = 256


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made: for whom, where the page is, the token that is shown this once, as what it looks."""

    name: str
    origin: str
    token: str
    role: Viewer


def login(view: PageView, wanted: str = "/", error: str | None = None, wait_s: int = 0) -> str:
    """Where the password is asked for; ``wanted`` is the page that comes then."""
    query = f"to={quote(wanted, safe='/')}&" if wanted != "/" else ""
    values = {"wanted": wanted, "error": error, "wait_s": wait_s, "longest": _LONGEST_FIELD}
    return replace(view, query=query).page("access/login.html", **values)


def setup(
    view: PageView, presence: PresenceView, error: str | None = None, wait_s: int = 0, *, code: str = "",
    has_code: bool = True,
) -> str:  # fmt: skip
    """Where the password is set by whoever has the code of the gateway, or was seen at the meter.

    ``code`` is what was typed before; ``has_code``: whether there is any that could fit.
    """
    if not (has_code or error or presence.is_offered):
        error = "no_code"
    values = {"error": error, "wait_s": wait_s, "code": code[:_LONGEST_FIELD], "longest": _LONGEST_FIELD}
    return view.page("access/setup.html", presence=presence, has_code=has_code, **values)


def access(
    view: PageView, known: Sequence[DisplayLink], *, told: str | None = None, good: bool = False, wait_s: int = 0,
    made: NewLink | None = None,
) -> str:  # fmt: skip
    """The password, and the displays that may look; ``made``: the link that was just made."""
    values = {"links": known, "made": made, "longest": _LONGEST_FIELD}
    return view.page("access/access.html", key=told, good=good, wait_s=wait_s, **values)
