"""The words of the terminal's picture, by language."""

from __future__ import annotations

from typing import Any

_FR: dict[str, Any] = {
    "end": "Ctrl-C pour finir",
    "lost": "la passerelle ne répond plus",
    "alerts": "Alertes",
    "links": "Liaisons",
    "tariff": "Tarif",
    "tempo": "Tempo",
    "injection": "Injection",
    "phases": "Mesures",
    "today": "Aujourd’hui",
    "tomorrow": "demain",
    "yesterday": "Hier",
    "frame": "Trame",
    "nothing": "rien n’a encore été entendu",
    "never": "aucune",
    "ago": "il y a {}",
    "percent": "\u202f%",
    "stale": "valeur ancienne",
    "overload": "DÉPASSEMENT",
    "open": "COUPÉ",
    "modes": {"standard": "mode standard", "historic": "mode historique"},
    "kinds": {
        "base": "base",
        "off-peak": "heures creuses",
        "peak": "heures pleines",
        "normal": "heures normales",
        "mobile-peak": "pointe mobile",
    },
    "colours": {"blue": "bleu", "white": "blanc", "red": "rouge", "unknown": "pas encore connu"},
    "energies": {
        "drawn_today_wh": "soutirés",
        "injected_today_wh": "injectés",
        "produced_today_wh": "produits",
        "self_consumed_today_wh": "autoconsommés",
    },
    "at_least": "au moins {}",
    "doubts": {
        "unread": "production inconnue : son compteur ne répond pas",
        "too-little": "production inconnue : son compteur compte moins que ce qui part vers le réseau",
    },
}
_EN: dict[str, Any] = {
    "end": "Ctrl-C to end",
    "lost": "the gateway does not answer any more",
    "alerts": "Alerts",
    "links": "Links",
    "tariff": "Tariff",
    "tempo": "Tempo",
    "injection": "Injection",
    "phases": "Measured",
    "today": "Today",
    "tomorrow": "tomorrow",
    "yesterday": "Yesterday",
    "frame": "Frame",
    "nothing": "nothing has been heard yet",
    "never": "none",
    "ago": "{} ago",
    "percent": " %",
    "stale": "old value",
    "overload": "OVERLOAD",
    "open": "CUT OFF",
    "modes": {"standard": "standard mode", "historic": "historic mode"},
    "kinds": {
        "base": "base",
        "off-peak": "off-peak",
        "peak": "peak",
        "normal": "normal hours",
        "mobile-peak": "mobile peak",
    },
    "colours": {"blue": "blue", "white": "white", "red": "red", "unknown": "not known yet"},
    "energies": {
        "drawn_today_wh": "drawn",
        "injected_today_wh": "injected",
        "produced_today_wh": "produced",
        "self_consumed_today_wh": "self-consumed",
    },
    "at_least": "at least {}",
    "doubts": {
        "unread": "production unknown: its counter does not answer",
        "too-little": "production unknown: its counter counts less than what is sent to the grid",
    },
}
WORDS = {"fr": _FR, "en": _EN}
