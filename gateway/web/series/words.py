"""What the page *series* says, in French and in English."""

from __future__ import annotations

from gateway.web.words import ENGLISH, FRENCH, tied

_FR = {
    "series": "Vos séries",
    "series_intro": (
        "Chaque série a un nom. Qui vous demande vos mesures (une coopérative, une commune) a besoin de l’adresse de la"
        " passerelle ou de ces noms : donnez-les-lui. Un nom n’ouvre rien ; vous dites oui ou non à la page"
        " « Partage »."
    ),
    "table_meter": "Compteur {name}",
    "identifier": "À donner à qui reçoit",
    "sensor": "Identifiant dans les noms",
    "no_identifier": "rien ne peut être envoyé : le fichier de configuration n’a pas de compte ([federation])",
    "no_series": "Aucune série encore : le compteur n’a rien dit.",
    "path": "Série",
    "meaning": "Ce que c’est",
    "unit": "Unité",
    "granularities": "Finesses",
    "text_unit": "texte",
    "raw": "comme le dit le compteur",
    "PT1M": "minute",
    "PT30M": "demi-heure",
    "P1D": "jour",
    "back_to_settings": "Revenir aux réglages",
}
_EN = {
    "series": "Your series",
    "series_intro": (
        "Each series has a name. Whoever asks for your readings (a co-operative, a town) needs the gateway’s address or"
        " these names: give them to it. A name opens nothing; you say yes or no at the page “Sharing”."
    ),
    "table_meter": "Meter {name}",
    "identifier": "To be given to who receives",
    "sensor": "Id in names",
    "no_identifier": "nothing can be sent: the configuration file has no account ([federation])",
    "no_series": "No series yet: the meter has said nothing.",
    "path": "Series",
    "meaning": "What it is",
    "unit": "Unit",
    "granularities": "Granularities",
    "text_unit": "text",
    "raw": "as the meter says it",
    "PT1M": "minute",
    "PT30M": "half hour",
    "P1D": "day",
    "back_to_settings": "Back to settings",
}

SERIES_WORDS = {FRENCH: {key: tied(text) for key, text in _FR.items()}, ENGLISH: _EN}
