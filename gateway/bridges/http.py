"""One HTTP request with a token, as the sinks of the web need it: no redirect, a time-out, one sentence for a fault."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_S = 20.0
_MOST_BYTES = 4_000_000
_MOST_WORDS = 200
_REFUSED = (401, 403)


class HttpError(BridgeError):
    """An answer that is no success; ``status`` is HTTP's."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is for the address in the configuration alone."""

    def redirect_request(self, *_: object) -> None:
        """Follow none: it is an error like every other status."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body of the answer to a POST. Raises BridgeError; HttpError with the other system's words when it refuses."""
    # The configuration lets nothing but http and https through.
    request = urllib.request.Request(url, body, dict(headers))  # noqa: S310
    where = url.partition("://")[2].partition("/")[0]
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
            told: bytes = answer.read(_MOST_BYTES)
            return told
    except urllib.error.HTTPError as error:
        with error:
            words = " ".join(error.read(_MOST_BYTES).decode(errors="replace").split())[:_MOST_WORDS]
        hint = "; check the token" if error.code in _REFUSED else ""
        raise HttpError(f"{where} answers {error.code} {words or error.reason}{hint}", error.code) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise BridgeError(f"{where} cannot be reached: {reason}") from error
