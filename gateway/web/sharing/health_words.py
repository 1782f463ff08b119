"""What the page *sharing* says of who may know whether the gateway is well, in French and in English."""

from __future__ import annotations

from gateway.web.words import ENGLISH, FRENCH, tied

_FR = {
    "health": "Si la passerelle va bien",
    "health_none": "Aucune mesure : seulement si la passerelle et ses liens vont bien, et quand il le demande.",
    "health_proposed": "Votre installateur voudrait savoir si la passerelle va bien",
    "health_learns": "Il apprendra",
    "health_told": (
        "si le compteur est entendu et depuis quand il ne l’est plus, la cause probable d’une panne, si la base, la"
        " carte, la sauvegarde, la page et les écrans vont bien, la version du programme"
    ),
    "health_learns_not": "Il n’apprendra pas",
    "health_untold": "vos mesures, la puissance, les index, le tarif, le numéro du compteur, qui reçoit des mesures",
    "health_reveals": "si la passerelle est allumée et reliée : une coupure se voit",
    "health_read": "Lire le texte",
    "health_read_of": "Lire le texte avant de répondre à {who}",
    "health_refuse_of": "Refuser à {who}",
    "health_withdraw_of": "Retirer à {who} de savoir si la passerelle va bien",
    "done_health_given": "C’est accordé : votre installateur peut demander si la passerelle va bien, et rien d’autre.",
    "done_health_withdrawn": "C’est retiré : il a désormais la même réponse que n’importe quel inconnu.",
    "done_health_refused": "C’est refusé. La question ne sera plus posée.",
    "not_proposed": "Personne ne demande cela, ou la réponse est déjà donnée.",
}

_EN = {
    "health": "Whether the gateway is well",
    "health_none": "No reading: only whether the gateway and its links are well, and when it asks.",
    "health_proposed": "Your installer would like to know whether the gateway is well",
    "health_learns": "It will learn",
    "health_told": (
        "whether the meter is heard and since when it is not, the likely cause of a fault, whether the database, the"
        " card, the backup, the page and the screens are well, the version of the program"
    ),
    "health_learns_not": "It will not learn",
    "health_untold": "your readings, the power, the indexes, the tariff, the meter’s number, who receives readings",
    "health_reveals": "whether the gateway is switched on and connected: an outage can be seen",
    "health_read": "Read the text",
    "health_read_of": "Read the text before you answer {who}",
    "health_refuse_of": "Refuse {who}",
    "health_withdraw_of": "No longer let {who} know whether the gateway is well",
    "done_health_given": "It is given: your installer may ask whether the gateway is well, and nothing else.",
    "done_health_withdrawn": "It is withdrawn: from now on it gets the answer that any stranger gets.",
    "done_health_refused": "It is refused. You will not be asked again.",
    "not_proposed": "Nobody asks for that, or it has been answered.",
}

HEALTH_WORDS = {FRENCH: {key: tied(text) for key, text in _FR.items()}, ENGLISH: _EN}
