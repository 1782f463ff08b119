"""What several words share: the parser of one, their options, their language, configuration and database.

The language is the rule of ``gateway.words.language``, asked once a command.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gateway.errors import GatewayError
from gateway.words.catalogue import LANGUAGES
from gateway.words.language import chosen
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config.tables import Config
    from gateway.store.store import Archive

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 (there is no other name for it)

DEFAULT_CONFIG = Path("/etc/linky-gateway/gateway.toml")
_FOR_EVER = 2**62

# Before a sentence of ours in an error of argparse (``usage``).
SEPARATOR = "\0"
_NO_TIME = Phrase("{text!r} is not a time such as 2026-11-25 or 2026-11-25T10:00:00Z")
_NO_SECONDS = Phrase("{text!r} is not 1 to {most} seconds")


def command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    config: bool = True,
    spoken_to: bool = False,
) -> argparse.ArgumentParser:
    """The parser of a word, or of an action of one, which ``run`` does; with ``--config`` where that is not refused."""
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=run)
    if config:
        add_config(parser)
    if spoken_to:
        add_language(parser)
    return parser


def actions_of(commands: Commands, name: str, text: str, description: str = "") -> Commands:
    """A word that has actions: what takes their parsers."""
    parser = commands.add_parser(name, help=text, description=description or text[0].upper() + text[1:] + ".")
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def add_config(parser: argparse.ArgumentParser) -> None:
    """Where the configuration is."""
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"(default: {DEFAULT_CONFIG})")


def configured(options: argparse.Namespace) -> Config:
    """The configuration that is there. Raises ConfigError."""
    from gateway.config.tables import load  # noqa: PLC0415 (--help needs none of it)

    return load(options.config)


def stored(config: Config) -> closing[Archive]:
    """The database, to be read in a ``with``: with what a running gateway had not committed yet. Raises StoreError."""
    from gateway.commands.asking import settle  # noqa: PLC0415
    from gateway.store.store import Archive  # noqa: PLC0415 (--help needs none of it)

    settle(config)
    return closing(Archive(config.directory))


def add_span(parser: argparse.ArgumentParser) -> None:
    """From when to when; of all times by default."""
    parser.add_argument("--from", dest="since", type=moment, default=0, metavar="T", help="ISO 8601, included")
    parser.add_argument(
        "--to", dest="until", type=moment, default=_FOR_EVER, metavar="T", help="ISO 8601, not included"
    )


def add_log_level(parser: argparse.ArgumentParser) -> None:
    """How much is said to standard error."""
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")


def add_language(parser: argparse.ArgumentParser) -> None:
    """The option ``--lang`` of a command that speaks to a household."""
    parser.add_argument("--lang", choices=LANGUAGES, help="(default: that of LANG, else the household's)")


def spoken(options: argparse.Namespace) -> str:
    """The language of the command that was typed; it may have ``--lang``, and ``--config``."""
    config: Path | None = getattr(options, "config", None)
    return chosen(getattr(options, "lang", None), os.environ, lambda: _household(config) if config else None)


def say(options: argparse.Namespace, what: Phrase, out: TextIO | None = None) -> None:
    """A line in the language of the command, to standard output by default."""
    print(what.in_language(spoken(options)), file=out or sys.stdout, flush=True)


def _household(path: Path) -> str | None:
    """What the configuration says, or the page; None where that cannot be read, whoever needs it says so."""
    from gateway.config.tables import load  # noqa: PLC0415 (where the environment says it, nothing is read)

    try:
        household = load(path).household
    except GatewayError:
        return None
    return household.language if household else None


def refused(what: Phrase) -> argparse.ArgumentTypeError:
    """Why an argument's ``type`` does not take a word: raise it."""
    return argparse.ArgumentTypeError(SEPARATOR + json.dumps({lang: what.in_language(lang) for lang in LANGUAGES}))


def moment(text: str) -> int:
    """ISO 8601 to POSIX seconds; a time without an offset is the household's clock."""
    from gateway.store.local_time import PARIS  # noqa: PLC0415 (most commands have no time)

    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise refused(_NO_TIME.filled(text=text)) from None
    return int((when if when.tzinfo else when.replace(tzinfo=PARIS)).timestamp())


def seconds(most: int) -> Callable[[str], int]:
    """What reads 1 to so many seconds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise refused(_NO_SECONDS.filled(text=text, most=most))
        return int(text)

    return read
