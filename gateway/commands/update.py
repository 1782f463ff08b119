"""``linky-gateway update``: is there a newer version, install it, or go back to the former one.

The running gateway does it, by the household's word; ``apply`` is root's, and what the running gateway has root's
helper start. Exit codes: 0 done, or nothing newer; 1 a newer version is there (status, check), or one went back
(apply).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, cast

from gateway.commands.options import actions_of, command, configured, spoken
from gateway.errors import AccessError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.consent.orders import Row

_NOT_RUNNING = Phrase("the gateway is not running: start it, and ask again")
_WHAT_IT_BRINGS = Phrase("What version {version} brings:")
_BEGINS = Phrase("{version} is fetched and installed now; `linky-gateway update status` says how it ended")
_TONIGHT = Phrase("{version} is installed tonight, between 3 and 4 o’clock")
_ASKED = Phrase("{asker} asks for {version}: `linky-gateway update install` says yes, `linky-gateway update refuse` no")
_REFUSED = Phrase("nothing is installed")
_FORMER = Phrase("{version} is kept to go back to: `linky-gateway update back`")
_ENDS = {
    "kept": Phrase("{version} runs, and what worked works"),
    "back": Phrase("{version} did not keep what worked: the former version runs again, no reading is lost"),
    "undecided": Phrase("{version} was taken back: what it lacks is not there with the former version either"),
    "failed": Phrase("{version} failed, and the former version does not run as it did: a person is needed"),
}
_STAYED = Phrase("{version} was not installed: {what}")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "update", "a newer version: is there one, install it, go back")
    for name, words in (
        ("status", "which version runs, which is there; exit 1 when there is a newer one"),
        ("check", "look now whether there is a newer one; exit 1 when there is"),
        ("install", "the household's yes: the newer version is installed, and kept if everything goes on"),
        ("refuse", "the household's no: to an installer who asks, or to what was to be installed tonight"),
        ("back", "the former version again, judged as any other"),
    ):
        parser = command(actions, name, _order, words, spoken_to=True)
        parser.add_argument("--json", action="store_true")
        if name == "install":
            parser.add_argument("--tonight", action="store_true", help="between 3 and 4 o'clock")
    words = "what root's helper runs: judge again what was fetched, install it, wait for how it ends"
    command(actions, "apply", _apply, words, config=False, spoken_to=True).add_argument("version", metavar="VERSION")


def _order(options: argparse.Namespace) -> int:
    from gateway.control.messages import Update  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415

    action = "tonight" if getattr(options, "tonight", False) else options.action
    # The parser knows which there are.
    order = Update(action=cast("Any", action), lang=spoken(options))
    try:
        told = ask(configured(options).control_socket, order)
    except ConnectionError as error:
        raise AccessError(_NOT_RUNNING) from error
    if options.json:
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(action, told, spoken(options))) + "\n")
    return 1 if told["newer"] and action in ("status", "check") else 0


def _lines(action: str, told: Row, lang: str) -> list[str]:
    """What a person reads."""
    wish, asked = told["wish"], told["asked"]
    lines = [told["sentence"].get(lang) or told["sentence"]["en"]]
    if action in ("install", "back") and wish:
        return [_BEGINS.filled(version=wish["version"]).in_language(lang)]
    if action == "tonight" and wish:
        return [_TONIGHT.filled(version=wish["version"]).in_language(lang)]
    if action == "refuse":
        return [_REFUSED.in_language(lang), *lines]
    if told["newer"] and told["notes"]:
        lines += ["", _WHAT_IT_BRINGS.filled(version=told["newer"]).in_language(lang), told["notes"]]
    if asked:
        lines.append(_ASKED.filled(asker=asked["asker"], version=asked["version"]).in_language(lang))
    if told["former"]:
        lines.append(_FORMER.filled(version=told["former"]).in_language(lang))
    return lines


def _apply(options: argparse.Namespace) -> int:
    from gateway.upkeep.updates.apply import apply  # noqa: PLC0415

    how = apply(options.version)
    said = _ENDS.get(how, _STAYED).filled(version=options.version, what=how)
    print(said.in_language(spoken(options)), flush=True)
    return 0 if how == "kept" else 1
