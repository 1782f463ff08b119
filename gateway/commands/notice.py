"""``linky-gateway notice``: a test by each of the household's ways, and what was last told there.

The running gateway does it: no secret is an argument, and none is printed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.commands.options import actions_of, add_language, command, configured, say, spoken
from gateway.errors import Exit, GatewayError
from gateway.store.local_time import local_time
from gateway.words.phrase import NOTHING, Phrase, same, written

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.consent.orders import A, Order

_NOT_RUNNING = Phrase("the gateway is not running: start it, and ask again")
_ANSWERS = {
    "done": Phrase("{way} ({address}): told; look whether it came"),
    "some": Phrase("{way} ({address}): told, but: {why}"),
    "again": Phrase("{way} ({address}): not now: {why}"),
    "refused": Phrase("{way} ({address}): refused: {why}"),
}
_NO_WAYS = Phrase("there is no [[notice]] in the configuration: its commented example says how to be told")
_WAY, _FOR = Phrase("{way}{person}: {address}; {events}"), Phrase(" for {person}")
_STATES = {
    "waiting": Phrase("waits"),
    "done": Phrase("was told"),
    "over": Phrase("over before it was told"),
    "stale": Phrase("too late"),
    "refused": Phrase("refused"),
}
_AT_NO_TIME = Phrase("the time is not known")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "notice", "by which ways the household is told", "By which ways you are told.")
    test = command(actions, "test", _test, "tells by each way, or by one, that this is a test; once in ten seconds")
    test.add_argument("way", metavar="NAME", nargs="?", help="the name of a [[notice]]; all of them without one")
    listed = command(actions, "list", _list, "the ways, of what each tells, and what was last told")
    listed.add_argument("--last", type=int, default=20, metavar="N", help="so many notices (default: 20)")
    for action in (test, listed):
        add_language(action)
        action.add_argument("--json", action="store_true", help="JSON Lines")


def _test(options: argparse.Namespace) -> int:
    from gateway.control.messages import NoticeTest  # noqa: PLC0415

    rows = _ask(options, NoticeTest(way=options.way))
    for row in rows:
        if options.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            why = written(row["why"])
            if why and row["answer"] == "done":
                row["answer"] = "some"
            say(options, _ANSWERS[row["answer"]].filled(way=row["way"], address=row["address"] or "–", why=why))
    return Exit.DONE if all(row["answer"] == "done" for row in rows) else Exit.FAILED


def _list(options: argparse.Namespace) -> int:
    from gateway.control.messages import NoticeList  # noqa: PLC0415

    found = _ask(options, NoticeList(most=options.last))
    if options.json:
        for row in (*found["ways"], *found["notices"]):
            print(json.dumps(row, ensure_ascii=False))
        return Exit.DONE
    if not found["ways"]:
        say(options, _NO_WAYS)
    for way in found["ways"]:
        say(options, _way(way))
    for row in reversed(found["notices"]):
        lang, text = spoken(options), row["text"].replace("\n", " ")
        at = (local_time(row["at"]) if row["at"] else _AT_NO_TIME).in_language(lang)
        print(f"{at}  {row['way']}  {_STATES[row['state']].in_language(lang)}  {text}")
    return Exit.DONE


def _way(way: dict[str, Any]) -> Phrase:
    person = _FOR.filled(person=way["for"]) if way["for"] else NOTHING
    events = same(", ".join(way["events"]))
    return _WAY.filled(way=way["way"], person=person, address=way["address"] or "–", events=events)


def _ask(options: argparse.Namespace, order: Order[A]) -> A:
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        return ask(configured(options).control_socket, order)
    except ConnectionError as error:
        raise GatewayError(_NOT_RUNNING) from error
