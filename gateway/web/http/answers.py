"""What every page gives and takes: HTML, a redirection, a cookie, one of the page's own files; a form's fields."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from urllib.parse import parse_qs

from microdot import Request, Response

from gateway.web.http.packing import GZIP, takes_gzip

YEAR_S = 365 * 86_400
MOST_FIELDS = 60

_KEEP = f"max-age={YEAR_S}, immutable"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}


def html(text: str, status: int = 200) -> Response:
    """A page; no browser keeps it."""
    return Response(text, status, {"Content-Type": "text/html; charset=UTF-8", "Cache-Control": "no-store"})


def plain(text: str, status: int = 200, kind: str = "text/plain; charset=UTF-8") -> Response:
    """A text for a program."""
    return Response(text, status, {"Content-Type": kind, "Cache-Control": "no-store"})


def table(name: str, content: bytes) -> Response:
    """CSV as a file of that name."""
    headers = {
        "Content-Type": "text/csv; charset=UTF-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, 200, headers)


def late(text: str, wait_s: int) -> Response:
    """A page for who tried too often."""
    answer = html(text, 429)
    answer.headers["Retry-After"] = str(wait_s)
    return answer


def redirect(path: str) -> Response:
    """After a form: the page to look at next."""
    return Response("", 303, {"Location": path, "Cache-Control": "no-store"})


def origin(request: Request) -> str:
    """How the browser calls the page; it was found to be one of its names."""
    said: str = request.headers.get("Origin") or f"{request.scheme}://{request.headers['Host']}"
    return said


def cookie_of(request: Request, name: str) -> str:
    """A cookie that this page has set, at this way of it; empty where there is none."""
    kept: str = request.cookies.get(_cookie(request, name), "")
    return kept


def set_cookie(answer: Response, request: Request, name: str, value: str, max_age_s: int) -> None:
    """Not for scripts, and not sent when another site links here; of an encrypted page never sent in clear."""
    # Behind a proxy that encrypts, its page says so with each form.
    secure = "; Secure" if origin(request).startswith("https:") else ""
    cookie = f"{_cookie(request, name)}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"
    answer.headers.setdefault("Set-Cookie", []).append(cookie)


def _cookie(request: Request, name: str) -> str:
    """Its name: by TLS one that cannot be set by the page in clear, for which a browser keeps its cookies as well.

    RFC 6265bis §4.1.3.2. By one name for both, who has signed in encrypted could not do so in clear any more (§5.7).
    """
    return f"__Host-{name}" if request.scheme == "https" else name


def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form; of what is none, nothing."""
    try:
        parsed = parse_qs((request.body or b"").decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parsed.items()}


class PageFile:
    """One of the page's own files, read once; its address changes with its content."""

    def __init__(self, name: str) -> None:
        plain = (Path(__file__).parents[1] / "static" / name).read_bytes()
        # Kept once; of what browsers are there today, each can unpack it.
        self._packed = zlib.compress(plain, wbits=GZIP)
        self.url = f"/static/{name}?v={hashlib.sha256(plain).hexdigest()[:8]}"
        self._type = _TYPES[name.rpartition(".")[2]]

    def answer(self, request: Request) -> Response:
        """The file, packed for who can unpack it."""
        headers = {"Content-Type": self._type, "Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
        if takes_gzip(request.headers):
            return Response(self._packed, 200, headers | {"Content-Encoding": "gzip"})
        return Response(zlib.decompress(self._packed, wbits=GZIP), 200, headers)
