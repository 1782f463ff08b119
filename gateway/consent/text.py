"""The words that a household reads before it consents, and those that a notice says, in French and English.

The templates lie in ``texts/``; what is shown is filled in here and hashed, so that a consent names the very text on
whose word it was given. A changed template is a new ``TEXT_VERSION``. The words for granularities never call half hours
or quarters daily: the French authority found consents void for that (2020).
"""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template
from textwrap import wrap
from typing import TYPE_CHECKING

from gateway.addresses.appearance import look_alike, unverified
from gateway.store.domains import domain_of
from gateway.store.local_time import PARIS
from gateway.store.points import Granularity
from gateway.store.terms import (
    LANGS,
    AccessRequest,
    Channel,
    Manner,
    Offer,
    OutgoingNotice,
    Profile,
    RecipientRole,
    Terms,
    shortest,
)
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


TEXT_VERSION = "5"

# As wide as the templates are.
_LINE = 118

# What is typed under the text to consent, in the language of the text.
YES = WordTable("yes")

_RAW, _MINUTE, _QUARTER, _HALF_HOUR, _DAY = Granularity
_GRANULARITY = WordTable(
    {
        _RAW: "every value of the meter, each second or two (the finest)",
        _MINUTE: "one value a minute (1,440 a day)",
        _QUARTER: "one value each quarter of an hour (96 a day), not just a total for the day",
        _HALF_HOUR: "one value each half hour (48 a day), not just a total for the day",
        _DAY: "one value a day, with no detail within the day",
    }
)
_REVEALS = WordTable(
    {
        _RAW: "which appliances run, when, and whether somebody is at home",
        _MINUTE: "which large appliances run, when, and whether somebody is at home",
        _QUARTER: "whether somebody is at home, the hours of rising, of sleep and of meals, and the use of large"
        " appliances",
        _HALF_HOUR: "the hours of rising, of sleep and of meals, and absences",
        _DAY: "days of absence and the habits of the week",
    }
)
_DATA = WordTable(
    {
        "consumption": "what the home consumes",
        "production": "what the home produces",
        "power": "the power that the home draws or injects at this moment, in watts",
        "contract": "your electricity contract",
        "status": "the state of the meter",
        "message": "messages shown by the meter",
        "water": "the water that the home consumes",
        "gas": "the gas that the home consumes",
        "heat": "the heat that the home consumes",
        "other": "other measurements of the home",
    }
)
_ROLE = WordTable(
    {
        RecipientRole.CONTROLLER: "a controller: it decides what the data are used for",
        RecipientRole.PROCESSOR: "a processor: it acts for somebody else, who decides",
        RecipientRole.JOINT: "a joint controller: it decides with somebody else what the data are used for",
    }
)
_YES_NO = WordTable(("yes, each new reading is sent", "no"))
_HISTORY = WordTable(("no", "yes, all that the gateway has kept", "yes, since"))
_NAME = WordTable(("by your meter's id in this gateway", "by a pseudonym that it alone knows"))
_EXACTNESS = WordTable(
    {
        Profile.EXACT: Phrase("as the meter gives them", "exact"),
        Profile.COARSE: "rounded (100 Wh, 200 W)",
        Profile.ANONYMOUS: "rounded (100 Wh, 200 W), under a pseudonym that changes each month",
    }
)
# What was removed, and what no program can remove: a single home's curve is never anonymous.
_REMOVED = WordTable(
    {
        "pseudonym": "Removed: the number of the delivery point (PRM) and that of the meter.",
        "anonymous": "Removed as well: numbers of messages, the end of the journal, the history.",
        "left": "What stays: the address of your gateway, which the recipient sees. Whoever knows your habits may"
        " know you by your readings: in law they stay personal data.",
    }
)
# How else than by a press at the page, where somebody types.
_OR_BY = WordTable(
    {
        "or_revoke": ", or by the command\n    linky-gateway consent revoke {recipient}",
        "or_limit": " or by: linky-gateway consent limit {recipient}",
    }
)
_UNSTATED = WordTable("not stated")
_UNITS = WordTable({"Y": ("year", "years"), "M": ("month", "months"), "W": ("week", "weeks"), "D": ("day", "days")})


