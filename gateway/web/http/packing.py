"""Answers packed (gzip) for who can unpack them; what may not be packed beside a secret is in here as well.

The length of what is packed tells how much of a guess stands in it twice (BREACH, breachattack.com): who can have a
signed-in browser ask for pages with a guess in their address, and sees how long the encrypted answers are, finds out
what else stands there. So nothing is packed that another site, or another port of this machine, let the browser ask
for (`Sec-Fetch-Site`, which every browser of today sends to an encrypted page), no answer to a form, which may show a
new secret beside what was typed, and the token of the forms is another text in each answer (``BrowserSession``).
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Response

# Below this the head is most of what goes over the wire; above the other one, milliseconds of a small processor.
_LEAST_BYTES, _BESIDE_BYTES = 512, 8192
_LEVEL = 6
# With the head and the sum of a gzip file, of no date (zlib.compressobj): that module brings other formats along.
GZIP = 31
_ASKED_BY_ITSELF = {"same-origin", "none"}


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether who asked can unpack gzip (RFC 9110 §12.5.3)."""
    weights = {}
    for part in headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.replace(" ", "").removeprefix("q=").strip("0.") != "" if weight else True
    return weights.get("gzip", weights.get("*", False))


async def pack(answer: Response, method: str, headers: Mapping[str, str]) -> None:
    """Pack the text of an answer where that is allowed and worth it; a long one beside the loop, which reads meters."""
    body = answer.body
    if not isinstance(body, bytes) or "Content-Encoding" in answer.headers or not _is_text(answer):
        return
    answer.headers["Vary"] = "Accept-Encoding, Sec-Fetch-Site"
    by_itself = headers.get("Sec-Fetch-Site", "none") in _ASKED_BY_ITSELF
    if method == "POST" or not by_itself or len(body) < _LEAST_BYTES or not takes_gzip(headers):
        return
    answer.body = await asyncio.to_thread(_packed, body) if len(body) > _BESIDE_BYTES else _packed(body)
    answer.headers["Content-Encoding"] = "gzip"


def _packed(body: bytes) -> bytes:
    return zlib.compress(body, _LEVEL, wbits=GZIP)


def _is_text(answer: Response) -> bool:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    return kind.startswith("text/") or kind in {"application/json", "application/openmetrics-text"}
