"""Templates: the HTML of a page, in a file beside what makes its values. Whatever is no HTML is escaped by itself.

A line break of a template is no blank in the page, but for one between two words. Each has ``say("key", place=…)``,
``lang``, and the filters below, which write numbers and dates in that language.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jinja2
from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined, pass_context
from jinja2.ext import Extension
from markupsafe import Markup

from gateway.web import dates, written
from gateway.web.words import OWN_NAME
from gateway.words.catalogue import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2.runtime import Context

_TAG = re.compile(r"(\{[{%#].*?[}%#]\})", re.DOTALL)
_BREAK = re.compile(r"[ \t]*\n\s*")


class _Joined(Extension):
    """Lines of a template as one; within a tag of the engine's own they stay, and each fault keeps its line."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        pieces = _TAG.split(source)
        return "".join(piece if place % 2 else _BREAK.sub(_join, piece) for place, piece in enumerate(pieces))


def _join(found: re.Match[str]) -> str:
    text, lines = found.string, found[0].count("\n")
    within = found.start() > 0 and found.end() < len(text)
    between_words = within and text[found.start() - 1] != ">" and text[found.end()] not in "<>"
    return "{#" + "\n" * lines + "#}" + (" " if between_words else "")


def _escaped(value: object) -> object:
    """Escaped as our pages always were: the engine's own way writes quotation marks otherwise."""
    # ``escape`` leaves nothing that could be markup (S704).
    return value if hasattr(value, "__html__") else Markup(escape(str(value)))  # noqa: S704


def _in_language(write: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def written_so(context: Context, value: object, *more: Any, **options: Any) -> str:  # noqa: ANN401 (as ``write``)
        return write(context["lang"], value, *more, **options)

    return written_so


@pass_context
def _texts(context: Context, keys: Iterable[str]) -> dict[str, str]:
    """What a script says by itself, by key."""
    return {key: context["say"](key) for key in keys}


_FILTERS = {
    **{name: _in_language(getattr(written, name)) for name in (
        "number", "kwh", "euros", "percent", "tariff_class", "long_date", "short_date", "near_date", "near_week",
        "month", "span",
    )},
    **{name: _in_language(getattr(dates, name)) for name in ("day", "last_day", "utc_day", "clock")},
    "count_of": _in_language(dates.count),
    "own_name": OWN_NAME.in_language,
    "at": _in_language(written.clock),
    "local": dates.local,
    "read": dates.read,
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "query": urlencode,
    "texts": _texts,
}  # fmt: skip


def _version() -> str:
    """The engine's version."""
    told: str | None = vars(jinja2).get("__version__")
    if told is None:
        # 1 MB, which stays: it reads a package's notes as an e-mail.
        from importlib.metadata import version  # noqa: PLC0415 (a later engine may not tell it)

        told = version("jinja2")
    return told


_HERE = Path(__file__).parent
# What an installation has compiled (below); a later version of the engine reads the templates themselves.
COMPILED = f"compiled-{_version()}"

_TEMPLATES = Environment(
    loader=ModuleLoader(_HERE / COMPILED) if (_HERE / COMPILED).is_dir() else FileSystemLoader(_HERE),
    extensions=[_Joined],
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_escaped,
    auto_reload=False,
)
_TEMPLATES.filters |= _FILTERS
_TEMPLATES.globals |= {"languages": LANGUAGES}


def fill(template: str, **values: object) -> str:
    """The page that a template makes of these values; one that it wants and is not given is a fault."""
    return _TEMPLATES.get_template(template).render(values)


def compile_all(to: Path, source: Path = _HERE) -> None:
    """Compile the templates below ``source``: nobody who opens a page waits for that, and less memory stays."""
    engine = _TEMPLATES.overlay(loader=FileSystemLoader(source))
    engine.compile_templates(to, zip=None, extensions=["html"], ignore_errors=False)


if __name__ == "__main__":
    from compileall import compile_dir

    compile_all(_HERE / COMPILED)
    compile_dir(_HERE / COMPILED, quiet=1)
