"""``linky-gateway display``: displays, Home Assistant, whatever else of another machine listens at the house's broker.

``add`` makes a user of the broker that may read what the meters say, and prints once all that the other side needs,
with the maker's examples filled in. ``apply`` is for the page, whose user cannot write mosquitto's files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_config, add_language, configured, spoken
from gateway.errors import BoardError
from gateway.mqtt.credentials import A_BOARD, BROKER, credentials
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.live.credentials import Credentials
    from gateway.mqtt.boards.displays import Displays

_RELOAD = ("systemctl", "try-reload-or-restart", "mosquitto.service")

_RELOAD_BY_HAND = Phrase("let the broker look at its files again: sudo systemctl reload mosquitto")
_NONE = Phrase("none; `linky-gateway display add NAME`")
_REMOVED = Phrase("{name}: is let in no more.")
_GIVEN = Phrase("This is what {name} needs. The password is kept nowhere: it will not be shown again.")
_VALUES = Phrase(
    "host      {host}\nport      {port}, TLS\nuser      {user}\npassword  {password}\n"
    "authority {path} on this machine, to be copied:"
)
_PROGRAM = Phrase("A display in {language}, ready to run:")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    import argparse  # noqa: PLC0415 (the module is a type elsewhere)

    text = "displays and other listeners at the broker of the house"
    display = commands.add_parser("display", help=text, description=text[0].upper() + text[1:] + ".")
    actions = display.add_subparsers(required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    add_language(shared)
    add_config(shared)
    shared.add_argument("--broker", type=Path, default=BROKER, metavar="DIR", help=f"mosquitto's (default: {BROKER})")

    add = actions.add_parser("add", parents=[shared], help="let a display in; prints its password, once")
    add.add_argument("name", metavar="NAME", help="1 to 32 small letters, digits and hyphens")
    add.add_argument("--home-assistant", action="store_true", help="it is Home Assistant: it may also write its topic")
    add.add_argument(
        "--only",
        choices=("json", "python", "micropython", "password"),
        help="nothing but display.json, a program filled in, or the password",
    )
    add.set_defaults(run=_add)
    listed = actions.add_parser("list", parents=[shared], help="the displays that are let in")
    listed.set_defaults(run=_list)
    remove = actions.add_parser("remove", parents=[shared], help="let a display in no more")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=_remove)
    apply = actions.add_parser(
        "apply", parents=[shared], help="let mosquitto's files say who is let in, as the page does"
    )
    apply.set_defaults(run=_apply)


def _add(options: argparse.Namespace) -> int:
    from gateway.mqtt.boards import displays  # noqa: PLC0415 (--help needs no library)
    from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415

    config = configured(options)
    # All that can be wrong first: a password that was made is printed.
    place = credentials(config, options.broker, options.name)
    if options.name in Registry(config.directory).names():
        raise BoardError(A_BOARD.filled(name=options.name))
    displays.refuse_taken(options.broker, options.name)
    password = _displays(config).add(options.name, home_assistant=options.home_assistant)
    _agree(options, config)
    given = place.with_password(password)
    if options.only:
        sys.stdout.write(_alone(given, options.only))
    else:
        sys.stdout.write(_in_words(given, options))
    return 0


def _alone(given: Credentials, what: str) -> str:
    """One thing, for a pipe or a file."""
    if what == "password":
        return f"{given.password}\n"
    return given.as_json() if what == "json" else given.program(what)


def _in_words(given: Credentials, options: argparse.Namespace) -> str:
    lang = spoken(options)
    path = options.broker / "linky" / "ca.crt"
    parts = [
        _GIVEN.filled(name=given.user).in_language(lang),
        _VALUES.filled(path=path, **given.plain()).in_language(lang) + f"\n{given.authority.strip()}",
        f"display.json:\n{given.as_json().strip()}",
    ]
    for language, name in (("Python", "python"), ("MicroPython", "micropython")):
        title = _PROGRAM.filled(language=language).in_language(lang)
        parts.append(f"{title}\n\n{given.program(name).strip()}")
    return "\n\n".join(parts) + "\n"


def _list(options: argparse.Namespace) -> int:
    known = _displays(configured(options)).all()
    for display in known:
        print(f"{display.name}  Home Assistant" if display.home_assistant else display.name)
    if not known:
        print(_NONE.in_language(spoken(options)))
    return 0


def _remove(options: argparse.Namespace) -> int:
    config = configured(options)
    _displays(config).remove(options.name)
    _agree(options, config)
    print(_REMOVED.filled(name=options.name).in_language(spoken(options)))
    return 0


def _apply(options: argparse.Namespace) -> int:
    _agree(options, configured(options))
    return 0


def _displays(config: Config) -> Displays:
    from gateway.mqtt.boards.displays import Displays  # noqa: PLC0415

    return Displays(config.directory)


def _agree(options: argparse.Namespace, config: Config) -> None:
    """Make mosquitto's files say who is wanted, boards as well, and mosquitto read them."""
    from gateway.mqtt.boards import admitted, displays  # noqa: PLC0415

    def let_displays() -> bool:
        return displays.agree(_displays(config).all(), options.broker)

    def let_boards() -> bool:
        admitted.give_over(config.directory, options.broker / "linky.passwords")
        return admitted.agree(admitted.AdmittedBoards(config.directory).all(), options.broker)

    changed, refused = False, None
    for agree in (let_displays, let_boards):
        try:
            changed |= agree()
        except BoardError as error:
            # Of one of both: the others are let in and out all the same.
            changed, refused = True, refused or error
    if changed:
        _reload(options)
    if refused:
        raise refused


def _reload(options: argparse.Namespace) -> None:
    if options.broker == BROKER:
        try:
            subprocess.run(_RELOAD, check=True, capture_output=True, timeout=30)  # noqa: S603 (no word of others)
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return
    print(_RELOAD_BY_HAND.in_language(spoken(options)), file=sys.stderr)
