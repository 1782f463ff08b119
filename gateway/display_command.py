"""``linky-gateway display``: displays, Home Assistant, whatever else of another machine listens at the house's broker.

``add`` makes a user of the broker that may read what the meters say, and prints once all that the other side needs,
with the maker's examples filled in. ``apply`` is for the page, whose user cannot write mosquitto's files.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import AccessError, BoardError, ConfigError, reason
from gateway.language import Phrase
from gateway.live.credentials import Credentials
from gateway.speech import add_language, spoken

if TYPE_CHECKING:
    import argparse

    from gateway.boards.displays import Displays
    from gateway.config import Config

BROKER = Path("/etc/mosquitto")
_RELOAD = ("systemctl", "try-reload-or-restart", "mosquitto.service")

_NO_MQTT = Phrase(
    "mqtt : il n’y a pas de courtier pour les écrans : sudo linky-setup broker l’installe (paquet Debian :"
    " /usr/share/doc/linky-gateway/examples/mosquitto/README.md)",
    "mqtt: there is no broker for displays: sudo linky-setup broker installs it (Debian package:"
    " /usr/share/doc/linky-gateway/examples/mosquitto/README.md)",
)
_NOT_OPEN = Phrase(
    "le courtier ne répond qu’à cette machine : sudo linky-setup broker l’ouvre à la maison, chiffré, puis recommencez",
    "the broker answers this machine alone: sudo linky-setup broker opens it to the house, encrypted; then again",
)
_NOT_READ = Phrase("{path} : illisible : {why}", "{path}: cannot be read: {why}")
A_BOARD = Phrase(
    "{name} est une carte ESP32 de cette maison ; choisissez un autre nom",
    "{name} is an ESP32 board of this house; choose another name",
)
_RELOAD_BY_HAND = Phrase(
    "faites relire ses fichiers au courtier : sudo systemctl reload mosquitto",
    "let the broker look at its files again: sudo systemctl reload mosquitto",
)
_NONE = Phrase("aucun écran ; `linky-gateway display add NOM` en ajoute un", "none; `linky-gateway display add NAME`")
_REMOVED = Phrase("{name} : n’entre plus.", "{name}: is let in no more.")
_GIVEN = Phrase(
    "Voici ce qu’il faut à « {name} ». Le mot de passe n’est gardé nulle part : il ne sera plus montré.",
    "This is what {name} needs. The password is kept nowhere: it will not be shown again.",
)
_VALUES = Phrase(
    "adresse       {host}\nport          {port}, TLS\nutilisateur   {user}\nmot de passe  {password}\n"
    "autorité      {path} sur cette machine, à copier :",
    "host      {host}\nport      {port}, TLS\nuser      {user}\npassword  {password}\n"
    "authority {path} on this machine, to be copied:",
)
_PROGRAM = Phrase("Un écran en {language}, prêt à lancer :", "A display in {language}, ready to run:")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], default: Path) -> None:
    """Declare the command."""
    import argparse  # noqa: PLC0415 (the module is a type elsewhere)

    text = "displays and other listeners at the broker of the house"
    display = commands.add_parser("display", help=text, description=text[0].upper() + text[1:] + ".")
    actions = display.add_subparsers(required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    add_language(shared)
    shared.add_argument("--config", type=Path, default=default, help=f"(default: {default})")
    shared.add_argument("--broker", type=Path, default=BROKER, metavar="DIR", help=f"mosquitto's (default: {BROKER})")

    add = actions.add_parser("add", parents=[shared], help="let a display in; prints its password, once")
    add.add_argument("name", metavar="NAME", help="1 to 32 small letters, digits and hyphens")
    add.add_argument("--home-assistant", action="store_true", help="it is Home Assistant: it may also write its topic")
    add.add_argument(
        "--only", choices=("json", "python", "micropython"), help="nothing but display.json, or a program filled in"
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
    from gateway.boards import displays  # noqa: PLC0415 (--help needs no library)
    from gateway.boards.registry import Registry  # noqa: PLC0415

    config = _config(options)
    # All that can be wrong first: a password that was made is printed.
    place = credentials(config, options.broker, options.name)
    if options.name in {board.id for board in Registry(config.directory).all()}:
        raise BoardError(A_BOARD.filled(name=options.name))
    displays.refuse_taken(options.broker, options.name)
    password = _displays(config).add(options.name, home_assistant=options.home_assistant)
    _agree(options, config)
    given = place.with_password(password)
    if options.only:
        sys.stdout.write(given.as_json() if options.only == "json" else given.program(options.only))
    else:
        sys.stdout.write(_in_words(given, options))
    return 0


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
    known = _displays(_config(options)).all()
    for display in known:
        print(f"{display.name}  Home Assistant" if display.home_assistant else display.name)
    if not known:
        print(_NONE.in_language(spoken(options)))
    return 0


def _remove(options: argparse.Namespace) -> int:
    config = _config(options)
    _displays(config).remove(options.name)
    _agree(options, config)
    print(_REMOVED.filled(name=options.name).in_language(spoken(options)))
    return 0


def _apply(options: argparse.Namespace) -> int:
    _agree(options, _config(options))
    return 0


def _displays(config: Config) -> Displays:
    from gateway.boards.displays import Displays  # noqa: PLC0415

    return Displays(config.directory)


def _agree(options: argparse.Namespace, config: Config) -> None:
    """Make mosquitto's files say who is wanted, and mosquitto read them."""
    from gateway.boards import displays  # noqa: PLC0415

    if not displays.agree(_displays(config).all(), options.broker):
        return
    if options.broker == BROKER:
        try:
            subprocess.run(_RELOAD, check=True, capture_output=True, timeout=30)  # noqa: S603 (no word of others)
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return
    print(_RELOAD_BY_HAND.in_language(spoken(options)), file=sys.stderr)


