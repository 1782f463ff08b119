"""What the commands ask for: their forms in both languages, and the reading of what was filled in.

A field that cannot be read raises RequestError with a sentence for whoever filled it in.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.errors import SenMLError
from gateway.federation.wire.access_form import ACCESS_FIELDS, GRANULARITIES
from gateway.federation.wire.form import Field, Page, RequestError, bad_request
from gateway.language import Phrase
from gateway.senml.naming import Identifier, NameForm, parse_identifier
from gateway.store.points import Confirm, Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.federation.wire.form import Question
    from gateway.store.points import Point

# The servers let 256 KiB through; a recipient's answer must come within 30 s, at 10 kB/s by default.
MAX_RECORDS = 2_000


# Live values end by themselves: after an hour unless another end is asked for, and after a day in any case.
LIVE_S, MOST_LIVE_S = 3_600, 86_400
# A meter in standard mode sends a frame a second.
LEAST_INTERVAL_S, MOST_INTERVAL_S = 1, 3_600

TITLES = {
    "get_history": Phrase("Lire l'historique", "Get history"),
    "subscribe": Phrase("S'abonner", "Subscribe"),
    "unsubscribe": Phrase("Se désabonner", "Unsubscribe"),
    "list_series": Phrase("Séries", "Series"),
    "request_access": Phrase("Demander un accès", "Request access"),
    "my_access": Phrase("Mes accès et mes demandes", "My access and my requests"),
    "health": Phrase("La passerelle va-t-elle bien ?", "Is the gateway well?"),
}
# Known to nobody but who may use it: everybody else is answered as if there were no such command.
UNLISTED = frozenset({"health"})
# Service discovery says a name before anybody's language is known.
COMMAND_NAMES = {node: f"{title.fr} / {title.en}" for node, title in TITLES.items() if node not in UNLISTED}
INSTRUCTIONS = {
    "get_history": Phrase(
        "Demander les mesures d'une période. Il faut le consentement du foyer.",
        "Ask for the readings of a period. The household's consent is needed.",
    ),
    "subscribe": Phrase(
        "Recevoir les mesures au fil de l'eau. Il faut le consentement du foyer.",
        "Receive readings as they come. The household's consent is needed.",
    ),
    "unsubscribe": Phrase("Ne plus recevoir de mesures.", "Receive no more readings."),
    "list_series": Phrase(
        "Voir quelles séries il y a, avec des exemples inventés. Aucune mesure n'est montrée.",
        "See which series there are, with invented samples. No reading is shown.",
    ),
    "request_access": Phrase(
        "Demander au foyer l'accès à des mesures. Le foyer lira ces mots avant de répondre ; rien n'est envoyé"
        " d'ici là. Demander à part chaque finalité et chaque finesse.",
        "Ask the household for access to readings. It will read these words before it answers; nothing is sent until"
        " then. Ask for each purpose and each granularity by itself.",
    ),
}
# What is carried out without a form: nothing has to be filled in.
AT_ONCE = frozenset({"my_access", "health"})
_IDENTIFIER = Field(
    "identifier",
    Phrase("Identifiant", "Identifier"),
    Phrase(
        "Nom d'une série ou d'une branche, par exemple urn:dev:prm:<PRM>_consumption/power/active/raw",
        "Name of a series or of a branch, such as urn:dev:prm:<PRM>_consumption/power/active/raw",
    ),
)
_MAX = Field(
    "max",
    Phrase("Au plus par page", "At most by page"),
    Phrase("Vide : autant qu'une réponse en tient", "Empty: as many as one answer holds"),
    required=False,
)
_AFTER = Field(
    "after",
    Phrase("Après", "After"),
    Phrase("Ce que la page précédente a donné pour la suivante", "What the page before gave for the next one"),
    required=False,
)
_START = Field("start_time", Phrase("Début", "Start"), Phrase("ISO 8601 avec décalage", "ISO 8601 with offset"))
_END = Field("end_time", Phrase("Fin (exclue)", "End (not included)"), _START.description)
_GRANULARITY = Field(
    "granularity",
    Phrase("Granularité", "Granularity"),
    Phrase("Sans choix : celle du consentement", "None chosen: that of the consent"),
    required=False,
    options=GRANULARITIES,
)
_CONFIRM = Field(
    "confirm",
    Phrase("Confirmation", "Confirmation"),
    Phrase("Ce qui dit qu'un message est bien arrivé", "What says that a message has arrived"),
    value="server",
    required=False,
    options=[
        ("server", Phrase("le serveur l'a pris", "the server took it")),
        ("receipt", Phrase("mon accusé, après enregistrement", "my receipt, after I stored it")),
    ],
)
_BRANCH = Field(
    "identifier",
    _IDENTIFIER.label,
    Phrase("Vide : toutes les séries ; sinon un nom, ou son début", "Empty: all series; else a name or a prefix"),
    required=False,
)
_FORM = Field(
    "form",
    Phrase("Forme des noms", "Form of the names"),
    Phrase("Sans identifiant ; sinon la sienne", "Without an identifier; else its own"),
    value="sen1",
    required=False,
    options=[
        ("sen1", Phrase("celle de la fédération (avec @)", "that of the federation (with @)")),
        ("senml", Phrase("celle de la RFC 8428 (sans @)", "that of RFC 8428 (without @)")),
    ],
)
_MODE = Field(
    "mode",
    Phrase("Mode", "Mode"),
    Phrase("En direct, rien n'est gardé pour plus tard", "Nothing live is kept for later"),
    value="durable",
    required=False,
    options=[
        ("durable", Phrase("tout, aussi ce que j'ai manqué", "everything, also what I missed")),
        ("live", Phrase("en direct, la valeur de l'instant", "live, the value of this moment")),
    ],
)
_INTERVAL = Field(
    "minimum_interval",
    Phrase("Intervalle minimal (s)", "Minimum interval (s)"),
    Phrase("En direct seulement : secondes entre deux valeurs", "Live only: seconds between two values"),
    required=False,
)
_UNTIL = Field(
    "end_time",
    Phrase("Fin", "End"),
    Phrase("En direct seulement : dans une heure sans choix", "Live only: in an hour unless it is chosen"),
    required=False,
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "get_history": (_IDENTIFIER, _START, _END, _GRANULARITY, _MAX, _AFTER),
    "subscribe": (_IDENTIFIER, _CONFIRM, _MODE, _INTERVAL, _UNTIL),
    "unsubscribe": (_IDENTIFIER,),
    "list_series": (_BRANCH, _FORM, _MAX, _AFTER),
    "request_access": ACCESS_FIELDS,
    "my_access": (),
    "health": (),
}


def read_identifier(fields: Mapping[str, str]) -> Identifier:
    """The series or branch that is asked for."""
    text = fields.get("identifier", "")
    if not text:
        raise bad_request("le champ « identifier » manque", "the field “identifier” is missing")
    try:
        return parse_identifier(text)
    except SenMLError as error:
        raise bad_request(f"identifiant incorrect : {error}", f"wrong identifier: {error}") from error


def read_time(fields: Mapping[str, str], var: str) -> int:
    """The first whole second at or after a field's time."""
    text = fields.get(var, "")
    if not text:
        raise bad_request(f"le champ « {var} » manque", f"the field “{var}” is missing")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise bad_request(
                f"{var} : il manque le décalage horaire (par exemple +01:00 ou Z)",
                f"{var}: the offset from UTC is missing (such as +01:00 or Z)",
            )
        return math.ceil(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise bad_request(
            f"{var} : une date ISO 8601 avec décalage est attendue, par exemple 2026-03-01T00:00:00+01:00",
            f"{var}: an ISO 8601 time with offset is expected, such as 2026-03-01T00:00:00+01:00",
        ) from error


def read_granularity(fields: Mapping[str, str]) -> Granularity | None:
    """The granularity that is asked for; None when the consent's will do."""
    text = fields.get("granularity", "")
    try:
        return Granularity.parse(text) if text else None
    except ValueError as error:
        codes = ", ".join(granularity.code for granularity in Granularity)
        raise bad_request(f"granularity : {codes}", f"granularity: {codes}") from error


def read_confirm(fields: Mapping[str, str]) -> Confirm:
    """What is to count as delivered."""
    try:
        return Confirm(fields.get("confirm") or Confirm.SERVER.value)
    except ValueError as error:
        raise bad_request("confirm : receipt ou server", "confirm: receipt or server") from error


def read_live(fields: Mapping[str, str], now: float) -> tuple[int, int] | None:
    """Seconds between two live values and the POSIX second of their end; None when no live values are asked for."""
    mode = fields.get("mode") or "durable"
    if mode not in ("durable", "live"):
        raise bad_request("mode : durable ou live", "mode: durable or live")
    if mode == "durable":
        return None
    interval = read_number(fields, "minimum_interval")
    interval = LEAST_INTERVAL_S if interval is None else interval
    if not LEAST_INTERVAL_S <= interval <= MOST_INTERVAL_S:
        raise bad_request(
            f"minimum_interval : de {LEAST_INTERVAL_S} à {MOST_INTERVAL_S} secondes",
            f"minimum_interval: {LEAST_INTERVAL_S} to {MOST_INTERVAL_S} seconds",
        )
    end = read_time(fields, "end_time") if fields.get("end_time") else int(now) + LIVE_S
    if end <= now:
        raise bad_request("end_time : c'est déjà passé", "end_time: that is over already")
    return interval, min(end, int(now) + MOST_LIVE_S)


def read_number(fields: Mapping[str, str], var: str) -> int | None:
    """A whole number, None when the field is empty."""
    text = fields.get(var, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise bad_request(f"{var} : un nombre entier est attendu", f"{var}: a whole number is expected")
    return int(text)


def read_form(fields: Mapping[str, str]) -> NameForm:
    """The form of names that is asked for without an identifier; a PRM is told only to who named it."""
    text = fields.get("form") or NameForm.SEN1.value
    if text not in {NameForm.SEN1.value, NameForm.SENML.value}:
        raise bad_request(
            "form : sen1 ou senml ; pour des noms en urn:, donner l'identifiant urn:dev:prm:<PRM>",
            "form: sen1 or senml; for names in urn:, give the identifier urn:dev:prm:<PRM>",
        )
    return NameForm(text)


def read_page(question: Question) -> Page | None:
    """The page that is asked for: by XEP-0059, or by the two fields of a form that a person fills in."""
    maximum, after = read_number(question.fields, "max"), question.fields.get("after") or None
    if question.page is not None or (maximum is None and after is None):
        return question.page
    return Page(maximum, after)


def read_limit(page: Page | None, most: int) -> int:
    """How many items the page is to hold, at most ``most``."""
    return most if page is None or page.maximum is None else min(page.maximum, most)


def read_number_after(page: Page | None) -> int:
    """How many items come before the page, where these are numbered."""
    after = (page and page.after) or ""
    if after and not (after.isascii() and after.isdigit() and len(after) <= 15):
        raise unknown_after()
    return int(after) + 1 if after else 0


def read_point_after(page: Page | None) -> tuple[int, str] | None:
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
    return RequestError("cancel", "item-not-found", Phrase("<after> inconnu", "unknown <after>"))
