"""``linky-gateway consent``: who may have what, who asks for what, and the household's answers.

Before a yes the whole text is shown, and the word under it is typed; where there is no terminal, ``--accept`` says that
it was read. The work is done by whoever holds the database (``gateway.consent.act``), asked through ``ask``.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar

from msgspec.structs import replace

from gateway.consent import command_words as say
from gateway.consent.arguments import GRANULARITIES
from gateway.consent.orders import (
    A,
    AnswerAccess,
    Compare,
    ConsentForm,
    ConsentText,
    Grant,
    HealthConsents,
    HealthGrant,
    HealthText,
    HealthWithdraw,
    HearDomain,
    Limit,
    ListConsents,
    ListSent,
    Narrowing,
    Notices,
    Order,
    PendingAccess,
    RefusedDomains,
    RefuseDomain,
    Resume,
    Revoke,
    Row,
    Shown,
    Totals,
)
from gateway.errors import ConsentError
from gateway.store.terms import RecipientRole
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from gateway.words.phrase import Phrase

R = TypeVar("R")

_ORDER = (
    *("recipient", "series", "granularity", "until", "meter", "begins", "no_push", "no_history", "history_from"),
    *("purpose", "controller", "contact", "privacy", "role", "retention", "profile", "pseudonym"),
)
# What is said of a consent without readings, and how what is not said looks.
_OF_HEALTH, _UNSAID = ("recipient", "until"), (None, "", False, RecipientRole.CONTROLLER.value)
_LESS = ("granularity", "series", "until", "no_push", "no_history", "history_from", "meter", "profile", "pseudonym")
_CHANGES = {
    "revoke": ("withdrawn", say.NOTHING_MORE, say.NONE_TO_WITHDRAW),
    "limit": ("suspended", say.UNTIL_RESUMED, say.NONE_TO_SUSPEND),
    "resume": ("resumed", say.KEPT_GOES_OUT, say.NONE_SUSPENDED),
}
_TYPE = WordTable('To accept, type "yes" and Enter: ')


class Ask(Protocol):
    """Hands an order over."""

    def __call__(self, order: Order[A]) -> A:
        """Its result. Raises GatewayError with the reason when it cannot be done."""


@dataclass(frozen=True, slots=True)
class ConsentDialogue:
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


def run(options: argparse.Namespace, dialogue: ConsentDialogue) -> int:
    """Do what was asked; the exit code."""
    lang = dialogue.lang
    match options.action:
        case "list":
            rows = [*dialogue.ask(ListConsents()), *dialogue.ask(HealthConsents())]
            _print_consents(dialogue, rows, as_json=options.json)
        case "notices":
            rows = dialogue.ask(Notices())
            _print_rows(dialogue, rows, lambda row: [say.notice_line(row, lang)], say.NO_NOTICES, as_json=options.json)
        case "sent":
            rows = dialogue.ask(ListSent())
            _print_rows(dialogue, rows, lambda row: say.account_lines(row, lang), say.NONE_SENT, as_json=options.json)
        case "compare":
            return _compare(options, dialogue)
        case "pending":
            _print_requests(dialogue, dialogue.ask(PendingAccess()), as_json=options.json)
        case "grant":
            return _grant_health(options, dialogue) if options.health else _grant(options, dialogue)
        case "answer":
            return _answer(options, dialogue)
        case "refuse":
            _refuse_domain(options, dialogue)
        case "refused":
            domains = dialogue.ask(RefusedDomains())
            _print_rows(
                dialogue,
                domains,
                lambda row: [say.refused_domain(row).in_language(lang)],
                say.ALL_ARE_HEARD,
                as_json=options.json,
            )
        case _:
            _change(options, dialogue)
    return 0


def _compare(options: argparse.Namespace, dialogue: ConsentDialogue) -> int:
    """0 where the recipient has what it was sent, 1 where it has not, or where nobody could say."""
    if options.totals:
        lines = dialogue.ask(Totals(recipient=options.recipient, by=dialogue.by, begin=options.begin, end=options.end))
        _print_rows(dialogue, lines, lambda line: [line], say.NOTHING_OF_THAT_TIME, as_json=options.json)
        return 0
    if options.begin or options.end:
        raise ConsentError(say.WITH_TOTALS)
    row = dialogue.ask(Compare(recipient=options.recipient, by=dialogue.by))
    if options.json:
        _print(dialogue, json.dumps(row, indent=2))
    else:
        for line in say.comparison_lines(row, dialogue.lang):
            _print(dialogue, line)
    return 0 if row["standing"] == "same" else 1


def _grant(options: argparse.Namespace, dialogue: ConsentDialogue) -> int:
    if options.granularity is None:
        raise ConsentError(say.HOW_FINE.filled(choices=", ".join(GRANULARITIES)))
    code = dict(zip(("code_url", "code_version", "code_hash"), options.code_of_conduct, strict=True))
    form = ConsentForm(**{name: getattr(options, name) for name in _ORDER} | code)
    _need_acceptance(options, dialogue)
    shown = _show(options, dialogue, ConsentText(lang=dialogue.lang, retention=dialogue.retention, order=form))
    if shown is None:
        return 1
    given = dialogue.ask(Grant(order=form, by=dialogue.by, retention=dialogue.retention, shown=shown))
    _print_consents(dialogue, [given], as_json=options.json)
    return 0


def _grant_health(options: argparse.Namespace, dialogue: ConsentDialogue) -> int:
    """Let somebody ask whether the gateway is well. Whatever limits readings has no place here, and is refused."""
    plain = vars(options) | {"granularity": options.granularity or ""}
    said = [name for name in _ORDER if name not in _OF_HEALTH and plain[name] not in _UNSAID]
    if said or any(options.code_of_conduct):
        option = f"--{said[0].replace('_', '-')}" if said else "--code-of-conduct"
        raise ConsentError(say.NOT_WITH_HEALTH.filled(option=option))
    _need_acceptance(options, dialogue)
    shown = _show(options, dialogue, HealthText(lang=dialogue.lang, recipient=options.recipient, until=options.until))
    if shown is None:
        return 1
    given = dialogue.ask(HealthGrant(recipient=options.recipient, until=options.until, by=dialogue.by, shown=shown))
    _print_consents(dialogue, [given], as_json=options.json)
    return 0


def _answer(options: argparse.Namespace, dialogue: ConsentDialogue) -> int:
    order = AnswerAccess(number=options.number, by=dialogue.by)
    if options.no:
        refused = dialogue.ask(order)
        _print(dialogue, json.dumps(refused, indent=2) if options.json else say.REFUSED.in_language(dialogue.lang))
        return 0
    _need_acceptance(options, dialogue)
    less = Narrowing(**{name: getattr(options, name) for name in _LESS} | {"series": tuple(options.series)})
    text = ConsentText(lang=dialogue.lang, retention=dialogue.retention, number=options.number, less=less)
    shown = _show(options, dialogue, text)
    if shown is None:
        return 1
    given = dialogue.ask(replace(order, yes=True, less=less, retention=dialogue.retention, shown=shown))
    _print_consents(dialogue, given if isinstance(given, list) else [given], as_json=options.json)
    return 0


def _refuse_domain(options: argparse.Namespace, dialogue: ConsentDialogue) -> None:
    if options.lift:
        heard = dialogue.ask(HearDomain(domain=options.domain, by=dialogue.by))
        _print(dialogue, (say.HEARD_AGAIN if heard else say.WAS_HEARD).in_language(dialogue.lang))
        return
    for line in say.domain_refused(dialogue.ask(RefuseDomain(domain=options.domain, by=dialogue.by))):
        _print(dialogue, line.in_language(dialogue.lang))


def _need_acceptance(options: argparse.Namespace, dialogue: ConsentDialogue) -> None:
    if not options.accept and dialogue.read is None:
        raise ConsentError(say.ADD_ACCEPT)


def _show(options: argparse.Namespace, dialogue: ConsentDialogue, order: ConsentText | HealthText) -> Shown | None:
    """Show the text, have it accepted; which text it was, None when it was not accepted."""
    from gateway.consent.text import YES  # noqa: PLC0415 (no other command pays for it)

    lang = dialogue.lang
    text = dialogue.ask(order)
    place = dialogue.err if options.json else dialogue.out
    place.write(text["words"] + "\n")
    if not options.accept and dialogue.read:
        place.write(_TYPE[lang])
        place.flush()
        if dialogue.read().strip().lower() != YES[lang]:
            _print(dialogue, say.NOTHING_GIVEN.in_language(dialogue.lang))
            return None
    return Shown(text["lang"], text["hash"])


def _change(options: argparse.Namespace, dialogue: ConsentDialogue) -> None:
    """Withdraw, suspend or resume. ConsentError when there is nothing to withdraw or to suspend."""
    order: Order[int]
    done, rest, nothing = _CHANGES[options.action]
    match options.action:
        case "limit":
            order = Limit(recipient=options.recipient, by=dialogue.by)
        case "resume":
            order = Resume(recipient=options.recipient, by=dialogue.by)
        case "revoke" if options.health:
            order, rest = HealthWithdraw(recipient=options.recipient, by=dialogue.by), say.NO_ANSWER_ANY_MORE
        case _:
            order = Revoke(recipient=options.recipient, series=options.series, by=dialogue.by)
    count = dialogue.ask(order)
    if not count and options.action == "resume":
        # All that is given goes out: just what was wanted.
        _print(dialogue, nothing.filled(who=options.recipient).in_language(dialogue.lang))
        return
    if not count:
        raise ConsentError(nothing.filled(who=options.recipient))
    _print(dialogue, say.done(count, done, rest).in_language(dialogue.lang))


def _print_consents(dialogue: ConsentDialogue, rows: Sequence[Row], *, as_json: bool) -> None:
    _print_rows(dialogue, rows, lambda row: [say.consent_line(row, dialogue.lang)], say.NO_CONSENTS, as_json=as_json)


def _print_requests(dialogue: ConsentDialogue, rows: Sequence[Row], *, as_json: bool) -> None:
    _print_rows(dialogue, rows, lambda row: say.request_lines(row, dialogue.lang), say.NO_REQUESTS, as_json=as_json)
    for domain, count in Counter(row["domain"] for row in rows).items():
        if count > 1 and not as_json:
            _print(dialogue, say.ALL_OF_DOMAIN.filled(count=count, domain=domain).in_language(dialogue.lang))


def _print_rows(
    dialogue: ConsentDialogue, rows: Sequence[R], lines: Callable[[R], Iterable[str]], none: Phrase, *, as_json: bool
) -> None:
    """The rows as a JSON array, or in lines for a person, to whom it is said that there is none."""
    if as_json:
        _print(dialogue, json.dumps(rows, indent=2))
        return
    for line in chain.from_iterable(map(lines, rows)):
        _print(dialogue, line)
    if not rows:
        _print(dialogue, none.in_language(dialogue.lang))


def _print(dialogue: ConsentDialogue, line: str) -> None:
    dialogue.out.write(line + "\n")
