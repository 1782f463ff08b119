"""The command line: arguments in, an exit code out (``gateway.errors``); a person gets sentences, never a traceback.

Without a word it says what there is, by purpose, and ends as a wrong use does: a script whose word was empty must not
go on as if something had been done. Of the commands only the one that is typed is imported (``WORDS``).
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.commands.options import DEFAULT_CONFIG, spoken
from gateway.commands.overview import overview
from gateway.commands.usage import CommandParser
from gateway.errors import Exit, GatewayError, reason
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# In the order of ``--help``. Each is the file of its name beside this one, imported when it is typed, or when none is:
# all of them together cost a Pi Zero seconds, each time.
WORDS = (
    *("run", "decode", "export", "events", "series", "migrate", "check", "backup", "restore", "doctor", "ports"),
    *("status", "watch", "metrics", "consent", "reading", "account", "consume", "journal", "board", "display"),
    *("page", "first-boot", "fleet", "privacy", "received", "balance", "cost", "compare", "tariff", "history"),
    *("helper", "settings", "notice", "update", "join", "access-point", "operation", "roof-estimate"),
)

_OUTPUT = Phrase("standard output")
_IO_FAULT = Phrase("{where}: {why}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        sys.stderr.write(overview(spoken(argparse.Namespace(config=DEFAULT_CONFIG))))
        return Exit.USAGE
    options = _parser(words[0]).parse_args(words)
    level = getattr(options, "log_level", "WARNING")
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        code = run(options)
        sys.stdout.flush()
    except GatewayError as error:
        print(f"linky-gateway: {error.phrase.in_language(spoken(options))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has what it wanted (`| head`); Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # The disk of an export is full, or the terminal is gone: nothing more can be said on it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = same(str(error.filename)) if error.filename else _OUTPUT
        said = _IO_FAULT.filled(where=where, why=reason(error)).in_language(spoken(options))
        print(f"linky-gateway: {said}", file=sys.stderr)
        return Exit.STORE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return code


def _parser(typed: str = "") -> CommandParser:
    """Of the command that is typed; where the word is none, of them all, to be listed."""
    program = CommandParser(
        prog="linky-gateway",
        description="Reads a Linky meter, keeps and shows what it says, and sends it to whom the household allows it.",
    )
    parser: argparse.ArgumentParser = program
    version = parser.add_argument("--version", action="version", version=f"linky-gateway {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    if typed in version.option_strings:
        return program
    for word in [typed] if typed in WORDS else WORDS:
        import_module(f"gateway.commands.{word.replace('-', '_')}").declare(commands)
    return program


if __name__ == "__main__":
    sys.exit(main())
