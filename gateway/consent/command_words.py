"""What ``linky-gateway consent`` prints of consents, requests and notices, in French and in English, local times."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.addresses.appearance import look_alike, unverified
from gateway.store.local_time import local_time
from gateway.store.terms import NoticeKind
from gateway.words.phrase import NOTHING, Phrase, joined, plural, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTICES = {
    NoticeKind.ACCESS_GRANTED: Phrase("request accepted"),
    NoticeKind.ACCESS_REFUSED: Phrase("request refused"),
    NoticeKind.CONSENT_WITHDRAWN: Phrase("consent withdrawn", "a notice"),
    NoticeKind.CONSENT_LIMITED: Phrase("consent suspended"),
    NoticeKind.CONSENT_RESUMED: Phrase("consent resumed"),
    NoticeKind.DATA_RECTIFIED: Phrase("readings corrected"),
    NoticeKind.DATA_ERASED: Phrase("readings erased"),
    NoticeKind.RECIPIENT_SUSPENDED: Phrase("sending suspended"),
}
STATES = {
    "valid": Phrase("valid"),
    "waiting": Phrase("waiting", "consent"),
    "expired": Phrase("expired"),
    "withdrawn": Phrase("withdrawn"),
    "replaced": Phrase("replaced"),
    "refused": Phrase("refused"),
    "erased": Phrase("erased"),
    "limited": Phrase("suspended"),
}
DONE: dict[str, Callable[[int], Phrase]] = {
    "withdrawn": lambda count: plural("{count} consent withdrawn; ", "{count} consents withdrawn; ", count),
    "suspended": lambda count: plural("{count} consent suspended; ", "{count} consents suspended; ", count),
    "resumed": lambda count: plural("{count} consent resumed; ", "{count} consents resumed; ", count),
}
NOTHING_MORE = Phrase("nothing more is sent")
NO_ANSWER_ANY_MORE = Phrase("it gets no answer any more")
UNTIL_RESUMED = Phrase("nothing is sent until `linky-gateway consent resume`")
KEPT_GOES_OUT = Phrase("what was kept goes out")
NONE_TO_WITHDRAW = Phrase("{who} has no such consent: nothing was withdrawn")
NONE_TO_SUSPEND = Phrase("{who} has no consent that could be suspended")
NONE_SUSPENDED = Phrase("{who} has no consent that is suspended")
REFUSED = Phrase("refused; the asker is told")
NOTHING_GIVEN = Phrase("nothing was given")
NO_CONSENTS = Phrase("no consent was ever given: nothing leaves the house")
NO_NOTICES = Phrase("nobody had to be told anything")
NOTHING_OF_THAT_TIME = Phrase("nothing of that time was to be sent")
WITH_TOTALS = Phrase("--from and --to stand with --totals")
NONE_SENT = Phrase("nothing was ever promised to anybody")
NO_REQUESTS = Phrase("nobody asks for anything")

ALL_OF_DOMAIN = Phrase("linky-gateway consent refuse {domain} refuses all {count} of {domain}")
HEARD_AGAIN = Phrase("its requests are shown again")
WAS_HEARD = Phrase("this domain is not refused; see consent refused")
ALL_ARE_HEARD = Phrase("requests of every domain are shown")

HOW_FINE = Phrase("--granularity: say how fine, one of {choices}")
NOT_WITH_HEALTH = Phrase("{option}: is about readings, and with --health none is given; leave it out")
ADD_ACCEPT = Phrase("there is no terminal to show the text on and to type the answer: add --accept to agree")

_UNTIL, _SINCE = Phrase("until {when}"), Phrase("since {when}")
_FOR_A_YEAR = Phrase("for a year")
_HEALTH = Phrase("whether the gateway is well")
_PUSH, _HISTORY = Phrase("push"), Phrase("history")
_HISTORY_SINCE = Phrase("history since {when}")
_PSEUDONYM = Phrase("under the pseudonym {name}")
_PROFILES = {"coarse": Phrase("coarse"), "anonymous": Phrase("anonymous")}
_TOLD = Phrase("told, not confirmed yet")
_TOLD_AGAIN = Phrase("told {count} times, not confirmed")
_PROMISED = Phrase("promised since {when}: {promised} values; sent {sent}, waiting {waiting}, dropped {purged}")
_PROMISED_BEFORE = Phrase("promised: {promised} values; sent {sent}, waiting {waiting}, dropped {purged}")
_OF_SENT = Phrase("sent {sent}: confirmed {confirmed}, not confirmed {open}")
_BY_SERVER = Phrase("{rows} of those confirmed by the word of its server alone")
_LAPSED = Phrase("{rows} of those not confirmed so old that no receipt is expected any more")
_BESIDES = Phrase("besides, on request or live: {rows}")
_UNBALANCED = Phrase(
    "this does not add up; please report it, with the file that `sudo linky-gateway doctor --bundle support.zip` writes"
)
# Keys of JSON -> why values were dropped before they were sent.
_PURGED = {
    "withdrawn": Phrase("{rows} dropped: the consent was withdrawn or narrowed"),
    "erased": Phrase("{rows} dropped: you erased them"),
    "corrected": Phrase("{rows} dropped: you corrected them, and the new ones go instead"),
    "expired": Phrase("{rows} dropped: the recipient was away for too long"),
    "crowded": Phrase("{rows} dropped: too many were waiting, or the card was full"),
    "passed": Phrase("{rows} dropped: the recipient said that it did not need them any more"),
    "unfit": Phrase("{rows} dropped: too large for any message"),
}
_COMPARED = {
    "same": Phrase("{who} has what it was sent: {points} values of {series} series, the same on both sides"),
    "differs": Phrase("{who} does not have all that it was sent; {points} values are the same on both sides"),
    "away": Phrase("{who} is not online: nothing was compared"),
    "busy": Phrase(
        "{who} has no time for this now: ask again in some minutes; {points} values are the same on both sides so far"
    ),
    "unanswered": Phrase(
        "{who} cannot answer this (its program may be older, or a different one): nothing was compared"
    ),
    "veiled": Phrase("{who} knows the house by a pseudonym, or gets rounded values: nothing was compared"),
    "broken": Phrase("{who} gave no usable answer; {points} values are the same on both sides"),
}
# Keys of JSON -> what is done about it.
_DIFFERENCES = {
    "missing": Phrase("missing there, sent again: {count}"),
    "altered": Phrase("altered there, sent again: {count}"),
    "surplus": Phrase("there though not here: {count}; nothing is done about these: ask whoever runs it"),
}
_NOT_COMPARED = Phrase("not compared with the recipient yet")
_LAST_COMPARED = {
    "same": Phrase("compared {when}: {same} values the same on both sides"),
    "differs": Phrase("compared {when}: {same} values the same on both sides"),
    "nothing": Phrase("compared {when}: there was nothing to compare yet"),
    "unanswered": Phrase("asked {when}, but its program cannot answer this: not compared"),
    "veiled": Phrase("not compared: it knows the house by a pseudonym, or gets rounded values"),
    "broken": Phrase("compared {when}, but not to the end; {same} values the same on both sides"),
}
_COMPARED_AGAIN = Phrase("which was so in {again} comparisons in a row: ask whoever runs it")
_NOT_TOLD = Phrase("waits to be told")
_SUPERSEDED = Phrase("not told any more: a later notice says otherwise")
_CONFIRMED = Phrase("confirmed {when}")
_FOREIGN = Phrase("a meter {sensor} that is not of this house")
_NO_NAME, _NO_CONTACT = Phrase("no name"), Phrase("no contact")
_WHO = Phrase("{name}, {contact}: {purpose}")
_WHAT = Phrase("{meter}: {series}")
_ANSWER = Phrase("linky-gateway consent answer {number} --yes (or --no)")
_DOMAIN_REFUSED = Phrase("requests of {domain} refused: {count}; those that follow are not shown until {when}")
_LIFT = Phrase("consents stay as they are; `linky-gateway consent refuse {domain} --lift` ends it")
_REFUSED_DOMAIN = Phrase("{domain}  refused since {since}, until {until}")


def domain_refused(row: Mapping[str, Any]) -> tuple[Phrase, Phrase]:
    """What was refused with a domain, until when, and how to take it back."""
    domain = row["domain"]
    said = _DOMAIN_REFUSED.filled(domain=domain, count=row["requests"], when=when(row["until"]))
    return said, _LIFT.filled(domain=domain)


def refused_domain(row: Mapping[str, Any]) -> Phrase:
    """A domain that is refused, since when and until when."""
    return _REFUSED_DOMAIN.filled(domain=row["domain"], since=when(row["since"]), until=when(row["until"]))


def done(count: int, what: str, rest: Phrase) -> Phrase:
    """How many consents something was done to, and what follows."""
    return DONE[what](count) + rest


def consent_line(row: Mapping[str, Any], lang: str) -> str:
    """One consent: its number, its state, who may have what, until when and how."""
    state = _state(row["state"], lang)
    if row.get("what") == "health":
        until = _UNTIL.filled(when=when(row["until"])) if row["until"] else _SINCE.filled(when=when(row["given"]))
        said = joined("  ", (same(row["recipient"]), _HEALTH, until))
        return f"  -  {state}  {said.in_language(lang)}"
    what = same(f"{row['meter']}:{row['series']}")
    until = _UNTIL.filled(when=when(row["until"]))
    said = joined("  ", (same(row["recipient"]), what, same(row["granularity"]), until, directions(row)))
    return f"{row['id']:>3}  {state}  {said.in_language(lang)}"


def notice_line(row: Mapping[str, Any], lang: str) -> str:
    """One notice: when, what, to whom, and whether it was confirmed."""
    waits = _TOLD_AGAIN.filled(count=row["sent"]) if row["sent"] > 1 else _TOLD if row["sent"] else _NOT_TOLD
    waits = _SUPERSEDED if row["superseded"] else waits
    state = _CONFIRMED.filled(when=when(row["confirmed"])) if row["confirmed"] else waits
    what = notice_in_words(row["kind"])
    said = joined("  ", (when(row["at"]), what, same(row["recipient"]), same(row["series"] or "-"), state))
    return f"{row['id']:>3}  {said.in_language(lang)}"


def account_lines(row: Mapping[str, Any], lang: str) -> list[str]:
    """What one recipient was promised, and what became of it: two sums, and why what is not sent is not."""
    counts = {name: row[name] for name in ("promised", "sent", "waiting")} | {"purged": sum(row["purged"].values())}
    said = _PROMISED.filled(when=when(row["since"]), **counts) if row["since"] else _PROMISED_BEFORE.filled(**counts)
    lines = [said, _OF_SENT.filled(sent=row["sent"], confirmed=row["confirmed"], open=row["open"])]
    besides = (_BY_SERVER, row["by_server"]), (_LAPSED, row["lapsed"]), (_BESIDES, row["besides"])
    reasons = ((_PURGED[why], rows) for why, rows in row["purged"].items() if why in _PURGED)
    lines += [words.filled(rows=rows) for words, rows in (*reasons, *besides) if rows]
    lines += [] if row["balanced"] else [_UNBALANCED]
    lines.append(last_compared(row["compared"]))
    return [row["recipient"], *(f"     {line.in_language(lang)}" for line in lines)]


def last_compared(row: Mapping[str, Any] | None) -> Phrase:
    """What came of the last comparison with a recipient, if there was one."""
    if row is None:
        return _NOT_COMPARED
    standing = "nothing" if row["standing"] == "same" and not row["same"] else row["standing"]
    said = [_LAST_COMPARED[standing].filled(when=when(row["at"]), same=row["same"])]
    said += [words.filled(count=row[name]) for name, words in _DIFFERENCES.items() if row[name]]
    said += [_COMPARED_AGAIN.filled(again=row["again"])] if row["missing"] + row["altered"] and row["again"] > 1 else []
    return joined("; ", said)


def comparison_lines(row: Mapping[str, Any], lang: str) -> list[str]:
    """What came of asking a recipient how much it has."""
    lines = [_COMPARED[row["standing"]].filled(who=row["recipient"], points=row["points"], series=row["series"])]
    lines += [words.filled(count=row[name]) for name, words in _DIFFERENCES.items() if row[name]]
    return [line.in_language(lang) for line in lines]


def request_lines(row: Mapping[str, Any], lang: str) -> list[str]:
    """One request: who asks, for what, why, and how to answer."""
    meter = same(row["meter"]) if row["meter"] else _FOREIGN.filled(sensor=row["sensor"])
    until = _UNTIL.filled(when=when(row["until"])) if row["until"] else _FOR_A_YEAR
    what = _WHAT.filled(meter=meter, series=row["series"])
    name = unverified(row["controller"]) if row["controller"] else _NO_NAME
    contact = same(row["contact"]) if row["contact"] else _NO_CONTACT
    who = _WHO.filled(name=name, contact=contact, purpose=row["purpose"] or "-")
    lines = [joined("  ", (what, same(row["granularity"]), directions(row), until)), who]
    lines += [mark] if (mark := look_alike(row["from"])) else []
    lines.append(_ANSWER.filled(number=row["id"]))
    first = joined("  ", (when(row["at"]), same(row["from"]))).in_language(lang)
    return [f"{row['id']:>3}  {first}", *(f"     {line.in_language(lang)}" for line in lines)]


def directions(row: Mapping[str, Any]) -> Phrase:
    """How the data go there, from when, and as whose."""
    since = _HISTORY_SINCE.filled(when=when(row["history_from"])) if row["history_from"] else _HISTORY
    ways = [_PUSH if row["push"] else NOTHING, since if row["history"] else NOTHING]
    if row.get("pseudonym"):
        ways.append(_PSEUDONYM.filled(name=row["known_as"]))
    profile = row.get("profile", "exact")
    ways.append(NOTHING if profile == "exact" else _PROFILES.get(profile, same(profile)))
    return joined(", ", ways)


def notice_in_words(kind: str) -> Phrase:
    """What a notice is about; a kind of another version is its own word."""
    return next((words for known, words in NOTICES.items() if known.value == kind), same(kind))


def when(time: str) -> Phrase:
    """A time of an answer (ISO 8601) on the clock of the house."""
    return local_time(datetime.fromisoformat(time).timestamp())


def _state(state: str, lang: str) -> str:
    wide = max(len(word.in_language(lang)) for word in STATES.values())
    return f"{STATES.get(state, same(state)).in_language(lang):<{wide}}"
