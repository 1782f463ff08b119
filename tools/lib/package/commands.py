"""What a shell and ``man`` are to know of a program, made of its parser: ``python -m package.commands TO NAME…``.

Below ``TO`` lies what belongs below ``/usr/share`` or ``/usr/local/share``: a manual page, completions for bash, zsh,
fish. Nothing is asked of a program at each press of the Tab key: on a Raspberry Pi that would take seconds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS: Final = {
    "linky-gateway": "gateway.commands.main",
    "linky-display": "gateway.display.cli",
    "linky-collect": "gateway.collector.cli",
    "linky-bridge": "gateway.bridges.program",
}


@dataclass(frozen=True, slots=True)
class Option:
    """An option or, where it has no ``flags``, an argument; ``value`` is what stands for its value, empty without."""

    flags: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class ManualCommand:
    """A command: the words that lead to it, what it does, its options, the commands below it, its examples."""

    words: tuple[str, ...]
    text: str
    options: tuple[Option, ...]
    below: tuple[str, ...]
    epilog: str

    @property
    def place(self) -> str:
        """The words as one."""
        return " ".join(self.words)


def commands_of(program: str) -> list[ManualCommand]:
    """The program itself, and each of its commands, in the order of its ``--help``."""
    parser: argparse.ArgumentParser = import_module(PROGRAMS[program])._parser()  # noqa: SLF001 (its own words)
    return list(_walk(parser, (), parser.description or ""))


def _walk(parser: argparse.ArgumentParser, words: tuple[str, ...], text: str) -> Iterator[ManualCommand]:
    below: dict[str, argparse.ArgumentParser] = {}
    helps: dict[str, str] = {}
    options = []
    for action in parser._actions:  # noqa: SLF001 (argparse tells it nowhere else)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            below = dict(action.choices)
            helps = {one.dest: one.help or "" for one in action._get_subactions()}  # noqa: SLF001
        else:
            options.append(_option(action))
    yield ManualCommand(words, text, tuple(options), tuple(below), parser.epilog or "")
    for name, inner in below.items():
        yield from _walk(inner, (*words, name), helps.get(name) or inner.description or "")


def _option(action: argparse.Action) -> Option:
    value = ""
    if not action.option_strings or action.nargs != 0:
        value = action.metavar[0] if isinstance(action.metavar, tuple) else action.metavar or action.dest.upper()
    said = (action.help or "") % vars(action) if action.help and "%(" in action.help else action.help or ""
    return Option(tuple(action.option_strings), value, tuple(map(str, action.choices or ())), said)


def write(to: Path, programs: list[str]) -> None:
    """All files of these programs below ``to``."""
    from package import completion, manual  # noqa: PLC0415 (they build on this module)

    for program in programs:
        known = commands_of(program)
        made = {
            f"man/man1/{program}.1": manual.page(program, known),
            f"bash-completion/completions/{program}": completion.bash(program, known),
            f"zsh/site-functions/_{program}": completion.zsh(program, known),
            f"fish/vendor_completions.d/{program}.fish": completion.fish(program, known),
        }
        for name, text in made.items():
            path = to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
