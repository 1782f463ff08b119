"""What a household asks in a chat: one word among others, in French or English, however it is written."""

from __future__ import annotations

import enum
import re
import unicodedata


class ChatQuestion(enum.Enum):
    """What can be asked."""

    USAGE = "usage"
    POWER = "power"
    DAY = "day"
    COST = "cost"
    STATE = "state"
    TEMPO = "tempo"
    TARIFF = "tariff"
    HELP = "help"


_FR = {
    ChatQuestion.USAGE: "conso consos consommation consommations",
    ChatQuestion.POWER: "puissance watts",
    ChatQuestion.DAY: "jour journee aujourd",
    ChatQuestion.COST: "cout couts prix facture euros",
    ChatQuestion.STATE: "etat panne pannes alerte alertes",
    ChatQuestion.TARIFF: "creuse creuses pleine pleines tarif tarifs horaire horaires",
    ChatQuestion.HELP: "aide",
}
_EN = {
    ChatQuestion.USAGE: "usage consumption",
    ChatQuestion.POWER: "power",
    ChatQuestion.DAY: "day today",
    ChatQuestion.COST: "cost costs price bill",
    ChatQuestion.STATE: "state status alerts",
    ChatQuestion.TARIFF: "offpeak peak hours",
    ChatQuestion.HELP: "help",
}
# Word -> question, and the language that the word is of; None where it is of both.
_WORDS: dict[str, tuple[ChatQuestion, str | None]] = {
    **{word: (asked, "fr") for asked, words in _FR.items() for word in words.split()},
    **{word: (asked, "en") for asked, words in _EN.items() for word in words.split()},
    "tempo": (ChatQuestion.TEMPO, None),
    "tariff": (ChatQuestion.TARIFF, "en"),
    **dict.fromkeys(("hc", "hp"), (ChatQuestion.TARIFF, "fr")),
}

# A question is short; the rest of a letter is not read.
_MOST_CHARACTERS = 400


def understand(text: str) -> tuple[ChatQuestion | None, str | None]:
    """The question and its language; None for what is not understood. A mere question mark asks for help."""
    plain = unicodedata.normalize("NFKD", text[:_MOST_CHARACTERS]).lower()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for word in re.findall(r"[a-z]+", plain):
        if word in _WORDS:
            return _WORDS[word]
    return (ChatQuestion.HELP, None) if text.strip() == "?" else (None, None)
