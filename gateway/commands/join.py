"""``linky-gateway join``: a co-operative's invitation, read, shown and answered in a terminal.

The link is an argument, a file's content (``-`` for the standard input), or what is pasted at the question. One text is
shown and the word under it typed, as for every consent; then the running gateway does the rest, or this command where
none runs. Typed once more it goes on where it was cut off. What the card brought is answered at the page, not here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.commands.asking import user
from gateway.commands.options import command, configured, say, spoken
from gateway.errors import InvitationError
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.consent.orders import Row
    from gateway.control.messages import Join, JoinStop, JoinText

_PASTE = Phrase("Paste the invitation’s link, then Enter: ")
_TYPE = WordTable('To accept, type "yes" and Enter: ')
_NOTHING_GIVEN = Phrase("nothing was given")
_ADD_ACCEPT = Phrase("nobody can type the answer here: add --accept once the text has been read")
_JOINED = Phrase(
    "{controller} is joined: it was told, and the readings go to {addresses}. `linky-gateway consent list` shows what"
    " you give, `linky-gateway consent revoke` takes it back."
)
_FROM = Phrase("Your gateway’s account is {account}.")
_STOPPED = Phrase("the invitation that waited is carried out no more")
_NONE_WAITS = Phrase("no invitation waits to be carried out")
_CAME_TO_NOTHING = Phrase("your last yes, to {controller}, came to nothing: {why}")
_NO_LINK = Phrase("which invitation? Give its link, or - to read it from the standard input")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    words = "join a co-operative by the link of its invitation"
    parser = command(commands, "join", _join, words, spoken_to=True)
    parser.add_argument(
        "link",
        nargs="?",
        help="the invitation's link, or - for the standard input (default: asked for, unless the card brought one)",
    )
    parser.add_argument("--meter", help="which meter, where there are several")
    parser.add_argument(
        "--accept", action="store_true", help="say yes here, for scripts; the text is printed all the same"
    )
    parser.add_argument("--stop", action="store_true", help="carry out no more the yes that waits")
    parser.add_argument("--json", action="store_true", help="what was given, as JSON; the text goes to standard error")


def _join(options: argparse.Namespace) -> int:
    from gateway.consent.orders import Shown  # noqa: PLC0415 (--help needs none of it)
    from gateway.consent.text import YES  # noqa: PLC0415
    from gateway.control.messages import Join, JoinText  # noqa: PLC0415

    if options.stop:
        return _stop(options)
    config, lang = configured(options), spoken(options)
    place = sys.stderr if options.json else sys.stdout
    typed = sys.stdin.isatty() and place.isatty()
    link = _link(config, options.link, lang, asked=typed)
    if not (typed or options.accept):
        raise InvitationError(_ADD_ACCEPT)
    text = _done(config, JoinText(link=link, lang=lang, meter=options.meter))
    if text["refused"]:
        place.write(_refused(text["refused"], lang).in_language(lang) + "\n\n")
    place.write(text["words"] + "\n")
    if not options.accept:
        place.write(_TYPE[lang])
        place.flush()
        if sys.stdin.readline().strip().lower() != YES[lang]:
            print(_NOTHING_GIVEN.in_language(lang), file=place)
            return 1
    place.flush()
    shown = Shown(text["lang"], text["hash"])
    done = _done(config, Join(link=link, shown=shown, meter=options.meter, by=user()))
    if options.json:
        sys.stdout.write(json.dumps(done, indent=2, ensure_ascii=False) + "\n")
        return 0
    say(options, _JOINED.filled(controller=done["controller"], addresses=", ".join(done["addresses"])))
    say(options, _FROM.filled(account=done["account"]))
    return 0


def _stop(options: argparse.Namespace) -> int:
    from gateway.control.messages import JoinStop  # noqa: PLC0415 (--help needs none of it)

    done = _done(configured(options), JoinStop(by=user()))
    if done["refused"]:
        say(options, _refused(done["refused"], spoken(options)))
    if done["stopped"] or not done["refused"]:
        say(options, _STOPPED if done["stopped"] else _NONE_WAITS)
    return 0


def _refused(last: Row, lang: str) -> Phrase:
    return _CAME_TO_NOTHING.filled(controller=last["controller"], why=last["why"].get(lang, ""))


def _link(config: Config, given: str | None, lang: str, *, asked: bool) -> str:
    """The link: of the command line, of the standard input, or typed at the question."""
    from gateway.daemon.joining.asked import refuse_off_page  # noqa: PLC0415 (--help needs none of it)
    from gateway.store.terms import Channel  # noqa: PLC0415 (likewise)

    if given is None:
        # Whoever means the one that the card brought is told where it is answered.
        refuse_off_page(config, "", Channel.COMMAND)
    if given == "-":
        return sys.stdin.read(8_000)
    if given is None and asked:
        sys.stdout.write(_PASTE.in_language(lang))
        sys.stdout.flush()
        given = sys.stdin.readline(8_000)
    if not given:
        raise InvitationError(_NO_LINK)
    return given


def _done(config: Config, order: Join | JoinStop | JoinText) -> Any:  # noqa: ANN401 (that order's answer)
    """What the running gateway says to it, or this process where none runs."""
    from gateway.control.messages import Join, JoinText  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        return ask(config.control_socket, order)
    except ConnectionError:
        from gateway.control.orders import orders_alone  # noqa: PLC0415 (where none runs, it is done here)
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)
        from gateway.daemon.joining.house import HouseAlone  # noqa: PLC0415

    house = HouseAlone(config)
    # No gateway may start in the middle of it, and carry out the same yes.
    with orders_alone(config):
        if isinstance(order, JoinText):
            return asyncio.run(steps.text(house, order))
        if isinstance(order, Join):
            return asyncio.run(steps.join(house, order))
        return asyncio.run(steps.stop(house, order))
