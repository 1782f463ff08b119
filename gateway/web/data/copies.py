"""Files that are made for a household and downloaded once: asked for with the password, prepared, fetched, gone.

Between the two the browser waits a moment, and then asks again; no script is needed for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from microdot import Response

from gateway.web.http.answers import redirect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from microdot import Request

    from gateway.web.data.values import CopyStanding
    from gateway.web.view import PageView

# For so long whoever asked waits for the answer.
WAIT_S = 8.0


class HouseholdCopy(Protocol):
    """One kind of file; ``who`` is the session for which it is made, and nobody else has it."""

    def standing(self, who: object) -> CopyStanding:
        """How it stands with it."""

    def begin(self, who: object, lang: str, secret: str = "") -> None:
        """Have it made. GatewayError where another one is being made, or where there is no room."""

    async def wait(self, seconds: float) -> None:
        """Until it is made, or so long."""

    async def read(self, who: object) -> AsyncIterator[bytes] | None:
        """Its bytes; None where there is none."""

    async def discard(self, who: object) -> None:
        """Remove it."""


async def download(copy: HouseholdCopy, view: PageView, name: str, page: str) -> Response:
    """The file under that name; the page where there is none any more."""
    body, standing = await copy.read(view.session), copy.standing(view.session)
    if body is None:
        return redirect(page)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(standing.size),
        "Cache-Control": "no-store",
    }
    return Response(body, 200, headers)  # type: ignore[arg-type] # its stubs know no streams


async def settled(copy: HouseholdCopy, request: Request, view: PageView) -> CopyStanding:
    """How it stands with the file; whoever asks whether it is ready waits a moment for it."""
    if "wait" in request.args:
        await copy.wait(WAIT_S)
    return copy.standing(view.session)
