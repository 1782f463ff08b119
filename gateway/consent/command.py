"""``linky-gateway consent``: who may have what, who asks for what, and the household's answers.

Before a yes the whole text is shown, and the word under it is typed; where there is no terminal, ``--accept`` says that
it was read. The work is done by whoever holds the database (``gateway.consent.act``), asked through ``ask``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from gateway.consent import command_words as say
from gateway.errors import ConsentError
from gateway.store.terms import REFUSED_DAYS, Profile, Role

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Add = Callable[[str, str], argparse.ArgumentParser]

_GRANULARITIES = ("raw", "PT1M", "PT30M", "P1D")
_ORDER = (
    *("recipient", "series", "granularity", "until", "meter", "begins", "no_push", "no_history", "history_from"),
    *("purpose", "controller", "contact", "privacy", "role", "retention", "profile", "pseudonym"),
)
# What is said of a consent without readings, and how what is not said looks.
_OF_HEALTH, _UNSAID = ("recipient", "until"), (None, "", False, Role.CONTROLLER.value)
_LESS = ("granularity", "series", "until", "no_push", "no_history", "history_from", "meter", "profile", "pseudonym")
_CHANGES = {
    "revoke": ("withdrawn", say.NOTHING_MORE, say.NONE_TO_WITHDRAW),
    "limit": ("suspended", say.UNTIL_RESUMED, say.NONE_TO_SUSPEND),
    "resume": ("resumed", say.KEPT_GOES_OUT, say.NONE_SUSPENDED),
}
_TYPE = {"fr": "Pour accepter, tapez « oui » puis Entrée : ", "en": 'To accept, type "yes" and Enter: '}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a person and the database meet.

    Attributes:
        ask: hands an order over and gives its result.
        out: for results.
        err: for the text, when the results are for a machine.
        read: reads a line that a person types; None when nobody sits there.
        by: who gives the orders.
        retention: how long the house lets recipients keep data.
        lang: the person's language.
    """

    ask: Callable[[dict[str, object]], Any]
    out: TextIO
    err: TextIO
    read: Callable[[], str] | None
    by: str
    retention: str
    lang: str


def add_actions(add: Add) -> None:
    """The parser of each action; ``add(name, help)`` makes one."""
    give = add("grant", "allow a recipient some series, or an installer to ask whether the gateway is well")
    give.add_argument("recipient", help="the recipient's address, for example coop@example.org")
    what = give.add_mutually_exclusive_group(required=True)
    what.add_argument("--series", metavar="PREFIX", help="a path: what lies at or below it is shared")
    what.add_argument("--health", action="store_true", help="no reading: only whether the gateway is well, when asked")
    give.add_argument("--granularity", choices=_GRANULARITIES, help="how fine; must be said with --series")
    give.add_argument("--until", metavar="DATE", help="the last day (default: in one year)")
    give.add_argument("--meter", help="which meter, where there are several")
    _add_terms(give)
    take = add("revoke", "withdraw; what is queued is deleted, the recipient is asked to erase")
    take.add_argument("recipient")
    which = take.add_mutually_exclusive_group()
    which.add_argument("--series", metavar="PREFIX", help="only the consents at or below this path")
    which.add_argument("--health", action="store_true", help="only that to ask whether the gateway is well")
    add("limit", "suspend: readings are kept for the recipient, nothing is given out").add_argument("recipient")
    add("resume", "end a suspension; what was kept goes out").add_argument("recipient")
    everything = add("list", "every consent ever given, with its state")
    told = add("notices", "what recipients and askers were told, and whether they confirmed it")
    waiting = add("pending", "who asks for what, and waits for an answer")
    reply = add("answer", "answer a request for access: yes, or less, or no")
    _add_answer(reply)
    refuse = add("refuse", f"refuse what a domain asks, now and for {REFUSED_DAYS} days more")
    refuse.add_argument("domain", help="a domain such as example.org, or an address of it; its last two parts count")
    refuse.add_argument("--lift", action="store_true", help="no longer: its requests are shown again")
    unheard = add("refused", "the domains whose requests are refused unheard, and until when")
    for action in (give, everything, told, waiting, reply, unheard):
        action.add_argument("--json", action="store_true")


