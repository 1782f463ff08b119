"""The options that several words share, and the parser of a word: its configuration, its language, its span of time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.speech import add_language
from gateway.commands.usage import moment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gateway.config.tables import Config
    from gateway.store.store import Archive

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 (there is no other name for it)

DEFAULT_CONFIG = Path("/etc/linky-gateway/gateway.toml")
_FOR_EVER = 2**62


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
    """The database, to be read in a ``with``. Raises StoreError."""
    from gateway.store.store import Archive  # noqa: PLC0415 (--help needs none of it)

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
