"""A parser that says what is wrong with a command in one sentence, with what may stand there and the nearest word.

argparse's own words are English and come with all of the usage; here they are taken apart, once, and said in the
language of the household. ``--help`` ends with examples (``gateway.commands.examples``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gateway.commands.options import SEPARATOR, spoken
from gateway.errors import Exit
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import NOTHING, Phrase, same, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SAID = Phrase("{program}: {what}\n  {program} --help explains it, with examples\n")  # fmt: skip
_AT = Phrase("{argument}: {what}")
_NO_COMMAND = Phrase("{word!r} is no command")
_ONE_OF = Phrase("add one of: {known}")
_NO_CHOICE = Phrase("{word!r} is no choice; one of: {known}")
_PERHAPS = Phrase("; did you mean {near}")
_MISSING = Phrase("{names} is missing")
_MISSING_ONE = Phrase("one of these is needed: {names}")
_UNKNOWN = Phrase("{word} is not known here")
_NO_VALUE = Phrase("its value is missing")
_NO_NUMBER = Phrase("{word} is no number")
_NOT_TOGETHER = Phrase("{one} and {other} do not go together")
_AMBIGUOUS = Phrase("{word} may be {known}; write it whole")


# As argparse has it, on its right.
_MARGIN, _USUAL_COLUMNS = 2, 80


class _Formatter(argparse.HelpFormatter):
    """Folds a sentence, and leaves a list of several lines (examples, exit codes) as it is."""

    def __init__(self, prog: str, **settings: Any) -> None:  # noqa: ANN401 (argparse's own)
        # One is made for each argument; by itself it asks shutil, which brings bz2 and lzma along: half a megabyte.
        super().__init__(prog, **({"width": _columns() - _MARGIN} | settings))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class CommandParser(argparse.ArgumentParser):
    """argparse's, with sentences of our own; so are the parsers of its commands."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (argparse's own)
        super().__init__(**({"formatter_class": _Formatter} | settings))
        self._typed: Sequence[str] = ()

    @property
    def epilog(self) -> str | None:
        """What stands below its help: examples, which only who asks for help loads."""
        from gateway.commands.examples import below  # noqa: PLC0415 (a daemon would keep it for months)

        return below(self)

    @epilog.setter
    def epilog(self, text: str | None) -> None:
        """What argparse sets is not taken: nothing."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 (argparse's own)
        """As argparse; the words are kept for the sentence that may be needed."""
        self._typed = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say it, and end."""
        sentence = _SAID.filled(program=self.prog, what=self._in_words(message))
        self.exit(Exit.USAGE, sentence.in_language(spoken(self._asked())))

    def commands(self) -> dict[str, CommandParser]:
        """Its commands by name; empty where it has none."""
        found = (one for one in self._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001
        return next((dict(one.choices) for one in found), {})

    def _asked(self) -> argparse.Namespace:
        """What of the words decides about the language."""
        after = dict(zip(self._typed, self._typed[1:], strict=False))
        lang, config = after.get("--lang"), after.get("--config")
        known = self.get_default("config")
        return argparse.Namespace(lang=lang if lang in LANGUAGES else None, config=Path(config) if config else known)

    def _in_words(self, message: str) -> Phrase:
        if found := re.match("argument (.+?): (.*)", message, re.DOTALL):
            return self._of_argument(found[1], found[2])
        if found := re.match("the following arguments are required: (.*)", message):
            if found[1] in ("COMMAND", "ACTION"):
                return _ONE_OF.filled(known=", ".join(self.commands()))
            return _MISSING.filled(names=found[1])
        if found := re.match("one of the arguments (.*) is required", message):
            return _MISSING_ONE.filled(names=found[1].replace(" ", ", "))
        return self._of_words(message)

    def _of_words(self, message: str) -> Phrase:
        if found := re.match("unrecognized arguments: (.*)", message):
            word = found[1].split()[0]
            return _UNKNOWN.filled(word=word) + _near(word.partition("=")[0], self._options())
        if found := re.match("ambiguous option: (.*?)(?:=.*)? could match (.*)", message):
            return _AMBIGUOUS.filled(word=found[1], known=found[2])
        return same(message)

    def _options(self) -> list[str]:
        """Of the command that the words lead to: it is the first parser that finds too many words."""
        parser = self
        for word in self._typed:
            parser = parser.commands().get(word, parser)
        return [option for one in parser._actions for option in one.option_strings]  # noqa: SLF001

    def _of_argument(self, argument: str, message: str) -> Phrase:
        if SEPARATOR in message:
            return _AT.filled(argument=argument, what=written(json.loads(message.partition(SEPARATOR)[2])))
        if found := re.match(r"invalid choice: '(.*?)' \(", message, re.DOTALL):
            if argument in ("COMMAND", "ACTION"):
                return _NO_COMMAND.filled(word=found[1]) + _near(found[1], self.commands())
            known = self._choices_of(argument)
            what = _NO_CHOICE.filled(word=found[1], known=", ".join(known)) + _near(found[1], known)
        elif message.startswith("expected "):
            what = _NO_VALUE
        elif found := re.match("invalid (?:int|float) value: (.*)", message):
            what = _NO_NUMBER.filled(word=found[1])
        elif found := re.match("not allowed with argument (.*)", message):
            return _NOT_TOGETHER.filled(one=argument, other=found[1])
        else:
            what = same(message)
        return _AT.filled(argument=argument, what=what)

    def _choices_of(self, argument: str) -> list[str]:
        names = argument.split("/")
        found = (
            one.choices
            for one in self._actions
            if one.choices and {one.metavar, one.dest, *one.option_strings} & {*names}
        )
        return [str(one) for one in next(found, ())]


def _columns() -> int:
    """How wide the terminal is, as ``shutil.get_terminal_size`` has it."""
    with suppress(ValueError):
        if (said := int(os.environ.get("COLUMNS", ""))) > 0:
            return said
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _USUAL_COLUMNS  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return _USUAL_COLUMNS  # no terminal, or closed


def _near(word: str, known: Iterable[str]) -> Phrase:
    import difflib  # noqa: PLC0415 (a daemon, whose words were right, would keep it for months)

    close = difflib.get_close_matches(word, list(known), 1)
    # Of a granularity only the number may be right: 30min.
    close = close or [one for one in known if (digits := re.sub(r"\D", "", word)) and re.sub(r"\D", "", one) == digits]
    return _PERHAPS.filled(near=close[0]) if close else NOTHING
