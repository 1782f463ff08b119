"""What the commands ask for: their forms in both languages, and the reading of what was filled in.

A field that cannot be read raises RequestError with a sentence for whoever filled it in.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.errors import SenMLError
from gateway.federation.wire.access_form import ACCESS_FIELDS, GRANULARITIES
from gateway.federation.wire.form import CommandRequest, Field, RequestError, ResultPage, bad_request
from gateway.senml.naming import Identifier, NameForm, parse_identifier
from gateway.store.points import Confirm, Granularity, Point
from gateway.words.catalogue import LANGUAGES
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Mapping


# The servers let 256 KiB through; a recipient's answer must come within 30 s, at 10 kB/s by default.
MAX_RECORDS = 2_000


# Live values end by themselves: after an hour unless another end is asked for, and after a day in any case.
LIVE_S, MOST_LIVE_S = 3_600, 86_400
# A meter in standard mode sends a frame a second.
LEAST_INTERVAL_S, MOST_INTERVAL_S = 1, 3_600

TITLES = {
    "get_history": Phrase("Get history"),
    "subscribe": Phrase("Subscribe"),
    "unsubscribe": Phrase("Unsubscribe"),
    "list_series": Phrase("Series", "title"),
    "request_access": Phrase("Request access"),
    "my_access": Phrase("My access and my requests"),
    "health": Phrase("Is the gateway well?"),
    "update": Phrase("Update the gateway"),
}
# Known to nobody but who may use it: everybody else is answered as if there were no such command.
UNLISTED = frozenset({"health", "update"})
# Service discovery says a name before anybody's language is known.
COMMAND_NAMES = {
    node: " / ".join(title.in_language(lang) for lang in LANGUAGES)
    for node, title in TITLES.items()
    if node not in UNLISTED
}
INSTRUCTIONS = {
    "get_history": Phrase("Ask for the readings of a period. The household's consent is needed."),
    "subscribe": Phrase("Receive readings as they come. The household's consent is needed."),
    "unsubscribe": Phrase("Receive no more readings."),
    "list_series": Phrase("See which series there are, with invented samples. No reading is shown."),
    "request_access": Phrase(
        "Ask the household for access to readings. It will read these words before it answers; nothing is sent until"
        " then. Ask for each purpose and each granularity by itself."
    ),
}
# What is carried out without a form: nothing has to be filled in.
AT_ONCE = frozenset({"my_access", "health", "update"})
_IDENTIFIER = Field(
    "identifier",
    Phrase("Identifier"),
    Phrase("Name of a series or of a branch, such as urn:dev:prm:<PRM>_consumption/power/active/raw"),
)
_MAX = Field(
    "max",
    Phrase("At most by page"),
    Phrase("Empty: as many as one answer holds"),
    required=False,
)
_AFTER = Field(
    "after",
    Phrase("After"),
    Phrase("What the page before gave for the next one"),
    required=False,
)
_START = Field("start_time", Phrase("Start"), Phrase("ISO 8601 with offset"))
_END = Field("end_time", Phrase("End (not included)"), _START.description)
_GRANULARITY = Field(
    "granularity",
    Phrase("Granularity", "of an answer"),
    Phrase("None chosen: that of the consent"),
    required=False,
    options=GRANULARITIES,
)
_CONFIRM = Field(
    "confirm",
    Phrase("Confirmation"),
    Phrase("What says that a message has arrived"),
    value="server",
    required=False,
    options=[
        ("server", Phrase("the server took it")),
        ("receipt", Phrase("my receipt, after I stored it")),
    ],
)
_BRANCH = Field(
    "identifier",
    _IDENTIFIER.label,
    Phrase("Empty: all series; else a name or a prefix"),
    required=False,
)
_FORM = Field(
    "form",
    Phrase("Form of the names"),
    Phrase("Without an identifier; else its own"),
    value="sen1",
    required=False,
    options=[
        ("sen1", Phrase("that of the federation (with @)")),
        ("senml", Phrase("that of RFC 8428 (without @)")),
    ],
)
_MODE = Field(
    "mode",
    Phrase("Mode"),
    Phrase("Nothing live is kept for later"),
    value="durable",
    required=False,
    options=[
        ("durable", Phrase("everything, also what I missed")),
        ("live", Phrase("live, the value of this moment")),
    ],
)
_INTERVAL = Field(
    "minimum_interval",
    Phrase("Minimum interval (s)"),
    Phrase("Live only: seconds between two values"),
    required=False,
)
_UNTIL = Field(
    "end_time",
    Phrase("End"),
    Phrase("Live only: in an hour unless it is chosen"),
    required=False,
)
# What ``list_series`` may be told in besides, by the name of its profile.
DCAT = "dcat"
_IN_WORDS = Field(
    "words",
    Phrase("Also in public words"),
    Phrase("For programs: the same as JSON-LD, in shorter pages"),
    required=False,
    options=[(DCAT, same("DCAT-AP 3, SAREF"))],
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "get_history": (_IDENTIFIER, _START, _END, _GRANULARITY, _MAX, _AFTER),
    "subscribe": (_IDENTIFIER, _CONFIRM, _MODE, _INTERVAL, _UNTIL),
    "unsubscribe": (_IDENTIFIER,),
    "list_series": (_BRANCH, _FORM, _IN_WORDS, _MAX, _AFTER),
    "request_access": ACCESS_FIELDS,
    "my_access": (),
    "health": (),
    "update": (),
}


def read_identifier(fields: Mapping[str, str]) -> Identifier:
    """The series or branch that is asked for."""
    text = fields.get("identifier", "")
    if not text:
        raise bad_request(Phrase("the field “identifier” is missing"))
    try:
        return parse_identifier(text)
    except SenMLError as error:
        raise bad_request(Phrase("wrong identifier: {error}").filled(error=error)) from error


def read_time(fields: Mapping[str, str], var: str) -> int:
    """The first whole second at or after a field's time."""
    text = fields.get(var, "")
    if not text:
        raise bad_request(Phrase("the field “{var}” is missing").filled(var=var))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise bad_request(Phrase("{var}: the offset from UTC is missing (such as +01:00 or Z)").filled(var=var))
        return math.ceil(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise bad_request(
            Phrase("{var}: an ISO 8601 time with offset is expected, such as 2026-03-01T00:00:00+01:00").filled(var=var)
        ) from error


def read_granularity(fields: Mapping[str, str]) -> Granularity | None:
    """The granularity that is asked for; None when the consent's will do."""
    text = fields.get("granularity", "")
    try:
        return Granularity.parse(text) if text else None
    except ValueError as error:
        codes = ", ".join(granularity.code for granularity in Granularity)
        raise bad_request(Phrase("granularity: {codes}").filled(codes=codes)) from error


def read_confirm(fields: Mapping[str, str]) -> Confirm:
    """What is to count as delivered."""
    try:
        return Confirm(fields.get("confirm") or Confirm.SERVER.value)
    except ValueError as error:
        raise bad_request(Phrase("confirm: receipt or server")) from error


def read_live(fields: Mapping[str, str], now: float) -> tuple[int, int] | None:
    """Seconds between two live values and the POSIX second of their end; None when no live values are asked for."""
    mode = fields.get("mode") or "durable"
    if mode not in ("durable", "live"):
        raise bad_request(Phrase("mode: durable or live"))
    if mode == "durable":
        return None
    interval = read_number(fields, "minimum_interval")
    interval = LEAST_INTERVAL_S if interval is None else interval
    if not LEAST_INTERVAL_S <= interval <= MOST_INTERVAL_S:
        raise bad_request(
            Phrase("minimum_interval: {least_interval_s} to {most_interval_s} seconds").filled(
                least_interval_s=LEAST_INTERVAL_S, most_interval_s=MOST_INTERVAL_S
            )
        )
    end = read_time(fields, "end_time") if fields.get("end_time") else int(now) + LIVE_S
    if end <= now:
        raise bad_request(Phrase("end_time: that is over already"))
    return interval, min(end, int(now) + MOST_LIVE_S)


def read_number(fields: Mapping[str, str], var: str) -> int | None:
    """A whole number, None when the field is empty."""
    text = fields.get(var, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise bad_request(Phrase("{var}: a whole number is expected").filled(var=var))
    return int(text)


def read_form(fields: Mapping[str, str]) -> NameForm:
    """The form of names that is asked for without an identifier; a PRM is told only to who named it."""
    text = fields.get("form") or NameForm.SEN1.value
    if text not in {NameForm.SEN1.value, NameForm.SENML.value}:
        raise bad_request(Phrase("form: sen1 or senml; for names in urn:, give the identifier urn:dev:prm:<PRM>"))
    return NameForm(text)


def wants_words(fields: Mapping[str, str]) -> bool:
    """Whether the catalogue is asked for in public words as well."""
    text = fields.get("words", "")
    if text not in {"", DCAT}:
        raise bad_request(Phrase("words: dcat, or nothing"))
    return text == DCAT


def read_page(question: CommandRequest) -> ResultPage | None:
    """The page that is asked for: by XEP-0059, or by the two fields of a form that a person fills in."""
    maximum, after = read_number(question.fields, "max"), question.fields.get("after") or None
    if question.page is not None or (maximum is None and after is None):
        return question.page
    return ResultPage(maximum, after)


def read_limit(page: ResultPage | None, most: int) -> int:
    """How many items the page is to hold, at most ``most``."""
    return most if page is None or page.maximum is None else min(page.maximum, most)


def read_number_after(page: ResultPage | None) -> int:
    """How many items come before the page, where these are numbered."""
    after = (page and page.after) or ""
    if after and not (after.isascii() and after.isdigit() and len(after) <= 15):
        raise unknown_after()
    return int(after) + 1 if after else 0


def read_point_after(page: ResultPage | None) -> tuple[int, str] | None:
    """Time and path of the last point before the page; None for the first page."""
    after = (page and page.after) or ""
    if not after:
        return None
    time, _, path = after.partition("/")
    if not (time.isascii() and time.isdigit() and len(time) <= 12 and path):
        raise unknown_after()
    return int(time), path


def point_after(point: Point) -> str:
    """What ``read_point_after`` reads."""
    return f"{point.time}/{point.series.path}"


def unknown_after() -> RequestError:
    """The page cannot be found again: begin anew."""
    return RequestError("cancel", "item-not-found", Phrase("unknown <after>"))
