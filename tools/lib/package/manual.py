"""A program's manual page (man(7)), from what its parser knows: each command with its options and examples."""

from __future__ import annotations

import os
import re
import textwrap
import time
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import EXITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from package.commands import ManualCommand, Option


def page(program: str, known: Sequence[ManualCommand]) -> str:
    """The whole page."""
    whole, *commands = known
    day = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())))
    lines = [f'.TH {program.upper()} 1 {day} "linky-gateway {__version__}"', ".SH NAME"]
    lines += [f"{program} \\- {_text(_short(whole.text))}", ".SH SYNOPSIS"]
    lines += [f".B {_text(program)}", ".I COMMAND", "[...]", ".SH DESCRIPTION", _folded(whole.text)]
    lines += [".SH OPTIONS", *_options(whole)]
    lines.append(".SH COMMANDS")
    for one in commands:
        if not one.below:
            lines += _command(program, one)
    if program == "linky-gateway":
        lines.append(".SH EXIT STATUS")
        for code in sorted(EXITS):
            lines += [".TP", f".B {code.value}", _folded(str(EXITS[code]))]
    lines += [".SH FILES", ".I /etc/linky\\-gateway/", ".SH SEE ALSO"]
    others = [
        other for other in ("linky-gateway", "linky-display", "linky-collect", "linky-bridge") if other != program
    ]
    lines += [f".BR {_text(other)} (1){',' if other != others[-1] else ''}" for other in others]
    return "\n".join([*lines, ""])


def _command(program: str, one: ManualCommand) -> Iterator[str]:
    yield f".SS {_text(one.place)}"
    arguments = [option for option in one.options if not option.flags]
    yield f".B {_text(f'{program} {one.place}')}"
    if shown := " ".join(["[options]", *(argument.value for argument in arguments)]):
        yield f".I {_text(shown)}"
    yield ".PP"
    yield _folded(one.text[:1].upper() + one.text[1:].rstrip(".") + ".")
    yield from _options(one)
    if examples := [line.strip() for line in one.epilog.splitlines() if line.startswith("  ")]:
        yield ".PP"
        yield "Examples:"
        for line in examples:
            yield ".PP"
            yield ".in +4n"
            yield f".B {_text(line)}"
            yield ".in"


def _options(one: ManualCommand) -> Iterator[str]:
    for option in one.options:
        said = _said(option)
        # That each command has --help is said once.
        if (option.flags or said) and not (one.words and "--help" in option.flags):
            yield ".TP"
            value = f"{' ' if option.flags else ''}{option.value}"
            yield f".BR {_quoted(', '.join(option.flags))} {_quoted(value)}"
            yield said or "\\&"


def _said(option: Option) -> str:
    choices = f"One of {', '.join(option.choices)}." if option.choices else ""
    text = option.help[:1].upper() + option.help[1:]
    return _folded(" ".join(filter(None, [text.rstrip(".") + "." if text else "", choices])))


def _quoted(text: str) -> str:
    return f'"{_text(text)}"' if text else '""'


def _short(text: str) -> str:
    """The beginning of a sentence, as a list of manual pages has it."""
    first = re.split("[,.:;]", text)[0]
    return first[:1].lower() + first[1:]


def _folded(text: str) -> str:
    """A sentence in lines of which none is a request."""
    lines = textwrap.wrap(text, 60, break_long_words=False, break_on_hyphens=False)
    return "\n".join(_text(line) for line in lines)


def _text(text: str) -> str:
    """As roff takes it: its own signs escaped, and nothing at a line's beginning that would be a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
