"""`linky-gateway account`: its parser and what each action prints. No password is an argument, printed or logged."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gateway.commands.options import actions_of, command, configured, say, spoken
from gateway.errors import ConfigError
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config

_CHANGED = Phrase("the password was changed; it is in {path}")
_BLOCKED = Phrase("{who} is blocked by the server; what it was allowed stays allowed (`linky-gateway consent revoke`)")
_NOT_BLOCKED = Phrase("{who} is not blocked")
_NOBODY = Phrase("nobody is blocked")
_PINNED = Phrase("it is one of the pinned")
_NOT_PINNED = Phrase("it is NOT pinned in [federation]")
_NO_AUTHORITY = Phrase("no known authority vouches for it: compare it with what the server's operator tells you")
_THERE_IS_ONE = Phrase("{path}: there is a password already; `linky-gateway account password` changes it")
_REGISTERED = Phrase("{jid} was registered; its password is in {path}")
_NEW, _ONCE_MORE = Phrase("New password: "), Phrase("Once more: ")
_NOT_THE_SAME = Phrase("the two are not the same; nothing was changed")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "the account at the XMPP server: password, registration, key, blocking"
    actions = actions_of(commands, "account", text)
    for name, words in (
        ("password", "change the password: at the server and in its file"),
        ("register", "make the account, where the server lets anybody make one"),
        ("pin", "show the key that the server has now, for pin in [federation]"),
        ("block", "have the server refuse everything from an address or a domain"),
        ("unblock", "no longer"),
        ("blocked", "whom the server refuses"),
    ):
        action = command(actions, name, _ACTIONS[name], words, spoken_to=True)
        if name in {"password", "register"}:
            source = action.add_mutually_exclusive_group()
            source.add_argument("--prompt", action="store_true", help="ask for the password (default: a random one)")
            source.add_argument("--new-password-file", type=Path, metavar="FILE", help="its first line is the password")
        if name in {"block", "unblock"}:
            action.add_argument("who", metavar="JID|DOMAIN")


def _ordered(
    config: Config,
    action: Literal["password", "block", "unblock", "blocked"],
    new: str | None = None,
    who: str = "",
) -> list[str] | None:
    """What the running gateway says to an order, or the server where none runs."""
    from gateway.account.act import ask_or_do  # noqa: PLC0415 (nothing of it for the other commands)
    from gateway.control.messages import AccountOrder  # noqa: PLC0415

    return ask_or_do(config, AccountOrder(action=action, new=new, who=who))


def _password(options: argparse.Namespace) -> int:
    from gateway.account.password_file import password_file  # noqa: PLC0415

    config = configured(options)
    file = password_file(config)
    _ordered(config, "password", new=_wanted(options))
    say(options, _CHANGED.filled(path=file.path))
    return 0


def _block(options: argparse.Namespace) -> int:
    from gateway.federation.connection.account import blockable  # noqa: PLC0415

    who = blockable(options.who)
    _ordered(configured(options), options.action, who=who)
    say(options, (_BLOCKED if options.action == "block" else _NOT_BLOCKED).filled(who=who))
    return 0


def _blocked(options: argparse.Namespace) -> int:
    found = _ordered(configured(options), "blocked")
    say(options, same("\n".join(found)) if found else _NOBODY)
    return 0


def _pin(options: argparse.Namespace) -> int:
    from gateway.account.act import account_of  # noqa: PLC0415
    from gateway.federation.connection.enrolment import look_at_key  # noqa: PLC0415

    config = configured(options)
    account = account_of(config, "")
    pin, trusted = asyncio.run(look_at_key(account))
    sys.stdout.write(f"{pin}\n")
    if account.pins:
        say(options, _PINNED if pin in account.pins else _NOT_PINNED, sys.stderr)
    if not trusted:
        say(options, _NO_AUTHORITY, sys.stderr)
    return 0


def _register(options: argparse.Namespace) -> int:
    from gateway.account.act import account_of, enrol  # noqa: PLC0415
    from gateway.account.password_file import password_file  # noqa: PLC0415

    config = configured(options)
    file = password_file(config)
    if file.complete:
        raise ConfigError(_THERE_IS_ONE.filled(path=file.path))
    asyncio.run(enrol(config, file, _wanted(options)))
    say(options, _REGISTERED.filled(jid=account_of(config, "").jid, path=file.path))
    return 0


def _wanted(options: argparse.Namespace) -> str | None:
    """The password that a person chose; None when it is to be a random one."""
    from gateway.account.password_file import check  # noqa: PLC0415
    from gateway.config.tables import password_from  # noqa: PLC0415

    if options.new_password_file:
        return check(password_from(options.new_password_file))
    if not options.prompt:
        return None
    first = check(getpass.getpass(_NEW.in_language(spoken(options))))
    if getpass.getpass(_ONCE_MORE.in_language(spoken(options))) != first:
        raise ConfigError(_NOT_THE_SAME)
    return first


_ACTIONS = {
    "password": _password,
    "register": _register,
    "pin": _pin,
    "block": _block,
    "unblock": _block,
    "blocked": _blocked,
}
