"""The commands ``request_access`` and ``my_access``: somebody asks the household, and sees how its questions stand.

Asking opens nothing: it adds a request that the household answers (``gateway.store.access``, where the limits are).
The refusals here are about what was filled in alone, so that they tell nothing of the house: a request for a meter that
there is not is taken like any other. What ``my_access`` shows a program:

    <access xmlns="urn:linky-gateway:0">
      <consent id="3" state="valid" series="gw@x/ab12@x/consumption/power" granularity="PT30M" purpose="…" push="false"
               history="true" history-from="2026-…Z" retention="P6M" begins="2026-…Z" until="2027-…Z"/>
      <request id="1" state="granted" series="…" granularity="PT1M" … asked="…Z" until="…Z" answered="…Z" consents="3"/>
    </access>

An ``until`` is not included; the states are the keys of ``_STATES``.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import ConsentError, RequestLimitError, RequestUnheardError
from gateway.federation.provider.allowed import is_ours
from gateway.federation.wire.access_form import ACCESS_FIELDS
from gateway.federation.wire.fields import read_granularity, read_identifier
from gateway.federation.wire.form import Answer, CommandRequest, RequestError, Table, bad_request
from gateway.federation.wire.stanza import OURS, Publisher
from gateway.store.access import DAILY_PER_DOMAIN, DAILY_PER_JID, PENDING_PER_JID, AccessRequests
from gateway.store.local_time import PARIS
from gateway.store.recorder import iso
from gateway.store.terms import LONGEST_DAYS, PLAIN_TERMS, AccessRequest, RecipientRole, Terms, check_path, check_terms
from gateway.words.language import answered
from gateway.words.phrase import Phrase, joined, same

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.store.consents import Consents
    from gateway.store.points import Consent, Granularity
    from gateway.store.pseudonyms import Pseudonyms

log = logging.getLogger(__name__)

# What somebody holds is a handful; of what is over only the newest is news.
MOST_SHOWN = 50

_PRM_DIGITS = 14
_HINTS = {field.var: field.description for field in ACCESS_FIELDS if field.description}
_LABELS = {field.var: field.label for field in ACCESS_FIELDS}
_REQUIRED = [field.var for field in ACCESS_FIELDS if field.required]
_WORDS = ("purpose", "controller", "contact", "privacy", "code_url", "code_version", "code_hash", "retention")
_BOOLEANS = {"": False, "0": False, "false": False, "1": True, "true": True}

_RECEIVED = Phrase(
    "Request received: the household will answer it. Its answer will come by a message, and “my_access” says how it"
    " stands. Nothing is sent until then."
)
_NOTHING = Phrase("You hold no access, and have asked for none. “request_access” asks for one.")
_UNHEARD = Phrase("this household takes no requests of this domain for the time being; what was granted stays")
_NUMBER, _STATE = Phrase("Number of the request"), Phrase("Status")
_COLUMNS = (
    ("what", Phrase("What")),
    ("state", _STATE),
    ("series", Phrase("Series")),
    ("granularity", Phrase("Granularity")),
    ("push", Phrase("Push")),
    ("history", Phrase("History since")),
    ("until", Phrase("Until")),
    ("purpose", Phrase("Purpose")),
)
_STATES = {
    "valid": Phrase("in force"),
    "waiting": Phrase("not begun yet"),
    "limited": Phrase("suspended by the household"),
    "expired": Phrase("expired"),
    "withdrawn": Phrase("withdrawn by the household"),
    "erased": Phrase("erased"),
    "pending": Phrase("waiting for an answer"),
    "granted": Phrase("granted"),
    "refused": Phrase("refused"),
}


class Asking:
    """Takes requests for access, and shows each asker its own.

    Args:
        access, consents, pseudonyms: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        publisher: whose names are asked for.
        clock: the host's POSIX seconds.
        asked: told of every new request.
    """

    def __init__(
        self,
        access: AccessRequests,
        consents: Consents,
        pseudonyms: Pseudonyms,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        clock: Callable[[], float] = time.time,
        asked: Callable[[AccessRequest], None] | None = None,
    ) -> None:
        self._access = access
        self._consents = consents
        self._pseudonyms = pseudonyms
        self._call, self._publisher, self._clock = call, publisher, clock
        self._asked = asked

    async def request(self, question: CommandRequest) -> Answer:
        """Note what is asked for. Raises RequestError when it cannot be asked for so, or not now."""
        sensor, path, granularity, terms, until = self._read(question.fields)
        lang = answered(question.lang)
        wanted = question.asker, sensor, path, granularity, terms, until, lang
        try:
            request, is_new = await self._call(self._note, wanted)
        except RequestUnheardError as error:
            raise RequestError("auth", "forbidden", _UNHEARD) from error
        except RequestLimitError as error:
            raise _too_many() from error
        except ConsentError as error:
            # All that the form holds was read: it is about who asks, and its text names them.
            raise bad_request(Phrase("only a user's address (name@server) can ask for access")) from error
        if is_new:
            log.info("somebody asks for access: linky-gateway consent pending")
            if self._asked:
                self._asked(request)
        facts = {"id": str(request.id), "state": request.state.value}
        return Answer(
            [("request", _NUMBER, facts["id"]), ("state", _STATE, facts["state"])],
            [ET.Element(f"{{{OURS}}}request", facts)],
            _RECEIVED,
        )

    async def standing(self, question: CommandRequest) -> Answer:
        """What the asker holds and has asked for, the newest first; nothing of anybody else."""
        consents, requests = await self._call(self._of, question.asker)
        now, access = self._clock(), ET.Element(f"{{{OURS}}}access")
        rows, said = [], []
        for consent, name in consents:
            ET.SubElement(access, f"{{{OURS}}}consent", _consent_facts(consent, name, now))
            what = Phrase("access {id}").filled(id=consent.id)
            rows.append(_row(consent.state(now), name, consent, question.lang, what))
            said.append(_in_words(consent.state(now), name, consent, what))
        for request in requests:
            name = self._asked_name(request)
            ET.SubElement(access, f"{{{OURS}}}request", _request_facts(request, name))
            what = Phrase("request {id}").filled(id=request.id)
            rows.append(_row(request.state.value, name, request, question.lang, what))
            said.append(_in_words(request.state.value, name, request, what))
        if not rows:
            return Answer((), [access], _NOTHING)
        return Answer((), [access], None, Table(_COLUMNS, rows), joined("; ", said))

    def _note(self, wanted: tuple[str, str, str, Granularity, Terms, int, str]) -> tuple[AccessRequest, bool]:
        """The request, and whether the household has not heard of it yet; on the store's thread."""
        asker, sensor, path, granularity, terms, until, lang = wanted
        now = self._clock()
        before = {request.id for request in self._access.waiting(now)}
        request = self._access.ask(asker, sensor, path, granularity, terms, now, until=until, lang=lang)
        return request, request.id not in before

    def _of(self, asker: str) -> tuple[list[tuple[Consent, str]], list[AccessRequest]]:
        now = self._clock()
        self._access.waiting(now)
        sensors = {meter.name: meter.sensor for meter in self._pseudonyms.view_of(asker, now).meters}
        held = [c for c in self._consents.of(asker) if c.state(0) != "replaced"]
        named = [(c, self._name(sensors[c.meter], c.prefix)) for c in held[: -MOST_SHOWN - 1 : -1]]
        return named, self._access.all(jid=asker)[: -MOST_SHOWN - 1 : -1]

    def _name(self, sensor: str, path: str) -> str:
        publisher = self._publisher
        return f"{publisher.application}@{publisher.server}/{sensor}@{publisher.server}/{path}".rstrip("/")

    def _asked_name(self, request: AccessRequest) -> str:
        """As the asker named it: by the delivery point, or by the id of the sensor."""
        if len(request.sensor) == _PRM_DIGITS and request.sensor.isdecimal():
            return f"urn:dev:prm:{request.sensor}_{request.prefix}"
        return self._name(request.sensor, request.prefix)

    def _read(self, fields: Mapping[str, str]) -> tuple[str, str, Granularity, Terms, int]:
        """Sensor, path, granularity, terms and end. Raises RequestError that names the field and what it wants."""
        if missing := [var for var in _REQUIRED if not fields.get(var)]:
            names = joined(", ", (_LABELS[var] + same(f" ({var})") for var in missing))
            raise bad_request(Phrase("missing: {names}").filled(names=names))
        identifier, granularity = read_identifier(fields), read_granularity(fields)
        assert granularity is not None, "it is required"  # noqa: S101
        if not is_ours(self._publisher, identifier):
            ours = self._name("…", "…")
            raise bad_request(Phrase("identifier: names of this gateway have the form {ours}").filled(ours=ours))
        sensor = identifier.prm or identifier.sensor or ""
        until = self._read_end(fields)
        terms = _read_terms(fields, until)
        try:
            return sensor, check_path(identifier.path), granularity, terms, until
        except ConsentError as error:
            raise _wrong("identifier") from error

    def _read_end(self, fields: Mapping[str, str]) -> int:
        until, now = _read_day(fields, "until", included=True), int(self._clock())
        if until <= now:
            raise bad_request(Phrase("until: that date is over"))
        if until > now + LONGEST_DAYS * 86400:
            raise bad_request(
                Phrase("until: access is asked for three years at most; it is asked for again, not for ever")
            )
        return until