def run(options: argparse.Namespace, desk: Desk) -> int:
    """Do what was asked; the exit code."""
    match options.action:
        case "list":
            rows = [*desk.ask({"do": "consents"}), *desk.ask({"do": "health-consents"})]
            _print_consents(desk, rows, as_json=options.json)
        case "notices":
            _print_notices(desk, desk.ask({"do": "notices"}), as_json=options.json)
        case "pending":
            _print_requests(desk, desk.ask({"do": "pending-access"}), as_json=options.json)
        case "grant":
            return _grant_health(options, desk) if options.health else _grant(options, desk)
        case "answer":
            return _answer(options, desk)
        case "refuse":
            _refuse_domain(options, desk)
        case "refused":
            _print_refused(desk, desk.ask({"do": "refused-domains"}), as_json=options.json)
        case _:
            _change(options, desk)
    return 0


def _add_terms(give: argparse.ArgumentParser) -> None:
    when = give.add_argument_group("less than all from now on")
    when.add_argument("--begins", metavar="DATE", help="the first day (default: at once)")
    when.add_argument("--no-push", action="store_true", help="only history, when it is asked for")
    when.add_argument("--no-history", action="store_true", help="only what is read from now on")
    when.add_argument("--history-from", metavar="DATE", help="no history before that day")
    why = give.add_argument_group("what the recipient has said of itself, for the text and the record")
    why.add_argument("--purpose", default="", help="what the data are for, in words")
    why.add_argument("--controller", default="", help="the name of who is responsible for them")
    why.add_argument("--contact", default="", help="how to reach that one")
    why.add_argument("--privacy-notice", dest="privacy", default="", metavar="URL")
    why.add_argument("--role", choices=[role.value for role in Role], default=Role.CONTROLLER.value)
    why.add_argument("--retention", default="", metavar="DURATION", help="how long they are kept, such as P1Y")
    why.add_argument(
        "--code-of-conduct", nargs=3, default=("", "", ""), metavar=("URL", "VERSION", "SHA256"), help="as declared"
    )
    _add_manner(give)
    _add_acceptance(give)


def _add_manner(parser: argparse.ArgumentParser) -> None:
    manner = parser.add_argument_group("under which name, and how exactly")
    manner.add_argument(
        "--profile",
        choices=[p.value for p in Profile],
        help="exact, coarse (rounded) or anonymous (rounded, a new pseudonym each month); default: as before, or exact",
    )
    manner.add_argument("--pseudonym", action="store_true", help="under a name that only this recipient knows")


def _add_answer(reply: argparse.ArgumentParser) -> None:
    reply.add_argument("number", type=int, metavar="N", help="the request's number, see `consent pending`")
    choice = reply.add_mutually_exclusive_group(required=True)
    choice.add_argument("--yes", action="store_true", help="what was asked for, or less")
    choice.add_argument("--no", action="store_true")
    reply.add_argument("--granularity", choices=_GRANULARITIES, help="coarser than was asked for")
    reply.add_argument("--series", action="append", default=[], metavar="PREFIX", help="only this; may be repeated")
    reply.add_argument("--until", metavar="DATE", help="an earlier last day")
    reply.add_argument("--no-push", action="store_true", help="only history")
    reply.add_argument("--no-history", action="store_true", help="only what is read from now on")
    reply.add_argument("--history-from", metavar="DATE", help="less history")
    reply.add_argument("--meter", help="which meter is meant, when the request names none of this house")
    _add_manner(reply)
    _add_acceptance(reply)


def _add_acceptance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accept", action="store_true", help="the text was read and is agreed to; do not ask")


def _grant(options: argparse.Namespace, desk: Desk) -> int:
    if options.granularity is None:
        raise ConsentError(say.HOW_FINE.filled(choices=", ".join(_GRANULARITIES)))
    code = dict(zip(("code_url", "code_version", "code_hash"), options.code_of_conduct, strict=True))
    order = {name: getattr(options, name) for name in _ORDER} | code
    request: dict[str, object] = {"do": "grant", "order": order, "by": desk.by, "retention": desk.retention}
    _need_acceptance(options, desk)
    request["shown"] = shown = _show(options, desk, {"order": order})
    if shown is None:
        return 1
    _print_consents(desk, [desk.ask(request)], as_json=options.json)
    return 0


def _grant_health(options: argparse.Namespace, desk: Desk) -> int:
    """Let somebody ask whether the gateway is well. Whatever limits readings has no place here, and is refused."""
    plain = vars(options) | {"granularity": options.granularity or ""}
    said = [name for name in _ORDER if name not in _OF_HEALTH and plain[name] not in _UNSAID]
    if said or any(options.code_of_conduct):
        option = f"--{said[0].replace('_', '-')}" if said else "--code-of-conduct"
        raise ConsentError(say.NOT_WITH_HEALTH.filled(option=option))
    what: dict[str, object] = {"recipient": options.recipient, "until": options.until}
    request: dict[str, object] = {"do": "health-grant", "by": desk.by, **what}
    _need_acceptance(options, desk)
    request["shown"] = shown = _show(options, desk, what, "health-text")
    if shown is None:
        return 1
    _print_consents(desk, [desk.ask(request)], as_json=options.json)
    return 0


