"""Which language a command of the command line speaks: the rule of ``gateway.words.language``, asked once a command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from gateway.errors import GatewayError
from gateway.words.catalogue import LANGUAGES
from gateway.words.language import chosen

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from gateway.words.phrase import Phrase


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