@dataclass(frozen=True, slots=True)
class Text:
    """What is shown to a household before it consents."""

    words: str
    lang: str
    version: str = TEXT_VERSION

    @property
    def hash(self) -> str:
        """The SHA-256 of the words (UTF-8), in hexadecimal."""
        return hashlib.sha256(self.words.encode()).hexdigest()


class Passage(enum.Enum):
    """A template that is filled in for a household."""

    CONSENT = "consent"
    INVITED = "invited"
    CONSENTED = "consented"
    INFORMATION = "information"
    HEALTH = "health"


def consent_text(
    recipient: str, offer: Offer, lang: str, house_retention: str, channel: Channel = Channel.COMMAND
) -> Text:
    """The whole text of a consent that is about to be given by that way: at the page no command is named."""
    return Text(beware(recipient, lang) + joint_text([recipient], [offer], lang, house_retention, channel), lang)


def joint_text(
    recipients: Sequence[str], offers: Sequence[Offer], lang: str, house_retention: str, channel: Channel
) -> str:
    """The words of several consents given together, alike in all but their series: to each of the recipients all."""
    offer = offers[0]
    words = {"version": TEXT_VERSION, "recipient": ", ".join(recipients), **who(offer.terms, lang)}
    for place, said in _OR_BY[lang].items():
        by_command = [said.format(recipient=recipient) for recipient in recipients]
        words[place] = "." if channel is Channel.WEB else "".join(by_command)
    if offer.terms.controller:
        words["controller"] = unverified(offer.terms.controller).in_language(lang)
    words |= describe_offer(offer, lang, house_retention) | _data_of(offers, lang)
    return fill(Passage.CONSENT, lang, words)


def _data_of(offers: Sequence[Offer], lang: str) -> dict[str, str]:
    """Which data: what they are, and by which series; several of one kind behind one word."""
    kinds: dict[str, list[str]] = {}
    for offer in offers:
        kinds.setdefault(_DATA[lang][offer.prefix.partition("/")[0]], []).append(offer.prefix)
    *first, (last, series) = ((data, ", ".join(paths)) for data, paths in kinds.items())
    return {"data": "".join(f"{data} ({paths}), " for data, paths in first) + last, "series": series}


def beware(address: str, lang: str) -> str:
    """What stands before a text about an address that may not be what it seems; nothing before others."""
    mark = look_alike(address)
    return "\n".join(wrap(mark.in_language(lang), _LINE)) + "\n\n" if mark else ""


def fill(passage: Passage, lang: str, words: Mapping[str, str]) -> str:
    """A template with its places filled in."""
    return _template(passage.value, lang).substitute(words)


def who(terms: Terms, lang: str) -> dict[str, str]:
    """Who receives the data, as it says itself."""
    stated = {name: getattr(terms, name) or _UNSTATED[lang] for name in ("controller", "contact", "privacy")}
    return stated | {"role": _ROLE[lang][terms.role], "code": _code(terms, lang)}


def describe_offer(offer: Offer, lang: str, house_retention: str) -> dict[str, str]:
    """What is given, why, how fine, which way and for how long."""
    terms, history = offer.terms, _HISTORY[lang]
    words = {
        "purpose": terms.purpose or _UNSTATED[lang],
        "data": _DATA[lang][offer.prefix.partition("/")[0]],
        "series": offer.prefix,
        "meter": offer.meter,
        "granularity": _GRANULARITY[lang][offer.granularity],
        "reveals": _REVEALS[lang][offer.granularity],
        "push": _YES_NO[lang][0 if terms.push else 1],
        "history": history[0] if not terms.history else history[1],
        "begins": day(offer.begins),
        "until": day(offer.until - 1),
        "retention": duration(shortest([terms.retention], house_retention), lang),
        **manner_words(offer.manner, lang),
    }
    if terms.history_from is not None:
        words["history"] = f"{history[2]} {day(terms.history_from)}"
    return words