def credentials(config: Config, broker: Path, user: str) -> Credentials:
    """How the broker of this machine is reached from another one, without a password. ConfigError where it is not."""
    if config.mqtt is None:
        raise ConfigError(_NO_MQTT)
    files = {"listeners": broker / "conf.d" / "linky.conf", "authority": broker / "linky" / "ca.crt"}
    port = re.search(r"^listener (\d{1,5})[ \t]*$", _text(files["listeners"]), re.MULTILINE)
    if port is None:
        raise ConfigError(_NOT_OPEN)
    name, since = _broker_of(broker / "linky" / "server.crt")
    return Credentials(
        meter=config.meter[0].name,
        host=name,
        port=int(port[1]),
        user=user,
        password="",
        authority=_text(files["authority"]),
        # The host's clock may be behind what it has made.
        time=max(int(time.time()), since),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        raise ConfigError(_NO_MQTT if path.suffix == ".conf" else _NOT_OPEN) from error
    except OSError as error:
        raise AccessError(_NOT_READ.filled(path=path, why=reason(error))) from error


def _broker_of(certificate: Path) -> tuple[str, int]:
    """The first name for which the broker's certificate is good (by another one nobody believes it), and since when."""
    from cryptography import x509  # noqa: PLC0415 (only where a display is added)

    try:
        found = x509.load_pem_x509_certificate(_text(certificate).encode())
        names: Any = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        since = int(found.not_valid_before_utc.timestamp())
        return str(names.get_values_for_type(x509.DNSName)[0]), since
    except (ValueError, IndexError, x509.ExtensionNotFound) as error:
        why = Phrase("ce certificat ne nomme personne", "this certificate names nobody")
        raise ConfigError(_NOT_READ.filled(path=certificate, why=why)) from error


def _config(options: argparse.Namespace) -> Config:
    from gateway.config import load  # noqa: PLC0415 (only the command that is run loads it)

    return load(options.config)
