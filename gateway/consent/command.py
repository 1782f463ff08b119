"""``linky-gateway consent``: who may have what, who asks for what, and the household's answers.

Before a yes the whole text is shown, and the word under it is typed; where there is no terminal, ``--accept`` says that
it was read. The work is done by whoever holds the database (``gateway.consent.act``), asked through ``ask``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from msgspec.structs import replace

from gateway.consent import command_words as say
from gateway.consent.arguments import GRANULARITIES
from gateway.consent.orders import (
    AnswerAccess,
    ConsentForm,
    Consents,
    ConsentText,
    Grant,
    HealthConsents,
    HealthGrant,
    HealthText,
    HealthWithdraw,
    HearDomain,
    Limit,
    Narrowing,
    Notices,
    PendingAccess,
    RefusedDomains,
    RefuseDomain,
    Resume,
    Revoke,
    Shown,
)
from gateway.errors import ConsentError
from gateway.store.terms import Role
from gateway.words.table import Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from gateway.consent.orders import A, DomainRow, Order, Row

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
_TYPE = Table('To accept, type "yes" and Enter: ')


class Ask(Protocol):
    """Hands an order over."""

    def __call__(self, order: Order[A]) -> A:
        """Its result. Raises GatewayError with the reason when it cannot be done."""


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

    ask: Ask
    out: TextIO
    err: TextIO
    read: Callable[[], str] | None
    by: str
    retention: str
    lang: str


def run(options: argparse.Namespace, desk: Desk) -> int:
    """Do what was asked; the exit code."""
    match options.action:
        case "list":
            rows = [*desk.ask(Consents()), *desk.ask(HealthConsents())]
            _print_consents(desk, rows, as_json=options.json)
        case "notices":
            _print_notices(desk, desk.ask(Notices()), as_json=options.json)
        case "pending":
            _print_requests(desk, desk.ask(PendingAccess()), as_json=options.json)
        case "grant":
            return _grant_health(options, desk) if options.health else _grant(options, desk)
        case "answer":
            return _answer(options, desk)
        case "refuse":
            _refuse_domain(options, desk)
        case "refused":
            _print_refused(desk, desk.ask(RefusedDomains()), as_json=options.json)
        case _:
            _change(options, desk)
    return 0


def _grant(options: argparse.Namespace, desk: Desk) -> int:
    if options.granularity is None:
        raise ConsentError(say.HOW_FINE.filled(choices=", ".join(GRANULARITIES)))
    code = dict(zip(("code_url", "code_version", "code_hash"), options.code_of_conduct, strict=True))
    form = ConsentForm(**{name: getattr(options, name) for name in _ORDER} | code)
    _need_acceptance(options, desk)
    shown = _show(options, desk, ConsentText(lang=desk.lang, retention=desk.retention, order=form))
    if shown is None:
        return 1
    given = desk.ask(Grant(order=form, by=desk.by, retention=desk.retention, shown=shown))
    _print_consents(desk, [given], as_json=options.json)
    return 0


def _grant_health(options: argparse.Namespace, desk: Desk) -> int:
    """Let somebody ask whether the gateway is well. Whatever limits readings has no place here, and is refused."""
    plain = vars(options) | {"granularity": options.granularity or ""}
    said = [name for name in _ORDER if name not in _OF_HEALTH and plain[name] not in _UNSAID]
    if said or any(options.code_of_conduct):
        option = f"--{said[0].replace('_', '-')}" if said else "--code-of-conduct"
        raise ConsentError(say.NOT_WITH_HEALTH.filled(option=option))
    _need_acceptance(options, desk)
    shown = _show(options, desk, HealthText(lang=desk.lang, recipient=options.recipient, until=options.until))
    if shown is None:
        return 1
    given = desk.ask(HealthGrant(recipient=options.recipient, until=options.until, by=desk.by, shown=shown))
    _print_consents(desk, [given], as_json=options.json)
    return 0


def _answer(options: argparse.Namespace, desk: Desk) -> int:
    order = AnswerAccess(number=options.number, by=desk.by)
    if options.no:
        refused = desk.ask(order)
        _print(desk, json.dumps(refused, indent=2) if options.json else say.REFUSED.in_language(desk.lang))
        return 0
    _need_acceptance(options, desk)
    less = Narrowing(**{name: getattr(options, name) for name in _LESS} | {"series": tuple(options.series)})
    text = ConsentText(lang=desk.lang, retention=desk.retention, number=options.number, less=less)
    shown = _show(options, desk, text)
    if shown is None:
        return 1
    given = desk.ask(replace(order, yes=True, less=less, retention=desk.retention, shown=shown))
    _print_consents(desk, given if isinstance(given, list) else [given], as_json=options.json)
    return 0


def _refuse_domain(options: argparse.Namespace, desk: Desk) -> None:
    if options.lift:
        heard = desk.ask(HearDomain(domain=options.domain, by=desk.by))
        _print(desk, (say.HEARD_AGAIN if heard else say.WAS_HEARD).in_language(desk.lang))
        return
    for line in say.domain_refused(desk.ask(RefuseDomain(domain=options.domain, by=desk.by))):
        _print(desk, line.in_language(desk.lang))


def _print_refused(desk: Desk, rows: Sequence[DomainRow], *, as_json: bool) -> None:
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


def _show(options: argparse.Namespace, desk: Desk, order: ConsentText | HealthText) -> Shown | None:
    """Show the text, have it accepted; which text it was, None when it was not accepted."""
    from gateway.consent.text import YES  # noqa: PLC0415 (no other command pays for it)

    lang = desk.lang
    text = desk.ask(order)
    place = desk.err if options.json else desk.out
    place.write(text["words"] + "\n")
    if not options.accept and desk.read:
        place.write(_TYPE[lang])
        place.flush()
        if desk.read().strip().lower() != YES[lang]:
            _print(desk, say.NOTHING_GIVEN.in_language(desk.lang))
            return None
    return Shown(text["lang"], text["hash"])


def _change(options: argparse.Namespace, desk: Desk) -> None:
    """Withdraw, suspend or resume. ConsentError when there is nothing to withdraw or to suspend."""
    order: Order[int]
    done, rest, nothing = _CHANGES[options.action]
    match options.action:
        case "limit":
            order = Limit(recipient=options.recipient, by=desk.by)
        case "resume":
            order = Resume(recipient=options.recipient, by=desk.by)
        case "revoke" if options.health:
            order, rest = HealthWithdraw(recipient=options.recipient, by=desk.by), say.NO_ANSWER_ANY_MORE
        case _:
            order = Revoke(recipient=options.recipient, series=options.series, by=desk.by)
    count = desk.ask(order)
    if not count and options.action == "resume":
        # All that is given goes out: just what was wanted.
        _print(desk, nothing.filled(who=options.recipient).in_language(desk.lang))
        return
    if not count:
        raise ConsentError(nothing.filled(who=options.recipient))
    _print(desk, say.done(count, done, rest).in_language(desk.lang))


def _print_consents(desk: Desk, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        _print(desk, say.consent_line(row, desk.lang))
    if not rows:
        _print(desk, say.NO_CONSENTS.in_language(desk.lang))


def _print_notices(desk: Desk, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        _print(desk, json.dumps(rows, indent=2))
        return
    for row in rows:
        _print(desk, say.notice_line(row, desk.lang))
    if not rows:
        _print(desk, say.NO_NOTICES.in_language(desk.lang))


def _print_requests(desk: Desk, rows: Sequence[Row], *, as_json: bool) -> None:
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