def _read_terms(fields: Mapping[str, str], until: int) -> Terms:
    push, history = _read_boolean(fields, "push"), _read_boolean(fields, "history")
    if not push and not history:
        raise bad_request(Phrase("choose at least one of the two: each new reading (push), past readings (history)"))
    since = _read_day(fields, "history_from") if history else None
    if since is not None and since >= until:
        raise bad_request(Phrase("history_from: after the access ends"))
    try:
        role = RecipientRole(fields["role"])
    except ValueError as error:
        known = ", ".join(role.value for role in RecipientRole)
        raise bad_request(Phrase("role: {known}").filled(known=known)) from error
    words: dict[str, Any] = {}
    for var in _WORDS:
        alone: dict[str, Any] = {var: fields.get(var, "")}
        try:
            words[var] = getattr(check_terms(replace(PLAIN_TERMS, **alone)), var)
        except ConsentError as error:
            raise _wrong(var) from error
    return Terms(push=push, history=history, history_from=since, role=role, **words)


def _read_boolean(fields: Mapping[str, str], var: str) -> bool:
    try:
        return _BOOLEANS[fields.get(var, "")]
    except KeyError as error:
        raise bad_request(Phrase("{var}: 1 (yes) or 0 (no)").filled(var=var)) from error


def _read_day(fields: Mapping[str, str], var: str, *, included: bool = False) -> int:
    """A day by the household's clock, or a time with its offset; the end of a day that is ``included``."""
    text = fields.get(var, "")
    try:
        try:
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=included), datetime.min.time(), PARIS)
        except ValueError:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise _wrong(var)
        seconds = int(moment.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise _wrong(var) from error
    if seconds < 0:
        raise _wrong(var)
    return seconds


def _wrong(var: str) -> RequestError:
    hint = _HINTS[var]
    return bad_request(Phrase("{label} ({var}): {hint}").filled(label=_LABELS[var], var=var, hint=hint))


def _too_many() -> RequestError:
    phrase = Phrase(
        "too many requests for access: at most {pending_per_jid} waiting and {daily_per_jid} a day"
        " from one address, {daily_per_domain} a day from one domain; try again later"
    ).filled(pending_per_jid=PENDING_PER_JID, daily_per_jid=DAILY_PER_JID, daily_per_domain=DAILY_PER_DOMAIN)
    return RequestError("wait", "resource-constraint", phrase)


def _row(state: str, name: str, one: Consent | AccessRequest, lang: str, what: Phrase) -> list[str]:
    yes, no = Phrase("yes").in_language(lang), Phrase("no").in_language(lang)
    terms = one.terms
    since = _day(terms.history_from) or Phrase("ever").in_language(lang)
    return [
        *(what.in_language(lang), _STATES[state].in_language(lang), name, one.granularity.code),
        *(yes if terms.push else no, since if terms.history else no, _last_day(one.until), terms.purpose),
    ]


def _in_words(state: str, name: str, one: Consent | AccessRequest, what: Phrase) -> Phrase:
    """A row as a few words."""
    begun = Phrase("{what}: {state}").filled(what=what, state=_STATES[state])
    facts = [begun, same(name), same(one.granularity.code)]
    if one.until is not None:
        facts.append(Phrase("until {day} (included)").filled(day=_last_day(one.until)))
    return joined(", ", facts)


def _consent_facts(consent: Consent, name: str, now: float) -> dict[str, str]:
    facts = {"id": str(consent.id), "state": consent.state(now)} | _terms_facts(consent, name)
    return facts | {"begins": iso(consent.begins), "until": iso(consent.until)}


def _request_facts(request: AccessRequest, name: str) -> dict[str, str]:
    facts = {"id": str(request.id), "state": request.state.value} | _terms_facts(request, name)
    facts["asked"] = iso(request.at)
    if request.until is not None:
        facts["until"] = iso(request.until)
    if request.answered_at is not None:
        facts["answered"] = iso(request.answered_at)
    if request.consents:
        facts["consents"] = " ".join(map(str, request.consents))
    return facts


def _terms_facts(one: Consent | AccessRequest, name: str) -> dict[str, str]:
    terms = one.terms
    facts = {"series": name, "granularity": one.granularity.code, "purpose": terms.purpose}
    facts |= {"push": str(terms.push).lower(), "history": str(terms.history).lower()}
    if terms.history_from is not None:
        facts["history-from"] = iso(terms.history_from)
    if terms.retention:
        facts["retention"] = terms.retention
    return facts


def _day(time: int | None) -> str:
    """A moment as the household's day."""
    return "" if time is None else datetime.fromtimestamp(time, PARIS).date().isoformat()


def _last_day(until: int | None) -> str:
    """The last day of a time whose end is not included."""
    return "" if until is None else _day(until - 1)
