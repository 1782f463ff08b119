"""What the page *displays* says, in French and in English."""

from __future__ import annotations

from gateway.web.words import ENGLISH, FRENCH, tied

_FR = {
    "mqtt_displays": "Écrans et Home Assistant",
    "mqtt_displays_intro": (
        "Qui peut lire, au courtier de la maison, ce que disent les compteurs en ce moment. Chacun a son mot de passe"
        " et ne peut rien changer."
    ),
    "no_mqtt_displays": "Personne pour l’instant.",
    "let_in": "Admettre",
    "let_out": "Ne plus admettre",
    "let_out_of": "Ne plus admettre {name}",
    "display_name": "Nom, en minuscules sans accent, par exemple cuisine",
    "is_home_assistant": "C’est Home Assistant",
    "wrong_display_name": "Écrivez un nom de 1 à 32 lettres minuscules, chiffres et traits d’union.",
    "back_to_displays": "Retour aux écrans",
    "display_once": (
        "Voici ce qu’il faut à « {name} ». Notez-le : le mot de passe n’est gardé nulle part, et cette page ne revient"
        " pas."
    ),
    "display_works": "Le courtier l’admet déjà.",
    "display_waits": (
        "Le courtier ne l’admet pas encore. Si cela dure plus d’une minute, tapez sur le Raspberry Pi :"
        " sudo linky-gateway display apply"
    ),
    "display_host": "Adresse",
    "display_port": "Port (TLS)",
    "display_user": "Utilisateur",
    "display_password": "Mot de passe",
    "display_authority": "L’autorité qui prouve que c’est bien ce courtier",
    "display_file": "Le fichier display.json",
    "display_python": "Un écran en Python, prêt à lancer",
    "display_micropython": "Un écran en MicroPython, prêt à lancer",
}
_EN = {
    "mqtt_displays": "Displays and Home Assistant",
    "mqtt_displays_intro": (
        "Who may read, at the broker of the house, what the meters say now. Each has a password of its own, and can"
        " change nothing."
    ),
    "no_mqtt_displays": "Nobody so far.",
    "let_in": "Let in",
    "let_out": "Let in no more",
    "let_out_of": "Let {name} in no more",
    "display_name": "Name, in small letters, such as kitchen",
    "is_home_assistant": "It is Home Assistant",
    "wrong_display_name": "Write a name of 1 to 32 small letters, digits and hyphens.",
    "back_to_displays": "Back to the displays",
    "display_once": (
        "This is what {name} needs. Note it down: the password is kept nowhere, and this page does not come back."
    ),
    "display_works": "The broker lets it in already.",
    "display_waits": (
        "The broker does not let it in yet. If that lasts for more than a minute, type on the Raspberry Pi:"
        " sudo linky-gateway display apply"
    ),
    "display_host": "Host",
    "display_port": "Port (TLS)",
    "display_user": "User",
    "display_password": "Password",
    "display_authority": "The authority by which this broker is believed",
    "display_file": "The file display.json",
    "display_python": "A display in Python, ready to run",
    "display_micropython": "A display in MicroPython, ready to run",
}

DISPLAYS_WORDS = {FRENCH: {key: tied(text) for key, text in _FR.items()}, ENGLISH: _EN}
