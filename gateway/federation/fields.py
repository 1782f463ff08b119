"""What the three commands ask for: their forms in both languages, and the reading of what was filled in.

A field that cannot be read raises RequestError with a sentence for whoever filled it in.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.errors import SenMLError
from gateway.federation.form import Field, Page, Phrase, RequestError, bad_request
from gateway.senml.naming import Identifier, parse_identifier
from gateway.store.points import Confirm, Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping

# The servers let 256 KiB through; a recipient's answer must come within 30 s, at 10 kB/s by default.
MAX_RECORDS = 2_000

# Live values end by themselves: after an hour unless another end is asked for, and after a day in any case.
LIVE_S, MOST_LIVE_S = 3_600, 86_400
# A meter in standard mode sends a frame a second.
LEAST_INTERVAL_S, MOST_INTERVAL_S = 1, 3_600

COMMAND_NAMES = {
    "get_history": "Lire l'historique",
    "subscribe": "S'abonner",
    "unsubscribe": "Se désabonner",
}
TITLES = {
    "get_history": Phrase("Lire l'historique", "Get history"),
    "subscribe": Phrase("S'abonner", "Subscribe"),
    "unsubscribe": Phrase("Se désabonner", "Unsubscribe"),
}
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
}
_IDENTIFIER = Field(
    "identifier",
    Phrase("Identifiant", "Identifier"),
    Phrase(
        "Nom d'une série ou d'une branche, par exemple urn:dev:prm:<PRM>_consumption/power/active/raw",
        "Name of a series or of a branch, such as urn:dev:prm:<PRM>_consumption/power/active/raw",
    ),
)
_START = Field("start_time", Phrase("Début", "Start"), Phrase("ISO 8601 avec décalage", "ISO 8601 with offset"))
_END = Field("end_time", Phrase("Fin (exclue)", "End (not included)"), _START.description)
_GRANULARITY = Field(
    "granularity",
    Phrase("Granularité", "Granularity"),
    Phrase("Sans choix : celle du consentement", "None chosen: that of the consent"),
    required=False,
    options=[
        ("raw", Phrase("comme le compteur les donne", "as the meter gives them")),
        ("PT1M", Phrase("par minute", "by minute")),
        ("PT30M", Phrase("par demi-heure", "by half hour")),
        ("P1D", Phrase("par jour", "by day")),
    ],
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
FIELDS = {
    "get_history": (_IDENTIFIER, _START, _END, _GRANULARITY),
    "subscribe": (_IDENTIFIER, _CONFIRM, _MODE, _INTERVAL, _UNTIL),
    "unsubscribe": (_IDENTIFIER,),
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


def read_window(page: Page | None) -> tuple[int, int]:
    """How many points to skip and to read."""
    if page is None:
        return 0, MAX_RECORDS
    after = page.after or ""
    if after and not (after.isascii() and after.isdigit() and len(after) <= 15):
        raise RequestError("cancel", "item-not-found", Phrase("<after> inconnu", "unknown <after>"))
    limit = MAX_RECORDS if page.maximum is None else min(page.maximum, MAX_RECORDS)
    return (int(after) + 1 if after else 0), limit