def manner_words(manner: Manner, lang: str) -> dict[str, str]:
    """By which name, how exactly, and what was removed on the way."""
    removed = _REMOVED[lang]
    parts = [removed["pseudonym"]] if manner.pseudonym else []
    parts += [removed["anonymous"]] if manner.profile is Profile.ANONYMOUS else []
    lines = [line for part in (*parts, removed["left"]) for line in wrap(part, _LINE)] if parts else []
    said = "".join(line + "\n" for line in lines)
    name, exactness = _NAME[lang][manner.pseudonym], _EXACTNESS[lang][manner.profile]
    return {"name": name, "exactness": exactness, "removed": said}


def granularity_words(granularity: Granularity, lang: str) -> tuple[str, str]:
    """How fine that is, and what it lets a recipient know."""
    return _GRANULARITY[lang][granularity], _REVEALS[lang][granularity]


def role_words(role: RecipientRole, lang: str) -> str:
    """What a recipient is in law."""
    return str(_ROLE[lang][role])


def notice_text(notice: OutgoingNotice, lang: str) -> str:
    """What a notice says, in one paragraph."""
    facts = {name: _fact(name, value) for name, value in notice.payload.items() if value}
    missing = dict.fromkeys(_NAMED, _UNSTATED[lang])
    # No words of its own in the payload: only whether a withdrawal asks for erasure.
    key = f"{notice.kind.value}-spared" if notice.payload.get("spared") else notice.kind.value
    return _notices(lang)[key].substitute(missing | facts)


class RequestRemark(enum.IntEnum):
    """What a household is told besides a request: nothing, that it was the last of today, the last of its domain."""

    NOTHING = 0
    LAST = 1
    LAST_OF_DOMAIN = 2


def asked_text(request: AccessRequest, lang: str, more: RequestRemark = RequestRemark.NOTHING) -> str:
    """What a household is told when somebody asks it for access: who, for what, and how to answer."""
    terms, granularity = request.terms, _GRANULARITY[lang][request.granularity]
    controller = unverified(terms.controller).in_language(lang) if terms.controller else _UNSTATED[lang]
    facts = {"number": request.id, "asker": request.jid, "controller": controller}
    facts |= {"data": _DATA[lang][request.prefix.partition("/")[0]], "series": request.prefix}
    facts |= {"granularity": granularity, "purpose": terms.purpose or _UNSTATED[lang]}
    template = _template("asked", lang).template.split("\n\n")
    words = [template[0], template[more]] if more else template[:1]
    said = Template(" ".join(words)).substitute(facts, domain=domain_of(request.jid))
    return " ".join((beware(request.jid, lang) + said).split())


def day(time: int) -> str:
    """A moment as the household's day: ``2026-11-25``."""
    return datetime.fromtimestamp(time, PARIS).date().isoformat()


_TIMES = ("first", "last", "until")
_NAMED = ("request", "series", "granularity", "until", "first", "last")


def _fact(name: str, value: object) -> str:
    if name not in _TIMES:
        return str(value)
    assert isinstance(value, int)  # noqa: S101 (times are whole seconds everywhere)
    # An end is not included: the last day is the one before it.
    return day(value - 1 if name == "until" else value)


@cache
def _template(name: str, lang: str) -> Template:
    """A text as it was shown and noted; in a language that has none of its own it is the first one's."""
    file = f"{name}.{lang if lang in LANGS else LANGS[0]}.md"
    return Template((Path(__file__).with_name("texts") / file).read_text(encoding="utf-8"))


@cache
def _notices(lang: str) -> dict[str, Template]:
    """Kind of notice -> its paragraph, on one line."""
    parts = re.split(r"^## (.+)\n", _template("notices", lang).template, flags=re.MULTILINE)[1:]
    return {kind: Template(" ".join(words.split())) for kind, words in zip(parts[::2], parts[1::2], strict=True)}


def _code(terms: Terms, lang: str) -> str:
    if not terms.code_url:
        return str(_UNSTATED[lang])
    return " ".join(filter(None, (terms.code_url, terms.code_version, terms.code_hash)))


def duration(text: str, lang: str) -> str:
    """``P1Y6M`` as "1 an 6 mois"."""
    parts = re.findall(r"(\d+)([YMWD])", text)
    return " ".join(f"{count} {_UNITS[lang][unit][int(count) > 1]}" for count, unit in parts)