def _answer(options: argparse.Namespace, desk: Desk) -> int:
    less = {name: getattr(options, name) for name in _LESS}
    request: dict[str, object] = {"do": "answer-access", "number": options.number, "by": desk.by}
    if options.no:
        refused = desk.ask(request | {"yes": False})
        _print(desk, json.dumps(refused, indent=2) if options.json else say.REFUSED.in_language(desk.lang))
        return 0
    _need_acceptance(options, desk)
    shown = _show(options, desk, {"number": options.number, "less": less})
    if shown is None:
        return 1
    given = desk.ask(request | {"yes": True, "less": less, "retention": desk.retention, "shown": shown})
    _print_consents(desk, given, as_json=options.json)
    return 0


def _refuse_domain(options: argparse.Namespace, desk: Desk) -> None:
    what = {"domain": options.domain, "by": desk.by}
    if options.lift:
        heard = desk.ask({"do": "hear-domain", **what})
        _print(desk, (say.HEARD_AGAIN if heard else say.WAS_HEARD).in_language(desk.lang))
        return
    for line in say.domain_refused(desk.ask({"do": "refuse-domain", **what})):
        _print(desk, line.in_language(desk.lang))


def _print_refused(desk: Desk, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        _print(desk, say.refused_domain(row).in_language(desk.lang))
    if not rows:
        _print(desk, say.ALL_ARE_HEARD.in_language(desk.lang))


def _need_acceptance(options: argparse.Namespace, desk: Desk) -> None:
    if not options.accept and desk.read is None:
        raise ConsentError(say.ADD_ACCEPT)


def _show(
    options: argparse.Namespace, desk: Desk, what: dict[str, object], order: str = "consent-text"
) -> dict[str, str] | None:
    """Show the text, have it accepted; which text it was, None when it was not accepted."""
    from gateway.consent.text import YES  # noqa: PLC0415 (no other command pays for it)

    lang = desk.lang
    text = desk.ask({"do": order, "lang": lang, "retention": desk.retention} | what)
    place = desk.err if options.json else desk.out
    place.write(text["words"] + "\n")
    if not options.accept and desk.read:
        place.write(_TYPE[lang])
        place.flush()
        if desk.read().strip().lower() != YES[lang]:
            _print(desk, say.NOTHING_GIVEN.in_language(desk.lang))
            return None
    return {"lang": text["lang"], "hash": text["hash"]}


def _change(options: argparse.Namespace, desk: Desk) -> None:
    """Withdraw, suspend or resume. ConsentError when there is nothing to withdraw or to suspend."""
    order: dict[str, object] = {"do": options.action, "recipient": options.recipient, "by": desk.by}
    done, rest, nothing = _CHANGES[options.action]
    if options.action == "revoke" and options.health:
        order["do"], rest = "health-withdraw", say.NO_ANSWER_ANY_MORE
    elif options.action == "revoke":
        order["series"] = options.series
    count = desk.ask(order)
    if not count and options.action == "resume":
        # All that is given goes out: just what was wanted.
        _print(desk, nothing.filled(who=options.recipient).in_language(desk.lang))
        return
    if not count:
        raise ConsentError(nothing.filled(who=options.recipient))
    _print(desk, say.done(count, done, rest).in_language(desk.lang))


def _print_consents(desk: Desk, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        _print(desk, say.consent_line(row, desk.lang))
    if not rows:
        _print(desk, say.NO_CONSENTS.in_language(desk.lang))


def _print_notices(desk: Desk, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        _print(desk, say.notice_line(row, desk.lang))
    if not rows:
        _print(desk, say.NO_NOTICES.in_language(desk.lang))


def _print_requests(desk: Desk, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        for line in say.request_lines(row, desk.lang):
            _print(desk, line)
    for domain, count in Counter(row["domain"] for row in rows).items():
        if count > 1:
            _print(desk, say.ALL_OF_DOMAIN.filled(count=count, domain=domain).in_language(desk.lang))
    if not rows:
        _print(desk, say.NO_REQUESTS.in_language(desk.lang))


def _print(desk: Desk, line: str) -> None:
    desk.out.write(line + "\n")
